"""The table from its first form on, step by step; `jobstatus migrate URL` takes them."""
