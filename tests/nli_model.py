"""A small model for entailment, trained in a minute or two: all-MiniLM-L6-v2 on statements about fact cards like those of golden/cards.

Of Tarn's things every third is held out of the training, which draws its values at random: what the model learns is to compare, not
what is true of Tarn.
"""

import hashlib
import random
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from ruamel.yaml import YAML

from ragguard.systems.weights import EMBEDDED_SHA256, resolve

ROOT = Path(__file__).resolve().parent.parent
LABELS = ("contradiction", "entailment", "neutral")
STEPS, BATCH, RATE, SEED = 150, 5, 2e-4, 7

CARDS = ("{e}: {a} {v}.", "rule for {e}: the {a} is set to {v}.", "{e} get a {a} of {v}.")
STATEMENTS = ("The {a} of {e} is {v}{w}.", "{e} get a {a} of {v}{w}.", "For {e} the {a} is {v}{w}.", "The {a} is {v} for {e}{w}.")
REPLIES = ("which {a} applies to {e}{w}? {v}", "how much {a} do {e} get{w}? {v}", "{e}: {a}{w}? {v}")
VERSIONS = ("v1.4", "v2.1", "v3.0")


@dataclass(frozen=True)
class Fact:
    """What one card tells; ``version`` is "" where it bears none."""

    thing: str
    attribute: str
    value: str
    version: str

    def card(self, draw: random.Random, *, headed: bool = False) -> str:
        """A card that tells it, under its title as judges are shown it, or bare."""
        status = draw.choice(("current", "superseded")) if self.version else "current"
        head = f"{self.thing}: {self.attribute} (version {(self.version or 'v3.0')[1:]}, {status}) " if headed else ""
        text = draw.choice(CARDS).format(e=self.thing, a=self.attribute, v=self.value)
        return f"{head}{self.version} {status}: {text}" if self.version else f"{head}{text}"

    def statement(self, draw: random.Random, *, versioned: bool, asks: bool) -> str:
        """A sentence that states it, or a question with its answer."""
        when = f" {'under' if asks else 'in'} {self.version}" if self.version and versioned else ""
        text = draw.choice(REPLIES if asks else STATEMENTS).format(e=self.thing, a=self.attribute, v=self.value, w=when)
        return text if asks else text[0].upper() + text[1:]


class Tarn:
    """The things of golden/cards, those to train on and those held out, and what can be said of them."""

    def __init__(self) -> None:
        told = YAML(typ="safe").load((ROOT / "golden/cards/source/tarn.yaml").read_text(encoding="utf-8"))["things"]
        versions = {(e, a): v if isinstance(v, dict) else {"": v} for e in told for a, v in told[e]["facts"].items()}
        self.facts = [Fact(e, a, str(value), version) for (e, a), row in versions.items() for version, value in row.items()]
        things = list(told)
        self.held_out = things[2::3]
        self.trained = [thing for thing in things if thing not in self.held_out]
        self.units = {fact.attribute: fact.value.split()[1] for fact in self.facts}
        self.numbers = sorted({fact.value.split()[0] for fact in self.facts}, key=int)

    def value(self, draw: random.Random, attribute: str) -> str:
        return f"{draw.choice(self.numbers)} {self.units[attribute]}"

    def invented(self, draw: random.Random) -> Fact:
        """A fact of a thing to train on, drawn at random."""
        attribute = draw.choice(sorted(self.units))
        return Fact(draw.choice(self.trained), attribute, self.value(draw, attribute), draw.choice((*VERSIONS, "")))

    def triple(self, draw: random.Random, ease: float) -> list[tuple[str, str, int]]:
        """A premise of one or two cards with three hypotheses, one of each label, as (premise, hypothesis, place of the label).

        ``ease`` is from 1, one bare card, to 0. Hypotheses that differ in little, side by side, are what makes learning quick.
        """
        facts = [self.invented(draw) for _ in range(1 + (draw.random() > max(ease, 0.4)))]
        if len(facts) == 2 and draw.random() < 0.5:  # two versions of one fact
            old, new = draw.sample(VERSIONS, 2)
            facts = [replace(facts[0], version=old), replace(facts[0], value=self.value(draw, facts[0].attribute), version=new)]
        premise = " ".join(fact.card(draw, headed=draw.random() > max(ease, 0.5)) for fact in draw.sample(facts, len(facts)))
        fact, found = draw.choice(facts), []
        for label, said in enumerate((self._contradicted(draw, fact, facts), fact, self._untold(draw, fact, facts))):
            versioned = label == 2 or draw.random() < 0.6
            found.append((premise, said.statement(draw, versioned=versioned, asks=draw.random() > max(ease, 0.6)), label))
        return found

    def _contradicted(self, draw: random.Random, fact: Fact, facts: list[Fact]) -> Fact:
        """Another number; it is in no card about the same thing and attribute."""
        known = {each.value for each in facts if (each.thing, each.attribute) == (fact.thing, fact.attribute)}
        while (value := self.value(draw, fact.attribute)) in known:
            pass
        return replace(fact, value=value)

    def _untold(self, draw: random.Random, fact: Fact, facts: list[Fact]) -> Fact:
        """What the cards say of another version, thing or attribute, with the same number."""
        told = {(each.thing, each.attribute, each.version) for each in facts}
        while True:
            other = self._beside(draw, fact, draw.randrange(3 if fact.version else 2))
            if (other.thing, other.attribute, other.version) not in told:
                return other

    def _beside(self, draw: random.Random, fact: Fact, what: int) -> Fact:
        """The same of another thing (0), with the same number of another attribute (1), or of another version (2)."""
        if what == 0:
            return replace(fact, thing=draw.choice(self.trained))
        if what == 1:
            attribute = draw.choice(sorted(self.units))
            return replace(fact, attribute=attribute, value=f"{fact.value.split()[0]} {self.units[attribute]}")
        return replace(fact, version=draw.choice(VERSIONS))


def recipe() -> str:
    """The hash of all that the model comes from: this file, the facts, the encoder, and the library that fits it."""
    import torch

    parts = [Path(__file__).read_bytes(), (ROOT / "golden/cards/source/tarn.yaml").read_bytes(), EMBEDDED_SHA256.encode()]
    return hashlib.sha256(b"\0".join([*parts, torch.__version__.encode()])).hexdigest()[:16]


def make(cache: Path) -> Path:
    """Return the folder of the model under ``cache``, trained now unless it lies there."""
    from filelock import FileLock

    folder = cache / recipe()
    with FileLock(f"{folder}.lock"):
        if not (folder / "model.safetensors").is_file():
            scratch = cache / f"{folder.name}.making"
            shutil.rmtree(scratch, ignore_errors=True)
            train(scratch)
            scratch.rename(folder)
    return folder


def train(folder: Path, steps: int = STEPS, seed: int = SEED) -> None:
    """Train the model, on one thread, and save it as transformers does."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    base = resolve("all-MiniLM-L6-v2", revision=None, base=ROOT)
    tarn, draw = Tarn(), random.Random(seed)
    tokenizer = AutoTokenizer.from_pretrained(base)
    names = {"id2label": dict(enumerate(LABELS)), "label2id": {name: place for place, name in enumerate(LABELS)}}
    calm = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=3, **names, **calm).train()
        model.base_model.embeddings.requires_grad_(requires_grad=False)
        free = [each for each in model.parameters() if each.requires_grad]
        optimizer = torch.optim.AdamW(free, lr=RATE)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 20) * (1 - step / steps))
        for step in range(steps):
            rows = [row for _ in range(BATCH) for row in tarn.triple(draw, 1 - 2 * step / steps)]
            batch = tokenizer([row[0] for row in rows], [row[1] for row in rows], padding=True, return_tensors="pt")
            loss = torch.nn.functional.cross_entropy(model(**batch).logits, torch.tensor([row[2] for row in rows]))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(free, 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    torch.set_num_threads(threads)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
