"""Rows of labels become answers, each once, with all its raters."""

from pathlib import Path

import pytest

from ragguard.data.labelled import answers, metric_of
from ragguard.data.labels import Labels, read_labels
from ragguard.errors import InputError
from ragguard.records.metric import Metric

HELPFUL, FAITHFUL = Metric.parse("rubric:helpful"), Metric.parse("ragas:Faithfulness")
ROWS = (
    '{"query": "q1", "answer": "30 s.", "label": 1, "rater": "ann", "judge": 0.5, "contexts": ["c"]}\n'
    '{"query": "q1", "answer": "30 s.", "label": 0, "rater": "bob", "question": "How long?"}\n'
    '{"query": "q2", "answer": "40 s.", "label": 1, "intent": "i2"}\n'
    '{"query": "q2", "answer": "40 s.", "label": 0, "metric": "ragas:Faithfulness(judge=gpt)"}\n'
    '{"query": "q3", "answer": "50 s.", "label": null}\n'
)


def read(folder: Path, text: str = ROWS) -> Labels:
    (folder / "labels.jsonl").write_text(text)
    return read_labels(folder / "labels.jsonl")


def test_an_answer_has_all_its_raters_and_whatever_any_row_tells_of_it(tmp_path: Path) -> None:
    first, second = answers(read(tmp_path), HELPFUL, {"q1": "i1", "q2": "another"}, "labels.jsonl")
    assert (first.labels, first.label, first.judge, first.question, first.contexts) == ((1, 0), 0.5, 0.5, "How long?", ("c",))
    assert (first.intent, second.intent, second.labels, second.judge) == ("i1", "i2", (1,), None)


def test_labels_of_the_very_metric_come_first_and_a_query_without_an_intent_is_its_own(tmp_path: Path) -> None:
    first, second = answers(read(tmp_path), FAITHFUL, {}, "labels.jsonl")
    assert (first.labels, second.labels, first.intent) == ((1, 0), (0,), "q1")


def test_the_metric_is_what_the_labels_name_and_several_are_refused(tmp_path: Path) -> None:
    assert metric_of(read(tmp_path), "labels.jsonl") == FAITHFUL
    assert metric_of(read(tmp_path, '{"query": "q", "answer": "a", "label": 1}\n'), "labels.jsonl") is None
    both = ROWS + '{"query": "q2", "answer": "40 s.", "label": 0, "metric": "rubric:helpful"}\n'
    with pytest.raises(InputError, match=r"labels of ragas:Faithfulness and rubric:helpful; say which .* --metric 'ragas:Faithfulness'"):
        metric_of(read(tmp_path, both), "labels.jsonl")


def test_unlike_values_of_one_judge_and_two_intents_of_one_query_are_told_together(tmp_path: Path) -> None:
    unlike = (
        '{"query": "q", "answer": "a", "label": 1, "rater": "ann", "judge": 0.5, "intent": "one"}\n'
        '{"query": "q", "answer": "a", "label": 1, "rater": "bob", "judge": 0.75, "intent": "two"}\n'
    )
    with pytest.raises(InputError) as caught:
        answers(read(tmp_path, unlike), None, {}, "labels.jsonl")
    told = [str(problem) for problem in caught.value.problems]
    assert len(told) == 2
    assert "labels.jsonl:2: intent is 'two' here, and 'one' in line 1" in told[0]
    assert "labels.jsonl:2: judge is 0.75 here, and 0.5 in line 1" in told[1]
