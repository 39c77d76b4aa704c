"""What is stored with messages, and where its bytes lie."""
