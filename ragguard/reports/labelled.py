"""What labels and repeated turns tell of a judge, check by check, in words."""

from collections.abc import Iterator, Sequence

from ragguard.records.verdict import Correction, Estimate, Noise, Verdict
from ragguard.reports import figures


def notes(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """One line for each check that human labels correct, and for each whose judge was asked several times."""
    for verdict in verdicts:
        estimate, name = verdict.estimate, f"{verdict.check.identity} {_against(verdict)}".rstrip()
        if estimate.correction is not None:
            yield f"{name}: {_corrected(estimate, estimate.correction)}"
        if estimate.noise is not None:
            yield f"{name}: {_noisy(estimate.noise)}"


def _against(verdict: Verdict) -> str:
    return "" if verdict.against == "baseline" else f"against the {verdict.against}"


def _corrected(estimate: Estimate, correction: Correction) -> str:
    sizes = f"{figures.count(estimate.intents, 'labelled intent')}, {correction.unlabelled:,} that the judge alone scored"
    counted = f"its word counts for {correction.weight:.2f} of people's" if correction.weight else "it tells nothing beyond the labels"
    seen = {"labels alone": correction.labelled, "the judge alone": correction.judged, "together": estimate.difference}
    told = ", ".join(f"{who} {figures.signed(value)}" for who, value in seen.items() if value is not None)
    aged = f"; labels of {figures.count(correction.stale, 'case')} are of other answers" if correction.stale else ""
    return f"{sizes}: {told} ({counted}){aged}" if estimate.intents else f"{sizes}: {told}{aged}"


def _noisy(noise: Noise) -> str:
    turns = f"{noise.turns:.3g} turns an answer"
    return f"{turns}, which differ by {noise.sd:.3f} (standard deviation); that is {noise.share:.0%} of the spread of the differences"
