"""Ready-made adapters for real systems, one file each, imported on demand."""
