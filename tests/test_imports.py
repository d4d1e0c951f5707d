"""The rules of the house about who imports whom."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("dashnet", "services", "workers")
PURE = (
    "services/app/hub.py",
    "services/app/membership.py",
    "services/app/message.py",
    "services/app/panel.py",
    "services/app/recent.py",
    "services/app/report_charts.py",
    "services/app/report_csv.py",
    "services/app/report_html.py",
    "services/app/report_layout.py",
    "services/app/report_pages.py",
    "services/app/report_pdf.py",
    "services/app/report_pdf_drawing.py",
    "services/app/report_pdf_fonts.py",
    "services/app/report_pdf_pages.py",
    "services/app/report_shapes.py",
    "services/app/report_summary.py",
    "services/app/report_tables.py",
    "services/app/report_units.py",
    "services/app/slow_subscribers.py",
    "services/app/states.py",
    "services/app/subscriber.py",
    "services/app/views.py",
    "services/network/simulation.py",
    "services/network/counters/clocks.py",
    "services/network/counters/following.py",
    "services/network/counters/growth.py",
    "services/network/counters/values.py",
    "services/network/drivers/layers.py",
    "services/network/hashes.py",
    "services/network/demo_agents/agent.py",
    "services/network/demo_agents/network.py",
    "services/network/discovery/answers.py",
    "services/network/discovery/parents.py",
    "services/network/discovery/scope.py",
    "services/network/discovery/snmp_tables.py",
)
IO_LIBRARIES = {
    "httpx",
    "redis",
    "sqlalchemy",
    "sqlmodel",
    "asyncpg",
    "fastapi",
    "starlette",
    "socket",
    "subprocess",
    "os",
}


def modules(folder: str) -> list[str]:
    return sorted(
        str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts
    )


def imports_of(module: str) -> set[str]:
    """Every module that a file imports, anywhere in it."""
    return set(_imports(ast.parse((ROOT / module).read_text(encoding="utf-8"))))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


def rooms_in(imports: set[str]) -> set[str]:
    """`services.app`, `services.network`, `workers`, `dashnet` as far as they are imported."""
    parts = [name.split(".") for name in imports]
    return {".".join(part[:2]) if part[0] == "services" else part[0] for part in parts if part[0] in ROOMS}


@pytest.mark.parametrize("module", modules("dashnet"))
def test_the_shared_words_import_no_other_room(module: str) -> None:
    assert rooms_in(imports_of(module)) <= {"dashnet"}


@pytest.mark.parametrize("module", modules("services/network"))
def test_the_network_service_imports_the_shared_words_only(module: str) -> None:
    assert rooms_in(imports_of(module)) <= {"dashnet", "services.network"}


@pytest.mark.parametrize("module", modules("services/app"))
def test_the_app_service_imports_the_shared_words_only(module: str) -> None:
    assert rooms_in(imports_of(module)) <= {"dashnet", "services.app"}


@pytest.mark.parametrize("module", modules("workers"))
def test_the_workers_import_the_shared_words_only(module: str) -> None:
    assert rooms_in(imports_of(module)) <= {"dashnet", "workers"}


@pytest.mark.parametrize("module", modules("services/network/drivers"))
def test_drivers_import_no_fastapi_no_sqlmodel_and_no_redis(module: str) -> None:
    libraries = {name.split(".")[0] for name in imports_of(module)}
    assert not libraries & {"fastapi", "starlette", "sqlmodel", "sqlalchemy", "redis"}


@pytest.mark.parametrize("module", PURE)
def test_pure_modules_import_nothing_that_does_io(module: str) -> None:
    assert not {name.split(".")[0] for name in imports_of(module)} & IO_LIBRARIES


@pytest.mark.parametrize("module", [one for room in ROOMS for one in modules(room)])
def test_only_two_modules_know_arq(module: str) -> None:
    knows_arq = any(name.split(".")[0] == "arq" for name in imports_of(module))
    allowed = module in ("workers/main.py", "dashnet/jobs.py") or module.startswith("dashnet/embedded/")
    assert allowed or not knows_arq


@pytest.mark.parametrize("module", [one for room in ROOMS for one in modules(room)])
def test_no_module_outgrows_the_house(module: str) -> None:
    assert len((ROOT / module).read_text(encoding="utf-8").splitlines()) <= 250


@pytest.mark.parametrize("module", [one for room in ROOMS for one in modules(room)])
def test_one_module_writes_csv(module: str) -> None:
    """What a spreadsheet could run is defused in dashnet/spreadsheets.py; these two read files, and lists in a cell."""
    assert "csv" not in imports_of(module) or module in ("dashnet/fleet/csv_files.py", "dashnet/fleet/tables.py")
