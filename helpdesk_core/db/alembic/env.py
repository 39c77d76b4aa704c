"""Run what `helpdesk_core.db.migrate` asks for, on the connection that it opened."""

from alembic import context

attributes = context.config.attributes
context.configure(connection=attributes["connection"], **attributes["options"])
with context.begin_transaction():
    context.run_migrations()
