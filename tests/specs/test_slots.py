"""Every slot is somewhere on a page, and an admin can see where."""

from pathlib import Path

from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.testing.plugins import plugin_site
from helpdesk_core.web.slots import SLOTS
from tests.specs import walking
from tests.specs.answers import SHOWN
from tests.specs.spying import Notes, install

PAGES = ("/", "/login", "/tickets/new", "/tickets/{number}", "/desk/tickets", "/desk/tickets/{number}", "/admin/")


def test_each_slot_is_on_a_page_with_its_name_for_admins(
    installed: Distributions, notes: Notes, tmp_path: Path
) -> None:
    install(installed, "spy")
    with plugin_site("spy", folder=tmp_path / "site") as site:
        who = walking.cast(site)
        own = site.world.ticket(site.world.actor(who.owner)).ticket.number or ""
        browser = walking.signed_in(site.app, who.owner)
        seen: set[str] = set()
        for path in PAGES:
            with notes.new() as made:
                text = browser.get(path.format(number=own), slots="1").text
            here = {name for name in SLOTS if f'<code class="hd-slotname">{name}</code>' in text}
            assert here <= {hook.replace("_", ".") for hook in made.hooks}, "what is named is what was asked"
            assert text.count(SHOWN) >= len(here), "what the plugin gave is on the page"
            seen |= here
        assert SLOTS.keys() - seen == set(), "these are in no template"
        assert "hd-slotname" not in browser.get("/").text
        customer = walking.signed_in(site.app, who.customer)
        assert "hd-slotname" not in customer.get("/", slots="1").text
        assert "/login" not in customer.get("/login", slots="1").path


def test_a_plugins_names_are_known_to_its_own_templates_only(
    installed: Distributions, notes: Notes, tmp_path: Path
) -> None:
    install(installed, "spy", "other")
    with plugin_site("spy", "other", folder=tmp_path / "site") as site:
        render = site.app.jinja_env.get_template
        assert render("spy/names.html").render() == "the name spy gave"
        assert render("plugin:other/names.html").render() == "the name other gave"
        assert "spy" not in render("portal/home.html").globals
        assert "spy" not in render("other/names.html").globals
