"""A phone in the browser, on the real path."""
