"""A whole RAG system that was asked elsewhere: its answers, and what it answered from, are read out of another tool's file."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from ragguard.data.foreign import opened
from ragguard.data.foreign.wanted import Wanted
from ragguard.errors import InputError, Problem
from ragguard.plan.recorded import RecordedAnswers as RecordedPlan
from ragguard.plan.source import display
from ragguard.records.collection import Document
from ragguard.records.evidence import Answer, Case, Observation, Ranked
from ragguard.records.foreign import Reply, Table
from ragguard.systems.citations import abstains, sources
from ragguard.systems.fingerprints import digest, file_digest
from ragguard.systems.protocols import Corpus, Progress, Vault
from ragguard.systems.templates import names, render, validate_for


class RecordedSystem:
    """Answers from a file. A query is looked up by its id, else by its question, up to white space and capitals.

    The documents that were given count as ranked in their order. A text is looked up among the documents as ``document_text`` renders
    them, else in the one document that holds it; a text that none has, or several, is a result that the corpus does not know.
    """

    def __init__(self, plan: RecordedPlan, path: Path) -> None:
        if not path.is_file():
            raise InputError(Problem(display(path), "there is no such file of results", "check results: it is relative to the plan"))
        names(plan.document_text)
        self._plan, self._path, self._kind = plan, path, opened.of(path, plan.format)
        if self._kind.holds == "rankings":
            what = f"holds rankings ({self._kind.name}), and no answers"
            raise InputError(Problem(display(path), what, "write retriever: {type: recorded, run: ...}"))
        self.fingerprint = digest({"type": "recorded answers", "file": file_digest(path), **plan.model_dump(exclude={"results"})})
        self._table: Table | None = None
        self._by_text: dict[str, str] = {}
        self._corpus: Corpus | None = None
        self._rendered: dict[str, str] = {}
        self._found: dict[str, str] = {}

    def index(self, corpus: Corpus, vault: Vault, progress: Progress) -> None:  # noqa: ARG002 - nothing is made, so nothing is kept
        """Read the file, and the texts of the documents.

        Raises:
            InputError: the file is torn or holds no answers, or two documents read the same.
        """
        validate_for(self._plan.document_text, corpus)
        self._table = self._read()
        self._by_text = {_plain(item.text): name for name, item in self._table.items.items() if item.text}
        self._corpus, self._rendered, self._found = corpus, {}, {}
        progress.start("read the documents' texts", corpus.size)
        for document in corpus.documents():
            other = self._rendered.setdefault(_plain(render(self._plan.document_text, document)), document.id)
            if other != document.id and any(reply.contexts for reply in self._table.said.values()):
                what = f"the documents {other!r} and {document.id!r} have the same text, so a given text cannot tell them apart"
                raise InputError(Problem(display(self._path), what, "give document_text more fields, or record the documents' ids"))
            progress.advance(1)

    def _read(self) -> Table:
        table = opened.table(self._path, self._kind, Wanted(self._plan.part, self._plan.id))
        if not any(reply.text for reply in table.said.values()):
            what = f"holds scores and no answers ({table.tool}), so no suite can score it"
            raise InputError(Problem(display(self._path), what, "compare such results with: ragguard compare BASELINE CANDIDATE"))
        return table

    def search(self, cases: Sequence[Case], depth: int) -> list[Observation]:
        """Return one observation per case, in order; a case that the file lacks, or has no answer to, is its error."""
        return [self._look_up(case, depth) for case in cases]

    def _look_up(self, case: Case, depth: int) -> Observation:
        if self._table is None:
            raise RuntimeError("index() comes before search()")
        name = self._name(case, self._table)
        if name is None:
            return Observation(case.id, error=f"neither the id {case.id} nor its question is in {self._path.name}")
        asked = self._table.items[name].text
        if asked and _plain(asked) != _plain(case.text):
            return Observation(case.id, error=f"{self._path.name} asks something else under the id {name}: {asked[:80]!r}")
        reply = self._table.said.get(name, Reply(""))
        if not reply.text.strip():
            return Observation(case.id, error=self._table.errors.get(name) or f"{self._path.name} has no answer to it")
        return self._observed(case, reply, depth)

    def _name(self, case: Case, table: Table) -> str | None:
        """What the file calls a case. An attacked one has the question of its query, and is another case all the same."""
        as_asked = not case.clean and case.text == case.query.text
        name = case.query.id if as_asked else case.id
        if name in table.items:
            return name
        return None if case.attack else self._by_text.get(_plain(case.text))

    def _observed(self, case: Case, reply: Reply, depth: int) -> Observation:
        ids = tuple(dict.fromkeys(reply.ids or map(self._id, reply.contexts)))
        ranking = tuple(Ranked(name, -float(place)) for place, name in enumerate(ids))
        text = reply.text.strip()
        answer = Answer(text, sources(text, [self._document(name) for name in ids]), abstains(text))
        return Observation(case.id, ranking[:depth], contexts=ids, answer=answer)

    def _id(self, text: str) -> str:
        plain = _plain(text)
        if plain not in self._found:
            holders = (
                [self._rendered[plain]]
                if plain in self._rendered
                else [i for whole, i in self._rendered.items() if plain and plain in whole]
            )
            unknown = f"text {sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
            self._found[plain] = holders[0] if len(holders) == 1 else unknown
        return self._found[plain]

    def _document(self, name: str) -> Document:
        if self._corpus is None:
            raise RuntimeError("index() comes before search()")
        return self._corpus.document(name) if name in self._corpus else Document(name, "")

    def notes(self) -> Mapping[str, float | int | str]:
        """Say which tool wrote the file, and how many cases it has."""
        return (
            {} if self._table is None else {"recorded_by": self._table.tool, "recorded_cases": len(self._table.items), **self._table.about}
        )


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
