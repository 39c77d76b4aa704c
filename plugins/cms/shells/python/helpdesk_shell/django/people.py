"""Who is signed in to the site, as the helpdesk is told."""

from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.utils.translation import get_language

from helpdesk_shell import Person
from helpdesk_shell.django import conf


def person_of(request: HttpRequest) -> Person | None:
    """Return who makes the request, None for a visitor."""
    user = getattr(request, "user", None)
    return person(user, request) if user is not None and user.is_authenticated else None


def person(user: Any, request: HttpRequest | None = None) -> Person:
    """Return an account as the helpdesk is told."""
    email = user.email or ""
    about = conf.function("ACCOUNT_DATA")
    groups = list(user.groups.order_by("name").values_list("name", flat=True)) if hasattr(user, "groups") else []
    return Person(
        sub=str(user.pk),
        name=user.get_full_name() or user.get_username(),
        email=email,
        email_verified=bool(email) and is_verified(user),
        locale=get_language() or "",
        roles=[*groups, *(["superuser"] if user.is_superuser else [])],
        data=(about(user, request) or {}) if about else {},
    )


def is_verified(user: Any) -> bool:
    """Tell whether the site has proved the account's address.

    `HELPDESK["EMAIL_VERIFIED"]` says how: a function of the user, or True for sites that let nobody in without proof.
    Without it django-allauth is asked where it is installed; else no address counts as proved.
    """
    check = conf.function("EMAIL_VERIFIED")
    if check:
        return bool(check(user))
    if conf.option("EMAIL_VERIFIED") is not None:
        return conf.option("EMAIL_VERIFIED") is True
    if apps.is_installed("allauth.account"):
        addresses = apps.get_model("account", "EmailAddress").objects
        return bool(addresses.filter(user=user, email__iexact=user.email, verified=True).exists())
    return False
