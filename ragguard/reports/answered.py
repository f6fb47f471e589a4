"""What a reader must be warned of in the answers of language models: prompts that were cut, answers without an end, unsteady batches."""

from collections.abc import Iterator, Mapping, Sequence

from ragguard.records.report import Arm, CaseRun
from ragguard.suites.harness.examiner import CUT

LIMIT, UNFINISHED, UNSTEADY = "generator.max_input_tokens", "generator.answers_unfinished", "generator.answers_changed_by_batch"


def warnings(arms: Sequence[Arm], cases: Sequence[CaseRun]) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong with an arm's answers. Prompts are counted over all cases, kept ones included."""
    for arm in arms:
        answers = [case.answers[arm.name] for case in cases if arm.name in case.answers and not case.task]
        cut = sum(answer.cut for answer in answers)
        limit, unfinished, unsteady = (_noted(arm.notes, key) for key in (LIMIT, UNFINISHED, UNSTEADY))
        if cut:
            yield (
                f"{arm.name}: {cut / len(answers):.1%} of the prompts do not hold all documents that were retrieved, for {limit:g} tokens "
                "are the limit: give fewer contexts, or raise max_input_tokens"
            )
        if unfinished:
            yield f"{arm.name}: {unfinished:.1%} of the answers had no end after max_new_tokens: raise it, or have the prompt ask for less"
        if unsteady:
            yield f"{arm.name}: {unsteady:.1%} of a few answers were others when asked alone: dtype: float32 or batch_size: 1 is steady"
        for key, value in arm.notes.items():
            if key.startswith(CUT):
                task = key.removeprefix(CUT)
                yield f"{arm.name}: {value} prompts of the lm-eval task {task} lost their beginning: the model reads fewer tokens"


def _noted(notes: Mapping[str, float | int | str], key: str) -> float:
    """The largest note of that name over all corpora; a note on a suite's own corpus has the suite's name before it."""
    return max((float(value) for name, value in notes.items() if name.endswith(key) and not isinstance(value, str)), default=0.0)
