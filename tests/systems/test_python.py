import sys

import pytest

from ragguard.errors import CannotJudge, InputError
from ragguard.plan.retrievers import PythonRetriever as Plan
from ragguard.systems.factory import build

CODE = '''
from types import SimpleNamespace

def plain(text, depth):
    if text == "boom":
        raise LookupError("no index")
    return {"pairs": [("cat", 0.5), ("dog", 0.9)], "ids": ["tea", "cat"], "dicts": [{"_id": "sea", "score": 1}, {"id": "api", "score": 2}],
            "nan": [("cat", float("nan"))], "twice": ["cat", "cat"], "none": [], "mixed": [{"id": "a", "score": 1}, "b"],
            "nameless": [{"score": 1}], "text": "cat", "number": 7}[text]

class Chain:
    """As LangChain's retrievers."""
    def invoke(self, query, config=None):
        named = SimpleNamespace(page_content="x", metadata={"source": "cat"}, id=None)
        return [named, SimpleNamespace(page_content="y", metadata={}, id="dog")]

class Nodes:
    """As LlamaIndex's retrievers."""
    def __init__(self, top=2):
        self.top = top
    def retrieve(self, query):
        nodes = [("dog", 0.1), ("tea", 0.8), ("sea", 0.3)]
        return [SimpleNamespace(node=SimpleNamespace(node_id=i, id=i, metadata={}), score=s) for i, s in nodes[: self.top]]

chain = Chain()
nodes = Nodes()
number = 3

def broken():
    raise OSError("no disk")

def factory(fail=False, name=""):
    if fail:
        raise OSError("no disk")
    return lambda text, depth: [name]
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    module = f"mine_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{module}.py").write_text(CODE)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path, module
    sys.modules.pop(module, None)


def made(folder, name, corpus, vault, progress, **options):
    base, module = folder
    retriever = build(Plan(type="python", callable=f"{module}:{name}", **options), base=base, allow_code=True)
    retriever.index(corpus, vault, progress)
    return retriever


@pytest.mark.parametrize(
    ("text", "expected"), [("pairs", ["dog", "cat"]), ("ids", ["tea", "cat"]), ("dicts", ["api", "sea"]), ("none", [])]
)
def test_plain_callables(folder, corpus, vault, progress, case, text, expected):
    (found,) = made(folder, "plain", corpus, vault, progress).search([case(text)], 10)
    assert [r.id for r in found.ranking] == expected
    assert not found.error
    assert found.seconds["retrieve"] >= 0


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("boom", "LookupError: no index"),
        ("nan", "not a finite number"),
        ("twice", "'cat' was returned twice"),
        ("mixed", "1 of 2 results have no score"),
        ("nameless", "has no document id"),
        ("text", "str, not a list"),
        ("number", "int, not a list"),
    ],
)
def test_what_goes_wrong_on_a_case_is_said_on_the_case(folder, corpus, vault, progress, case, text, error):
    good, bad = made(folder, "plain", corpus, vault, progress).search([case("ids"), case(text, "q2")], 10)
    assert not good.error
    assert error in bad.error
    assert bad.ranking == ()


def test_langchain_and_llamaindex_objects(folder, corpus, vault, progress, case):
    (chain,) = made(folder, "chain", corpus, vault, progress).search([case("x")], 10)
    assert [r.id for r in chain.ranking] == ["cat", "dog"]
    (nodes,) = made(folder, "nodes", corpus, vault, progress).search([case("x")], 1)
    assert [(r.id, r.score) for r in nodes.ranking] == [("tea", 0.8)]
    (more,) = made(folder, "Nodes", corpus, vault, progress, arguments={"top": 3}).search([case("x")], 10)
    assert [r.id for r in more.ranking] == ["tea", "sea", "dog"]


def test_code_is_not_run_unless_allowed(folder):
    base, module = folder
    with pytest.raises(InputError, match="--allow-code"):
        build(Plan(type="python", callable=f"{module}:plain"), base=base)
    assert module not in sys.modules


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [("plian", InputError, "did you mean 'plain'"), ("number", InputError, "cannot be asked"), ("Chain", InputError, "a class")],
)
def test_names_that_are_not_there_or_cannot_be_asked(folder, corpus, vault, progress, name, error, message):
    with pytest.raises(error, match=message):
        made(folder, name, corpus, vault, progress)


def test_a_factory_that_fails_is_an_outage(folder, corpus, vault, progress):
    with pytest.raises(CannotJudge, match="OSError: no disk"):
        made(folder, "factory", corpus, vault, progress, arguments={"fail": True})


def test_a_missing_module_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="no module 'nowhere_at_all'"):
        build(Plan(type="python", callable="nowhere_at_all:f"), base=tmp_path, allow_code=True)


def test_the_fingerprint_covers_source_version_and_arguments(folder):
    base, module = folder

    def make(**options):
        return build(Plan(type="python", callable=f"{module}:plain", **options), base=base, allow_code=True).fingerprint

    before = make()
    assert before == make()
    assert len({before, make(version="2"), make(arguments={"a": 1})}) == 3
    (base / f"{module}.py").write_text(CODE + "\n# changed\n")
    assert make() != before
