"""Which claims mean the same: nearest by the base model's embeddings, joined, and reviewed by eye.

`python -m training.groups` writes training/data/groups.json. A split by claim must go by these groups.
"""

from __future__ import annotations

import json

import torch
from torch import Tensor
from torch.nn import functional

from training.corpus import GROUPS, Claim, load
from training.embed import apart, base_reader, places

ALIKE = 0.7  # cosine of claims, or of claims with their exemplars; every pair down to 0.64 was read
NOT_TWINS = (
    ("broad_body/losing-your-teeth-is-a-normal-part-of-getting", "mind_nerves/dementia-normal-ageing"),
    (
        "lived_family/lactose-free-milk-is-safe-for-a-child-with",
        "lived_kitchen/goat-s-milk-is-safe-for-a-child-who",
    ),
    ("lived_mind/children-grow-out-of-adhd-so-adults-can-t", "women_child/adhd-not-real"),
    (
        "lived_mind/children-grow-out-of-adhd-so-adults-can-t",
        "lived_replies_2/adhd-is-caused-by-bad-parenting-and-too-much",
    ),
    ("lived_replies_2/adhd-is-caused-by-bad-parenting-and-too-much", "women_child/adhd-not-real"),
    ("indirect_family/breastfeeding-cannot-conceive", "indirect_family/period-sex-no-conception"),
    (
        "broad_science/cold-water-comes-to-the-boil-faster-than-hot",
        "broad_science/adding-salt-to-water-makes-it-boil-much-faster",
    ),
    (
        "starter_table/vaccines-such-as-mmr-cause-autism-in-children",
        "starter_table/mercury-thimerosal-in-vaccines-causes-autism",
    ),
)
TWINS = (
    ("acute_care/opioids_mask_abdomen", "cancer_surgery/analgesia-masks-abdomen"),
    (
        "infectious/iv-antibiotics-stronger-than-oral",
        "lived_hospital/antibiotics-through-a-drip-are-always-stronger-than-tablets",
    ),
    ("cancer_surgery/biopsy-spreads-cancer", "lived_hospital/when-a-tumour-is-cut-open-or-biopsied-and"),
    ("mind_nerves/full-moon-admissions", "meded_methods/full-moon-busier-emergency"),
    ("mind_nerves/full-moon-admissions", "women_child/full-moon-births"),
)


def claim_places(claims: tuple[Claim, ...]) -> tuple[Tensor, Tensor]:
    """Where each claim lies, alone and as the middle of claim and asserting exemplars."""
    reader = base_reader()
    texts = [(number, text) for number, claim in enumerate(claims) for text in (claim.text, *claim.asserting)]
    found = apart(places(reader, [text for _, text in texts]))
    alone = found[[texts.index((number, claim.text)) for number, claim in enumerate(claims)]]
    owners = torch.tensor([number for number, _ in texts])
    summed = torch.zeros_like(alone).index_add_(0, owners, found)
    return alone, functional.normalize(summed, dim=1)


def find() -> dict[str, str]:
    """Key of a claim → name of its group, for groups of more than one."""
    claims = load().claims
    alone, together = claim_places(claims)
    alike = torch.maximum(alone @ alone.T, together @ together.T)
    parents = list(range(len(claims)))

    def root(number: int) -> int:
        while parents[number] != number:
            number = parents[number]
        return number

    number_of = {claim.key: number for number, claim in enumerate(claims)}
    apart = {frozenset(number_of[key] for key in keys) for keys in NOT_TWINS}
    pairs = [(int(one), int(two)) for one, two in (alike >= ALIKE).nonzero().tolist() if one < two]
    pairs = [pair for pair in pairs if frozenset(pair) not in apart]
    for one, two in pairs + [(number_of[a], number_of[b]) for a, b in TWINS]:
        first, second = sorted((root(one), root(two)))
        parents[second] = first
    members: dict[int, list[str]] = {}
    for number, claim in enumerate(claims):
        members.setdefault(root(number), []).append(claim.key)
    return {key: keys[0] for keys in members.values() if len(keys) > 1 for key in sorted(keys)}


def main() -> None:
    """Write the file and say what is in it."""
    torch.set_num_threads(1)
    found = find()
    GROUPS.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{len(found)} claims in {len(set(found.values()))} groups of more than one")


if __name__ == "__main__":
    main()
