"""The notice that an endpoint was switched off."""

from pathlib import Path
from typing import Final

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.db import new_uid
from helpdesk_core.api.mail import (
    Mailbox,
    MailTemplates,
    OutgoingDraft,
    compose,
    is_address,
    new_message_id,
    own_addresses,
    site_address,
)
from helpdesk_core.api.users import people_who_may

from .endpoints import MANAGE
from .events import EndpointSwitchedOff
from .settings import ID

FOLDER: Final = Path(__file__).parent / "mail"
TEMPLATE: Final = "webhooks_off"


def tell(desk: Helpdesk, event: EndpointSwitchedOff) -> None:
    """Queue a mail to everybody who sees to webhooks; once, however often the event is delivered."""
    site = desk.settings.site()
    templates = MailTemplates([FOLDER], translate=lambda locale: desk.texts(locale)(ID))
    drafts = []
    with desk.read() as session:
        own = own_addresses(desk, session)
        people = [
            each
            for each in people_who_may(session, MANAGE, None)
            if each.is_active and is_address(each.primary_email) and each.primary_email not in own
        ]
    for person in people:
        to = Mailbox.of(person.name, person.primary_email or "")
        values = {
            "site_name": site.name,
            "site_url": site.url.rstrip("/"),
            "recipient": to,
            "name": event.name,
            "reason": event.reason,
            "since": event.since,
            "url": f"{site.url.rstrip('/')}/admin/x/webhooks/{event.endpoint}",
        }
        said = templates.render(
            TEMPLATE, values, locale=person.locale or site.language, timezone=person.timezone or site.timezone
        )
        drafts.append(
            OutgoingDraft(
                template=TEMPLATE,
                sender=Mailbox.of(site.name, site_address(desk)),
                to=(to,),
                subject=said.subject,
                text=said.text,
                html=said.html,
                message_id=new_message_id(desk, new_uid()),
            )
        )
    if drafts:
        compose(desk, event, drafts)
