from hypothesis import given, settings
from hypothesis import strategies as st

from ragguard.reports.page import diff

TEXT = st.lists(st.sampled_from(["a ", "b", "c\n", " ", "the window is ", "30 s", "漢字"]), max_size=30).map("".join)


@given(before=TEXT, after=TEXT)
@settings(deadline=None)
def test_the_steps_lead_from_one_text_to_the_other(before: str, after: str) -> None:
    old = diff.words(before)
    steps = diff.ops(old, diff.words(after))
    was, now = diff.pieces(old, steps)
    assert "".join(old) == before == "".join(text for text, _ in was)
    assert "".join(text for text, _ in now) == after
    assert "".join(text for text, kind in was if not kind) == "".join(text for text, kind in now if not kind)
    assert 0 not in steps


def test_only_what_changed_is_marked() -> None:
    old = diff.words("Retries stop after 30 s, says [1].")
    was, now = diff.pieces(old, diff.ops(old, diff.words("Retries stop after 45 s, says [2].")))
    assert [text for text, kind in was if kind] == ["30 ", "[1]."]
    assert [text for text, kind in now if kind] == ["45 ", "[2]."]
    assert diff.ops(old, old) == [len(old)]


def test_texts_too_long_to_compare_are_marked_whole_but_for_their_ends() -> None:
    old, new = (["same ", *(f"{name}{i} " for i in range(diff.LONG)), "end"] for name in "ab")
    assert diff.ops(old, new) == [1, -diff.LONG, "".join(new[1:-1]), 1]
