import socket

import pytest

from helpdesk_core.testing.require import require, require_command, require_server

Skipped, Failed = pytest.skip.Exception, pytest.fail.Exception


@pytest.fixture(autouse=True)
def nothing_demanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HELPDESK_REQUIRE", raising=False)


def test_what_is_present_lets_the_test_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELPDESK_REQUIRE", "all")
    require("printer", True, mend="plug it in")
    assert require_command("sh", mend="install a shell").endswith("/sh")


def test_what_is_missing_skips_with_the_way_to_mend_it() -> None:
    with pytest.raises(Skipped, match="printer is missing: plug it in"):
        require("printer", False, mend="plug it in")
    with pytest.raises(Skipped, match="no-such-command is missing: install it"):
        require_command("no-such-command", mend="install it")


@pytest.mark.parametrize("demanded", ["all", "printer", "chromium, printer"])
def test_what_is_missing_but_demanded_fails(monkeypatch: pytest.MonkeyPatch, demanded: str) -> None:
    monkeypatch.setenv("HELPDESK_REQUIRE", demanded)
    with pytest.raises(Failed, match="HELPDESK_REQUIRE demands printer, which is missing: plug it in"):
        require("printer", False, mend="plug it in")


def test_a_demand_for_something_else_only_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELPDESK_REQUIRE", "chromium,printers")
    with pytest.raises(Skipped):
        require("printer", False, mend="plug it in")


def test_a_server_is_there_when_it_accepts_connections() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        require_server("printer", "127.0.0.1", port, mend="plug it in")
    with pytest.raises(Skipped, match="printer is missing"):
        require_server("printer", "127.0.0.1", port, mend="plug it in")
