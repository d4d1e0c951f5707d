"""The array of 2020 as its front end relies on it: the form, and what all devices must have in common. Pure."""

from pydantic import TypeAdapter

from dashnet.conformance.server import NotConforming, demand
from dashnet.messages import Device2020

_DEVICES_2020: TypeAdapter[list[Device2020]] = TypeAdapter(list[Device2020])


def check_2020(document: object) -> None:
    """Fail where a document is not the array that `/` sends.

    Raises:
        NotConforming: it does not fit, or devices differ in their times, or an id comes twice.
    """
    try:
        devices = _DEVICES_2020.validate_python(document)
    except ValueError as error:
        raise NotConforming(f"the array does not fit: {error}") from error
    snap_shots = [one for device in devices for one in device["snap_shots"]]
    times = [[one["time_stamp"] for one in device["snap_shots"]] for device in devices]
    demand(all(one == times[0] for one in times), "the snapshots of the devices are not at the same times")
    demand(all(one == sorted(set(one)) for one in times[:1]), "the snapshots are not oldest first")
    demand(len({one["id"] for one in snap_shots}) == len(snap_shots), "an id comes twice")
    speeds = [speed for one in snap_shots for speed in (one["upload_speed"], one["download_speed"])]
    demand(all(speed == round(speed, 2) for speed in speeds), "a speed has more than two decimals")
