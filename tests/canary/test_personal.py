"""Nothing of a person stays in a text, however it is written; and the cheap tests before each search miss nothing that Presidio finds."""

import sys

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made_events import payments
from personal import around, odd, personal

from ragguard.canary import entities
from ragguard.canary.entities import Find, finder
from ragguard.canary.redaction import WITHHELD, readable, redactor
from ragguard.canary.signals import Noter
from ragguard.data.events.read import of_values
from ragguard.errors import InputError, MissingExtra
from ragguard.plan.canary import ENTITIES, REGIONS, CanaryPlan, RedactPlan

redact = redactor(RedactPlan())


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(personal, around, around, st.integers(0, 4))
def test_what_tells_a_person_does_not_stay(value: str, before: str, after: str, how: int) -> None:
    left = redact(f"{before} {odd(value, how)} {after}")
    assert value.lower() not in readable(left).lower()
    digits_ = "".join(char for char in value if char.isdigit())
    assert len(digits_) < 7 or digits_ not in "".join(char for char in readable(left) if char.isdigit())


@pytest.fixture(scope="module")
def noter() -> Noter:
    return Noter("payments", CanaryPlan(), payments())


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(personal, around, st.integers(0, 4), st.booleans())
def test_nothing_of_it_is_in_what_is_noted(noter: Noter, value: str, beside: str, how: int, both: bool) -> None:
    text = f"{beside} {odd(value, how)} {beside}"
    own = {"answer": text, "error": text, "served": {"where": text}}
    said = {"arm": "both", "baseline": own, "candidate": own} if both else {"arm": "candidate", **own}
    event = {"id": "r", "at": 1.5, "query": text, "user": value, "session": value, "extra": {"note": text, "shop": 7}, **said}
    noted = noter.note(of_values(event, "e:1"))
    kept = orjson.loads(noted.kept)
    told = readable(orjson.dumps([{**kept, "at": 0, "user": "", "session": ""}]).decode())
    assert value.lower() not in told.lower()
    assert value not in noted.cluster
    assert value not in kept["user"]
    assert kept["extra"]["shop"] == 7


@settings(deadline=None)
@given(st.text(max_size=200))
@example("x" * 300 + "@")
def test_any_text_can_be_redacted_and_then_holds_nothing_more(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("write to Jane.Doe+shop@corp.internal, please", "write to <EMAIL_ADDRESS>, please"),
        ("4111 1111 1111 1111 and 2223-0031-2200-3222", "<CREDIT_CARD> and <CREDIT_CARD>"),
        ("nl91 abna 0417 1643 00 soon", "<IBAN_CODE> soon"),
        ("LT121000011101001000 SOON", "<IBAN_CODE> SOON"),
        ("from 10.0.0.1 or 2001:db8::1", "from <IP_ADDRESS> or <IP_ADDRESS>"),
        ("my number is 536-90-4399", "my number is <US_SSN>"),
        ("call (212) 555-0134 or +31 6 12345678", "call <PHONE_NUMBER> or <PHONE_NUMBER>"),
        ("ｊａｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ", "<EMAIL_ADDRESS>"),
        ("API keys v2.3 work for 7 days, 72 hours and 24 hours", "API keys v2.3 work for 7 days, 72 hours and 24 hours"),
        ("call std::vector at 10:30:00 on 2024-02-01 for 1,250.00 EUR", "call std::vector at 10:30:00 on 2024-02-01 for 1,250.00 EUR"),
        ("Jane Doe of 12 Main Street", "Jane Doe of 12 Main Street"),
        ("\u06a9\u062a\u0627\u0628\u200c\u0647\u0627 and 👩‍👧", "\u06a9\u062a\u0627\u0628\u200c\u0647\u0627 and 👩‍👧"),
        ("", ""),
    ],
)
def test_what_is_left_of_a_text(text: str, left: str) -> None:
    assert redact(text) == left


def test_own_patterns_other_entities_and_no_texts() -> None:
    own = redactor(RedactPlan(entities=["UK_NHS"], patterns={"ACCOUNT": r"acct_\w+"}))
    assert own("acct_1a2b3c of 401-023-2137, jane@example.com") == "<ACCOUNT> of <UK_NHS>, jane@example.com"
    assert redactor(RedactPlan(texts=False))("anything") == WITHHELD
    assert redactor(RedactPlan(texts=False))("") == ""
    assert redactor(RedactPlan(regions=["NL"]))("bel 020 123 4567") == "bel <PHONE_NUMBER>"


@pytest.mark.parametrize(
    ("plan", "what"),
    [
        (RedactPlan(entities=["EMAIL_ADRESS"]), "there is no entity 'EMAIL_ADRESS' that patterns find; did you mean 'EMAIL_ADDRESS'"),
        (RedactPlan(entities=["PERSON"]), "there is no entity 'PERSON' that patterns find"),
        (RedactPlan(regions=["UK"]), "there is no region 'UK'"),
        (RedactPlan(patterns={"X": "("}), "patterns: X: '\\(' is no regular expression"),
    ],
)
def test_what_cannot_be_redacted_is_refused(plan: RedactPlan, what: str) -> None:
    with pytest.raises(InputError, match=what):
        redactor(plan)


def test_without_presidio_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    entities._recognizers.cache_clear()
    try:
        with pytest.raises(MissingExtra, match="pip install 'ragguard\\[canary\\]'"):
            redactor(RedactPlan())
        assert redactor(RedactPlan(texts=False))("anything") == WITHHELD
    finally:
        entities._recognizers.cache_clear()


presidio = pytest.importorskip("presidio_analyzer.predefined_recognizers")
UNFILTERED = {
    "PHONE_NUMBER": presidio.PhoneRecognizer(supported_regions=REGIONS),
    "CREDIT_CARD": presidio.CreditCardRecognizer(),
    "IBAN_CODE": presidio.IbanRecognizer(),
    "IP_ADDRESS": presidio.IpRecognizer(),
    "US_SSN": presidio.UsSsnRecognizer(),
    "CRYPTO": presidio.CryptoRecognizer(),
}
FINDERS: dict[str, Find] = {entity: finder(entity, REGIONS) for entity in ENTITIES}
numberish = st.text("0123456789 -.+()/:xX@,٤１\u00a0\u2011\uff0babfAB", max_size=40)
near = st.one_of(numberish, st.builds("{}{}{}".format, st.text(max_size=5), personal, st.text(max_size=5)), st.text(max_size=60))


@pytest.mark.slow
@pytest.mark.parametrize("entity", sorted(UNFILTERED))
def test_the_cheap_tests_miss_nothing(entity: str) -> None:
    @settings(max_examples=200, deadline=None)
    @given(near)
    @example("+9991234")
    @example("call 110 1234")
    @example("::1")
    def nothing_missed(text: str) -> None:
        ours = list(FINDERS[entity](text))
        for found in UNFILTERED[entity].analyze(text, [entity]):
            assert any(start <= found.start and found.end <= end for start, end in ours), (text, found, ours)

    nothing_missed()
