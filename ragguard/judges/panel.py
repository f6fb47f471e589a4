"""The judges of a run: each is asked what was never asked of it before, as often as the plan wants, and given up where it is dead."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from pydantic import TypeAdapter

from ragguard.execute.local import batches
from ragguard.execute.meter import Meter
from ragguard.judges.build import Seat
from ragguard.records.judgement import Asked, Judgement, Verdict
from ragguard.records.metric import Metric
from ragguard.store import Store
from ragguard.systems.fingerprints import digest
from ragguard.systems.protocols import Progress

CHUNK = 32
"""Answers that are judged, and kept, together; a judge that is asked many at a time gets more."""

GIVE_UP = 16
"""Answers in a row, of which a judge could judge none, after which it is asked nothing more in this run."""

MOST = 8
"""Turns at most, where ``repeats: auto`` finds how many there are to be."""

_VERDICT = TypeAdapter(Verdict)

TurnsOf = Callable[[Sequence[Sequence[float]], int], int]
"""From what a judge said of each answer, and the most, how often each is to be judged."""


class Panel:
    """All judges of a plan that somebody asks. ``asks`` says which judge a metric asks.

    A verdict is kept under the judge's fingerprint, the metric, what was asked, and the turn: the same answer has the same verdict in
    every arm and run, and a run that was killed goes on where it was. What a judge could not judge is not kept: the next run asks again,
    but not this one, so that no arm gets a second chance that another had not.
    """

    def __init__(
        self, seats: Mapping[str, Seat], asks: Mapping[Metric, str], store: Store, progress: Progress, meter: Meter, turns: TurnsOf
    ) -> None:
        self.seats, self.asks, self._store, self._turns_of = dict(seats), dict(asks), store, turns
        self._progress, self._meter = progress, meter
        self._lost, self._given_up, self._turns = dict.fromkeys(seats, 0), dict[str, str](), dict[str, int]()
        self._failed = dict[str, Verdict]()

    def ask(self, name: str, metric: Metric, asked: Sequence[Asked], place: str) -> list[Judgement]:
        """Return what a judge says of each answer, in order. ``place`` is what a reader knows the answers by, and has one number of turns.

        Where a plan has ``repeats: auto``, whoever is asked about first at a place, the baseline, decides that number for all arms.
        """
        seat = self.seats[name]
        with self._meter.stage(f"judge: {name}"):
            rows = [self._turn(seat, metric, asked, turn, place) for turn in range(2 if seat.repeats == "auto" else int(seat.repeats))]
            if seat.repeats == "auto" and asked:
                if place not in self._turns:
                    said = [[verdict.value for verdict in each if verdict.value is not None] for each in zip(*rows, strict=True)]
                    self._turns[place] = self._turns_of(said, MOST)
                rows += [self._turn(seat, metric, asked, turn, place) for turn in range(len(rows), self._turns[place])]
        return [Judgement(each.case, name, tuple(row[i] for row in rows)) for i, each in enumerate(asked)]

    def _turn(self, seat: Seat, metric: Metric, asked: Sequence[Asked], turn: int, place: str) -> list[Verdict]:
        keys = [_key(seat, metric, each, turn) for each in asked]
        found = {key: verdict for key in dict.fromkeys(keys) if (verdict := self._kept(key)) is not None}
        left = {key: each for key, each in zip(keys, asked, strict=True) if key not in found}
        used = self._meter.of(f"judge: {seat.name}")
        used.done, used.kept = used.done + len(left), used.kept + sum(key not in left and key not in self._failed for key in keys)
        if left:
            self._progress.start(f"{seat.name} judges {place}" + (f", turn {turn + 1}" if turn else ""), len(left))
        for chunk in batches(list(left), max(CHUNK, 4 * seat.at_a_time)):
            for key, verdict in zip(chunk, self._verdicts(seat, metric, [left[key] for key in chunk], turn), strict=True):
                found[key] = verdict
                if verdict.error:
                    self._failed[key] = verdict
                else:
                    self._store.put("verdicts", key, _VERDICT.dump_json(verdict))
            self._progress.advance(len(chunk))
        return [found[key] for key in keys]

    def _kept(self, key: str) -> Verdict | None:
        payload = self._store.get("verdicts", key)
        return self._failed.get(key) if payload is None else _VERDICT.validate_json(payload)

    def _verdicts(self, seat: Seat, metric: Metric, asked: Sequence[Asked], turn: int) -> list[Verdict]:
        if seat.name in self._given_up:
            return [Verdict(error=self._given_up[seat.name])] * len(asked)
        verdicts = [_sound(each) for each in seat.judge.judge(metric, asked, turn)]
        for each in verdicts:
            self._lost[seat.name] = self._lost[seat.name] + 1 if each.error else 0
            if self._lost[seat.name] >= GIVE_UP:
                told = f"given up: {GIVE_UP} answers in a row came to nothing; the last: {each.error}"
                error = each.error if each.kind == "given up" else told
                self._given_up.setdefault(seat.name, error)
        return verdicts


def _key(seat: Seat, metric: Metric, asked: Asked, turn: int) -> str:
    content = [asked.question, asked.answer, asked.contexts, asked.reference, asked.required, asked.against]
    name = metric.judge if metric.judge == "rubric" else metric.base  # who is asked is in the fingerprint
    parameters = [pair for pair in metric.parameters if pair[0] != "judge"]
    return digest(["verdict", seat.judge.fingerprint, name, parameters, content, turn])


def _sound(verdict: Verdict) -> Verdict:
    """A verdict that is either a value from 0 to 1 or an error."""
    value = verdict.value
    if verdict.error:
        return replace(verdict, value=None)
    if value is None or not math.isfinite(value) or not 0 <= value <= 1:
        return replace(verdict, value=None, error=f"out of range: the value is {value}, not from 0 to 1")
    return verdict
