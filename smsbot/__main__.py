"""`python -m smsbot` is `smsbot`."""

from smsbot.cli import main

main()
