"""Rendering only: the same verdicts as text and as JSON."""
