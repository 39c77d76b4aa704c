"""A helpdesk with sites, and what a shell does: signing tokens and asking for parts of pages."""

import io
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from werkzeug.test import TestResponse

from helpdesk_cms import sites
from helpdesk_cms.sites import NewKey, SiteDraft
from helpdesk_core.api import Actor
from helpdesk_core.testing.plugins import PluginSite

HERE = "http://helpdesk.example"
PAGE = "https://www.example.com/support"
MEMBER: Mapping[str, Any] = {
    "sub": "7",
    "email": "mia@example.com",
    "email_verified": True,
    "name": "Mia Member",
    "locale": "en",
}
VISITOR: Mapping[str, Any] = {}
COMMENT: Mapping[str, Any] = {
    "id": "c-17",
    "url": "https://www.example.com/news#c-17",
    "page_title": "News of May",
    "text": "It does not *work*.",
    "author": {"name": "Vera Visitor", "email": "vera@example.net", "email_verified": False},
}


@dataclass
class Sites:
    """A helpdesk whose owner has made a site."""

    site: PluginSite
    owner: Actor
    main: NewKey

    def make(self, key: str, **fields: Any) -> NewKey:
        """Make another site."""
        return sites.make(self.site.desk, self.owner, SiteDraft(key=key, name=key.title(), **fields))

    def change(self, **fields: Any) -> None:
        """Change the site."""
        given = {"key": "main", "name": "Main", "origins": ["https://www.example.com"], **fields}
        sites.change(self.site.desk, self.owner, "main", SiteDraft(**given))

    def claims(self, use: str, **changed: Any) -> dict[str, Any]:
        """Return what a good token says."""
        now = int(self.site.desk.now().timestamp())
        given = {"iss": "main", "aud": HERE, "iat": now, "exp": now + 120, "jti": secrets.token_hex(12), "use": use}
        return {name: value for name, value in {**given, **changed}.items() if value is not None}

    def token(self, use: str = "server", key: NewKey | None = None, **claims: Any) -> str:
        """Return a token as a shell signs it; a claim that is None is left out."""
        signer = key or self.main
        claims = {"iss": signer.site.key, **claims}
        return jwt.encode(self.claims(use, **claims), signer.secret, "HS256", headers={"kid": signer.kid})

    def call(self, path: str, token: str, body: Any = None, method: str = "POST") -> TestResponse:
        """Ask as a shell does."""
        headers = {"Authorization": f"Bearer {token}"}
        return self.site.app.test_client().open(f"/x/cms/{path}", method=method, json=body, headers=headers)

    def fragment(self, path: str, who: Mapping[str, Any] = MEMBER, form: Any = None, **more: Any) -> dict[str, Any]:
        """Return a part of a page, as the person has it."""
        body = {"path": path, "page": PAGE, **more}
        if form is not None:
            body |= {"method": "POST", **form}
        answer = self.call("fragment", self.token(**who), body)
        assert answer.status_code == 200, answer.text
        given: dict[str, Any] = answer.get_json()
        return given

    def upload(self, path: str, who: Mapping[str, Any], form: Mapping[str, str], name: str, content: bytes) -> Any:
        """Send a form with a file, and return the answer."""
        data = {"path": path, "page": PAGE, "method": "POST", **form, "files": (io.BytesIO(content), name)}
        headers = {"Authorization": f"Bearer {self.token(**who)}"}
        answer = self.site.app.test_client().post("/x/cms/fragment", data=data, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def ask(self, who: Mapping[str, Any] = MEMBER, **form: str) -> dict[str, Any]:
        """Send the form for a new ticket."""
        return self.fragment("new", who, {"subject": "Down", "body": "It is down.", "form_uid": "u" * 22, **form})
