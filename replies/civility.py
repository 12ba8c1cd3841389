"""The rules a text must pass before it may stand: what was drafted, and what an editor made of it.

It finds and explains; it changes no text, knows no person and decides nothing.
"""

from __future__ import annotations

from bot.model import Evidence
from replies.compose import Kind, OfficeVoice
from replies.form import FORM
from replies.page import BLOCK, WARN, Finding, Rule, read
from replies.tone import TONE

RULES: tuple[Rule, ...] = (*TONE, *FORM)


def check(
    text: str,
    evidence: Evidence | None = None,
    *,
    office: OfficeVoice | None = None,
    kind: str = Kind.REPLY,
    lang: str = "en",
) -> tuple[Finding, ...]:
    """Everything there is to mend in this text, in the order in which it stands. Empty means civil.

    Rules made of words know some languages only (see `words.py`); all others hold for every language.
    Without evidence no link can be verified, so any https link passes for a source.
    """
    page = read(text, evidence, office=office, kind=kind, lang=lang)
    findings = (finding for rule in RULES for finding in rule(page))
    return tuple(sorted(findings, key=lambda finding: (finding.start, finding.end, finding.rule)))


def blocks(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those findings that forbid sending."""
    return tuple(finding for finding in findings if finding.severity == BLOCK)


__all__ = ["BLOCK", "RULES", "WARN", "Finding", "blocks", "check"]
