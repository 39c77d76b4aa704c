"""Ways in: how mail reaches the gateway. All of them end in `Gateway.store`, and only then the other side is told."""
