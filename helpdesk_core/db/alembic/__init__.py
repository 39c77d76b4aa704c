"""What Alembic runs, the same for every owner; the scripts themselves lie with core and with each plugin."""
