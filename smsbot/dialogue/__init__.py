"""Pure conversation: consent law, flows, and the step from one message to the next state. No I/O."""
