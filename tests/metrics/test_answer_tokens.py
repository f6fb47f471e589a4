"""The normal form of what documentation states, by hand and by properties."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragguard.metrics.answers.matching import contains, unsupported, values
from ragguard.metrics.answers.tokens import tokens
from ragguard.metrics.answers.units import CALENDAR, CURRENCIES, UNITS


def keys(text: str) -> list[str]:
    return [token.key for token in tokens(text)]


ALIKE = [
    ("30 s", "30s", "30 seconds", "30-second", "`30 sec`", "thirty seconds", "0.5 minutes"),
    ("1,000", "1000", "1000.0", "1\u202f000", "1 thousand", "1k"),
    ("5%", "5 percent", "5 per cent", "5 %", "five percent"),
    ("24h", "24 hours", "1 day", "24 hrs"),
    ("one year", "12 months", "1 year"),
    ("25 MB", "25MB", "25 mb", "25,000 KB", "25 megabytes"),
    ("EUR 1,200", "1200 EUR", "€1,200", "1,200 euros", "EUR1200.00", "1.2 thousand EUR"),
    ("1 February 2024", "2024-02-01", "February 1, 2024", "Feb. 1st, 2024", "1st February 2024"),
    ("v2.3", "version 2.3", "V2.3", "release 2.3"),
    ("07:00", "7:00"),
    ("X-Quota-Reset", "x-quota-reset"),
    ("read-only", "read only"),
]
UNLIKE = [
    ("30 s", "30 minutes"),
    ("30", "300"),
    ("3", "30"),
    ("v2.3", "v2.31"),
    ("2.3", "2.31"),
    ("1 MB", "1 MiB"),
    ("1 MB", "1 Mb"),
    ("5 days", "5 working days"),
    ("EUR 5", "USD 5"),
    ("0.5", "5"),
    ("/v2/refunds", "/v2/refunds/{id}"),
    ("/refunds", "https://api.example/v2/refunds"),
    ("refund_left", "refund_left_at"),
    ("--dry", "--dry-run"),
    ("20 November", "20 December"),
    ("0030", "30"),
    ("-5 °C", "5 °C"),
]


@pytest.mark.parametrize("forms", ALIKE, ids=lambda forms: forms[0])
def test_one_thing_has_one_form(forms: tuple[str, ...]) -> None:
    for form in forms:
        assert keys(form) == keys(forms[0]), form
        assert contains(f"It is {form}, as told.", forms[0]), form


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_two_things_are_two(one: str, other: str) -> None:
    assert not contains(f"it is {other} here", one)
    assert not contains(f"it is {one} here", other)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Retries stop after 72 hours.", "72 hours"),
        ("`POST /v2/refunds` with channel: in_person", "channel: in_person"),
        ("Keys begin with hps_live_... and more", "hps_live_"),
        ("Between 20 November 2024 and 6 January 2025", "20 November"),
        ("3 attempts, not more", "three attempts"),
        ("100 requests a second", "100 requests per second"),
        ("Python 4.2.", "Python 4.2"),
        ("in 2.3 it was so", "v2.3"),
        ("in v2.3 it was so", "2.3"),
        ("takes 30 seconds", "30"),
        ("a link took 50 payment", "50 payments"),
        ("at https://api.example/v2/refunds.", "/v2/refunds"),
    ],
)
def test_what_is_wanted_is_found(text: str, wanted: str) -> None:
    assert contains(text, wanted)


def test_words_must_follow_each_other_and_nothing_is_not_found() -> None:
    assert contains("they have calendars of their own", "calendars of their own")
    assert not contains("their own calendars", "calendars of their own")
    assert not contains("anything", "")
    assert not contains("", "anything")


def test_values_are_what_can_be_looked_up() -> None:
    found = values("Send 3 times to /v2/refunds with dry_run on 2024-02-01 at 07:00 under v2.3, e.g. within two hours, and wait.")
    assert [token.kind for token in found] == ["number", "name", "name", "date", "clock", "version"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("30 seconds", "a table: 30"),
        ("30", "30 seconds"),
        ("1 hour", "60 minutes"),
        ("20 November 2024", "20 November"),
        ("20 November", "2024-11-20"),
        ("3 steps", "three steps"),
        ("2.3", "v2.3"),
        ("2024", "v2024"),
        ("5 minutes", "5-10 minutes"),
    ],
)
def test_a_value_is_supported_up_to_a_unit_or_year_that_one_side_lacks(said: str, told: str) -> None:
    assert unsupported(said, [told]) == ()


@pytest.mark.parametrize(
    ("said", "told"),
    [("30 minutes", "30 seconds"), ("/v2/refund", "/v2/refunds"), ("300", "30 and 3000"), ("20 November 2024", "20 November 2023")],
)
def test_another_value_is_not_supported(said: str, told: str) -> None:
    assert len(unsupported(said, [told])) == 1


NUMBERS = st.decimals(min_value=0, max_value=10**9, places=2, allow_nan=False, allow_infinity=False)
TIMES = sorted(name for name, (dimension, _) in UNITS.items() if dimension == "time")


@given(NUMBERS)
def test_grouping_and_trailing_zeros_say_nothing(number) -> None:
    assert keys(f"{number:,}") == keys(f"{number}") == keys(f"{number}000" if "." in str(number) else str(number))


@given(st.integers(1, 10**6), st.sampled_from(TIMES), st.sampled_from(TIMES))
def test_quantities_of_time_are_alike_when_their_seconds_are(number: int, one: str, other: str) -> None:
    seconds = [number * UNITS[name][1] for name in (one, other)]
    assert (keys(f"{number} {one}") == keys(f"{number} {other}")) == (seconds[0] == seconds[1])


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.sampled_from(["", " s", "%", " GB", " EUR", " payments"]))
def test_a_number_contains_no_other(one: int, other: int, unit: str) -> None:
    assert contains(f"exactly {one}{unit} now", f"{other}{unit}") == (one == other)


@given(st.integers(0, 10**6), st.sampled_from(sorted(CURRENCIES)))
def test_money_before_and_after_the_number(amount: int, currency: str) -> None:
    assert keys(f"{amount} {currency}") == keys(f"{currency} {amount}")


@given(st.dates())
def test_a_day_has_one_form_in_every_spelling(day) -> None:
    month = CALENDAR[day.month - 1].title()
    year = f"{day.year:04d}"
    if day.year >= 1900 and day.year < 2100:
        assert keys(f"{day.day} {month} {year}") == keys(f"{month} {day.day}, {year}") == keys(day.isoformat())


@given(st.text(alphabet=string.printable + "äé–—’“”€µ\u202f٣²", max_size=80), st.text(max_size=20))
def test_any_text_has_tokens_and_contains_itself(text: str, more: str) -> None:
    found = tokens(text)
    assert all(token.key for token in found)
    assert contains(text, text) == bool(found)
    assert unsupported(text, [text]) == ()
    tokens(more)
