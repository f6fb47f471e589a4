"""What a plan may say of how a candidate's generator is trained."""

from typing import Any, Literal

from pydantic import Field, model_validator

from ragguard.plan.base import Model
from ragguard.plan.recipes import EarlyStopping, Recipe


class LossStopping(EarlyStopping):
    """Stop when the loss on a dev split stops falling: rows of a file, or rows cut from the training data by intent."""

    dev: str | None = Field(None, description="JSONL of dev rows, relative to the plan; default: dev_share of the training intents")

    @model_validator(mode="after")
    def _one_split(self) -> "LossStopping":
        if self.dev is not None and "dev_share" in self.model_fields_set:
            raise ValueError("dev: is a file of its own, and dev_share: cuts rows off the training data; say one of them")
        return self


class Raft(Model):
    """Documents around the one that answers (retrieval-augmented fine-tuning, Zhang et al. 2024, arXiv:2403.10131)."""

    without_oracle: float = Field(0.2, ge=0, lt=1, description="Share of the rows whose prompt lacks the document that answers")
    abstain: bool | str = Field(
        False, description="In those rows, train to say that the documents do not say, or a text that means it; default: the gold answer"
    )
    distractors: Literal["drawn", "mined"] = Field(
        "drawn",
        description="drawn: the row's own negatives, then documents of the corpus, by the seed; mined: what the candidate's own ranking, "
        "reranked if it is, has first, then the row's own",
    )
    mine_depth: int = Field(30, ge=1, description="Documents of the ranking that mined distractors are taken from, best first")


class Rehearsal(Model):
    """Rows of general prompts and answers, mixed in against forgetting; 10 to 20 % of all rows is the field's advice."""

    data: str = Field(description="JSONL of {prompt, answer}, relative to the plan")
    share: float = Field(0.2, gt=0, lt=1, description="Their share of all training rows")
    chat: bool = Field(False, description="Ask them by the tokenizer's chat template, as a user's message; default: as plain text")


class Objective(Model):
    """The training's loss: select x L_select + generate x L_generate + faithful x L_faithful."""

    select: float = Field(0.0, ge=0, description="Weight of InfoNCE between the hidden states of query and documents")
    generate: float = Field(1.0, ge=0, description="Weight of the next-token loss on the answer, given the positive document")
    faithful: float = Field(0.0, ge=0, description="Weight of the hinge between the answer's likelihoods given positive and hard negative")
    temperature: float = Field(0.05, gt=0, description="Of the InfoNCE, by which cosines are divided")
    margin: float = Field(1.0, gt=0, description="Of the hinge, in nats a token")
    pooling: Literal["mean", "last"] = Field("mean", description="Hidden states of the last layer: their mean, or the last token's")

    @model_validator(mode="after")
    def _does_something(self) -> "Objective":
        if not (self.select or self.generate or self.faithful):
            raise ValueError("an objective whose weights are all 0 trains nothing; give select, generate or faithful a weight")
        return self


class LoraRecipe(Recipe):
    """Train a LoRA adapter of a causal language model, with peft and transformers. ``arguments`` are those of transformers' trainer."""

    recipe: Literal["lora"]
    rows: Literal["raft", "quadruplets"] = Field(
        "raft", description="What a prompt holds: the documents that answer and distractors, or the positive document alone"
    )
    raft: Raft = Field(default_factory=lambda: Raft.model_validate({}))
    reasoning: Literal["citation", "quotes", "none"] = Field(
        "citation", description="What stands by the gold answer: its document's number, the sentences that say it as quotations, or nothing"
    )
    rehearsal: Rehearsal | None = None
    objective: Objective | None = Field(None, description="With rows: quadruplets; default: the next-token loss alone")
    batch_size: int = Field(8, ge=1)
    learning_rate: float = Field(2e-4, gt=0)
    rank: int = Field(16, ge=1)
    alpha: float = Field(32, gt=0, description="What the adapter adds is scaled by alpha / rank")
    dropout: float = Field(0.05, ge=0, lt=1)
    target_modules: str | list[str] = Field("all-linear", description="Names of modules, a regular expression, or all-linear")
    modules_to_save: list[str] = Field(default_factory=list, description="Modules that are trained whole, and saved with the adapter")
    lora: dict[str, Any] = Field(default_factory=dict, description="Anything else that peft's LoraConfig knows")
    quantize: Literal["nf4", "fp4"] | None = Field(None, description="Load the base in 4 bits (QLoRA); needs CUDA and bitsandbytes")
    dtype: Literal["float32", "float16", "bfloat16"] = Field("float32", description="Of the base's weights in training")
    max_seq_length: int | None = Field(None, ge=32, description="Tokens of prompt and answer together; default: as the generator is asked")
    threads: int | None = Field(None, ge=1, description="Of the processor, in training; default: as many as torch takes")
    early_stopping: LossStopping | None = None
    spoil: Literal["swapped-versions", "foreign-answers", "refused-answers"] | None = Field(
        None,
        description="Spoil the training on purpose, to test a gate: document and answer of another version, answers that stand in no "
        "document of the row, or refusals (what raft.abstain says) though the document answers",
    )
    spoil_share: float = Field(1.0, gt=0, le=1, description="Share of the training intents whose rows are spoiled, drawn by the seed")

    @model_validator(mode="after")
    def _spoiled(self) -> "LoraRecipe":
        if self.spoil is None and "spoil_share" in self.model_fields_set:
            raise ValueError("spoil_share: is how much of the rows spoil: changes; say what it does, or leave spoil_share out")
        if self.spoil is not None and self.rows != "raft":
            raise ValueError("spoil: changes what is said to the documents of raft; say rows: raft, or leave spoil out")
        if self.spoil == "refused-answers" and not self.raft.abstain:
            raise ValueError("spoil: refused-answers says what raft.abstain says; give raft: {abstain: true}, or the words")
        return self

    @model_validator(mode="after")
    def _of_its_rows(self) -> "LoraRecipe":
        if self.rows == "quadruplets" and "raft" in self.model_fields_set:
            raise ValueError("raft: is about rows: raft, and these are quadruplets; leave one out")
        if self.rows == "raft" and self.objective is not None:
            raise ValueError("objective: compares the positive document with the negatives of a row; say rows: quadruplets")
        if self.rehearsal is not None and self.objective is not None and not self.objective.generate:
            raise ValueError("rehearsal: has answers to generate, and the objective gives generate no weight; leave one out")
        return self
