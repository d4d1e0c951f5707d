"""Log lines that repeat are summed up; all others are written."""

import logging

from dashnet.repeated_lines import MOST_ALIKE, MOST_SAME, WINDOW_SECONDS, RepeatedLines


class Log:
    """What is written of lines that come at moments of the test's own."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lines = RepeatedLines(lambda: self.seconds)

    def write(self, message: str, *arguments: object) -> list[str]:
        record = logging.LogRecord("dashnet", logging.WARNING, __file__, 1, message, arguments, None)
        return [one.getMessage() for one in self._lines.pass_on(record)]


def test_the_first_of_the_same_lines_are_written_and_the_rest_of_the_minute_is_one() -> None:
    log = Log()
    written = [log.write("wrong password from %s", "127.0.0.1") for _ in range(20_000)]
    assert sum(map(len, written)) == MOST_SAME
    log.seconds = WINDOW_SECONDS
    assert log.write("well again") == [
        "wrong password from 127.0.0.1 (and 19,995 more like it in 60 s)",
        "well again",
    ]


def test_a_line_is_written_again_in_the_next_minute() -> None:
    log = Log()
    for _ in range(MOST_SAME):
        log.write("gone")
    log.seconds = WINDOW_SECONDS
    assert log.write("gone") == ["gone"]


def test_lines_with_other_arguments_are_other_lines() -> None:
    log = Log()
    assert all(log.write("device is down device=%d", number) for number in range(500))


def test_a_flood_of_lines_of_one_kind_is_held_back_whatever_its_arguments_are() -> None:
    log = Log()
    written = [log.write("bad message from port %d", port) for port in range(50_000)]
    assert sum(map(len, written)) <= MOST_ALIKE + 50_000 // 1_000
