"""A plugin that is broken in every hook breaks neither opening a ticket, nor replying, nor signing in, nor mail."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpdesk_core.cli import making
from helpdesk_core.hooks import CANNOT_CHECK, CollectSpec, Limits, VetoSpec
from helpdesk_core.testing.browser import Browser, File
from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.testing.pages import Page
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.tickets.queries import conversation, find_ticket
from tests.specs import answers, walking
from tests.specs.answers import Behaviour, Spec, Values, harmless
from tests.specs.spying import SPECS, Notes, Spy, install

ME = "brittle"
BOX = "could not show its part"
SHORT = 0.15
UNHURRIED = 1.0
"""Seconds for what must not fail on a busy machine; what hangs takes longer."""
QUICK = Limits(
    collect=SHORT, render=SHORT, within=SHORT, pick=SHORT, refine=SHORT, veto=UNHURRIED, after=SHORT, failures=3
)  # fmt: skip
PATIENT = Limits(failures=3)
CLOSED = {name for name, spec in SPECS.items() if isinstance(spec, VetoSpec) and spec.fail_closed}
AT_START = {name for name, spec in SPECS.items() if isinstance(spec, CollectSpec) and spec.when == "startup"}
LIMITED = [spec for spec in SPECS.values() if spec.deadline is not None]

EVERYWHERE = (answers.raises, answers.leaves, answers.hangs, answers.rubbish, answers.nearly_right)
"""These break every hook; the others only those where there is something to be got wrong in their way."""
HERE_AND_THERE = (answers.unusable, answers.broken_templates)
SLOW = (answers.hangs, answers.broken_templates)


@dataclass
class Broken:
    """A helpdesk with the broken plugin; `spared` are the hooks in which it behaves."""

    site: PluginSite
    behaviour: Behaviour
    notes: Notes
    spared: set[str]
    who: walking.Cast

    @property
    def is_everywhere(self) -> bool:
        return self.behaviour in EVERYWHERE

    def check_customers(self, page: Page, status: int = 200) -> Page:
        """Check that a customer's page works, and tells nothing of the plugin."""
        assert page.status == status, page.words
        for word in (BOX, "ZeroDivision", "Traceback", "Reference:", *([ME] if self.is_everywhere else [])):
            assert word not in page.text, f"{word} on {page.path}"
        return page


@pytest.fixture(params=[*EVERYWHERE, *HERE_AND_THERE], ids=lambda each: each.__name__)
def broken(
    request: pytest.FixtureRequest,
    installed: Distributions,
    notes: Notes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Broken]:
    chosen: Behaviour = request.param
    spared = set(AT_START)

    def behave(plugin_id: str, spec: Spec, values: Values) -> object:
        return (harmless if spec.name in spared else chosen)(plugin_id, spec, values)

    for spec in LIMITED:
        monkeypatch.setattr(spec, "deadline", None)
    install(installed, ME)
    limits = QUICK if chosen in SLOW else PATIENT
    with plugin_site(ME, folder=tmp_path / "site", limits=limits) as site:
        who = walking.cast(site)
        monkeypatch.setattr(Spy, "behaviour", staticmethod(behave))
        yield Broken(site, chosen, notes, spared, who)


def customer_asks(broken: Broken) -> str:
    """Sign in, ask, answer and look, as a customer, by pages and API; return the ticket's number."""
    browser = walking.signed_in(broken.site.app, broken.who.customer)
    check = broken.check_customers
    check(browser.page)
    check(browser.get("/"))
    check(browser.get("/tickets/new", department="support"))
    page = check(browser.submit("new-ticket", {"subject": "On fire", "body": "Help!"}, press="Send"))
    assert "On fire" in page.text
    number = walking.number_of(browser)
    assert "It still is." in check(browser.submit("reply", body="It still is.")).text
    assert "On fire" in check(browser.get("/tickets")).text
    token = walking.token_of(broken.site, broken.who.customer)
    new = {"subject": "By API", "message": {"body_text": "Hello"}, "department": "support"}
    made = walking.call(broken.site, token, "POST", "/tickets", new)
    assert made.status_code == 201, made.text
    assert made.json is not None
    assert made.json["x"] == ({} if broken.is_everywhere or broken.behaviour is answers.unusable else made.json["x"])
    assert walking.call(broken.site, token, "GET", "/tickets").status_code == 200
    visitor = Browser(broken.site.app)
    check(visitor.get("/tickets/new", department="support"))
    values = {"subject": "A visitor", "body": "Hello", "email": "visitor@example.net"}
    check(visitor.submit("new-ticket", values, press="Send"))
    assert visitor.page.path == "/tickets/sent"
    return number


def agent_works(broken: Broken, number: str) -> None:
    """Answer, note and change, as an agent, who is told what does not work."""
    browser = walking.signed_in(broken.site.app, broken.who.agent)
    assert "On fire" in browser.get("/desk/tickets", view="open").text
    page = browser.get(f"/desk/tickets/{number}")
    if broken.behaviour is not answers.unusable:
        known = {line.last_error.error_id for line in broken.site.desk.hooks.report() if line.last_error}
        assert BOX in page.text
        assert any(error_id in page.text for error_id in known)
    assert "We are on it." in browser.submit("composer", {"kind": "public", "body": "We are on it."}).text
    assert "Is it?" in browser.submit("composer", {"kind": "internal", "body": "Is it?"}).text
    page = browser.submit("properties", {"subject": "Mail server on fire", "status": "waiting"})
    assert page.status == 200
    assert "Mail server on fire" in page.title


def test_everything_that_matters_works(broken: Broken) -> None:
    broken.spared |= CLOSED
    site = broken.site
    number = customer_asks(broken)
    agent_works(broken, number)
    by_mail = walking.mail_arrives(site, broken.who)
    with site.desk.read() as session:
        owner = site.world.actor(broken.who.owner)
        ticket = find_ticket(session, owner, by_mail)
        assert [each.body_text for each in conversation(session, ticket, internal=True)] == ["Hello", "One thing more."]
        ticket = find_ticket(session, owner, number)
        assert (ticket.department.key, ticket.status.key) == ("support", "waiting")
    site.clock.advance(seconds=site.desk.settings.site().undo_send_seconds)  # so long the author may take it back
    site.work()
    texts = [envelope.content.decode() for envelope in site.mail.to("carla@example.net")]
    assert any("We are on it." in text for text in texts), "the answer left by mail"
    assert not any("Is it?" in text for text in texts)
    admin = walking.signed_in(site.app, broken.who.owner)
    for path in ("/admin/", "/admin/plugins", "/admin/health", "/desk/", "/healthz"):
        assert admin.get(path).status == 200, path


def test_what_is_broken_is_not_asked_for_ever(broken: Broken) -> None:
    broken.spared |= CLOSED
    site = broken.site
    number = site.world.ticket(site.world.actor(broken.who.customer)).ticket.number or ""
    customer = walking.signed_in(site.app, broken.who.customer)
    agent = walking.signed_in(site.app, broken.who.agent)

    def look() -> None:
        for path in ("/", "/tickets/new", "/tickets", f"/tickets/{number}"):
            broken.check_customers(customer.get(path))
        for path in ("/desk/tickets?view=open", f"/desk/tickets/{number}"):
            assert agent.get(path).status == 200

    for _ in range(1 if broken.behaviour is answers.hangs else 3):
        look()
    with broken.notes.new() as made:
        look()
    if broken.is_everywhere:
        assert made.hooks == set()
    open_now = {each.hook for each in site.desk.hooks.breakers()}
    assert not made.hooks & open_now, "who is in quarantine is not asked"
    assert BOX not in agent.page.text


@pytest.mark.parametrize("broken", EVERYWHERE, ids=lambda each: each.__name__, indirect=True)
def test_what_must_not_be_skipped_refuses_in_plain_words(broken: Broken) -> None:
    site = broken.site
    visitor = Browser(site.app)
    for _ in range(2):
        page = visitor.login("carla@example.net", walking.PASSWORD)
        broken.check_customers(page, 422)
        assert CANNOT_CHECK in page.words
    owner = walking.signed_in(site.app, broken.who.owner)
    owner.get("/tickets/new", department="support")
    values = {"subject": "With a file", "body": "See there.", "files": File("log.txt", b"smoke")}
    page = owner.submit("new-ticket", values, press="Send")
    assert page.status == 422
    assert CANNOT_CHECK in page.words
    assert page.form("new-ticket").value("body") == "See there."
    page = owner.submit("new-ticket", press="Send")
    assert page.status == 200
    assert page.path.startswith("/tickets/")


@pytest.mark.parametrize("hook", sorted(AT_START - {"cli_commands"}))
@pytest.mark.parametrize("behaviour", EVERYWHERE, ids=lambda each: each.__name__)
def test_a_plugin_that_cannot_start_is_taken_out(
    behaviour: Behaviour,
    hook: str,
    installed: Distributions,
    notes: Notes,
    prepared_site: Callable[..., PluginSite],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def behave(plugin_id: str, spec: Spec, values: Values) -> object:
        broken = plugin_id == ME and spec.name == hook
        return (behaviour if broken else harmless)(plugin_id, spec, values)

    monkeypatch.setattr(Spy, "behaviour", staticmethod(behave))
    install(installed, ME, "fine")
    site = prepared_site(ME, "fine", limits=Limits(startup=UNHURRIED))
    state = site.desk.plugins.get(ME)
    assert (str(state.status), site.desk.plugins.is_active("fine")) == ("failed", True)
    assert hook in state.reason or "route" in state.reason
    assert site.desk.hooks.implementers(SPECS[hook]) == ("fine",)
    browser = Browser(site.app)
    assert browser.get("/").status == 200
    assert browser.get(f"/x/{ME}/").status == 404
    assert browser.get("/x/fine/").status == 200


def test_commands_that_cannot_be_had_are_told_in_one_line(
    installed: Distributions,
    notes: Notes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    install(installed, ME)
    making.make_instance(tmp_path / "desk", {"plugins": {"enabled": [ME]}})
    monkeypatch.setattr(SPECS["cli_commands"], "deadline", 0.5)
    for behaviour in EVERYWHERE:

        def behave(plugin_id: str, spec: Spec, values: Values, broken: Behaviour = behaviour) -> object:
            return (broken if spec.name == "cli_commands" else harmless)(plugin_id, spec, values)

        monkeypatch.setattr(Spy, "behaviour", staticmethod(behave))
        assert walking.command_line(tmp_path / "desk", ME, "look") == 1
        said = capsys.readouterr().err.splitlines()
        assert "cli_commands" in said[-1], behaviour
        assert said[-1].startswith("helpdesk: ")
        assert walking.command_line(tmp_path / "desk", "db", "status") == 0
        assert walking.command_line(tmp_path / "desk", "--help") == 0
        assert ME in capsys.readouterr().out
