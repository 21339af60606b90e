"""Real counterparts to test against: databases, providers, phones, all on loopback. For this project's tests and
benchmarks, and for people who write a gateway of their own; nothing in the product imports it."""
