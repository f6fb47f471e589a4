"""nano's model card."""

from typing import Any


def table(scores: dict[str, tuple[float, int]]) -> str:
    """Exact match by skill, as Markdown."""
    rows = [f"| {name} | {share:.3f} | {count} |" for name, (share, count) in scores.items()]
    return "\n".join(["| skill | exact match | cases |", "|---|---|---|", *rows])


def card(run: Any, last: dict[str, Any], parameters: int, megabytes: float, scores: dict[str, tuple[float, int]]) -> str:
    """The README of the model."""
    return f"{parameters} {megabytes}\n\n{table(scores)}\n"
