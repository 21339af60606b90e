"""SMS providers: one file each, pure; one shared sender owns the network."""
