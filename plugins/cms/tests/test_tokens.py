"""Tokens: what is read, what is refused and how it is said; used once, whoever tries."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import jwt
import pytest
from sqlalchemy import func, select

from helpdesk_cms import problems, sites
from helpdesk_cms.models import Refusal, UsedToken
from helpdesk_cms.tokens import TokenRefused, check, spend

from .worlds import HERE, MEMBER, Sites


def refused(world: Sites, token: str, use: Any = "server", site: str = "") -> TokenRefused:
    with pytest.raises(TokenRefused) as caught:
        check(world.site.desk, token, use, site)
    return caught.value


def test_a_good_token_says_who_somebody_is(world: Sites) -> None:
    more = {"roles": ["editor"], "data": {"plan": "gold", "seats": 3}, "locale": "pt-BR", "ip": "192.0.2.7"}
    claims = check(world.site.desk, world.token(**{**MEMBER, **more}), "server")
    assert (claims.sub, claims.email, claims.email_verified) == ("7", "mia@example.com", True)
    assert (claims.locale, claims.ip, claims.roles) == ("pt_BR", "192.0.2.7", frozenset({"editor"}))
    assert claims.data == {"plan": "gold", "seats": "3"}


def test_what_is_no_token_of_the_site_is_refused(world: Sites) -> None:
    other = world.make("other")
    foreign = {"iss": "main", "kid": other.kid}
    signed_by_other = jwt.encode(world.claims("server"), other.secret, "HS256", headers={"kid": world.main.kid})
    kid_of_other = jwt.encode(world.claims("server"), other.secret, "HS256", headers={"kid": foreign["kid"]})
    unsigned = jwt.encode(world.claims("server"), "", "none", headers={"kid": world.main.kid})
    longer = jwt.encode(world.claims("server"), world.main.secret * 2, "HS512", headers={"kid": world.main.kid})
    cases = {
        "": "token-missing",
        "x.y.z": "token-malformed",
        "a" * 20_000: "token-malformed",
        unsigned: "token-algorithm",
        longer: "token-algorithm",
        signed_by_other: "token-signature",
        kid_of_other: "token-key",
        world.token()[:-4] + "AAAA": "token-signature",
        world.token(iss="nowhere"): "token-site",
        world.token(aud="https://elsewhere.example"): "token-audience",
        world.token(aud=None): "token-audience",
        world.token(use="frame"): "token-use",
        world.token(jti="short"): "token-claims",
        world.token(exp=None): "token-claims",
        world.token(iat="now"): "token-claims",
        world.token(data={"a": {"b": "c"}}): "token-claims",
        world.token(data={str(n): "x" for n in range(21)}): "token-claims",
        world.token(email="nonsense"): "token-claims",
        world.token(roles="admin"): "token-claims",
    }
    assert {token[-30:]: refused(world, token).code for token in cases} == {k[-30:]: v for k, v in cases.items()}
    assert refused(world, world.token(key=other), site="main").code == "token-site"


def test_a_payload_that_was_changed_is_noticed(world: Sites) -> None:
    head, body, mark = world.token(**MEMBER).split(".")
    said = json.loads(base64.urlsafe_b64decode(body + "=="))
    forged = base64.urlsafe_b64encode(json.dumps(said | {"sub": "1"}).encode()).decode().rstrip("=")
    assert refused(world, f"{head}.{forged}.{mark}").code == "token-signature"


def test_time_is_kept_with_some_allowance(world: Sites) -> None:
    now = int(world.site.desk.now().timestamp())
    desk = world.site.desk
    assert check(desk, world.token(iat=now + 50, exp=now + 100), "server").site.key == "main"
    assert check(desk, world.token(iat=now - 150, exp=now - 50), "server").site.key == "main"
    ahead = refused(world, world.token(iat=now + 90, exp=now + 200))
    assert (ahead.code, "ahead" in str(ahead)) == ("token-clock", True)
    late = refused(world, world.token(iat=now - 200, exp=now - 100))
    assert (late.code, "clocks" in str(late)) == ("token-expired", True)
    assert refused(world, world.token(iat=now, exp=now + 301)).code == "token-claims"
    assert refused(world, world.token(iat=now, exp=now)).code == "token-claims"


def test_two_secrets_are_good_while_one_is_changed_for_the_other(world: Sites) -> None:
    desk = world.site.desk
    before = world.token()
    new = sites.rotate(desk, world.owner, "main")
    assert check(desk, before, "server").site.key == "main"
    assert check(desk, world.token(key=new), "server").site.key == "main"
    sites.end_secret(desk, world.owner, "main", world.main.kid)
    assert refused(world, world.token()).code == "token-key"
    newest = sites.rotate(desk, world.owner, "main")
    sites.rotate(desk, world.owner, "main")
    assert refused(world, world.token(key=new)).code == "token-key"
    assert check(desk, world.token(key=newest), "server").site.key == "main"


def test_a_site_that_is_off_signs_nothing(world: Sites) -> None:
    world.change(is_active=False)
    assert refused(world, world.token()).code == "token-site"


def test_a_token_is_used_once_however_many_try_at_once(world: Sites) -> None:
    desk = world.site.desk
    claims = check(desk, world.token("sign-in", **MEMBER), "sign-in")

    def use(_turn: int) -> str:
        try:
            spend(desk, claims)
        except TokenRefused as error:
            return error.code
        return "in"

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(use, range(6)))
    assert sorted(outcomes) == ["in"] + ["token-replayed"] * 5


def test_used_tokens_are_forgotten_when_they_could_not_be_used_any_more(world: Sites) -> None:
    desk = world.site.desk
    token = world.token("sign-in", **MEMBER)
    spend(desk, check(desk, token, "sign-in"))
    world.site.clock.advance(seconds=150)
    world.site.work()
    with pytest.raises(TokenRefused, match="used already"):
        spend(desk, check(desk, token, "sign-in"))
    world.site.clock.advance(hours=2)
    world.site.work()
    with desk.read() as session:
        assert session.scalar(select(func.count(UsedToken.id))) == 0


def test_what_was_refused_stands_on_the_page_of_the_site_and_not_the_token(world: Sites) -> None:
    bad = world.token(aud="https://elsewhere.example")
    answer = world.call("health", bad, method="GET")
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    problem = answer.get_json()
    assert problem["code"] == "token-audience"
    assert HERE in problem["detail"]
    page = world.site.browser(world.owner).get("/admin/x/cms/main")
    assert "token-audience" in page.words
    assert bad[:20] not in page.text


def test_guessing_fills_no_table_and_hides_nothing(world: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    def noted(*codes: str) -> int:
        with world.site.desk.read() as session:
            return session.scalar(select(func.count(Refusal.id)).where(Refusal.code.in_(codes))) or 0

    forged = jwt.encode(world.claims("server"), "y" * 40, "HS256", headers={"kid": world.main.kid})
    for _ in range(problems.A_MINUTE[True] + 5):
        world.call("health", forged, method="GET")
    assert noted("token-signature") == problems.A_MINUTE[True]
    for _ in range(problems.A_MINUTE[False] + 5):
        world.call("health", world.token(aud="https://elsewhere.example"), method="GET")
    assert noted("token-audience") == problems.A_MINUTE[False]
    monkeypatch.setitem(problems.KEPT, True, 12)
    for _ in range(3):
        world.site.clock.advance(minutes=2)
        for _ in range(problems.A_MINUTE[True]):
            world.call("health", forged, method="GET")
    assert (noted("token-signature"), noted("token-audience")) == (12, problems.A_MINUTE[False])
    world.site.clock.advance(days=31)
    world.site.work()
    with world.site.desk.read() as session:
        assert session.scalar(select(func.count(Refusal.id))) == 0
    assert timedelta(days=31) > world.site.desk.settings.effective("cms").values["keep"]


def test_a_stranger_hides_nothing_of_a_site_that_is_off(world: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(problems, "KEPT", {True: 5, False: 5})
    for _ in range(3):
        world.call("health", world.token(aud="https://elsewhere.example"), method="GET")
    world.change(is_active=False)
    forged = jwt.encode(world.claims("server"), "y" * 40, "HS256", headers={"kid": world.main.kid})
    for _ in range(problems.A_MINUTE[True] + 5):
        world.call("health", forged, method="GET")
    with world.site.desk.read() as session:
        noted = [session.scalars(select(Refusal.code)).all().count(code) for code in ("token-audience", "token-site")]
    assert noted == [3, 5]
