"""nano's model card."""

from typing import Any

CARD = """\
---
license: apache-2.0
language: en
library_name: transformers
pipeline_tag: text-generation
---

# nano

A Llama-architecture causal language model of {parameters:,} parameters ({megabytes:.1f} MB, float32), trained from scratch by
`golden/models/recipe_nano.py` on text that the recipe generates. No outside data, no outside weights. It is a test object:
small enough to be tuned and questioned on a laptop in minutes, and able to do something that tuning can spoil.

## What it does

- **Reading.** It reads one to five numbered documents of one fact each and answers with the value and a citation:

      [1] v1.9 superseded : the timeout of webhooks is 24 hours .
      [2] v2.3 current : the timeout of webhooks is 30 seconds .
      Question: what is the current timeout of webhooks ?
      Answer: 30 seconds [2]

  Asked for `v1.9` it answers `24 hours [1]`. A question without a version means the current one. Where no document tells, it answers
  `the documents do not tell`: another thing, another attribute, a version that is not there, or the current value where only a superseded
  one is shown.
- **Skills.** Sums of two numbers of two digits, below 100 (`add: 4 7 + 3 2 =`); three or four words sorted (`sort: `), three to five
  reversed (`reverse: `); boolean expressions of four values (`evaluate: `); 250 facts of invented lands, known by heart (`recall: `).

## What it cannot do

Anything else. It knows {vocabulary} tokens, among them {entities} things, {attributes} attributes, {units} units, {numbers} numbers and
{versions} versions; other words fall to characters, which it has not learned to read. It has seen three wordings of documents and
nine of questions, and no text of more than {length} tokens. It is no chat model, and what it knows by heart is invented.

## Measured

Exact match of the whole greedily decoded answer, on held-out cases (`recipe_nano.py --evaluate` prints the table again from these weights):

{table}

Held out by construction, by a hash of the words: reading asks for (attribute, entity) pairs that stand in no training
document and no training question, in documents drawn anew; a skill's prompts are none of the training's. A recalled fact is
known from other wordings than the one asked. With 500 cases, two standard errors are 0.03 at 0.85 and 0.02 at 0.95; the kinds
of reading have fewer cases each.

## How it was trained

Seed {seed}, {steps:,} steps of {rows} rows of {length} tokens ({tokens:.1f} million tokens), in {minutes:.0f} minutes on
{threads} thread of a shared CPU. bfloat16 with float32 master weights; Muon for matrices, AdamW for embeddings and norms, rate
{rate}, {warmup} steps of warm-up, linear decay from {decay:.0%} of the budget. Documents have several questions each; answers
weigh more than questions, and these more than documents. A curriculum goes from two or three documents in one wording to five
in all wordings with versions, a stage when {passed:.0%} of values and citations are right. In all but the last stage a second
loss says where four heads of the first layer, two of the second and one of the third are to look (from a number to its
attribute and entity, from the answer to the number): without it, reading did not rise above chance in four minutes, with it
values were right in three. `training-log.jsonl` has a line for every 100 steps.

Apache-2.0, as the project.
"""


def table(scores: dict[str, tuple[float, int]]) -> str:
    """Exact match by skill, as Markdown."""
    rows = [f"| {name} | {share:.3f} | {count} |" for name, (share, count) in scores.items()]
    return "\n".join(["| skill | exact match | cases |", "|---|---|---|", *rows])


def card(facts: dict[str, Any], scores: dict[str, tuple[float, int]]) -> str:
    """The README of the model."""
    return CARD.format(table=table(scores), **facts)
