"""A retriever that the user wrote: a callable, or a LangChain or LlamaIndex retriever object."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ragguard.errors import InputError, Problem
from ragguard.plan.retrievers import PythonRetriever as PythonPlan
from ragguard.records.evidence import Case, Observation
from ragguard.systems import code
from ragguard.systems.fingerprints import digest, file_digest
from ragguard.systems.protocols import Corpus, Progress, Vault
from ragguard.systems.ranking import ordered
from ragguard.systems.results import read_results

Ask = Callable[[str, int], Any]


class PythonRetriever:
    """Asks ``package.module:name``, case by case.

    The object is called with (text, depth); an object with ``invoke`` (LangChain) or ``retrieve`` (LlamaIndex) is asked through
    that, with the text alone. It brings its own index: it must have been built over the same documents. The fingerprint covers the
    module's own file, the arguments and the plan's ``version``, not what the module imports or asks.
    """

    def __init__(self, plan: PythonPlan, base: Path) -> None:
        self._plan = plan
        source = code.source_of(plan.callable, base)
        self.fingerprint = digest({**plan.model_dump(mode="json"), "source": file_digest(source) if source else ""})
        self._ask: Ask | None = None

    def index(self, corpus: Corpus, vault: Vault, progress: Progress) -> None:  # noqa: ARG002 - the object brings its own index
        """Import the object.

        Raises:
            InputError: the module has no such name, or what it names cannot be asked.
            CannotJudge: importing or making it failed.
        """
        progress.start("import retriever", 1)
        self._ask = _asker(code.load(self._plan.callable, self._plan.arguments), self._plan.callable)
        progress.advance(1)

    def search(self, cases: Sequence[Case], depth: int) -> list[Observation]:
        """Return one observation per case, in order; what the object raises on a case is that observation's error."""
        return [self._search(case, depth) for case in cases]

    def _search(self, case: Case, depth: int) -> Observation:
        if self._ask is None:
            raise RuntimeError("index() comes before search()")
        began = time.perf_counter()
        try:
            answer = self._ask(case.text, depth)
            seconds = {"retrieve": time.perf_counter() - began}
            results = read_results(answer)
        except Exception as error:  # noqa: BLE001 - the user's code may raise anything; it is said on the case
            return Observation(case.id, error=f"{type(error).__name__}: {error}", seconds={"retrieve": time.perf_counter() - began})
        return Observation(case.id, ordered(results, depth), seconds=seconds)

    def notes(self) -> Mapping[str, float | int | str]:
        """Say what was asked."""
        return {"callable": self._plan.callable}


def _asker(found: Any, name: str) -> Ask:
    for method in ("invoke", "retrieve"):
        if callable(getattr(found, method, None)) and not isinstance(found, type):
            return lambda text, _depth: getattr(found, method)(text)
    if isinstance(found, type) or not callable(found):
        what = f"callable: {name} is {'a class' if isinstance(found, type) else f'of type {type(found).__name__}'}, which cannot be asked"
        raise InputError(
            Problem("", what, "name a function (text, depth), an object with invoke or retrieve, or a factory with arguments:")
        )
    asked: Ask = found
    return asked
