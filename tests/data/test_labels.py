"""Files of human labels."""

from pathlib import Path

import pytest

from ragguard.data.labels import Label, answer_sha256, read_labels, to_lines
from ragguard.errors import InputError
from ragguard.records.metric import Metric

HELPFUL, FAITHFUL = Metric.parse("rubric:helpful"), Metric.parse("ragas:Faithfulness")
JSONL = (
    '{"query": "q1", "answer": "30 s.", "label": true, "question": "How long?", "contexts": ["It waits 30 s."], "judge": 0.5}\n'
    '{"query": "q1", "answer": " 30\\n s. ", "label": 0, "rater": "ann"}\n'
    '{"query": "q1", "answer": "30 s.", "label": 0.25, "rater": "bob", "metric": "ragas:Faithfulness(judge=gpt)"}\n'
    '{"query": "q2", "answer": "40 s.", "label": null}\n'
)
CSV = 'query,answer,label,metric,rater,contexts\nq1,30 s.,true,,,"[""It waits 30 s.""]"\nq1," 30\n s. ",0,,ann,\n'


def write(folder: Path, text: str, name: str = "labels.jsonl") -> Path:
    (folder / name).write_text(text)
    return folder / name


def problems(folder: Path, text: str, name: str = "labels.jsonl") -> list[str]:
    with pytest.raises(InputError) as caught:
        read_labels(write(folder, text, name))
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


def test_raters_are_averaged_and_a_label_of_the_very_metric_comes_first(tmp_path: Path) -> None:
    labels = read_labels(write(tmp_path, JSONL))
    key = ("q1", answer_sha256("30 s."))
    assert labels.of(HELPFUL) == {key: 0.5}
    assert labels.of(FAITHFUL) == {key: 0.25}
    assert [label.query for label in labels.open] == ["q2"]
    assert labels.labels[0] == Label("q1", key[1], 1.0, None, "", "How long?", "30 s.", ("It waits 30 s.",), 0.5, 1)


def test_a_table_says_the_same(tmp_path: Path) -> None:
    labels = read_labels(write(tmp_path, CSV, "labels.csv"))
    assert labels.of(HELPFUL) == {("q1", answer_sha256("30 s.")): 0.5}
    assert labels.labels[0].contexts == ("It waits 30 s.",)


def test_white_space_does_not_make_another_answer_and_a_word_does() -> None:
    assert answer_sha256(" 30\n s. ") == answer_sha256("30 s.") != answer_sha256("30 S.")


def test_what_is_written_reads_back_and_a_hash_stands_for_an_answer(tmp_path: Path) -> None:
    first = read_labels(write(tmp_path, JSONL))
    again = read_labels(write(tmp_path, to_lines([*first.labels, *first.open]).decode(), "again.jsonl"))
    assert (again.labels, again.open, again.fingerprint) == (first.labels, first.open, first.fingerprint)
    hashed = write(tmp_path, f'{{"query": "q1", "answer_sha256": "{answer_sha256("30 s.")}", "label": 1}}\n', "hashed.jsonl")
    assert read_labels(hashed).of(HELPFUL) == {("q1", answer_sha256("30 s.")): 1.0}


def test_a_pair_and_an_intent_read_back_and_both_orders_are_two_rows(tmp_path: Path) -> None:
    text = '{"query": "q", "intent": "i", "answer": "a", "against": "b", "label": 1}\n'
    text += '{"query": "q", "answer": "b", "against": "a", "label": 0}\n'
    first = read_labels(write(tmp_path, text))
    assert [(label.intent, label.against) for label in first.labels] == [("i", "b"), ("", "a")]
    again = read_labels(write(tmp_path, to_lines(first.labels).decode(), "again.jsonl"))
    assert again.labels == first.labels
    assert len(problems(tmp_path, text + text.splitlines()[1] + "\n")) == 1


def test_the_fingerprint_hangs_on_labels_and_not_on_their_order(tmp_path: Path) -> None:
    lines = JSONL.splitlines(keepends=True)
    prints = [
        read_labels(write(tmp_path, "".join(text))).fingerprint
        for text in (lines, lines[::-1], [*lines[:2], lines[2].replace("0.25", "0.5")])
    ]
    assert prints[0] == prints[1] != prints[2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"query": "q", "answer": "a", "label": 1.5}', "labels.jsonl:1: label is 1.5; write a number from 0 (worst) to 1 (best)"),
        ('{"query": "q", "answer": "a", "label": "good"}', "label is 'good'"),
        ('{"query": "q", "answer": "a", "label": "nan"}', "label is 'nan'"),
        ('{"query": "q", "label": 1}', "has neither answer nor answer_sha256"),
        ('{"query": "q", "answer_sha256": "abc", "label": 1}', "answer_sha256 is 'abc'"),
        ('{"query": "q", "answer": "a", "answer_sha256": "' + "0" * 64 + '", "label": 1}', "is not that of answer"),
        ('{"answer": "a", "label": 1}', "has no query"),
        ('{"query": "q", "answer": "a", "label": 1, "metric": "a b"}', "is not a metric name"),
        ('{"query": "q", "answer": "a", "label": 1, "ratr": "x"}', "did you mean 'rater'?"),
        ('{"query": "q", "answer": "a", "label": 1}\n{"query": "q", "answer": "a ", "label": 0}', "labelled twice by nobody in particular"),
        ("", "there is no label"),
    ],
)
def test_what_is_no_label_says_so(tmp_path: Path, text: str, words: str) -> None:
    found = problems(tmp_path, text + "\n")
    assert len(found) == 1
    assert words in found[0]


def test_a_table_without_labels_and_a_name_without_a_format(tmp_path: Path) -> None:
    assert "has no label; a label has query, label" in problems(tmp_path, "query,answer\nq,a\n", "labels.csv")[0]
    assert "name it .csv, .tsv or .jsonl" in problems(tmp_path, "", "labels.txt")[0]
