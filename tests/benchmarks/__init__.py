"""How fast it is: `make bench`. Nothing here is a test; each figure stands beside its goal."""
