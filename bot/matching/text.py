"""Post text as the models read it: cleaned like everywhere in matching, with telling emoji as words.

Training and office both use it, so that the models meet the text they were taught on.
"""

from __future__ import annotations

import re

from bot.matching.normalise import clean

# Emoji that carry stance or subject. Others say little and are unknown to the vocabulary: they are dropped.
EMOJI = {
    "🙄": "eye roll",
    "🤡": "clown",
    "💉": "syringe",
    "💊": "pill",
    "😂": "laughing",
    "🤣": "laughing",
    "😭": "crying",
    "😢": "sad",
    "😔": "sad",
    "💔": "heartbroken",
    "🕯": "candle",
    "🙏": "please",
    "🤰": "pregnant",
    "🤔": "thinking",
    "🤷": "shrug",
    "🤦": "facepalm",
    "😡": "angry",
    "🤬": "angry",
    "😤": "angry",
    "🚩": "red flag",
    "❌": "no",
    "🚫": "no",
    "✅": "yes",
    "✔": "yes",
    "⚠": "warning",
    "👏": "clap",
    "🙃": "irony",
    "😏": "irony",
    "🤮": "disgust",
    "💀": "skull",
    "☠": "poison",
    "👇": "below",
    "👉": "see",
    "👍": "yes",
    "👎": "no",
    "😱": "scared",
    "😷": "mask",
    "🤒": "ill",
    "🤧": "ill",
    "💪": "strong",
    "🎉": "party",
    "📉": "falling",
    "📈": "rising",
    "❤": "love",
    "💛": "love",
    "🥰": "love",
    "😍": "love",
}
ONE_EMOJI = re.compile("|".join(map(re.escape, EMOJI)))
OTHER_SIGN = re.compile("[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]+")
SPACES = re.compile(r"\s+")


def readable(text: str) -> str:
    """What a model is given for a post or an exemplar."""
    text = ONE_EMOJI.sub(lambda match: f" ({EMOJI[match[0]]}) ", clean(text))
    return SPACES.sub(" ", OTHER_SIGN.sub(" ", text)).strip()
