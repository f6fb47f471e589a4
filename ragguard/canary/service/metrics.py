"""What Prometheus is told. Names as https://prometheus.io/docs/practices/naming/ asks; no label has what a request says."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from ragguard.records.canary import Standing, State, Told

MEDIA = CONTENT_TYPE_LATEST
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
STATES: tuple[State, ...] = ("running", "rolled back", "done", "aborted")
_PREFIX = "ragguard_canary"


class Metrics:
    """The metrics of one service, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = self._counter("http_requests", "Requests that were answered.", "route", "code")
        self.request_seconds = self._seconds("http_request_duration_seconds", "Time until a request was answered.", "route")
        self.events = self._counter("events", "Events by what became of them: new, duplicate, refused.", "outcome")
        self.commit_seconds = self._seconds("commit_duration_seconds", "Time that storing a group of events took.")
        self.commit_events = Histogram(
            f"{_PREFIX}_commit_events", "Events stored together.", registry=self.registry, buckets=(1, 3, 10, 30, 100, 300, 1000, 3000)
        )
        self.waiting = self._gauge("waiting_events", "Events that were sent and are not stored yet.")
        self.writable = self._gauge("history_writable", "1: the history could be written when it was last tried.")
        self.looks = self._counter("decisions", "Decisions by what they say.", "action")
        self.failed_looks = self._counter("decision_failures", "Decisions that could not be made.")
        self.looked = self._gauge("last_decision_timestamp_seconds", "When it was last decided.")
        self.state = self._gauge("state", "1 for the state of the roll-out.", "state")
        self.stage = self._gauge("stage", "The stage of the roll-out, from 0.")
        self.percent = self._gauge("traffic_ratio", "Share of the traffic that the candidate may get.")
        self.pairs = self._gauge("guardrail_pairs", "Pairs that a guardrail has seen.", "guardrail", "tier")
        self.mean = self._gauge("guardrail_mean_difference", "Mean of candidate - baseline, a share of the range.", "guardrail", "tier")
        self.loss = self._gauge("guardrail_loss_evidence", "Evidence that a guardrail fell.", "guardrail", "tier")
        self.needed = self._gauge("guardrail_loss_evidence_needed", "Evidence that rolls back.", "guardrail", "tier")
        self.within = self._gauge("guardrail_within_evidence", "Evidence that the stage's margin is kept.", "guardrail", "tier")
        for outcome in ("new", "duplicate", "refused"):
            self.events.labels(outcome)

    def exposed(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self.registry)

    def committed(self, events: int, seconds: float) -> None:
        """Note a commit."""
        self.commit_seconds.observe(seconds)
        self.commit_events.observe(events)
        self.writable.set(1)

    def told(self, told: Told) -> None:
        """Note what became of stored events."""
        self.events.labels("new").inc(told.new)
        self.events.labels("duplicate").inc(told.duplicates)

    def stands(self, standing: Standing | None) -> None:
        """Note how far the roll-out is."""
        for state in STATES:
            self.state.labels(state).set(standing is not None and standing.canary.state == state)
        if standing is None:
            return
        self.stage.set(standing.canary.stage)
        self.percent.set(standing.percent / 100)
        if standing.look is None:
            return
        self.looked.set(standing.look.at)
        for each in standing.look.guardrails:
            self.pairs.labels(each.name, each.tier).set(each.pairs)
            self.mean.labels(each.name, each.tier).set(each.mean)
            self.loss.labels(each.name, each.tier).set(each.loss)
            self.needed.labels(each.name, each.tier).set(each.needed)
            self.within.labels(each.name, each.tier).set(each.within)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"{_PREFIX}_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"{_PREFIX}_{name}", text, labels, registry=self.registry)

    def _seconds(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(f"{_PREFIX}_{name}", text, labels, registry=self.registry, buckets=SECONDS)
