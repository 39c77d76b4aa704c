"""What happened: the timeline, the outbox and delivery to plugins."""
