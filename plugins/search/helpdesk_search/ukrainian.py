"""A light stemmer for Ukrainian, which Snowball does not have: takes endings off, and evens out what alternates."""

from typing import Final

_NOUNS = "ами ями ові еві єві ою ею єю ах ях ам ям ом ем єм ів їв ей ий ія ію ії ій а я у ю о е є и і ї ь й ы"
_ADJECTIVES = "ого ього ому ьому ими іми их іх ої ьої ую юю"
_VERBS = (
    "увати ювати увала ювала увало ували уєш юєш уєте юєте уємо юємо ують юють ути яти ати ити іти ала яла ила іла али "
    "яли или іли ало яло ило іло ав яв ив ує ює аю яю аєш яєш ає яє аємо яємо аєте яєте ають яють ить ать ять уть ють "
    "имо емо ємо ите ете єте ся сь"
)
_DERIVED = (
    "аний аного аній ана ане ані ений ена ене ені ення ання іння енням анням енню анню анні енні ість ості істю остей "
    "остям ень ань еннями еннях аннями аннях"
)
ENDINGS: Final = tuple(
    sorted({*_NOUNS.split(), *_ADJECTIVES.split(), *_VERBS.split(), *_DERIVED.split()}, key=len, reverse=True)
)
REFLEXIVE: Final = {"ється": "є", "еться": "е"} | {
    f"{each}{ending}": each
    for ending in ("ся", "сь")
    for each in ("ть", "ти", "ла", "ло", "ли", "в", "мо", "те", "ш", "ю", "у")
}
"""Endings of reflexive verbs, which end as the others do but for what is added."""
SHORTEST: Final = 3
"""A stem keeps so many letters at least."""


def stem(word: str) -> str:
    """Return the part of a lower-case word that its forms share."""
    for length in (5, 4, 3):
        if len(word) - length >= SHORTEST and word[-length:] in REFLEXIVE:
            word = word[:-length] + REFLEXIVE[word[-length:]]
            break
    for ending in ENDINGS:
        if len(word) - len(ending) >= SHORTEST and word.endswith(ending):
            word = word[: -len(ending)]
            break
    if len(word) > SHORTEST and word[-1] in "ьй'’":
        word = word[:-1]
    if len(word) > SHORTEST and word[-1] == word[-2]:
        word = word[:-1]
    if len(word) > SHORTEST + 1 and word[-2] in "оеє" and word[-1] in "кц":
        return word[:-2] + word[-1]  # рахунок, рахунку
    # In closed syllables о and е become і (стіл, стола): the last vowel is written as if it never did.
    for place in range(len(word) - 1, 0, -1):
        if word[place] in "аеєиіїоуюя":
            return f"{word[:place]}о{word[place + 1 :]}" if word[place] == "і" and place < len(word) - 1 else word
    return word
