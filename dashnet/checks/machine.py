"""Looks at this machine and its settings; no server is asked."""

import difflib
import ipaddress
import os
import shutil
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from dotenv import dotenv_values
from pydantic import ValidationError

from dashnet.checks.check import START_ADVICE, Check, note, ok, problem
from dashnet.settings import Settings

OLDEST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 10**9

_PREFIX = "DASHNET_"


def check_python(version: tuple[int, int, int]) -> Check:
    """Whether this Python is new enough."""
    name = ".".join(map(str, version))
    if version[:2] >= OLDEST_PYTHON:
        return ok("python", name)
    return problem("python", f"{name} is too old", "install 3.11 or newer, then: make PYTHON=python3.11 up-embedded")


def known_variables() -> frozenset[str]:
    """Every variable that is a setting."""
    fields = Settings.model_fields.items()
    return frozenset(str(field.validation_alias or f"{_PREFIX}{name}").upper() for name, field in fields)


def read_variables(environment: Mapping[str, str], env_file: Path) -> Mapping[str, str]:
    """The name of each variable that is set, and where: `the environment` or the name of the file.

    Raises:
        OSError, UnicodeDecodeError: the file is there and cannot be read.
    """
    in_file = dotenv_values(env_file) if env_file.exists() else {}
    return dict.fromkeys(in_file, env_file.name) | dict.fromkeys(environment, "the environment")


def check_variables(variables: Mapping[str, str]) -> Sequence[Check]:
    """A problem for each DASHNET_ variable that is none, with the setting it was likely meant to be."""
    known = known_variables()
    ours = {name: where for name, where in variables.items() if name.upper().startswith(_PREFIX)}
    unknown = {name: where for name, where in ours.items() if name.upper() not in known}
    if not unknown:
        return [ok("variables", f"{len(ours)} DASHNET_ variables are set, all are known" if ours else "none is set")]
    return [
        problem("variables", f"{name} in {where} is no setting, it does nothing", _advise(name, known))
        for name, where in sorted(unknown.items())
    ]


def _advise(name: str, known: Collection[str]) -> str:
    unprefixed = name.upper().removeprefix(_PREFIX)
    nearest = [unprefixed] if unprefixed in known else difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.7)
    return f"did you mean {nearest[0]}?" if nearest else "remove it; docs/settings.md lists all"


def describe_bad_settings(error: ValidationError) -> Sequence[Check]:
    """A problem for each setting whose value is not allowed; the values are not shown."""
    return [
        problem("settings", f"{_variable(str(detail['loc'][0]))}: {detail['msg']}", "correct it; see docs/settings.md")
        for detail in error.errors(include_input=False)
    ]


def _variable(location: str) -> str:
    return location if location in known_variables() else f"{_PREFIX}{location.upper()}"


def check_stack(state_folder: Path) -> Check:
    """Whether the embedded stack of this checkout runs."""
    from dashnet.embedded.lock import lock_holder

    pid = lock_holder(state_folder / "supervisor.lock")
    has_addresses = (state_folder / "stack.env").exists()
    if pid is not None:
        starting = "" if has_addresses else ", it is still starting"
        return ok("embedded stack", f"runs (process {pid}){starting}")
    if has_addresses:
        detail = f"it was killed, and {state_folder.name}/stack.env still names its addresses"
        return problem("embedded stack", detail, START_ADVICE)
    return note("embedded stack", "none of this checkout runs; make up starts one where no Docker engine answers")


def check_disk(state_folder: Path) -> Check:
    """Whether there is room for snapshots beside the state folder."""
    folder = next(path for path in (state_folder, *state_folder.parents) if path.exists())
    free_bytes = shutil.disk_usage(folder).free
    detail = f"{free_bytes / 10**9:,.1f} GB free beside {state_folder.name}"
    if free_bytes >= LEAST_FREE_BYTES:
        return ok("disk", detail)
    return problem("disk", detail, "make room; or keep snapshots for fewer days: DASHNET_SNAPSHOT_RETENTION_DAYS")


def check_control(settings: Settings) -> Check:
    """Whether everybody who may ask for jobs from elsewhere must know the password."""
    if settings.cron_pass is not None:
        return ok("control", "CRON_PASS is set: refresh and clean over a websocket ask for it")
    if settings.app_url is not None:
        return note("control", f"CRON_PASS is not set here; the app service at {settings.app_address} goes by its own")
    if _is_loopback(settings.app_host):
        return ok("control", "CRON_PASS is not set: only this machine may ask for refresh and clean over a websocket")
    detail = f"the app service is open to other machines (DASHNET_APP_HOST={settings.app_host}), CRON_PASS is not set"
    return problem("control", detail, "set CRON_PASS, or DASHNET_APP_HOST=127.0.0.1")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_machine(state_folder: Path) -> Sequence[Check]:
    """All looks at the machine itself."""
    checks = [check_python(sys.version_info[:3]), check_disk(state_folder)]
    # The embedded stack runs on Linux and macOS only.
    return [*checks, check_stack(state_folder)] if os.name == "posix" else checks
