"""The worker: delivery from the outbox, and scheduled jobs."""
