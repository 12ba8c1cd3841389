"""Retrieval finds by words and by meaning, remembers places, and takes a changed table in without stopping."""

import threading
import time
from copy import copy
from pathlib import Path

import numpy as np
import pytest

from bot.evidence import registry
from bot.evidence.pack import starter_pack
from bot.matchers import Matchers
from bot.matching import retrieve
from bot.matching.bm25 import Bm25, share
from bot.matching.models import Models, shipped
from bot.matching.retrieve import Index, Kind, exemplars
from bot.matching.text import readable
from bot.matching.vectors import Vectors, small
from bot.matching.words import words
from tests.builders import NOW, some_evidence
from tests.small_office import SmallOffice


def test_a_rare_word_counts_more_than_a_common_one():
    index = Bm25([["flu", "jab"], ["flu", "season"], ["flu", "thimerosal"]])

    scores = index.scores(["flu", "thimerosal", "unheard"])

    assert scores.argmax() == 2
    assert scores[0] == scores[1] > 0.0
    assert index.knows("flu")
    assert not index.knows("unheard")


def test_no_words_find_nothing_and_an_empty_index_has_no_scores():
    assert not Bm25([["flu"]]).scores([]).any()
    assert Bm25([]).scores(["flu"]).shape == (0,)


def test_a_score_as_a_share_lies_between_nothing_and_one():
    assert share(0.0) == 0.0
    assert 0.45 < share(9.0) < 0.55
    assert share(1e6) < 1.0


def index_of(entries, folder: Path | None = None) -> Index:
    models = shipped()
    memory = Vectors(models.reader, folder / "vectors.npz" if folder else None)
    return Index(
        entries,
        lambda texts: memory.of(texts, lambda new: models.places(models.tokens.ids_of([readable(one) for one in new]))),
    )


def place_of(text: str):
    models = shipped()
    return models.read(models.tokens.ids_of([readable(text)])[0])[0]


def test_an_entry_is_found_by_meaning_without_a_shared_word():
    index = index_of(starter_pack())
    text = "Spanking-new baby's shots gave him that neurodevelopmental condition"

    found = index.search([], place_of(text))

    assert {one.entry.id for one in found[:2]} & {"mmr-vaccine-autism", "thimerosal-autism"}
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_each_candidate_names_its_nearest_exemplar_believer_and_critic():
    entry = some_evidence(
        "teapots",
        claim="Copper teapots cure gout.",
        paraphrases=("the copper pot took my gout away",),
        negations=("Copper teapots do nothing for gout",),
        questions=("Do copper teapots help with gout?",),
    )

    (found,) = index_of([entry]).search(words("copper pot gout"), place_of("the copper pot took my gout away"))

    assert (found.nearest.kind, found.nearest.text) == (Kind.PARAPHRASE, "the copper pot took my gout away")
    assert found.believer == found.nearest
    assert found.critic is not None
    assert found.critic.kind is Kind.NEGATION
    assert found.asserting > found.denying
    assert [one.kind for one in exemplars(entry)] == [Kind.CLAIM, Kind.PARAPHRASE, Kind.NEGATION, Kind.QUESTION]


def test_the_coarse_search_of_a_large_table_finds_what_the_exact_one_finds(monkeypatch: pytest.MonkeyPatch):
    texts = [f"{entry.claim}" for entry in starter_pack()]
    exact, large = index_of(starter_pack()), index_of(starter_pack())
    monkeypatch.setattr(retrieve, "EXACT", 100)
    monkeypatch.setattr(retrieve, "COARSE", 100)
    large = index_of(starter_pack())

    for text in texts[::5]:
        place = place_of(f"people say: {text}")
        assert large.search([], place)[0] == exact.search([], place)[0]


def test_places_are_kept_in_a_file_of_their_reader_and_a_damaged_file_is_passed_over(tmp_path: Path):
    asked: list[list[str]] = []

    def read(texts: list[str]):
        asked.append(texts)
        return np.eye(384, dtype=np.float32)[: len(texts)]

    path = tmp_path / "vectors.npz"
    first = Vectors("one", path).of(["a", "b", "a"], read)
    again = Vectors("one", path).of(["b", "c"], read)
    Vectors("two", path).of(["a"], read)
    path.write_bytes(path.read_bytes()[:100])
    Vectors("two", path).of(["a"], read)

    assert asked == [["a", "b"], ["c"], ["a"], ["a"]]
    assert first.dtype == np.int8
    assert (first[0] == first[2]).all()
    assert (again[0] == first[1]).all()


def test_eight_bits_hardly_change_a_likeness():
    one, two = place_of("vaccines cause autism"), place_of("the jab made him autistic")

    rough = float(small(one[None])[0].astype(float) @ small(two[None])[0].astype(float)) / 127.0**2

    assert rough == pytest.approx(float(one @ two), abs=0.02)


def test_a_disk_that_cannot_be_written_only_costs_time(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")

    found = Vectors("one", tmp_path / "file" / "vectors.npz").of(["a"], lambda texts: np.eye(384, dtype=np.float32)[:1])

    assert found.shape == (1, 384)


class Slow(Models):
    """The shipped models, reading texts only when they are let."""

    def __init__(self) -> None:
        self.__dict__.update(copy(shipped()).__dict__)
        self.go = threading.Event()
        self.go.set()

    def places(self, ids):  # type: ignore[no-untyped-def]
        self.go.wait(60)
        return super().places(ids)


def test_a_new_exemplar_takes_effect_at_once_and_a_large_table_while_the_old_one_answers(tmp_path: Path):
    office = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    models = Slow()
    matchers = Matchers(models=lambda: models)

    def now():  # type: ignore[no-untyped-def]
        with office.store.read() as session:
            return matchers.of(session)

    def store(entries) -> None:  # type: ignore[no-untyped-def]
        with office.store.write() as session:
            registry.store_pack(session, entries, name="test", by="tests", now=NOW)

    first = now()
    assert now() is first
    store([some_evidence("teapots", claim="Copper teapots cure gout.", paraphrases=("kupfer kettles banish podagra",))])
    second = now()
    assert second is not first
    assert second.candidates("kupfer kettles banish podagra!")[0][0] == "teapots"

    models.go.clear()
    kettles = [(nr, f"Kettle number {nr} cures ailment number {nr * 7}.") for nr in range(500)]
    store([some_evidence(f"kettle-{nr}", claim=claim) for nr, claim in kettles])
    assert now() is second, "the old table answers while the new one is read"
    models.go.set()
    until = time.monotonic() + 60
    while now() is second and time.monotonic() < until:
        threading.Event().wait(0.05)
    assert now() is not second
    assert now().candidates("Kettle number 77 cures ailment number 539.")[0][0].startswith("kettle-")
