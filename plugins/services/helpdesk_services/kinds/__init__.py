"""The kinds of sources that this plugin can ask."""

from typing import Final

from . import billmanager, blesta, files, fossbilling, rest, whmcs, woocommerce
from .base import Kind

KINDS: Final[dict[str, Kind]] = {
    each.key: each
    for each in (
        files.KIND,
        rest.KIND,
        whmcs.KIND,
        woocommerce.KIND,
        blesta.KIND,
        fossbilling.KIND,
        billmanager.KIND,
    )
}
