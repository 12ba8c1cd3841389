"""`python -m training.ship RUN/export`: put trained models into the package, and write the model card.

No figure of the card is typed by hand: what stands in it was measured by the run that made the files.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from bot.matching.manifest import MANIFEST, SHIPPED, STARTER_VECTORS, read_manifest, version_of

ROOT = Path(__file__).parents[1]
TEMPLATE = Path(__file__).parent / "card.template"
CARD = ROOT / "docs" / "reference" / "model-card.md"
FIGURES = "figures.json"
EXAMS = (
    ("dev", "posts on the starter table (`tests/data/posts_dev.jsonl`)"),
    ("calibration", "claims not trained on, used to set the weights and thresholds"),
    ("heldout", "claims not trained on; they were looked at once, when the wanted precision was chosen"),
)
ROWS = (
    ("posts", "posts"),
    ("drafts", "drafts"),
    ("precision", "precision of drafts"),
    ("recall", "share of the posts that deserve a draft and got the right one"),
    ("wrong_fire_rate", "drafts at people who deny, ask, report, say something else or should be left alone"),
    ("disturbed", "drafts at people to be left alone"),
    ("leave_alone_posts", "… of so many"),
    ("wrong_entry", "drafts about the wrong entry"),
    ("entry_at_1", "right entry first, where there is one"),
    ("stance_macro_f1", "stance, macro-F1"),
    ("recall_english", "recall, English"),
    ("recall_other_languages", "recall, other languages"),
    ("suggestions", "suggestions without a draft"),
)


def card(folder: Path) -> str:
    """The model card for one export."""
    figures: dict[str, Any] = json.loads((folder / FIGURES).read_text(encoding="utf-8"))
    manifest = read_manifest(folder)
    head = "| | " + " | ".join(name for name, _ in EXAMS) + " |\n|---|" + "---:|" * len(EXAMS)
    body = "\n".join(
        f"| {words} | " + " | ".join(_shown(figures[name][key]) for name, _ in EXAMS) + " |" for key, words in ROWS
    )
    files = "\n".join(
        f"| `{name}` | `{digest}` | {(folder / name).stat().st_size / 1e6:.1f} MB |"
        for name, digest in manifest["files"].items()
    )
    weights = manifest["weights"]
    values = {
        "VERSION": version_of(manifest),
        "FIGURES": f"{head}\n{body}",
        "EXAMS": "\n".join(f"- **{name}**: {words}." for name, words in EXAMS),
        "FILES": f"| file | sha256 | size |\n|---|---|---:|\n{files}",
        "SUGGEST": f"{weights['suggest']:.3f}",
        "CONFIDENT": f"{weights['confident']:.3f}",
        "BASE_HASH": str(manifest["base"]["weights_sha256"]),
    } | {key.upper(): str(value) for key, value in figures["run"].items()}
    text = TEMPLATE.read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace("{{" + key + "}}", value)
    if "{{" in text:
        raise SystemExit(f"the template {TEMPLATE.name} asks for something unknown: {text[text.index('{{') :][:40]}")
    return text


def ship(folder: Path) -> None:
    """Copy the files, write the card."""
    names = [*read_manifest(folder)["files"], MANIFEST, STARTER_VECTORS]
    text = card(folder)
    SHIPPED.mkdir(exist_ok=True)
    for old in SHIPPED.iterdir():
        old.unlink()
    for name in names:
        shutil.copyfile(folder / name, SHIPPED / name)
    CARD.write_text(text, encoding="utf-8")
    print(f"shipped version {version_of(read_manifest(SHIPPED))}, card written to {CARD.relative_to(ROOT)}")


def _shown(value: object) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


if __name__ == "__main__":
    ship(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "var" / "training" / "run" / "export")
