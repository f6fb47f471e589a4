"""A whole system behind HTTP: what it is sent, how its responses are read, and what is wrong with them."""

from collections.abc import Callable
from typing import Any

import pytest
import servers

from ragguard.errors import CannotJudge, InputError
from ragguard.plan.services import RemoteSystem as RemotePlan
from ragguard.plan.systems import SystemPlan
from ragguard.systems.jsonpath import AbsentError, find
from ragguard.systems.remote import RemoteSystem

RESPONSE = {"ids": "$.sources[*].id", "answer": "$.answer"}
BODY = {"question": "{question}", "options": {"top_k": "{depth}", "label": "top {depth}", "fixed": [True, "{question}?"]}}
TRICKY = 'a "quoted" question\nwith {depth} & 100 % ünïcode \\'


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def make(corpus, vault, progress) -> Callable[..., RemoteSystem]:
    def made(server: str, **more: Any) -> RemoteSystem:
        system = RemoteSystem(
            RemotePlan(**{"url": f"{server}/ask", "body": BODY, "response": RESPONSE, "timeout": 5, "retries": 0, **more})
        )
        system.index(corpus, vault, progress)
        return system

    return made


def fixed(content: Any) -> Callable[[servers.Request], None]:
    return lambda request: request.answer(content)


def sources(*ids: Any, answer: Any = "Green tea, at eighty degrees [2].", **more: Any) -> dict[str, Any]:
    return {"sources": [{"id": name} for name in ids], "answer": answer, **more}


def test_documents_answer_and_citations_arrive(make, case) -> None:
    with servers.serve(fixed(sources("cat", "tea", "ghost"))) as served:
        system = make(served.url)
        (found,) = system.search([case("tea?")], 2)
    assert [ranked.id for ranked in found.ranking] == ["cat", "tea"]
    assert found.contexts == ("cat", "tea", "ghost")
    assert (found.answer.text, found.answer.citations) == ("Green tea, at eighty degrees [2].", ("tea",))
    assert found.seconds["remote"] > 0
    assert found.error == ""
    assert served.url.removeprefix("http://") == system.notes()["service"]


def test_a_mapping_is_filled_with_whatever_the_question_holds(make, case) -> None:
    with servers.serve(fixed(sources("tea"))) as served:
        make(served.url, headers={"X-Tenant": "one"}).search([case(TRICKY)], 7)
    (sent,) = served.seen
    assert sent.body == {"question": TRICKY, "options": {"top_k": 7, "label": "top 7", "fixed": [True, TRICKY + "?"]}}
    assert (sent.path, sent.headers["X-Tenant"], sent.headers["Content-Type"]) == ("/ask", "one", "application/json")


def test_a_template_is_filled_with_whatever_the_question_holds(make, case) -> None:
    with servers.serve(fixed(sources("tea"))) as served:
        make(served.url, body='{"q": {{ question | tojson }}, "k": {{ depth }}}').search([case(TRICKY)], 7)
    assert served.seen[0].body == {"q": TRICKY, "k": 7}


def test_a_question_in_the_address(make, case) -> None:
    with servers.serve(fixed(sources("tea"))) as served:
        make(served.url, url=served.url + "/ask?q={question}&k={depth}", method="GET", body=None).search([case("a b&c/ü")], 7)
    assert served.seen[0].path == "/ask?q=a%20b%26c%2F%C3%BC&k=7"
    assert served.seen[0].body is None


def test_texts_are_looked_up_in_the_corpus(make, case, corpus) -> None:
    texts = [corpus.texts["tea"], " " + corpus.texts["cat"] + "\n", "nobody wrote this"]
    with servers.serve(fixed({"hits": texts, "answer": "Yes [1]."})) as served:
        (found,) = make(served.url, response={"texts": "$.hits[*]", "answer": "$.answer"}).search([case("tea?")], 10)
    assert [ranked.id for ranked in found.ranking][:2] == ["tea", "cat"]
    assert found.ranking[2].id.startswith("text ")
    assert found.answer.citations == ("tea",)


def test_texts_that_two_documents_share_are_refused(make, make_corpus, vault, progress) -> None:
    system = make("http://127.0.0.1:9", response={"texts": "$.hits[*]"})
    with pytest.raises(InputError, match="the documents 'a' and 'b' have the same text"):
        system.index(make_corpus({"a": "same", "b": "same"}), vault, progress)


def test_scores_order_and_passages_count_once(make, case) -> None:
    content = {
        "hits": [{"doc": 1, "s": 0.2}, {"doc": "tea", "s": 0.9}, {"doc": 1, "s": 0.95}],
        "answer": "So [3].",
        "refs": ["2", "tea", "x"],
    }
    mapping = {"ids": "$.hits[*].doc", "scores": "$.hits[*].s", "answer": "$.answer"}
    with servers.serve(fixed(content)) as served:
        system = make(served.url, response=mapping)
        (found,) = system.search([case("tea?")], 10)
        (named,) = make(served.url, response={**mapping, "citations": "$.refs[*]"}).search([case("tea?")], 10)
    assert [(ranked.id, ranked.score) for ranked in found.ranking] == [("1", 0.95), ("tea", 0.9)]
    assert found.contexts == ("1", "tea")
    assert found.answer.citations == ("1",)
    assert named.answer.citations == ("tea", "x")
    assert system.notes()["passages_of_a_document_again"] == pytest.approx(1 / 3)


def test_a_service_without_answers_is_a_retriever(make, case) -> None:
    with servers.serve(fixed({"sources": []})) as served:
        (found,) = make(served.url, response={"ids": "$.sources[*].id"}).search([case("tea?")], 10)
    assert (found.ranking, found.answer, found.contexts, found.error) == ((), None, (), "")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"answer": "x"}, "$ has no 'sources'"),
        (sources("tea", answer=None), "$.answer is null"),
        (sources("tea", answer=["x"]), "the answer is list, not text"),
        (sources("tea", answer=" "), "the answer is empty"),
        (sources("tea", None), "$.sources[1].id is null"),
        (sources({}), "{} is no document's id"),
        ({"sources": "tea", "answer": "x"}, "$.sources is no list"),
        (b"<html>", "the response is not JSON: <html>"),
    ],
)
def test_a_response_that_does_not_fit_is_the_error_of_its_case(make, case, content, words) -> None:
    def behave(request: servers.Request) -> None:
        request.answer(content if request.body["question"] == "bad?" else sources("tea"))

    with servers.serve(behave) as served:
        bad, good = make(served.url).search([case("bad?", "q1"), case("good?", "q2")], 10)
    assert words in bad.error
    assert (bad.answer, bad.ranking) == (None, ())
    assert good.answer is not None


def test_an_outage_on_the_way_and_one_from_the_start(make, case) -> None:
    def behave(request: servers.Request) -> None:
        request.hang_up() if request.body["question"] == "bad?" else request.answer(sources("tea"))

    with servers.serve(behave) as served:
        bad, good = make(served.url).search([case("bad?", "q1"), case("good?", "q2")], 10)
    assert "closed the connection" in bad.error
    assert good.error == ""
    with pytest.raises(CannotJudge, match="cannot be reached"):
        make(served.url).search([case("tea?")], 10)


def test_a_key_that_is_refused_is_an_error_of_the_input_and_not_shown(make, case) -> None:
    with servers.serve(lambda request: request.answer({"detail": "no such token: letmein-please"}, 401)) as served:
        system = make(served.url, headers={"Authorization": "Bearer letmein-please"})
        with pytest.raises(InputError, match=r"answers 401: no such token: \*\*\*"):
            system.search([case("tea?")], 10)


def test_its_fingerprint_is_of_what_changes_answers(make) -> None:
    same = [{}, {"headers": {"A": "b"}}, {"timeout": 9}, {"concurrency": 9}]
    other = [{"version": "2"}, {"body": {"q": "{question}"}}, {"response": {**RESPONSE, "citations": "$.refs[*]"}}, {"method": "PUT"}]
    prints = [make("http://a", **more).fingerprint for more in (*same, *other)]
    assert len(set(prints[: len(same)])) == 1
    assert len({*prints, make("http://b").fingerprint}) == 2 + len(other)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"response": {"ids": "sources[*].id"}}, "'sources\\[\\*\\].id' is not a path"),
        ({"response": {"ids": "$.sources[?(@.x].id"}}, "is not a path: Parse error"),
        ({"response": {"ids": "$.sources["}}, "is not a path: Parse error near the end"),
        ({"body": '{"q": "{{ question }}"}'}, "write {{ question | tojson }}"),
        ({"body": '{"q": {{ questoin | tojson }} }, question'}, "did you mean 'question'"),
        ({"body": "{{ question"}, "is not Jinja"),
    ],
)
def test_a_mapping_that_is_none_is_refused_before_anything_is_asked(make, more, words) -> None:
    with pytest.raises(InputError, match=words):
        make("http://127.0.0.1:9", **more)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"response": {"ids": "$.a", "texts": "$.b"}}, "not both and not neither"),
        ({"response": {"answer": "$.a"}}, "not both and not neither"),
        ({"response": {"ids": "$.a", "citations": "$.b"}}, "without answer"),
        ({"body": {"q": "always the same"}}, "would never see it"),
        ({"method": "GET"}, "GET has no body"),
        ({"url": "localhost/ask"}, "is no address"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(more, words) -> None:
    with pytest.raises(ValueError, match=words):
        RemotePlan(**{"url": "http://a/ask", "body": BODY, "response": RESPONSE, **more})


@pytest.mark.parametrize(
    "plan",
    [
        {},
        {"retriever": {"type": "lexical"}, "remote": {"url": "http://a", "body": BODY, "response": RESPONSE}},
        {"remote": {"url": "http://a", "body": BODY, "response": RESPONSE}, "generator": {"type": "extractive"}},
    ],
)
def test_a_system_is_stages_or_elsewhere(plan) -> None:
    with pytest.raises(ValueError, match=r"not several and not none|has its own reranker"):
        SystemPlan(**plan)


def test_paths() -> None:
    value = {"a": [{"b-c": 1}, {"b-c": 2, "d.e": [[3, 4]]}], "x": {"y": 5, "z": 6}, "none": []}
    assert find("$", 1) == [1]
    assert find("$.a[*].b-c", value) == [1, 2]
    assert find("$.a[-1]['d.e'][0][*]", value) == [3, 4]
    assert find("$['x'].*", value) == [5, 6]
    assert find("$.none[*].whatever", value) == []
    assert find("$.a[?(@['b-c'] > 1)]['b-c']", value) == [2]
    assert find("$.a[?(@['b-c'] > 9)]['b-c']", value) == []
    assert find("$.a[:1]['b-c']", value) == [1]
    assert find("$.x['z', 'y']", value) == [6, 5]
    assert find("$..z", value) == [6]
    assert find("$[?(@.kind == 'doc')].id", [{"kind": "doc", "id": 1}, {"kind": "web", "id": 2}, {"id": 3}]) == [1]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("$.b", "$ has no 'b'"),
        ("$.a[2]", "$.a has no 2"),
        ("$.x[0]", "$.x has no 0"),
        ("$.a.b", "$.a has no 'b'"),
        ("$.a[*]['d.e']", "$.a[0] has no 'd.e'"),
        ("$.x['y', 'w']", "$.x has no 'y', 'w'"),
        ("$.text[*]", "$.text is no list"),
        ("$.text[0:1]", "$.text is no list"),
        ("$.text[?(@.y)]", "$.text is no list"),
        ("$.null", "$.null is null"),
        ("$.null[*].y", "$.null is null"),
    ],
)
def test_what_a_path_names_and_is_not_there(path, words) -> None:
    """The library would leave it out, and the lists of ids and scores would no longer go together."""
    value = {"a": [{"b-c": 1}, {"d.e": 2}], "x": {"y": 5}, "text": "ab", "null": None}
    with pytest.raises(AbsentError) as caught:
        find(path, value)
    assert str(caught.value) == words
