"""The files of docs/ci: valid by their own checkers, with commands that ragguard knows, and run as a runner would run them."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ci_scripts
import pytest
import servers
import typer
from ci_scripts import FOLDER, GITHUB, GITLAB, JENKINS, Script, programs, run_job

from ragguard.cli import app, invoke
from ragguard.workspace import CI, CI_FILES

SCRIPTS = ci_scripts.scripts()
named = pytest.mark.parametrize("script", SCRIPTS, ids=[script.where for script in SCRIPTS])
DOWN = "remote: {url: 'http://127.0.0.1:9/ask', retries: 0, body: {q: '{question}'}, response: {ids: '$.ids[*]'}}"


def checked(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"])
def test_workflows_are_valid_by_their_schema(schema: str) -> None:
    checked("check_jsonschema", "--builtin-schema", schema, *(str(FOLDER / name) for name in GITHUB))


def test_gitlab_file_is_valid_by_its_schema() -> None:
    checked("check_jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", str(FOLDER / GITLAB))


def test_a_schema_refuses_what_is_wrong(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text((FOLDER / "gate.yml").read_text(encoding="utf-8").replace("runs-on:", "run-on:"), encoding="utf-8")
    with pytest.raises(AssertionError, match="runs-on"):
        checked("check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(wrong))


def zizmor(*files: Path) -> "subprocess.CompletedProcess[str]":
    program = Path(sys.executable).with_name("zizmor")
    call = [str(program), "--offline", "--pedantic", "--no-config", "--format", "plain", *map(str, files)]
    return subprocess.run(call, capture_output=True, text=True, check=False)


def test_zizmor_finds_nothing_in_the_workflows(tmp_path: Path) -> None:
    done = zizmor(*(FOLDER / name for name in GITHUB))
    assert done.returncode == 0, done.stdout + done.stderr
    loose = tmp_path / "loose.yml"
    loose.write_text(re.sub(r"(actions/checkout)@\S+", r"\1@v6", (FOLDER / "gate.yml").read_text(encoding="utf-8")), encoding="utf-8")
    found = zizmor(loose)
    assert found.returncode != 0
    assert "unpinned-uses" in found.stdout


def test_every_action_is_pinned_by_a_commit_with_its_version() -> None:
    for name in GITHUB:
        for line in re.findall(r"uses: (.*)", (FOLDER / name).read_text(encoding="utf-8")):
            assert re.fullmatch(r"actions/[a-z/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


@named
def test_the_shell_is_whole(script: Script) -> None:
    done = subprocess.run(["bash", "-n"], input=script.text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@named
def test_shellcheck_finds_nothing(script: Script) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("needs shellcheck (Debian package shellcheck)")
    shell = "sh" if script.where.startswith(JENKINS) else "bash"
    call = ["shellcheck", f"--shell={shell}", "--exclude=SC1091", "-"]  # it does not follow what is sourced
    done = subprocess.run(call, input=script.text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_all_shell_of_the_jenkinsfile_is_found() -> None:
    text = (FOLDER / JENKINS).read_text(encoding="utf-8")
    assert text.count("'''") == 2 * sum(script.where.startswith(JENKINS) for script in SCRIPTS) > 0
    bare = re.sub(r"'''.*?'''|'[^'\n]*'|\"[^\"\n]*\"|//[^\n]*", "", text, flags=re.DOTALL)
    for opened, closed in ("{}", "()", "[]"):
        assert bare.count(opened) == bare.count(closed)


GROUP: Any = typer.main.get_command(app)
COMMANDS = [(script.where, words) for script in SCRIPTS for words in ci_scripts.commands(script)]


@pytest.mark.parametrize(("where", "words"), COMMANDS, ids=[f"{where}: {words[0]}" for where, words in COMMANDS])
def test_the_command_line_knows_every_command(where: str, words: list[str]) -> None:
    command = GROUP.commands[words[0]]
    assert command.make_context(words[0], words[1:]).params["plan"] == Path("$RAGGUARD_PLAN")


def test_every_file_gates_and_every_night_is_remembered() -> None:
    per_file = {name: {words[0] for where, words in COMMANDS if where.startswith(f"{name},")} for name in (*GITHUB, GITLAB, JENKINS)}
    night = {"nightly", "history"}
    assert per_file == {"gate.yml": {"gate"}, "nightly.yml": night, GITLAB: {"gate", *night}, JENKINS: {"gate", *night}}


def test_an_option_that_does_not_exist_would_be_seen() -> None:
    with pytest.raises(Exception, match="--outt"):
        GROUP.commands["gate"].make_context("gate", ["gate.yaml", "--outt", "x"])


@pytest.mark.parametrize("ci", CI_FILES)
def test_init_adds_the_files_of_a_ci_and_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ci: CI
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gate.yaml").write_text("name: mine\n")
    assert invoke(["init", ".", "--ci", ci, "--json"]) == 0
    assert sorted(json.loads(capsys.readouterr().out)["files"]) == sorted(CI_FILES[ci].values())
    assert (tmp_path / "gate.yaml").read_text() == "name: mine\n"
    for name, target in CI_FILES[ci].items():
        assert (tmp_path / target).read_bytes() == (FOLDER / name).read_bytes()
    first = next(iter(CI_FILES[ci].values()))
    (tmp_path / first).write_text("mine")
    assert invoke(["init", ".", "--ci", ci]) == 3
    assert f"{first}: is there already" in capsys.readouterr().err
    assert (tmp_path / first).read_text() == "mine"


def test_every_file_belongs_to_a_ci() -> None:
    there = {path.name for path in FOLDER.iterdir()} - {"README.md"}
    assert {name for names in CI_FILES.values() for name in names} == there


def test_init_says_how_to_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["init", str(tmp_path / "mine")]) == 0
    told = capsys.readouterr().out
    assert "pytest --ragguard-plan gate.yaml" in told
    assert "--ci github (or gitlab, jenkins)" in told
    assert invoke(["init", str(tmp_path / "mine"), "--ci", "travis"]) == 3
    assert "'travis' is not one of 'github', 'gitlab', 'jenkins'" in capsys.readouterr().err


@pytest.fixture
def gate(tmp_path: Path) -> Callable[..., ci_scripts.Run]:
    """Run the gate's job of gate.yml in a folder, with other variables perhaps."""
    environment = programs(tmp_path / "bin")
    return lambda folder, **more: run_job("gate.yml", "gate", folder, {**environment, **more}, runner__os="Linux")


@pytest.mark.slow
def test_the_starter_is_promoted_and_the_summary_is_its_report(gate: Callable[..., ci_scripts.Run], tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert invoke(["init", str(folder), "--ci", "github"]) == 0
    assert (folder / ".github" / "workflows" / "ragguard-gate.yml").read_bytes() == (FOLDER / "gate.yml").read_bytes()
    done = gate(folder)
    assert done.code == 0, done.output
    assert "::notice title=ragguard: promote::" in done.output
    mark, _, page = done.summary.partition("\n")
    assert mark == "<!-- ragguard gate gate.yaml -->"
    assert page == (folder / "ragguard-report" / "report.md").read_text(encoding="utf-8")
    assert "# ✅ PROMOTE" in page
    assert {"report.json", "report.junit.xml", "log.txt", "comment.md"} <= {path.name for path in (folder / "ragguard-report").iterdir()}
    assert (folder / ".ragguard" / "store").is_dir(), "what the cache keeps"


@pytest.mark.slow
def test_a_block_is_red_and_says_so(gate: Callable[..., ci_scripts.Run], tiny: Callable[..., Any]) -> None:
    made = tiny(queries=90, candidates={"new": "{type: recorded, run: worse.trec}"})
    lines = made.path("baseline.trec").read_text().splitlines()
    made.write("worse.trec", "\n".join(line for line in lines if line.split()[3] != "1") + "\n")
    done = gate(made.folder)
    assert done.code == 1
    assert "::error title=ragguard: block::" in done.output
    assert "# ❌ BLOCK" in done.summary


@pytest.mark.slow
def test_a_hold_is_red_or_a_warning(gate: Callable[..., ci_scripts.Run], tiny: Callable[..., Any]) -> None:
    made = tiny(queries=8)
    done = gate(made.folder)
    assert done.code == 2
    assert "::error title=ragguard: hold::" in done.output
    assert "# ⏸️ HOLD" in done.summary
    warned = gate(made.folder, RAGGUARD_HOLD="warn")
    assert warned.code == 0
    assert "::warning title=ragguard: hold::" in warned.output


def test_a_wrong_plan_is_told_with_its_line(gate: Callable[..., ci_scripts.Run], tiny: Callable[..., Any]) -> None:
    made = tiny(queries=8)
    made.edit("gate.yaml", "suites:", "suits:")
    made.write("ragguard-report/report.md", "# PROMOTE, of another day")
    done = gate(made.folder)
    assert done.code == 3
    assert "::error title=ragguard: nothing was judged::" in done.output
    assert "# ⚠️ ragguard judged nothing (exit code 3)" in done.summary
    assert "unknown key 'suits'" in done.summary
    assert "PROMOTE" not in done.summary, "a report that lay there is not this run's"


def test_an_outage_is_no_verdict(gate: Callable[..., ci_scripts.Run], tiny: Callable[..., Any]) -> None:
    made = tiny(queries=8)
    made.edit("gate.yaml", f"retriever: {'{type: recorded, run: baseline.trec}'}", DOWN)
    done = gate(made.folder)
    assert done.code == 4
    assert "::error title=ragguard: could not judge::" in done.output
    assert "(exit code 4)" in done.summary
    assert "127.0.0.1:9" in done.summary


@pytest.mark.slow
def test_a_night_is_gated_remembered_and_told(tmp_path: Path, tiny: Callable[..., Any]) -> None:
    made, environment = tiny(queries=90), {**programs(tmp_path / "bin"), "GITHUB_SHA": "0123abc"}
    for _ in range(2):
        done = run_job("nightly.yml", "nightly", made.folder, environment)
        assert done.code == 0, done.output
        assert "::notice title=ragguard: promote::" in done.output
    told = done.summary.rpartition("# The last nights")[2]
    assert "# ✅ PROMOTE" in told
    assert (made.folder / ".ragguard-history" / "history.db").is_file()
    page = (made.folder / "ragguard-report" / "history.html").read_text(encoding="utf-8")
    assert "0123abc" in page
    assert (made.folder / "ragguard-report" / "history.txt").read_text(encoding="utf-8").strip()


@pytest.mark.slow
def test_a_night_that_judged_nothing_is_red(tmp_path: Path, tiny: Callable[..., Any]) -> None:
    made = tiny(queries=90)
    made.edit("gate.yaml", "suites:", "suits:")
    done = run_job("nightly.yml", "nightly", made.folder, programs(tmp_path / "bin"))
    assert done.code == 3
    assert "::error title=ragguard: nothing was judged::" in done.output
    assert "unknown key 'suits'" in done.summary


class Forge:
    """The comments of one pull request, behind what GitHub's and GitLab's interfaces have for them."""

    def __init__(self, *there: dict[str, Any]) -> None:
        self.comments: list[dict[str, Any]] = list(there)

    def add(self, request: servers.Request, author: str) -> None:
        number = len(self.comments) + 1
        row = {"id": number, "body": request.body["body"], "user": {"login": author}, "author": {"id": 7}}
        self.comments.append(row)
        request.answer(row, 201)


PAGE = "<!-- ragguard gate gate.yaml -->\n# ✅ PROMOTE\n"


@pytest.fixture
def github(tmp_path: Path) -> Iterator[tuple[Forge, Callable[[str], ci_scripts.Run]]]:
    """A pull request with 120 comments, of which one is another's with our mark, and the job that comments."""
    others = [{"id": number, "body": f"comment {number}", "user": {"login": "somebody"}} for number in range(1, 120)]
    forge = Forge(*others, {"id": 120, "body": PAGE, "user": {"login": "somebody"}})

    def behave(request: servers.Request) -> None:
        assert request.headers["Authorization"] == "Bearer the-token"
        method = request.handler.command
        if method == "GET":
            page = int(re.search(r"[?&]page=(\d+)", request.path)[1])  # type: ignore[index]
            listed = [{**row, "url": f"{up.url}/comments/{row['id']}"} for row in forge.comments]
            request.answer(listed[100 * (page - 1) : 100 * page])
        elif method == "PATCH":
            row = forge.comments[int(request.path.rpartition("/")[2]) - 1]
            row["body"] = request.body["body"]
            request.answer(row)
        else:
            assert request.path == "/repos/me/mine/issues/12/comments"
            forge.add(request, "github-actions[bot]")

    environment = programs(tmp_path / "bin")
    folder = tmp_path / "work"
    (folder / "ragguard-report").mkdir(parents=True)

    def comment(page: str) -> ci_scripts.Run:
        (folder / "ragguard-report" / "comment.md").write_text(page, encoding="utf-8")
        told = {**environment, "GITHUB_API_URL": up.url, "GITHUB_REPOSITORY": "me/mine", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        values = {"github__token": "the-token", "github__event__pull_request__number": "12"}
        return run_job("gate.yml", "comment", folder, told, **values)

    with servers.serve(behave) as up:
        yield forge, comment


def test_a_pull_request_has_one_comment_that_is_updated(github: tuple[Forge, Callable[[str], ci_scripts.Run]]) -> None:
    forge, comment = github
    assert comment(PAGE).output.strip() == "commented"
    assert comment(PAGE.replace("✅ PROMOTE", "❌ BLOCK")).output.strip() == "updated"
    assert comment(PAGE.replace("gate.yaml", "other.yaml")).output.strip() == "commented", "another plan has a comment of its own"
    assert len(forge.comments) == 122
    assert forge.comments[119]["body"] == PAGE, "what somebody else wrote is left alone"
    assert "❌ BLOCK" in forge.comments[120]["body"]


def gitlab(job: str) -> str:
    """The shell of a job of the GitLab file."""
    return "\n".join(ci_scripts.read(GITLAB)[job]["script"])


def shell(text: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a script as GitLab's runner and Jenkins do: in a shell that stops at the first error."""
    call = ["bash", "-eo", "pipefail", "-c", text]
    return subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_gitlab_has_ragguards_exit_code_and_a_warning_of_its_own(tmp_path: Path, tiny: Callable[..., Any]) -> None:
    environment = {**programs(tmp_path / "bin"), "RAGGUARD_PLAN": "gate.yaml", "RAGGUARD_HOLD": "fail"}
    held = tiny(queries=8)
    note = held.path("ragguard-report/note.md")
    assert shell(gitlab("ragguard gate"), held.folder, **environment).returncode == 2
    assert note.read_text().startswith("<!-- ragguard gate gate.yaml -->\n# ⏸️ HOLD")
    warned = shell(gitlab("ragguard gate"), held.folder, **{**environment, "RAGGUARD_HOLD": "warn"}).returncode
    assert [warned] == ci_scripts.read(GITLAB)["ragguard gate"]["allow_failure"]["exit_codes"]
    held.edit("gate.yaml", "suites:", "suits:")
    assert shell(gitlab("ragguard gate"), held.folder, **environment).returncode == 3
    assert "ragguard judged nothing (exit code 3)" in note.read_text()
    assert "unknown key 'suits'" in note.read_text()
    made = tiny(queries=90)
    assert shell(gitlab("ragguard nightly"), made.folder, **environment, CI_COMMIT_SHA="0123abc").returncode == 0
    assert made.path("ragguard-report/history.html").is_file()
    assert shell(gitlab("ragguard gate"), made.folder, **environment).returncode == 0
    assert "# ✅ PROMOTE" in note.read_text()


@pytest.mark.slow
def test_jenkins_is_told_ragguards_exit_code(tmp_path: Path, tiny: Callable[..., Any]) -> None:
    environment = {**programs(tmp_path / "bin"), "RAGGUARD_PLAN": "gate.yaml"}
    gates, nights = (each.text for each in SCRIPTS if each.where.startswith(JENKINS) and "ragguard " in each.text)
    for script, queries, code in ((gates, 8, 2), (nights, 8, 2), (gates, 90, 0)):
        made = tiny(queries=queries)
        made.write(".venv-gate/bin/activate", "")
        assert shell(script, made.folder, **environment, GIT_COMMIT="0123abc").returncode == code
    text = (FOLDER / JENKINS).read_text(encoding="utf-8")
    assert [int(code) for code in re.findall(r"case (\d):", text)] == [0, 1, 2, 3]


def test_a_merge_request_has_one_note_that_is_updated(tmp_path: Path) -> None:
    forge = Forge({"id": 1, "body": PAGE, "author": {"id": 3}})

    def behave(request: servers.Request) -> None:
        assert request.headers["Private-Token"] == "the-token"
        if request.path == "/user":
            request.answer({"id": 7})
        elif request.handler.command == "GET":
            request.answer(forge.comments if request.path.endswith("page=1") else [])
        elif request.handler.command == "PUT":
            row = forge.comments[int(request.path.rpartition("/")[2]) - 1]
            row["body"] = request.body["body"]
            request.answer(row)
        else:
            assert request.path == "/projects/5/merge_requests/12/notes"
            forge.add(request, "")

    page = tmp_path / "work" / "ragguard-report" / "note.md"
    page.parent.mkdir(parents=True)
    with servers.serve(behave) as up:
        about = {"CI_API_V4_URL": up.url, "CI_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "12", "RAGGUARD_GITLAB_TOKEN": "the-token"}
        environment = {**programs(tmp_path / "bin"), **about, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        for text, said in ((PAGE, "noted"), (PAGE.replace("✅ PROMOTE", "❌ BLOCK"), "updated")):
            page.write_text(text, encoding="utf-8")
            done = shell(gitlab("ragguard note"), page.parent.parent, **environment)
            assert (done.returncode, done.stdout.strip()) == (0, said), done.stderr
    assert [comment["body"] for comment in forge.comments] == [PAGE, PAGE.replace("✅ PROMOTE", "❌ BLOCK")]
