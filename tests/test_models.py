"""The shipped models are the ones their card lists; a missing or altered file is refused by name."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bot.errors import BadModel
from bot.matchers import Matchers
from bot.matching.by_words import WordMatcher
from bot.matching.manifest import MANIFEST, SHIPPED, STARTER_VECTORS
from bot.matching.models import Models, shipped
from bot.model import Action
from tests.builders import CLAIM
from tests.small_office import SmallOffice

CARD = Path(__file__).parents[1] / "docs" / "reference" / "model-card.md"
LARGEST = 50_000_000  # bytes, together (issue 3)
FILES = sorted(json.loads((SHIPPED / MANIFEST).read_text(encoding="utf-8"))["files"])


def test_the_shipped_files_are_the_ones_that_the_card_describes():
    card = CARD.read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `([\w.]+)` \| `([0-9a-f]{64})` \|", card, re.MULTILINE))

    found = {name: hashlib.sha256((SHIPPED / name).read_bytes()).hexdigest() for name in FILES}
    assert listed == found
    assert shipped().version in card


def test_the_shipped_files_are_small_enough():
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= LARGEST


def copy_of(folder: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, folder / "models"))


@pytest.mark.parametrize("name", FILES)
def test_an_altered_file_is_refused_with_its_name_and_hash(tmp_path: Path, name: str):
    folder = copy_of(tmp_path)
    file = folder / name
    found = bytearray(file.read_bytes())
    found[len(found) // 2] ^= 1
    file.write_bytes(found)

    with pytest.raises(BadModel) as caught:
        Models(folder)
    assert name in str(caught.value)
    assert hashlib.sha256(bytes(found)).hexdigest() in str(caught.value)


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
def test_a_missing_file_is_refused_with_its_name_and_a_remedy(tmp_path: Path, name: str):
    folder = copy_of(tmp_path)
    (folder / name).unlink()

    with pytest.raises(BadModel, match=f"{re.escape(name)}.*install Scrutineer again"):
        Models(folder)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2],
        lambda _: "[]",
        lambda _: "{}",
        lambda text: text.replace('"signs": [', '"signs": [1.0,'),
        lambda text: text.replace('"suggest"', '"hint"'),
    ],
)
def test_a_list_of_files_that_does_not_fit_is_refused(tmp_path: Path, spoil: Callable[[str], str]):
    folder = copy_of(tmp_path)
    path = folder / MANIFEST
    path.write_text(spoil(path.read_text(encoding="utf-8")), encoding="utf-8")

    with pytest.raises(BadModel):
        Models(folder)


def broken() -> Models:
    raise BadModel("the model file judge.onnx was altered: its hash is 00, not 11; install Scrutineer again")


def test_an_office_without_models_runs_says_so_and_only_suggests(tmp_path: Path):
    matchers = Matchers(models=broken)
    office = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path, matchers=matchers)

    case = office.asked()

    assert case.state == "ignored"
    assert case.match is not None
    assert case.match["action"] == Action.SUGGEST
    assert case.match["grounds"]["models"] == ""
    assert matchers.trouble.startswith("matching only suggests: the model file judge.onnx")
    with office.store.read() as session:
        assert isinstance(matchers.of(session), WordMatcher)
        assert matchers.of(session).match(CLAIM).reasons[0].startswith("the models are not there")


def test_places_have_length_one_and_the_same_text_lies_in_one_place():
    models = shipped()
    ids = models.tokens.ids_of(["vaccines cause autism", "the kettle is on", "vaccines cause autism"])

    places = models.places(ids)

    assert np.allclose(np.linalg.norm(places, axis=1), 1.0, atol=1e-3)
    assert np.allclose(places[0], places[2])
    assert places[0] @ places[1] < 0.5


def test_a_row_is_cut_to_what_the_models_were_taught_to_read():
    tokens = shipped().tokens
    ids, sides = tokens.pair(range(1000, 1099), range(2000, 2099), range(4000, 4999), range(5000, 5099))

    assert len(ids) == len(sides) == 1 + 32 + 1 + 24 + 1 + 112 + 1 + 40 + 1
    assert len(tokens.single(range(4000, 4999))[0]) == 114
    assert [ids[place] for place in range(len(ids)) if sides[place] == 1] == [*range(4000, 4112), tokens.end]


def test_the_starter_table_has_its_places_with_it_so_that_a_first_start_is_quick(tmp_path: Path):
    office = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    models = shipped()
    read: list[int] = []

    class Watched(Models):
        def __init__(self) -> None:
            self.__dict__.update(models.__dict__)

        def places(self, ids):  # type: ignore[no-untyped-def]
            read.append(len(ids))
            return models.places(ids)

    with office.store.read() as session:
        Matchers(tmp_path, models=Watched).of(session)
    assert read == []
    assert (SHIPPED / STARTER_VECTORS).exists()
