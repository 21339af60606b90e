"""Everything that touches the database, and nothing else does."""
