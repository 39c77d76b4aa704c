"""A worker process that a test kills: it says “ready” and works until then."""

import os
import sys
import time
from datetime import timedelta
from pathlib import Path

from helpdesk_core.app import open_helpdesk
from helpdesk_core.jobs.worker import Worker
from helpdesk_core.mail.notify import NOTIFIER

if __name__ == "__main__":
    desk = open_helpdesk(Path(sys.argv[1]), env=os.environ)
    desk.core_subscribers = {NOTIFIER.name: NOTIFIER}
    Worker(desk, jobs=(), lease=timedelta(seconds=1)).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    time.sleep(60)
