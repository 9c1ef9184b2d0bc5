"""Requests: what visitors send is checked, takes its turn, and is answered in words."""
