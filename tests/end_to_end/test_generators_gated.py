"""Language models and services elsewhere, gated whole: the tiny Llama with and without an adapter, and real servers on loopback."""

from pathlib import Path

import pytest
import servers
import tiny_llama
import worlds
from worlds import BOTH, World

from ragguard.cli import invoke

KEY = "sk-very-secret-key"
PROMPT = '"{{ question }}: {{ documents[0].content if documents else 0 }}"'
ATTACKED = "kind: adversarial\nperturbations: [plain]\nattacks: [poisoned]\nchecks:\n  - {metric: nDCG@10, tier: blocking, margin: 0.05}\n"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAGGUARD_STORE", raising=False)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    monkeypatch.setenv("SERVER_KEY", KEY)
    return worlds.make(tmp_path)


def plan(world: World, baseline: str, candidate: str, suites: str = "golden") -> None:
    systems = f"baseline: {{{baseline}}}\ncandidates:\n  new: {{{candidate}}}\n"
    world.write("gate.yaml", f"name: world\ncollection: collection\n{systems}suites: [suites/{suites}.yaml]\n")


def llama(more: str = "", prompt: str = PROMPT) -> str:
    keys = f"type: causal-lm, model: models/tiny, max_new_tokens: 4, batch_size: 32, prompt: {prompt}{more}"
    return f"retriever: {BOTH}, generator: {{{keys}}}"


def remote(url: str, more: str = "") -> str:
    mapping = 'response: {ids: "$.found[*]", answer: "$.said"}'
    return f'remote: {{url: "{url}/ask", body: {{q: "{{question}}", k: "{{depth}}"}}, retries: 0, {mapping}{more}}}'


def behave(request: servers.Request) -> None:
    number = int(request.body["q"].split()[-1].removeprefix("word"))
    found = [f"d-{(number + step) % worlds.DOCUMENTS:02d}" for step in range(request.body["k"])][: worlds.DOCUMENTS]
    request.answer({"found": found, "said": f"rule {number} [1]"})


@pytest.fixture
def models(world, one_thread) -> Path:
    folder = world.folder / "models"
    tiny_llama.make(folder / "tiny")
    return folder


def test_an_adapter_is_gated_against_its_base(world, models, capsys) -> None:
    tiny_llama.lora(models / "lora", models / "tiny")
    plan(world, llama(), llama(", adapter: models/lora, merge: true"))
    assert invoke(["check"]) == 0
    assert world.gate() == 0
    report = world.report
    assert len(report.cases) == 80
    for case in report.cases:
        assert case.answers.keys() == {"baseline", "new"}
        assert case.contexts["new"] == tuple(shown.id for shown in case.rankings["new"][:3])
        assert case.answers["new"].tokens <= 4
    assert sum(case.answers["new"].text != case.answers["baseline"].text for case in report.cases) > 40
    (arm,) = [arm for arm in report.arms if arm.name == "new"]
    assert arm.notes["generator.adapter.effect"] > 0
    assert arm.notes["generator.merge_difference"] < 1e-3
    assert arm.notes["generator.answers_changed_by_batch"] == 0
    before = world.timeless()
    assert world.gate() == 0
    assert world.timeless() == before
    capsys.readouterr()
    assert invoke(["show", report.cases[0].id]) == 0
    assert "new answers, given " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("scale", "words"),
    [(0.0, "the adapter's weights add nothing"), (1e-25, "the adapter changes no logit on 5 probe prompts")],
    ids=["never trained", "without effect"],
)
def test_an_adapter_that_does_nothing_is_the_baseline(world, models, capsys, scale, words) -> None:
    tiny_llama.lora(models / "lora", models / "tiny", scale=scale)
    plan(world, llama(), llama(", adapter: models/lora"))
    assert world.gate() == 3
    said = " ".join(capsys.readouterr().err.split())
    assert "the candidate is the baseline" in said
    assert words in said


def test_the_base_model_by_mistake_is_the_baseline(world, models, capsys) -> None:
    plan(world, llama(), llama())
    assert world.gate() == 3
    assert "the candidate 'new' is the baseline" in " ".join(capsys.readouterr().err.split())
    plan(world, llama(), llama(", adapter: models/tiny"))
    assert world.gate() == 3
    assert "is no peft adapter" in " ".join(capsys.readouterr().err.split())


def test_merging_that_changes_the_model_is_no_verdict(world, capsys) -> None:
    pytest.importorskip("torch", reason="needs the extra models")
    base = tiny_llama.make(world.folder / "models" / "tiny", tied=True)
    tiny_llama.lora(world.folder / "models" / "lora", base, targets=("lm_head",))
    plan(world, llama(), llama(", adapter: models/lora, merge: true"))
    assert world.gate() == 4
    assert "merging the adapter changes the logits" in " ".join(capsys.readouterr().out.split())


def test_prompts_that_were_cut_are_a_warning(world, models) -> None:
    more = ', max_input_tokens: 40, document_text: "{text}"'
    prompt = '"{% for d in documents %}{{ d.content }} {% endfor %}{{ question }}"'
    plan(world, f"retriever: {BOTH}", llama(more, prompt))
    assert world.gate() == 0
    (warning,) = [warning for warning in world.report.warnings if "of the prompts do not hold" in warning]
    assert warning.startswith("new: 100.0% of the prompts do not hold all documents that were retrieved, for 40 tokens are the limit")
    assert all(case.answers["new"].cut for case in world.report.cases)


def test_a_server_answers_and_its_key_is_nowhere(world, capsys) -> None:
    def chat(request: servers.Request) -> None:
        if "word7\n" in request.body["messages"][0]["content"]:
            request.answer({"error": {"message": f"overloaded, {KEY}"}}, 500)
        else:
            request.stream([{"choices": [{"delta": {"content": "yes [1]"}, "finish_reason": "stop"}]}])

    with servers.serve(chat) as served:
        keys = f"type: openai, base_url: {served.url}/v1, model: nano, api_key_env: SERVER_KEY, retries: 0"
        plan(world, f"retriever: {BOTH}", f"retriever: {BOTH}, generator: {{{keys}}}")
        assert invoke(["check"]) == 0
        assert served.seen == []
        world.gate()
        assert len(served.seen) == 80
    cases = {case.id: case for case in world.report.cases}
    assert cases["q-0000"].answers["new"].text == "yes [1]"
    assert cases["q-0000"].answers["new"].citations == (cases["q-0000"].contexts["new"][0],)
    assert "answers 500: overloaded, ***" in cases["q-0007"].errors["new"]
    kept = [path for path in world.folder.rglob("*") if path.is_file() and path.name != "gate.yaml"]
    assert len(kept) > 10
    assert not [path for path in kept if KEY.encode() in path.read_bytes()]
    assert KEY not in capsys.readouterr().out


def test_a_server_that_is_not_there_is_no_verdict(world) -> None:
    with servers.serve(behave) as served:
        pass
    plan(world, f"retriever: {BOTH}", remote(served.url))
    assert world.gate() == 4
    assert "cannot be reached" in world.report.decisions[0].reasons[0]


def test_what_a_server_refuses_is_said_with_the_place_of_its_system(world, capsys) -> None:
    with servers.serve(lambda request: request.answer({"error": {"message": "The model `nano` does not exist"}}, 404)) as served:
        generator = f"generator: {{type: openai, base_url: {served.url}/v1, model: nano, retries: 0}}"
        plan(world, f"retriever: {BOTH}", f"retriever: {BOTH}, {generator}")
        assert world.gate() == 3
    said = " ".join(capsys.readouterr().err.split())
    assert f"gate.yaml:5: {served.url.removeprefix('http://')} answers 404: The model `nano` does not exist; check the address" in said


def test_a_service_elsewhere_is_gated_without_being_asked_by_check(world) -> None:
    with servers.serve(behave) as served:
        plan(world, f"retriever: {BOTH}", remote(served.url))
        assert invoke(["check"]) == 0
        assert served.seen == []
        assert world.gate() == 0
        assert len(served.seen) == 80
        assert world.gate() == 0
        assert len(served.seen) == 80
    case = world.report.cases[0]
    assert case.answers["new"].citations == case.contexts["new"][:1] == ("d-00",)


def test_a_service_elsewhere_can_be_accepted(world, monkeypatch) -> None:
    with servers.serve(behave) as served:
        monkeypatch.setenv("SERVICE", served.url)
        plan(world, f"retriever: {BOTH}", remote("${SERVICE}"))
        assert world.gate() == 0
        assert invoke(["accept", "new"]) == 0
        assert "${SERVICE}/ask" in (world.folder / "ragguard.lock").read_text()
        gate = (world.folder / "gate.yaml").read_text()
        gate = gate.replace(f"baseline: {{retriever: {BOTH}}}", "baseline: accepted")
        world.write("gate.yaml", gate.replace(remote("${SERVICE}"), f"retriever: {BOTH}"))
        assert world.gate() == 0
        assert len(served.seen) == 80
    assert {arm.name: "remote" in arm.description for arm in world.report.arms} == {"baseline": True, "new": False}


def test_a_service_elsewhere_cannot_be_attacked(world, capsys) -> None:
    documents = (world.folder / "collection" / "corpus.jsonl").read_text().replace('{"_id"', '{"product": "one", "_id"')
    world.write("collection/corpus.jsonl", documents)
    world.suite("attacked", ATTACKED)
    plan(world, f"retriever: {BOTH}", remote("http://127.0.0.1:9"), "attacked")
    assert world.gate() == 3
    assert "brings its own index" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("candidate", "words"),
    [
        (
            f"retriever: {BOTH}, remote: {{url: 'http://a', body: {{q: '{{question}}'}}, response: {{ids: '$.a'}}}}",
            "not several and not none",
        ),
        ("remote: {url: 'http://a', body: {q: '{question}'}, response: {ids: 'a.b'}}", "'a.b' is not a path"),
        ("remote: {url: 'http://a', bodi: {}, response: {ids: '$.a'}}", "unknown key 'bodi'"),
        (f"retriever: {BOTH}, generator: {{type: causal-lm, model: ./nowhere}}", "there is no such model folder"),
        (f"retriever: {BOTH}, generator: {{type: causal-lm, model: x, promt: x}}", "did you mean 'prompt'"),
        (f"retriever: {BOTH}, generator: {{type: causal-lm, model: ./x, prompt: ask.j2}}", "ask.j2: the prompt cannot be read"),
        (f"retriever: {BOTH}, generator: {{type: openai, base_url: 'http://a', model: x, api_key_env: NOT_THERE}}", "NOT_THERE is not set"),
        ("remote: {url: 'http://a', headers: {X-API-Key: written-out}, body: {q: '{question}'}, response: {ids: '$.a'}}", "${NAME}"),
        (f"retriever: {BOTH}, generator: {{type: opanai, model: x}}", "did you mean 'openai'"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(world, capsys, candidate, words) -> None:
    plan(world, f"retriever: {BOTH}", candidate)
    assert world.gate() == 3
    said = " ".join(capsys.readouterr().err.split())
    assert words in said
    assert "gate.yaml:" in said or said.startswith(("ask.j2: ", "nowhere: "))
