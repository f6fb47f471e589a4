import pytest

from ragguard.errors import InputError
from ragguard.plan.retrievers import RecordedRetriever as Plan
from ragguard.records.collection import Query
from ragguard.systems.recorded import RecordedRetriever

RUN = "q1 Q0 cat 1 2.0 tag\nq1 Q0 dog 2 2.0 tag\nq1 Q0 ghost 3 1.0 tag\nq1~typo Q0 tea 1 1.0 tag\n"


@pytest.fixture
def run(tmp_path):
    path = tmp_path / "run.trec"
    path.write_text(RUN)
    return path


def made(run, corpus, vault, progress, **options):
    retriever = RecordedRetriever(Plan(type="recorded", run=run.name, **options), run)
    retriever.index(corpus, vault, progress)
    return retriever


def test_rankings_are_read_ties_by_id_descending(run, corpus, vault, progress, case):
    retriever = made(run, corpus, vault, progress)
    (found,) = retriever.search([case("pets")], 2)
    assert [(r.id, r.score) for r in found.ranking] == [("dog", 2.0), ("cat", 2.0)]
    assert retriever.notes() == {"queries": 2, "documents_not_in_corpus": 1, "document_not_in_corpus": "ghost"}


def test_an_absent_query_is_an_error_unless_the_plan_says_empty(run, corpus, vault, progress, case):
    (unscored,) = made(run, corpus, vault, progress).search([case("pets", "q9")], 2)
    assert unscored.error.startswith("query q9: not in the run run.trec (absent: empty")
    (empty,) = made(run, corpus, vault, progress, absent="empty").search([case("pets", "q9")], 2)
    assert (empty.error, empty.ranking) == ("", ())


def test_a_perturbed_case_does_not_take_the_answer_to_the_plain_query(run, corpus, vault, progress, case):
    known, unknown = made(run, corpus, vault, progress).search([case("ptes", "q1~typo", "pets"), case("PETS", "q1~case", "pets")], 5)
    assert [r.id for r in known.ranking] == ["tea"]
    assert "q1~case: not in the run" in unknown.error


def test_the_run_of_another_collection_is_refused(run, make_corpus, vault, progress):
    corpus = make_corpus({"a": "x"}, queries={"other": Query("other", "t", "i")})
    with pytest.raises(InputError, match="none of the collection's 1 queries"):
        made(run, corpus, vault, progress)


def test_a_missing_run_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="no such run file"):
        RecordedRetriever(Plan(type="recorded", run="no.trec"), tmp_path / "no.trec")


def test_the_fingerprint_is_the_content(run):
    before = RecordedRetriever(Plan(type="recorded", run="r"), run).fingerprint
    assert RecordedRetriever(Plan(type="recorded", run="r", absent="empty"), run).fingerprint != before
    run.write_text(RUN.replace("2.0", "3.0"))
    assert RecordedRetriever(Plan(type="recorded", run="r"), run).fingerprint != before
