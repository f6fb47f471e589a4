import bm25s
import pytest

from ragguard.plan.retrievers import LexicalRetriever as Plan
from ragguard.systems.lexical import LexicalRetriever


def made(corpus, vault, progress, **options):
    retriever = LexicalRetriever(Plan(type="lexical", **options))
    retriever.index(corpus, vault, progress)
    return retriever


@pytest.mark.parametrize("method", ["lucene", "robertson", "atire", "bm25l", "bm25+"])
def test_scores_are_those_of_bm25s(corpus, vault, progress, case, method):
    text = "the signing key of the sea tide"
    (found,) = made(corpus, vault, progress, method=method, k1=1.2, b=0.6, delta=0.7).search([case(text)], 8)
    direct = bm25s.BM25(method=method, k1=1.2, b=0.6, delta=0.7)
    direct.index(bm25s.tokenize(list(corpus.texts.values()), stopwords="english", show_progress=False), show_progress=False)
    ids = list(corpus.texts)
    results, scores = direct.retrieve(bm25s.tokenize([text], stopwords="english", show_progress=False), k=8, show_progress=False)
    expected = [(ids[i], float(s)) for i, s in zip(results[0], scores[0], strict=True)][: len(found.ranking)]
    assert [(r.id, r.score) for r in found.ranking] == expected
    assert {r.id for r in found.ranking} == {"key", "sea"}


def test_documents_without_a_word_of_the_query_are_not_retrieved(corpus, vault, progress, case):
    retriever = made(corpus, vault, progress)
    found, nothing, blank = retriever.search([case("barks"), case("quantum"), case("")], 10)
    assert [r.id for r in found.ranking] == ["dog"]
    assert nothing.ranking == ()
    assert blank.ranking == ()
    assert not nothing.error


def test_ties_are_by_id_descending_also_at_the_cut(make_corpus, vault, progress, case):
    corpus = make_corpus(dict.fromkeys(("b", "d", "a", "c"), "same words here"))
    (found,) = made(corpus, vault, progress).search([case("words")], 3)
    assert [r.id for r in found.ranking] == ["d", "c", "b"]


def test_a_corpus_without_words_finds_nothing(make_corpus, vault, progress, case):
    (found,) = made(make_corpus({"a": "", "b": "."}), vault, progress).search([case("words")], 3)
    assert found.ranking == ()


def test_the_fingerprint_is_the_configuration():
    prints = {
        LexicalRetriever(Plan(type="lexical", **o)).fingerprint
        for o in ({}, {"k1": 1.2}, {"stopwords": "none"}, {"document_text": "{text}"})
    }
    assert len(prints) == 4
    assert LexicalRetriever(Plan(type="lexical")).fingerprint in prints
