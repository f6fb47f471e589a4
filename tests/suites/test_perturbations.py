"""Queries asked otherwise: the same in every run, the same need, and cases of the same intent."""

from collections.abc import Callable

import pytest

from ragguard.data.collection import Collection
from ragguard.errors import InputError
from ragguard.plan import models
from ragguard.plan.load import LoadedPlan
from ragguard.suites.adversarial import build
from ragguard.suites.attacks import ATTACKS
from ragguard.suites.golden import Cases
from ragguard.suites.perturbations import CONFUSABLE, PERTURBATIONS, Setting, now_asked, perturb

SETTING = Setting({"SSH": "Settlement Side Hold", "DNS": "Do-Not-Settle list"}, ("cards", "ledger", "payouts"), ("payouts",))
TEXT = "How long may an SSH stay on a café merchant, and who is not told of it?"


def changed(name: str, text: str = TEXT, *, seed: int = 7, case: str = "q") -> str | None:
    return perturb(PERTURBATIONS[name], name, text, seed=seed, case=case, setting=SETTING)


def test_the_plan_knows_all_of_them() -> None:
    assert tuple(PERTURBATIONS) == models.PERTURBATIONS
    assert tuple(ATTACKS) == models.ATTACKS


@pytest.mark.parametrize("name", sorted(PERTURBATIONS))
def test_a_case_is_the_same_in_every_run(name: str) -> None:
    first = changed(name)
    for other in PERTURBATIONS:
        changed(other, case="another")
    assert changed(name) == first
    assert first != TEXT


@pytest.mark.parametrize("name", ["typos", "word_order", "polite", "confusables", "long_context", "negated"])
def test_seed_and_case_move_what_is_random(name: str) -> None:
    assert len({changed(name, seed=seed) for seed in range(20)}) > 1
    assert len({changed(name, case=f"q{i}") for i in range(20)}) > 1


def test_what_each_does() -> None:
    assert changed("plain") == "how long may an ssh stay on a cafe merchant, and who is not told of it"
    assert changed("keywords") == "long may SSH stay café merchant, not told"
    assert changed("expanded") == TEXT.replace("SSH", "Settlement Side Hold")
    assert changed("contracted", "When is a settlement side hold lifted?") == "When is a SSH lifted?"
    assert sorted((changed("word_order") or "").split()) == sorted(TEXT.rstrip("?").split())
    assert TEXT in (changed("polite") or "")
    assert (changed("long_context") or "").endswith(TEXT)


def test_what_is_not_meant_is_another_product_or_the_wrong_version() -> None:
    for case in map(str, range(20)):
        said = changed("negated", case=case) or ""
        assert TEXT in said
        assert ("Cards" in said) != ("Ledger" in said)
        assert "Payouts" not in said
    named = Setting(products=SETTING.products, own=SETTING.own, versions=("1.4",))
    assert "version 1.4" in (perturb(PERTURBATIONS["negated"], "negated", TEXT, seed=7, case="q", setting=named) or "")


def test_a_swapped_product_is_the_one_now_asked_for() -> None:
    said = changed("swapped", "When do payouts leave, and is a payout on Sunday possible?") or ""
    (other,) = now_asked(said, SETTING)
    assert other in ("cards", "ledger")
    assert said == f"When do {other.title()} leave, and is a {other.title()} on Sunday possible?"


@pytest.mark.parametrize(("name", "own"), [("negated", ()), ("swapped", ()), ("negated", ("cards", "ledger", "payouts"))])
def test_without_another_product_there_is_none_to_name(name: str, own: tuple[str, ...]) -> None:
    setting = Setting(products=("cards", "ledger", "payouts"), own=own)
    assert perturb(PERTURBATIONS[name], name, "payouts on Sunday", seed=7, case="q", setting=setting) is None


def test_a_typo_is_small_and_the_length_says_how_many() -> None:
    for case in map(str, range(50)):
        typed = changed("typos", case=case) or ""
        assert abs(len(typed) - len(TEXT)) <= len(TEXT) // 12
        assert sum(a == b for a, b in zip(typed.split(), TEXT.split(), strict=False)) >= 8


def test_confusables_look_the_same() -> None:
    back = {there: here for here, there in CONFUSABLE.items()}
    assert "".join(back.get(letter, letter) for letter in changed("confusables") or "") == TEXT


@pytest.mark.parametrize(
    ("name", "text"),
    [("expanded", "no abbreviation here"), ("contracted", TEXT), ("plain", "plain already"), ("word_order", "two words"), ("typos", "42"),
     ("keywords", "fee"), ("confusables", "LIT"), ("swapped", "the ledger's name, not the one that answers")],
)  # fmt: skip
def test_what_changes_nothing_is_no_case(name: str, text: str) -> None:
    assert changed(name, text) is None


def made(plan: Callable[..., LoadedPlan], collection: Collection, more: str, checks: str = "  - {metric: nDCG@10}\n") -> Cases:
    return build(plan(f"suite: s\nkind: adversarial\n{more}checks:\n{checks}").suites[0], collection)


def test_cases_keep_query_intent_and_judgements(plan, collection) -> None:
    cases = made(plan, collection, "perturbations: [typos, polite]\nslices: [x]\n", "  - {metric: RR, slice: polite}\n")
    assert [case.id for case in cases.cases] == sorted([*"abcd", *(f"{q}~{name}" for q in "abcd" for name in ("polite", "typos"))])
    polite = next(case for case in cases.cases if case.id == "d~polite")
    assert (polite.query.id, polite.query.intent, dict(polite.relevant)) == ("d", "shared", {"d1": 1})
    assert "fourth" in polite.text
    assert cases.slices["polite"] == {"a~polite", "b~polite", "c~polite", "d~polite"}
    assert cases.slices["x"] == {"a~polite", "a~typos", "b~polite", "b~typos"}
    assert cases.slices[""] == {case.id for case in cases.cases if case.clean}
    assert {case.clean for case in cases.cases if case.clean} == cases.slices["clean"] == set("abcd")
    assert cases.slices["paraphrase"] == {"c", "d"}
    assert cases.made == ("typos", "polite")


def test_per_query_takes_so_many_of_each_and_all_kinds_over_all(plan, collection) -> None:
    one = made(plan, collection, "perturbations: [typos, polite, long_context]\nper_query: 1\n")
    assert [case.query.id for case in one.cases if case.clean] == ["a", "b", "c", "d"]
    assert one.note == "1 of 3 perturbations a query"
    assert one.cases == made(plan, collection, "perturbations: [long_context, polite, typos]\nper_query: 1\n").cases
    assert len({case.id.split("~")[1] for case in one.cases if case.clean}) > 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("perturbations: [typo]\n", "did you mean 'typos'"),
        ("perturbations: [expanded]\n", "suite0.yaml:3: expanded needs the domain's abbreviations; name their file with glossary:"),
        ("perturbations: [typos]\nglossary: nowhere.yaml\n", "there is no such glossary"),
        ("perturbations: [typos]\nslices: {typos: {tags: [x]}}\n", "'typos' is a slice already"),
        ("slices: {clean: {tags: [x]}}\n", "'clean' is a slice already"),
        ("perturbations: [typos, 'mine:typos']\n", "two slices would be called 'typos'"),
        ("attacks: [poison]\n", "did you mean 'poisoned'"),
        ("attacks: [distractors]\n", "suite0.yaml:3: distractors can be planted against none of the 4 queries"),
    ],
)
def test_what_is_wrong_is_said(plan, collection, more: str, words: str) -> None:
    with pytest.raises(InputError) as error:
        made(plan, collection, more)
    assert words in str(error.value)


def test_a_glossary_with_a_meaning_that_is_no_text(plan, collection, folder) -> None:
    (folder / "glossary.yaml").write_text("SSH: {elsewhere: Secure Shell}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"glossary.yaml:1: the meaning is None"):
        made(plan, collection, "perturbations: [expanded]\nglossary: glossary.yaml\n")


def test_perturbations_are_for_adversarial_suites(plan) -> None:
    with pytest.raises(InputError, match="perturbations is for suites of kind: adversarial"):
        plan("suite: s\nperturbations: [typos]\nchecks:\n  - {metric: nDCG@10}\n")
