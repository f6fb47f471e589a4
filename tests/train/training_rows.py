"""What the small collection of these tests is about, and how its files are written."""

import json
from pathlib import Path
from typing import Any

TOPICS = ["webhooks", "refunds", "invoices", "payouts", "disputes", "currencies", "taxes", "receipts", "limits", "keys"]
WORDS = "all there is to know about rule how do work here explain the rules me . , 0 1 2 3 4 5 6 7 8 9"


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
