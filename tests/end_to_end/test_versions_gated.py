"""Version confusion, gated whole: who prefers the newest, or does not look at versions, is blocked; and the report says why."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ragguard.cli import invoke
from ragguard.records.report import Report
from ragguard.reports import document

FAMILIES, VERSIONS = 70, ("2019", "2022", "2024")
SEES = '{type: lexical, document_text: "{status} {version} {title} {text}"}'
BLIND = '{type: lexical, document_text: "{title} {text}"}'
Ranking = Callable[[int, str], list[str]]


def name(family: int, version: str) -> str:
    # Ids that do not sort by version: where a system cannot tell two documents apart, ties go by id.
    return f"limits-{family:02d}-{chr(97 + (VERSIONS.index(version) + family) % 3)}"


def best(family: int, wanted: str) -> list[str]:
    return [name(family, wanted), *(name(family, version) for version in VERSIONS if version != wanted)]


def newest(family: int, wanted: str) -> list[str]:
    return [name(family, version) for version in reversed(VERSIONS)]


def run_file(path: Path, ranking: Ranking) -> str:
    lines = []
    for family in range(FAMILIES):
        for mode, wanted in (("current", "2024"), ("named", "2019"), ("dated", "2022")):
            found = ranking(family, wanted)
            lines += [f"q-{family:02d}-{mode} Q0 {each} {rank} {10 - rank} x\n" for rank, each in enumerate(found, 1)]
    path.write_text("".join(lines))
    return f"{{type: recorded, run: {path.name}}}"


@pytest.fixture
def gated(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], tuple[int, Report]]:
    """A factory: gate a candidate against a baseline (YAML of retrievers) on the shipped suite; the exit code and the report."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAGGUARD_STORE", raising=False)
    _collection(tmp_path / "collection")
    text = (root / "suites/version-confusion.yaml").read_text()
    (tmp_path / "versions.yaml").write_text(text.replace("  change: {asks: change}\n", ""))

    def gate(baseline: str, candidate: str) -> tuple[int, Report]:
        plan = f"name: versions\ncollection: collection\nbaseline: {{retriever: {baseline}}}\n"
        (tmp_path / "gate.yaml").write_text(f"{plan}candidates: {{new: {{retriever: {candidate}}}}}\nsuites: [versions.yaml]\n")
        code = invoke(["gate", "gate.yaml"])
        return code, document.from_json(tmp_path / "reports/versions/report.json")

    return gate


def _collection(folder: Path) -> None:
    (folder / "qrels").mkdir(parents=True)
    documents, queries, judged = [], [], []
    for family in range(FAMILIES):
        for version, status in zip(VERSIONS, ("deprecated", "superseded", "current"), strict=True):
            about = {"family": f"f{family}", "version": version, "status": status, "effective_from": f"{version}-01-01"}
            text = f"Service{family} accepts a number of calls a minute."
            documents.append({"_id": name(family, version), "title": f"Limits of service{family}", "text": text, **about})
        for mode, wanted, words, more in (
            ("current", "2024", "current", {}),
            ("named", "2019", "version 2019", {"versions": ["2019"]}),
            ("dated", "2022", "rules of July 2022 on", {"as_of": "2022-07-01"}),
        ):
            asks = {"family": f"f{family}", "mode": mode, **more}
            queries.append({"_id": f"q-{family:02d}-{mode}", "text": f"{words} limits of service{family}", "asks": asks})
            judged.append(f"q-{family:02d}-{mode}\t{name(family, wanted)}\t1\n")
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in documents))
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in queries))
    (folder / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(judged))


def outcomes(report: Report) -> dict[str, str]:
    return {verdict.check.identity.removeprefix("version-confusion/"): verdict.outcome for verdict in report.decisions[0].verdicts}


def mean(report: Report, arm: str, metric: str, slice_: str = "") -> float | None:
    return next(each.mean for each in report.suites[0].means if (each.arm, each.metric, each.slice) == (arm, metric, slice_))


def test_candidate_that_always_prefers_the_newest_is_blocked(gated, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = gated(run_file(tmp_path / "best.trec", best), run_file(tmp_path / "newest.trec", newest))
    assert code == 1
    found = outcomes(report)
    assert found["VersionAcc@1"] == "fail"
    assert found["Inverted"] == "fail"
    assert found["Stale@5/current"] != "fail", "what is current it finds: only who asks for an old version sees the fault"
    assert [mean(report, "new", "VersionAcc@1", slice_) for slice_ in ("current", "named", "dated")] == [1.0, 0.0, 0.0]
    assert [mean(report, "baseline", "VersionAcc@1", slice_) for slice_ in ("current", "named", "dated")] == [1.0, 1.0, 1.0]
    told = " ".join(capsys.readouterr().out.split())
    assert "BLOCK" in told
    assert "VersionAcc@1 fell by 0.667 (1.000 -> 0.333" in told
    page = (tmp_path / "reports/versions/report.md").read_text()
    loss = next(part for part in page.split("<details>") if "q-00-dated" in part)
    assert "v2024 current" in loss, "what was ranked instead, and its version"
    assert "v2022 superseded" in loss


def test_candidate_that_does_not_look_at_versions_is_blocked(gated) -> None:
    code, report = gated(SEES, BLIND)
    assert code == 1
    assert {name_ for name_, outcome in outcomes(report).items() if outcome == "fail"} >= {"VersionAcc@1", "Inverted"}
    assert mean(report, "baseline", "VersionAcc@1") == 1.0
    guessed = mean(report, "new", "VersionAcc@1")
    assert guessed is not None
    assert 0.25 < guessed < 0.45, "one in three by chance"
    assert any("Inverted rose by" in reason for reason in report.decisions[0].reasons)


def test_candidate_that_shows_old_documents_to_who_wants_the_current_one_is_blocked_by_the_stale_share_alone(gated, tmp_path) -> None:
    def padded(family: int, wanted: str) -> list[str]:
        return [*best(family, wanted), *(name((family + step) % FAMILIES, "2019") for step in (1, 2))]

    def fresh(family: int, wanted: str) -> list[str]:
        return [*best(family, wanted), *(name((family + step) % FAMILIES, "2024") for step in (1, 2))]

    code, report = gated(run_file(tmp_path / "fresh.trec", fresh), run_file(tmp_path / "padded.trec", padded))
    assert code == 1
    assert [name_ for name_, outcome in outcomes(report).items() if outcome == "fail"] == ["Stale@5/current"]
    assert [mean(report, arm, "Stale@5", "current") for arm in ("baseline", "new")] == pytest.approx([2 / 5, 4 / 5])
    assert mean(report, "new", "Stale@5", "named") is None


def test_candidate_that_looks_at_versions_is_promoted(gated, tmp_path: Path) -> None:
    code, report = gated(run_file(tmp_path / "best.trec", best), SEES)
    assert (code, report.answer) == (0, "promote")


def test_changed_status_is_scored_anew_over_the_same_answers(gated, tmp_path: Path) -> None:
    runs = run_file(tmp_path / "best.trec", best), run_file(tmp_path / "newest.trec", newest)
    _, before = gated(*runs)
    corpus = tmp_path / "collection/corpus.jsonl"
    corpus.write_text(corpus.read_text().replace('"superseded"', '""'))
    _, after = gated(*runs)
    stale = [mean(report, "baseline", "Stale@5", "current") for report in (before, after)]
    assert stale == pytest.approx([2 / 5, 1 / 5])
