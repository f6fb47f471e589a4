"""A mean that a judge estimated on many intents and people on a few: the judge, corrected by the people (PPI++).

People label few intents, a judge scores those and many more. The estimate is ``mean(human - weight * judged)`` over the labelled
intents plus ``weight * mean(judged)`` over the unlabelled ones. Whatever the judge's bias, it stands in both terms and cancels; the
better the judge agrees with people, the more of the labelled intents' spread goes with it. A useless judge gets weight 0, and what is
left are the labels alone. Labelled and unlabelled intents have to be drawn alike.

Source: Angelopoulos, Duchi, Zrnic 2023, PPI++ (arXiv:2311.01453). Four things are otherwise here, since 59 labels are few and queries
that collapse are rare; docs/statistics.md has the error rates with and without them:

- Each labelled intent gets the weight that the others ask for (leave-one-out), not one that was fitted on itself too.
- The judge's spread and skewness are taken over labelled and unlabelled intents together.
- The quantile is Student's with the labels' degrees of freedom, fewer than Welch and Satterthwaite would allow.
- A judge that agrees with people on everything but catastrophes takes away the spread in which these would have hidden, and leaves a
  bound that is too sure. So the more of the spread is gone, the more the lower bound is held back by one phantom catastrophe.
"""

from dataclasses import dataclass

import numpy as np

from ragguard.statistics.paired import Array, Moments, cumulants, from_cumulants, hall_bounds, moments, moments_of_rows, phantom_bound

LEAST = 3
"""Labelled intents below which a weight cannot be left-one-out; then it is 0."""

WIDER = 1.1
"""How many times as far below the estimate as that of labels alone the corrected lower bound may lie; beyond, labels alone count."""

_NOTHING = 1e-20
"""Sums of squares below which rounding is all there is."""

_ROUNDING = 1e-12
"""Weights below which rounding is all there is."""


@dataclass(frozen=True, slots=True)
class Split:
    """Values of intents along the last axis, one sample a row: what people say (``human``) and what the judge says (``judged``) of the
    labelled ones, in the same order, and what the judge says of the ``unlabelled`` ones.
    """

    human: Array
    judged: Array
    unlabelled: Array

    @property
    def sizes(self) -> tuple[int, int]:
        """The numbers of labelled and of unlabelled intents."""
        return self.human.shape[-1], self.unlabelled.shape[-1]


def weights(split: Split) -> Array:
    """Return the weight of the judge for each labelled intent, in [0, 1], tuned for the least variance on all the other ones.

    It is cov(human, judged) / ((1 + n / N) * var(judged)), the variance taken over labelled and unlabelled intents; 0 where the judge
    says the same of all of them, where no intent is unlabelled, or fewer than ``LEAST`` are labelled.
    """
    n, unlabelled = split.sizes
    if n < LEAST or not unlabelled:
        return np.zeros(split.human.shape)
    together, spread = _without_each(split)
    slope = together / (n - 1) / ((1 + n / unlabelled) * np.maximum(spread, _NOTHING) / (n + unlabelled - 2))
    return np.asarray(np.where((spread > _NOTHING) & (slope > _ROUNDING), np.clip(slope, 0.0, 1.0), 0.0))


def _without_each(split: Split) -> tuple[Array, Array]:
    """For each labelled intent, without it: the sum of products of human and judged over the labelled ones, of squares over all."""
    n, unlabelled = split.sizes
    human, judged = (values - values.mean(axis=-1, keepdims=True) for values in (split.human, split.judged))
    centre, share = split.unlabelled.mean(axis=-1, keepdims=True), n / (n - 1)
    together = (human * judged).sum(axis=-1, keepdims=True) - share * human * judged
    labelled = (judged**2).sum(axis=-1, keepdims=True) - share * judged**2
    apart = split.judged.mean(axis=-1, keepdims=True) - judged / (n - 1) - centre
    between = apart**2 * (n - 1) * unlabelled / (n - 1 + unlabelled)
    return together, labelled + ((split.unlabelled - centre) ** 2).sum(axis=-1, keepdims=True) + between


def rectified(split: Split, weight: Array) -> Array:
    """Return, for each labelled intent, the human value minus what its weight takes the judge to be off; their mean is the estimate."""
    if not split.sizes[1]:
        return split.human
    return np.asarray(split.human - weight * (split.judged - split.unlabelled.mean(axis=-1, keepdims=True)))


def alone(split: Split) -> Moments:
    """Return the moments of the labels without the judge, of one sample to the same bits as any other check's."""
    return moments(split.human.tolist()) if split.human.ndim == 1 else moments_of_rows(split.human)


def corrected(split: Split, weight: Array) -> Moments:
    """Return the moments of the corrected mean, as if of a sample of as many values as there are labelled intents.

    Its mean is the estimate and its sd / sqrt(n) the standard error; bounds and p-values of ``paired`` take it as they take any sample.
    ``weight`` is that of ``weights``, or any that does not hang on the intent that it weighs.
    """
    n, unlabelled = split.sizes
    if not unlabelled or not weight.any():
        return alone(split)
    sample = moments_of_rows(rectified(split, weight))
    judged, shared = moments_of_rows(np.concatenate([split.judged, split.unlabelled], axis=-1)), weight.mean(axis=-1)
    variance, third = cumulants(sample)
    of_judged, of_judged_third = cumulants(judged)
    more = judged.n / unlabelled  # the mean that is added goes over the unlabelled ones alone
    return from_cumulants(n, sample.mean, variance + shared**2 * of_judged * more, third + shared**3 * of_judged_third * more**2)


def guarded_bound(sample: Moments, labels: Moments, alpha: float) -> Array:
    """Return the lower bound of a corrected mean; ``labels`` are the moments of the labels without the judge.

    It is Hall's, drawn towards the bound with one phantom difference of -1 by the share of the labels' sd that the judge took away.
    """
    lower, _ = hall_bounds(sample, alpha)
    left = np.where(labels.sd > 0, np.minimum(sample.sd / np.where(labels.sd > 0, labels.sd, 1.0), 1.0), 1.0)
    return np.asarray(left * lower + (1 - left) * np.minimum(lower, phantom_bound(sample, alpha)))


def trusted(split: Split, alpha: float) -> Array:
    """Return ``weights``, or 0 for all of a sample whose lower bound they would put much further off than the labels alone do.

    They would where labels show a skewness that was hidden in the spread which the judge took away.
    """
    if split.sizes[0] < LEAST:
        return np.zeros(split.human.shape)
    weight, labels = weights(split), alone(split)
    sample = corrected(split, weight)
    reach, reach_alone = sample.mean - guarded_bound(sample, labels, alpha), labels.mean - hall_bounds(labels, alpha)[0]
    return np.asarray(np.where(reach <= WIDER * np.maximum(reach_alone, 0.0), 1.0, 0.0)[..., None] * weight)


def diluted(sample: Moments, share: float, of: int, value: float) -> Moments:
    """Return the moments of the mean where a ``share`` of ``of`` intents has no value, and ``value`` is taken for it."""
    if not share:
        return sample
    variance, third = cumulants(sample)
    apart, kept = value - sample.mean, 1 - share
    between = share * kept * apart**2 / of
    skewed = share * kept * ((1 - 2 * share) * apart**3 / of - 3 * kept * apart * variance) / of
    return from_cumulants(sample.n, kept * sample.mean + share * value, kept**2 * variance + between, kept**3 * third + skewed)
