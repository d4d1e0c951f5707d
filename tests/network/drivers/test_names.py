import errno
import socket
import threading

import pytest

from dashnet.errors import DeviceFailure, DriverFault
from services.network.drivers import names
from services.network.drivers.names import Names, is_address, to_driver_error


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "fe80::1%lo"])
async def test_an_address_is_its_own(address: str) -> None:
    assert await Names().resolve(address) == [address]


async def test_a_name_becomes_the_addresses_that_the_system_knows() -> None:
    assert set(await Names().resolve("localhost")) <= {"127.0.0.1", "::1"}


async def test_a_name_that_nobody_knows_is_a_fault_that_names_it() -> None:
    with pytest.raises(DriverFault, match=r"^the name no-such-host\.invalid cannot be resolved: "):
        await Names().resolve("no-such-host.invalid")


async def test_a_name_that_is_none_is_a_fault_too() -> None:
    with pytest.raises(DriverFault, match=r"cannot be resolved: "):
        await Names().resolve("a" * 64 + ".invalid")


async def test_a_name_server_that_is_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()

    def look_up(host: str) -> list[str]:
        answered.wait(10)
        return []

    monkeypatch.setattr(names, "_look_up", look_up)
    with pytest.raises(DriverFault, match=r"^the name slow\.example could not be resolved within 0\.05 s$"):
        await Names(timeout_seconds=0.05).resolve("slow.example")
    answered.set()


@pytest.mark.parametrize(
    ("text", "expected"), [("10.0.0.1", True), ("::", True), ("nas", False), ("10.0.0.256", False)]
)
def test_addresses_are_told_from_names(text: str, expected: bool) -> None:
    assert is_address(text) is expected


@pytest.mark.parametrize(
    ("number", "kind", "said"),
    [
        (errno.ECONNREFUSED, DeviceFailure, "port 22 refuses connections"),
        (errno.EHOSTUNREACH, DeviceFailure, "port 22 cannot be reached: No route to host"),
        (errno.ECONNRESET, DeviceFailure, "port 22 cannot be reached: Connection reset by peer"),
        (errno.ENETUNREACH, DriverFault, "port 22 cannot be reached from this machine: Network is unreachable"),
        (errno.EACCES, DriverFault, "port 22 cannot be reached from this machine: Permission denied"),
        (errno.EMFILE, DriverFault, "too many open files here: raise ulimit -n or lower DASHNET_DRIVER_CONCURRENCY"),
    ],
)
def test_what_an_error_of_a_socket_says_of_the_device(number: int, kind: type[Exception], said: str) -> None:
    error = to_driver_error(OSError(number, "x"), "port 22")
    assert (type(error), error.detail) == (kind, said)


def test_an_error_without_a_number_keeps_its_words() -> None:
    assert to_driver_error(socket.gaierror("odd"), "port 22").detail == "port 22 cannot be reached: odd"
