"""Family, version and status by number."""

from ragguard.data.marks import Marks
from ragguard.records.collection import Document
from ragguard.records.evidence import Mark

ROWS = [("hooks", "1", "superseded"), ("", "", ""), ("keys", "1", "current"), ("hooks", "2", ""), ("hooks", "2", "current")]


def marks() -> Marks:
    made = Marks()
    for number, (family, version, status) in enumerate(ROWS):
        made.add(Document(f"d{number}", "text", family=family, version=version, status=status))
    return made


def test_marks_come_back_by_number() -> None:
    made = marks()
    assert [made[number] for number in range(len(ROWS))] == [Mark(*row) for row in ROWS]


def test_members_of_families_are_found_in_order() -> None:
    assert list(marks().of_families({"hooks", "nobody"})) == [0, 3, 4]
    assert list(marks().of_families(set())) == []


def test_what_is_lacking_is_counted_and_the_first_are_numbered() -> None:
    assert marks().lacking(9) == {"family": (1, (1,)), "version": (1, (1,)), "status": (2, (1, 3))}
    assert marks().lacking(1)["status"] == (2, (1,))
    assert Marks().lacking(9) == {"family": (0, ()), "version": (0, ()), "status": (0, ())}
