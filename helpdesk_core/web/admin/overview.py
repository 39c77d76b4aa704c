"""The first page of the admin area: what is wrong, and what a new site still needs."""

from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for
from flask_babel import ngettext
from sqlalchemy import func, select

from helpdesk_core.errors import Forbidden
from helpdesk_core.mail.trial import trial_state
from helpdesk_core.plugins.registry import PluginStatus
from helpdesk_core.settings.sections import SiteSchema
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users.models import User
from helpdesk_core.users.staff import is_staff
from helpdesk_core.web import hooks
from helpdesk_core.web.admin.common import new_routes, show
from helpdesk_core.web.admin.mail_texts import mail_text_problems
from helpdesk_core.web.admin.navigation import undelivered
from helpdesk_core.web.admin.plugins import current_switch
from helpdesk_core.web.context import current_actor, current_desk, db, words
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.routing import SIGNED_IN
from helpdesk_core.web.surroundings import may_admin

routes = new_routes()


@dataclass(frozen=True)
class Step:
    """Something that a new site needs: whether it is done, and where to do it."""

    title: str
    text: str
    done: bool
    href: str


@dataclass(frozen=True)
class Problem:
    """Something that is wrong, and where to mend it; `kind` is that of a notice."""

    title: str
    text: str
    href: str
    action: str
    kind: str = "error"


@routes.get("/", permission=SIGNED_IN)
def home() -> Any:
    """Show what is wrong, and what is still to be set up."""
    if not may_admin(current_actor()):
        raise Forbidden(_l("There is nothing for you to administer here. Ask an administrator for a role."))
    steps = _steps()
    return show(
        "home",
        problems=[*_plugin_problems(), *_delivery_problems(), *_setting_problems()],
        steps=steps,
        left=sum(not step.done for step in steps),
    )


def _steps() -> list[Step]:
    actor, desk = current_actor(), current_desk()
    steps: list[Step] = []
    if actor.may("settings.manage"):
        site, mail = desk.settings.site(), desk.settings.mail()
        address = SiteSchema().fields["url"].load_default
        steps += [
            Step(
                _("Give the site its web address"),
                _("Links in mails begin with %(url)s.", url=site.url),
                site.url != address,
                url_for("admin.subject", owner="core.site", _anchor="f-url"),
            ),
            Step(
                _("Let mail leave"),
                _("Mail is handed to %(host)s.", host=mail.host)
                if mail.transport == "smtp"
                else _("Mails are kept here and reach nobody yet."),
                mail.transport == "smtp",
                url_for("admin.subject", owner="core.mail"),
            ),
        ]
        sent = trial_state(db())
        steps.append(
            Step(
                _("Send yourself a test mail"),
                {
                    "sent": _("It has left. If it did not arrive, look into the mail server’s log."),
                    "failed": _("It could not be sent. The page of outgoing mail says why."),
                    "": _("Then you know that customers get your answers."),
                }.get(sent, _("It waits to be sent.")),
                sent == "sent",
                url_for("admin.outbox", state="failed")
                if sent == "failed"
                else url_for("admin.subject", owner="core.mail", _anchor="test"),
            )
        )
    if actor.may("department.manage"):
        active = [each for each in words().departments.values() if each.is_active]
        first = active[0] if active else None
        there = url_for("admin.department", key=first.key) if first else url_for("admin.new_department")
        steps.append(
            Step(
                _("Make a department with a mail address"),
                _("Answers leave from its address, and mail to it becomes tickets."),
                any(each.address for each in active),
                there,
            )
        )
    if actor.may("user.manage"):
        staff = db().scalar(select(func.count()).select_from(User).where(User.is_active, is_staff())) or 0
        steps.append(
            Step(
                _("Bring in the first agent"),
                ngettext("%(num)d person works tickets.", "%(num)d people work tickets.", staff),
                staff > 1,
                url_for("admin.new_person"),
            )
        )
    return steps


def _plugin_problems() -> list[Problem]:
    if not current_actor().may("plugin.manage"):
        return []
    desk, switch = current_desk(), current_switch()
    found = [
        Problem(
            _("The plugin %(name)s does not work", name=state.title or state.id),
            state.reason,
            url_for("admin.plugin", plugin_id=state.id),
            _("Look at it"),
        )
        for state in desk.plugins.problems
    ]
    found += [
        Problem(
            _("A part of the plugin %(name)s is in quarantine", name=state.title or state.id),
            state.reason,
            url_for("admin.plugin", plugin_id=state.id),
            _("Look at it"),
            "warning",
        )
        for state in desk.plugins
        if state.status is PluginStatus.QUARANTINED
    ]
    here = url_for("admin.plugins")
    if switch is not None and switch.problem is not None:
        found.append(Problem(_("A change was not taken up"), switch.problem.text, here, _("Plugins")))
    restarts = switch.restart_needed if switch else ()
    found += [Problem(_("Restart needed"), text, here, _("Plugins"), "warning") for text in restarts]
    found += [
        Problem(_("A plugin reports"), text, here, _("Plugins"), "warning") for text in desk.hooks.collect(hooks.health)
    ]
    return found


def _delivery_problems() -> list[Problem]:
    if not current_actor().may("event.manage"):
        return []
    parked, failed = undelivered()
    found = []
    if failed:
        title = ngettext("%(num)d mail could not be sent", "%(num)d mails could not be sent", failed)
        text = _("Somebody waits for it. See the reason, mend it, and send again.")
        found.append(Problem(title, text, url_for("admin.outbox", state="failed"), _("Failed mail")))
    if parked:
        title = ngettext("%(num)d event could not be handled", "%(num)d events could not be handled", parked)
        text = _("A plugin failed again and again. See the reason, mend it, and try again.")
        found.append(Problem(title, text, url_for("admin.parked"), _("Stuck events")))
    return found


def _setting_problems() -> list[Problem]:
    if not current_actor().may("settings.manage"):
        return []
    desk = current_desk()
    found = [
        Problem(_("A setting is not in force"), text, url_for("admin.subject", owner=owner), _("Settings"), "warning")
        for owner in desk.settings.owners
        for text in desk.settings.effective(owner).problems.values()
    ]
    found += [
        Problem(_("The configuration has a mistake"), text, url_for("admin.settings"), _("Settings"), "warning")
        for text in desk.config.warnings
    ]
    texts = url_for("admin.mail_texts")
    title = _("A changed text of a mail does not work, so the original is sent")
    found += [Problem(title, text, texts, _("Texts of mails"), "warning") for text in mail_text_problems()]
    theming = current_app.extensions["helpdesk_theming"]
    look = url_for("admin.subject", owner="core.theme")
    return found + [Problem(_("The look has a problem"), text, look, _("Look"), "warning") for text in theming.problems]
