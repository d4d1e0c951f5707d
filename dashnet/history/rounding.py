"""Numbers as they were measured."""


def round_measured(value: float) -> float:
    """To seven digits: readings are kept as 32-bit numbers, and what is behind those digits was never measured."""
    return float(f"{value:.7g}")
