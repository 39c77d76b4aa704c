"""What plugins that act by themselves share: conditions on tickets, and what can be done to them."""
