"""What a plan may say of a system whose answers another tool recorded."""

from pydantic import Field

from ragguard.plan.base import Model


class RecordedAnswers(Model):
    """A whole RAG system that was asked elsewhere: questions, answers and the documents given, out of another tool's file."""

    results: str = Field(
        description="Path of the file, relative to the plan: ragas, DeepEval, promptfoo, Inspect AI, or any table with question and answer"
    )
    format: str = Field("", description="The tool that wrote it; default: it is recognised")
    part: str = Field("", description="Which system, where the file holds several: a promptfoo provider")
    id: str = Field(
        "", description="Of a table: the column that holds the queries' ids; default: the one that is called so, else the question counts"
    )
    document_text: str = Field("{text}", description="What the given texts of a document are made of; they are looked up in the corpus")
