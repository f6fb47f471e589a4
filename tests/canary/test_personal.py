"""Nothing of a person stays in a text, however it is written; and the cheap tests before each search miss nothing that Presidio finds."""

import ipaddress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ragguard.canary.entities import Find, finder
from ragguard.canary.redaction import WITHHELD, readable, redactor
from ragguard.errors import InputError
from ragguard.plan.canary import ENTITIES, REGIONS, RedactPlan

phonenumbers = pytest.importorskip("phonenumbers", reason="needs the extra canary")

Form = phonenumbers.PhoneNumberFormat
redact = redactor(RedactPlan())


def luhn(digits: str) -> str:
    """The digits with their check digit."""
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def iban(country: str, account: str) -> str:
    """An account with its check digits (ISO 7064, mod 97-10)."""
    number = int("".join(str(int(char, 36)) for char in f"{account}{country}00"))
    return f"{country}{98 - number % 97:02d}{account}"


def grouped(text: str, size: int, separator: str) -> str:
    return separator.join(text[start : start + size] for start in range(0, len(text), size))


digits = st.text("0123456789", min_size=14, max_size=14)
cards = st.builds(
    lambda first, rest, gap: grouped(luhn(first + rest[: 15 - len(first)]), 4, gap),
    st.sampled_from(["4", "51", "55", "2223", "6011", "35"]), digits, st.sampled_from(["", " ", "-"]),
)  # fmt: skip
ibans = st.builds(
    lambda of, gap, lower: grouped(iban(*of).lower() if lower else iban(*of), 4, gap),
    st.one_of(
        st.tuples(st.just("DE"), st.text("0123456789", min_size=18, max_size=18)),
        st.tuples(st.just("NL"), st.text("0123456789", min_size=10, max_size=10).map("ABNA".__add__)),
        st.tuples(st.just("LT"), st.text("0123456789", min_size=16, max_size=16)),
        st.tuples(st.just("GB"), st.text("0123456789", min_size=14, max_size=14).map("WEST".__add__)),
    ),
    st.sampled_from(["", " ", "-"]), st.booleans(),
)  # fmt: skip
mails = st.builds(
    "{}@{}.{}".format,
    st.from_regex(r"[a-zé][a-z0-9é._+]{0,20}[a-z0-9é]", fullmatch=True),
    st.from_regex(r"[a-zü][a-z0-9ü]{0,10}(-[a-z0-9]{1,4})?", fullmatch=True),
    st.sampled_from(["com", "internal", "co.uk", "local"]),
)
phones = st.builds(
    lambda region, form: phonenumbers.format_number(phonenumbers.example_number(region), form),
    st.sampled_from(REGIONS),
    st.sampled_from([Form.INTERNATIONAL, Form.E164, Form.NATIONAL]),
) | st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)).map(
    lambda region: phonenumbers.format_number(phonenumbers.example_number(region), Form.INTERNATIONAL)
)  # fmt: skip
addresses = st.ip_addresses().filter(lambda ip: ip != ipaddress.ip_address("::")).map(str)
ssns = st.builds("{:03d}-{:02d}-{:04d}".format, st.integers(1, 665), st.integers(1, 99), st.integers(1, 9999)).filter(
    lambda text: len(set(text) - {"-"}) > 1 and text != "078-05-1120"
)
wallets = st.sampled_from(["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"])
personal = st.one_of(mails, cards, ibans, phones, addresses, ssns, wallets)
around = st.text(st.characters(exclude_categories=("Cs", "Nd", "Nl", "No"), exclude_characters="@"), max_size=30)


def odd(text: str, how: int) -> str:
    """The same to a reader's eye: full width, other scripts' digits, other dashes, invisible characters, no-break spaces."""
    if how == 1:
        return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)
    if how == 2:
        return "".join(chr(0x0660 + int(char)) if char in "0123456789" else char for char in text)
    if how == 3:
        return text.replace("-", "\u2011").replace(" ", "\u00a0")
    return "\u200b".join(text) if how == 4 else text


@settings(max_examples=400, deadline=None)
@given(personal, around, around, st.integers(0, 4))
def test_what_tells_a_person_does_not_stay(value: str, before: str, after: str, how: int) -> None:
    left = redact(f"{before} {odd(value, how)} {after}")
    assert value.lower() not in readable(left).lower()
    digits_ = "".join(char for char in value if char.isdigit())
    assert len(digits_) < 7 or digits_ not in "".join(char for char in readable(left) if char.isdigit())


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


@pytest.mark.parametrize("entity", sorted(UNFILTERED))
def test_the_cheap_tests_miss_nothing(entity: str) -> None:
    @settings(max_examples=300, deadline=None)
    @given(near)
    @example("+9991234")
    @example("call 110 1234")
    @example("::1")
    def nothing_missed(text: str) -> None:
        ours = list(FINDERS[entity](text))
        for found in UNFILTERED[entity].analyze(text, [entity]):
            assert any(start <= found.start and found.end <= end for start, end in ours), (text, found, ours)

    nothing_missed()
