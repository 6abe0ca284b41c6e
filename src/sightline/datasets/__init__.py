"""Readers of the released dataset layouts: they parse, nothing else."""
