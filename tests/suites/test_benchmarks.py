"""Tasks of MTEB by the real package, where it is installed (it is not among the pins: see docs/plan.md), on data made here."""

import json
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from ragguard.data.pairs import read_pairs
from ragguard.errors import InputError
from ragguard.metrics.embeddings import rank_correlation
from ragguard.records.evidence import Unscored
from ragguard.suites import benchmarks
from ragguard.systems.encoder import Encoder
from ragguard.systems.weights import offline, resolve

pytestmark = [
    pytest.mark.skipif(find_spec("mteb") is None, reason="needs mteb: pip install 'ragguard[mteb]'"),
    pytest.mark.skipif(not offline(), reason="would ask the hub; set HF_HUB_OFFLINE=1"),
    pytest.mark.filterwarnings("default"),
    pytest.mark.slow,
]

PAIRS = Path(__file__).resolve().parent.parent.parent / "golden" / "similarity" / "pairs.jsonl"
REVISION = "b0fddb56ed78048fa8b90373c8a3cfc37b684831"


@pytest.fixture
def encoder() -> Encoder:
    return Encoder(resolve("sentence-transformers/all-MiniLM-L6-v2", revision=None, base=Path()))


@pytest.fixture
def stsbenchmark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache of ``datasets`` with the shipped pairs in the place of STSBenchmark's."""
    import datasets

    rows = [json.loads(line) for line in PAIRS.read_text().splitlines()]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps({**row, "score": float(row["score"])}) + "\n" for row in rows))
    datasets.load_dataset("json", data_files={"test": str(tmp_path / "test.jsonl")}, cache_dir=str(tmp_path / "made"))
    (made,) = (tmp_path / "made").rglob("dataset_info.json")
    place = tmp_path / "cache" / "mteb___stsbenchmark-sts" / "default" / "0.0.0" / REVISION
    shutil.copytree(made.parent, place)
    (place / "json-test.arrow").rename(place / "stsbenchmark-sts-test.arrow")
    (place / "dataset_info.json").write_text(json.dumps({**json.loads(made.read_text()), "dataset_name": "stsbenchmark-sts"}))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))


def test_a_task_gives_what_our_own_correlation_gives(stsbenchmark, encoder, capfd) -> None:
    pairs = read_pairs(PAIRS).pairs
    sides = ([pair.first for pair in pairs], [pair.second for pair in pairs])
    first, second = (encoder.encode(side, "query", np.arange(len(side)).tolist(), lambda _: None) for side in sides)
    ours = rank_correlation(first, second, [pair.score for pair in pairs])
    capfd.readouterr()
    assert benchmarks.main_score("STSBenchmark", encoder) == pytest.approx(ours, abs=1e-4)
    assert capfd.readouterr() == ("", "")


def test_the_encoder_is_used_as_the_plan_says(stsbenchmark, encoder) -> None:
    plain = benchmarks.main_score("STSBenchmark", encoder)
    short = benchmarks.main_score("STSBenchmark", Encoder(encoder.folder, truncate_dim=8))
    assert isinstance(plain, float)
    assert isinstance(short, float)
    assert short < plain - 0.05


def test_data_that_cannot_be_had_is_told(encoder) -> None:
    told = benchmarks.main_score("STS12", encoder)
    assert isinstance(told, Unscored)
    assert told.unscored.startswith("its data could not be had (ConnectionError: Couldn't reach 'mteb/sts12-sts'")


@pytest.fixture
def problems(plan) -> Callable[[str], list[str]]:
    def tell(tasks: str) -> list[str]:
        suite = f"suite: f\nkind: forgetting\nmteb: {tasks}\nchecks:\n  - {{metric: nDCG@10}}\n"
        with pytest.raises(InputError) as caught:
            benchmarks.verify(plan(suite).suites[0])
        return [str(problem).replace(benchmarks.version(), "V") for problem in caught.value.problems]

    return tell


def test_tasks_that_the_package_does_not_know(problems) -> None:
    assert problems("[STSBenchmrk, STS12, Zzzyx-9]") == [
        "suite0.yaml:3: mteb V has no task 'STSBenchmrk'; did you mean 'STSBenchmark'?",
        "suite0.yaml:3: mteb V has no task 'Zzzyx-9'; mteb.get_tasks() lists them",
    ]


def test_prompts_of_the_plan_stand_in_the_place_of_the_models_own(encoder) -> None:
    prompted = Encoder(encoder.folder, query_prompt="q: ")
    prompted.model.prompts = {"query": "own q: ", "document": "own d: ", "STS": "own s: "}
    assert benchmarks._prompts(prompted) == {"query": "q: ", "document": "own d: ", "STS": "own s: "}
    assert benchmarks._prompts(encoder) is None
