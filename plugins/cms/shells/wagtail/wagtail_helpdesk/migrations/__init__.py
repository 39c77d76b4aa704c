"""How the table is made."""
