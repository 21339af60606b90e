"""What leaves: broadcasts written out, the dispatcher of each channel."""
