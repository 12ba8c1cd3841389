"""Read what people type about their office: each takes a text or raises `ValueError` with the remedy. Asks nobody."""

from __future__ import annotations

from urllib.parse import urlsplit


def some(text: str) -> str:
    """Anything but nothing."""
    if not text:
        raise ValueError("please type something")
    return text


def mail(text: str) -> str:
    """A mail address, or nothing."""
    if text and ("@" not in text[1:-1] or " " in text):
        raise ValueError(f"{text!r} is not a mail address")
    return text


def web(text: str) -> str:
    """The address of a web page, or nothing."""
    if text and (not text.startswith(("https://", "http://")) or not urlsplit(text).hostname):
        raise ValueError("write the whole address, with https://")
    return text


def tags(text: str) -> list[str]:
    """Hashtags, with or without '#', between spaces or commas."""
    found = [tag.lstrip("#") for tag in text.replace(",", " ").split()]
    if not found or not all(tag.replace("_", "").isalnum() for tag in found):
        raise ValueError("write hashtags like: MedEd FOAMed")
    return found
