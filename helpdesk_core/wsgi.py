"""The helpdesk for any WSGI server: `HELPDESK_INSTANCE=… gunicorn --threads 8 helpdesk_core.wsgi:application`.

Importing it opens the instance, in the process that serves it; so let the server import it in its workers
(no `--preload`). Worker threads run inside unless `[worker] enabled_in_serve` is false.
With `HELPDESK_SAFE_MODE` set, no plugin is loaded. The process gets a umask that lets nobody else read what it writes.
"""

import gc
import multiprocessing.util
import os
from functools import partial
from typing import Final

from helpdesk_core.app import create_app, instance_folder, make_worker
from helpdesk_core.orphans import end_with_parent
from helpdesk_core.privacy import PRIVATE
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.web.switch import Background, Switch

GARBAGE: Final = (10_000, 10, 10)
"""When Python looks for objects that only each other hold: a page makes thousands of others, and with Python's own 700
the search would take a tenth of its time."""


def _worker(desk: Helpdesk) -> Background | None:
    return make_worker(desk) if desk.settings.worker().enabled_in_serve else None


os.umask(PRIVATE)
gc.set_threshold(*GARBAGE)
end_with_parent()
_build = partial(create_app, safe_mode="HELPDESK_SAFE_MODE" in os.environ)
application = Switch(instance_folder(None, os.environ), _build, _worker)
# Unlike `atexit`, this also runs at the end of a process that multiprocessing started, as granian's are.
multiprocessing.util.Finalize(application, application.close, exitpriority=100)
