"""Judges measured on labelled answers: values from the file, or a plan's judge on loopback; answers sampled, labelled, and measured."""

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from judged_worlds import IMPATIENT, PROMPT, gate

from ragguard.cli import invoke
from ragguard.data.labels import read_labels
from ragguard.reports.judge import files

HOSTILE = "</td><script>alert(1)</script> \x1b[31m[bold] & co"


def people(answer: str) -> int:
    """What a person says: yes to what comes from a document, but for a few questions."""
    return int("step by step" in answer and "question 7" not in answer)


def write(folder: Path, rows: list[dict[str, Any]], name: str = "labels.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def labelled(answers: int = 60, **more: Any) -> list[dict[str, Any]]:
    """Two answers to each query; the judge is wrong about each seventh."""
    return [
        {"query": f"q{i // 2}", "question": "How long?", "answer": f"answer {i} {'so ' * (i % 9)}", "label": i % 2,
         "judge": (i % 2 + (i % 7 == 0)) % 2, **more}
        for i in range(answers)
    ]  # fmt: skip


def measured(capsys: pytest.CaptureFixture[str], *arguments: str | Path, code: int = 0) -> Any:
    capsys.readouterr()
    assert invoke(["judge", "calibrate", *map(str, arguments), "--json"]) == code
    return json.loads(capsys.readouterr().out)


# --- values of the file ---


def test_values_of_the_file_are_measured_and_the_json_fits_its_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = labelled()
    found = measured(capsys, write(tmp_path, rows), "--out", tmp_path / "out")
    table = found["agreement"]["confusion"]
    wrong = sum(row["label"] != row["judge"] for row in rows)
    assert table["judge_only"] + table["people_only"] == wrong == 9
    assert found["agreement"]["agreement"]["value"] == pytest.approx(51 / 60)
    assert found["agreement"]["intents"] == 30
    assert len(found["worst"]) == 9
    written = json.loads((tmp_path / "out" / "calibration.json").read_text(encoding="utf-8"))
    assert written == found
    jsonschema.Draft202012Validator(files.schema()).validate(written)


def test_the_same_labels_make_the_same_bytes(tmp_path: Path) -> None:
    labels = write(tmp_path, labelled())
    for out in ("one", "two"):
        assert invoke(["judge", "calibrate", str(labels), "--out", str(tmp_path / out)]) == 0
    for name in ("calibration.json", "calibration.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


class Page(HTMLParser):
    """What a page is made of, and whether every tag is closed where it ought to be."""

    VOID = frozenset({"meta", "br", "path", "use", "rect", "line"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_whole_asks_no_server_and_lets_nobody_in(tmp_path: Path) -> None:
    rows = [row | {"question": HOSTILE, "rater": rater} for row in labelled() for rater in ("ann", "bob")]
    assert invoke(["judge", "calibrate", str(write(tmp_path, rows)), "--out", str(tmp_path)]) == 0
    text = (tmp_path / "calibration.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    names = [tag for tag, _ in page.tags]
    assert not {"script", "link", "img", "iframe", "object"} & set(names)
    assert names.count("svg") == 2
    links = [value for _, found in page.tags for key, value in found.items() if key in ("src", "href", "xlink:href") and value]
    assert all(link.startswith("#") for link in links)
    ids = [found["id"] for _, found in page.tags if "id" in found]
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in links} <= set(ids)
    assert "url(http" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text
    assert "<script>alert(1)</script>" in page.text
    assert all(word in page.text for word in ("Cohen's kappa", "sensitivity", "ROC curve", "people say yes", "Where they disagree most"))
    scopes = [found.get("scope") for tag, found in page.tags if tag == "th"]
    assert scopes
    assert all(scope in ("row", "col") for scope in scopes)
    pictures = [str(found["aria-labelledby"]).split() for _, found in page.tags if found.get("role") == "img"]
    assert len(pictures) == 2
    assert {name for names in pictures for name in names} <= set(ids)
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport"' in text


def test_what_is_printed_is_the_verdict_in_words_and_lets_no_control_character_through(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert invoke(["judge", "calibrate", str(write(tmp_path, labelled(question=HOSTILE)))]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "This judge agrees with people better than chance (kappa 0.7" in told
    assert "It says the same as people of 85% of 60 answers" in told
    assert "No leniency and no strictness can be seen" in told
    assert "more labels are needed for kappa, sensitivity and specificity to be known to +-0.1" in told
    assert "\x1b" not in told
    assert "[bold] & co" in told


def test_a_lenient_judge_that_likes_long_answers_and_the_first_place_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lenient = [
        {
            "query": f"q{i}",
            "answer": "so " * (1 + i % 13),
            "label": i % 2,
            "judge": min(1.0, 0.3 + 0.4 * (i % 2) + 0.02 * (i % 13) + 0.01 * (i % 3)),
        }
        for i in range(80)
    ]
    said = " ".join(measured(capsys, write(tmp_path, lenient))["summary"])
    assert "It is too lenient by" in said
    assert "It prefers long answers" in said
    pairs = [
        {"query": f"q{i}", "answer": one, "against": other, "label": int(one == "a"), "judge": 1 if i % 4 else int(one == "a")}
        for i in range(40)
        for one, other in (("a", "b"), ("b", "a"))
    ]
    found = measured(capsys, write(tmp_path, pairs, "pairs.jsonl"))
    position = found["agreement"]["position"]
    assert (position["pairs"], position["first"], position["second"]) == (40, 30, 0)
    assert "Position decides 75% of 40 pairs" in " ".join(found["summary"])
    assert "stands first (p < 0.0001)" in " ".join(found["summary"])


def test_several_raters_are_the_ceiling(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [row | {"rater": rater, "label": row["label"] if rater == "ann" or i % 11 else 1 - row["label"]}
            for i, row in enumerate(labelled(200)) for rater in ("ann", "bob")]  # fmt: skip
    found = measured(capsys, write(tmp_path, rows))
    assert found["raters"] == 2
    assert found["agreement"]["tied"] == 19
    people = found["agreement"]["people"]
    assert (people["answers"], people["alpha"]["n"]) == (200, 400)
    assert people["alpha"]["value"] == pytest.approx(0.81, abs=0.02)
    assert "with their single labels, and" in found["summary"][0]


@pytest.mark.parametrize("rows", [[], labelled(1), labelled(2), labelled(3)], ids=len)
def test_too_few_labels_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[dict[str, Any]]) -> None:
    open_ = {"query": "q-open", "answer": "a", "label": None, "judge": 1}
    found = measured(capsys, write(tmp_path, [*rows, open_]), "--out", tmp_path / "out")
    assert found["open"] == 1
    assert "cannot be told" in found["summary"][0] or "Nothing can be told" in found["summary"][0]
    assert found["agreement"]["kappa"]["value"] is None
    assert "NaN" not in (tmp_path / "out" / "calibration.html").read_text(encoding="utf-8")


def test_problems_of_a_file_come_all_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"query": "q", "answer": "a", "label": 7},
        {"query": "q", "label": 1},
        {"query": "q", "answer": "b", "label": 1, "judge": "good"},
    ]
    told = measured(capsys, write(tmp_path, rows), code=3)["error"]
    assert len(told) == 3
    assert all(f"labels.jsonl:{number}:" in line for number, line in enumerate(told, 1))


@pytest.mark.parametrize(
    ("rows", "arguments", "words"),
    [
        ([{"query": "q", "answer": "a", "label": 1}], [], "holds no judge's values; write them as judge, or have the plan's judge asked"),
        (labelled(), ["--judge", "gpt"], "'gpt' is a judge of a plan; name that too"),
        (labelled(), ["--threshold", "3"], "3 is none of 0 to 1"),
        (labelled(), ["--metric", "a b"], "is not a metric name"),
        (labelled(), ["--plan", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_what_cannot_be_measured_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[dict[str, Any]], arguments: list[str], words: str
) -> None:
    assert words in " ".join(measured(capsys, write(tmp_path, rows), *arguments, code=3)["error"])


# --- sampled from a run, and judged by the plan's judge ---


def fill(made: Any, name: str = "labels.jsonl") -> list[dict[str, Any]]:
    """Label what was sampled, as people would."""
    rows = [json.loads(line) for line in made.path(name).read_text(encoding="utf-8").splitlines()]
    write(made.folder, [row | {"label": people(row["question"] + row["answer"]), "rater": "ann"} for row in rows], name)
    return rows


def test_answers_are_sampled_labelled_and_the_judges_verdicts_come_from_the_store(
    judged: Callable[..., Any], script: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    made = judged("vague")
    gate(made)
    asked = script.tries
    capsys.readouterr()
    assert made.run("judge", "sample", "gate.yaml", "--n", "40", "--out", "labels.jsonl", "--allow-code", "--json") == 0
    drawn = json.loads(capsys.readouterr().out)
    rows = fill(made)
    assert drawn["queries"] == 40
    assert drawn["rows"] == len(rows) == 40 + drawn["unlike"]
    assert 5 < drawn["unlike"] < 25
    assert drawn["arms"] == ["baseline", "new"]
    assert not any("baseline" in json.dumps(row) or "new" in json.dumps(row).split() for row in rows)
    assert all(row["label"] is None and row["contexts"] and row["question"] and row["intent"] for row in rows)
    found = measured(capsys, "labels.jsonl", "--plan", "gate.yaml", "--judge", "helpful", "--allow-code")
    assert script.tries == asked
    assert (found["judge"], found["metric"], found["unjudged"]) == ("helpful", "rubric:helpful", {})
    assert len(found["judge_fingerprint"]) == 64
    assert found["agreement"]["answers"] == len(rows)
    assert found["agreement"]["prediction"]["margin"] == 0.05
    assert all(each["reason"].startswith("It says: ") for each in found["worst"])


def test_a_larger_sample_holds_the_smaller_one_and_another_seed_draws_others(judged: Callable[..., Any]) -> None:
    made = judged("vague")
    gate(made)
    for out, *options in (("a", "--n", "10"), ("b", "--n", "20"), ("c", "--n", "10", "--seed", "8"), ("d", "--n", "10")):
        assert made.run("judge", "sample", "reports/tiny", "--out", f"{out}.jsonl", "--allow-code", *options) == 0
    drawn = {name: {label.query for label in read_labels(made.path(f"{name}.jsonl")).open} for name in "abc"}
    assert len(drawn["a"]) == 10
    assert drawn["a"] < drawn["b"]
    assert drawn["a"] != drawn["c"]
    assert made.path("a.jsonl").read_bytes() == made.path("d.jsonl").read_bytes()
    order = [json.loads(line)["query"] for line in made.path("b.jsonl").read_text().splitlines()]
    assert order != sorted(order)


def test_a_sample_overwrites_no_labels_and_is_not_drawn_from_what_has_changed(
    judged: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    made = judged("vague")
    gate(made)
    assert made.run("judge", "sample", "--out", "gate.yaml", "--allow-code") == 3
    assert made.run("judge", "sample", "--suite", "gold", "--out", "x.jsonl", "--allow-code") == 3
    assert made.run("judge", "sample", "--candidate", "nwe", "--out", "x.jsonl", "--allow-code") == 3
    told = capsys.readouterr().err
    assert "exists, and may hold labels" in told
    assert "did you mean 'golden'?" in told
    assert "did you mean 'new'?" in told
    made.edit("collection/queries.jsonl", "question 3:", "question 33:")
    assert made.run("judge", "sample", "--out", "x.jsonl", "--allow-code") == 3
    assert "is not the one that the report was made on" in capsys.readouterr().err
    assert not made.path("x.jsonl").exists()


def test_a_run_without_answers_has_nothing_to_label(tiny: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    made = tiny(queries=90)
    assert made.gate() == 0
    assert made.run("judge", "sample") == 3
    assert "answers are what people label" in capsys.readouterr().err


def label_some(made: Any, answers: int = 24, **more: Any) -> None:
    said = ("How they work, step by step. [1]", "It depends, as so often. [1]")
    rows = [
        {"query": f"q-{i:03d}", "question": f"question {i}", "answer": said[i % 2], "label": (i + i // 8) % 2, **more}
        for i in range(answers)
    ]
    write(made.folder, rows)


def test_some_failures_are_counted_and_a_dead_judge_is_exit_code_4(
    judged: Callable[..., Any], script: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    made = judged(judge=IMPATIENT)
    label_some(made)
    script.failures = {"malformed": 0.3}
    found = measured(capsys, "labels.jsonl", "--plan", "gate.yaml", "--allow-code")
    lost = found["unjudged"]["not JSON"]
    assert lost == script.counts["malformed"] > 0
    assert found["agreement"]["answers"] == 24 - lost
    assert f"{lost} of 24 labelled answers have no judge's value (not JSON {lost})" in found["warnings"][0]
    made.write("judge.j2", f"Again. {PROMPT}")
    script.gone = True
    told = measured(capsys, "labels.jsonl", "--plan", "gate.yaml", "--allow-code", code=4)
    assert "the judge 'helpful' could judge none of 24 answers" in told["error"][0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--judge", "helpfull"], "there is no judge 'helpfull' in the plan; did you mean 'helpful'?"),
        (["--metric", "ragas:Faithfulness"], "is not what 'helpful', a judge of type rubric, gives; for instance rubric:helpful"),
        (["--metric", "nDCG@10"], "is not what 'helpful'"),
    ],
)
def test_a_judge_or_metric_that_the_plan_does_not_have_is_refused(
    judged: Callable[..., Any], capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    made = judged()
    label_some(made)
    assert words in " ".join(measured(capsys, "labels.jsonl", "--plan", "gate.yaml", "--allow-code", *arguments, code=3)["error"])


def test_a_judge_of_pairs_is_asked_both_orders_and_told_what_sways_it(
    judged: Callable[..., Any], script: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    made = judged()
    score = {"type": "object", "properties": {"score": {"enum": ["A", "B", "tie"]}}, "required": ["score"], "additionalProperties": False}
    made.write("pair.json", json.dumps(score))
    made.write("pair.j2", "Question: {{ question }}\nA: {{ answer_a }}\nB: {{ answer_b }}\nWhich is better?")
    more = "  better: {type: rubric, base_url: '{url}', model: judge-2, prompt: pair.j2, schema: pair.json, pairwise: true}\n"
    url = next(line.split("base_url: ")[1] for line in made.path("gate.yaml").read_text().splitlines() if "base_url" in line)
    made.write("gate.yaml", made.path("gate.yaml").read_text() + more.replace("{url}", url))

    def prefers(body: dict[str, Any]) -> dict[str, str]:
        text = body["messages"][-1]["content"]
        first = text.split("\nB: ")[0]
        return {"score": "A" if "question 1" in text or "step by step" in first else "B"}

    script.reply = prefers
    said = ("How they work, step by step. [1]", "It depends. [1]")
    rows = [
        {"query": f"q-{i:03d}", "question": f"question {i}.", "answer": said[i % 2], "against": said[1 - i % 2], "label": 1 - i % 2}
        for i in range(40)
    ]
    write(made.folder, rows)
    found = measured(capsys, "labels.jsonl", "--plan", "gate.yaml", "--judge", "better", "--allow-code")
    position = found["agreement"]["position"]
    assert (position["pairs"], position["first"], position["second"]) == (40, 11, 0)
    assert found["agreement"]["tied"] == 11
    assert found["agreement"]["agreement"]["value"] == 1
    assert "stands first" in " ".join(found["summary"])
    told = measured(capsys, "labels.jsonl", "--plan", "gate.yaml", "--judge", "helpful", "--allow-code", code=3)["error"]
    assert len(told) == 40
    assert "labels.jsonl:1: has an against; the judge looks at one answer" in told[0]
