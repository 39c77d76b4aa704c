"""What a database knows of its data when it chooses an index."""

from sqlalchemy import Engine

LOOK_AT = 1000
"""How many rows of each index are looked at: enough for a good guess, and a matter of milliseconds."""


def refresh_statistics(engine: Engine) -> None:
    """Let SQLite find out how its data is spread; without that it guesses, and reads lists by the wrong index.

    Servers find it out by themselves, so for them nothing is done.
    """
    if engine.dialect.name != "sqlite":
        return
    with engine.execution_options(helpdesk_write=True).begin() as connection:
        connection.exec_driver_sql(f"PRAGMA analysis_limit={LOOK_AT}")
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()  # only connections that are opened from now on know it
