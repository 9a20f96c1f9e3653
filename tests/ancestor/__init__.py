"""The tracker that this project descends from, ported as it was: checks, waits, and checks again around each write."""
