"""What can go wrong, as one family.

DashnetError
├── Forbidden            403  not for a page of this origin
├── NotFound             404  no such device
├── Conflict             409  clashes with what is stored
├── InvalidInput         422  well-formed, but not allowed; knows the field
├── PayloadTooLarge      413
├── ServiceUnavailable   503  a part of Dashnet is out of reach
├── DriverError          502  a device could not be read (network service only); a reading, where one was asked for
│   ├── DeviceTimeout    504  no answer within the limit: the device is down
│   ├── DeviceFailure    502  an answer that says no, or another than expected: the device is down
│   └── DriverFault      502  the fault is on our side: the state is unknown
├── StackError                the embedded stack cannot start or run
└── BackupError               a backup cannot be made or restored

Those with a number are answered as problem+json (dashnet.problems).
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with one field; `location` is its path, such as `[3].mac_address`."""

    location: str
    detail: str


class DashnetError(Exception):
    """Base of all errors that Dashnet raises on purpose."""

    http_status = 500
    title = "Internal error"

    def __init__(self, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)


class Forbidden(DashnetError):
    """The request comes from a page that may not make it."""

    http_status = 403
    title = "Forbidden"


class NotFound(DashnetError):
    """There is no such thing."""

    http_status = 404
    title = "Not found"


class Conflict(DashnetError):
    """The request clashes with what is stored; `errors` names each clash."""

    http_status = 409
    title = "Conflict"


class InvalidInput(DashnetError):
    """The input is not allowed; `errors` names each bad field."""

    http_status = 422
    title = "Invalid input"


class PayloadTooLarge(DashnetError):
    """The body is larger than the service takes."""

    http_status = 413
    title = "Payload too large"


class ServiceUnavailable(DashnetError):
    """A part of Dashnet that the request needs is out of reach."""

    http_status = 503
    title = "Service unavailable"


class DriverError(DashnetError):
    """A device could not be read."""

    http_status = 502
    title = "Device not read"


class DeviceTimeout(DriverError):
    """The device gave no answer within its limit: it is down."""

    http_status = 504
    title = "No answer from the device"


class DeviceFailure(DriverError):
    """The device refuses, or answers otherwise than it should: it is down."""


class DriverFault(DriverError):
    """The fault is on our side (a bad option, no permission): the state is unknown."""


class StackError(DashnetError):
    """The embedded stack cannot start or run; the text says what to do."""


class BackupError(DashnetError):
    """A backup cannot be made or restored; the text says why, what became of the stored data, and what to do."""
