"""Users, organisations, roles, permissions and sign-in."""
