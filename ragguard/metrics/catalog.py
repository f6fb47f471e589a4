"""Which metrics there are: every base name, its function, its scale and what may be written beside it."""

from collections.abc import Callable, Mapping
from importlib import metadata

from ragguard.errors import suggest
from ragguard.metrics import ranking, versions
from ragguard.metrics.definition import Definition
from ragguard.records.metric import Metric, Scale


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ValueError("must be a whole number of at least 1")
    return int(text)


def _open_share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < 1.0:
        raise ValueError("must be a number between 0 and 1, exclusive")
    return value


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of: {', '.join(choices)}")
        return text

    return read


_REL = {"rel": _whole}

CATALOG: Mapping[str, Definition] = {
    "nDCG": Definition(ranking.ndcg, ranking.needs_relevant, ranking.share, "allowed", {"gains": _one_of("linear", "exponential")}),
    "RR": Definition(ranking.reciprocal_rank, ranking.needs_relevant, ranking.share, "allowed", _REL),
    "AP": Definition(ranking.average_precision, ranking.needs_relevant, ranking.share, "allowed", _REL),
    "R": Definition(ranking.recall, ranking.needs_relevant, ranking.share, "required", _REL),
    "P": Definition(ranking.precision, ranking.needs_relevant, ranking.share, "required", _REL),
    "Success": Definition(ranking.success, ranking.needs_relevant, ranking.hit_or_miss, "required", _REL),
    "Rprec": Definition(ranking.r_precision, ranking.needs_relevant, ranking.share, "forbidden", _REL),
    "RBP": Definition(ranking.rank_biased_precision, ranking.needs_relevant, ranking.share, "allowed", {"p": _open_share, **_REL}),
    "VersionAcc": Definition(versions.version_accuracy, versions.asks_a_version, ranking.hit_or_miss, "required", needs_marks=True),
    "Stale": Definition(versions.stale, versions.asks_the_current_one, versions.smaller_share, "required", needs_marks=True),
    "Inverted": Definition(versions.inverted, versions.asks_one_version, versions.better_not, "forbidden", needs_marks=True),
}

# What other tools call the same thing, where the names are too unlike for a spelling suggestion.
_ELSEWHERE = {"recall": "R", "precision": "P", "map": "AP", "mrr": "RR", "hit": "Success", "hits": "Success", "hitrate": "Success"}


DEFINITIONS = 1
"""To be raised when a definition changes what it computes."""


def names() -> tuple[str, ...]:
    """Every base name of the catalog, sorted."""
    return tuple(sorted(CATALOG))


def resolve(metric: Metric) -> Definition:
    """Return what the catalog knows of a metric.

    Raises:
        ValueError: unknown base name or parameter, a bad value, or a cutoff where there can be none (or none where there must be one).
    """
    definition = CATALOG.get(metric.base)
    if definition is None:
        alias = _ELSEWHERE.get(metric.base.lower().replace("_", "").replace("-", ""))
        raise ValueError(f"there is no metric {metric.base!r}; " + (f"did you mean {alias!r}?" if alias else suggest(metric.base, CATALOG)))
    if definition.cutoff == "required" and metric.cutoff is None:
        raise ValueError(f"{metric} needs a cutoff; for instance {metric.at(10)}")
    if definition.cutoff == "forbidden" and metric.cutoff is not None:
        raise ValueError(f"{metric} takes no cutoff; write {metric.at(None)}")
    for key, text in metric.parameters:
        _check_parameter(metric, definition, key, text)
    return definition


def _check_parameter(metric: Metric, definition: Definition, key: str, text: str) -> None:
    if key not in definition.parameters:
        raise ValueError(f"{metric}: {metric.base} has no parameter {key!r}; {suggest(key, definition.parameters)}")
    try:
        definition.parameters[key](text)
    except ValueError as wrong:
        raise ValueError(f"{metric}: {key} {wrong}") from None


def scale(metric: Metric) -> Scale:
    """Return what a metric's numbers mean. Raises ValueError as ``resolve``."""
    return resolve(metric).scale(metric)


def version(metric: Metric) -> str:
    """Return the version of a metric's definition: scores made under another are not used again. Raises ValueError as ``resolve``."""
    resolve(metric)
    return f"{DEFINITIONS}/ranx-{metadata.version('ranx')}"
