"""From files to panels."""

from evalkit.data.files import Layout, began_by_site, read_table, spells_by_site

__all__ = ["Layout", "began_by_site", "read_table", "spells_by_site"]
