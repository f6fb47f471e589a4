"""Nights of a plan: gated, kept, watched and told of."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import postgres_server
import pytest
import worlds
from junitparser import JUnitXml
from servers import Served, serve
from worlds import TEXTS, TITLES, World

from ragguard.cli import invoke
from ragguard.history.nights import Nights
from ragguard.history.place import place
from ragguard.records.night import Night


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAGGUARD_HISTORY", raising=False)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAGGUARD_STORE", raising=False)
    return worlds.make(tmp_path)


@pytest.fixture
def hook() -> Iterator[Served]:
    with serve(lambda request: request.answer({"ok": True})) as up:
        yield up


def nightly(*options: str) -> int:
    return invoke(["nightly", "--allow-code", *options])


def kept(world: World, where: str = "ragguard-history.db", plan: str = "world") -> tuple[Night, ...]:
    return Nights(place(where, world.folder), create=False).read(plan, whole=True)


def day(number: int) -> str:
    return f"2026-01-{number:02}"


def test_a_night_is_gated_reported_and_kept(world, capsys):
    world.plan(TITLES, {"new": TEXTS})
    assert nightly("--date", day(1), "--note", "commit 4f2a91c") == 0
    shown = capsys.readouterr().out
    assert "PROMOTE (exit code 0)" in shown
    assert "1 night in the history" in shown
    assert {"report.json", "report.junit.xml", "report.md"} <= {path.name for path in world.out.iterdir()}
    (night,) = kept(world)
    report = world.report
    assert (night.run, night.question, night.answer) == (report.run, report.question, "promote")
    assert (night.day, night.note) == (day(1), "commit 4f2a91c")
    assert {(arm.name, arm.role, arm.fingerprint) for arm in night.arms} == {(arm.name, arm.role, arm.fingerprint) for arm in report.arms}
    means = {(mean.metric, mean.slice, mean.arm): mean.mean for mean in report.suites[0].means}
    assert {(each.metric, each.slice, each.arm): each.mean for each in night.measures} == means
    for each in night.measures:
        assert each.mean is not None
        assert each.lower is None or each.lower <= each.mean <= (each.upper or 0)
    checks = {each.metric: each for each in night.checks}
    verdict = next(each for each in report.decisions[0].verdicts if str(each.check.metric) == "nDCG@10")
    assert (checks["nDCG@10"].difference, checks["nDCG@10"].lower) == (verdict.estimate.difference, verdict.estimate.lower)
    assert {cost.figure for cost in night.costs} >= {"seconds", "p50", "p95"}


def test_every_mean_has_its_interval(world):
    world.plan(TITLES, {"new": TEXTS})
    world.suite(body=worlds.CHECKS + "slices: [odd, even]\n")
    nightly("--date", day(1))
    night = kept(world)[0]
    assert {each.slice for each in night.measures} == {"", "odd", "even"}
    assert [each for each in night.measures if each.lower is None or each.upper is None] == []
    spread = {(each.metric, each.slice): (each.upper or 0) - (each.lower or 0) for each in night.measures if each.arm == "baseline"}
    assert 0 < spread["nDCG@10", ""] < 0.3


def test_the_same_run_again_is_the_same_night_and_the_next_day_another(world):
    world.plan(TITLES, {"new": TEXTS})
    for date in (day(1), day(1), day(2)):
        assert nightly("--date", date) == 0
    assert [night.day for night in kept(world)] == [day(1), day(2)]


def test_the_exit_code_is_the_gates(world, capsys):
    world.plan(TEXTS, {"worse": TITLES})
    assert nightly("--date", day(1)) == 1
    assert kept(world)[0].answer == "block"
    assert "BLOCK" in capsys.readouterr().out


def test_cleaning_the_store_leaves_the_history(world):
    world.plan(TITLES, {"new": TEXTS})
    nightly("--date", day(1))
    assert not (world.folder / ".ragguard" / "ragguard-history.db").exists()
    assert (world.folder / "ragguard-history.db").exists()


def test_where_the_history_is_can_be_said_in_three_ways(world, monkeypatch):
    world.plan(TITLES, {"new": TEXTS}, more="nightly: {history: kept/of-the-plan.db}\n")
    nightly("--date", day(1))
    monkeypatch.setenv("RAGGUARD_HISTORY", "of-the-environment.db")
    nightly("--date", day(1))
    nightly("--date", day(1), "--history", "named.db")
    for where in ("kept/of-the-plan.db", "of-the-environment.db", "named.db"):
        assert len(kept(world, where)) == 1
    assert not (world.folder / "ragguard-history.db").exists()


def test_what_may_answer_otherwise_tomorrow_is_asked_anew_each_day_and_the_rest_is_not(world):
    world.plan(world.python("asked"), {"new": TEXTS})
    nightly("--date", day(1))
    first = len(world.calls())
    assert first == 80
    nightly("--date", day(1))
    assert len(world.calls()) == first
    nightly("--date", day(2))
    assert len(world.calls()) == 2 * first
    world.gate()
    assert len(world.calls()) == 3 * first  # a gate knows no day
    world.gate()
    assert len(world.calls()) == 3 * first
    assert len({night.arms for night in kept(world)}) == 1


def falling(world: World, nights: int, from_night: int, share: int = 8) -> list[int]:
    """Nights of a candidate that from one on finds every so many-th query's document second; the exit codes."""
    baseline = world.run_file("baseline.trec", lambda _: 2, 80)
    codes = []
    for number in range(1, nights + 1):
        candidate = world.run_file("candidate.trec", lambda query: 2 if number >= from_night and query % share == 0 else 1, 80)  # noqa: B023
        world.plan(baseline, {"new": candidate}, more=world.more)  # type: ignore[attr-defined]
        codes.append(nightly("--date", day(number)))
    return codes


def test_a_drift_is_reported_kept_and_told_though_every_night_is_promoted(world, hook, capsys, monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", "a secret of the hook")
    alerts = f"alerts: {{markdown: alert.md, webhook: {{url: '{hook.url}/in', secret_env: HOOK_SECRET}}}}"
    object.__setattr__(world, "more", f"nightly: {{{alerts}}}\n")
    assert falling(world, 17, 16) == [0] * 17
    shown = capsys.readouterr().out
    assert "new: golden/nDCG@10 drifted 1.000 -> 0.954, since 2026-01-16 (reported 2026-01-17)" in " ".join(shown.split())
    (told,) = hook.seen
    assert told.body["data"]["kinds"] == ["drift"]
    assert {each["metric"] for each in told.body["data"]["drifts"]} == {"nDCG@10", "RR"}
    assert told.headers["webhook-signature"].startswith("v1,")
    assert "### Drift" in (world.folder / "alert.md").read_text()
    assert nightly("--date", day(18)) == 0
    assert len(hook.seen) == 1  # it lasts, and was told
    assert not (world.folder / "alert.md").exists()
    assert nightly("--date", day(19), "--fail-on-drift") == 1
    assert "exit code 1: the gate's is 0" in capsys.readouterr().out
    junit = JUnitXml.fromfile(str(world.out / "report.junit.xml"))
    assert {suite.name: suite.failures for suite in junit}["nightly/drift"] == 2
    assert invoke(["history", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert {(each["metric"], each["reported"]) for each in data["drifts"]} == {("nDCG@10", day(17)), ("RR", day(17))}


def test_an_accepted_system_is_a_deployment_and_begins_a_new_level(world, capsys):
    world.plan(TITLES, {"new": TEXTS})
    nightly("--date", day(1))
    invoke(["accept", "new"])
    world.plan("accepted", {"next": worlds.BOTH})
    nightly("--date", day(2))
    capsys.readouterr()
    assert invoke(["history"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "2026-01-02 deployed: new was accepted on" in shown
    assert "2026-01-02 baseline: baseline is another system" in shown
    assert "1 night with it" in shown
    assert kept(world)[1].accepted.candidate == "new"


def test_two_nights_are_compared_and_unlike_ones_refused(world, capsys):
    world.plan(TITLES, {"new": TEXTS})
    nightly("--date", day(1))
    nightly("--date", day(2))
    world.suite(body=worlds.CHECKS.replace("0.05", "0.04"))
    nightly("--date", day(3))
    capsys.readouterr()
    assert invoke(["history", day(1), day(2)]) == 0
    assert "6 means did not move" in capsys.readouterr().out
    assert invoke(["history", day(1), "last"]) == 3
    assert "golden: asked different cases, checks or margins on the two nights" in capsys.readouterr().err
    assert invoke(["history", day(1)]) == 3
    assert invoke(["history", day(1), "2026-03-01"]) == 3
    assert "is no night of this history" in capsys.readouterr().err


def test_a_night_that_cannot_be_judged_is_kept_told_and_ends_with_its_error(world, hook, capsys):
    more = f"nightly: {{alerts: {{markdown: alert.md, webhook: {{url: '{hook.url}'}}}}}}\n"
    plan = world.plan(TITLES, {"new": TEXTS}, more=more)
    down = "{remote: {url: 'http://127.0.0.1:9/ask?q={question}', method: GET, retries: 0, response: {ids: '$[*]'}}}"
    plan.write_text(plan.read_text().replace(f"baseline: {{retriever: {TITLES}}}", f"baseline: {down}"))
    assert nightly("--date", day(1)) == 4
    assert "the baseline could not be run" in capsys.readouterr().err
    (night,) = kept(world)
    assert (night.answer, night.exit_code, night.suites) == ("error", 4, ())
    assert "127.0.0.1:9 cannot be reached" in night.message
    assert hook.seen[0].body["data"]["kinds"] == ["error"]
    world.plan(TITLES, {"new": TEXTS}, more=more)
    assert nightly("--date", day(2)) == 0
    assert hook.seen[1].body["data"]["kinds"] == ["recovered"]
    assert "PROMOTE" in (world.folder / "alert.md").read_text()
    assert [each.answer for each in kept(world)] == ["error", "promote"]


def test_a_plan_that_is_wrong_is_an_error_of_the_plan_also_by_night(world, hook, capsys):
    world.plan(TITLES, {"new": TITLES}, more=f"nightly: {{alerts: {{webhook: {{url: '{hook.url}'}}}}}}\n")
    assert nightly("--date", day(1), "--json") == 3
    assert "is the baseline" in json.loads(capsys.readouterr().out)["error"][0]
    assert (kept(world)[0].answer, kept(world)[0].exit_code) == ("error", 3)
    assert hook.seen[0].body["data"]["exit_code"] == 3


@pytest.mark.parametrize(("good", "code"), [(True, 4), (False, 1)])
def test_an_alert_that_does_not_arrive_changes_no_verdict_and_makes_a_good_night_code_4(world, capsys, good, code):
    with serve(lambda request: request.answer({}, 503, Retry_After="0")) as down:
        more = f"nightly: {{alerts: {{when: [always], webhook: {{url: '{down.url}/T0K3N', retries: 1}}}}}}\n"
        world.plan(*((TITLES, {"new": TEXTS}) if good else (TEXTS, {"new": TITLES})), more=more)
        assert nightly("--date", day(1)) == code
    told = capsys.readouterr()
    assert "the alert did not arrive: 127.0.0.1" in told.err
    assert "T0K3N" not in told.err
    assert kept(world)[0].answer == ("promote" if good else "block")
    assert world.report.exit_code == (0 if good else 1)
    cases = [case for suite in JUnitXml.fromfile(str(world.out / "report.junit.xml")) for case in suite]
    assert any(case.is_error and "did not arrive" in case.result[0].message for case in cases)


def test_a_history_that_cannot_be_used_stops_before_anything_runs(world, capsys, monkeypatch):
    monkeypatch.setenv("HISTORY_PASSWORD", "s3cret99")
    world.plan(world.python("asked"), {"new": TEXTS}, more="nightly: {history: 'postgresql://guard:${HISTORY_PASSWORD}@127.0.0.1:9/x'}\n")
    assert nightly() == 4
    told = capsys.readouterr().err
    assert "the history cannot be used" in told
    assert "s3cret99" not in told
    assert world.calls() == []


def test_a_history_that_breaks_during_the_night_leaves_the_verdict_and_says_so(world, capsys, monkeypatch):
    world.plan(TITLES, {"new": TEXTS})
    monkeypatch.setattr("ragguard.history.database.WAIT", 0.1)
    import sqlite3

    from ragguard import gate

    real = gate.run

    def and_then_somebody_holds_it(*arguments: Any, **options: Any) -> Any:
        report = real(*arguments, **options)
        holder.execute("BEGIN IMMEDIATE")
        return report

    nightly("--date", day(1))
    capsys.readouterr()
    holder = sqlite3.connect(world.folder / "ragguard-history.db", isolation_level=None)
    monkeypatch.setattr(gate, "run", and_then_somebody_holds_it)
    assert nightly("--date", day(2)) == 4
    told = capsys.readouterr()
    assert "PROMOTE (exit code 0)" in told.out
    assert "another process holds it" in told.err
    holder.close()
    assert len(kept(world)) == 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("nightly: {history: 'postgresql://guard:s3cret99@host/db'}", "gate.yaml:7: history: the URL holds a password"),
        ("nightly: {alerts: {webhook: {url: 'https://h/x', headers: {X-Api-Key: s3cret99}}}}", "headers: X-Api-Key is a key"),
        ("nightly: {alerts: {webhook: {url: 'https://h/x', secret_env: NOT_SET_HERE}}}", "environment variable NOT_SET_HERE is not set"),
        ("nightly: {alerts: {when: [blocks]}}", "gate.yaml:7"),
        ("nightly: {histroy: x.db}", "did you mean 'history'?"),
        ("nightly: {history: 'postgresql://guard:${PASSWORD:-s3cret99}@host/db'}", "the URL holds a password"),
        ("nightly: {history: 'postgresql://host/db?user=guard&password=s3cret99'}", "the URL holds a password"),
    ],
)
def test_what_a_plan_says_wrong_of_its_nights_is_said(world, capsys, more, words):
    world.plan(TITLES, {"new": TEXTS}, more=more + "\n")
    assert nightly() == 3
    told = capsys.readouterr().err
    assert words in told
    assert "s3cret99" not in told


def test_there_is_no_history_before_the_first_night_and_plans_are_told_apart(world, capsys):
    world.plan(TITLES, {"new": TEXTS})
    assert invoke(["history"]) == 3
    assert "there is no history yet; run: ragguard nightly gate.yaml" in capsys.readouterr().err
    assert not (world.folder / "ragguard-history.db").exists()
    nightly("--date", day(1))
    world.write("gate.yaml", (world.folder / "gate.yaml").read_text().replace("name: world", "name: wolrd"))
    capsys.readouterr()
    assert invoke(["history"]) == 3
    assert "has no night of the plan 'wolrd'; did you mean 'world'?" in capsys.readouterr().err


def test_a_history_is_read_where_the_plans_variables_and_files_are_not(world, capsys):
    world.plan(TITLES, {"new": TEXTS}, more="nightly: {history: '${NIGHTS:-nights.db}'}\n")
    assert nightly("--date", day(1)) == 0
    (world.folder / "suites/golden.yaml").unlink()
    plan = world.folder / "gate.yaml"
    plan.write_text(plan.read_text().replace("collection: collection", "collection: ${NOT_SET_HERE}").replace(":-nights.db", ""))
    capsys.readouterr()
    assert invoke(["history"]) == 3
    assert "environment variable NIGHTS is not set" in capsys.readouterr().err
    assert invoke(["history", "--history", "nights.db"]) == 0
    assert "1 night" in capsys.readouterr().out


def test_a_report_that_cannot_be_written_is_a_night_that_was_not_judged(world, capsys):
    world.plan(TITLES, {"new": TEXTS})
    assert nightly("--date", day(1), "--out", "gate.yaml/x") == 4
    assert "cannot be written" in capsys.readouterr().err
    assert "cannot be written" in kept(world)[0].message


def test_a_lock_that_is_none_is_said_before_anything_runs(world, capsys):
    world.plan(world.python("asked"), {"new": TEXTS})
    world.write("ragguard.lock", "{}")
    assert nightly() == 3
    assert "is not a lock that ragguard wrote" in capsys.readouterr().err
    assert world.calls() == []


def test_an_error_of_ragguards_own_is_kept_and_told_too(world, hook, capsys, monkeypatch):
    from ragguard import gate

    world.plan(TITLES, {"new": TEXTS}, more=f"nightly: {{alerts: {{webhook: {{url: '{hook.url}'}}}}}}\n")
    monkeypatch.setattr(gate, "run", lambda *_, **__: 1 / 0)
    assert nightly("--date", day(1)) == 4
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert (kept(world)[0].message, kept(world)[0].exit_code) == ("division by zero", 4)
    assert hook.seen[0].body["data"]["kinds"] == ["error"]


def test_a_page_is_written(world, capsys):
    world.plan(TITLES, {"new": TEXTS})
    nightly("--date", day(1))
    assert invoke(["history", "--html", "out/history.html"]) == 0
    assert "<h1>world over the nights</h1>" in (world.folder / "out/history.html").read_text(encoding="utf-8")


def test_json_of_a_night_is_one_document(world, capsys):
    world.plan(TITLES, {"new": TEXTS})
    assert nightly("--date", day(1), "--json") == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["night"], data["answer"], data["exit_code"], data["drifts"], data["troubles"]) == (day(1), "promote", 0, [], [])
    assert nightly("--date", "tomorrow", "--json") == 3
    assert "is no date" in json.loads(capsys.readouterr().out)["error"][0]


def test_help_of_the_commands_imports_no_database() -> None:
    code = "from ragguard.cli import invoke\nassert invoke(['nightly', '--help']) == 0\nassert invoke(['history', '--help']) == 0\n"
    code += "import sys\nassert not {'sqlalchemy', 'alembic', 'psycopg', 'matplotlib', 'numpy'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_night_is_kept_in_postgresql_and_the_password_shown_nowhere(world, capsys, monkeypatch):
    with postgres_server.serve() as url:
        password = url.split(":")[2].rpartition("@")[0]
        monkeypatch.setenv("HISTORY_PASSWORD", password)
        world.plan(TITLES, {"new": TEXTS}, more=f"nightly: {{history: '{url.replace(password, '${HISTORY_PASSWORD}')}'}}\n")
        assert nightly("--date", day(1)) == 0
        assert nightly("--date", day(2)) == 0
        assert invoke(["history"]) == 0
        shown = capsys.readouterr()
        assert "2 nights" in shown.out
        assert "postgresql://guard:***@127.0.0.1" in shown.out
        assert [each.day for each in kept(world, url)] == [day(1), day(2)]
    assert nightly("--date", day(3)) == 4
    failed = capsys.readouterr()
    for text in (shown.out, shown.err, failed.out, failed.err):
        assert password not in text
        assert postgres_server.PASSWORD not in text
    assert not list(world.folder.glob("*.db"))
