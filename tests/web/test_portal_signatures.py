"""How staff sign in each department they answer for."""

from helpdesk_core.departments.queries import signature_for
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import World

PASSWORD = "correct horse battery"


def test_an_agent_signs_differently_in_two_departments(browser: Browser, desk: Helpdesk, world: World) -> None:
    support, billing = world.department("support", signature="Team Support"), world.department("billing")
    world.department("abuse")
    user = world.user("Adam Agent", password=PASSWORD)
    world.grant(user, "agent", "support", "billing")
    browser.login(user.primary_email or "", PASSWORD)
    page = browser.get("/account/signatures")
    assert "Team Support" in page.text
    assert "Abuse" not in page.text
    page = browser.submit("signature-billing", {"signature-billing": "Адам, Billing"})
    assert "Your signatures are kept." in page.words
    with desk.read() as session:
        assert signature_for(session, user.id, billing.id) == "Адам, Billing"
        assert signature_for(session, user.id, support.id) == "Team Support"
    page = browser.submit("signature-billing", {"signature-billing": "x" * 100_000})
    assert page.status == 422
    assert "Shorten it" in page.text


def test_customers_have_no_signatures(browser: Browser, world: World) -> None:
    user = world.user("Carla Customer", password=PASSWORD)
    browser.login(user.primary_email or "", PASSWORD)
    assert browser.get("/account/signatures").status == 403
    assert "Signatures" not in browser.get("/account").text
