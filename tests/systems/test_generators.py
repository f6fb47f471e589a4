"""What answers from the head of a ranking: the extractive generator with the real encoder, and a callable of the user's own."""

from pathlib import Path

import pytest

from ragguard.plan.stages import ExtractiveGenerator as ExtractivePlan
from ragguard.plan.stages import PythonGenerator as PythonPlan
from ragguard.records.collection import Document, Query
from ragguard.records.evidence import Case, Observation, Ranked
from ragguard.systems import factory
from ragguard.systems.citations import ABSTENTION
from ragguard.systems.pipeline import Pipeline
from ragguard.systems.protocols import Asked
from ragguard.systems.sentences import sentences

WEBHOOKS = Document(
    "hooks", "Failed deliveries are tried again for 72 hours. The first retry comes after 15 seconds.\nEvents are signed.", "Webhooks"
)
KEYS = Document("keys", "An account holds at most 5 live keys. A key that leaked is rolled at once.", "Keys")
MODULE = """
def echo(question, texts):
    return f"{question}: {texts[0]} [1]"

def broken(question, texts):
    raise ValueError("no idea")

def number(question, texts):
    return 7
"""


def asked(question: str, *contexts: Document, name: str = "q") -> Asked:
    return Asked(name, question, contexts)


@pytest.fixture
def extractive(tmp_path: Path, vault, progress):
    def make(**more):
        made = factory.generator(ExtractivePlan(type="extractive", **more), base=tmp_path)
        made.prepare(vault, progress)
        return made

    return make


def test_sentences() -> None:
    assert sentences(WEBHOOKS.text) == (
        "Failed deliveries are tried again for 72 hours.",
        "The first retry comes after 15 seconds.",
        "Events are signed.",
    )
    assert sentences("Version 2.3 costs EUR 0.25 a call. See docs.") == ("Version 2.3 costs EUR 0.25 a call.", "See docs.")
    assert sentences("") == ()


def test_it_quotes_the_nearest_sentence_and_cites_its_document(extractive) -> None:
    generator = extractive(sentences=1)
    (said, other) = generator.answer(
        [
            asked("How many live keys may an account hold?", WEBHOOKS, KEYS),
            asked("After how long is the first retry?", WEBHOOKS, KEYS, name="r"),
        ]
    )
    assert said.answer is not None
    assert other.answer is not None
    assert said.answer.text == "An account holds at most 5 live keys. [2]"
    assert said.answer.citations == ("keys",)
    assert other.answer.text == "The first retry comes after 15 seconds. [1]"
    assert other.answer.citations == ("hooks",)


def test_it_abstains_where_nothing_is_near(extractive) -> None:
    (far, nothing) = extractive().answer([asked("Who painted the Mona Lisa?", WEBHOOKS, KEYS), asked("How many keys?", name="r")])
    for said in (far, nothing):
        assert said.answer is not None
        assert (said.answer.text, said.answer.abstained, said.answer.citations) == (ABSTENTION, True, ())


def test_the_same_answers_in_any_company_and_nothing_encoded_twice(extractive, vault) -> None:
    questions = [asked(f"{word} of live keys", WEBHOOKS, KEYS, name=word) for word in ("number", "limit", "maximum")]
    together = extractive().answer(questions)
    before = vault.blocks()
    assert extractive().answer(questions) == together
    assert vault.blocks() == before
    assert [extractive().answer([each])[0].answer.text for each in questions] == [said.answer.text for said in together]


def test_its_fingerprint_is_of_what_changes_answers(tmp_path: Path) -> None:
    plans = [{}, {"threshold": 0.5}, {"sentences": 1}, {"batch_size": 1}]
    prints = [factory.generator(ExtractivePlan(type="extractive", **more), base=tmp_path).fingerprint for more in plans]
    assert len(set(prints)) == 3
    assert prints[0] == prints[3]


class Fixed:
    fingerprint = "fixed"

    def index(self, corpus, vault, progress) -> None:
        pass

    def search(self, cases, depth):
        ranking = tuple(Ranked(name, 1.0) for name in ("unknown", "tea", "cat", "dog"))
        return [Observation(c.id, error="timeout") if c.id == "bad" else Observation(c.id, ranking) for c in cases]

    def notes(self):
        return {"documents": 8}


@pytest.fixture
def own(tmp_path: Path, request: pytest.FixtureRequest, corpus, vault, progress):
    name = "answer_" + "".join(c if c.isalnum() else "_" for c in request.node.name)
    (tmp_path / f"{name}.py").write_text(MODULE)

    def make(function: str, contexts: int = 2):
        plan = PythonPlan(type="python", callable=f"{name}:{function}", document_text="{text}")
        system = Pipeline(Fixed(), factory.generator(plan, base=tmp_path, allow_code=True), contexts)
        system.index(corpus, vault, progress)
        return system

    return make


def case(name: str) -> Case:
    return Case(name, "tea?", Query(name, "tea?", name), {})


def test_a_pipeline_answers_from_the_documents_that_the_corpus_has(own) -> None:
    (bad, fine) = own("echo", 3).search([case("bad"), case("q")], 5)
    assert (bad.error, bad.answer) == ("timeout", None)
    assert fine.contexts == ("tea", "cat")
    assert fine.answer is not None
    assert fine.answer.text == "tea?: Green tea is brewed at eighty degrees. [1]"
    assert fine.answer.citations == ("tea",)
    assert fine.seconds["generate"] > 0


@pytest.mark.parametrize(("function", "words"), [("broken", "ValueError: no idea"), ("number", "the answer is int, not text")])
def test_what_a_callable_does_wrong_is_the_error_of_the_case(own, function: str, words: str) -> None:
    (found,) = own(function).search([case("q")], 5)
    assert found.error == words
    assert found.answer is None
    assert found.ranking
