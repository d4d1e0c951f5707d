"""What is counted of a stretch of time, as SQL: first from spans, then from rows that hold the same counts.

A snapshot stands for a **span** (`pieces.py`). Every figure is a sum, minimum or maximum over spans, cut where a bucket
ends, so that a coarser tier is made of a finer one without loss. Each rate is counted over the time in which it was
known, so that a mean over nothing is null. A stored count that cannot be true counts as not known.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from dashnet.bounds import MOST, MOST_SPEED


class Merge(StrEnum):
    """How two counts of one measure become one."""

    SUM = "sum"
    MIN = "min"
    MAX = "max"


@dataclass(frozen=True, slots=True)
class Measure:
    """A column of a tier.

    `of_spans` is the SQL that makes it from spans with their `seconds`, `of_row` reads it from a stored row, and
    `stored` is what is written of it.
    """

    name: str
    merge: Merge
    of_spans: str
    of_row: str
    stored: str


# Of what a mean may exceed its bound where sums were rounded.
_ROUNDING = 1.001
_LARGEST_INTEGER = 2**31 - 1


def _plain(name: str, merge: Merge, of_spans: str) -> Measure:
    return Measure(name, merge, of_spans, name, name)


def _count(name: str, of_spans: str) -> Measure:
    """Whole numbers, which a sum over stored nonsense must not make too large for their column."""
    return Measure(name, Merge.SUM, of_spans, name, f"least({name}, {_LARGEST_INTEGER})")


@dataclass(frozen=True, slots=True)
class _Rate:
    """A column of snapshots, the name of its counts, and the word for the rate times seconds.

    `known` is for how long a stored row knew it, and `most` the largest rate of that row.
    """

    column: str
    name: str
    total: str
    known: str
    most: str
    has_extremes: bool = True
    # Null takes no room: rates that few drivers measure, and what is as usual.
    stored_total: str = ""
    stored_known: str = ""

    def measures(self) -> Iterator[Measure]:
        total, known = f"{self.name}_{self.total}", f"{self.name}_known_seconds"
        believed = self._believed(total)
        yield Measure(
            total,
            Merge.SUM,
            f"coalesce(sum({self.column}::float8 * seconds), 0)",
            f"CASE WHEN {believed} THEN {total} ELSE 0 END",
            self.stored_total or total,
        )
        yield Measure(
            known,
            Merge.SUM,
            f"coalesce(sum(seconds) FILTER (WHERE {self.column} IS NOT NULL), 0)",
            f"CASE WHEN {believed} THEN {self.known} ELSE 0 END",
            self.stored_known or f"least({known}, {_LARGEST_INTEGER})",
        )
        if self.has_extremes:
            for merge in (Merge.MIN, Merge.MAX):
                name = f"{self.name}_{merge}"
                of_row = f"CASE WHEN {believed} THEN {name} END"
                yield Measure(name, merge, f"{merge}({self.column})", of_row, name)

    def _believed(self, total: str) -> str:
        """NaN is more than any bound in Postgres."""
        sum_fits = f"{total} BETWEEN 0 AND {self.most} * CAST({self.known} AS float8) * {_ROUNDING}"
        if not self.has_extremes:
            return sum_fits
        most = f"{self.most} * {_ROUNDING}"
        fit = (f"coalesce({self.name}_{one}, 0) BETWEEN 0 AND {most}" for one in (Merge.MIN, Merge.MAX))
        return " AND ".join([sum_fits, *fit])


_STATE_KNOWN = "up_seconds + down_seconds"


def _traffic(column: str, name: str) -> Iterator[Measure]:
    """Known while the state is, but for few devices; before speeds could be null it was so for all."""
    known = f"coalesce({name}_known_seconds, {_STATE_KNOWN})"
    stored = f"nullif({name}_known_seconds, {_STATE_KNOWN})"
    return _Rate(column, name, "megabits", known, f"{MOST[column]:.0f}", stored_known=stored).measures()


def _rare(column: str, name: str) -> Iterator[Measure]:
    known = f"coalesce({name}_known_seconds, 0)"
    stored_total = f"CASE WHEN {name}_known_seconds > 0 THEN {name}_area END"
    most = f"{MOST[column]:.0f}"
    return _Rate(
        column, name, "area", known, most, stored_total=stored_total, stored_known=f"nullif({name}_known_seconds, 0)"
    ).measures()


def _of_interface(column: str, name: str, total: str) -> Iterator[Measure]:
    has_extremes = total == "megabits"
    return _Rate(column, name, total, f"{name}_known_seconds", f"{MOST[column]:.0f}", has_extremes).measures()


# Of one device. The unit of traffic is Mbit, so that a mean is Mbit/s again.
DEVICE_MEASURES = (
    *_traffic("upload_speed", "upload"),
    *_traffic("download_speed", "download"),
    *_Rate(
        "round_trip_seconds", "round_trip", "area", "round_trip_known_seconds", f"{MOST['round_trip_seconds']:.0f}"
    ).measures(),
    *_rare("loss_ratio", "loss"),
    *_rare("jitter_seconds", "jitter"),
    _count("snapshot_count", "count(*) FILTER (WHERE is_first)"),
    _count("up_seconds", "coalesce(sum(seconds) FILTER (WHERE active_connection), 0)"),
    _count("down_seconds", "coalesce(sum(seconds) FILTER (WHERE NOT active_connection), 0)"),
    _count("unknown_seconds", "coalesce(sum(seconds) FILTER (WHERE active_connection IS NULL), 0)"),
)

# Of one interface. Each rate is known by itself, whatever the state.
INTERFACE_MEASURES = (
    *_of_interface("upload_speed", "upload", "megabits"),
    *_of_interface("download_speed", "download", "megabits"),
    *_of_interface("errors_in", "errors_in", "packets"),
    *_of_interface("errors_out", "errors_out", "packets"),
    *_of_interface("discards_in", "discards_in", "packets"),
    *_of_interface("discards_out", "discards_out", "packets"),
    _count("snapshot_count", "count(*) FILTER (WHERE is_first)"),
    _count("up_seconds", "coalesce(sum(seconds) FILTER (WHERE is_up), 0)"),
    _count("down_seconds", "coalesce(sum(seconds) FILTER (WHERE NOT is_up), 0)"),
    _count("unknown_seconds", "coalesce(sum(seconds) FILTER (WHERE is_up IS NULL), 0)"),
)

_ALL_SECONDS = "CAST(up_seconds + down_seconds + unknown_seconds AS float8)"


def _of_network(column: str, name: str) -> Iterator[Measure]:
    """The bound is that of one device, times how many there were."""
    known = f"coalesce({name}_known_seconds, covered_seconds)"
    stored = f"nullif({name}_known_seconds, covered_seconds)"
    most = f"({MOST_SPEED:.0f} * {_ALL_SECONDS} / greatest(covered_seconds, 1))"
    return _Rate(column, name, "megabits", known, most, stored_known=stored).measures()


# Of all devices together: a tick's snapshots are added up first, so that the extremes are those of the sum.
SUMMARY_MEASURES = (
    *_of_network("upload_speed", "upload"),
    *_of_network("download_speed", "download"),
    _plain("up_seconds", Merge.SUM, "sum(up * seconds)"),
    _plain("down_seconds", Merge.SUM, "sum(down * seconds)"),
    _plain("unknown_seconds", Merge.SUM, "sum(unknown * seconds)"),
    _count("covered_seconds", "sum(seconds)"),
    _count("tick_count", "count(*) FILTER (WHERE is_first)"),
    _plain("up_min", Merge.MIN, "min(up)"),
    _plain("up_max", Merge.MAX, "max(up)"),
)


def list_columns(measures: tuple[Measure, ...]) -> str:
    """Their names, as columns."""
    return ", ".join(measure.name for measure in measures)


def count_spans(measures: tuple[Measure, ...]) -> str:
    """What makes them of spans."""
    return ", ".join(f"{_cast(measure, measure.of_spans)} AS {measure.name}" for measure in measures)


def read_rows(measures: tuple[Measure, ...], *names: str) -> str:
    """What reads them from stored rows, leaving out what cannot be true; only those of `names`, where given."""
    return ", ".join(f"{one.of_row} AS {one.name}" for one in measures if not names or one.name in names)


def merge_rows(measures: tuple[Measure, ...]) -> str:
    """What makes them of rows that were read so."""
    return ", ".join(f"{_cast(one, f'{one.merge}({one.name})')} AS {one.name}" for one in measures)


def store_counts(measures: tuple[Measure, ...]) -> str:
    """What is written of counts that were made."""
    return ", ".join(measure.stored for measure in measures)


def _cast(measure: Measure, sql: str) -> str:
    """Postgres makes other types of sums, which then mix badly; seconds are whole ones."""
    is_whole = measure.name.endswith(("_seconds", "_count"))
    return f"CAST({sql} AS bigint)" if is_whole else sql
