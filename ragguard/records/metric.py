"""A metric is a value: its name is its identity, its config text and its report column."""

import re
from dataclasses import dataclass, replace
from typing import Any

TASK_SCORE = "TaskScore"
"""The metric of lm-eval's items: what the metric of their task gives each."""

JUDGES = ("nli", "ragas", "rubric")
"""Types of judges: a metric whose name begins with one, and a colon, is what a judge of that type says."""

_NAME = re.compile(r"^(?P<base>[A-Za-z][A-Za-z0-9_:-]*)(?:\((?P<params>[^()]*)\))?(?:@(?P<cutoff>[1-9][0-9]*))?$")


@dataclass(frozen=True, slots=True, order=True)
class Metric:
    """A metric's name, parameters and rank cutoff, as in ir_measures: ``nDCG@10``, ``RBP(p=0.8)``, ``R(rel=2)@5``.

    ``str(metric)`` and ``Metric.parse`` round-trip. Parameters are kept as text, sorted by name.
    """

    base: str
    cutoff: int | None = None
    parameters: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Metric":
        """Read a metric from its name.

        Raises:
            ValueError: the text is not ``Base``, ``Base@k`` or ``Base(key=value, ...)@k`` with k >= 1.
        """
        match = _NAME.match(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is not a metric name such as nDCG@10, RR or R(rel=2)@5")
        pairs = [part.split("=", 1) for part in (match["params"] or "").split(",") if part.strip()]
        if any(len(pair) != 2 or not pair[0].strip() or not pair[1].strip() for pair in pairs):
            raise ValueError(f"{text!r}: parameters are written key=value, for instance R(rel=2)@5")
        parameters = tuple(sorted((key.strip(), value.strip()) for key, value in pairs))
        return cls(match["base"], int(match["cutoff"]) if match["cutoff"] else None, parameters)

    def __str__(self) -> str:
        """The canonical name."""
        inner = ", ".join(f"{key}={value}" for key, value in self.parameters)
        return f"{self.base}{f'({inner})' if inner else ''}{f'@{self.cutoff}' if self.cutoff else ''}"

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
        """In JSON and YAML a metric is its name."""
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(
            cls.parse,
            core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema()),
        )

    @property
    def judge(self) -> str:
        """The type of the judge whose word the metric is, ``ragas`` of ``ragas:Faithfulness``; "" where none is asked."""
        type_, colon, _ = self.base.partition(":")
        return type_ if colon and type_ in JUDGES else ""

    def at(self, cutoff: int | None) -> "Metric":
        """Return the same metric at another cutoff."""
        return replace(self, cutoff=cutoff)

    def parameter(self, key: str, default: str) -> str:
        """Return a parameter's text, or the default."""
        return dict(self.parameters).get(key, default)


@dataclass(frozen=True, slots=True)
class Scale:
    """What a metric's numbers mean.

    ``low`` and ``high`` bound the range (None: unbounded), ``binary`` metrics take only those two values, ``unit`` is printed
    behind values ("" for a share or a dimensionless score). ``quantile`` is there where not the mean over cases is judged, but this
    quantile of them, as a ratio: margins and differences are then shares of the baseline's.
    """

    higher_is_better: bool = True
    low: float | None = 0.0
    high: float | None = 1.0
    binary: bool = False
    unit: str = ""
    quantile: float | None = None

    @property
    def best(self) -> float | None:
        """The best value of the range, if it has one."""
        return self.high if self.higher_is_better else self.low

    @property
    def worst(self) -> float | None:
        """The worst value of the range, if it has one."""
        return self.low if self.higher_is_better else self.high

    @property
    def width(self) -> float:
        """The width of the range, by which margins and differences are divided; 1 where there is no range."""
        return self.high - self.low if self.high is not None and self.low is not None else 1.0
