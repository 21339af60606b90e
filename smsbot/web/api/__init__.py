"""The staff API: one module a noun, each with its part of the table of calls."""
