"""What the numbers of well-known metrics mean: which way is better, and between what they lie."""

import re
from collections.abc import Iterable, Mapping

from ragguard.records.foreign import Known
from ragguard.records.metric import Metric

SHARE, LESS = Known(True, 0.0, 1.0), Known(False, 0.0, 1.0)
MORE_OF_IT, LESS_OF_IT = Known(True, unbounded=True), Known(False, unbounded=True)

_STRIPPED = re.compile(r"[^a-z0-9]")


def _names(known: Known, names: Iterable[str]) -> dict[str, Known]:
    return {_STRIPPED.sub("", name.lower()): known for name in names}


NAMES: Mapping[str, Known] = {
    # lm-eval, Inspect, and what everybody calls so
    **_names(SHARE, (
        "acc", "acc_norm", "acc_bytes", "accuracy", "exact_match", "em", "quasi_exact_match", "f1", "token_f1", "correct",
        "is_correct", "correctness", "pass", "passed", "success", "score_pass", "pass@1", "pass_at_1", "precision", "recall",
        "match", "includes", "choice", "pattern", "contains", "prompt_level_strict_acc", "inst_level_strict_acc",
        "prompt_level_loose_acc", "inst_level_loose_acc", "mc1", "mc2", "rouge1", "rouge2", "rougeL", "rougeLsum", "TaskScore",
        "accepted",
    )),
    # ragas
    **_names(SHARE, (
        "faithfulness", "answer_relevancy", "response_relevancy", "context_precision", "context_recall", "context_entity_recall",
        "context_utilization", "llm_context_precision_with_reference", "llm_context_precision_without_reference",
        "non_llm_context_precision_with_reference", "non_llm_context_recall", "id_based_context_precision",
        "id_based_context_recall", "factual_correctness", "semantic_similarity", "answer_similarity", "answer_correctness",
        "string_present", "non_llm_string_similarity", "bleu_score", "rouge_score", "chrf_score", "agent_goal_accuracy",
        "tool_call_accuracy", "tool_call_f1", "topic_adherence", "nv_accuracy", "nv_context_relevance", "nv_response_groundedness",
        "summary_score", "faithfulness_with_hhem",
    )),
    **_names(LESS, (
        "noise_sensitivity", "noise_sensitivity_relevant", "noise_sensitivity_irrelevant",
    )),
    # DeepEval; Hallucination, Bias, Toxicity and their like turned around between its versions 3 and 4, and are not here
    **_names(SHARE, (
        "Answer Relevancy", "Contextual Precision", "Contextual Recall", "Contextual Relevancy", "Summarization",
        "Tool Correctness", "Task Completion", "Prompt Alignment", "Json Correctness", "Pattern Match", "Argument Correctness",
        "Goal Accuracy", "Knowledge Retention", "Role Adherence", "Conversation Completeness", "Turn Relevancy",
        "Turn Faithfulness", "Plan Quality", "Plan Adherence", "Step Efficiency", "Topic Adherence",
    )),
    # rankings: ir-measures, trec_eval, MTEB
    **_names(SHARE, (
        "nDCG", "ndcg_cut", "RR", "MRR", "recip_rank", "AP", "MAP", "map_cut", "P", "R", "Success", "Rprec", "RBP", "ERR", "Bpref",
        "infAP", "Judged", "IPrec", "iprec_at_recall", "hit", "hit_rate", "SetP", "SetR", "SetF", "set_P", "set_recall", "set_F",
        "set_map", "gm_map",
    )),
    # answers, by this house's names
    **_names(LESS, (
        "wer", "cer", "ter", "error_rate", "brier", "brier_score", "FalseRefusal", "FalseAnswer", "HallucinationRate",
        "VersionConflation", "UnsupportedValue",
    )),
    **_names(LESS_OF_IT, (
        "perplexity", "word_perplexity", "byte_perplexity", "bits_per_byte", "loss", "nll", "latency", "latency_ms", "latencyMs",
        "seconds", "duration", "cost", "tokens", "total_tokens",
    )),
    **_names(MORE_OF_IT, (
        "likelihood", "loglikelihood", "logprob",
    )),
}  # fmt: skip
"""By name, in lower case without marks between; cutoffs and parameters aside."""

RANKED = ("ir-measures", "trec_eval", "trec", "mteb")

_GEVAL = re.compile(r"_(GEval|DAG|Conversational_GEval|ConversationalDAG)$")


def known(tool: str, name: str) -> Known | None:
    """Return what is known of a metric by its name, or None."""
    base = Metric.parse(name).base
    bare = base if not base.rpartition("_")[2].isdecimal() else base.rpartition("_")[0]
    for each in (base, bare, base.rpartition(":")[2]):
        found = NAMES.get(_STRIPPED.sub("", each.lower()))
        # A column P of anybody's table is as well a p-value.
        if found is not None and (len(each) > 1 or tool in RANKED):
            return found
    return SHARE if tool == "deepeval" and _GEVAL.search(base) else None
