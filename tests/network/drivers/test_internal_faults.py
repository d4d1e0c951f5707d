import pytest

from services.network.drivers.driver import DriverOptions
from services.network.drivers.internal_faults import FaultLog
from tests.network.secret_driver import SecretiveOptions


def record(log: FaultLog, device_id: int, fault: BaseException | str) -> str:
    return log.record(device_id, "http", fault, DriverOptions())


def raised(kind: type[Exception]) -> Exception:
    try:
        raise kind
    except kind as error:
        return error


def test_people_see_a_short_reason_and_the_log_has_the_trace(caplog: pytest.LogCaptureFixture) -> None:
    assert record(FaultLog(), 7, raised(ValueError)) == "internal fault of driver http; see the network service's log"
    assert "internal fault device=7 driver=http: \nTraceback" in caplog.text
    assert "in raised" in caplog.text


def test_the_same_fault_is_logged_once_and_another_one_again(caplog: pytest.LogCaptureFixture) -> None:
    log = FaultLog()
    for fault in (raised(ValueError), raised(ValueError), raised(LookupError), "returned None", "returned None"):
        record(log, 7, fault)
    assert [line.getMessage().split(":")[0] for line in caplog.records] == ["internal fault device=7 driver=http"] * 3


def test_a_group_is_known_by_its_first_error(caplog: pytest.LogCaptureFixture) -> None:
    log = FaultLog()
    for kind in (ValueError, ValueError, LookupError):
        record(log, 7, ExceptionGroup("many", [raised(kind), raised(OSError)]))
    assert len(caplog.records) == 2


def test_a_device_that_healed_is_logged_again(caplog: pytest.LogCaptureFixture) -> None:
    log = FaultLog()
    record(log, 7, "returned None")
    log.heal(7)
    record(log, 7, "returned None")
    assert len(caplog.records) == 2


def test_the_log_remembers_a_bounded_number_of_devices(caplog: pytest.LogCaptureFixture) -> None:
    log = FaultLog(most_devices=2)
    for device_id in (1, 2, 3, 3, 1):
        record(log, device_id, "returned None")
    assert [line.getMessage()[:23] for line in caplog.records] == [
        f"internal fault device={number}" for number in (1, 2, 3, 1)
    ]


def test_no_secret_gets_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    options = SecretiveOptions.model_validate({"token": "token-7"})
    FaultLog().record(7, "secretive", ValueError("bad token-7 here"), options)
    assert "token-7" not in caplog.text
    assert "ValueError: bad ********** here" in caplog.text
