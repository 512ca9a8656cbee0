"""Korean words for the index: pairs of syllables, and the particles and endings a question may carry. Pure."""

# Longest first, so that “에서는” goes before “는”. A question loses its ending, a document keeps everything:
# taking off too much can only find more, never less.
_ENDINGS = tuple(
    sorted(
        (
            *(
                "은",
                "는",
                "이",
                "가",
                "을",
                "를",
                "에",
                "의",
                "로",
                "와",
                "과",
                "도",
                "만",
                "께",
                "요",
                "랑",
                "나",
                "들",
            ),
            *(
                "에서",
                "에게",
                "한테",
                "으로",
                "까지",
                "부터",
                "처럼",
                "보다",
                "마다",
                "조차",
                "밖에",
                "이나",
                "이랑",
                "라고",
            ),
            *(
                "에는",
                "에도",
                "로는",
                "로도",
                "들이",
                "들을",
                "들은",
                "들의",
                "이라",
                "인데",
                "이고",
                "입니다",
                "이에요",
            ),
            *(
                "에서는",
                "에서도",
                "으로는",
                "으로도",
                "에게는",
                "까지는",
                "부터는",
                "이라고",
                "예요",
                "이나요",
                "인가요",
            ),
            *(
                "하다",
                "하는",
                "하고",
                "하면",
                "하지",
                "하기",
                "한다",
                "해요",
                "해서",
                "했다",
                "했는데",
                "했어요",
                "할",
                "함",
            ),
            *(
                "합니다",
                "했습니다",
                "합니까",
                "하나요",
                "하려고",
                "해야",
                "해도",
                "해주세요",
                "하세요",
                "하려면",
                "하면서",
            ),
            *(
                "되다",
                "되는",
                "되고",
                "되면",
                "되지",
                "된다",
                "돼요",
                "되어",
                "됐다",
                "됐어요",
                "됩니다",
                "됐습니다",
                "되었습니다",
            ),
            *(
                "됩니까",
                "되나요",
                "되지만",
                "되었어요",
                "된",
                "될",
                "됨",
                "되기",
                "안돼요",
                "안됩니다",
                "안됨",
                "안되요",
            ),
            *(
                "시켜",
                "시키는",
                "시킬",
                "습니다",
                "습니까",
                "어요",
                "아요",
                "세요",
                "네요",
                "는데",
                "지만",
                "려고",
                "면서",
            ),
        ),
        key=len,
        reverse=True,
    )
)
_ENDING_SET = frozenset(_ENDINGS)


def is_ending(word: str) -> bool:
    """Whether the word is nothing but a particle or an ending, as after a Latin word: “VPN에”."""
    return word in _ENDING_SET


def stem(word: str, *, keep: int = 2) -> str:
    """The word without its longest known ending, as long as `keep` syllables remain; else the word itself."""
    for ending in _ENDINGS:
        if len(word) - len(ending) >= keep and word.endswith(ending):
            return word[: -len(ending)]
    return word


def document_tokens(word: str) -> list[str]:
    """What the index keeps of a Korean word: its pairs of syllables, and a word of one syllable by itself.

    “앱이” gives “앱이” and “앱”, so that a question for the short word “앱” finds it with any particle.
    """
    if len(word) == 1:
        return [word]
    pairs = _pairs(word)
    short = stem(word, keep=1)
    return [*pairs, short] if len(short) == 1 else pairs


def query_tokens(word: str) -> list[str]:
    """What a question asks of the index for a Korean word: every pair of its stem. One or two syllables stay whole."""
    return [word] if len(word) <= 2 else _pairs(stem(word))


def _pairs(word: str) -> list[str]:
    return [word[at : at + 2] for at in range(len(word) - 1)]
