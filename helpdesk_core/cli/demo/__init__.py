"""A helpdesk full of sample tickets, to look around in: the company, its people and three months of conversations."""
