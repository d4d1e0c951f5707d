"""HTML read back for tests, by the standard library's parser."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_WITHOUT_END = {"meta", "br", "link", "img"}


@dataclass
class Page:
    """What a page holds: every tag with its attributes, all visible text, and tables by their captions."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: str = ""
    tables: dict[str, list[list[str]]] = field(default_factory=dict)
    unclosed: list[str] = field(default_factory=list)

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def read_html(page: bytes) -> Page:
    """The page as a reader finds it; no-break spaces become spaces."""
    reader = _Reader()
    reader.feed(page.decode())
    reader.close()
    reader.page.unclosed = reader.open
    return reader.page


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self.open: list[str] = []
        self.caption = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.tags.append((tag, dict(attrs)))
        if tag not in _WITHOUT_END:
            self.open.append(tag)
        if tag == "tr":
            self.page.tables.setdefault(self.caption, []).append([])
        elif tag in ("th", "td"):
            self.page.tables[self.caption][-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        closed = self.open.pop()
        assert closed == tag, f"</{tag}> closes <{closed}>"

    def handle_data(self, data: str) -> None:
        data = data.replace("\N{NO-BREAK SPACE}", " ")
        if "style" in self.open:
            return
        self.page.text += data
        if "caption" in self.open:
            self.caption = data
        elif {"th", "td"} & set(self.open):
            self.page.tables[self.caption][-1][-1] += f" {data}" if "small" in self.open else data
