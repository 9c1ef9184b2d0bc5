"""`python -m train.sweep`: many runs, resumed, shared and compared."""
