"""What a number must lie within to be believed. Workers store nothing else; questions leave out what was stored before.

All bounds are wide: they are there for counters that jump and for agents that answer nonsense, not for judging a link.
"""

from collections.abc import Mapping

# In Mbit/s, of a device, an interface or a line: a terabit.
MOST_SPEED = 1_000_000.0
MOST_SECONDS = 3_600.0
# Packets per second: a terabit of the shortest frames is some 2,000,000,000.
MOST_PACKETS = 10_000_000_000.0

MOST: Mapping[str, float] = {
    "upload_speed": MOST_SPEED,
    "download_speed": MOST_SPEED,
    "line_speed": MOST_SPEED,
    "round_trip_seconds": MOST_SECONDS,
    "loss_ratio": 1.0,
    "jitter_seconds": MOST_SECONDS,
    "errors_in": MOST_PACKETS,
    "errors_out": MOST_PACKETS,
    "discards_in": MOST_PACKETS,
    "discards_out": MOST_PACKETS,
}
"""The largest number of each name that is believed; the smallest is 0."""

# What a reading measures of a device, and what of an interface.
MEASURED = ("upload_speed", "download_speed", "round_trip_seconds", "loss_ratio", "jitter_seconds")
RATES = ("upload_speed", "download_speed", "errors_in", "errors_out", "discards_in", "discards_out")

_UNITS = {"speed": " Mbit/s", "seconds": " s", "ratio": "", "in": " packets/s", "out": " packets/s"}


def is_believed(name: str, value: object) -> bool:
    """Whether `value` can be the number of this name. NaN, infinity, a truth value and a text cannot."""
    return type(value) in (int, float) and 0 <= value <= MOST[name]  # type: ignore[operator]  # it is a number here


def explain(name: str, value: object) -> str:
    """Return why a value is not believed, such as `upload_speed 2.5e+12 is not believed (0 to 1,000,000 Mbit/s)`."""
    told = f"{value:g}" if type(value) is float else repr(value)[:40]
    return f"{name} {told} is not believed (0 to {MOST[name]:,.0f}{_UNITS[name.rsplit('_', 1)[1]]})"


def select_as_stored(*columns: str) -> str:
    """Return SQL of `real` columns as the short decimals that they were stored from; what is not believed is null.

    So a value is the same here as in its publication.
    """
    return ", ".join(f"({select_believed(column)})::text::float8 AS {column}" for column in columns)


def select_believed(column: str) -> str:
    """Return SQL: the stored value of a column, null where it is not believed. NaN is more than any bound there."""
    return f"CASE WHEN {column} BETWEEN 0 AND {MOST[column]:.0f} THEN {column} END"
