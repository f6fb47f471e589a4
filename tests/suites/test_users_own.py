"""A perturbation of the user's own: a function in a module beside the suite, run where somebody allowed it."""

from pathlib import Path

import pytest

from ragguard import preflight
from ragguard.errors import CannotJudge, InputError

SUITE = "suite: s\nkind: adversarial\nperturbations: [plain, '{name}']\nchecks:\n  - {{metric: nDCG@10, slice: {slice}}}\n"
MODULE = """
def shouted(text, rng):
    return text.upper() + "!" * int(rng.integers(1, 9))

def broken(text, rng):
    raise ValueError("no idea")

def wrong(text, rng):
    return 7

def silent(text, rng):
    return None

constant = "text"
"""


@pytest.fixture
def module(folder: Path, request: pytest.FixtureRequest) -> str:
    """A module of its own name for each test, since Python imports a module once."""
    name = "own_" + "".join(c if c.isalnum() else "_" for c in request.node.name)
    (folder / f"{name}.py").write_text(MODULE, encoding="utf-8")
    return name


def loaded(plan, module: str, function: str, *, allow: bool = True):
    return preflight.load(plan(SUITE.format(name=f"{module}:{function}", slice=function)), allow_code=allow)


def test_it_makes_a_slice_of_its_name_the_same_in_every_run(plan, collection, module) -> None:
    (suite,) = loaded(plan, module, "shouted").suites
    texts = {case.id: case.text for case in suite.cases.cases}
    assert {name: texts[name].rstrip("!") for name in suite.cases.slices["shouted"]} == {
        "a~shouted": "FIRST", "b~shouted": "SECOND", "c~shouted": "THIRD", "d~shouted": "FOURTH"
    }  # fmt: skip
    (again,) = loaded(plan, module, "shouted").suites
    assert again.cases == suite.cases
    assert again.fingerprint == suite.fingerprint


def test_it_runs_only_where_somebody_allowed_it(plan, collection, module) -> None:
    with pytest.raises(InputError, match=r"suite0.yaml:3: own_.*:shouted runs code of its own; if you trust it, say so with --allow-code"):
        loaded(plan, module, "shouted", allow=False)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("shoutd", "it has no 'shoutd'; did you mean 'shouted'"),
        ("broken", "raised ValueError on 'first': no idea"),
        ("wrong", "returned int on 'first'"),
        ("constant", "is no function"),
        ("silent", "slice 'silent' of nDCG@10 has no case"),
    ],
)
def test_what_is_wrong_is_said(plan, collection, module, function: str, words: str) -> None:
    with pytest.raises(InputError) as error:
        loaded(plan, module, function)
    assert words in str(error.value)
    assert "suite0.yaml:" in str(error.value)


def test_a_module_that_is_not_there(plan, collection) -> None:
    with pytest.raises(InputError, match=r"suite0.yaml:3: there is no module 'nowhere'"):
        loaded(plan, "nowhere", "shouted")


def test_a_module_that_cannot_be_imported_is_no_verdict(plan, collection, folder) -> None:
    (folder / "own_unimportable.py").write_text("import nothing_of_this_name\n", encoding="utf-8")
    with pytest.raises(CannotJudge, match="own_unimportable:shouted: importing it raised ModuleNotFoundError"):
        loaded(plan, "own_unimportable", "shouted")
