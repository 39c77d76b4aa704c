"""What tests of pages share: the application around `desk`, and a browser in front of it."""

import pytest
from flask import Flask

from helpdesk_core.app import create_app
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser


@pytest.fixture
def app(desk: Helpdesk) -> Flask:
    """The web application of `desk`."""
    return create_app(desk)


@pytest.fixture
def browser(app: Flask) -> Browser:
    """Somebody who is not signed in."""
    return Browser(app)
