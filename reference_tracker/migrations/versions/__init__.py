"""One file for each step, as it was when it was written: they never change."""
