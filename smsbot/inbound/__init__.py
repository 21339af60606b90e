"""What arrives: webhooks, turns, delivery reports."""
