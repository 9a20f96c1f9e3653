"""Trackers in other processes: a Python child and Node ones."""
