"""Evaluation: figures, their standard errors, holes, the record of a checkpoint and its diagnosis in words."""
