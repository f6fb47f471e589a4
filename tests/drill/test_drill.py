"""A drill from end to end: what is planted is caught, what is harmless is not, and a blind suite is told what it lacks."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from drill_worlds import BLIND, SEEING

from ragguard.drill import catalog
from ragguard.reports.drill import files

PLANTED = (
    "relevant-dropped",
    "stale-index",
    "product-missing:north",
    "versions-swapped",
    "ranking-shuffled",
    "first-lost",
    "nothing-found",
    "other-ranking",
    "value-replaced",
    "other-version",
    "citation-shifted",
    "citations-lost",
    "citation-invented",
    "cut-off",
    "always-refuses",
    "never-refuses",
    "other-answer",
)
HARMLESS = (
    "unchanged",
    "documents-reordered",
    "scores-rescaled",
    "scores-float16",
    "answer-reflowed",
    "citations-behind",
    "times-jittered",
)
ABSENT = {
    "embeddings-noised": "no embeddings",
    "wrong-pooling": "no embeddings",
    "order-reversed": "no reranker",
    "adapter-not-loaded": "no language model",
    "orders-followed": "no suite plants passages with orders",
}


@pytest.fixture
def seeing(drill_range: Callable[..., Any]) -> Any:
    return drill_range(SEEING)


@pytest.mark.slow
def test_what_is_planted_is_caught_and_what_is_harmless_is_not_blocked(seeing: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code = seeing.run()
    told = capsys.readouterr().out
    by_name = {each["name"]: each for each in seeing.found["mutants"]}
    assert {name: by_name[name]["result"] for name in PLANTED} == dict.fromkeys(PLANTED, "caught"), told
    assert {name: by_name[name]["result"] for name in HARMLESS} == dict.fromkeys(HARMLESS, "let through"), told
    assert not [each for each in by_name.values() if each["result"] == "stopped"]
    assert all(reason in by_name[name]["reason"] and by_name[name]["result"] == "not applicable" for name, reason in ABSENT.items())
    # No check is about length or time, no query requires the caveat, and titles alone are enough to find a document.
    survived = {name for name, each in by_name.items() if each["result"] == "survived"}
    assert survived == {"longer", "slower", "caveat-dropped", "documents-cut"}
    assert code == 1
    assert by_name["first-lost"]["starts"] <= 0.25
    assert any(moved["check"] == "golden/nDCG@10" for moved in by_name["first-lost"]["shots"][-1]["caught_by"])
    assert "golden/InventedCitation" in {moved["check"] for moved in by_name["citation-invented"]["shots"][-1]["caught_by"]}
    assert "would have gone out" in told
    assert "no blocking or veto check is of a metric that sees this, such as LengthRatio" in " ".join(told.split())


def test_a_stronger_mutant_spoils_no_fewer_cases(seeing: Any) -> None:
    seeing.run("--mutant", "first-lost", "--mutant", "value-replaced")
    for name in ("first-lost", "value-replaced"):
        touched = [shot["touched"] for shot in seeing.of(name)["shots"]]
        assert touched == sorted(touched)
        assert touched[0] < touched[-1]


def test_a_second_drill_says_the_same_and_asks_nothing(seeing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["--mutant", "nothing-found", "--mutant", "unchanged"]
    first = seeing.run(*names)
    before = (seeing.folder / "reports/tiny/drill.json").read_bytes()

    def refuse(*_: object) -> None:
        raise AssertionError("it was planted again")

    monkeypatch.setattr("ragguard.drill.planting.Planter.plant", refuse)
    assert seeing.run(*names) == first == 0
    assert (seeing.folder / "reports/tiny/drill.json").read_bytes() == before


def test_a_blind_suite_lets_bad_answers_out_and_is_told_what_it_lacks(drill_range: Callable[..., Any]) -> None:
    made = drill_range(BLIND)
    assert made.run("--mutant", "value-replaced", "--mutant", "nothing-found", "--mutant", "caveat-dropped") == 1
    value = made.of("value-replaced")
    assert value["result"] == "survived"
    assert value["starts"] is None
    assert value["missing"][0].endswith("and no check's score fell")
    assert "UnsupportedValue" in " ".join(value["missing"])
    assert "no query requires a caveat (a required: with unless, except, only, not...)" in made.of("caveat-dropped")["missing"]
    assert made.of("nothing-found")["result"] == "caught"


def test_it_is_said_which_product_has_no_versioned_query(drill_range: Callable[..., Any]) -> None:
    made = drill_range(BLIND.replace("nDCG@10", "Success@10"), generator=False, unversioned="south")
    assert made.run("--mutant", "versions-swapped") == 1
    missing = made.of("versions-swapped")["missing"]
    assert "no versioned query of product south" in missing
    assert any(line.startswith("no query asks for a version of f01, f03") for line in missing)


def test_a_reranker_is_spoiled_and_asked_again_behind_a_spoiled_retriever(drill_range: Callable[..., Any]) -> None:
    made = drill_range(reranker=True)
    names = ["order-reversed", "scores-constant", "first-lost", "unchanged", "ranking-reversed"]
    made.run(*(word for name in names for word in ("--mutant", name)))
    assert made.of("order-reversed")["result"] == "caught"
    assert made.of("unchanged")["shots"][0]["answer"] == "promote"
    # The reranker puts the first five right again, whatever their order.
    assert made.of("first-lost")["result"] == "caught"
    assert made.of("ranking-reversed")["kind"] == "retrieval"


def test_a_mutant_of_ones_own_is_planted(seeing: Any) -> None:
    name = f"{seeing.module}:shouted"
    assert seeing.run("--mutant", name) == 0
    mine = seeing.of(name)
    assert (mine["kind"], mine["result"], mine["about"]) == ("own", "caught", "Says it without its citations.")
    assert [shot["strength"] for shot in mine["shots"]] == [0.5, 1.0]
    harmless = f"{seeing.module}:calm"
    assert seeing.run("--mutant", harmless) == 0
    assert seeing.of(harmless)["result"] == "let through"


def test_the_stated_strength_decides_what_has_to_be_caught(seeing: Any) -> None:
    assert seeing.run("--mutant", "first-lost", "--strength", "0.001") == 1
    assert seeing.of("first-lost")["stated"] == 0.001
    assert [shot["strength"] for shot in seeing.of("first-lost")["shots"]] == [0.001, 0.05, 0.1, 0.25, 0.5]
    assert seeing.run("--mutant", "first-lost", "--strength", "first-lost=0.5") == 0


def test_json_is_the_file_and_fits_the_schema(seeing: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert seeing.run("--mutant", "first-lost", "--mutant", "times-jittered", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    jsonschema.validate(told, files.schema())
    assert told == seeing.found
    assert {path.name for path in (seeing.folder / "reports/tiny").iterdir()} == {"drill.json", "drill.md", "drill.html"}
    page = (seeing.folder / "reports/tiny/drill.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    assert "first-lost" in page


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--mutant", "first-lots"], "there is no mutant 'first-lots'; did you mean 'first-lost'"),
        (["--mutant", "prefix-lost"], "it cannot be planted: a lexical retriever has no embeddings of its own"),
        (["--strength", "much"], "'much' is no strength"),
        (["--strength", "first-lost=-1"], "'-1' is no strength"),
        (["--strength", "nobody=1"], "there is no mutant 'nobody'"),
        (["--strength", "first-lost=3"], "first-lost spoils a share of the queries, and 3 is none"),
        (["--mutant", "MODULE:nobody"], "it has no 'nobody'"),
        (["--mutant", "nowhere_at_all:nobody"], "there is no module 'nowhere_at_all'"),
        (["--mutant", "MODULE:broken"], "broken returned str on case"),
        (["--mutant", "MODULE:failing"], "failing raised KeyError on case"),
        (["--mutant", "MODULE:odd"], "strengths is ('much',)"),
    ],
)
def test_a_wrong_name_strength_or_function_is_an_error(
    seeing: Any, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    assert seeing.run(*(option.replace("MODULE", seeing.module) for option in options)) == 3
    assert words in " ".join(capsys.readouterr().err.split())


def test_code_of_ones_own_runs_only_where_somebody_said_so(drill_range: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    from ragguard.cli import invoke

    made = drill_range(BLIND, generator=False)
    assert invoke(["drill", str(made.folder / "gate.yaml"), "--mutant", f"{made.module}:calm"]) == 3
    assert "--allow-code" in capsys.readouterr().err
    assert invoke(["drill", str(made.folder / "nowhere.yaml")]) == 3


def test_the_mutant_that_the_page_shows_works(seeing: Any, root: Path) -> None:
    page = (root / "docs/drill.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    seeing.write(f"{seeing.module}.py", seeing.folder.joinpath(f"{seeing.module}.py").read_text(encoding="utf-8") + block)
    assert seeing.run("--mutant", f"{seeing.module}:hedged") == 0
    hedged = seeing.of(f"{seeing.module}:hedged")
    assert (hedged["result"], hedged["about"]) == ("let through", "Every answer begins with a hedge.")
    assert hedged["shots"][-1]["touched"] > 90


def test_every_mutant_stands_on_the_page(root: Path) -> None:
    page = (root / "docs/drill.md").read_text(encoding="utf-8")
    assert [mutant.name for mutant in catalog.MUTANTS if f"`{mutant.name}`" not in page] == []
