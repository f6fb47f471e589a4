"""What a run cost, gated whole: a retriever, a reranker and a tiny language model, asked once and taken from the store afterwards."""

import json
from pathlib import Path

import pytest
import tiny_llama
import worlds
from worlds import BOTH, World

from ragguard.records.efficiency import Stage

PROMPT = '"{{ question }}: {{ documents[0].content if documents else 0 }}"'
RERANK = "\ndef longest(query, texts):\n    return [len(text) for text in texts]\n"
LENGTHS = "checks:\n  - {metric: nDCG@10, tier: blocking, margin: 0.05}\n  - {metric: LongAnswer(over=3), tier: veto, margin: 0.1}\n"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_thread: None) -> World:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAGGUARD_STORE", raising=False)
    made = worlds.make(tmp_path)
    made.write(f"{made.module}.py", worlds.ASKED + RERANK)
    tiny_llama.make(tmp_path / "models" / "tiny")
    tiny_llama.lora(tmp_path / "models" / "lora", tmp_path / "models" / "tiny")
    return made


def write(world: World, body: str = LENGTHS, queries: str = "") -> None:
    world.suite(body=body + queries)

    def system(more: str) -> str:
        reranker = f"reranker: {{type: python, callable: '{world.module}:longest', depth: 5}}"
        keys = f"type: causal-lm, model: models/tiny, max_new_tokens: 4, batch_size: 32, prompt: {PROMPT}{more}"
        return f"{{retriever: {BOTH}, {reranker}, generator: {{{keys}}}}}"

    systems = f"baseline: {system('')}\ncandidates:\n  new: {system(', adapter: models/lora')}\n"
    world.write("gate.yaml", f"name: world\ncollection: collection\n{systems}suites: [suites/golden.yaml]\n")


def stages(world: World, arm: str) -> dict[str, Stage]:
    return {each.name: each for each in world.report.times.stages if each.arm == arm}


def test_every_stage_is_measured_and_what_the_store_gave_says_so(world, capsys) -> None:
    write(world)
    assert world.gate() == 0
    said, times, before = capsys.readouterr().out, world.report.times, world.timeless()
    for arm in ("baseline", "new"):
        own = stages(world, arm)
        done = {name: (own[name].done, own[name].kept) for name in ("index", "retrieve", "rerank", "generate", "score")}
        assert done == {"index": (1, 0), **dict.fromkeys(("retrieve", "rerank", "generate", "score"), (80, 0))}
        assert all((each.memory or 0) > 50e6 for each in own.values())
        assert max(each.memory or 0 for each in own.values()) <= (times.memory or 0)
        assert set(own) - set(done) == {"prepare", "look at what moved"} | ({"compare"} if arm == "new" else set())
    assert times.reach in ("stage", "process")
    assert times.stages[0].name == "read the plan and the data"
    found = {(each.arm, each.stage): each for each in times.latencies}
    assert set(found) == {(arm, stage) for arm in ("baseline", "new") for stage in ("retrieve", "rerank", "generate", "total")}
    for each in found.values():
        assert each.cases == 80
        assert 0 < each.p50 <= each.p95 <= each.p99
    assert [found["new", stage].together for stage in ("retrieve", "rerank", "generate")] == [1, 64, 32]
    for each in times.answering:
        tokens = [case.answers[each.arm].tokens for case in world.report.cases]
        assert (each.answers, each.counted, each.tokens) == (80, 80, pytest.approx(sum(tokens) / 80))
        assert (each.tokens_per_second or 0) > 0
    page = (world.out / "report.md").read_text()
    for text in (" ".join(said.split()), " ".join(page.split())):
        assert "generate of baseline, new: in batches of 32 at most, whose time its cases share" in text
        assert "answer tokens, mean" in text
        assert "from the store" not in text.replace("answers from the store were timed in the run that asked", "")
    assert world.gate() == 0
    again = world.report.times
    assert world.timeless() == before
    assert (again.latencies, again.answering) == (times.latencies, times.answering), "as they were timed when they were asked"
    for arm in ("baseline", "new"):
        kept = stages(world, arm)
        assert [kept[name].seconds for name in ("retrieve", "rerank", "generate")] == [0.0, 0.0, 0.0]
        assert {name: (kept[name].done, kept[name].kept) for name in done} == {name: (0, n) for name, (n, _) in done.items()}
    assert "0.0 s, from the store" in capsys.readouterr().out


def test_only_what_is_new_is_counted_as_done(world) -> None:
    write(world)
    assert world.gate() == 0
    rows = [json.dumps({"_id": f"q-{i:04d}", "text": f"question on word{i}"}) for i in range(80, 100)]
    with (world.folder / "collection" / "queries.jsonl").open("a") as file:
        file.write("".join(f"{row}\n" for row in rows))
    with (world.folder / "collection" / "qrels" / "test.tsv").open("a") as file:
        file.write("".join(f"q-{i:04d}\td-{i % 20:02d}\t2\n" for i in range(80, 100)))
    assert world.gate() in (0, 1)
    own = stages(world, "new")
    assert {(own[name].done, own[name].kept) for name in ("retrieve", "rerank", "generate")} == {(36, 64)}
    assert (world.out / "report.md").read_text().count("64 of 100 from the store") == 8, "four stages of two systems"


def test_long_answers_are_judged_and_lengths_without_a_range_are_only_shown(world, capsys) -> None:
    write(world, LENGTHS + "  - {metric: AnswerTokens, tier: advisory}\nreport: [PromptTokens]\n")
    assert world.gate() == 0
    (decision,) = world.report.decisions
    verdicts = {str(each.check.metric): each for each in decision.verdicts}
    answers = [case.answers["new"].tokens for case in world.report.cases]
    assert verdicts["LongAnswer(over=3)"].estimate.candidate_mean == pytest.approx(sum(each > 3 for each in answers) / 80)
    assert verdicts["AnswerTokens"].estimate.candidate_mean == pytest.approx(sum(answers) / 80)
    assert {mean.metric: mean.unit for mean in world.report.suites[0].means}["PromptTokens"] == "tokens"
    write(world, LENGTHS + "  - {metric: AnswerTokens, tier: veto, margin: 0.1}\n")
    assert world.gate() == 3
    said = " ".join(capsys.readouterr().err.split())
    assert "golden.yaml:5: AnswerTokens can only be advisory: it has no range" in said
    assert "or check LongAnswer(over=64)" in said
