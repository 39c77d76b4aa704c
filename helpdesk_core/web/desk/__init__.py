"""Where agents work: lists of tickets, and the ticket."""
