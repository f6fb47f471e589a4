"""From an event of production to what is stored and counted of it: its signals, and itself, redacted."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import orjson

from ragguard.canary import known
from ragguard.canary.corpus import Corpus
from ragguard.canary.measured import Measuring
from ragguard.canary.redaction import redactor
from ragguard.data.collection import Collection
from ragguard.data.collection import load as load_collection
from ragguard.data.events.wire import written
from ragguard.errors import InputError, Problem
from ragguard.plan.canary import CanaryPlan
from ragguard.plan.load import LoadedPlan
from ragguard.records.event import Event, Noted, Response

names = known.names


class Noter:
    """Notes events under the rules of a roll-out. Holds the collection and the redactor: to be made once, used by one thread at a time.

    ``plan`` is the plan's name.

    Raises:
        InputError: a guardrail's signal is none, or what is to be redacted is not known.
        MissingExtra: a package that computes a signal, or redacts, is not installed.
    """

    def __init__(self, plan: str, rules: CanaryPlan, collection: Collection) -> None:
        self.rules = rules
        if wrong := known.problems(rules, lambda _: f"plan {plan}"):
            raise InputError(wrong)
        self._corpus = Corpus(collection)
        self._measuring = Measuring(known.signals(names(rules)), self._corpus)
        self._redact = redactor(rules.redact)
        self._key = hashlib.sha256(f"ragguard canary {plan}".encode()).digest()

    @classmethod
    def of(cls, loaded: LoadedPlan, rules: CanaryPlan | None = None) -> "Noter":
        """Open the plan's collection; ``rules`` are those that the roll-out started with (default: the plan's)."""
        folder = (loaded.folder / loaded.plan.collection).resolve()
        if not folder.is_dir():
            where = loaded.source.where(("collection",))
            what = f"collection: there is no folder {loaded.plan.collection}"
            raise InputError(Problem(where, what, "paths start from the file that names them"))
        return cls(loaded.plan.name, rules or loaded.plan.canary, load_collection(folder, loaded.plan.split))

    def note(self, event: Event) -> Noted:
        """Return what is stored and counted of an event.

        Raises:
            InputError: it names a golden query that there is not, or a score lies outside of its scale.
        """
        try:
            case = self._corpus.case(event)
            values = {arm: self._measuring.of(case, response) for arm, response in event.responses.items()}
        except ValueError as wrong:
            raise InputError(
                Problem(f"event {event.id}", str(wrong), "mend the sender, or the plan's collection, and send it again")
            ) from None
        told = event.responses.get("candidate") or event.responses["baseline"]
        return Noted(
            event.id,
            event.side,
            event.at,
            self._cluster(event),
            _differences(values["baseline"], values["candidate"]) if event.side == "both" else values[event.side],
            bool(told.error),
            told.unsafe,
            told.served,
            orjson.dumps(written(self.redacted(event))).decode(),
        )

    def redacted(self, event: Event) -> Event:
        """Return an event without what tells who a person is: texts redacted, user and session as hashes."""
        responses = {arm: _redacted(response, self._redact) for arm, response in event.responses.items()}
        extra = {name: self._redact(value) if isinstance(value, str) else value for name, value in event.extra.items()}
        user, session = self._hashed("user", event.user), self._hashed("session", event.session)
        return replace(event, query=self._redact(event.query), responses=responses, extra=extra, user=user, session=session)

    def _cluster(self, event: Event) -> str:
        unit = self.rules.unit
        person = {"user": event.user, "session": event.session}.get(unit, "")
        return self._hashed(unit, person) or event.id

    def _hashed(self, kind: str, value: str) -> str:
        """A person's id under a key of the plan, and the same each time; 32 hexadecimal digits ("": none)."""
        return hashlib.blake2b(f"{kind}:{value}".encode(), key=self._key, digest_size=16).hexdigest() if value else ""


def _differences(baseline: Mapping[str, float], candidate: Mapping[str, float]) -> dict[str, float]:
    """Candidate - baseline, of the signals that say something of both."""
    return {name: candidate[name] - value for name, value in baseline.items() if name in candidate}


def _redacted(response: Response, redact: Callable[[str], str]) -> Response:
    answer = None if response.answer is None else redact(response.answer)
    return replace(response, answer=answer, error=redact(response.error), served=_texts(response.served.items(), redact))


def _texts(items: Iterable[tuple[str, str]], redact: Callable[[str], str]) -> dict[str, str]:
    return {name: redact(text) for name, text in items}
