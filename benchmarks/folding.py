"""How fast events of split traffic (1 % candidate) are stored and enter the evidence, in a file.

python benchmarks/folding.py            # 100,000 events
python benchmarks/folding.py 10000
"""

import random
import sys
import tempfile
import time
from pathlib import Path

from ragguard.canary.deciding import decide_on
from ragguard.canary.observing import BATCH
from ragguard.history.canaries import Canaries
from ragguard.history.place import place
from ragguard.plan.canary import CanaryPlan
from ragguard.records.canary import Canary
from ragguard.records.event import Noted, Side

START, APART = 1_800_000_000.0, 0.05


def events(count: int) -> list[Noted]:
    """Users with three events each, one in a hundred of the candidate; two signals, one of them graded."""
    rng, made = random.Random(3), []
    sides: list[Side] = ["candidate" if rng.random() < 0.01 else "baseline" for _ in range(count // 3 + 1)]
    for number in range(count):
        values = {"UnsupportedValue": rng.random(), "Feedback": float(rng.random() < 0.8)}
        at, user = START + APART * number, number // 3
        made.append(Noted(f"r{number}", sides[user], at, f"u{user}", values, kept='{"query": "' + "x" * 300 + '"}'))
    return made


def main(count: int) -> None:
    rules = CanaryPlan.model_validate({"guardrails": [{"signal": "UnsupportedValue"}, {"signal": "Feedback"}]}).model_dump(mode="json")
    made = events(count)
    with tempfile.TemporaryDirectory() as folder:
        kept = Canaries(place("history.db", Path(folder)))
        canary = kept.begin(Canary("made", "tuned", "run", "promote", "f", "b", START, rules, since=START))
        begun = time.process_time()
        for begin in range(0, count, BATCH):
            kept.accept(canary.id, made[begin : begin + BATCH])
        stored = time.process_time()
        canary, look = decide_on(kept, canary, START + APART * count + 2_400)
        folded = time.process_time()
        decide_on(kept, canary, START + APART * count + 2_460)
        again = time.process_time()
    print(f"{count:,} events, {look.counts['entering']:,} units, {look.guardrails[0].pairs:,} pairs: {look.action}")
    print(f"stored in {stored - begun:.1f} s of processor time (batches of {BATCH}), entered and decided in {folded - stored:.1f} s;")
    print(f"the next look takes {again - folded:.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
