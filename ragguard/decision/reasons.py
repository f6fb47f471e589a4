"""The words of verdicts and decisions. Numbers are printed in the metric's own unit, with their sign as they stand."""

from collections.abc import Sequence

from ragguard.records.verdict import Estimate, Noise

_LABEL = "write out the answers to be labelled with ragguard judge sample, and gate again"

_NAMED = 10
"""How many cases a reason names before it only counts them."""

_MOSTLY_NOISE = 0.5
"""Share of the spread that is the judge's own from which on more turns help more than more cases."""


def change(against: str, estimate: Estimate, p: float | None) -> str:
    """Say what the metric did, with all that the verdict rests on."""
    name = _named(against, estimate)
    before, after = estimate.baseline_mean, estimate.candidate_mean
    if before is None or after is None:
        return f"{name} could not be compared"
    moved = "did not change" if _same(before, after) else f"{'fell' if after < before else 'rose'} by {_number(abs(after - before))}"
    evidence = [_bounds(estimate), _size(estimate), f"Holm p {p_text(p)}" if p is not None else ""]
    unit = f" {estimate.scale.unit}" if estimate.scale.unit else ""
    return f"{name} {moved} ({_number(before)} -> {_number(after)}{unit}; {'; '.join(filter(None, evidence))})"


def passed(against: str, estimate: Estimate, *, degraded: bool) -> str:
    """Say that a check passed, and whether something was lost all the same."""
    words = f"{change(against, estimate, None)}: pass"
    return f"{words} (degraded): it is worse, by less than the margin" if degraded else words


def beyond_limit(estimate: Estimate, p: float) -> str:
    """Say that the candidate misses its absolute limit."""
    side = "below its floor" if estimate.scale.higher_is_better else "above its ceiling"
    found, limit = _number(estimate.candidate_mean), _number(estimate.check.limit)
    return f"{estimate.check.identity} is {found}, {side} of {limit} ({_size(estimate)}; Holm p {p_text(p)})"


def missed(estimate: Estimate) -> str:
    """Say which cases a check of tier must lost."""
    lost = f"{len(estimate.misses)} of {estimate.cases} cases that must never break"
    return f"{estimate.check.identity} ({_rule(estimate)}) missed {lost}: {_names(estimate.misses)}"


def all_met(estimate: Estimate) -> str:
    """Say that a check of tier must lost nothing."""
    return f"{estimate.check.identity} ({_rule(estimate)}) was met by {_count(estimate.cases, 'case')}, all of them"


def must_unscored(estimate: Estimate) -> str:
    """Say that a check of tier must lost nothing that could be scored."""
    left = f"{estimate.missing_candidate} of {_count(estimate.cases, 'case')} could not be scored"
    return f"{estimate.check.identity} ({_rule(estimate)}) missed none, but {left}: find out why, and run again"


def unscorable(estimate: Estimate) -> str:
    """Say why a check is an error."""
    name = estimate.check.identity
    if not estimate.cases:
        return f"{name} has no case that it applies to: mend the suite's cases, tags or slice"
    share = f"{_missing(estimate)}, of {_count(estimate.cases, 'case')}; at most {estimate.check.max_unscored:.0%} may be missing"
    return f"{name} could not be judged: unscored are {share}: find out why, and run again"


def no_range() -> str:
    """Say why an advisory check without a range comes to nothing."""
    return "shown only, the metric has no range and so no margin"


def below_guard(estimate: Estimate) -> str:
    """Say that there are too few intents to pass whatever they show."""
    lacking, kind = estimate.guard - estimate.evidence, "labelled intents" if estimate.correction is not None else "intents"
    return f"too few to pass, at least {estimate.guard} {kind} are needed ({lacking} more); {_outlook(estimate)}"


def bound_too_low(estimate: Estimate) -> str:
    """Say that the lower bound does not clear the margin, and what would."""
    shown = ""
    if estimate.unscored and estimate.pass_lower is not None:
        bound = _bound(_turned(estimate.pass_lower, estimate), estimate)
        shown = f" (with missing scores counted against the candidate, the bound is {bound})"
    wanted = "that it is better is not shown" if not estimate.check.margin else "that it is within the margin is not shown"
    return f"{wanted}{shown}; {_outlook(estimate)}"


def limit_not_met(estimate: Estimate) -> str:
    """Say that the estimate is on the wrong side of the limit, though not surely."""
    side = "floor" if estimate.scale.higher_is_better else "ceiling"
    counted = ", missing scores counted as worst" if estimate.missing_candidate else ""
    return f"{_number(estimate.pass_mean)} does not meet its {side} of {_number(estimate.check.limit)}{counted}"


def too_many_missing(estimate: Estimate) -> str:
    """Say that too much is missing to pass."""
    return f"too much is missing to pass ({_missing(estimate)}, of {_count(estimate.cases, 'case')})"


def uneven(estimate: Estimate) -> str:
    """Say that scores are missing more in one arm than in the other."""
    return f"scores are missing unevenly between the arms ({_missing(estimate)}; McNemar p {p_text(estimate.missing_p)})"


def no_labels(against: str, estimate: Estimate) -> str:
    """Say that nobody labelled the answers as they are."""
    name, correction = _named(against, estimate), estimate.correction
    scored = correction.unlabelled if correction is not None else 0
    alone = "" if correction is None or correction.judged is None else f" (it alone sees {_signed(_turned(correction.judged, estimate))})"
    aged = f"; those of {_count(correction.stale, 'case')} are of other answers" if correction is not None and correction.stale else ""
    word = f"the judge's word on {_count(scored, 'intent')}{alone} is not enough"
    return f"{name}: no intent has labels of both answers as they are now{aged}, and {word}: {_LABEL}"


def stale(estimate: Estimate) -> str:
    """Say that answers changed after people had labelled them."""
    count = estimate.correction.stale if estimate.correction is not None else 0
    return f"{_count(count, 'case')} with labels have none of both answers as they are now, and those left are no fair sample: {_LABEL}"


def unlike(estimate: Estimate) -> str:
    """Say that people did not label a fair sample."""
    p = estimate.correction.alike_p if estimate.correction is not None else None
    told = f"the judge scores the baseline's answers to labelled and unlabelled intents unlike (p {p_text(p or 0.0)})"
    return f"{told}, so what holds of the one may not hold of the other: label a random sample of all of them"


def suite_not_run(suite: str) -> str:
    """Say that a listed suite did not run."""
    return f"suite {suite} is in the plan but did not run: find out why, and run again"


def nothing_blocking() -> str:
    """Say that nothing was demanded."""
    return "no blocking check was judged, so nothing can be promoted: give at least one check tier blocking"


def all_passed(count: int) -> str:
    """Say why a candidate is promoted."""
    return (
        f"{_count(count, 'blocking check')} passed, and no check failed"
        if count == 1
        else f"all {count} blocking checks passed, and no check failed"
    )


def p_text(p: float) -> str:
    """Print a p-value, never as 0: ``= 0.0312`` or ``< 0.0001``."""
    return "< 0.0001" if p < 0.0001 else f"= {p:.4f}"


def _named(against: str, estimate: Estimate) -> str:
    return estimate.check.identity if against == "baseline" else f"{estimate.check.identity} against the {against}"


def _outlook(estimate: Estimate) -> str:
    if estimate.noise is not None and estimate.noise.share > _MOSTLY_NOISE:
        return _noisy(estimate.noise)
    equal = _more(estimate.needed, estimate.evidence, "if the candidate equals the reference")
    return f"{equal}; {_more(estimate.needed_as_observed, estimate.evidence, 'if the observed difference is the true one')}"


def _more(wanted: int | None, intents: int, condition: str) -> str:
    if wanted is None:
        return f"{condition}, more cases will not help"
    if wanted <= intents:
        return f"{condition}, {wanted} intents are usually enough, and a fresh sample of this size may settle it"
    return f"{condition}, {wanted - intents} more intents would settle it ({wanted} in all)"


def _noisy(noise: Noise) -> str:
    often = f" ({noise.wanted} instead of {noise.turns:.3g} would make that a tenth)" if noise.wanted is not None else ""
    return f"{noise.share:.0%} of the spread is the judge disagreeing with itself: more repeats{often} help more than more cases"


def _bounds(estimate: Estimate) -> str:
    if estimate.lower is None or estimate.upper is None:
        return ""
    low, high = sorted((_turned(estimate.lower, estimate), _turned(estimate.upper, estimate)))
    share = f"{100 * (1 - estimate.alpha):.4g} % one-sided bounds {_bound(low, estimate)} and {_bound(high, estimate)}"
    return share if estimate.mde is None else f"{share}, margin {_effect(estimate.check.margin, estimate)}"


def _size(estimate: Estimate) -> str:
    intents = _count(estimate.intents, "intent") + (f" (worth {estimate.worth})" if estimate.worth is not None else "")
    if estimate.correction is not None:
        intents = f"{_count(estimate.intents, 'labelled intent')} and {estimate.correction.unlabelled} that a judge alone scored"
    if estimate.mde is None:
        return intents
    return f"{intents}, minimum detectable effect {_effect(estimate.mde, estimate)}"


def _bound(value: float, estimate: Estimate) -> str:
    """A bound in the metric's unit; of a quantile, by how much longer it is than the baseline's."""
    return _signed(value) if estimate.scale.quantile is None else f"{100 * value:+.1f} %"


def _effect(share: float, estimate: Estimate) -> str:
    return _number(share * estimate.scale.width) if estimate.scale.quantile is None else f"{100 * share:.1f} %"


def _turned(value: float, estimate: Estimate) -> float:
    return value * estimate.scale.width * (1 if estimate.scale.higher_is_better else -1)


def _rule(estimate: Estimate) -> str:
    rule = estimate.scale.best if estimate.check.limit is None else estimate.check.limit
    return f"{'at least' if estimate.scale.higher_is_better else 'at most'} {_number(rule)} in every case"


def _missing(estimate: Estimate) -> str:
    return f"{estimate.missing_candidate} of the candidate and {estimate.missing_baseline} of the reference"


def _names(cases: Sequence[str]) -> str:
    rest = len(cases) - _NAMED
    return ", ".join(cases[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _same(before: float, after: float) -> bool:
    return _number(abs(after - before)) == _number(0.0)


def _number(value: float | None) -> str:
    if value is None:
        return "unknown"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.5g}"


def _signed(value: float) -> str:
    text = _number(value)
    return "0.000" if text == "-0.000" else (text if value < 0 else f"+{text}")
