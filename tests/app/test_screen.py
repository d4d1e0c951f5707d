import gzip
import re
import runpy
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from dashnet.problems import install_problems
from services.app.close_codes import CloseCode
from services.app.screen import SCREEN_FOLDER, add_screen
from tests.app.test_landing import ADDRESS, Tags

WEB = Path(__file__).parent.parent.parent / "web"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("assets", "screen"):
        (tmp_path / name).mkdir()
    (tmp_path / "index.html").write_text("<title>screen</title>")
    (tmp_path / "assets" / "index-0a1b.js").write_text("let x = 1;\n" * 500)
    (tmp_path / "screen" / "theme.js").write_text("let y = 2;")
    return tmp_path


@pytest.fixture
async def screen(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    service = FastAPI()
    install_problems(service)
    add_screen(service, folder)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(service), base_url="http://screen") as client:
        yield client


async def test_the_page_is_served_at_the_root_with_any_view_in_its_address(screen: httpx.AsyncClient) -> None:
    answer = await screen.get("/", params={"device": "3", "q": "lab"})
    assert (answer.status_code, answer.text) == (200, "<title>screen</title>")


async def test_the_page_lets_in_no_script_of_its_own_text_and_nothing_from_elsewhere(screen: httpx.AsyncClient) -> None:
    policy = (await screen.get("/")).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert not ADDRESS.findall(policy)


@pytest.mark.parametrize(
    ("path", "caching"),
    [
        ("/", "no-cache"),
        ("/assets/index-0a1b.js", "public, max-age=31536000, immutable"),
        ("/screen/theme.js", "no-cache"),
    ],
)
async def test_only_a_file_whose_name_changes_with_it_is_kept_for_ever(
    screen: httpx.AsyncClient, path: str, caching: str
) -> None:
    answer = await screen.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == caching
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_scripts_travel_compressed(screen: httpx.AsyncClient) -> None:
    assert (await screen.get("/assets/index-0a1b.js")).headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("path", ["/api/nothing", "/assets/nothing.js", "/assets/../index.html", "/nothing"])
async def test_what_is_not_there_is_a_problem_and_no_page(screen: httpx.AsyncClient, path: str) -> None:
    answer = await screen.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_files_of_a_screen_that_was_not_built_are_not_there(folder: Path, screen: httpx.AsyncClient) -> None:
    (folder / "assets" / "index-0a1b.js").unlink()
    (folder / "assets").rmdir()
    assert (await screen.get("/assets/index-0a1b.js")).status_code == 404


async def test_a_build_is_served_as_soon_as_it_is_there(folder: Path, screen: httpx.AsyncClient) -> None:
    (folder / "index.html").unlink()
    assert "dashnet watch" in (await screen.get("/")).text
    (folder / "index.html").write_text("built")
    assert (await screen.get("/")).text == "built"


def test_the_build_leads_nowhere_else_and_works_under_a_prefix() -> None:
    if not (SCREEN_FOLDER / "index.html").exists():
        pytest.skip("no screen was built (make web)")
    links = Tags((SCREEN_FOLDER / "index.html").read_text(encoding="utf-8")).links
    assert links
    assert all(link.startswith("./") for link in links)


def test_the_types_of_the_screen_are_those_of_the_services() -> None:
    stamp = runpy.run_path(str(WEB / "scripts" / "make_document.py"))["make_stamp"]()
    written = (WEB / "src" / "api" / "schema.d.ts").read_text(encoding="utf-8").splitlines()[0]
    assert written == stamp, "the API has changed: make web-types"


def test_the_lock_of_the_screen_names_no_registry() -> None:
    lock = (WEB / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert "registry" not in lock


def test_the_screen_stays_away_after_the_close_codes_that_say_so() -> None:
    text = (WEB / "src" / "live" / "messages.ts").read_text(encoding="utf-8")
    final = {code.value for code in CloseCode if not code.may_reconnect}
    assert {int(code) for code in re.findall(r"code !== (\d+)", text)} == final


SOURCES = sorted(path for path in (WEB / "src").rglob("*.ts*") if path.name != "schema.d.ts")


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(WEB / "src")))
def test_no_module_of_the_screen_outgrows_the_house(source: Path) -> None:
    assert len(source.read_text(encoding="utf-8").splitlines()) <= 250


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(WEB / "src")))
def test_imports_go_from_app_to_features_to_components_and_no_feature_imports_another(source: Path) -> None:
    rank = {"app": 2, "features": 1}
    own = source.relative_to(WEB / "src").parts
    names = re.findall(r"from '(\.[^']+)'|import\('(\.[^']+)'\)", source.read_text(encoding="utf-8"))
    for name in (one or other for one, other in names):
        parts = (source.parent / name).resolve().relative_to((WEB / "src").resolve()).parts
        assert source.name == "main.tsx" or rank.get(parts[0], 0) <= rank.get(own[0], 0)
        assert not parts[0] == own[0] == "features" or parts[1] == own[1]


@pytest.mark.parametrize("word", ["react", "mantine"])
def test_the_live_path_knows_no_react(word: str) -> None:
    live = [path for path in SOURCES if path.parent.name == "live"]
    assert live
    assert not [path.name for path in live if f"from '{word}" in path.read_text(encoding="utf-8")]


def test_all_scripts_together_weigh_at_most_250_kilobytes() -> None:
    scripts = [*SCREEN_FOLDER.glob("assets/*.js")]
    if not scripts:
        pytest.skip("no screen was built (make web)")
    assert sum(len(gzip.compress(one.read_bytes(), 9)) for one in scripts) <= 250_000
