"""What `make bench` runs: ratios taken in one run, medians of several, a table on the screen and JSON beside it."""
