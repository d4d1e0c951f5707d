import pytest

from tests.soak.logs import LoggedError, list_errors

LINE = "2026-11-29 08:40:01,123 {level} workers.watch {words}\n"
TRACEBACK = 'Traceback (most recent call last):\n  File "x.py", line 1, in f\n    f()\n{exception}\n'


def test_lines_without_an_error_are_none() -> None:
    log = LINE.format(level="INFO", words="run ended") + LINE.format(level="WARNING", words="Error: out of reach")
    assert list_errors(log + "INFO:     Uvicorn running\n") == []


def test_an_error_is_told_with_the_exception_that_its_traceback_ends_with() -> None:
    log = LINE.format(level="ERROR", words="it failed") + TRACEBACK.format(exception="KeyError: 'x'")
    log += "\nDuring handling of the above exception, another exception occurred:\n\n"
    log += TRACEBACK.format(exception="asyncpg.exceptions.UniqueViolationError: twice")
    expected = LoggedError("it failed", "asyncpg.exceptions.UniqueViolationError: twice")
    assert list_errors(log + LINE.format(level="INFO", words="goes on")) == [expected]
    assert not expected.is_expected()


def test_a_traceback_without_a_line_of_its_own_is_an_error_too() -> None:
    assert list_errors(TRACEBACK.format(exception="ValueError: 1")) == [LoggedError("", "ValueError: 1")]


@pytest.mark.parametrize("level", ["ERROR", "CRITICAL"])
def test_an_error_without_an_exception_is_not_expected(level: str) -> None:
    (error,) = list_errors(LINE.format(level=level, words="odd"))
    assert not error.is_expected()


@pytest.mark.parametrize(
    "exception",
    [
        "ConnectionRefusedError: [Errno 111] refused",
        "redis.exceptions.ConnectionError: Error 2 connecting to unix socket",
        "redis.exceptions.BusyLoadingError: Redis is loading the dataset in memory",
        "redis.exceptions.WatchError: A ConnectionError occurred on while watching one or more keys",
        "asyncpg.exceptions.CannotConnectNowError: the database system is starting up",
        "sqlalchemy.exc.DBAPIError: (sqlalchemy.dialects.postgresql.asyncpg.Error) the database system is starting up",
        "dashnet.errors.ServiceUnavailable: the network service is out of reach",
        "TimeoutError",
    ],
)
def test_a_lost_connection_is_expected(exception: str) -> None:
    (error,) = list_errors(LINE.format(level="ERROR", words="it failed") + TRACEBACK.format(exception=exception))
    assert error.is_expected()


@pytest.mark.parametrize(
    "exception",
    ["KeyError: 'ConnectionError'", "ValueError: 1", "AssertionError", "sqlalchemy.exc.DBAPIError: deadlock detected"],
)
def test_any_other_exception_is_not(exception: str) -> None:
    (error,) = list_errors(LINE.format(level="ERROR", words="it failed") + TRACEBACK.format(exception=exception))
    assert not error.is_expected()


def test_lines_of_uvicorn_and_arq_are_told_apart() -> None:
    log = "ERROR:    Exception in ASGI application\n" + TRACEBACK.format(exception="ValueError: 1")
    log += "08:43:15: Starting worker for 7 functions\n" + "INFO:     Uvicorn running\n"
    assert list_errors(log) == [LoggedError("Exception in ASGI application", "ValueError: 1")]


def test_a_process_is_called_silent_only_where_it_was_made_to_hang() -> None:
    (error,) = list_errors(LINE.format(level="ERROR", words="process is silent and is killed name=app pid=7"))
    assert (error.is_expected({"app"}), error.is_expected({"worker"})) == (True, False)
