"""The training loop: bfloat16 copies of float32 weights, Muon for matrices and AdamW for embeddings, resumable."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from nano_rows import BOS, EOS, HINTS, LENGTH, PAD, PASSED, SKILL, STAGES, VALUE, VOCABULARY, Row, batch
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig, LlamaForCausalLM

PREDICTED = 0.6
WARMUP = 100
DECAY_FROM = 0.6
LONGEST = 20.0  # seconds that a step can count: a machine that slept did not train


@dataclass
class Run:
    """What a training run is made of."""

    folder: Path
    seed: int = 1
    steps: int = 30_000
    minutes: float = 60.0
    rows: int = 48
    rate: float = 0.003
    every: int = 100
    optimizer: str = "muon"
    compiled: bool = True


def model() -> LlamaForCausalLM:
    """An untrained nano."""
    config = LlamaConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=256,
        intermediate_size=640,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=512,
        rope_parameters={"rope_type": "default", "rope_theta": 1000.0},
        tie_word_embeddings=True,
        pad_token_id=PAD,
        bos_token_id=BOS,
        eos_token_id=EOS,
        attn_implementation="eager",
    )
    return LlamaForCausalLM(config)


def _hints(rows: list[Row]) -> list[torch.Tensor]:
    """By layer: (row, head, from, to, 1 or 0 for padding), as many for every batch."""
    layers = []
    for layer, most in enumerate(HINTS):
        found = [(number, head, here, to, 1) for number, row in enumerate(rows) for (at, head), here, to in row.hints if at == layer]
        size = most * len(rows)
        layers.append(torch.tensor((found + [(0, 0, 0, 0, 0)] * size)[:size]).T.contiguous())
    return layers


def _missed(seen: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
    """Mean -log of the attention paid where the hints say."""
    row, head, here, to, counts = where
    paid = seen[row, head, here, to].float().clamp_min(1e-6).log()
    return -(paid * counts).sum() / counts.sum().clamp_min(1)


class Trainer:
    """A run with its state: ``train()`` goes on where the last checkpoint stopped."""

    def __init__(self, run: Run) -> None:
        torch.manual_seed(run.seed)
        self.run = run
        self.master = model()
        self.working = model().to(torch.bfloat16)
        self.step, self.elapsed, self.stage = 0, 0.0, 0
        named = dict(self.master.named_parameters())
        matrices = [p for name, p in named.items() if p.ndim == 2 and "embed" not in name]
        others = [p for name, p in named.items() if not (p.ndim == 2 and "embed" not in name)]
        self.optimizers: list[torch.optim.Optimizer] = [torch.optim.AdamW(others, betas=(0.9, 0.98), weight_decay=0.0)]
        if run.optimizer == "muon":
            self.optimizers.append(torch.optim.Muon(matrices, momentum=0.95, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"))
        else:
            self.optimizers.append(torch.optim.AdamW(matrices, betas=(0.9, 0.98), weight_decay=0.01))
        self.loss = torch.compile(self._loss) if run.compiled else self._loss
        self._copy()

    def _loss(self, tokens: Any, places: Any, targets: Any, weights: Any, hints: Any) -> Any:
        out = self.working.model(input_ids=tokens, use_cache=False, output_attentions=hints is not None)
        hidden = out.last_hidden_state
        logits = self.working.lm_head(hidden.reshape(-1, hidden.shape[-1])[places]).float()
        said = (cross_entropy(logits, targets, reduction="none") * weights).sum() / weights.sum()
        looked = said * 0 if hints is None else sum(_missed(*pair) for pair in zip(out.attentions, hints, strict=True))
        return said, looked, logits.argmax(-1)

    def _copy(self) -> None:
        with torch.no_grad():
            for mine, theirs in zip(self.working.parameters(), self.master.parameters(), strict=True):
                mine.copy_(theirs)

    @property
    def progress(self) -> float:
        """From 0 to 1: by steps or by time, whichever is further."""
        return min(1.0, max(self.step / self.run.steps, self.elapsed / (60 * self.run.minutes)))

    def _rate(self) -> float:
        warm = min(1.0, (self.step + 1) / WARMUP)
        return self.run.rate * warm * min(1.0, 0.01 + (1 - self.progress) / (1 - DECAY_FROM))

    def _one_step(self) -> tuple[float, ...]:
        torch.manual_seed(self.run.seed + self.step)
        rows = batch(self.run.seed, self.step, self.run.rows, self.stage)
        tokens = torch.tensor([row.tokens for row in rows])
        weights = torch.tensor([row.weights[1:] for row in rows]).reshape(-1)
        chosen = (weights + 1e-3 * torch.rand(len(weights))).topk(int(PREDICTED * len(weights))).indices.sort().values
        targets, weights = tokens[:, 1:].reshape(-1)[chosen], weights[chosen]
        hinted = STAGES[self.stage].hinted
        said, looked, guess = self.loss(tokens[:, :-1].contiguous(), chosen, targets, weights, _hints(rows) if hinted else None)
        (said + hinted * looked).backward()
        self._update()
        hit = (guess == targets).float()
        return said.item(), looked.item(), hit[weights == VALUE].mean().item(), hit[weights == SKILL].mean().item()

    def _update(self) -> None:
        for mine, theirs in zip(self.working.parameters(), self.master.parameters(), strict=True):
            theirs.grad, mine.grad = mine.grad.float(), None
        torch.nn.utils.clip_grad_norm_(self.master.parameters(), 1.0)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = self._rate()
            optimizer.step()
        self._copy()

    def train(self) -> None:
        """Train to the end of the budget, with a line in the log and a checkpoint now and then."""
        self._resume()
        before, first = self.elapsed, self.step
        seen: list[tuple[float, ...]] = []
        while self.progress < 1.0:
            started = time.monotonic()
            seen.append(self._one_step())
            self.step += 1
            self.elapsed += min(time.monotonic() - started, LONGEST)
            if self.step % self.run.every == 0 or self.progress >= 1.0:
                loss, looked, values, skills = torch.tensor(seen).nanmean(0).tolist()
                self._note(loss, looked, values, skills, (self.step - first) / (self.elapsed - before))
                self.stage = min(self.stage + (values > PASSED), len(STAGES) - 1)
                self._save()
                seen = []

    def _note(self, loss: float, looked: float, values: float, skills: float, pace: float) -> None:
        line = {
            "step": self.step,
            "minutes": round(self.elapsed / 60, 2),
            "stage": self.stage,
            "loss": round(loss, 4),
            "hints": round(looked, 4),
        }
        line |= {"values_right": round(values, 4), "skill_tokens_right": round(skills, 4), "rate": round(self._rate(), 6)}
        line |= {"tokens_per_second": round(pace * self.run.rows * LENGTH)}
        print(json.dumps(line), flush=True)
        with (self.run.folder / "training-log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")

    def _save(self) -> None:
        state = {"model": self.master.state_dict(), "optimizers": [o.state_dict() for o in self.optimizers]}
        state |= {"step": self.step, "elapsed": self.elapsed, "stage": self.stage}
        part = self.run.folder / "checkpoint.part"
        torch.save(state, part)
        part.replace(self.run.folder / "checkpoint.pt")

    def _resume(self) -> None:
        path = self.run.folder / "checkpoint.pt"
        self.run.folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            return
        state = torch.load(path, weights_only=True)
        self.master.load_state_dict(state["model"])
        for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        self.step, self.elapsed, self.stage = state["step"], state["elapsed"], state["stage"]
        self._copy()
