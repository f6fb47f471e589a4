"""Faithfulness by entailment: what share of an answer's sentences is entailed by one of the documents that it was given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ragguard.errors import InputError, Problem, suggest
from ragguard.judges.claims import claims
from ragguard.judges.entailment import Entailment
from ragguard.judges.protocols import Context
from ragguard.judges.windows import pieces, windows
from ragguard.plan.judges import NliJudge as NliPlan
from ragguard.records.judgement import Asked, Verdict
from ragguard.records.metric import Metric
from ragguard.systems.citations import abstains
from ragguard.systems.fingerprints import digest, folder_digest
from ragguard.systems.sentences import sentences
from ragguard.systems.weights import resolve

METRICS = ("nli:Faithfulness",)

THRESHOLD = 0.5
"""The probability from which on a sentence counts as entailed."""

DEFINITION = 1
"""To be raised where a change of the code changes values."""

ABSTAINED = "it says that the documents do not tell"
NO_CLAIM = "it claims nothing"
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Support:
    """A sentence of an answer, how probable its best window makes it, and which of the documents that is in, from 1 (0: there are none)."""

    sentence: str
    probability: float
    document: int


class NliJudgeRunner:
    """Weighs each sentence of an answer against each document, as SummaC does (Laban et al. 2022, TACL 10:163, arXiv:2111.09525).

    A document that is too long for the model is read in windows of sentences, and the best window of all documents counts. A sentence
    is entailed where that is as probable as not, and the value is the share of those that are, as in ragas' faithfulness and its variant
    with a consistency model. SummaC averages the probabilities themselves, which ranks well, but moves with how sure a model is of a
    style, which is no property of the answer.

    An answer that says that the documents do not tell has nothing unfounded in it: 1, as wherever faithfulness is scored; whether it was
    right to refuse is asked by other metrics. Any other answer that claims nothing, such as a question, is seen by none of them: 0.
    """

    def __init__(self, name: str, plan: NliPlan, context: Context) -> None:
        """Find the model and read its labels; it is loaded when it is first asked. ``name`` changes nothing.

        Raises:
            InputError: no such model, one without an output for entailment, or code that is not allowed.
            CannotJudge: the hub cannot be reached.
        """
        del name
        if plan.trust_remote_code and not context.allow_code:
            what = f"the model {plan.model} with trust_remote_code runs code of its own"
            raise InputError(Problem("", what, "if you trust it, say so with --allow-code"))
        folder = resolve(plan.model, revision=plan.revision, base=context.folder, allow_pickle=plan.allow_pickle)
        self._plan, self._model = plan, Entailment(plan, folder)
        self._sentences = self._cut = self._pairs = 0
        self.fingerprint = digest(
            {
                "type": "nli",
                "definition": DEFINITION,
                "weights": folder_digest(folder),
                "label": self._model.label,
                "max_length": plan.max_length,
                "dtype": plan.dtype,
                "hypothesis": plan.hypothesis,
            }
        )

    def judge(self, metric: Metric, asked: Sequence[Asked], turn: int) -> list[Verdict]:
        """Return one verdict for each answer, in their order; every turn says the same.

        Raises:
            InputError: no such metric.
            CannotJudge: the model cannot be loaded, or fails.
        """
        del turn
        if metric.base not in METRICS:
            raise InputError(Problem("", f"{metric}: a judge of type nli has no such metric", suggest(metric.base, METRICS)))
        told = [claims(each.answer) for each in asked]
        found = iter(self.weigh([(each, sentence) for each, said in zip(asked, told, strict=True) for sentence in said]))
        return [verdict(each.answer, [next(found) for _ in said]) for each, said in zip(asked, told, strict=True)]

    def weigh(self, told: Sequence[tuple[Asked, str]]) -> list[Support]:
        """Return the best support of each sentence of an answer. Raises CannotJudge as ``judge``."""
        if not any(each.contexts for each, _ in told):
            return [Support(sentence, 0.0, 0) for _, sentence in told]
        hypotheses = self._hypotheses(told)
        read = self._read({context for each, _ in told for context in each.contexts})
        premises = [
            [premises_of(read[context], self._model.room - size) for context in each.contexts]
            for (each, _), (_, size) in zip(told, hypotheses, strict=True)
        ]
        pairs = {(text, said): 0.0 for (said, _), rows in zip(hypotheses, premises, strict=True) for row in rows for text in row}
        self._pairs += len(pairs)
        pairs = dict(zip(pairs, self._model.probabilities(list(pairs)), strict=True))
        return [
            best(sentence, [max((pairs[text, said] for text in row), default=0.0) for row in rows])
            for (_, sentence), (said, _), rows in zip(told, hypotheses, premises, strict=True)
        ]

    def _hypotheses(self, told: Sequence[tuple[Asked, str]]) -> list[tuple[str, int]]:
        """What is to be entailed, with its tokens, which leave at least as much room for a document."""
        texts = [self._plan.hypothesis.format(question=each.question, sentence=sentence) for each, sentence in told]
        most, sizes = self._model.room // 2, self._model.count(texts)
        self._sentences += len(texts)
        self._cut += sum(size > most for size in sizes)
        count = self._model.count
        return [(text, size) if size <= most else pieces([text], most, count)[0] for text, size in zip(texts, sizes, strict=True)]

    def _read(self, contexts: set[str]) -> dict[str, list[tuple[str, int]]]:
        """The sentences of each document, with their tokens, so many that one fits beside a head and the longest hypothesis."""
        return {context: pieces(sentences(context), self._model.room // 3, self._model.count) for context in sorted(contexts)}

    def notes(self) -> Mapping[str, float | int | str]:
        """Say which model it is, how many pairs of window and sentence it read, and what share of the sentences was too long for it."""
        share = {"sentences_cut": self._cut / self._sentences} if self._sentences else {}
        return {"model": self._plan.model, "pairs": self._pairs, **share}


def premises_of(read: Sequence[tuple[str, int]], room: int) -> list[str]:
    """Return a document in windows of ``room`` tokens, each behind the document's first line: its title mostly, which says what "it" is.

    A first line of more than a quarter of the room is a sentence as any other.
    """
    head, size = read[0] if len(read) > 1 and read[0][1] <= room // 4 else ("", 0)
    rest = read[1:] if head else read
    runs = windows([tokens for _, tokens in rest], room - size)
    return [" ".join(filter(None, [head, *(text for text, _ in rest[start:end])])) for start, end in runs]


def best(sentence: str, probabilities: Sequence[float]) -> Support:
    """Return the support that the most probable of the documents gives, the first of equals."""
    if not probabilities:
        return Support(sentence, 0.0, 0)
    place = max(range(len(probabilities)), key=lambda i: (probabilities[i], -i))
    return Support(sentence, probabilities[place], place + 1)


def verdict(answer: str, supports: Sequence[Support]) -> Verdict:
    """Return what the supports of an answer's sentences come to, and why."""
    if not supports:
        return Verdict(1.0, ABSTAINED) if abstains(answer) else Verdict(0.0, NO_CLAIM)
    held = sum(support.probability >= THRESHOLD for support in supports)
    least = min(supports, key=lambda support: support.probability)
    shown = least.sentence if len(least.sentence) <= _SHOWN else f"{least.sentence[:_SHOWN]}..."
    where = f"by document {least.document}" if least.document else "no document was given"
    of = "1 sentence is" if len(supports) == 1 else f"{len(supports)} sentences are"
    return Verdict(held / len(supports), f"{held} of {of} entailed; least: {shown!r} ({least.probability:.2f}, {where})")
