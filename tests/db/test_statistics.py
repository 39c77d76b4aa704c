"""What the database knows of its data."""

from sqlalchemy import inspect, text

from helpdesk_core.db.statistics import refresh_statistics
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World


def test_sqlite_learns_how_its_data_is_spread_and_servers_are_left_alone(desk: Helpdesk, world: World) -> None:
    world.ticket()
    refresh_statistics(desk.engine)
    with desk.engine.connect() as connection:
        if desk.engine.dialect.name != "sqlite":
            assert not inspect(connection).has_table("sqlite_stat1")
            return
        indexes = set(connection.scalars(text("SELECT idx FROM sqlite_stat1 WHERE tbl = 'tickets'")))
    assert {"ix_tickets_open_updated", "ix_tickets_requester_open_updated"} <= indexes
