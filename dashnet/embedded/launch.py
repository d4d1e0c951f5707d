"""The first thing that runs in each child: it drops privileges, ties its life to the supervisor's, becomes the command.

`child.py` runs this file as a script in a bare interpreter (`python -I -S launch.py <launch as JSON> command ...`). A
preexec_fn would do the same between fork and exec, which is not safe beside threads. Standard library only.
"""

import ctypes
import json
import os
import shutil
import signal
import sys
from dataclasses import asdict, dataclass

CAP_DAC_OVERRIDE = 1
_PR_SET_PDEATHSIG = 1
_PR_SET_SECUREBITS = 28
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_CAPABILITY_VERSION_3 = 0x20080522


@dataclass(frozen=True, slots=True)
class Account:
    """Another user and group to run as; `keep_override` keeps the right to pass folders that are closed to them."""

    user_id: int
    group_id: int
    keep_override: bool = False


@dataclass(frozen=True, slots=True)
class Launch:
    """How a child begins: whose death ends it, by which signal, and as whom it runs (None: as its parent does)."""

    parent_pid: int
    death_signal: int
    account: Account | None = None

    def to_json(self) -> str:
        """One argument for the command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Launch":
        """The opposite of `to_json`."""
        fields = json.loads(text)
        account = fields.pop("account")
        return cls(**fields, account=Account(**account) if account else None)


def become(launch: Launch, command: list[str]) -> None:
    """Turn this process into `command`; it returns only by an error.

    Raises:
        OSError: a privilege is missing, or the program cannot be run.
    """
    # Looked up as long as Python's own library is in reach: another account may not enter its folder.
    program = shutil.which(command[0]) or command[0]
    if launch.account is not None:
        _change_account(launch.account)
    if sys.platform == "linux":
        # After the change of account, which would reset it.
        _prctl(_PR_SET_PDEATHSIG, launch.death_signal)
    if os.getppid() != launch.parent_pid:
        sys.exit("the supervisor is gone")
    os.execve(program, command, os.environ)


def _change_account(account: Account) -> None:
    if account.keep_override:
        # Keeps the capabilities across setuid. It must stay on: without it access(2), which Postgres asks about its own
        # binaries, leaves the capabilities of an ordinary user out of account.
        _prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP)
    os.setgroups([])
    os.setgid(account.group_id)
    os.setuid(account.user_id)
    if account.keep_override:
        _keep_only(CAP_DAC_OVERRIDE)


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilitySets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def _keep_only(capability: int) -> None:
    """Drop all capabilities but one, and hand that one on through exec."""
    mask = 1 << capability
    header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    sets = (_CapabilitySets * 2)(_CapabilitySets(mask, mask, mask), _CapabilitySets(0, 0, 0))
    library = ctypes.CDLL(None, use_errno=True)
    if library.capset(ctypes.byref(header), sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability)


def _prctl(option: int, *arguments: int) -> None:
    padded = [*arguments, 0, 0, 0, 0][:4]
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(option, *(ctypes.c_ulong(argument) for argument in padded)) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    become(Launch.from_json(sys.argv[1]), sys.argv[2:])
