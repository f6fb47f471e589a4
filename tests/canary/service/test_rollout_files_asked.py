"""What the files of docs/rollout ask, asked of a service: Argo's analysis, Flagger's webhooks, and the script for those without."""

import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from rollouts_served import Client, Rollout, served, shadowed
from ruamel.yaml import YAML
from urllib3.util import make_headers

TOKEN = "a-token-of-a-test-0123456789"
CANDIDATE = "tuned"
"""As the files call it."""


@pytest.fixture
def files(root: Path) -> Path:
    return root / "docs" / "rollout"


def documents(path: Path) -> dict[str, Any]:
    return {each["kind"]: each for each in YAML(typ="safe").load_all(path.read_text(encoding="utf-8"))}


def begin(plan: Rollout) -> None:
    """Begin the roll-out of a candidate that is called as in the files."""
    text = plan.plan.read_text(encoding="utf-8")
    plan.plan.write_text(text.replace("  new: ", f"  {CANDIDATE}: "), encoding="utf-8")
    plan.begin(CANDIDATE)


def all_is_well(client: Client, pairs: int) -> None:
    """Let both arms answer alike, and decide."""
    assert client.post([shadowed(f"pair-{number}") for number in range(pairs)]).status == 200
    client.decided()


def argo(client: Client, template: dict[str, Any], args: dict[str, str]) -> str:
    """Measure as Argo's web provider does: the arguments filled in, the result picked, the two conditions looked at."""
    (metric,) = template["spec"]["metrics"]
    web = metric["provider"]["web"]
    defaults = {each["name"]: each.get("value", "") for each in template["spec"]["args"]}

    def filled(text: str) -> str:
        for name, value in {**defaults, "token": TOKEN, **args}.items():
            text = text.replace("{{args." + name + "}}", value)
        assert "{{" not in text
        return text

    address = urlsplit(filled(web["url"]))
    headers = {each["key"]: filled(each["value"]) for each in web["headers"]}
    answer = client.http.request(web["method"], f"{client.url}{address.path}?{address.query}", headers=headers)
    assert answer.status == 200, answer.data
    assert web["jsonPath"] == "{$.result}"
    result = answer.json()["result"]
    verdicts = {"successCondition": "Successful", "failureCondition": "Failed"}
    told = {metric[key].removeprefix('result == "').removesuffix('"'): said for key, said in verdicts.items()}
    return told.get(result, "Inconclusive")


def test_argo_waits_goes_on_and_goes_back(plan, files) -> None:
    begin(plan)
    found = documents(files / "argo.yaml")
    steps = [step["analysis"]["args"] for step in found["Rollout"]["spec"]["strategy"]["canary"]["steps"] if "analysis" in step]
    given = [{each["name"]: each["value"] for each in args} for args in steps]
    with served(plan, tokens=(TOKEN,)) as client:
        assert [argo(client, found["AnalysisTemplate"], each) for each in given] == ["Inconclusive"] * 3
        all_is_well(client, 70)
        assert [argo(client, found["AnalysisTemplate"], each) for each in given] == ["Successful", "Inconclusive", "Inconclusive"]
        worse = [shadowed(f"worse-{number}", answer="The documents do not say.", abstained=True) for number in range(150)]
        assert client.post(worse).status == 200
        client.decided()
        assert [argo(client, found["AnalysisTemplate"], each) for each in given] == ["Failed"] * 3


def test_flagger_asks_before_each_increase_and_whether_to_go_back(plan, files) -> None:
    begin(plan)
    hooks = {each["type"]: each for each in documents(files / "flagger.yaml")["Canary"]["spec"]["analysis"]["webhooks"]}

    def asks(client: Client, kind: str, weight: int) -> int:
        address = urlsplit(hooks[kind]["url"].replace("${RAGGUARD_TOKEN}", TOKEN))
        login = make_headers(basic_auth=f"{address.username}:{address.password}")  # as Go's client sends what stands in a URL
        sent = {"name": "answers", "namespace": "rag", "phase": "Progressing", "canaryWeight": weight}
        return client.http.request("POST", f"{client.url}{address.path}?{address.query}", json=sent, headers=login).status

    with served(plan, tokens=(TOKEN,)) as client:
        assert [asks(client, "confirm-traffic-increase", weight) for weight in (0, 1, 10)] == [200, 409, 409]
        all_is_well(client, 70)
        assert [asks(client, "confirm-traffic-increase", weight) for weight in (0, 1, 10)] == [200, 200, 409]
        assert [asks(client, kind, 10) for kind in ("confirm-promotion", "rollback")] == [409, 409]
        plan.opened().canaries.end(plan.opened().running().id, "a test", time.time())
        assert [asks(client, kind, 10) for kind in ("confirm-traffic-increase", "confirm-promotion", "rollback")] == [409, 409, 200]


@pytest.mark.slow
def test_by_hand_the_share_follows_what_is_decided(plan, files, tmp_path) -> None:
    begin(plan)
    with served(plan) as client:
        all_is_well(client, 70)
        worse = [shadowed(f"worse-{number}", answer="The documents do not say.", abstained=True) for number in range(150)]
        assert client.post(worse).status == 200
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "ragguard").write_text(f'#!/bin/sh\nexec {sys.executable} -m ragguard.cli "$@"\n')
    # Traffic cannot be moved at the first try, and then again when all of it is to go back.
    tried = f'echo "$1" >> {tmp_path / "tried"}\nmkdir {tmp_path}/once-"$1" 2> /dev/null && exit 1\n'
    (programs / "share").write_text(f'#!/bin/sh\n{tried}echo "$1" >> {tmp_path / "shares"}\n')
    for program in programs.iterdir():
        program.chmod(program.stat().st_mode | stat.S_IEXEC)
    path = os.pathsep.join((str(programs), str(Path(sys.executable).parent), os.environ["PATH"]))
    given = {**os.environ, "PATH": path, "EVERY": "1", "RAGGUARD_HISTORY": plan.history}
    done = subprocess.run(
        ["bash", str(files / "by-hand.sh"), str(programs / "share")],
        cwd=plan.folder,
        env=given,
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert (tmp_path / "shares").read_text().split()[-1] == "0.0"
    assert (tmp_path / "tried").read_text().split()[-2:] == ["0.0", "0.0"]


@pytest.mark.slow
def test_the_script_is_good_shell(files) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("needs shellcheck (Debian package shellcheck)")
    assert subprocess.run(["shellcheck", str(files / "by-hand.sh")], check=False).returncode == 0
