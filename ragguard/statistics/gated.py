"""What many simulated gates say of a check: against the baseline, and against the anchor."""

import numpy as np

from ragguard.statistics.many import Sampled, sampled, sampled_corrected
from ragguard.statistics.paired import Array
from ragguard.statistics.ppi import Split
from ragguard.statistics.redraw import Arms, Drawn, Scored, arms, breaks


def judged(each: Scored, drawn: Drawn, how: Arms, alpha: float, rng: np.random.Generator | None = None) -> tuple[Sampled, ...]:
    """Judge a check in each gate, against every reference that it has; ``rng`` says which intents break.

    One candidate meets them all, so what it lost it lost against the anchor too. A judge sees of the intents that break what people see.
    """
    broken = breaks(drawn, how, rng)
    own = arms(each, drawn, how, broken)
    if each.check.tier == "must":
        return (_met(own[1]),)
    if each.judged is not None and each.others is not None and drawn.others is not None:
        parts = own, arms(each.judged, drawn, how, broken), arms(each.others, drawn.others, how, breaks(drawn.others, how, rng))
        before, after = (Split(*(part[arm] for part in parts)) for arm in (0, 1))
        return (sampled_corrected(each.check, each.scale, before, after, alpha=alpha),)
    references = [own[0], *([each.anchor[drawn.rows]] if each.anchor is not None else [])]
    return tuple(
        sampled(each.check, each.scale, reference, own[1], alpha=alpha, strata=each.strata, exact=each.exact) for reference in references
    )


def _met(after: Array) -> Sampled:
    """A rule for every case: nothing is estimated, and there is no chance in it but which cases there are."""
    held = np.asarray((after > 0).all(axis=1))
    return Sampled(held, np.zeros(len(held)), np.ones(len(held)))
