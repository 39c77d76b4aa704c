"""Django's admin: the connection with its test, and tickets of comments."""

from contextlib import suppress
from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.sites import NotRegistered
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from helpdesk_shell import Away, Refused
from helpdesk_shell.django import conf, testing
from helpdesk_shell.django.forms import ConnectionForm
from helpdesk_shell.django.models import CommentTicket, Connection


@admin.register(Connection)
class ConnectionAdmin(admin.ModelAdmin):
    """The one connection; saving it can test it, too."""

    form = ConnectionForm
    change_form_template = "helpdesk_shell/connection.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell whether there is still one to make."""
        return super().has_add_permission(request) and not conf.is_in_file() and not Connection.objects.exists()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the page has something to say beside settings.py."""
        return super().has_change_permission(request, obj) and not conf.is_in_file()

    def response_add(
        self, request: HttpRequest, obj: Connection, post_url_continue: "str | None" = None
    ) -> HttpResponse:
        """Test a new connection if that was asked for."""
        return _tested(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Connection) -> HttpResponse:
        """Test the connection if that was asked for."""
        return _tested(request, obj) or super().response_change(request, obj)


def _tested(request: HttpRequest, obj: Connection) -> "HttpResponse | None":
    if "_test" not in request.POST:
        return None
    works, sentence = testing.tried(obj.settings())
    messages.add_message(request, messages.SUCCESS if works else messages.ERROR, sentence)
    return redirect("admin:helpdesk_shell_connection_change", obj.pk)


@admin.action(description=gettext_lazy("Make tickets of the chosen comments"), permissions=["moderate"])
def make_tickets(modeladmin: Any, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
    """Make a ticket of each comment that is none yet."""
    from helpdesk_shell.django.comments import make_ticket

    settings = conf.connection(request)
    if settings is None:
        messages.error(request, _("This site is not connected to a helpdesk yet."))
        return
    made = 0
    for comment in queryset:
        try:
            make_ticket(settings, request, comment)
        except (Away, Refused) as error:
            messages.error(request, _("Comment %(id)s: %(problem)s") % {"id": comment.pk, "problem": error})
            break
        made += 1
    if made:
        text = ngettext("%(num)d comment is a ticket now.", "%(num)d comments are tickets now.", made)
        messages.success(request, text % {"num": made})


def _with_tickets(base: type) -> type:
    class CommentsWithTickets(base):  # type: ignore[misc]  # the class is found at run time
        list_display = (*base.list_display, "helpdesk_ticket")
        actions = [*base.actions, make_tickets]

        def has_moderate_permission(self, request: HttpRequest) -> bool:
            return bool(request.user.has_perm("django_comments.can_moderate"))

        @admin.display(description=gettext_lazy("Ticket"))
        def helpdesk_ticket(self, comment: Any) -> str:
            row = CommentTicket.objects.filter(comment=str(comment.pk)).first()
            label = _("View ticket %(number)s") % {"number": row.number} if row else ""
            return format_html('<a href="{}">{}</a>', row.url, label) if row else "–"

    return CommentsWithTickets


if apps.is_installed("django_comments"):
    import django_comments
    from django_comments.admin import CommentsAdmin

    with suppress(NotRegistered):
        admin.site.unregister(django_comments.get_model())
    admin.site.register(django_comments.get_model(), _with_tickets(CommentsAdmin))
