"""Which of our languages a text is written in, by its letters. Pure Python."""

HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7A3))
CYRILLIC = ((0x0400, 0x052F),)
SHARE = 0.3  # of the letters; product names and addresses in Latin letters are common in both
SAMPLE = 5_000


def language_of(text: str) -> str:
    """`ko` or `ru` where a good share of the letters is Hangul or Cyrillic; empty where they do not tell."""
    letters = [ord(c) for c in text[:SAMPLE] if c.isalpha()]
    if len(letters) < 4:
        return ""
    for language, ranges in (("ko", HANGUL), ("ru", CYRILLIC)):
        own = sum(any(low <= c <= high for low, high in ranges) for c in letters)
        if own >= SHARE * len(letters):
            return language
    return ""
