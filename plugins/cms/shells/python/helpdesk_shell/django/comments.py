"""Comments (django-contrib-comments) that become tickets, and answers that come back as comments."""

from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from helpdesk_shell import Answer, Client, Settings
from helpdesk_shell.django.models import CommentTicket, PostedAnswer
from helpdesk_shell.django.people import is_verified

LONGEST_NAME = 50
"""Characters that a comment's name may have."""


def ticket_of(comment: Any) -> "CommentTicket | None":
    """Return the ticket that a comment is already."""
    return CommentTicket.objects.filter(comment=str(comment.pk)).first()


def make_ticket(settings: Settings, request: HttpRequest, comment: Any) -> CommentTicket:
    """Make a ticket of a comment, or return the one there is; raises what `Client` raises."""
    found = ticket_of(comment)
    if found:
        return found
    author = {"name": comment.name or "", "email": comment.email or "", "email_verified": False}
    if comment.user is not None:
        author["email_verified"] = bool(comment.user.email) and is_verified(comment.user)
    number, url = Client(settings, None).open_ticket_for_comment(
        {
            "id": str(comment.pk),
            "url": request.build_absolute_uri(comment.get_absolute_url()),
            "page_title": str(comment.content_object),
            "text": comment.comment,
            "author": author,
        }
    )
    row, _ = CommentTicket.objects.get_or_create(comment=str(comment.pk), defaults={"number": number, "url": url})
    return row


def post_answer(answer: Answer) -> bool:
    """Show an answer below the comment it is for; False when that was done before, or the comment is gone."""
    import django_comments

    model = django_comments.get_model()
    asked = model.objects.filter(pk=answer.comment).first() if answer.comment.isdigit() else None
    if asked is None:
        return False
    try:
        with transaction.atomic():
            PostedAnswer.objects.create(message=answer.message, comment=answer.comment)
            model.objects.create(
                content_type=asked.content_type,
                object_pk=asked.object_pk,
                site=asked.site,
                user_name=answer.author[:LONGEST_NAME],
                comment=answer.text,
                submit_date=timezone.now(),
                is_public=True,
                is_removed=False,
            )
    except IntegrityError:
        return False
    return True
