"""What a calibration comes to, in words: the same on the terminal, on the page and in calibration.json."""

from collections.abc import Iterator

from ragguard.records.calibration import Agreement, Calibration, Figure, People, Position
from ragguard.reports import figures

WANTED = "0.1"
"""Half the width that kappa and both shares of right calls should have."""

_MOST_UNJUDGED = 0.1
_OFTEN = 0.1

ROWS = (
    ("kappa", "Cohen's kappa", "agreement on yes and no beyond chance: 0 is chance, 1 is perfect"),
    ("weighted", "weighted kappa", "the same of the values as they are, differences squared"),
    ("agreement", "observed agreement", "answers on which judge and people say the same"),
    ("sensitivity", "sensitivity", "of the answers that people say yes to, those that the judge says yes to"),
    ("specificity", "specificity", "of the answers that people say no to, those that the judge says no to"),
    ("auroc", "AUROC", "how often an answer that people say yes to gets more than one that they say no to"),
    ("prevalence", "prevalence", "answers that people say yes to"),
    ("bias", "bias", "mean of judge - label over intents; above 0 the judge is too lenient"),
    ("length", "length", "what the judge gives to an answer that is twice as long, at an equal label"),
)
"""The figures of a table: field, name, meaning."""


def rows(agreement: Agreement) -> list[tuple[str, Figure, str]]:
    """Name, figure and meaning; weighted kappa only where it differs from the plain one."""
    shown = [row for row in ROWS if row[0] != "weighted" or agreement.graded]
    return [(name, getattr(agreement, field), meaning) for field, name, meaning in shown]


def value(figure: Figure, name: str = "") -> str:
    """A figure's value; with a sign where it is a difference."""
    if figure.value is None:
        return "cannot be told"
    return figures.signed(figure.value) if name in ("bias", "length") else f"{figure.value:.3f}"


def interval(figure: Figure, name: str = "") -> str:
    """Both ends of a figure's interval; empty where there is none."""
    if figure.lower is None or figure.upper is None:
        return ""
    ends = (figures.signed(end) if name in ("bias", "length") else f"{end:.3f}" for end in (figure.lower, figure.upper))
    return " to ".join(ends)


def headline(agreement: Agreement) -> str:
    """The verdict in one sentence."""
    kappa = agreement.weighted if agreement.kappa.value is None else agreement.kappa
    if not agreement.answers:
        return "Nothing can be told: no answer has both a label and a judge's value."
    if kappa.lower is None:
        return f"How well this judge agrees with people cannot be told: {kappa.note}."
    told = f"kappa {value(kappa)}, {interval(kappa)}"
    if kappa.lower <= 0:
        return f"This judge may agree with people no better than chance ({told})."
    people = agreement.people
    if people is None or people.alpha.lower is None or people.judge.lower is None:
        return f"This judge agrees with people better than chance ({told}; 0 is chance, 1 is perfect)."
    return _beside(people)


def _beside(people: People) -> str:
    """The judge beside what people reach among themselves, both with single labels."""
    told = f"kappa {value(people.judge)} with their single labels, and {value(people.alpha)} among themselves"
    if _or(people.judge.upper, 1.0) < _or(people.alpha.value, 0.0):
        return f"This judge agrees with people less well than they do with each other ({told})."
    if _or(people.judge.lower, 0.0) >= _or(people.alpha.lower, 1.0):
        return f"This judge agrees with people about as well as they do with each other ({told})."
    return f"Whether this judge agrees with people as well as they do with each other cannot be told yet ({told})."


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


def summary(calibration: Calibration) -> Iterator[str]:
    """The verdict, sentence by sentence: agreement, leniency, length, position, what is lacking, what the judge saves."""
    agreement = calibration.agreement
    yield headline(agreement)
    if not agreement.answers:
        return
    yield _same(agreement)
    yield _lenient(agreement.bias)
    yield from _leanings(agreement)
    yield _lacking(agreement)
    yield from _saved(agreement)


def _same(agreement: Agreement) -> str:
    share = agreement.agreement
    if share.value is None:
        return f"No answer has a label that says yes or no ({agreement.tied} ties)."
    told = f"It says the same as people of {share.value:.0%} of {figures.count(share.n, 'answer')}"
    if share.lower is not None and share.upper is not None:
        told += f" ({100 * share.lower:.0f} to {share.upper:.0%})"
    wrong = [f"{name} {value(figure)}" for name, figure in (("sensitivity", agreement.sensitivity), ("specificity", agreement.specificity))]
    return f"{told}: {', '.join(wrong)}."


def _lenient(bias: Figure) -> str:
    if bias.value is None or bias.lower is None or bias.upper is None:
        return f"Whether it is too lenient or too strict cannot be told: {bias.note}."
    if bias.lower > 0 or bias.upper < 0:
        return f"It is too {'lenient' if bias.lower > 0 else 'strict'} by {abs(bias.value):.2f} ({interval(bias, 'bias')})."
    return f"No leniency and no strictness can be seen (judge - label {value(bias, 'bias')}, {interval(bias, 'bias')})."


def _leanings(agreement: Agreement) -> Iterator[str]:
    length = agreement.length
    if length.lower is not None and length.upper is not None and (length.lower > 0 or length.upper < 0):
        given = f"{value(length, 'length')} ({interval(length, 'length')}) for twice the words, at an equal label"
        yield f"It prefers {'long' if length.lower > 0 else 'short'} answers: {given}."
    if agreement.position is not None:
        yield _position(agreement.position, 1 - agreement.level)


def _position(found: Position, alpha: float) -> str:
    told = f"Position decides {_or(found.share.value, 0.0):.0%} of {figures.count(found.pairs, 'pair')} ({interval(found.share)})"
    if found.p_value is None or found.p_value >= alpha:
        return f"{told}."
    place = "first" if found.first > found.second else "second"
    return f"{told}, mostly for the answer that stands {place} ({figures.p_value(found.p_value)})."


def lacking(agreement: Agreement, width: str = WANTED) -> int | None:
    """Labels that are lacking until kappa, sensitivity and specificity are known to half a ``width``; None where it cannot be told."""
    needed = [each.needed.get(width) for each in (agreement.kappa, agreement.sensitivity, agreement.specificity)]
    told = [each for each in needed if each is not None]
    return max(max(told) - agreement.confusion.total, 0) if len(told) == len(needed) else None


def _lacking(agreement: Agreement) -> str:
    more = lacking(agreement)
    if more is None:
        return "How many labels are lacking cannot be told: people must say yes and no, and the judge too."
    known = f"kappa, sensitivity and specificity {'are' if not more else 'to be'} known to +-{WANTED}"
    return f"These labels suffice: {known}." if not more else f"About {more:,} more labels are needed for {known}."


def _saved(agreement: Agreement) -> Iterator[str]:
    found = agreement.prediction
    if found is None:
        return
    how = "" if found.paired else ", if the two systems' answers have nothing in common"
    yield (
        f"To compare two systems within a margin of {found.margin:g} takes about {found.labels_alone:,} labelled intents by labels alone, "
        f"and {found.with_judge:,} where this judge scores many more{how}."
    )


def warnings(calibration: Calibration) -> Iterator[str]:
    """What a reader must know before believing any of it."""
    agreement = calibration.agreement
    silent = sum(calibration.unjudged.values())
    if silent:
        kinds, of = ", ".join(f"{kind} {count:,}" for kind, count in calibration.unjudged.items()), silent + agreement.answers
        flattered = ", and may flatter the judge" if silent > _MOST_UNJUDGED * of else ""
        yield f"{silent:,} of {of:,} labelled answers have no judge's value ({kinds}); the figures are of the others{flattered}"
    if calibration.open:
        yield f"{figures.count(calibration.open, 'row')} of {calibration.labels} without a label: not counted"
    if agreement.tied:
        why = "raters are split, or neither of two answers is preferred"
        yield f"{figures.count(agreement.tied, 'answer')} neither yes nor no ({why}): in no figure of yes and no"
    share = agreement.prevalence.value
    if share is not None and agreement.kappa.value is not None and not _OFTEN <= share <= 1 - _OFTEN:
        most = "yes" if share > 0.5 else "no"
        yield f"people say {most} to nearly all answers, where kappa is low however good the judge is: label harder ones"
