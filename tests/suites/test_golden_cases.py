"""Which queries become cases of a suite, and in which slices."""

from collections.abc import Callable

import pytest

from ragguard.data.collection import Collection
from ragguard.errors import InputError
from ragguard.plan.load import LoadedPlan
from ragguard.suites.golden import Cases, build

CHECKS = "checks:\n  - {metric: nDCG@10}\n"


def cases(plan: Callable[..., LoadedPlan], collection: Collection, selection: str, slices: str = "", checks: str = CHECKS) -> Cases:
    text = f"suite: s\n{f'cases: {selection}{chr(10)}' if selection else ''}{slices}{checks}"
    return build(plan(text).suites[0], collection)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("", ["a", "b", "c", "d"]),
        ("{tags: [x]}", ["a", "b"]),
        ("{tags: [x, y]}", ["b"]),
        ("{any_tags: [x, y]}", ["a", "b", "c"]),
        ("{tags: [y], any_tags: [x, z]}", ["b"]),
        ("{not_tags: [y]}", ["a", "d"]),
        ("{not_tags: [y, z]}", ["a"]),
        ("{tags: [x], not_tags: [y]}", ["a"]),
        ("{any_tags: [x, y], not_tags: [z]}", ["a", "b", "c"]),
        ("{asks: current}", ["b"]),
        ("{asks: named, tags: [y]}", ["c"]),
    ],
)
def test_selection_takes_tags_and_what_is_asked(plan, collection, selection: str, expected: list[str]) -> None:
    assert [case.id for case in cases(plan, collection, selection).cases] == expected, "cases are sorted by id"


def test_case_carries_its_query_and_what_is_relevant(plan, collection) -> None:
    first = cases(plan, collection, "").cases[0]
    assert (first.text, first.query.id, dict(first.relevant)) == ("first", "a", {"d1": 1})


def test_slices_are_cut_from_the_selected_cases(plan, collection) -> None:
    made = cases(plan, collection, "{any_tags: [x, z]}", "slices: {why: {tags: [y]}, zed: {tags: [z]}}\n")
    assert made.slices[""] == {"a", "b", "d"}
    assert made.slices["why"] == {"b"}, "c is no case of this suite"
    assert made.slices_of("b") == ("why",)
    assert made.slices_of("a") == ()


@pytest.mark.parametrize("key", ["tags", "any_tags", "not_tags"])
def test_unknown_tag_is_named_with_the_near_one(plan, collection, key: str) -> None:
    with pytest.raises(InputError, match=r"suite0\.yaml:2: no query of data has the tag 'w'; known: x, y, z"):
        cases(plan, collection, f"{{{key}: [w]}}")


def test_unknown_tag_of_a_slice_matters_where_a_check_names_it(plan, collection) -> None:
    slices = "slices: {w: {tags: [w]}}\n"
    assert cases(plan, collection, "", slices).slices["w"] == frozenset()
    with pytest.raises(InputError, match=r"suite0\.yaml:2: no query of data has the tag 'w'"):
        cases(plan, collection, "", slices, CHECKS + "  - {metric: RR, slice: w, tier: veto}\n")


def test_selection_of_nothing_is_refused(plan, collection) -> None:
    with pytest.raises(InputError, match=r"suite0\.yaml:2: selects no query"):
        cases(plan, collection, "{tags: [x, z]}")


def test_empty_slice_under_a_check_is_refused(plan, collection) -> None:
    with pytest.raises(InputError, match=r"suite0\.yaml:3: slice 'zed' of RR has no case"):
        cases(plan, collection, "{tags: [x]}", "slices: {zed: {tags: [z]}}\n", CHECKS + "  - {metric: RR, slice: zed, tier: veto}\n")
