"""What each mail is shown with when nobody is written to: invented values for the previews of its texts."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from markupsafe import Markup

from helpdesk_core.mail.files import LeftOut
from helpdesk_core.mail.mailbox import Mailbox
from helpdesk_core.runtime import Helpdesk

FRAME: Final = "layout"
"""What most mails are put into; it has no subject and is shown around `SHOWN_IN_FRAME`."""
SHOWN_IN_FRAME: Final = "ticket_opened"

_TEXT: Final = "Since this morning my shop answers very slowly.\n\nCan you have a look?"
_SAMPLES: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "ticket_opened": {"text": _TEXT},
        "reply": {
            "first": False,
            "text": "Hello Carla,\n\nthe database was busy; it is fast again now.",
            "html": Markup("<p>Hello Carla,</p><p>the database was busy; it is <b>fast</b> again now.</p>"),
            "signature": "Alex Carter\nExample Hosting",
            "left_out": [LeftOut("backup.zip (48.2 MB)", "https://help.example.com/attachments/backup")],
            "closed": True,
        },
        "ticket_closed": {"resolved": True},
        "staff_message": {"internal": False, "first": False, "author": "Carla Customer", "text": _TEXT},
        "assigned": {"actor": "Mia Manager", "requester": "Carla Customer"},
        "ticket_moved": {
            "actor": "Mia Manager",
            "source": "Support",
            "target": "Billing",
            "note": "It is about the invoice.",
        },
        "password_link": {"reason": "reset"},
        "address_confirmation": {},
    }
)
KINDS: Final = (*_SAMPLES, FRAME)
"""The mails whose texts can be changed, and the frame around them."""


def sample(desk: Helpdesk, name: str) -> tuple[str, dict[str, Any]]:
    """Return the mail to show for a text, and what it is given."""
    shown = SHOWN_IN_FRAME if name == FRAME else name
    url = desk.settings.site().url.rstrip("/")
    common: dict[str, Any] = {
        "site_name": desk.settings.site().name,
        "site_url": url,
        "recipient": Mailbox("Carla Customer", "carla@example.com"),
        "number": "10042",
        "subject": "My shop is slow",
        "tag": "[#10042]",
        "department": "Support",
        "url": f"{url}/tickets/10042",
    }
    return shown, {**common, **_SAMPLES[shown]}
