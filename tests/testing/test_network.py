import socket

import pytest

Failed = pytest.fail.Exception


@pytest.mark.parametrize("address", [("192.0.2.1", 25), ("2001:db8::1", 443), ("mail.example.com", 25)])
def test_a_test_cannot_reach_another_machine(address: tuple[str, int]) -> None:
    with pytest.raises(Failed, match="tests stay on this machine"):
        socket.create_connection(address, timeout=1)
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as client, pytest.raises(Failed, match="tests stay on this machine"):
        client.connect_ex(address)


def test_a_test_can_reach_a_server_of_its_own() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1]), timeout=5).close()
