"""Methods: what a row of METHODS is, the table itself, and the checked config of a model."""
