"""HTML and CSV that the page shows or hands out."""
