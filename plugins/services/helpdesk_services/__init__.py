"""What customers have, beside their tickets."""
