"""A measured figure beside what it should be."""

from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: what was measured, its value with unit, and the bound that the project holds itself to."""

    what: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def verdict(self) -> str:
        """`ok`, `MISSED`, or nothing where there is no bound."""
        if self.at_most is None and self.at_least is None:
            return ""
        is_over = self.at_most is not None and self.value > self.at_most
        is_under = self.at_least is not None and self.value < self.at_least
        return "MISSED" if is_over or is_under else "ok"

    def to_json(self) -> dict[str, object]:
        """Everything, with the verdict."""
        return {**asdict(self), "verdict": self.verdict}


def print_figures(figures: list[Figure]) -> None:
    """Print them as a table."""
    table = Table(box=None, pad_edge=False)
    for title in ("measured", "value", "unit", "must be", ""):
        table.add_column(title, justify="right" if title == "value" else "left")
    for figure in figures:
        bound = f"≤ {figure.at_most:g}" if figure.at_most is not None else ""
        bound = f"≥ {figure.at_least:g}" if figure.at_least is not None else bound
        table.add_row(figure.what, f"{figure.value:,.4g}", figure.unit, bound, figure.verdict)
    Console(width=110).print(table)
