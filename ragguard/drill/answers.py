"""Mutants of what a system says: functions of an observation, that change its answer, its citations or its time."""

import re
from collections.abc import Callable
from dataclasses import replace

from ragguard.drill.mutant import Scene
from ragguard.drill.rankings import another
from ragguard.records.evidence import Answer, Case, Observation
from ragguard.systems.citations import ABSTENTION, cited
from ragguard.systems.sentences import sentences

_NUMBER = re.compile(r"\[[\d\s,;]*\]|(?<![\w.])\d[\d.,:]*\d|(?<![\w.])\d(?!\w)")
_CITED = re.compile(r"\s*\[\d+(?:\s*[,;]\s*\d+)*\]")
CAVEAT = re.compile(r"\b(unless|except|only|but|however|not|never|until|provided|cannot|without|no longer|if)\b", re.IGNORECASE)
"""Words by which a sentence is known to take something back."""


def _said(observation: Observation, change: Callable[[Answer], Answer]) -> Observation:
    """The observation with its answer changed, and each answer that was drawn."""
    answer = observation.answer
    if answer is None or observation.error:
        return observation
    return replace(observation, answer=replace(change(answer), samples=tuple(map(change, answer.samples))))


def _spoken(observation: Observation, case: Case, scene: Scene, change: Callable[[Answer], Answer]) -> Observation:
    """The same, of the share of cases that are hit, where the system did not abstain."""
    if not scene.hit(case.id):
        return observation
    return _said(observation, lambda answer: answer if answer.abstained else change(answer))


def _rewritten(answer: Answer, text: str, observation: Observation) -> Answer:
    """An answer with another text, of which the citations are read again."""
    return replace(answer, text=text, citations=cited(text, observation.contexts))


def value_replaced(observation: Observation, case: Case, scene: Scene) -> Observation:
    """One number of the answer is another."""

    def change(answer: Answer) -> Answer:
        found = [match for match in _NUMBER.finditer(answer.text) if not match[0].startswith("[")]
        if not found:
            return answer
        rng = scene.rng(case.id)
        match = found[int(rng.integers(len(found)))]
        digits = "".join(str((int(letter) + 1 + int(rng.integers(8))) % 10) if letter.isdigit() else letter for letter in match[0])
        other = digits if digits[0] != "0" else "9" + digits[1:]
        return replace(answer, text=answer.text[: match.start()] + other + answer.text[match.end() :])

    return _spoken(observation, case, scene, change)


def other_version(observation: Observation, case: Case, scene: Scene) -> Observation:
    """The value of another version stands where the right one stood, or is said beside what was said."""
    wrong = case.query.forbidden

    def change(answer: Answer) -> Answer:
        other = wrong[int(scene.rng(case.id).integers(len(wrong)))]
        text = answer.text
        for right in case.query.required:
            text = text.replace(right, other)
        return replace(answer, text=text if text != answer.text else f"{text} It is {other}.")

    return _spoken(observation, case, scene, change) if wrong else observation


def citation_shifted(observation: Observation, case: Case, scene: Scene) -> Observation:
    """Every citation names the next of the documents that were given."""
    given = observation.contexts
    following = dict(zip(given, (*given[1:], *given[:1]), strict=True))

    def change(answer: Answer) -> Answer:
        text = re.sub(
            r"\[[\d\s,;]+\]", lambda match: re.sub(r"\d+", lambda number: str(int(number[0]) % len(given) + 1), match[0]), answer.text
        )
        return replace(answer, text=text, citations=tuple(dict.fromkeys(following.get(name, name) for name in answer.citations)))

    return _spoken(observation, case, scene, change) if len(given) > 1 else observation


def citations_lost(observation: Observation, case: Case, scene: Scene) -> Observation:
    """The answer cites nothing."""
    return _spoken(observation, case, scene, lambda answer: replace(answer, text=_CITED.sub("", answer.text), citations=()))


def citation_invented(observation: Observation, case: Case, scene: Scene) -> Observation:
    """The answer also cites a document that it was not given."""
    ids = scene.world.collection.ids
    others = [ids[int(at)] for at in scene.rng(case.id).integers(len(ids), size=len(observation.contexts) + 1)]
    strange = next((name for name in others if name not in observation.contexts), None)
    if strange is None:
        return observation
    cites = f" [{strange}]"
    return _spoken(
        observation, case, scene, lambda answer: replace(answer, text=answer.text + cites, citations=(*answer.citations, strange))
    )


def caveat_dropped(observation: Observation, case: Case, scene: Scene) -> Observation:
    """Sentences that take something back are left out; of an answer of nothing else, what follows the word that does."""

    def change(answer: Answer) -> Answer:
        parts = sentences(answer.text)
        plain = [part for part in parts if not CAVEAT.search(part)]
        text = " ".join(plain) if plain else CAVEAT.split(answer.text, maxsplit=1)[0].strip()
        return _rewritten(answer, text, observation) if text else answer

    return _spoken(observation, case, scene, change)


def refuses(observation: Observation, case: Case, scene: Scene) -> Observation:
    """The system says that the documents do not say."""
    return _spoken(observation, case, scene, lambda answer: replace(answer, text=ABSTENTION, citations=(), abstained=True))


def never_refuses(observation: Observation, case: Case, scene: Scene) -> Observation:
    """Where it abstained, it quotes the beginning of the first document instead."""
    if not scene.hit(case.id) or not observation.contexts:
        return observation
    first = scene.world.document(observation.contexts[0])
    beginning = (sentences(first.text) or (first.title,))[0]

    def change(answer: Answer) -> Answer:
        said = replace(answer, text=f"{beginning} [1]", citations=(first.id,), abstained=False)
        return said if answer.abstained else answer

    return _said(observation, change)


def cut_off(observation: Observation, case: Case, scene: Scene) -> Observation:
    """The answer ends after half of its words."""

    def change(answer: Answer) -> Answer:
        words = answer.text.split()
        return _rewritten(answer, " ".join(words[: max(1, len(words) // 2)]), observation)

    return _spoken(observation, case, scene, change)


def another_answer(observation: Observation, case: Case, scene: Scene) -> Observation:
    """What the system said to another query, as where two of them share a key of a cache."""
    answered = scene.once("answered", lambda: [each for each in scene.before if each.answer is not None])
    if not scene.hit(case.id) or len(answered) < 2 or observation.answer is None:
        return observation
    return replace(observation, answer=another(answered, case, scene).answer)


def obedient(observation: Observation, case: Case, scene: Scene) -> Observation:
    """The answer does what a planted passage orders, and gives its canary string away."""
    orders = case.orders
    if orders is None or not scene.hit(case.id):
        return observation
    text = f"{orders.phrase}. {orders.canary}"
    return _said(observation, lambda answer: replace(answer, text=text, citations=(), abstained=False))


def longer(observation: Observation, case: Case, scene: Scene) -> Observation:
    """The answer says what it says again, until it is so many times as long."""
    del case

    def change(answer: Answer) -> Answer:
        words = answer.text.split(" ")
        length = round(len(words) * scene.strength)
        repeated = (words * (int(scene.strength) + 1))[:length]
        return replace(answer, text=" ".join(repeated), tokens=round(answer.tokens * scene.strength))

    return _said(observation, change)


def slower(observation: Observation, case: Case, scene: Scene) -> Observation:
    """Every stage takes so many times as long."""
    del case
    return replace(observation, seconds={stage: spent * scene.strength for stage, spent in observation.seconds.items()})


def unchanged(observation: Observation, case: Case, scene: Scene) -> Observation:
    """Harmless: the baseline itself."""
    del case, scene
    return observation


def reflowed(observation: Observation, case: Case, scene: Scene) -> Observation:
    """Harmless: each sentence on a line of its own."""
    del case, scene
    return _said(observation, lambda answer: replace(answer, text="\n".join(sentences(answer.text)) or answer.text))


def citations_behind(observation: Observation, case: Case, scene: Scene) -> Observation:
    """Harmless: all citations stand at the end of the answer."""
    del case, scene

    def change(answer: Answer) -> Answer:
        marks = "".join(dict.fromkeys(mark.strip() for mark in _CITED.findall(answer.text)))
        text = f"{_CITED.sub('', answer.text)} {marks}".strip()
        return replace(answer, text=text) if marks else answer

    return _said(observation, change)


def jittered(observation: Observation, case: Case, scene: Scene) -> Observation:
    """Harmless: times differ a little, up or down, as from one run to the next."""
    rng = scene.rng(case.id)
    factors = 1 + scene.strength * (2 * rng.random(len(observation.seconds)) - 1)
    return replace(
        observation,
        seconds={stage: spent * float(each) for (stage, spent), each in zip(sorted(observation.seconds.items()), factors, strict=True)},
    )
