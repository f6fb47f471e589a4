"""What of an arm's answers is judged: what a judge is shown, what needs none, and what comes of several answers."""

from pathlib import Path

import pytest

from ragguard import judging
from ragguard.data.collection import load
from ragguard.judges.build import Seat
from ragguard.judging import Seen
from ragguard.metrics import catalog
from ragguard.metrics.judged import TABLE, score_of
from ragguard.metrics.scoring import score
from ragguard.plan.judges import NliJudge, RagasJudge, RubricJudge
from ragguard.records.collection import Document, Query
from ragguard.records.evidence import Answer, Case, NotApplicable, Observation, Ranked, Unscored
from ragguard.records.judgement import Asked, Judgement, Verdict
from ragguard.records.metric import Metric, Scale

QUERY = Query("q", "How many keys?", "keys", gold_answer="At most 5.", required=("5",))
CASE = Case("q~typos", "How mny keys?", QUERY, {"keys": 1})
KEYS = Document("keys", "An account holds at most 5 keys.", "Keys", version="v2.0", status="current")
HOOKS = Document("hooks", "Deliveries are tried again.")
ANSWER = Answer("At most 5 keys [1].", ("keys",))


@pytest.fixture
def collection(tmp_path: Path):
    (tmp_path / "qrels").mkdir()
    (tmp_path / "corpus.jsonl").write_text(
        '{"_id": "keys", "title": "Keys", "text": "An account holds at most 5 keys.", "version": "v2.0", "status": "current"}\n'
        '{"_id": "hooks", "text": "Deliveries are tried again."}\n'
    )
    (tmp_path / "queries.jsonl").write_text('{"_id": "q", "text": "How many keys?"}\n')
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\tkeys\t1\n")
    return load(tmp_path, "test")


@pytest.fixture
def seen(collection):
    def made(answer=ANSWER, contexts=("keys", "hooks"), ranked=("hooks", "keys"), case=CASE, error=""):
        return Seen(case, Observation(case.id, contexts=contexts, answer=answer, error=error), ranked, collection)

    return made


RAGAS = Seat("gpt", RagasJudge(type="ragas", base_url="http://x", model="m"), None)
NLI = Seat("local", NliJudge(type="nli", model="m"), None)


def rubric(sees=frozenset({"question", "answer"}), **more):
    plan = RubricJudge(type="rubric", base_url="http://x", model="m", prompt="{{ answer }}", schema="s", **more)
    return Seat("r", plan, None, sees)


def known(seat, metric, seen, reference=None):
    return list(judging._known(seat, Metric.parse(metric), seen, reference))


def test_a_document_is_shown_with_its_title_version_and_status() -> None:
    assert judging.shown(KEYS) == "Keys (version 2.0, current)\nAn account holds at most 5 keys."
    assert judging.shown(HOOKS) == "Deliveries are tried again."


@pytest.mark.parametrize(
    ("metric", "shown"),
    [
        ("ragas:Faithfulness", {"question", "answer", "contexts"}),
        ("ragas:AnswerRelevancy", {"question", "answer"}),
        ("ragas:ContextRecall", {"question", "contexts", "reference"}),
        ("ragas:SemanticSimilarity", {"answer", "reference"}),
    ],
)
def test_a_judge_is_shown_what_its_metric_looks_at(seen, metric, shown) -> None:
    (asked,) = known(RAGAS, metric, seen())
    told = {name for name in ("question", "answer", "contexts", "reference", "required") if getattr(asked, name)}
    assert told == shown
    assert asked.question in ("", "How mny keys?")
    assert asked.answer in ("", "At most 5 keys [1].")
    assert asked.contexts in ((), (judging.shown(KEYS), judging.shown(HOOKS)))


def test_with_a_cutoff_what_was_found_is_the_ranking(seen) -> None:
    (asked,) = known(RAGAS, "ragas:ContextPrecision@1", seen(answer=None, contexts=()))
    assert asked.contexts == (judging.shown(HOOKS),)
    (asked,) = known(RAGAS, "ragas:ContextPrecision@5", seen(ranked=("gone", "keys")))
    assert asked.contexts == (judging.shown(KEYS),)


def test_a_rubric_is_shown_what_stands_in_its_prompt(seen) -> None:
    (asked,) = known(rubric(), "rubric:r", seen())
    assert asked == Asked("q~typos", "How mny keys?", "At most 5 keys [1].")
    (asked,) = known(rubric(frozenset({"answer", "required", "reference"})), "rubric:r", seen())
    assert asked == Asked("q~typos", "", "At most 5 keys [1].", (), "At most 5.", ("5",))


ABSTAINS = {
    "ragas:Faithfulness": 1.0,
    "ragas:ResponseGroundedness": 1.0,
    "nli:Faithfulness": 1.0,
    "ragas:AnswerRelevancy": 0.0,
    "ragas:FactualCorrectness": 0.0,
    "ragas:AnswerCorrectness": 0.0,
    "ragas:AnswerAccuracy": 0.0,
    "ragas:SemanticSimilarity": 0.0,
    "ragas:NoiseSensitivity": 0.0,
    "ragas:QuotedSpansAlignment": 1.0,
    "ragas:SummaryScore": 0.0,
}
RUBRICS = {"ragas:RubricsScoreWithReference", "ragas:RubricsScoreWithoutReference"}
"""What nothing is worth, their scale says, and so the judge."""


@pytest.mark.parametrize("metric", sorted(TABLE))
def test_what_an_abstention_is_worth_needs_no_judge(seen, metric) -> None:
    (found,) = known(RAGAS, metric, seen(Answer("The documents do not say.", abstained=True)))
    if metric in ABSTAINS:
        assert found == Judgement("q~typos", "", (Verdict(ABSTAINS[metric], "it says that the documents do not tell"),))
    else:
        assert isinstance(found, Asked)


@pytest.mark.parametrize("metric", sorted(TABLE))
def test_what_an_answer_from_nothing_is_worth_needs_no_judge(seen, metric) -> None:
    (found,) = known(RAGAS, metric, seen(contexts=()))
    if "contexts" in TABLE[metric].sees and metric not in RUBRICS:
        assert found == Judgement("q~typos", "", (Verdict(0.0, "there is no document"),))
    else:
        assert isinstance(found, Asked)


def test_a_rubric_says_itself_what_an_abstention_is_worth(seen) -> None:
    assert isinstance(known(rubric(), "rubric:r", seen(Answer("The documents do not say.", abstained=True), ()))[0], Asked)


def test_every_sample_is_judged_and_what_was_found_once(seen) -> None:
    drawn = (Answer("one"), Answer("two"), Answer("no", abstained=True))
    several = seen(Answer("one", samples=drawn))
    found = known(RAGAS, "ragas:Faithfulness", several)
    assert [each.answer for each in found[:2]] == ["one", "two"]
    assert found[2].values == (1.0,)
    assert len(known(RAGAS, "ragas:ContextRecall", several)) == 1


def test_pairs_are_made_with_the_baselines_answer(seen) -> None:
    pairs = rubric(frozenset({"question", "answer", "against"}), pairwise=True)
    several = seen(Answer("one", samples=(Answer("one"), Answer("two"), Answer("three"))))
    assert {each.verdicts[0].value for each in known(pairs, "rubric:r", several)} == {0.5}  # the baseline itself
    theirs = {"q~typos": Answer("a", samples=(Answer("a"), Answer("b")))}
    assert [each.against for each in known(pairs, "rubric:r", several, theirs)] == ["a", "b", "a"]
    (found,) = known(pairs, "rubric:r", seen(), {})
    assert found.verdicts[0].error == "nothing to compare with: the baseline gave no answer"


def judgement(*verdicts: Verdict | float) -> Judgement:
    return Judgement("q", "gpt", tuple(each if isinstance(each, Verdict) else Verdict(each) for each in verdicts))


LATE = Verdict(error="timed out: late")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([judgement(0.5)], 0.5),
        ([judgement(0.0, 1.0, 0.5)], 0.5),
        ([judgement(0.0, 1.0), judgement(1.0)], 0.75),
        ([judgement(0.2, LATE)], 0.2),
        ([judgement(LATE), judgement(1.0)], 1.0),
        ([judgement(LATE)], Unscored("gpt: timed out: late")),
        ([judgement(LATE, LATE), judgement(LATE)], Unscored("gpt: timed out: late (and 2 more verdicts came to nothing)")),
    ],
)
def test_verdicts_become_a_score(said, expected) -> None:
    assert score_of(said) == expected


@pytest.mark.parametrize(
    ("metric", "query", "applies"),
    [
        ("ragas:Faithfulness", Query("q", "x", "i", answerable=False), True),
        ("rubric:any", Query("q", "x", "i", answerable=False), True),
        ("ragas:AnswerRelevancy", Query("q", "x", "i", answerable=False), False),
        ("ragas:AnswerCorrectness", Query("q", "x", "i"), False),
        ("ragas:AnswerCorrectness", QUERY, True),
        ("ragas:ContextRecall@5", Query("q", "x", "i"), False),
        ("ragas:ContextRelevance@5", Query("q", "x", "i"), True),
    ],
)
def test_a_metric_applies_by_the_case_alone(metric, query, applies) -> None:
    case = Case("q", "x", query, {"keys": 1})
    assert (catalog.applicable(Metric.parse(metric), case) is None) == applies
    found = score(Metric.parse(metric), [case], {"q": Observation("q", (Ranked("keys", 1.0),), answer=ANSWER)})["q"]
    assert isinstance(found, Unscored if applies else NotApplicable)


def test_what_judges_cannot_see_stays_unscored() -> None:
    metric = Metric.parse("ragas:ContextRecall@5")
    case = Case("q", "x", QUERY, {"keys": 1})
    twice = Observation("q", (Ranked("keys", 1.0), Ranked("keys", 1.0)))
    assert "ranked twice" in score(metric, [case], {"q": twice})["q"].unscored
    assert score(metric, [case], {"q": Observation("q", error="down")})["q"] == Unscored("down")
    assert score(metric.at(None), [case], {"q": Observation("q")})["q"] == Unscored("the system gave no answer")
    assert score(metric, [case], {"q": Observation("q")})["q"] == Unscored("no judge was asked")


def test_scales_and_what_needs_answers() -> None:
    assert catalog.scale(Metric.parse("ragas:Faithfulness")) == Scale()
    assert catalog.scale(Metric.parse("ragas:NoiseSensitivity")) == Scale(higher_is_better=False)
    about = {name: catalog.about_answers(Metric.parse(name)) for name in ("ragas:ContextPrecision", "ragas:ContextPrecision@5", "rubric:a")}
    assert about == {"ragas:ContextPrecision": True, "ragas:ContextPrecision@5": False, "rubric:a": True}
