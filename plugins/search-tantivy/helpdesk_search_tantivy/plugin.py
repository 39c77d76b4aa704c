"""The plugin: as helpdesk-search, with another engine."""

from helpdesk_search.plugin import IndexPlugin
from helpdesk_search.stores import Folders, Store
from helpdesk_search.tables import Tables

from .engine import TantivyEngine, is_there


class TantivyPlugin(IndexPlugin):
    """Search with tantivy."""

    id = "search_tantivy"
    title = "Full-text search (tantivy)"
    summary = "Finds tickets by word forms, phrases and fields, quickly at any size."
    tables = Tables("search_tantivy")
    models = tables.metadata

    def store(self) -> Store:
        """Return folders."""
        return Folders(self.own_folder, TantivyEngine, is_there)
