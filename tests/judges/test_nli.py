"""The judge of type nli with models of random weights: which output counts, what is compared with what, and what comes of it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from ragguard.errors import CannotJudge, InputError
from ragguard.judges.nli import ABSTAINED, NO_CLAIM, NliJudgeRunner, Support, best, premises_of, verdict
from ragguard.judges.protocols import Context
from ragguard.plan.judges import NliJudge
from ragguard.records.judgement import Asked, Verdict
from ragguard.records.metric import Metric
from ragguard.systems.sentences import sentences
from ragguard.systems.weights import resolve

FAITHFULNESS = Metric("nli:Faithfulness")
NLI = ("contradiction", "entailment", "neutral")
LIMIT = 64

CATS = "The cat sleeps on the warm sofa all day. It eats at noon."
KEYS = "Rotate the signing key every ninety days."
LONG = " ".join(f"Rule {number} says that {word} is due on day {number}." for number, word in enumerate(["tax", "rent", "tea", "fee"] * 8))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A factory of cross-encoders of two layers with random weights, wide enough to tell sentences apart, with MiniLM's tokenizer."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    base = tmp_path_factory.mktemp("nli")
    tokenizer = AutoTokenizer.from_pretrained(resolve("all-MiniLM-L6-v2", revision=None, base=base))
    tokenizer.model_max_length = LIMIT
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "max_position_embeddings": LIMIT}

    def make(*labels: str, seed: int = 7) -> Path:
        folder = base / ("-".join(labels) + str(seed))
        if not folder.is_dir():
            torch.manual_seed(seed)
            names = {"id2label": dict(enumerate(labels)), "label2id": {name: place for place, name in enumerate(labels)}}
            config = BertConfig(vocab_size=len(tokenizer), initializer_range=0.3, num_labels=len(labels), **names, **sizes)
            BertForSequenceClassification(config).save_pretrained(folder)
            tokenizer.save_pretrained(folder)
        return folder

    return make


@pytest.fixture
def judge(model, tmp_path: Path) -> Callable[..., NliJudgeRunner]:
    """A factory: the judge of a model with such labels."""

    def make(*labels: str, seed: int = 7, **more) -> NliJudgeRunner:
        plan = NliJudge(type="nli", model=str(model(*(labels or NLI), seed=seed)), **more)
        return NliJudgeRunner("local", plan, Context(tmp_path))

    return make


def asked(answer: str, *contexts: str, question: str = "why?") -> Asked:
    return Asked("q1", question, answer, contexts)


def directly(folder: Path, premise: str, hypothesis: str) -> list[float]:
    """What transformers says of one pair alone."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    network = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.inference_mode():
        logits = network(**AutoTokenizer.from_pretrained(folder)(premise, hypothesis, return_tensors="pt")).logits[0]
    return (logits.softmax(-1) if len(logits) > 1 else logits.sigmoid()).tolist()


@pytest.mark.parametrize(
    ("labels", "entailment", "place"),
    [
        (NLI, None, 1),
        (("ENTAILMENT", "NEUTRAL", "CONTRADICTION"), None, 0),
        (("not_entailment", "entailment"), None, 1),
        (("refuted", "supported"), "Supported", 1),
        (("consistent",), None, 0),
    ],
)
def test_the_probability_is_the_models_own_for_document_and_sentence(judge, model, labels, entailment, place) -> None:
    made = judge(*labels, entailment=entailment)
    told = [(asked("", CATS, KEYS), "The cat eats."), (asked("", KEYS), "Keys are kept for ever.")]
    for (each, sentence), support in zip(told, made.weigh(told), strict=True):
        direct = [directly(model(*labels), context, sentence)[place] for context in each.contexts]
        assert support.probability == pytest.approx(max(direct), abs=2e-6)
        assert support.document == 1 + direct.index(max(direct))


def test_the_value_is_the_share_of_sentences_that_are_as_probable_as_not(judge, model) -> None:
    """Over random models, so that all outcomes occur."""
    told = ("Cats sleep.", "The key is old.", "It rains in May.")
    values = set()
    for seed in range(6):
        (found,) = judge("no", "entailment", seed=seed).judge(FAITHFULNESS, [asked(" ".join(told), CATS, KEYS)], 0)
        direct = [max(directly(model("no", "entailment", seed=seed), text, said)[1] for text in (CATS, KEYS)) for said in told]
        assert found.value == pytest.approx(sum(each >= 0.5 for each in direct) / 3)
        assert repr(told[direct.index(min(direct))]) in found.reason
        assert f"({min(direct):.2f}, by document" in found.reason
        values.add(found.value)
    assert len(values) > 1


def test_batches_change_nothing(judge) -> None:
    rows = [asked(f"Rule {i} is {'long and wide ' * i}. The cat eats.", CATS, KEYS, LONG[: 200 + 90 * i]) for i in range(7)]
    told = [(row, f"Rule {i} is {'long and wide ' * i}.") for i, row in enumerate(rows)]
    sizes = (1, 3, 32)
    found = {size: judge(batch_size=size).weigh(told) for size in sizes}
    for size in sizes:
        assert [each.probability for each in found[size]] == pytest.approx([each.probability for each in found[32]], abs=2e-6)
        assert [each.document for each in found[size]] == [each.document for each in found[32]]
    verdicts = [judge(batch_size=size).judge(FAITHFULNESS, rows, turn) for turn, size in enumerate(sizes)]
    assert verdicts[0] == verdicts[1] == verdicts[2]
    assert [judge().judge(FAITHFULNESS, [row], 0)[0] for row in rows] == verdicts[0], "nor does what is judged beside it"


def test_long_documents_are_read_in_windows_and_the_best_counts(judge, model) -> None:
    """Every window fits beside the sentence, all of the text is in one, and the best of them is what transformers says."""
    made, sentence = judge(), "Fees are due."
    windows: list[tuple[str, str]] = []
    ask = made._model.probabilities
    made._model.probabilities = lambda pairs: windows.extend(pairs) or ask(pairs)  # type: ignore[method-assign]
    (support,) = made.weigh([(asked("", LONG), sentence)])
    tokenizer = made._model.model.tokenizer
    assert len(windows) > 5
    assert all(len(tokenizer(*pair)["input_ids"]) <= LIMIT for pair in windows)
    assert all(any(each in text for text, _ in windows) for each in sentences(LONG))
    assert support.probability == pytest.approx(max(directly(model(*NLI), *pair)[1] for pair in windows), abs=2e-6)


def test_what_has_no_end_is_cut_and_counted(judge) -> None:
    made = judge()
    endless, glued = "word " * 300, "x1y2" * 200
    (found,) = made.judge(FAITHFULNESS, [asked(f"{endless.strip()}. The cat eats.", endless, glued)], 0)
    assert found.value is not None
    assert made.notes()["sentences_cut"] == 0.5
    assert judge(max_length=16).judge(FAITHFULNESS, [asked("The cat eats at noon every day.", LONG)], 0)[0].value is not None


@pytest.mark.parametrize(
    ("answer", "value", "reason"),
    [
        ("The documents do not say.", 1.0, ABSTAINED),
        ("I do not know what the limit of version 2.3 is.", 1.0, ABSTAINED),
        ("", 1.0, ABSTAINED),
        ("Do you mean the limit?", 0.0, NO_CLAIM),
        ("...", 0.0, NO_CLAIM),
    ],
)
def test_an_answer_that_claims_nothing(judge, answer: str, value: float, reason: str) -> None:
    made = judge()
    assert made.judge(FAITHFULNESS, [asked(answer, CATS)], 0) == [Verdict(value, reason)]
    assert made.notes() == {"model": made._plan.model, "pairs": 0}, "the model was not asked"


def test_a_documents_first_line_is_read_with_each_window() -> None:
    read = [("Limits (version 2.3)", 5), ("It is 50.", 4), ("It was 30.", 4), ("It may rise.", 12), ("Ask us.", 3)]
    assert premises_of(read, 100) == ["Limits (version 2.3) It is 50. It was 30. It may rise. Ask us."]
    assert premises_of(read, 20) == [
        "Limits (version 2.3) It is 50. It was 30.",
        "Limits (version 2.3) It may rise. Ask us.",
    ]
    assert premises_of(read, 16) == ["Limits (version 2.3) It is 50. It was 30.", "It was 30. It may rise.", "It may rise. Ask us."]
    assert premises_of(read[:1], 20) == ["Limits (version 2.3)"]
    assert premises_of([], 20) == []


def test_without_documents_nothing_is_entailed(judge) -> None:
    rows = [asked("The cat eats."), asked("The cat eats.", ""), asked("The cat eats.", CATS)]
    none, empty, some = judge().judge(FAITHFULNESS, rows, 0)
    assert none.value == empty.value == 0.0
    assert "no document was given" in none.reason
    assert "by document 1" in some.reason
    assert judge().judge(FAITHFULNESS, [], 0) == []


def test_the_verdict_names_what_is_least_supported() -> None:
    supports = [Support("It is 50.", 0.97, 2), Support("It " + "was " * 99, 0.04, 1), Support("So.", 0.5, 1)]
    found = verdict("It is 50.", supports)
    assert found.value == pytest.approx(2 / 3)
    assert found.reason.startswith("2 of 3 sentences are entailed; least: 'It was")
    assert found.reason.endswith("...' (0.04, by document 1)")
    assert verdict("It is 50.", supports[:1]).reason == "1 of 1 sentence is entailed; least: 'It is 50.' (0.97, by document 2)"
    assert best("x", [0.2, 0.7, 0.7]) == Support("x", 0.7, 2)


def test_the_hypothesis_may_hold_the_question(judge, model) -> None:
    made = judge(hypothesis="{question} {sentence}")
    (support,) = made.weigh([(asked("", KEYS, question="How often?"), "Every 90 days.")])
    assert support.probability == pytest.approx(directly(model(*NLI), KEYS, "How often? Every 90 days.")[1], abs=2e-6)
    for bad, words in (("{question}", "holds {sentence}"), ("{sentence} {answer}", "no other place"), ("{sentence", "literal brace twice")):
        with pytest.raises(ValidationError, match=words):
            NliJudge(type="nli", model="m", hypothesis=bad)


def test_the_fingerprint_is_of_weights_label_length_and_hypothesis(judge) -> None:
    same = [judge(), judge(batch_size=1), judge(entailment="entailment"), judge(device="cpu")]
    assert len({made.fingerprint for made in same}) == 1
    others = [
        judge(seed=8),
        judge(entailment="neutral"),
        judge(max_length=32),
        judge(dtype="float16"),
        judge(hypothesis="{question} {sentence}"),
    ]
    assert len({made.fingerprint for made in (*same, *others)}) == 6


def test_what_is_asked_twice_is_read_once(judge) -> None:
    made = judge()
    made.judge(FAITHFULNESS, [asked(f"Day {i} is fine. The cat eats.", CATS) for i in range(20)], 0)
    assert made.notes()["pairs"] == 21


@pytest.mark.parametrize(
    ("labels", "entailment", "words"),
    [
        (("LABEL_0", "LABEL_1", "LABEL_2"), None, r"none of the labels of .* begins with entail.*LABEL_0, LABEL_1, LABEL_2"),
        (("entailment", "entailed"), None, "several of the labels of .* begin with entail"),
        (NLI, "entailmnt", "entailment: entailmnt is none of the labels of .*; did you mean 'entailment'"),
        (("score",), "entailment", "none of the labels of .*; known: score"),
    ],
)
def test_labels_that_do_not_say_which_is_entailment(judge, labels, entailment, words) -> None:
    with pytest.raises(InputError, match=words):
        judge(*labels, entailment=entailment)


def test_models_that_are_none(judge, model, tmp_path: Path) -> None:
    def build(folder: str, **more) -> NliJudgeRunner:
        return NliJudgeRunner("local", NliJudge(type="nli", model=folder, **more), Context(tmp_path))

    with pytest.raises(InputError, match=r"BertModel.*has no classification head, which would be random"):
        build("all-MiniLM-L6-v2")
    with pytest.raises(InputError, match="no such model folder"):
        build("./nowhere")
    with pytest.raises(InputError, match=r"trust_remote_code .*--allow-code"):
        build(str(model(*NLI)), trust_remote_code=True)
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare/model.safetensors").write_bytes(b"no weights")
    with pytest.raises(InputError, match=r"config\.json: it cannot be read"):
        build("bare")
    (tmp_path / "bare/config.json").write_text(
        json.dumps({"model_type": "bert", "architectures": ["BertForSequenceClassification"], "id2label": {"0": "entailment"}})
    )
    made = build("bare")
    with pytest.raises(CannotJudge, match="the model cannot be loaded"):
        made.judge(FAITHFULNESS, [asked("The cat eats.", CATS)], 0)
    with pytest.raises(InputError, match=r"no such metric; did you mean 'nli:Faithfulness'"):
        made.judge(Metric("nli:Faithfullness"), [asked("The cat eats.", CATS)], 0)


def test_pickles_are_refused_unless_allowed(model, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    folder = tmp_path / "pickled"
    folder.mkdir()
    for path in model(*NLI).iterdir():
        if path.suffix != ".safetensors":
            (folder / path.name).write_bytes(path.read_bytes())
    torch.save(load_file(model(*NLI) / "model.safetensors"), folder / "pytorch_model.bin")
    plan = {"type": "nli", "model": str(folder)}
    with pytest.raises(InputError, match="pickle"):
        NliJudgeRunner("local", NliJudge(**plan), Context(tmp_path))
    found = NliJudgeRunner("local", NliJudge(**plan, allow_pickle=True), Context(tmp_path)).weigh([(asked("", CATS), "The cat eats.")])
    assert found[0].probability == pytest.approx(directly(model(*NLI), CATS, "The cat eats.")[1], abs=2e-6)


def test_outputs_that_are_no_probabilities(model, tmp_path: Path) -> None:
    """A model with one output that was saved without a sigmoid, and one whose weights are broken."""
    import torch
    from safetensors.torch import load_file, save_file

    def spoiled(labels: tuple[str, ...], name: str, factor: float, more: dict[str, object]) -> NliJudgeRunner:
        folder = tmp_path / name
        folder.mkdir()
        for path in model(*labels).iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
        weights = load_file(folder / "model.safetensors")
        weights["classifier.weight"] *= factor
        weights["classifier.bias"] += 3.0
        save_file({key: torch.clone(value) for key, value in weights.items()}, folder / "model.safetensors", {"format": "pt"})
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | more))
        return NliJudgeRunner("local", NliJudge(type="nli", model=str(folder)), Context(tmp_path))

    identity = {"sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity"}}
    with pytest.raises(CannotJudge, match=r"is no probability: it must end in a sigmoid"):
        spoiled(("score",), "unbounded", 1e-6, identity).weigh([(asked("", CATS), "The cat eats.")])
    with pytest.raises(CannotJudge, match=r"nan is no probability: the model is broken"):
        spoiled(NLI, "broken", float("nan"), {}).weigh([(asked("", CATS), "The cat eats.")])
