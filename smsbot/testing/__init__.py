"""Real parts for tests and benchmarks: databases, gateways, phones. The product never imports it."""
