"""Two-way SMS bot and keyword engine for public bodies."""

__version__ = "0.1.0"
