"""Makes the logs here: ``python make.py``, with inspect-ai 0.3.285. Models are scripted; every score is the tool's own."""

import os
from pathlib import Path

from inspect_ai import Task, eval_async
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import read_eval_log, write_eval_log
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import Score, Target, accuracy, match, mean, scorer, stderr
from inspect_ai.solver import Generate, TaskState, generate, solver

HERE = Path(__file__).parent
ASKED = [("two-plus-two", "What is 2 + 2?", "4"), ("three-times-three", "What is 3 * 3?", "9"), ("ten-minus-one", "What is 10 - 1?", "9"),
         ("half-of-eight", "What is half of 8?", "4"), ("six-plus-six", "What is 6 + 6?", "12")]  # fmt: skip
SAID = {
    "old": ["4", "9", "9", "4", "11", "4", "9", "8", "4", "11"],
    "new": ["4", "9", "9", "4", "12", "4", "9", "9", "3", "12"],
}


@scorer(metrics={"brief": [mean()], "digits": [mean(), stderr()]})
def form():
    async def score(state: TaskState, target: Target) -> Score:
        said = state.output.completion
        return Score(value={"brief": 1.0 if len(said) < 3 else 0.0, "digits": sum(c.isdigit() for c in said) / max(len(said), 1)})

    return score


@scorer(metrics=[accuracy()])
def verdict():
    async def score(state: TaskState, target: Target) -> Score:
        return Score(value="C" if state.output.completion == target.text else "P")

    return score


@solver
def falls_over(name: str):
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if name == "new" and state.sample_id == "half-of-eight" and state.epoch == 2:
            raise ValueError("the tool server did not answer")
        return state

    return solve


def task(name: str) -> Task:
    samples = [
        Sample(id=id_, input=text, target=target, metadata={"area": "sums" if "plus" in id_ else "others"}) for id_, text, target in ASKED
    ]
    return Task(name="arithmetic", dataset=MemoryDataset(samples, name="sums"), solver=[falls_over(name), generate()],
                scorer=[match(numeric=True), verdict(), form()], epochs=2)  # fmt: skip


def trimmed(location: str, to: Path) -> None:
    """Without events and tracebacks, which are long and name this machine's folders."""
    log = read_eval_log(location)
    for sample in log.samples or []:
        sample.events, sample.attachments, sample.events_data = [], {}, None
        if sample.error:
            sample.error.traceback = sample.error.traceback_ansi = ""
    write_eval_log(log, str(to))


async def main() -> None:
    for name, said in SAID.items():
        for kind in ("json", "eval"):
            outputs = [ModelOutput.from_content("mockllm/" + name, text) for text in said]
            for output in outputs:
                output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
            model = get_model("mockllm/" + name, custom_outputs=iter(outputs), memoize=False)
            (log,) = await eval_async(
                task(name), model=model, log_dir="logs", log_format=kind, fail_on_error=False, max_samples=1, score_display=False
            )
            trimmed(log.location, HERE / f"{name}.{kind}")


if __name__ == "__main__":
    import asyncio

    os.chdir("/tmp")
    asyncio.run(main())
