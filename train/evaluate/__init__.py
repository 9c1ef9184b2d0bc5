"""`python -m train.evaluate`: measured checkpoints, their cards, tables and report."""
