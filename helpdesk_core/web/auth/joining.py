"""Coming by an account: signing up, choosing a password by a link, proving an address."""

from dataclasses import replace
from typing import Any, Final

from flask import flash, redirect, render_template, request, session, url_for

from helpdesk_core.errors import Conflict, Invalid, RateLimited, Refused
from helpdesk_core.users.accounts import sign_up
from helpdesk_core.users.addresses import readable
from helpdesk_core.users.links import request_of_address_token, user_of_password_token
from helpdesk_core.users.recovery import choose_password, confirm_address, request_password_link
from helpdesk_core.users.signin import open_session
from helpdesk_core.web.auth.entering import entered, of_this_browser
from helpdesk_core.web.context import close_session, current_actor, current_desk, db
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import language, said
from helpdesk_core.web.routing import PUBLIC, Routes
from helpdesk_core.web.submitted import problems_of

routes = Routes("auth")

SENT_TO: Final = "sent_to"
"""Under this name the browser's own cookie keeps the address that the next page repeats."""


@routes.form("/signup", permission=PUBLIC)
def signup() -> Any:
    """Make an account of one's own: a link to choose a password is sent."""
    desk, errors, status = current_desk(), {}, 200
    if desk.settings.site().signup != "open":
        return render_template("auth/no_signup.html"), 403
    if request.method == "POST":
        name, address = request.form.get("name", ""), request.form.get("address", "")
        actor = replace(current_actor(), locale=language())
        close_session()
        try:
            sign_up(desk, actor, name, address, ip=request.remote_addr)
        except (Invalid, Refused, RateLimited) as error:
            errors, status = problems_of(error), error.status
        else:
            return _sent(address)
    return render_template("auth/signup.html", errors=errors, form=request.form), status


@routes.form("/password/forgot", permission=PUBLIC)
def forgot() -> Any:
    """Have a link to choose a new password sent."""
    errors, status = {}, 200
    if request.method == "POST":
        address = request.form.get("address", "")
        try:
            request_password_link(current_desk(), address, ip=request.remote_addr)
        except (Invalid, RateLimited) as error:
            errors, status = problems_of(error), error.status
        else:
            return _sent(address)
    return render_template("auth/forgot.html", errors=errors, form=request.form), status


@routes.get("/password/sent", permission=PUBLIC)
def sent() -> Any:
    """Say that a mail is on its way; the same whether the address is known or not."""
    return render_template("auth/sent.html", address=session.get(SENT_TO, ""))


@routes.form("/password/reset/<token>", permission=PUBLIC)
def reset(token: str) -> Any:
    """Choose a password by the link of a mail, and be signed in."""
    desk, errors, status = current_desk(), {}, 200
    user = user_of_password_token(desk, db(), token)
    if user is None:
        return render_template("auth/dead_link.html", kind="password"), 410
    close_session()
    if request.method == "POST":
        try:
            choose_password(desk, token, request.form.get("password", ""))
        except Invalid as error:
            errors, status = problems_of(error), error.status
        else:
            return _enter(user.uid, user.primary_email or "")
    address = readable(user.primary_email or "")
    return render_template("auth/reset.html", errors=errors, address=address, is_new=not user.password_hash), status


@routes.form("/verify/<token>", permission=PUBLIC)
def verify(token: str) -> Any:
    """Prove an address. The link alone changes nothing, because mail servers open links to look at them."""
    desk = current_desk()
    wanted = request_of_address_token(desk, db(), token)
    if wanted is None:
        return render_template("auth/dead_link.html", kind="address"), 410
    close_session()
    address = readable(wanted.address)
    if request.method == "GET":
        return render_template("auth/verify.html", address=address)
    try:
        confirm_address(desk, token)
    except (Invalid, Conflict) as error:
        return render_template("auth/verify.html", address=address, errors=problems_of(error)), error.status
    flash(_("%(address)s is yours now.", address=address), "success")
    return redirect(url_for("portal.account") if current_actor().is_signed_in else url_for("auth.login"))


def _sent(address: str) -> Any:
    session[SENT_TO] = address.strip()[:254]
    return redirect(url_for("auth.sent"))


def _enter(uid: str, address: str) -> Any:
    try:
        begun = open_session(current_desk(), uid, of_this_browser(address), method="link")
    except (Invalid, Refused) as error:
        flash(_("Your password is set."), "success")
        flash(said(error), "warning")
        return redirect(url_for("auth.login"))
    flash(_("Your password is set, and you are signed in."), "success")
    return entered(begun, None)
