"""Trackers that keep every rule, each in a way of its own: none of them may ever be called faulty."""
