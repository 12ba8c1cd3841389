"""The benchmark's pieces, in a tiny size: they measure what they say."""

from __future__ import annotations

import json

import pytest

from bench import baseline, matching, office, stream
from bench.__main__ import ratios
from bench.figures import Figure, as_json, missing, table
from bench.frames import ONE_IN, concerns, frames
from bot.platforms.bluesky_frames import read_payload, sift
from bot.watch import Watch


def test_a_figure_says_whether_its_goal_was_met() -> None:
    fast = Figure(name="a", value=90, unit="%", on="x", at_least=80)
    slow = Figure(name="b", value=300, unit="ms", on="x", at_most=250)
    none = missing("c", "s", "the command ended with 1", at_most=3)

    assert (fast.verdict, slow.verdict, none.verdict) == ("met", "MISSED", "not measured")
    assert "<= 250" in table([fast, slow, none])
    assert [one["met"] for one in json.loads(as_json([fast, slow, none]))["figures"]] == [True, False, None]


def test_exactly_the_frames_that_concern_us_pass_the_watch() -> None:
    count = 3 * ONE_IN
    watch = Watch(tags=["MedEd"], ourselves=["did:plc:" + "u" * 24])

    passed = [number for number, raw in enumerate(frames(count)) if sift(read_payload(raw), watch) is not None]

    assert passed == [number for number in range(count) if concerns(number, count)]


def test_frames_are_always_the_same_and_about_three_kilobytes() -> None:
    some = frames(2000)

    assert some == frames(2000)
    assert 2500 < sum(map(len, some)) / len(some) < 3500


def test_the_stream_is_measured_against_the_bare_loop() -> None:
    figures = {figure.name: figure for figure in stream.measure(count=300, rounds=1)}

    assert all(figure.value for figure in figures.values())
    assert figures["stream: ours / bare SDK loop"].goal == ">= 80"


def test_the_machine_is_measured_and_gives_ratios() -> None:
    figures = baseline.measure(0.01)
    ours = Figure(name="stream: ours", value=10.0, unit="frames/s", on="x")

    (ratio,) = ratios([*figures, ours])

    assert all(figure.value for figure in figures)
    assert ratio.unit == "%"


def test_posts_to_match_are_all_different() -> None:
    assert len(set(matching.posts(500))) == 500


def test_the_match_command_is_measured() -> None:
    (figure,) = matching.measure(30)

    assert figure.value, figure.on
    assert figure.goal == ">= 50"


def test_the_whole_office_is_measured() -> None:
    figures = [*office.start_and_memory(rounds=1, settle=0.2), *office.latency(seconds=1, rate=20)]

    assert all(figure.value for figure in figures), [figure.on for figure in figures]
    assert [figure.goal for figure in figures] == ["<= 3", "<= 250", "", "<= 250"]


def test_an_office_that_does_not_start_is_reported_and_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "VERB", "no-such-verb")

    figures = office.start_and_memory(rounds=1)

    assert [figure.verdict for figure in figures] == ["not measured", "not measured"]
    assert "no-such-verb" in figures[0].on or "ended with" in figures[0].on
