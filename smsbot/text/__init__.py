"""Pure functions on text: alphabets and parts, numbers, folding, and what a citizen meant. No I/O."""
