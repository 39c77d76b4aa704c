"""Rules: what happens to tickets by itself, in which order, and why."""
