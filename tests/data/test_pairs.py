"""Files of sentence pairs."""

import gzip
from pathlib import Path

import pytest

from ragguard.data.pairs import Pair, read_pairs
from ragguard.errors import InputError

WANTED = (
    Pair("A cat sleeps.", "A cat is asleep.", 4.5),
    Pair('He said "no".', "Yes, he did.", 1.0),
    Pair("Tea, please.", "It rains.", 0.0),
)

CSV = 'sentence1,sentence2,score\nA cat sleeps.,A cat is asleep.,4.5\n"He said ""no"".","Yes, he did.",1\n"Tea, please.",It rains.,0\n'
TSV = (
    "id\tsentence1\tsentence2\tscore\n1\tA cat sleeps.\tA cat is asleep.\t4.5\n"
    '2\tHe said "no".\tYes, he did.\t1\n3\tTea, please.\tIt rains.\t0\n'
)
JSONL = (
    '{"sentence1": "A cat sleeps.", "sentence2": "A cat is asleep.", "score": 4.5}\n'
    '{"sentence1": "He said \\"no\\".", "sentence2": "Yes, he did.", "score": 1, "source": "x"}\n\n'
    '{"sentence1": "Tea, please.", "sentence2": "It rains.", "score": "0"}\n'
)


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_pairs(path)
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


@pytest.mark.parametrize(("name", "text"), [("p.csv", CSV), ("p.tsv", TSV), ("p.jsonl", JSONL), ("P.TSV", TSV)])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_pairs_of_every_format(tmp_path, name, text, end, bom) -> None:
    read = read_pairs(write(tmp_path, name, bom + text.replace("\n", end)))
    assert read.pairs == WANTED
    assert read.name == name


def test_a_packed_file(tmp_path) -> None:
    assert read_pairs(write(tmp_path, "p.csv.gz", gzip.compress(CSV.encode()))).pairs == WANTED


def test_a_sentence_may_take_two_lines_of_csv_and_lines_are_counted_on(tmp_path) -> None:
    path = write(tmp_path, "p.csv", 'sentence1,sentence2,score\n"two\nlines",b,1\nc,d,2\n"e\nf",g,x\n')
    assert problems(path) == ["p.csv:5: score is 'x', not a finite number; write how alike the two are: more is more alike"]
    path.write_text(path.read_text().replace(",x", ",3"))
    assert read_pairs(path).pairs[0].first == "two\nlines"


def test_the_fingerprint_is_of_what_the_pairs_say(tmp_path) -> None:
    prints = {read_pairs(write(tmp_path, name, text)).fingerprint for name, text in (("p.csv", CSV), ("p.tsv", TSV), ("q.jsonl", JSONL))}
    assert len(prints) == 1
    assert read_pairs(write(tmp_path, "p.csv", CSV.replace("4.5", "4"))).fingerprint not in prints


def test_every_problem_of_a_file_is_told_with_its_line(tmp_path) -> None:
    rows = [
        '{"sentence1": "a", "sentence2": "b", "score": "high"}',
        '{"sentence1": "a", "sentence2": "  ", "score": 1}',
        '{"sentence1": "a", "score": 1}',
        '{"sentence1": "a", "sentence2": "b", "score": true}',
        '{"sentence1": "a", "sentence2": "b", "score": null}',
        '{"sentence1": 0.5, "sentence2": "b", "score": 2}',
        '["a", "b", 1]',
        "nonsense",
    ]
    told = problems(write(tmp_path, "p.jsonl", "\n".join(rows)))
    assert told[:6] == [
        "p.jsonl:1: score is 'high', not a finite number; write how alike the two are: more is more alike",
        "p.jsonl:2: sentence2 is empty; write a sentence, or drop the pair",
        "p.jsonl:3: has no sentence2; a pair has sentence1, sentence2, score (this has: sentence1, score)",
        "p.jsonl:4: score is True, not a finite number; write how alike the two are: more is more alike",
        "p.jsonl:5: score is None, not a finite number; write how alike the two are: more is more alike",
        "p.jsonl:6: sentence1 is 0.5, not text; put it in quotes",
    ]
    assert told[6].startswith("p.jsonl:7: is JSON, but not an object")
    assert told[7].startswith("p.jsonl:8: is not JSON")
    assert len(told) == 8


HEAD = "sentence1,sentence2,score\n"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("p.csv", "sentence1,sentence2,rating\na,b,1\n", "p.csv:1: has no score; a pair has sentence1, sentence2, score (this has: "),
        ("p.csv", CSV + "a,b\n", "p.csv:5: has 2 columns, not 3; write, as the first line says: sentence1, sentence2, score"),
        ("p.csv", CSV + 'a,"b"c,3\n', "p.csv:5: is not CSV: ',' expected after '\"'; close the quotes, and"),
        ("p.csv", CSV + 'a,"b,3\n', "p.csv:5: is not CSV: unexpected end of data; close the quotes, and"),
        ("p.csv", CSV + "a,b,nan\n", "p.csv:5: score is 'nan', not a finite number; write how alike the two are"),
        ("p.csv", CSV.encode() + b"\xff,b,3\n", "p.csv:5: is not UTF-8 (byte 0xff at offset 123); save the file as UTF-8"),
        ("p.csv", "", "p.csv: has 0 pairs; a rank correlation takes at least 3"),
        ("p.csv", HEAD + "a,b,1\nc,d,2\n", "p.csv: has 2 pairs; a rank correlation takes at least 3"),
        ("p.csv", HEAD + "a,b,1\nc,d,1\ne,f,1\n", "p.csv: all 3 pairs have the score 1; there is nothing to rank: vary it"),
        ("p.txt", CSV, "p.txt: ends in .txt; name it .csv, .tsv or .jsonl, after what it holds"),
        ("p.csv.gz", b"no gzip", "p.csv.gz: is not a whole gzip file (Not a gzipped file (b'no')); pack it again"),
    ],
)
def test_what_is_no_file_of_pairs(tmp_path, name, text, told) -> None:
    (problem,) = problems(write(tmp_path, name, text))
    assert problem.startswith(told)


def test_the_shipped_pairs_are_spread_over_the_scale() -> None:
    root = Path(__file__).resolve().parent.parent.parent
    pairs = read_pairs(root / "golden" / "similarity" / "pairs.jsonl").pairs
    scores = [pair.score for pair in pairs]
    assert len(pairs) >= 120
    assert {scores.count(step / 2) for step in range(11)} == {len(pairs) // 11}
    assert len({text for pair in pairs for text in (pair.first, pair.second)}) == 2 * len(pairs), "no sentence stands twice"
