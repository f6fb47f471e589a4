"""Plans and suites: what is read, and what is said of what cannot be."""

from pathlib import Path

import pytest

from ragguard.errors import InputError
from ragguard.plan.load import from_values, load
from ragguard.plan.parts import retrievers, systems
from ragguard.plan.retrievers import LexicalRetriever
from ragguard.plan.systems import SystemPlan

SUITE = """\
suite: golden
slices: [canonical, explicit]
checks:
  - {metric: nDCG@10, tier: blocking, margin: 0.05}
  - {metric: RR, slice: canonical, tier: veto}
report: [R@5]
"""
PLAN = """\
name: small
collection: data
baseline:
  retriever: {type: lexical}
candidates:
  new:
    retriever: {type: lexical, k1: 1.2}
suites: [suites/golden.yaml]
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "suites").mkdir()

    def make(plan: str = PLAN, **suites: str) -> Path:
        for name, text in (suites or {"golden": SUITE}).items():
            (tmp_path / "suites" / f"{name}.yaml").write_text(text)
        (tmp_path / "gate.yaml").write_text(plan)
        return tmp_path / "gate.yaml"

    return make


def problems(path: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        load(path)
    return [str(problem) for problem in caught.value.problems]


def candidate(spec: str) -> str:
    return PLAN.replace("{type: lexical, k1: 1.2}", spec)


def test_what_is_written_is_what_is_read(write) -> None:
    loaded = load(write(PLAN + "seed: 11\nalpha: 0.1\nlooks: 2\n"))
    assert (loaded.plan.name, loaded.plan.seed, loaded.plan.alpha, loaded.plan.looks) == ("small", 11, 0.1, 2)
    assert loaded.plan.split == "test"
    assert loaded.folder == write().parent
    (suite,) = loaded.suites
    assert [str(check.metric) for check in suite.plan.checks] == ["nDCG@10", "RR"]
    assert suite.plan.checks[1].margin == 0.05
    assert suite.plan.slices["canonical"].tags == ["canonical"], "a list of slices is one slice a tag"
    assert suite.folder == loaded.folder / "suites"


def test_metric_names_are_put_into_their_one_form(write) -> None:
    loaded = load(write(golden=SUITE.replace("nDCG@10", '"R( rel=2 )@5"')))
    assert loaded.suites[0].plan.checks[0].metric == "R(rel=2)@5"


def test_several_candidates_and_an_anchor_are_all_found(write) -> None:
    more = "  other:\n    retriever: {type: hybrid, retrievers: [{type: lexical}, {type: lexical, b: 0.1}]}\n"
    plan = load(write(PLAN.replace("suites:", more + "anchor:\n  retriever: {type: lexical, b: 0.2}\nsuites:"))).plan
    found = dict(systems(plan))
    assert list(found) == [("baseline",), ("anchor",), ("candidates", "new"), ("candidates", "other")]
    places = [location for location, _ in retrievers(found["candidates", "other"])]
    assert places == [("retriever",), ("retriever", "retrievers", 0), ("retriever", "retrievers", 1)]


def test_accepted_baseline_is_a_word(write) -> None:
    plan = load(write(PLAN.replace("baseline:\n  retriever: {type: lexical}", "baseline: accepted"))).plan
    assert plan.baseline == "accepted"
    assert [location for location, _ in systems(plan)] == [("candidates", "new")]


def test_another_word_for_a_baseline_is_refused_with_the_right_one(write) -> None:
    (told,) = problems(write(PLAN.replace("baseline:\n  retriever: {type: lexical}", "baseline: acepted")))
    assert "gate.yaml:3" in told
    assert "'accepted'" in told


def test_all_errors_of_all_files_come_together(write) -> None:
    told = problems(
        write(
            candidate("{type: lexical, k1: -1, bb: 0.4}")
            .replace("name: small", "name: small plan")
            .replace("golden.yaml]", "golden.yaml, suites/no.yaml]"),
            golden=SUITE.replace("margin: 0.05", "margin: 5").replace("tier: veto", "teir: veto"),
        )
    )
    expected = [
        ("gate.yaml:1: name", "'small plan'"),
        ("gate.yaml:7: candidates.new.retriever.k1", "-1"),
        ("gate.yaml:7: unknown key 'bb'", "did you mean 'b'?"),
        ("gate.yaml:8: suites/no.yaml: there is no such suite", "paths start from"),
        ("suites/golden.yaml:4: checks.0.margin", "5"),
        ("suites/golden.yaml:5: unknown key 'teir' in checks.1", "did you mean 'tier'?"),
    ]
    for start, word in expected:
        assert any(line.startswith(start) and word in line for line in told), f"{start} {word}\n" + "\n".join(told)
    assert len(told) == len(expected), told


@pytest.mark.parametrize(
    ("plan", "wrong", "right"),
    [
        (PLAN.replace("collection:", "colection:"), "colection", "collection"),
        (PLAN.replace("  retriever: {type: lexical}\n", "  retreiver: {type: lexical}\n"), "retreiver", "retriever"),
        (candidate("{type: lexical, stop_words: none}"), "stop_words", "stopwords"),
        (candidate("{type: dense, model: m, querry_prompt: a}"), "querry_prompt", "query_prompt"),
        (candidate("{type: dense, train: {recipe: biencoder, base: m, data: gate.yaml, epoch: 2}}"), "epoch", "epochs"),
        (
            candidate("{type: dense, train: {recipe: biencoder, base: m, data: gate.yaml, early_stopping: {patients: 2}}}"),
            "patients",
            "patience",
        ),
        (candidate("{type: hybrid, retrievers: [{type: lexical}, {type: lexical, delat: 1}]}"), "delat", "delta"),
        (
            candidate(
                "{type: hybrid, retrievers: [{type: lexical}, "
                "{type: dense, train: {recipe: biencoder, base: m, data: gate.yaml, learning_rat: 1}}]}"
            ),
            "learning_rat",
            "learning_rate",
        ),
    ],
)
def test_mistyped_key_at_any_depth_gets_the_near_one_and_its_line(write, plan: str, wrong: str, right: str) -> None:
    told = problems(write(plan))
    line = next(number for number, text in enumerate(plan.splitlines(), start=1) if f"{wrong}:" in text)
    assert any(
        each.startswith(f"gate.yaml:{line}: unknown key '{wrong}'") and each.endswith(f"did you mean '{right}'?") for each in told
    ), told


@pytest.mark.parametrize(
    ("suite", "wrong", "right"),
    [
        (SUITE.replace("checks:", "cheks:"), "cheks", "checks"),
        (SUITE.replace("slices: [canonical, explicit]", "slices: {canonical: {tag: [canonical]}}"), "tag", "tags"),
        (SUITE.replace("suite: golden", "suite: golden\ncases: {any_tag: [a]}"), "any_tag", "any_tags"),
        (SUITE.replace("margin:", "margn:"), "margn", "margin"),
    ],
)
def test_mistyped_key_of_a_suite_gets_the_near_one(write, suite: str, wrong: str, right: str) -> None:
    told = problems(write(golden=suite))
    assert any(
        f"unknown key '{wrong}'" in each and each.endswith(f"did you mean '{right}'?") and "golden.yaml:" in each for each in told
    ), told


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (candidate("{type: lexcal}"), ["gate.yaml:7", "did you mean 'lexical'?"]),
        (candidate("{k1: 1.2}"), ["gate.yaml:7", "key 'type' is missing in candidates.new.retriever"]),
        (candidate("{type: dense, train: {recipe: biencodr}}"), ["gate.yaml:7", "did you mean 'biencoder'?"]),
        (
            candidate("{type: dense, train: {base: m}}"),
            ["gate.yaml:7", "key 'recipe' is missing in candidates.new.retriever", "add recipe:"],
        ),
        (candidate("lexical"), ["gate.yaml:7", "retriever"]),
        (candidate("{type: lexical, method: bm25}"), ["gate.yaml:7", "'bm25'", "did you mean 'bm25l'?"]),
        (candidate("{type: dense}"), ["gate.yaml:7", "model:", "train:"]),
        (candidate("{type: hybrid, retrievers: [{type: lexical}]}"), ["gate.yaml:7", "at least 2"]),
        (candidate("{type: hybrid, fusion: weighted, retrievers: [{type: lexical}, {type: lexical}]}"), ["gate.yaml:7", "as many weights"]),
        (candidate("{type: python, callable: nocolon}"), ["gate.yaml:7", "callable", "'nocolon'"]),
        (PLAN + "depth: many\n", ["gate.yaml:9: depth", "'many'"]),
        (PLAN + "looks: 4\n", ["gate.yaml:9: looks", "3", "4"]),
        (PLAN.replace("suites: [suites/golden.yaml]", "suites: suites/golden.yaml"), ["gate.yaml:8: suites", "list"]),
        (PLAN.replace("suites: [suites/golden.yaml]", "suites: []"), ["gate.yaml:8: suites", "at least 1"]),
        (PLAN.replace("suites: [suites/golden.yaml]\n", ""), ["'suites' is missing"]),
        (PLAN.replace("  new:\n    retriever: {type: lexical, k1: 1.2}", "  {}"), ["gate.yaml:5: candidates", "at least 1"]),
        (PLAN.replace("  new:", "  new one:"), ["gate.yaml:6", "new one"]),
    ],
)
def test_wrong_value_is_shown_with_its_place(write, plan: str, words: list[str]) -> None:
    told = "\n".join(problems(write(plan)))
    assert [word for word in words if word not in told] == [], told
    assert "pydantic" not in told


def test_slice_that_is_not_defined_is_named_with_the_near_one(write) -> None:
    (told,) = problems(write(golden=SUITE.replace("slice: canonical", "slice: canonicle")))
    assert told == "suites/golden.yaml:5: slice 'canonicle' is not defined under slices; did you mean 'canonical'?"


def test_check_that_stands_twice_is_an_error_but_must_is_another(write) -> None:
    twice = SUITE.replace("report:", "  - {metric: nDCG@10, tier: veto}\nreport:")
    (told,) = problems(write(golden=twice))
    assert "nDCG@10 on the whole suite is checked twice" in told
    load(write(golden=twice.replace("tier: veto}\nreport", "tier: must}\nreport")))


def test_plan_with_more_than_five_blocking_checks_is_refused(write) -> None:
    metrics = ["nDCG@10", "RR", "R@5", "AP", "P@5", "P@10"]
    checks = "\n".join(f"  - {{metric: {metric}}}" for metric in metrics)
    (told,) = problems(write(golden=f"suite: golden\nchecks:\n{checks}\n"))
    assert told.startswith("gate.yaml:8: 6 blocking checks (golden/nDCG@10,")
    assert "tier: veto" in told
    load(write(golden=f"suite: golden\nchecks:\n{checks.rsplit(chr(10), 1)[0]}\n"))


def test_plan_without_a_blocking_check_is_refused(write) -> None:
    (told,) = problems(write(golden=SUITE.replace("tier: blocking", "tier: advisory")))
    assert told.startswith("gate.yaml:8: no suite has a blocking check")


def test_two_suites_of_one_name_are_refused(write) -> None:
    (told,) = problems(write(PLAN.replace("golden.yaml]", "golden.yaml, suites/twin.yaml]"), golden=SUITE, twin=SUITE))
    assert told.startswith("suites/twin.yaml:1: suite 'golden' is also the name of suites/golden.yaml")


@pytest.mark.parametrize(
    ("spec", "key"),
    [("{type: recorded, run: no.trec}", "run"), ("{type: dense, train: {recipe: biencoder, base: m, data: no.jsonl}}", "data")],
)
def test_missing_file_is_named_with_its_line(write, spec: str, key: str) -> None:
    (told,) = problems(write(candidate(spec)))
    assert told.startswith(f"gate.yaml:7: {key}: there is no file no.")


def test_missing_file_inside_a_hybrid_is_named(write) -> None:
    (told,) = problems(write(candidate("{type: hybrid, retrievers: [{type: lexical}, {type: recorded, run: no.trec}]}")))
    assert "no.trec" in told


def test_paths_start_from_the_folder_of_the_plan(write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = write(candidate("{type: recorded, run: runs/a.trec}"))
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "a.trec").write_text("q1 Q0 d1 1 1.0 a\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert load(path).folder == tmp_path
    assert load(Path("../gate.yaml")).folder == tmp_path


def test_plan_can_be_made_of_values(write) -> None:
    folder = write().parent
    values = {
        "name": "made",
        "collection": "data",
        "baseline": {"retriever": {"type": "lexical"}},
        "candidates": {"new": {"retriever": {"type": "lexical", "k1": 2}}},
        "suites": ["suites/golden.yaml"],
    }
    made = from_values(values, folder, "here").plan
    assert isinstance(made.baseline, SystemPlan)
    assert isinstance(made.candidates["new"].retriever, LexicalRetriever)
    with pytest.raises(InputError, match="here: unknown key 'nme'"):
        from_values({**values, "nme": 1}, folder, "here")


def test_value_of_a_variable_is_remembered_with_its_name(write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMALL_COLLECTION", "secret-folder")
    loaded = load(write(PLAN.replace("collection: data", "collection: ${SMALL_COLLECTION}")))
    assert loaded.plan.collection == "secret-folder"
    assert loaded.expanded == {"secret-folder": "SMALL_COLLECTION"}
    assert loaded.source.raw["collection"] == "${SMALL_COLLECTION}"


@pytest.mark.parametrize("name", ["baseline", "anchor"])
def test_a_candidate_cannot_bear_a_references_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "s.yaml").write_text("suite: s\nchecks:\n  - {metric: nDCG@10}\n", encoding="utf-8")
    system = "retriever: {type: lexical}"
    plan = f"name: p\ncollection: c\nbaseline:\n  {system}\ncandidates:\n  {name}:\n    {system}\nsuites: [s.yaml]\n"
    (tmp_path / "gate.yaml").write_text(plan, encoding="utf-8")
    with pytest.raises(InputError, match=rf"gate.yaml:5: candidates: a candidate cannot be named '{name}'"):
        load(tmp_path / "gate.yaml")
