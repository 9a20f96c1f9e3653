"""How plans are chosen: small and complete before large and random."""
