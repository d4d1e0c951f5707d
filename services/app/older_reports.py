"""Reports that an earlier version has stored, brought to today's shape. Pure."""

from typing import Any, cast

from dashnet.history.report import ReportFigures

_BYTES = ("uploaded_bytes", "downloaded_bytes")
_SPEEDS = ("upload_speed_95th", "download_speed_95th")


def renew(stored: dict[str, Any]) -> ReportFigures:
    """Return figures in which the unknown is null, as far as those that were stored with zeros can show it.

    Those from before real and simulated devices were kept apart have the traffic of all.
    """
    traffic = stored["traffic"] if "traffic" in stored else [_add_up(stored)]
    first = traffic[0] if traffic else _make_unknown(len(stored["days"]))
    renewed = {
        **stored,
        "traffic_kind": first["kind"],
        "traffic": traffic,
        "network": {**stored["network"], **{name: first[name] for name in (*_BYTES, *_SPEEDS)}},
        "days": [{**day, **its} for day, its in zip(stored["days"], first["days"], strict=True)],
        "devices": [_forget_zeros(device) for device in stored["devices"]],
        "tags": [_forget_zeros(tag) for tag in stored["tags"]],
    }
    return cast(ReportFigures, renewed)


def _make_unknown(day_count: int) -> dict[str, Any]:
    return {"kind": None, **dict.fromkeys((*_BYTES, *_SPEEDS)), "days": [dict.fromkeys(_BYTES)] * day_count}


def _add_up(stored: dict[str, Any]) -> dict[str, Any]:
    network = _forget_zeros(stored["network"])
    days = [{name: None if day["up_ratio"] is None else day[name] for name in _BYTES} for day in stored["days"]]
    return {"kind": "all", "days": days, **{name: network[name] for name in (*_BYTES, *_SPEEDS)}}


def _forget_zeros(figures: dict[str, Any]) -> dict[str, Any]:
    """Return figures with null for a zero that no speed stands behind: nothing shows that it was measured."""
    unknown = [
        name for name, speed in zip(_BYTES, _SPEEDS, strict=True) if not figures[name] and figures[speed] is None
    ]
    return {**figures, **dict.fromkeys(unknown)}
