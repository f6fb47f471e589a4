"""A ranking made elsewhere: a TREC run, JSON lines, or the predictions of an MTEB retrieval task."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ragguard.data.foreign import formats, generic, rankings
from ragguard.data.foreign.wanted import Wanted
from ragguard.errors import InputError, Problem
from ragguard.plan.retrievers import RecordedRetriever as RecordedPlan
from ragguard.plan.source import display
from ragguard.records.evidence import Case, Observation, Ranked
from ragguard.systems.fingerprints import digest, file_digest
from ragguard.systems.protocols import Corpus, Progress, Vault


class RecordedRetriever:
    """Answers from a run file. A query is looked up by its id; a perturbed one by the id of its case.

    The whole run is held in memory: about 90 MB for 5,000 queries of 100 documents.
    """

    def __init__(self, plan: RecordedPlan, path: Path) -> None:
        if not path.is_file():
            raise InputError(Problem(display(path), "there is no such run file", "check run: it is relative to the plan"))
        _refuse_other_results(path)
        self._path, self._absent, self._part = path, plan.absent, plan.part
        part = {"part": plan.part} if plan.part else {}
        self.fingerprint = digest({"type": "recorded", "run": file_digest(path), "absent": plan.absent, **part})
        self._run: dict[str, list[Ranked]] = {}
        self._notes: dict[str, float | int | str] = {}

    def index(self, corpus: Corpus, vault: Vault, progress: Progress) -> None:  # noqa: ARG002 - nothing is made, so nothing is kept
        """Read the run, and count what of it the corpus does not have.

        Raises:
            InputError: a malformed run, or one that has none of the collection's queries.
        """
        progress.start("read run", corpus.size)
        self._run = rankings.read(self._path, Wanted(self._part))
        self._check_queries(getattr(corpus, "queries", None))
        known = {document.id for document in corpus.documents()}
        unknown = {found.id for ranking in self._run.values() for found in ranking} - known
        self._notes = {"queries": len(self._run), "documents_not_in_corpus": len(unknown)}
        if unknown:
            self._notes["document_not_in_corpus"] = min(unknown)
        progress.advance(len(known))

    def _check_queries(self, queries: Any) -> None:
        # A corpus without queries of its own (a bare set of documents) cannot tell whether the run is another collection's.
        if queries and self._run.keys().isdisjoint(queries):
            theirs = next(iter(queries))
            mine = f"it has {next(iter(self._run))!r}, the collection has {theirs!r}" if self._run else "it is empty"
            what = f"the run has none of the collection's {len(queries)} queries ({mine})"
            raise InputError(Problem(display(self._path), what, "give the run of this collection"))

    def search(self, cases: Sequence[Case], depth: int) -> list[Observation]:
        """Return one observation per case, in order; recorded runs have no timings."""
        return [self._look_up(case, depth) for case in cases]

    def _look_up(self, case: Case, depth: int) -> Observation:
        asked = case.id if case.clean or case.text != case.query.text else case.query.id
        ranking = self._run.get(asked)
        if ranking is not None:
            return Observation(case.id, tuple(ranking[:depth]))
        if self._absent == "empty":
            return Observation(case.id)
        hint = "absent: empty would say that nothing was found"
        return Observation(case.id, error=f"query {asked}: not in the run {self._path.name} ({hint})")

    def notes(self) -> Mapping[str, float | int | str]:
        """Say how many queries the run has, and how many of its documents the corpus does not."""
        return dict(self._notes)


def _refuse_other_results(path: Path) -> None:
    """Say what becomes of a tool's results that rank nothing. A table of anybody's may be a run all the same, and is read as one."""
    kind = formats.recognise(path)
    if kind is None or kind.holds == "rankings" or kind.name == generic.NAME:
        return
    fix = "compare such results with: ragguard compare BASELINE CANDIDATE"
    if kind.holds == "answers":
        fix = f"its answers are a system as recorded: {{results: {path.name}}}; its scores can only be compared: ragguard compare"
    raise InputError(Problem(display(path), f"is no run: it holds {kind.holds} ({kind.name}), and no rankings", fix))
