"""Which metrics there are: every base name, its function, its scale and what may be written beside it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from importlib import metadata

from ragguard.errors import MissingExtra, suggest
from ragguard.metrics import derived, efficiency, judged, passages, ranking, robustness, tasks, versions
from ragguard.metrics.answers.table import ANSWERS
from ragguard.metrics.definition import Definition, Derived, ScoresOf
from ragguard.metrics.parameters import one_of, open_share, target, whole
from ragguard.records.evidence import Case, NotApplicable, Score
from ragguard.records.metric import TASK_SCORE, Metric, Scale

_REL = {"rel": whole}
_VERSIONS = "a suite of kind: version-confusion"

CATALOG: Mapping[str, Definition] = {
    "nDCG": Definition(ranking.ndcg, ranking.needs_relevant, ranking.share, "allowed", {"gains": one_of("linear", "exponential")}),
    "RR": Definition(ranking.reciprocal_rank, ranking.needs_relevant, ranking.share, "allowed", _REL),
    "AP": Definition(ranking.average_precision, ranking.needs_relevant, ranking.share, "allowed", _REL),
    "R": Definition(ranking.recall, ranking.needs_relevant, ranking.share, "required", _REL),
    "P": Definition(ranking.precision, ranking.needs_relevant, ranking.share, "required", _REL),
    "Success": Definition(ranking.success, ranking.needs_relevant, ranking.hit_or_miss, "required", _REL),
    "Rprec": Definition(ranking.r_precision, ranking.needs_relevant, ranking.share, "forbidden", _REL),
    "RBP": Definition(ranking.rank_biased_precision, ranking.needs_relevant, ranking.share, "allowed", {"p": open_share, **_REL}),
    "VersionAcc": Definition(
        versions.version_accuracy, versions.asks_a_version, ranking.hit_or_miss, "required", needs_marks=True, needs=_VERSIONS
    ),
    "Stale": Definition(
        versions.stale, versions.asks_the_current_one, versions.smaller_share, "required", needs_marks=True, needs=_VERSIONS
    ),
    "Inverted": Definition(
        versions.inverted, versions.asks_one_version, versions.better_not, "forbidden", needs_marks=True, needs=_VERSIONS
    ),
    "Poisoned": Definition(
        passages.poisoned, passages.is_misled, versions.better_not, "required", needs_marks=True,
        needs="a suite of kind: adversarial, with poisoned or instructions among its attacks",
    ),
    "Confused": Definition(
        passages.confused, passages.has_products, versions.better_not, "required", needs_marks=True,
        needs="relevant documents that have a product",
    ),
    "WrongType": Definition(
        passages.wrong_type, passages.has_types, versions.better_not, "required", needs_marks=True,
        needs="relevant documents that have a type",
    ),
    **ANSWERS,
    "AnswerTokens": Definition(efficiency.answer_tokens, efficiency.always, efficiency.in_tokens, "forbidden"),
    "PromptTokens": Definition(efficiency.prompt_tokens, efficiency.always, efficiency.in_tokens, "forbidden"),
    "LongAnswer": Definition(
        efficiency.long_answer, efficiency.always, versions.better_not, "forbidden", {"over": whole}, required=("over",)
    ),
    "Latency": Definition(
        efficiency.latency, efficiency.always, efficiency.in_milliseconds, "forbidden", {"stage": one_of(*efficiency.STAGES)}
    ),
    TASK_SCORE: Definition(
        tasks.task_score, tasks.is_item, ranking.share, "forbidden", needs="items: a suite of kind: forgetting, with lm_eval",
    ),
}  # fmt: skip

DERIVED: Mapping[str, Derived] = {
    "Drop": Derived(robustness.drop, robustness.cost, robustness.was_perturbed, "a suite of kind: adversarial", advisory=True),
    "Worst": Derived(robustness.worst, robustness.same, robustness.as_asked, "intents of several queries"),
    "p50": Derived(derived.itself, derived.quantile(0.50), derived.wherever),
    "p95": Derived(derived.itself, derived.quantile(0.95), derived.wherever),
    "p99": Derived(derived.itself, derived.quantile(0.99), derived.wherever),
    "Exceeds": Derived(derived.exceeds, derived.yes_or_no, derived.wherever, own={derived.OVER: target}),
}
"""Metrics of another metric, which their parameter ``of`` names: ``Drop(of=nDCG)@10``. Other parameters and the cutoff are its."""

# What other tools call the same thing, where the names are too unlike for a spelling suggestion.
_ELSEWHERE = {"recall": "R", "precision": "P", "map": "AP", "mrr": "RR", "hit": "Success", "hits": "Success", "hitrate": "Success"}
_ELSEWHERE |= {"rouge": "ROUGE-L", "em": "ExactMatch", "f1": "TokenF1", "faithfulness": "UnsupportedValue", "refusalrate": "FalseRefusal"}

_BOUNDED = {"AnswerTokens": "LongAnswer(over=64)", "PromptTokens": "p95(of=PromptTokens)", "Latency": "p95(of=Latency)"}

_EXAMPLE = "p95(of=Latency)"
_EXAMPLES = {"Drop": "Drop(of=nDCG)@10", "Worst": "Worst(of=nDCG)@10", "Exceeds": "Exceeds(of=Latency, over=800)"}

DEFINITIONS = 1
"""To be raised when a definition changes what it computes."""


def names() -> tuple[str, ...]:
    """Every base name of the catalog, sorted."""
    return tuple(sorted((*CATALOG, *DERIVED, *judged.NAMES)))


def resolve(metric: Metric) -> Definition:
    """Return what the catalog knows of a metric; of a derived one, what it knows of the metric that it is derived from.

    Raises:
        ValueError: unknown base name or parameter, a bad value, or a cutoff where there can be none (or none where there must be one).
    """
    if metric.base in DERIVED:
        _check_own(metric)
        return resolve(inner(metric))
    definition = CATALOG.get(metric.base) or judged.definition(metric)
    if definition is None:
        alias = _ELSEWHERE.get(metric.base.lower().replace("_", "").replace("-", ""))
        raise ValueError(f"there is no metric {metric.base!r}; " + (f"did you mean {alias!r}?" if alias else suggest(metric.base, names())))
    if definition.cutoff == "required" and metric.cutoff is None:
        raise ValueError(f"{metric} needs a cutoff; for instance {metric.at(10)}")
    if definition.cutoff == "forbidden" and metric.cutoff is not None:
        raise ValueError(f"{metric} takes no cutoff; write {metric.at(None)}")
    for key, text in metric.parameters:
        _check_parameter(metric, definition, key, text)
    if lacking := [key for key in definition.required if key not in dict(metric.parameters)]:
        raise ValueError(f"{metric} needs {lacking[0]}; for instance {replace(metric, parameters=((lacking[0], '64'),))}")
    return definition


def inner(metric: Metric) -> Metric:
    """Return the metric that a derived one is made from; any other is its own.

    Raises:
        ValueError: it is not said of which metric, or of a derived one.
    """
    if metric.base not in DERIVED:
        return metric
    of = metric.parameter("of", "")
    if not of or of in DERIVED:
        raise ValueError(f"{metric.base} is made from another metric; for instance {_EXAMPLES.get(metric.base, _EXAMPLE)}")
    own = ("of", *DERIVED[metric.base].own)
    return Metric(of, metric.cutoff, tuple(pair for pair in metric.parameters if pair[0] not in own))


def direct(metrics: Iterable[Metric]) -> tuple[Metric, ...]:
    """Return the metrics to be scored case by case: these, and those that the derived ones among them are made from."""
    return tuple(dict.fromkeys(map(inner, metrics)))


def applicable(metric: Metric, case: Case) -> NotApplicable | None:
    """Say why a metric means nothing on a case, of the case alone; None: it does. Raises ValueError as ``resolve``."""
    derived = DERIVED.get(metric.base)
    says_nothing = derived.applicable(metric, case) if derived is not None else None
    return tasks.only_a_query(metric, case) or says_nothing or resolve(metric).applicable(inner(metric), case)


def needs(metric: Metric) -> str:
    """Say what a suite must give a metric to apply to any case at all; empty: nothing. Raises ValueError as ``resolve``."""
    found = [DERIVED[metric.base].needs if metric.base in DERIVED else "", resolve(metric).needs]
    return " and ".join(filter(None, found))


def advisory(metric: Metric) -> bool:
    """Tell whether no verdict may hang on a metric. Raises ValueError as ``resolve``."""
    return bool(why_advisory(metric))


def why_advisory(metric: Metric) -> str:
    """Say why no verdict may hang on a metric; empty: one may. Raises ValueError as ``resolve``."""
    if metric.base in DERIVED and DERIVED[metric.base].advisory:
        return "a candidate that gains more on the unperturbed queries is not worse"
    found = scale(metric)
    if found.quantile is not None:
        return ""
    return "it has no range, so a margin has no meaning and a missing score no worst value" if None in (found.low, found.high) else ""


def instead(metric: Metric) -> str:
    """Name a metric that a verdict may hang on, in place of one that none may; empty where there is none."""
    return str(inner(metric)) if metric.base in DERIVED else _BOUNDED.get(metric.base, "")


def _check_own(metric: Metric) -> None:
    """Refuse a derived metric that lacks a parameter of its own, or has a bad one."""
    for key, reader in DERIVED[metric.base].own.items():
        text = dict(metric.parameters).get(key)
        if text is None:
            raise ValueError(f"{metric} needs {key}; for instance {_EXAMPLES.get(metric.base, _EXAMPLE)}")
        try:
            reader(text)
        except ValueError as wrong:
            raise ValueError(f"{metric}: {key} {wrong}") from None


def _check_parameter(metric: Metric, definition: Definition, key: str, text: str) -> None:
    if key not in definition.parameters:
        raise ValueError(f"{metric}: {metric.base} has no parameter {key!r}; {suggest(key, definition.parameters)}")
    try:
        definition.parameters[key](text)
    except ValueError as wrong:
        raise ValueError(f"{metric}: {key} {wrong}") from None


def scale(metric: Metric) -> Scale:
    """Return what a metric's numbers mean. Raises ValueError as ``resolve``."""
    found = resolve(metric).scale(inner(metric))
    if metric.base not in DERIVED:
        return found
    try:
        return DERIVED[metric.base].scale(found)
    except ValueError as wrong:
        raise ValueError(f"{metric}: {wrong}") from None


def derive(metrics: Iterable[Metric], cases: Sequence[Case], scores: Mapping[str, Mapping[Metric, Score]]) -> dict[Metric, ScoresOf]:
    """Compute the derived ones among ``metrics`` on all cases of a suite. ``scores`` holds the direct ones, by case."""
    made = {}
    for metric in metrics:
        if metric.base in DERIVED:
            source = inner(metric)
            values = {case.id: scores[case.id][source] for case in cases}
            made[metric] = DERIVED[metric.base].function(metric, cases, values, higher_is_better=scale(source).higher_is_better)
    return made


def about_answers(metric: Metric) -> bool:
    """Tell whether a metric is about what a system says, and so means something for systems that answer alone. Raises as ``resolve``."""
    return resolve(metric).needs_answers


def is_judged(metric: Metric) -> bool:
    """Tell whether a metric, or the one that it is derived from, is what a judge says. Raises as ``resolve``."""
    return resolve(metric).judged


def version(metric: Metric) -> str:
    """Return the version of a metric's definition: scores made under another are not used again. Who judges is not in it.

    Raises:
        ValueError: as ``resolve``.
        MissingExtra: the package that computes it is not installed.
    """
    definition = resolve(metric)
    if definition.judged:
        return f"{DEFINITIONS}/judged"
    package = definition.package or "ranx"
    try:
        return f"{DEFINITIONS}/{package}-{metadata.version(package)}"
    except metadata.PackageNotFoundError:
        raise MissingExtra("judge", f"the metric {metric}") from None
