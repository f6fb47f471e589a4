"""Each mutant's function on a record or two: what it changes, and what it leaves."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import drill_worlds
import pytest
from drill_worlds import Range

from ragguard.data.collection import load
from ragguard.drill import answers, catalog, rankings, rerankings
from ragguard.drill.mutant import Scene, World
from ragguard.records.collection import Query
from ragguard.records.evidence import Answer, Case, Observation, Orders, Ranked
from ragguard.systems.citations import ABSTENTION

RANKING = tuple(Ranked(f"d{i:02d}-{release}", 9.0 - i) for i in range(4) for release in ("autumn", "spring"))
QUERY = Query("q", "topic00 autumn limit", "q", required=("500 units",), forbidden=("100 units",))
CASE = Case("q", QUERY.text, QUERY, {"d00-autumn": 1})
SAID = "The limit is 500 units [1]. It holds only for members [2]."


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder: Path = tmp_path_factory.mktemp("functions")
    drill_worlds.collection(Range(folder, "none"), "")
    return World(load(folder / "collection"))


@pytest.fixture
def scene(world: World) -> Callable[..., Scene]:
    def make(strength: float = 1.0, name: str = "test", before: tuple[Observation, ...] = ()) -> Scene:
        return Scene(name, strength, world, before)

    return make


def observed(text: str = SAID, *, abstained: bool = False, citations: tuple[str, ...] = ("d00-autumn", "d01-autumn")) -> Observation:
    answer = Answer(text, () if abstained else citations, abstained, tokens=12, prompt_tokens=40)
    return Observation("q", RANKING, "", {"retrieve": 0.5, "generate": 1.5}, ("d00-autumn", "d01-autumn"), answer)


def text_of(observation: Observation) -> str:
    assert observation.answer is not None
    return observation.answer.text


def test_what_is_hit_at_one_strength_is_hit_at_every_greater_one_and_shares_are_right(world: World) -> None:
    items = [str(number) for number in range(4_000)]
    weak, strong = ({each for each in items if Scene("a", share, world).hit(each)} for share in (0.1, 0.5))
    assert weak < strong
    assert 0.08 < len(weak) / len(items) < 0.12
    assert 0.47 < len(strong) / len(items) < 0.53
    assert weak != {each for each in items if Scene("b", 0.1, world).hit(each)}
    assert Scene("a", 0.1, world).rng("x").random() == Scene("a", 0.9, world).rng("x").random()


NOT_SPOILED = [
    m for m in catalog.MUTANTS if m.place in ("ranking", "observation") and not m.harmless and m.name not in ("longer", "slower")
]


@pytest.mark.parametrize("mutant", NOT_SPOILED, ids=lambda mutant: mutant.name)
def test_at_strength_0_nothing_changes(mutant: Any, scene: Callable[..., Scene]) -> None:
    case = Case("q", QUERY.text, QUERY, {}, orders=Orders(("say it",), "no limit", "KX-1"))
    at = scene(0.0, mutant.name, (observed(), Observation("other", RANKING[::-1])))
    if mutant.place == "ranking":
        assert mutant.make(RANKING, case, at) == RANKING
    else:
        assert mutant.make(observed(), case, at) == observed()
        assert mutant.make(observed(ABSTENTION, abstained=True), case, at) == observed(ABSTENTION, abstained=True)


def test_documents_are_missing(scene: Callable[..., Scene], world: World) -> None:
    newest = rankings.newest(scene(1.0))
    assert newest == {name for name in world.collection.ids if name.endswith("autumn")}
    assert rankings.answering(scene(1.0)) == newest
    assert 0 < len(rankings.answering(scene(0.3))) < len(newest)
    assert [found.id for found in rankings.without(newest, RANKING)] == [f"d{i:02d}-spring" for i in range(4)]
    north = next(each for each in catalog._products(_Site(world)) if each.name == "product-missing:north")  # type: ignore[arg-type]
    assert north.make(scene(1.0)) == set(world.products["north"])


class _Site:
    def __init__(self, world: World) -> None:
        self.collection = world.collection


def test_versions_stand_in_each_others_place(scene: Callable[..., Scene]) -> None:
    swapped = rankings.versions_swapped(RANKING, CASE, scene())
    assert [found.id for found in swapped[:4]] == ["d00-spring", "d00-autumn", "d01-spring", "d01-autumn"]
    assert [found.score for found in swapped] == [found.score for found in RANKING]


def test_rankings_are_shuffled_turned_cut_and_exchanged(scene: Callable[..., Scene]) -> None:
    ids = [found.id for found in RANKING]
    shuffled = rankings.shuffled(RANKING, CASE, scene())
    assert sorted(found.id for found in shuffled) == sorted(ids)
    assert [found.id for found in shuffled] != ids
    assert [found.score for found in shuffled] == sorted((found.score for found in RANKING), reverse=True)
    assert [found.id for found in rankings.reversed_head(RANKING, CASE, scene())] == ids[::-1]
    assert rankings.first_lost(RANKING, CASE, scene()) == RANKING[1:]
    assert rankings.nothing_found(RANKING, CASE, scene()) == ()
    other = Observation("other", (Ranked("d09-autumn", 1.0),))
    assert rankings.another_query(RANKING, CASE, scene(1.0, "test", (observed(), other))) == other.ranking
    assert rankings.another_query(RANKING, CASE, scene(1.0, "test", (observed(),))) == RANKING


def test_harmless_changes_of_rankings_keep_the_order_but_for_ties(scene: Callable[..., Scene]) -> None:
    ids = [found.id for found in RANKING]
    assert [found.id for found in rankings.rescaled(RANKING, CASE, scene(100.0))] == ids
    assert rankings.rescaled(RANKING, CASE, scene(100.0))[0].score == 901.0
    turned = [found.id for found in rankings.ties_otherwise(RANKING, CASE, scene(6.0))]
    assert turned[:4] == ["d00-spring", "d00-autumn", "d01-spring", "d01-autumn"]
    near = (Ranked("a", 0.12345), Ranked("b", 0.123449), Ranked("c", 0.1))
    assert [found.id for found in rankings.half_precision(near, CASE, scene())] == ["b", "a", "c"]


def test_a_reranker_is_turned_or_says_nothing(scene: Callable[..., Scene]) -> None:
    assert rerankings.reversed_scores([3.0, 1.0], "q", scene()) == [-3.0, -1.0]
    assert rerankings.constant_scores([3.0, 1.0], "q", scene()) == [0.0, 0.0]
    assert rerankings.constant_scores([3.0, 1.0], "q", scene(0.0)) == [3.0, 1.0]


def test_a_value_is_replaced_and_no_citation(scene: Callable[..., Scene]) -> None:
    said = text_of(answers.value_replaced(observed(), CASE, scene()))
    assert "500" not in said
    assert said.startswith("The limit is ")
    assert said.endswith(" units [1]. It holds only for members [2].")
    assert answers.value_replaced(observed("No number [1]."), CASE, scene()) == observed("No number [1].")


def test_another_versions_value_is_said(scene: Callable[..., Scene]) -> None:
    assert text_of(answers.other_version(observed(), CASE, scene())).startswith("The limit is 100 units [1].")
    assert text_of(answers.other_version(observed("Five hundred."), CASE, scene())) == "Five hundred. It is 100 units."
    plain = Case("q", QUERY.text, Query("q", "text", "q"), {})
    assert answers.other_version(observed(), plain, scene()) == observed()


def test_citations_are_shifted_lost_and_invented(scene: Callable[..., Scene], world: World) -> None:
    shifted = answers.citation_shifted(observed(), CASE, scene()).answer
    assert shifted is not None
    assert shifted.text == "The limit is 500 units [2]. It holds only for members [1]."
    assert shifted.citations == ("d01-autumn", "d00-autumn")
    lost = answers.citations_lost(observed(), CASE, scene()).answer
    assert lost is not None
    assert (lost.text, lost.citations) == ("The limit is 500 units. It holds only for members.", ())
    invented = answers.citation_invented(observed(), CASE, scene()).answer
    assert invented is not None
    assert invented.citations[-1] in world.collection.ids
    assert invented.citations[-1] not in observed().contexts


def test_caveats_are_dropped_and_answers_cut_off(scene: Callable[..., Scene]) -> None:
    dropped = answers.caveat_dropped(observed(), CASE, scene()).answer
    assert dropped is not None
    assert dropped.text == "The limit is 500 units [1]."
    assert dropped.citations == ("d00-autumn",)
    assert text_of(answers.caveat_dropped(observed("Free, unless it is late [1]."), CASE, scene())) == "Free,"
    assert text_of(answers.cut_off(observed("one two three four"), CASE, scene())) == "one two"


def test_it_refuses_always_or_never(scene: Callable[..., Scene]) -> None:
    refused = answers.refuses(observed(), CASE, scene()).answer
    assert refused is not None
    assert (refused.text, refused.citations, refused.abstained) == (ABSTENTION, (), True)
    bold = answers.never_refuses(observed(ABSTENTION, abstained=True), CASE, scene()).answer
    assert bold is not None
    assert (bold.text, bold.abstained) == ("topic00 autumn: the limit is 500 units. [1]", False)
    assert answers.never_refuses(observed(), CASE, scene()) == observed()


def test_it_says_what_it_said_to_another_query_or_what_it_was_ordered_to(scene: Callable[..., Scene]) -> None:
    other = Observation("other", answer=Answer("elsewhere"))
    assert text_of(answers.another_answer(observed(), CASE, scene(1.0, "test", (observed(), other)))) == "elsewhere"
    ordered = Case("q", QUERY.text, QUERY, {}, orders=Orders(("say it",), "no limit", "KX-1"))
    assert text_of(answers.obedient(observed(), ordered, scene())) == "no limit. KX-1"
    assert answers.obedient(observed(), CASE, scene()) == observed()


def test_it_is_longer_slower_and_that_in_every_sample(scene: Callable[..., Scene]) -> None:
    twice = answers.longer(observed("one two three"), CASE, scene(1.5)).answer
    assert twice is not None
    assert (twice.text, twice.tokens) == ("one two three one", 18)
    assert answers.slower(observed(), CASE, scene(2.0)).seconds == {"retrieve": 1.0, "generate": 3.0}
    drawn = Observation("q", answer=Answer("one", samples=(Answer("one"), Answer("two"))))
    spoken = answers.refuses(drawn, CASE, scene()).answer
    assert spoken is not None
    assert [each.abstained for each in spoken.samples] == [True, True]


def test_harmless_changes_of_answers_keep_words_and_citations(scene: Callable[..., Scene]) -> None:
    assert answers.unchanged(observed(), CASE, scene()) == observed()
    assert text_of(answers.reflowed(observed(), CASE, scene())).split() == SAID.split()
    behind = answers.citations_behind(observed(), CASE, scene()).answer
    assert behind is not None
    assert behind.text == "The limit is 500 units. It holds only for members. [1][2]"
    assert behind.citations == ("d00-autumn", "d01-autumn")
    jittered = answers.jittered(observed(), CASE, scene(0.02)).seconds
    assert jittered != observed().seconds
    assert all(abs(jittered[stage] / spent - 1) <= 0.02 for stage, spent in observed().seconds.items())


def test_every_mutant_has_a_name_of_its_own_and_states_a_strength_that_it_tries() -> None:
    names = [mutant.name for mutant in catalog.MUTANTS]
    assert len(set(names)) == len(names)
    for mutant in catalog.MUTANTS:
        assert mutant.strengths == tuple(sorted(mutant.strengths)) or mutant.harmless
        assert mutant.stated in mutant.strengths
    assert sum(not mutant.harmless for mutant in catalog.MUTANTS) >= 25
    assert sum(mutant.harmless for mutant in catalog.MUTANTS) >= 8
