"""Systems of several stages, gated whole: reranked, answering, and what is wrong with a stage said where it stands."""

from pathlib import Path

import pytest
import worlds
from worlds import BOTH, World

from ragguard.cli import invoke

STAGES = """
def overlap(query, texts):
    words = set(query.split())
    return [len(words & set(text.split())) for text in texts]

def backwards(query, texts):
    return list(range(len(texts)))

def first(question, texts):
    return f"{texts[0].split()[0]} [1]" if texts else "The documents do not say."
"""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = worlds.make(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAGGUARD_STORE", raising=False)
    made.write(f"stages_{made.module}.py", STAGES)
    return made


def plan(world: World, candidate: str) -> None:
    systems = f"baseline:\n  retriever: {BOTH}\ncandidates:\n  new:\n    retriever: {world.python('asked')}\n{candidate}"
    world.write("gate.yaml", f"name: world\ncollection: collection\n{systems}suites: [suites/golden.yaml]\n")


def stage(world: World, name: str, more: str = "") -> str:
    return f"{{type: python, callable: 'stages_{world.module}:{name}'{more}}}"


def test_a_reranker_that_turns_rankings_round_is_blocked(world, capsys) -> None:
    plan(world, f"    reranker: {stage(world, 'backwards', ', depth: 5')}\n")
    assert world.gate() == 1
    assert "golden/nDCG@10 fell by" in capsys.readouterr().out
    (arm,) = [arm for arm in world.report.arms if arm.name == "new"]
    assert arm.description["reranker"]["depth"] == 5
    assert arm.notes["reranker.depth"] == 5


def test_a_good_one_passes_and_answers_are_in_the_report(world, capsys) -> None:
    plan(world, f"    reranker: {stage(world, 'overlap')}\n    generator: {stage(world, 'first', ', contexts: 2')}\n")
    assert world.gate() == 0
    case = world.report.cases[0]
    assert case.answers.keys() == {"new"}
    answer = case.answers["new"]
    assert answer.citations == (case.contexts["new"][0],)
    assert len(case.contexts["new"]) == 2
    capsys.readouterr()
    assert invoke(["show", case.id]) == 0
    shown = capsys.readouterr().out
    assert "new answers, given " in shown
    assert answer.text in shown
    before = world.timeless()
    assert world.gate() == 0
    assert world.timeless() == before


@pytest.mark.parametrize(
    ("candidate", "words"),
    [
        ("    reranker: {type: cross-encoder, model: nowhere/at/all}\n", "nowhere/at/all: there is no such model folder"),
        ("    reranker: {type: crossencoder, model: x}\n", "did you mean 'cross-encoder'"),
        ("    generator: {type: extractive, document_tex: x}\n", "unknown key 'document_tex'"),
        ("    reranker: {type: python, callable: 'nowhere:x'}\n", "there is no module 'nowhere'"),
        ("    reranker: {type: cross-encoder, model: ./m, document_text: '{titel}'}\n", "did you mean 'title'"),
    ],
)
def test_what_is_wrong_with_a_stage_is_said(world, capsys, candidate: str, words: str) -> None:
    plan(world, candidate)
    assert world.gate() == 3
    assert words in capsys.readouterr().err


def test_a_stage_that_is_code_needs_leave(world, capsys) -> None:
    plan(world, f"    generator: {stage(world, 'first')}\n")
    assert invoke(["gate", str(world.folder / "gate.yaml")]) == 3
    assert "the generator stages_" in capsys.readouterr().err


def test_another_generator_is_another_system(world) -> None:
    plan(world, f"    generator: {stage(world, 'first')}\n")
    world.gate()
    one = {arm.name: arm.fingerprint for arm in world.report.arms}
    plan(world, f"    generator: {stage(world, 'first', ', contexts: 1')}\n")
    world.gate()
    other = {arm.name: arm.fingerprint for arm in world.report.arms}
    assert one["baseline"] == other["baseline"]
    assert one["new"] != other["new"]
