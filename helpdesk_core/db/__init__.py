"""The database: engine, sessions, migrations, and what all mapped classes share."""
