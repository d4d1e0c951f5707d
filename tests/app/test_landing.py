import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from services.app.screen import LANDING_PAGE, add_screen

ADDRESS = re.compile(r"\b(?:https?|wss?)://([^/\s\"'<]*)")


class Tags(HTMLParser):
    """The names of all elements and all values that lead elsewhere."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


@pytest.fixture
def page() -> str:
    return LANDING_PAGE.read_text(encoding="utf-8")


async def test_it_is_served_at_the_root_where_no_screen_was_built(tmp_path: Path) -> None:
    service = FastAPI()
    add_screen(service, tmp_path)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(service), base_url="http://screen") as client:
        answer = await client.get("/")
    assert answer.status_code == 200
    assert "dashNET" in answer.text


@pytest.mark.parametrize("word", ["/live", "dashnet watch", "dashnet doctor", "dashnet jobs refresh", "curl --json"])
def test_it_says_where_everything_is(page: str, word: str) -> None:
    assert word in page


def test_it_names_no_address_but_those_of_this_machine(page: str) -> None:
    assert {host.partition(":")[0] for host in ADDRESS.findall(page)} == {"127.0.0.1"}


def test_it_needs_no_script_and_no_file_from_anywhere(page: str) -> None:
    assert Tags(page).names.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "base"})
    assert "url(" not in page
    assert "@import" not in page


async def test_each_link_to_this_service_leads_somewhere(page: str, app: httpx.AsyncClient) -> None:
    links = [link for link in Tags(page).links if "//" not in link]
    answers = [(await app.get(f"/{link}")).status_code for link in links]
    assert links
    assert set(answers) <= {200, 503}
