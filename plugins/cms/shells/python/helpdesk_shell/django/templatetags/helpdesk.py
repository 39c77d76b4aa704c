"""`{% load helpdesk %}`: fragments, frames, the help button, links and the dashboard in templates."""

from typing import Any

from django import template
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from helpdesk_shell import Shown
from helpdesk_shell.django import conf, embedding
from helpdesk_shell.django.people import person_of
from helpdesk_shell.shell import link_to

register = template.Library()
MARK = "<!--helpdesk-->"


@register.simple_tag(takes_context=True)
def helpdesk_fragment(context: Any, path: str = "new") -> str:
    """Put a piece of the helpdesk into the page; the first on a page also shows what its links lead to."""
    return fragment(context["request"], path)


def fragment(request: HttpRequest, path: str) -> str:
    """Return a piece of the helpdesk as HTML."""
    _is_personal(request)
    shell = embedding.shell_of(request)
    if shell is None:
        return render_to_string("helpdesk_shell/away.html", {"url": "", "request": request})
    asked, typed, answer = "", "", None
    if not getattr(request, "_helpdesk_claimed", False):
        request._helpdesk_claimed = True
        asked = embedding.path_of(request)
        answer, typed = getattr(request, "_helpdesk_answer", (None, ""))
    shown = answer or shell.show(asked or path, embedding.page_of(request))
    if shown.fragment is None:
        given = {"url": shown.url, "problem": shown.problem, "typed": typed, "request": request}
        return render_to_string("helpdesk_shell/away.html", given)
    return _style(request, shell.settings) + _embedded(request, shown)


def _embedded(request: HttpRequest, shown: Shown) -> str:
    assert shown.fragment is not None
    html = shown.fragment.html
    if MARK in html:
        proof = format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', get_token(request))
        html = html.replace(MARK, proof)
    given = {"html": mark_safe(html), "title": shown.fragment.title, "stale": shown.stale}  # noqa: S308 - the contract: escaped and sanitised by the helpdesk
    return render_to_string("helpdesk_shell/fragment.html", given)


@register.simple_tag(takes_context=True)
def helpdesk_frame(context: Any, path: str = "new", title: str = "") -> str:
    """Put a frame with a piece of the helpdesk into the page."""
    return frame(context["request"], path, title)


def frame(request: HttpRequest, path: str, title: str = "") -> str:
    """Return a frame as HTML; where scripts do not run it is a link."""
    settings = conf.connection(request)
    if settings is None:
        return render_to_string("helpdesk_shell/away.html", {"url": ""})
    given = {"settings": settings, "path": path, "title": title, "url": link_to(settings, path)}
    return render_to_string("helpdesk_shell/frame.html", given) + _script(request, settings)


@register.simple_tag(takes_context=True)
def helpdesk_widget(context: Any, label: str = "") -> str:
    """Put the floating help button into the page, where it is switched on; for the site's base template."""
    request = context.get("request")
    shell = embedding.shell_of(request) if request is not None and conf.has_widget(request) else None
    if shell is None or shell.in_doubt:
        return ""
    given = {"settings": shell.settings, "label": label}
    return render_to_string("helpdesk_shell/widget.html", given) + _script(request, shell.settings)


@register.simple_tag
def helpdesk_sign_in_url(onward: str = "/tickets") -> str:
    """Return the address that leads to the helpdesk signed in; `onward` is a path there."""
    return f"{reverse('helpdesk:sign_in')}?{urlencode({'next': onward})}"


@register.simple_tag(takes_context=True)
def helpdesk_sign_in_link(context: Any, onward: str = "/tickets") -> str:
    """Put the link "Sign in to support" into the page, for people who are signed in to the site."""
    request = context["request"]
    if conf.connection(request) is None or person_of(request) is None:
        return ""
    return format_html('<a href="{}">{}</a>', helpdesk_sign_in_url(onward), _("Sign in to support"))


@register.simple_tag(takes_context=True)
def helpdesk_dashboard(context: Any) -> str:
    """Put what waits for an agent into the page; nothing for people who may not see it."""
    return dashboard(context["request"])


def dashboard(request: HttpRequest) -> str:
    """Return what waits for an agent as HTML."""
    shell = embedding.shell_of(request)
    if shell is None or not request.user.has_perm("helpdesk_shell.see_dashboard"):
        return ""
    _is_personal(request)
    told = shell.dashboard()
    return render_to_string("helpdesk_shell/dashboard.html", {"told": told, "url": f"{shell.settings.url}/desk/"})


@register.simple_tag
def helpdesk_ticket_of(comment: Any) -> Any:
    """Return the ticket that a comment is, or None: `{% helpdesk_ticket_of comment as ticket %}`."""
    from helpdesk_shell.django.comments import ticket_of

    return ticket_of(comment)


def _is_personal(request: HttpRequest) -> None:
    """Keep the page out of caches: the middleware tells browsers and proxies, and django CMS keeps pages of its own."""
    request._helpdesk_used = True
    toolbar = getattr(request, "toolbar", None)
    if hasattr(toolbar, "_cache_disabled"):
        toolbar._cache_disabled = True


def _style(request: HttpRequest, settings: Any) -> SafeString:
    return _once(request, "style", format_html('<link rel="stylesheet" href="{}">', settings.address("style.css")))


def _script(request: HttpRequest, settings: Any) -> SafeString:
    tag = format_html('<script src="{}" defer></script>', settings.address("embed.js"))
    return _once(request, "script", tag)


def _once(request: HttpRequest, what: str, html: SafeString) -> SafeString:
    done = request.__dict__.setdefault("_helpdesk_done", set())
    if what in done:
        return SafeString("")
    done.add(what)
    return html
