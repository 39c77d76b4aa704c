"""What the tests of this plugin share."""

from tests.conftest import chromium

__all__ = ["chromium"]
