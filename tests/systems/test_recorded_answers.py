"""A system whose answers another tool recorded: which answer belongs to which query, what it was given, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ragguard.errors import InputError
from ragguard.plan.recorded import RecordedAnswers as Plan
from ragguard.plan.retrievers import RecordedRetriever as RunPlan
from ragguard.plan.systems import SystemPlan
from ragguard.systems.recorded import RecordedRetriever
from ragguard.systems.recorded_answers import RecordedSystem

FOREIGN = Path(__file__).resolve().parent.parent / "data" / "foreign"

CAT, TEA = "The cat sleeps on the warm sofa all day.", "Green tea is brewed at eighty degrees."
ROWS = [
    {"user_input": "Where does the cat sleep?", "response": "On the sofa [2].", "retrieved_contexts": [TEA, CAT]},
    {"user_input": "How hot is tea?", "response": "The documents do not say.", "retrieved_contexts": ["is brewed at eighty", "nobody's"]},
    {"user_input": "What about dogs?", "response": "", "retrieved_contexts": []},
]  # fmt: skip


@pytest.fixture
def ragas(tmp_path):
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


@pytest.fixture
def make(corpus, vault, progress):
    def made(path, **options):
        system = RecordedSystem(Plan(results=path.name, **options), path)
        system.index(corpus, vault, progress)
        return system

    return made


def test_the_question_finds_the_answer_and_texts_find_their_documents(make, ragas, case):
    cat, tea = make(ragas).search([case("where does  the CAT sleep?", "q1"), case("How hot is tea?", "q2")], 10)
    assert [ranked.id for ranked in cat.ranking] == ["tea", "cat"]
    assert (cat.contexts, cat.answer.text, cat.answer.citations) == (("tea", "cat"), "On the sofa [2].", ("cat",))
    assert not cat.answer.abstained
    assert tea.answer.abstained
    assert tea.ranking[0].id == "tea", "a passage belongs to the one document that holds it"
    assert tea.ranking[1].id.startswith("text "), "a text that no document has is a result that the corpus does not know"


def test_what_has_no_answer_is_an_error(make, ragas, case):
    dogs, other = make(ragas).search([case("What about dogs?", "q3"), case("Who?", "q4")], 10)
    assert dogs.error == "answers.jsonl has no answer to it"
    assert other.error == "neither the id q4 nor its question is in answers.jsonl"


def test_ids_of_queries_and_documents_go_first(make, tmp_path, case):
    path = tmp_path / "x.jsonl"
    rows = [
        {"id": "q1", "question": "cats?", "answer": "sofa", "document_ids": ["cat", "ghost"]},
        {"id": "q2", "question": "tea?", "answer": "80"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found, wrong = make(path).search([case("cats?", "q1"), case("coffee?", "q2")], 1)
    assert found.contexts == ("cat", "ghost")
    assert [ranked.id for ranked in found.ranking] == ["cat"]
    assert wrong.error == "x.jsonl asks something else under the id q2: 'tea?'"


def test_a_perturbed_query_is_its_own_and_an_attacked_one_needs_its_id(make, tmp_path, case):
    path = tmp_path / "x.jsonl"
    rows = [{"id": "q1", "question": "cats?", "answer": "sofa"}, {"id": "q1~typos", "question": "ctas?", "answer": "typo"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    perturbed = case("ctas?", "q1~typos", "cats?")
    attacked = replace(case("cats?", "q1"), id="q1~poisoned", clean="q1", attack="poisoned")
    one, two = make(path).search([perturbed, attacked], 5)
    assert one.answer.text == "typo"
    assert two.error, "what was said without the attack is no answer to it"


def test_promptfoo_and_deepeval_files_are_systems_too(make, case):
    (found,) = make(FOREIGN / "promptfoo/out.json", part="old").search([case("What is a refund?", "r")], 5)
    assert found.answer.text == "Money back."
    (found,) = make(FOREIGN / "deepeval/new.json").search([case("Which currencies?", "c")], 5)
    assert found.answer.text == "EUR and USD."
    with pytest.raises(InputError, match="holds several systems"):
        make(FOREIGN / "promptfoo/out.json")


def test_scores_alone_are_no_system(make, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("id,acc\n1,1\n")
    with pytest.raises(InputError, match=r"holds scores and no answers \(table\).*ragguard compare BASELINE CANDIDATE"):
        make(path)
    with pytest.raises(InputError, match=r"holds scores and no answers \(ir-measures\)"):
        make(FOREIGN / "ir_measures/old.tsv")
    with pytest.raises(InputError, match=r"holds rankings \(trec\), and no answers; write retriever: \{type: recorded"):
        make(FOREIGN / "ir_measures/old.trec")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "lm_eval/nano/samples_sums_2026-11-21T15-39-32.529942.jsonl",
            r"it holds scores \(lm-eval\).*compare such results with: ragguard compare",
        ),
        ("ragas/old.csv", r"it holds answers \(ragas\).*recorded: \{results: old.csv\}"),
    ],
)
def test_what_ranks_nothing_is_no_run(name, words):
    with pytest.raises(InputError, match=words):
        RecordedRetriever(RunPlan(type="recorded", run=name), FOREIGN / name)


def test_mteb_predictions_are_a_run(make_corpus, vault, progress, case):
    path = FOREIGN / "mteb/new/TinyRetrieval_predictions.json"
    retriever = RecordedRetriever(RunPlan(type="recorded", run=path.name, part="default/test"), path)
    retriever.index(make_corpus({"d1": "a", "d2": "b", "d3": "c", "d4": "d"}), vault, progress)
    (found,) = retriever.search([case("x", "q2")], 2)
    assert [ranked.id for ranked in found.ranking] == ["d2", "d4"]


def test_a_log_of_inspect_ai_is_a_system_that_answered(make, tmp_path, case):
    log = json.loads((FOREIGN / "inspect/old.json").read_text())
    half_of_eight = [sample for sample in log["samples"] if sample["id"] == "half-of-eight"]
    asked = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": "What is half of 8?"}]}]
    for sample in half_of_eight:
        sample["input"] = asked
    path = tmp_path / "log.json"
    path.write_text(json.dumps(log))
    half, sum_, other = make(path).search(
        [case("What is half of 8?", "half-of-eight"), case("what is 6 + 6?", "q2"), case("What is 7 - 7?", "q3")], 10
    )
    assert half.answer.text == "4", "by its id"
    assert sum_.answer.text == "11", "by its question"
    assert other.error == "neither the id q3 nor its question is in log.json"
    assert half.ranking == ()


def test_documents_that_read_the_same_are_refused(make_corpus, vault, progress, ragas):
    system = RecordedSystem(Plan(results=ragas.name), ragas)
    with pytest.raises(InputError, match="have the same text"):
        system.index(make_corpus({"a": "same", "b": "same"}), vault, progress)


def test_a_plan_names_one_kind_of_system_and_no_stages_beside_it():
    assert SystemPlan.model_validate({"recorded": {"results": "x.jsonl"}}).answers
    with pytest.raises(ValueError, match="one of them, not several and not none"):
        SystemPlan.model_validate({"recorded": {"results": "x"}, "retriever": {"type": "lexical"}})
    with pytest.raises(ValueError, match="recorded: is a whole system"):
        SystemPlan.model_validate({"recorded": {"results": "x"}, "generator": {"type": "extractive", "model": "m", "threshold": 0.5}})


def test_the_fingerprint_is_the_content(ragas):
    before = RecordedSystem(Plan(results="x"), ragas).fingerprint
    assert RecordedSystem(Plan(results="elsewhere"), ragas).fingerprint == before
    assert RecordedSystem(Plan(results="x", document_text="{title}"), ragas).fingerprint != before
    ragas.write_text(ragas.read_text().replace("sofa", "bed"))
    assert RecordedSystem(Plan(results="x"), ragas).fingerprint != before
