"""A mail to queue."""

from helpdesk_core.mail.draft import OutgoingDraft
from helpdesk_core.mail.mailbox import Mailbox

DRAFT = OutgoingDraft(
    template="reply",
    sender=Mailbox("Анна via Поддержка", "support@example.com"),
    to=(Mailbox("Иван", "ivan@example.net"),),
    subject="Re: Сайт не работает [#10001]",
    text="Работает снова.",
    message_id="<one@helpdesk.example>",
)
