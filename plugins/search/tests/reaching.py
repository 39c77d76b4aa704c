"""How tests reach the plugin of a site, and what keeps its index."""

from helpdesk_core.testing.plugins import PluginSite
from helpdesk_search.keeping import Keeper
from helpdesk_search.plugin import SearchPlugin


def plugin(site: PluginSite) -> SearchPlugin:
    found = site.desk.plugins.plugin("search")
    assert isinstance(found, SearchPlugin)
    return found


def keeper(site: PluginSite) -> Keeper:
    return plugin(site).keeper
