"""“Test connection”: ask the helpdesk, and say in one sentence what came of it."""

from django.utils.translation import gettext as _

from helpdesk_shell import Away, Client, Refused, Settings
from helpdesk_shell.client import CONTRACT


def tried(settings: Settings) -> "tuple[bool, str]":
    """Return whether the connection works, and a sentence."""
    try:
        told = Client(settings, None).health()
    except Away as error:
        return False, _("No answer: %(problem)s") % {"problem": error}
    except Refused as error:
        return False, _("The helpdesk answered, but: %(problem)s") % {"problem": error}
    if told.get("contract") != CONTRACT:
        return False, _("The helpdesk speaks another version than this shell; upgrade the older of both.")
    given = {"name": told.get("helpdesk", ""), "version": told.get("version", ""), "site": told.get("name", "")}
    return True, _("It works: %(name)s %(version)s knows this site as “%(site)s”.") % given
