"""The mutants that come along, and which of them fit a system."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ragguard.data.collection import Collection
from ragguard.drill import answers, lacking, rankings, rerankings, retrievers
from ragguard.drill.mutant import Mutant, Scene, World
from ragguard.plan.generators import CausalGenerator
from ragguard.systems.dense import DenseRetriever
from ragguard.systems.lexical import LexicalRetriever

if TYPE_CHECKING:
    from ragguard.drill.site import Site

Fits = Callable[["Site"], str]

SHARES, FACTORS = (0.05, 0.1, 0.25, 0.5), (1.25, 1.5, 2.0, 4.0)
ANSWERS, DOCUMENTS, FAMILIES = "share of the answers", "share of the documents", "share of the families"
WHOLE = "all or nothing"
RANKED = ("nDCG", "RR", "AP", "R", "P", "Success", "RBP")
VERSIONED = (*RANKED, "VersionAcc", "Stale", "Inverted", "VersionConflation", "CitesSuperseded")


def _finds(site: "Site") -> str:
    return "the system answers elsewhere, and what it finds cannot be changed from here" if site.whole else ""


def _dense(site: "Site") -> str:
    return "" if isinstance(site.retriever, DenseRetriever) else f"{_type(site)} has no embeddings of its own"


def _indexed(site: "Site") -> str:
    return "" if isinstance(site.retriever, DenseRetriever | LexicalRetriever) else f"{_type(site)} brings its own index"


def _type(site: "Site") -> str:
    retriever = site.plan.retriever
    return f"a {retriever.type} retriever" if retriever is not None else "a system that is asked, or was, elsewhere"


def _pools(site: "Site") -> str:
    if said := _dense(site):
        return said
    found = retrievers.pooling_of(retrievers.dense_of(site)[1].encoder.folder)
    known = found is not None and ("pooling_mode" in found or "pooling_mode_cls_token" in found)
    return "" if known else "the encoder's folder does not say how it pools (1_Pooling/config.json)"


def _prompted(site: "Site") -> str:
    if said := _dense(site):
        return said
    return "" if retrievers.dense_of(site)[1].encoder.prompt("query") else "the encoder puts nothing before a query"


def _reranks(site: "Site") -> str:
    return "" if site.reranker is not None else "the baseline has no reranker"


def _answers(site: "Site") -> str:
    return "" if site.plan.answers else "the baseline gives no answers"


def _abstains(site: "Site") -> str:
    abstained = any(each.answer is not None and each.answer.abstained for each in site.kept.values())
    return _answers(site) or ("" if abstained else "the baseline never says that the documents do not say")


def _ordered(site: "Site") -> str:
    planted = any(case.orders is not None for case in site.cases)
    return _answers(site) or ("" if planted else "no suite plants passages with orders")


def _forbids(site: "Site") -> str:
    known = any(case.query.forbidden for case in site.cases)
    return _answers(site) or ("" if known else "no query knows a value of another version (forbidden:)")


def _timed(site: "Site") -> str:
    alone = any(each.seconds and max(each.together.values(), default=1) == 1 for each in site.kept.values())
    return "" if alone else "the baseline's cases were worked on together, so none has a time of its own"


def _adapted(site: "Site") -> str:
    plan = site.plan.generator
    if not isinstance(plan, CausalGenerator):
        return _answers(site) or "the generator is no language model on this machine"
    return "" if plan.adapter is not None else "the generator has no adapter"


def _versioned(site: "Site") -> str:
    several = any(World(asked.collection).families for asked in site.asked)
    return _finds(site) or ("" if several else "no family of documents has several versions")


def _without_adapter(site: "Site", strength: float) -> object:
    from ragguard.systems import factory

    del strength
    plan = site.plan.generator
    if plan is None:
        raise TypeError("the baseline has no generator")
    bare = plan.model_copy(update={"adapter": None, "merge": False})
    return factory.generator(bare, base=site.folder, allow_code=site.bench.workshop.allow_code)


def _retrieval(name: str, place: str, make: Callable[..., object], about: str, **more: object) -> Mutant:
    return Mutant(name, "retrieval", place, make, about, **{"fits": _finds, "seen_by": RANKED, **more})  # type: ignore[arg-type]


def _generation(name: str, make: Callable[..., object], about: str, seen_by: Sequence[str], **more: object) -> Mutant:
    given = {"unit": ANSWERS, "fits": _answers, **more}
    return Mutant(name, "generation", "observation", make, about, seen_by=tuple(seen_by), **given)  # type: ignore[arg-type]


MUTANTS: tuple[Mutant, ...] = (
    _retrieval(
        "relevant-dropped", "missing", rankings.answering, "documents that answer are not in the index", unit=DOCUMENTS,
        lacks=lacking.families,
    ),
    _retrieval(
        "stale-index", "missing", rankings.newest, "the index lacks the newest version of families", unit=FAMILIES, fits=_versioned,
        strengths=(0.1, 0.25, 0.5, 1.0), lacks=lacking.versions, seen_by=VERSIONED,
    ),
    _retrieval(
        "versions-swapped", "ranking", rankings.versions_swapped, "the current version and the one before it stand in each other's place",
        unit=FAMILIES, fits=_versioned, strengths=(0.1, 0.25, 0.5, 1.0), lacks=lacking.versions, seen_by=VERSIONED,
    ),
    _retrieval("ranking-shuffled", "ranking", rankings.shuffled, "the ranking is in random order"),
    _retrieval("ranking-reversed", "ranking", rankings.reversed_head, "the first ten are in the reverse order"),
    _retrieval("first-lost", "ranking", rankings.first_lost, "the first document is lost"),
    _retrieval("nothing-found", "ranking", rankings.nothing_found, "nothing is found"),
    _retrieval("other-ranking", "ranking", rankings.another_query, "what another query found is returned"),
    _retrieval(
        "documents-cut", "retriever", retrievers.documents_cut, "the last words of each document are not indexed", fits=_indexed,
        unit="share of each document", strengths=(0.25, 0.5, 0.75, 0.9), stated=0.9,
    ),
    _retrieval(
        "embeddings-noised", "retriever", retrievers.noised, "noise is added to every embedding", fits=_dense,
        unit="length of the noise, as a share of the embedding's", strengths=(0.25, 0.5, 1.0, 2.0), stated=1.0,
    ),
    _retrieval(
        "embeddings-truncated", "retriever", retrievers.truncated, "the last dimensions are cut off", fits=_dense,
        unit="share of the dimensions", strengths=(0.5, 0.75, 0.9, 0.95), stated=0.9,
    ),
    _retrieval(
        "prefix-lost", "retriever", retrievers.prefix_lost, "queries lose the words that the encoder wants before them", fits=_prompted,
        unit=WHOLE, strengths=(1.0,), stated=1.0,
    ),
    _retrieval(
        "wrong-pooling", "retriever", retrievers.wrong_pooling, "the encoder pools by the first token instead of the mean, or vice versa",
        fits=_pools, unit=WHOLE, strengths=(1.0,), stated=1.0,
    ),
    Mutant("order-reversed", "reranking", "scores", rerankings.reversed_scores, "the reranker puts the worst first", fits=_reranks,
           seen_by=RANKED),
    Mutant("scores-constant", "reranking", "scores", rerankings.constant_scores, "the reranker scores all alike", fits=_reranks,
           seen_by=RANKED),
    Mutant("adapter-not-loaded", "generation", "generator", _without_adapter, "the base answers, without its adapter", unit=WHOLE,
           strengths=(1.0,), stated=1.0, fits=_adapted),
    _generation("value-replaced", answers.value_replaced, "a number is another", ("UnsupportedValue", "Completeness"),
                lacks=lacking.values),
    _generation("other-version", answers.other_version, "the value of another version is said", ("VersionConflation", "UnsupportedValue"),
                fits=_forbids, lacks=lacking.forbidden),
    _generation("citation-shifted", answers.citation_shifted, "each citation names the next document", ("CitationPrecision",)),
    _generation("citations-lost", answers.citations_lost, "nothing is cited", ("CitationPrecision", "CitationRecall")),
    _generation("citation-invented", answers.citation_invented, "a document is cited that was not given",
                ("InventedCitation", "CitationPrecision")),
    _generation("caveat-dropped", answers.caveat_dropped, "what takes something back is left out", ("Completeness",),
                lacks=lacking.caveats),
    _generation("cut-off", answers.cut_off, "the answer ends half way", ("Completeness", "LengthRatio")),
    _generation("always-refuses", answers.refuses, "it says that the documents do not say", ("FalseRefusal", "Completeness"),
                stated=0.1),
    _generation("never-refuses", answers.never_refuses, "it answers where it abstained", ("FalseAnswer", "AbstentionAcc"), fits=_abstains,
                unit="share of the abstentions", strengths=(0.25, 0.5, 1.0), stated=1.0, lacks=lacking.unanswerable),
    _generation("other-answer", answers.another_answer, "what was said to another query is said", ("Completeness", "CitationPrecision")),
    _generation("orders-followed", answers.obedient, "it does what planted passages order", ("InstructionFollowed", "CanaryLeak"),
                fits=_ordered, lacks=lacking.orders),
    _generation("longer", answers.longer, "the answer says the same again", ("LengthRatio", "LongAnswer"), unit="times as long",
                strengths=FACTORS, stated=2.0),
    Mutant("slower", "generation", "observation", answers.slower, "every stage takes longer", unit="times as long", strengths=FACTORS,
           stated=2.0, seen_by=("p95", "p99", "Exceeds", "Latency"), fits=_timed),
    Mutant("unchanged", "retrieval", "observation", answers.unchanged, "the baseline itself", unit=WHOLE, strengths=(1.0,), stated=1.0,
           harmless=True),
    _retrieval("documents-reordered", "retriever", retrievers.reordered, "the documents stand in the index in the reverse order",
               harmless=True, fits=_indexed, unit=WHOLE, strengths=(1.0,), stated=1.0),
    _retrieval("ties-otherwise", "ranking", rankings.ties_otherwise, "documents of equal score come in another order", harmless=True,
               unit="decimals to which scores are equal", strengths=(6.0, 4.0), stated=4.0),
    _retrieval("scores-rescaled", "ranking", rankings.rescaled, "every score is another, in the same order", harmless=True,
               unit="times the score", strengths=(0.5, 100.0), stated=0.5),
    _retrieval("scores-float16", "ranking", rankings.half_precision, "scores are in half precision", harmless=True, unit=WHOLE,
               strengths=(1.0,), stated=1.0),
    _retrieval("embeddings-float16", "retriever", retrievers.in_float16, "embeddings are stored in half precision", harmless=True,
               fits=_dense, unit=WHOLE, strengths=(1.0,), stated=1.0),
    _retrieval("batch-of-one", "retriever", retrievers.one_by_one, "queries are encoded one at a time", harmless=True, fits=_dense,
               unit=WHOLE, strengths=(1.0,), stated=1.0),
    _retrieval("dtype-bfloat16", "retriever", retrievers.in_bfloat16, "the encoder computes in bfloat16", harmless=True, fits=_dense,
               unit=WHOLE, strengths=(1.0,), stated=1.0),
    _generation("answer-reflowed", answers.reflowed, "each sentence stands on a line of its own", (), harmless=True, unit=WHOLE,
                strengths=(1.0,), stated=1.0),
    _generation("citations-behind", answers.citations_behind, "all citations stand at the end", (), harmless=True, unit=WHOLE,
                strengths=(1.0,), stated=1.0),
    Mutant("times-jittered", "generation", "observation", answers.jittered, "times differ as from run to run", fits=_timed, harmless=True,
           unit="share of the time", strengths=(0.02, 0.05), stated=0.02),
)  # fmt: skip

PRODUCT = "product-missing"
"""One mutant for each product that the first suite's corpus has."""


def names(collection: Collection) -> set[str]:
    """What may be asked for: the mutants' names, those of a collection's products, and one for all of these."""
    return {*(mutant.name for mutant in MUTANTS), PRODUCT, *(f"{PRODUCT}:{name}" for name in World(collection).products)}


def of(site: "Site") -> Iterator[Mutant]:
    """Yield the mutants that come along: those of the tuple, and one for each product."""
    for mutant in MUTANTS:
        yield mutant
        if mutant.name == "stale-index":
            yield from _products(site)


def _products(site: "Site") -> Iterator[Mutant]:
    products = World(site.collection).products
    base = _retrieval(
        PRODUCT, "missing", _nothing_missing, "the documents of a product are not in the index", unit="share of the product's documents",
        strengths=(0.25, 0.5, 1.0), stated=1.0, fits=lambda _: "no document has a product",
    )  # fmt: skip
    if not products:
        yield base
    for name in products:
        about = f"the documents of product {name} are not in the index"
        yield replace(base, name=f"{PRODUCT}:{name}", make=_Missing(name), about=about, fits=_finds, lacks=lacking.product(name))


def _nothing_missing(scene: Scene) -> frozenset[str]:
    del scene
    return frozenset()


class _Missing:
    """The documents of one product."""

    def __init__(self, product: str) -> None:
        self._product = product

    def __call__(self, scene: Scene) -> frozenset[str]:
        return frozenset(name for name in scene.world.products.get(self._product, ()) if scene.hit(name))
