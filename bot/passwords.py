"""Passwords: which are too weak, and their argon2 hashes. It stores nothing and logs nothing.

The rules follow NIST 800-63B: long enough, not known, not about you; no demand for signs or capitals, no expiry.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.errors import NotAllowed

SHORTEST, LONGEST = 12, 128  # characters
COMMON = Path(__file__).parent / "common_passwords.txt"
TELLING = 4  # letters from which on a part of a name gives a password away
FEW = 4  # different characters, or fewer: "aaabbbaaabbb"
HASHER = PasswordHasher()  # argon2id as in RFC 9106 for little memory: 64 MiB, 3 rounds
AT_ONCE = threading.Semaphore(2)  # hashes at a time: each takes 64 MiB and a core
# Nobody's hash, with today's cost: an unknown name takes as long to refuse as a known one.
NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$6HSoGSkTB6EE97mgf4eLMw$/wZDIApkxF4jZhewkzHMc1BvMuZFmwZbXnc+8FfeKuY"
RUNS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
)
LEET = str.maketrans("@40135$7!8", "aaoiesstib")


def normal(password: str) -> str:
    """The same password however a keyboard composes its characters."""
    return unicodedata.normalize("NFKC", password)


def hash_of(password: str) -> str:
    """What is stored of a password."""
    with AT_ONCE:
        return HASHER.hash(normal(password))


def matches(stored: str, password: str) -> bool:
    """Is this the password behind the hash? It takes the same time where there is none ("")."""
    try:
        with AT_ONCE:
            HASHER.verify(stored or NOBODYS, normal(password)[: LONGEST * 4])
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored)


def is_dated(stored: str) -> bool:
    """Was it hashed at a lower cost than today's?"""
    return HASHER.check_needs_rehash(stored)


def must_be_good(password: str, *, names: Iterable[str]) -> None:
    """Raises `NotAllowed` with what is wrong. `names`: of the person and the organisation."""
    password = normal(password)
    if len(password) < SHORTEST:
        raise NotAllowed(f"a password needs at least {SHORTEST} characters; three or four random words are good")
    if len(password) > LONGEST:
        raise NotAllowed(f"a password has at most {LONGEST} characters")
    if is_common(password):
        raise NotAllowed("this password, or what it is made of, is on every list of guesses; choose another one")
    if _tells(password, names):
        raise NotAllowed("a password must not contain your name or the name of the office; choose another one")


def is_common(password: str) -> bool:
    """Is it a known password, a known word with signs around it, a repetition, or a run along the keyboard?"""
    flat = normal(password).casefold()
    if len(set(flat)) <= FEW or re.fullmatch(r"(.{1,8}?)\1+", flat, re.DOTALL):
        return True
    if any(flat in run * 2 or flat in run[::-1] * 2 for run in RUNS):
        return True
    plain = re.sub(r"\s", "", flat)
    return any(_known(word) for word in {flat, plain, plain.translate(LEET)})


def _known(word: str) -> bool:
    known = _common()
    core = re.sub(r"^[^a-z]+|[^a-z]+$", "", word) if word.isascii() else re.sub(r"^[\W\d_]+|[\W\d_]+$", "", word)
    return word in known or core in known


def _tells(password: str, names: Iterable[str]) -> bool:
    flat = re.sub(r"[\W_]", "", password.casefold())
    words = {re.sub(r"[\W_]", "", word) for name in names for word in (name.casefold(), *name.casefold().split())}
    return any(len(word) >= TELLING and word in flat for word in words)


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    lines = COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("# "))
