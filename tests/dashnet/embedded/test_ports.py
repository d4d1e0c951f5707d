"""Ports are checked before anything starts."""

import socket
from collections.abc import Iterator

import pytest

from dashnet.embedded.ports import check_ports
from dashnet.errors import StackError
from dashnet.settings import Settings
from tests.ports import free_port


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_free_ports_pass() -> None:
    check_ports(Settings(network_port=free_port(), app_port=free_port()))


def test_taken_network_port_names_port_host_setting_and_an_example(taken_port: int) -> None:
    with pytest.raises(StackError, match=rf"Port {taken_port} on 127\.0\.0\.1 is taken.*DASHNET_NETWORK_PORT=\d+ make"):
        check_ports(Settings(network_port=taken_port, app_port=free_port()))


def test_taken_app_port_names_its_setting(taken_port: int) -> None:
    with pytest.raises(StackError, match="DASHNET_APP_PORT"):
        check_ports(Settings(network_port=free_port(), app_port=taken_port))


def test_one_port_for_both_is_refused() -> None:
    with pytest.raises(StackError, match="both have port 5600"):
        check_ports(Settings(network_port=5600, app_port=5600))


def test_host_of_another_machine_names_the_host_setting() -> None:
    with pytest.raises(StackError, match="DASHNET_APP_HOST"):
        check_ports(Settings(network_port=free_port(), app_host="192.0.2.1", app_port=free_port()))
