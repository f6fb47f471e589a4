"""``gate.yaml`` and ``suites/*.yaml``, as people write them."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from ragguard.errors import suggest
from ragguard.plan.base import Model
from ragguard.plan.canary import CanaryPlan
from ragguard.plan.judges import JudgePlan
from ragguard.plan.nightly import NightlyPlan
from ragguard.plan.systems import SystemPlan
from ragguard.plan.tasks import LmEval, named
from ragguard.records.metric import Metric


def _metric_name(text: str) -> str:
    return str(Metric.parse(text))


MetricName = Annotated[str, AfterValidator(_metric_name)]


def _kind_of_baseline(value: Any) -> str:
    return "accepted" if isinstance(value, str) else "system"


class Selection(Model):
    """Which cases: all of ``tags``, any of ``any_tags``, none of ``not_tags``, and queries that ask for a version in this mode."""

    tags: list[str] = Field(default_factory=list)
    any_tags: list[str] = Field(default_factory=list)
    not_tags: list[str] = Field(default_factory=list)
    asks: Literal["current", "named", "dated", "change"] | None = None


class CheckPlan(Model):
    """What is demanded of one metric. See STATISTICS for what tiers and margins do."""

    metric: MetricName
    tier: Literal["blocking", "veto", "advisory", "must"] = "blocking"
    margin: float = Field(0.05, ge=0, lt=1, description="Non-inferiority margin, as a share of the metric's range; 0 asks for superiority")
    slice: str = ""
    limit: float | None = Field(None, description="Absolute floor (ceiling, where lower is better) in the metric's unit")
    strict: bool = False
    needs: Literal["answers", "judge"] | None = Field(
        None,
        description="answers: left out, with a note, where no system of the plan answers; judge: also where the plan has no judge for it; "
        "without it, such a check is an error there",
    )

    @model_validator(mode="after")
    def _asks_whom_it_needs(self) -> "CheckPlan":
        if self.needs == "judge" and ":" not in self.metric:
            raise ValueError(f"needs: judge is for what a judge says, such as rubric:NAME; {self.metric} asks none")
        return self


class FormatPlan(Model):
    """The form that an answer is to have."""

    regex: str | None = Field(None, description="A regular expression (Python's) that matches the whole answer")
    schema_: str | None = Field(None, alias="schema", description="The file of a JSON schema that the answer fits")

    @model_validator(mode="after")
    def _one_of_them(self) -> "FormatPlan":
        if (self.regex is None) == (self.schema_ is None):
            raise ValueError("a format is either a regex: or the file of a JSON schema:, not both and not neither")
        return self


PERTURBATIONS = (
    "typos",
    "plain",
    "keywords",
    "expanded",
    "contracted",
    "word_order",
    "polite",
    "confusables",
    "long_context",
    "negated",
    "swapped",
)
"""Ways to ask a query otherwise."""

ATTACKS = ("distractors", "poisoned", "instructions")
"""What can be planted in a corpus against a query."""

CODE = re.compile(r"^[\w.]+:[A-Za-z_]\w*$")
"""``package.module:name``."""


def _perturbation(name: str) -> str:
    if name not in PERTURBATIONS and not CODE.match(name):
        raise ValueError(f"there is no perturbation {name!r}; {suggest(name, PERTURBATIONS)}; your own is written package.module:name")
    return name


Perturbation = Annotated[str, AfterValidator(_perturbation)]

OF_KIND = {
    "adversarial": ("perturbations", "per_query", "glossary", "attacks", "targets"),
    "forgetting": ("collections", "similarity", "mteb", "lm_eval"),
}
"""The keys of a suite that only one kind has."""


class SuitePlan(Model):
    """One suite: its cases, checks, and slices."""

    suite: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    kind: Literal["golden", "adversarial", "version-confusion", "forgetting"] = "golden"
    description: str = ""
    collection: str | None = Field(None, description="Default: the plan's")
    split: str | None = None
    cases: Selection = Selection()
    slices: dict[str, Selection] = Field(default_factory=dict)
    report: list[MetricName] = Field(default_factory=list, description="Further metrics, shown per slice without any verdict")
    formats: dict[str, FormatPlan] = Field(default_factory=dict, description="Forms of answers by name, for FormatValid(as=NAME)")
    perturbations: list[Perturbation] = Field(
        default_factory=list,
        description="Of kind adversarial: which, default all that come along; each is a slice; your own is package.module:function",
    )
    per_query: int | None = Field(None, ge=1, description="Of kind adversarial: perturbations a query, picked by its hash; default all")
    glossary: str | None = Field(None, description="Of kind adversarial: YAML of the domain's abbreviations and their meanings")
    attacks: list[Literal["distractors", "poisoned", "instructions"]] = Field(
        default_factory=list, description="Of kind adversarial: what is planted in the corpus, default nothing; each is a slice"
    )
    targets: int | None = Field(
        None, ge=1, description="Of kind adversarial: intents that each attack aims at, picked by their hash; default all"
    )
    seed: int = Field(7, description="Of kind adversarial")
    collections: list[str] = Field(
        default_factory=list, description="Of kind forgetting: further collections, pooled with `collection`; each is a slice of its name"
    )
    similarity: list[str] = Field(
        default_factory=list, description="Of kind forgetting: files of sentence pairs with a human score (CSV, TSV or JSON lines)"
    )
    mteb: list[str] = Field(default_factory=list, description="Of kind forgetting: tasks of the MTEB benchmark, by name")
    lm_eval: Annotated[LmEval, BeforeValidator(named, json_schema_input_type=LmEval | list[str])] | None = Field(
        None, description="Of kind forgetting: tasks that lm-eval runs on the language models; each task and group is a slice"
    )
    labels: list[str] = Field(
        default_factory=list,
        description="Files of human labels of answers (CSV, TSV, JSON lines), by which what a judge says of the others is corrected",
    )
    unlabelled: str | None = Field(
        None,
        description="Further queries for the judge alone, of the kind that people labelled: a queries.jsonl, asked of the suite's corpus, "
        "or the folder of a collection",
    )
    max_unscored: float = Field(0.10, ge=0, le=1)
    checks: list[CheckPlan] = Field(min_length=1)

    @field_validator("labels", mode="before", json_schema_input_type=str | list[str])
    @classmethod
    def _one_file_or_several(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("slices", mode="before", json_schema_input_type=dict[str, Selection] | list[str])
    @classmethod
    def _slices_by_tag(cls, value: Any) -> Any:
        """A list of tags is short for one slice a tag."""
        return {tag: {"tags": [tag]} for tag in value} if isinstance(value, list) and all(isinstance(t, str) for t in value) else value

    @property
    def makes(self) -> tuple[str, ...]:
        """The slices that the kind makes of itself, beside those under ``slices``."""
        if self.kind == "forgetting":
            named = (self.collection, *self.collections) if self.collections else ()
            return tuple(dict.fromkeys(Path(path).name for path in named if path))
        if self.kind != "adversarial":
            return ()
        asked = (name.partition(":")[2] or name for name in self.perturbations or PERTURBATIONS)
        return (*asked, *self.attacks, "clean", "paraphrase")

    @model_validator(mode="after")
    def _keys_are_of_its_kind(self) -> "SuitePlan":
        for kind, keys in OF_KIND.items():
            if self.kind != kind and (given := [key for key in keys if getattr(self, key)]):
                raise ValueError(f"{given[0]} is for suites of kind: {kind}")
        if twice := [name for name in self.makes if name in self.slices]:
            raise ValueError(f"{twice[0]!r} is a slice already, which kind: {self.kind} makes; name yours otherwise")
        if again := [name for name in self.makes if self.makes.count(name) > 1]:
            raise ValueError(f"two slices would be called {again[0]!r}; name the function otherwise")
        return self

    @model_validator(mode="after")
    def _labels_are_of_judged_answers(self) -> "SuitePlan":
        if self.unlabelled and not self.labels:
            raise ValueError("unlabelled: is for suites with labels:, whose judges it gives more to judge")
        if self.labels and not any(Metric.parse(check.metric).judge for check in self.checks):
            raise ValueError("labels: correct what a judge says, and no check of this suite asks one, such as rubric:NAME")
        return self

    @model_validator(mode="after")
    def _checks_are_distinct(self) -> "SuitePlan":
        seen: set[tuple[str, str, bool]] = set()
        for check in self.checks:
            key = (check.metric, check.slice, check.tier == "must")
            if key in seen:
                raise ValueError(f"{check.metric} on {check.slice or 'the whole suite'} is checked twice; keep one")
            seen.add(key)
        return self


REFERENCES = ("baseline", "anchor")
"""Names of the reference systems, which no candidate may bear."""


class GatePlan(Model):
    """A whole plan: baseline, candidates, suites."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    seed: int = 7
    collection: str
    split: str = "test"
    baseline: Annotated[
        Annotated[SystemPlan, Tag("system")] | Annotated[Literal["accepted"], Tag("accepted")],
        Discriminator(_kind_of_baseline),
    ] = Field(description="A system, or 'accepted': the one that ragguard.lock names")
    anchor: SystemPlan | None = Field(None, description="A second reference: the last certified release")
    candidates: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")], SystemPlan] = Field(min_length=1)
    suites: list[str] = Field(min_length=1)
    judges: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")], JudgePlan] = Field(
        default_factory=dict, description="Whoever scores answers by a model or over a network, by name"
    )
    alpha: float = Field(0.05, gt=0, le=0.2, description="One-sided error rate of a false promotion, and of a false block")
    looks: int = Field(
        1, ge=1, le=3, description="How often, at most, this question is asked with more cases; alpha is shared over the looks"
    )
    depth: int = Field(100, ge=1, description="Documents asked of a retriever per query")
    show: int = Field(10, ge=1, le=100, description="Documents per query that the report keeps")
    canary: CanaryPlan = Field(CanaryPlan(), description="Of ragguard canary: stages, guardrails, limits, what is redacted")
    nightly: NightlyPlan = Field(NightlyPlan(), description="Of ragguard nightly: where its history is, what is drift, and who is told")

    @field_validator("candidates")
    @classmethod
    def _candidates_are_no_references(cls, value: dict[str, SystemPlan]) -> dict[str, SystemPlan]:
        if taken := sorted(set(REFERENCES) & set(value)):
            raise ValueError(f"a candidate cannot be named {taken[0]!r}, which is what a reference is called; name it otherwise")
        return value
