"""What is asked already: the golden questions of a plan, those that it trains on, and what tells which mean alike."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from ragguard.canary.encoder import encoder_of
from ragguard.canary.harvest.grouping import Known
from ragguard.canary.harvest.likeness import Likeness
from ragguard.data.quadruplets import load_quadruplets
from ragguard.errors import RagguardError
from ragguard.plan.load import LoadedPlan
from ragguard.plan.parts import retrievers, systems
from ragguard.plan.source import display
from ragguard.suites.resolve import Resolved
from ragguard.train.workshop import Workshop


def questions(resolved: Resolved) -> list[Known]:
    """Every question that a suite of the plan asks, and every one that a system of it is trained on."""
    intents = {query.text: query.intent for collection in resolved.collections for query in collection.queries.values()}
    found = [Known(text, intents.get(text, name), "golden", name) for name, text in resolved.golden.items()]
    for path in _trained_on(resolved.loaded):
        rows = load_quadruplets(path) if path.is_file() else []
        found += [Known(row.query, row.intent, "train", f"{display(path)} ({row.intent})") for row in rows]
    return found


def _trained_on(loaded: LoadedPlan) -> Iterable[Path]:
    """The files of training rows that the systems of a plan name."""
    names = []
    for _, system in systems(loaded.plan):
        stages = (system.reranker, system.generator, *(part for _, part in retrievers(system)))
        recipes = (getattr(stage, key, None) for stage in stages for key in ("train", "calibrate"))
        names += [recipe.data for recipe in recipes if recipe is not None]
    return [loaded.folder / Path(name).expanduser() for name in dict.fromkeys(names)]


def likeness(workshop: Workshop, golden: Mapping[str, str]) -> tuple[Likeness | None, tuple[str, ...]]:
    """What compares questions by meaning, if the baseline has an encoder and it is here; else why not."""
    try:
        embeds, why = encoder_of(workshop)
        if embeds is None:
            return None, (f"{why}: questions were compared by their letters alone",)
        found = Likeness(embeds, workshop.store, workshop.progress, golden)
    except RagguardError as error:
        return None, (f"the baseline's encoder could not be asked, so questions were compared by their letters alone: {error}",)
    few = () if found.threshold <= 1 else ("too few golden queries to tell how near questions of one intent are",)
    return found, few
