"""The page of the municipality, for everybody."""
