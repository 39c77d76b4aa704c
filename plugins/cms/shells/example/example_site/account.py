"""What the site knows of an account."""

from typing import Any

from oauth2_provider.oauth2_validators import OAuth2Validator


def is_verified(user: Any) -> bool:
    """Tell whether the address is proved; a real site asks what it keeps about that."""
    return user.username != "unproved"


def data(user: Any, request: Any) -> "dict[str, str]":
    """Return what agents should see beside a ticket."""
    return {"plan": "Large"}


class Claims(OAuth2Validator):
    """What the site tells of a person as an OpenID provider."""

    oidc_claim_scope = OAuth2Validator.oidc_claim_scope | {"groups": "profile"}

    def get_additional_claims(self) -> "dict[str, Any]":
        """Return the claims, each a function of the request."""
        return {
            "name": lambda request: request.user.get_full_name(),
            "email": lambda request: request.user.email,
            "email_verified": lambda request: is_verified(request.user),
            "groups": lambda request: list(request.user.groups.values_list("name", flat=True)),
        }
