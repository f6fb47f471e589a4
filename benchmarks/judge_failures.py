"""One gate with a ragas judge that is well, and the same with one that fails in every way at once: ``python benchmarks/judge_failures.py``.

A scripted judge on loopback replies truthfully to ragas' own prompts, by the numbers in them; eleven kinds of failure strike their share
of the requests, by a hash of each. Of three candidates one is as good as the baseline, one invents prices, one is given wrong documents.
The figures to look at: no wrong decision, and no verdict whose reason is not what the server says it did. Takes a number of intents.
"""

import contextlib
import io
import json
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import ragas_world
from judge_server import Script, serve_judge
from ragas_server import truthful

from ragguard.cli import invoke

INTENTS = 80
"""Of which three candidates need as many to pass at all: each is tested at a third of alpha."""
TIMEOUT = 12  # seconds: long enough for a machine with other things to do, or what is no failure would be one


@dataclass(frozen=True)
class Row:
    """One gate: the share of requests that each kind of failure strikes, after how many tries it heals, and the judge's retries."""

    label: str
    share: float
    heals: int | None = None
    retries: int = 0
    after: bool = False


ROWS = (
    Row("well", 0.0),
    Row("5 % each, for good", 0.05),
    Row("the same again, now well", 0.0, after=True),
    Row("5 % each, gone after a try, retries: 2", 0.05, heals=1, retries=2),
    Row("1 % each, gone after a try, retries: 2", 0.01, heals=1, retries=2),
)


def gate(folder: Path) -> tuple[int, Any, float]:
    os.chdir(folder)
    began = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = invoke(["gate", "--allow-code"])
    return code, json.loads((folder / "reports/judged/report.json").read_text()), time.perf_counter() - began


def told_rightly(script: Script, report: Any) -> tuple[int, int]:
    """How many verdicts there are, and how many say of the judge what its server says, as the report's counts do."""
    told, expected = ragas_world.told(report), ragas_world.expected(script, report)
    counted = report["judges"][0]["failed"] == Counter(kind for kind in told.values() if kind)
    return len(told), sum(told[key] == expected[key] for key in told) if counted else 0


def show(row: Row, script: Script, folder: Path, well: dict[str, str]) -> dict[str, str]:
    """Gate once, print what came of it, and return the decisions. ``well`` are those with a judge that is well, if they are known."""
    before = script.tries
    code, report, seconds = gate(folder)
    verdicts, right = told_rightly(script, report)
    failed = report["judges"][0]["failed"]
    decided = {each["candidate"]: each["answer"] for each in report["decisions"]}
    wrong = [name for name, answer in decided.items() if answer not in (well.get(name, answer), "hold", "error")]
    print(f"{row.label}: exit code {code}, {script.tries - before} requests, {seconds:.0f} s")
    print(f"  decisions: {decided}; wrong: {wrong or 'none'}")
    print(f"  {verdicts} verdicts, {right} of them as the server says; unscored {sum(failed.values())}: {failed}", flush=True)
    assert not wrong
    assert right == verdicts
    return decided


def main(intents: int) -> None:
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    well: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as home, contextlib.ExitStack() as servers:
        for number, row in enumerate(ROWS):
            if not row.after:
                script, folder = Script(truthful, hang=TIMEOUT + 30, heals=row.heals), Path(home) / str(number)
                url = servers.enter_context(serve_judge(script)).url
                ragas_world.write(folder, url, intents, f"retries: {row.retries}, timeout: {TIMEOUT}, concurrency: 8")
            script.failures = dict.fromkeys(ragas_world.KINDS, row.share) if row.share else {}
            decided = show(row, script, folder, well)
            well = well or decided
        os.chdir("/")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else INTENTS)
