"""Looking for a text in columns."""

import pytest
from sqlalchemy import literal, select

from helpdesk_core.db.text import contains
from helpdesk_core.runtime import Helpdesk

SAID = "Die Straße heißt 100%_Weg \\ ПРИВЕТ"


@pytest.mark.parametrize(
    "text", ["strasse", "straße", "STRAßE", "привет", "ПриВет", "100%", "%_w", "\\ п", "100x", "_s"]
)
def test_a_text_is_found_in_any_capitals_and_its_signs_mean_themselves(desk: Helpdesk, text: str) -> None:
    with desk.read() as session:
        found = session.scalar(select(1).where(contains(literal(SAID), text)))
    assert (found == 1) is (text.lower() in SAID.lower())
