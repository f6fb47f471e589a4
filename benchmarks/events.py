"""How many events of production a core reads, scores and redacts a second.

    python benchmarks/events.py          # 3,000 events; real systems are asked 30 golden queries of golden/payments first (a minute)
    python benchmarks/events.py 20000

Events are those of tests/canary/made_events.py, again and again under other words, so that no text comes twice; every one holds
something personal, which production's mostly do not: the last line is of the same events without it. Seconds are of processor time.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "canary"))

from made_events import PERSONAL, events, payments

from ragguard.canary.signals import Noter
from ragguard.data.events.read import parse
from ragguard.plan.canary import CanaryPlan

WORDS = ("alpha bravo charlie delta echo foxtrot golf hotel " + "india juliet kilo lima mike november oscar papa").split()


def other_words(event: dict[str, Any], number: int) -> bytes:
    """The event under another id, with a tail of words that no other event has."""
    tail = " ".join(WORDS[(number >> shift) % 16] for shift in (0, 4, 8, 12))
    text = json.dumps({**event, "id": f"{event['id']}-{number}", "query": f"{event['query']} {tail}"}, ensure_ascii=False)
    return text.replace("(asked by", f"({tail}, asked by").encode()


def impersonal(line: bytes) -> bytes:
    text = line.decode()
    for each in PERSONAL:
        text = text.replace(each, "me")
    return text.encode()


def rate(work: Callable[[Any], object], items: Sequence[Any]) -> float:
    began = time.process_time()
    for item in items:
        work(item)
    return len(items) / (time.process_time() - began)


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = list(events(Path(folder), 30, named=False))
    lines = [other_words(made[number % len(made)], number) for number in range(count)]
    rules, collection = CanaryPlan(), payments()
    print(f"{count:,} events, {sum(map(len, lines)) / count:,.0f} bytes each, signals {', '.join(g.signal for g in rules.guardrails)}")
    for name, kept in (("with personal data in each", lines), ("with none", [impersonal(line) for line in lines])):
        noter = Noter("benchmark", rules, collection)
        noter.note(parse(kept[0], ""))
        read = rate(lambda line: parse(line, ""), kept)
        parsed = [parse(line, "") for line in kept]
        redacted = rate(noter.redacted, parsed)
        fresh = Noter("benchmark", rules, collection)
        whole = rate(lambda line, noter=fresh: noter.note(parse(line, "")), kept)  # type: ignore[misc]
        print(f"{name}: {whole:,.0f} a second in all; parsed {read:,.0f}, redacted {redacted:,.0f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3_000)
