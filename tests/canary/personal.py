"""What tells who a person is, made up in every form: nobody's, but with checksums that are right."""

import ipaddress

import pytest
from hypothesis import strategies as st

from ragguard.plan.canary import REGIONS

phonenumbers = pytest.importorskip("phonenumbers", reason="needs the extra canary")

Form = phonenumbers.PhoneNumberFormat


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
