"""Templates that want more than to say words: refused before they run, in no time, and a reply is made all the same."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replies.compose import compose
from replies.own import faults
from replies.placeholders import PHRASE_KEYS, BadTemplate, made
from replies.shelf import shelf
from tests.test_compose import OFFICE, an_entry, anything

AT_ONCE = 1.0  # seconds, on a busy machine; what is refused takes a few milliseconds
SOUND = "{{ fact }} {{ url }} {{ disclosure }} {{ exit }}"
HOSTILE = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ fact['__class__'] }}",
    "{{ fact.format.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum(n=1000000) }}",
    "{{ range(10**9)|list }}",
    "{{ namespace }}",
    "{% for i in range(10**9) %}x{% endfor %}",
    "{% for a in fact recursive %}{{ loop(fact) }}{% endfor %}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ 'a' * 10 ** 9 }}",
    "{{ fact ~ fact }}",
    "{{ fact % 9 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ fact|center(1000000000) }}",
    "{{ fact|indent(1000000000) }}",
    "{{ fact|replace('', fact) }}",
    "{{ [1]|cycle }}",
    "{% filter upper %}{{ fact }}{% endfilter %}",
    "{{ fact is defined }}",
    "{% include 'phrases.txt' %}",
    "{% import 'phrases.txt' as all %}",
    "{% from '/etc/passwd' import root %}",
    "{% extends 'base' %}",
    "{% block main %}{% endblock %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% call m() %}{% endcall %}",
    "{% set fact = 'no' %}",
    "{% with fact = 'no' %}{% endwith %}",
    "{% autoescape false %}{% endautoescape %}",
    "{% do fact %}",
    "{{ {'a': 1} }}",
    "{{ (fact, url) }}",
    "{{ not fact }}",
    "{{ 'only if' if fact }}",
    "{{ 1 }}",
    "{{ true }}",
    "{{ " + "9" * 900 + " }}",
    "{{ 1e999 }}",
    "{{ " + "[" * 900,
    "{{ " + "(" * 400 + "fact" + ")" * 400 + " }}",
    "{{ " + "not " * 250 + "fact }}",
    "{{ " + "-" * 900 + "1 }}",
    "{{ " + "'a' if fact else " * 50 + "'b' }}",
    "{% if fact %}" * 80,
    "{{ fact }}" * 100,
    "{{ fact",
    "{{ fact }",
    "{%",
    "fact }}",
    "{# never closed",
    "{% raw %}{{ fact }}{% endraw %}",
    "{{ '\\ud800' }}",
    "{{ '\\u202e' }}",
    "{{ '\\x' }}",
    "words \u202e turned round",
    "words \u0007 that ring",
    "words \ud800 that no database holds",
    "x" * 100_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:40]))
@pytest.mark.parametrize("name", ["10-full", "thanks"])
def test_it_is_refused_at_once_with_a_remedy(name: str, text: str) -> None:
    started = time.perf_counter()
    found = faults(name, text if name == "thanks" else f"{SOUND} {text}")

    assert found
    assert all(one.what and one.remedy for one in found)
    assert time.perf_counter() - started < AT_ONCE


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:40]))
def test_in_force_all_the_same_it_is_passed_over_and_what_ships_is_said(text: str) -> None:
    own = (("10-full", f"{SOUND} {text}"), ("disclosure", text), ("exit", text))
    draft = compose(an_entry(), kind="answer", fits=anything, office=OFFICE, own=own)

    assert draft == compose(an_entry(), kind="answer", fits=anything, office=OFFICE)
    assert set(shelf("en", own=own).broken) == {"10-full", "disclosure", "exit"}


def test_words_that_stand_for_nothing_any_more_are_named() -> None:
    assert "nothing is called so" in shelf("en", own=(("77-gone", SOUND),)).broken["77-gone"]


ODD = st.text(st.sampled_from("{}%#-'\"()[]|.~*=+ \n_aoeifr0923"), max_size=60)
PARTS = st.sampled_from(
    ["{{ ", " }}", "{% if ", " %}", "{% endif %}", "fact", "care", " or ", "{% else %}", "url", "x"]
)


@given(name=st.sampled_from(["10-full", *PHRASE_KEYS]), text=st.one_of(ODD, st.lists(PARTS).map("".join)))
@settings(max_examples=400, deadline=None)
def test_whatever_is_typed_is_either_refused_or_can_be_said(name: str, text: str) -> None:
    found = faults(name, text)
    draft = compose(an_entry(), kind="reply", fits=anything, office=OFFICE, own=((name, text),))

    assert draft is not None
    assert bool(found) == bool(shelf("en", own=((name, text),)).broken)
    assert len(draft.text) < 10_000


def test_the_longest_template_with_the_longest_values_stays_small() -> None:
    entry = an_entry(correction_short="Long. " * 300, limits="This is long. " * 300)
    text = SOUND + " {{ limits }}" * 30
    draft = compose(entry, kind="reply", fits=anything, office=OFFICE, own=(("10-full", text),))

    assert faults("10-full", text) == ()
    assert draft is not None
    assert len(draft.text) < 200_000


def test_a_value_is_never_read_as_a_template() -> None:
    entry = an_entry(correction_short="Seven times seven is {{ 7*7 }} {% for %}.")
    draft = compose(entry, kind="reply", fits=anything, office=OFFICE, own=(("10-full", SOUND),))

    assert draft is not None
    assert "{{ 7*7 }} {% for %}" in draft.text


def test_the_line_of_a_mistake_is_named() -> None:
    with pytest.raises(BadTemplate) as caught:
        made("one\n\n{{ urll }}", frozenset({"url"}), "here")
    assert (caught.value.line, caught.value.remedy) == (3, "write {{ url }}")
    assert [one.line for one in faults("thanks", "Thanks.\n{{ fact }}\nGood.\n{{ 1")] == [2, 4]
