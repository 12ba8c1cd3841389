"""The words by which people leave, as data, and what it takes to recognise them. Any doubt: it is not one of them."""

from __future__ import annotations

from bot.model import Author, Post
from handlers.manners.fold import first_line, fold

OPT_OUT: dict[str, tuple[str, ...]] = {
    "en": (
        *("stop", "stop it", "stop this", "stop replying", "stop replying to me", "stop messaging me", "stop bot"),
        *("opt out", "optout", "opt me out", "i opt out", "unsubscribe", "unsubscribe me", "remove me", "go away"),
        *("leave me alone", "leave me in peace", "block", "no bots", "no bot", "nobot", "nobots", "no more replies"),
        *("do not reply", "don't reply", "do not reply to me", "don't reply to me", "do not contact me"),
        *("don't contact me", "never reply to me again", "don't reply to me again"),
    ),
    "de": (
        *("stopp", "aufhören", "hör auf", "hört auf", "hören sie auf", "abmelden", "austragen", "abbestellen"),
        *("lass mich in ruhe", "lasst mich in ruhe", "lassen sie mich in ruhe", "blockieren", "keine bots"),
        *("nicht mehr antworten", "antworte mir nicht", "antworte mir nicht mehr", "antworten sie mir nicht mehr"),
        *("nicht kontaktieren", "keine antworten mehr", "geh weg"),
    ),
    "fr": (
        *("arrêt", "arrête", "arrêtez", "arrêter", "désabonner", "me désabonner", "désabonnement", "désinscription"),
        *("désinscrire", "désinscrivez-moi", "laisse-moi tranquille", "laissez-moi tranquille", "bloquer"),
        *("fiche-moi la paix", "fichez-moi la paix", "ne me réponds plus", "ne me répondez plus", "pas de bots"),
        *("ne me contactez plus", "ne me contacte plus", "plus de réponses"),
    ),
    "es": (
        *("alto", "basta", "para", "pare", "parar", "detener", "baja", "darse de baja", "darme de baja"),
        *("cancelar suscripción", "déjame en paz", "déjenme en paz", "dejadme en paz", "déjeme en paz", "bloquear"),
        *("no me respondas", "no me respondas más", "no me responda más", "no responder", "no me contactes"),
        *("no más respuestas", "sin bots"),
    ),
    "pt": (
        *("pare", "pára", "parar", "sair", "cancelar inscrição", "cancelar subscrição", "descadastrar"),
        *("me deixe em paz", "me deixa em paz", "deixe-me em paz", "deixa-me em paz", "deixem-me em paz", "bloquear"),
        *("não responda", "não me responda", "não me responda mais", "não me respondas mais", "sem bots"),
        *("não me contacte", "não me contate"),
    ),
    "nl": (
        *("stop ermee", "stoppen", "hou op", "houd op", "hou ermee op", "afmelden", "uitschrijven", "blokkeren"),
        *("laat me met rust", "laat mij met rust", "laat me alleen", "reageer niet meer", "niet meer reageren"),
        *("geen bots", "antwoord niet meer", "geen antwoorden meer", "ga weg"),
    ),
}
"""As a whole message to us: never address this person again. "STOP" works in every language."""

DELETE: dict[str, tuple[str, ...]] = {
    "en": ("delete", "delete it", "delete this", "delete that", "delete your reply", "delete your post", "remove it"),
    "de": ("löschen", "lösche das", "lösch das", "löschen sie das", "bitte löschen"),
    "fr": ("supprimer", "supprime", "supprimez", "supprime ça", "supprimez ça", "effacer", "efface", "effacez"),
    "es": ("borrar", "borra", "bórralo", "bórrelo", "borra esto", "eliminar", "elimínalo", "elimine esto"),
    "pt": ("apagar", "apaga", "apague", "apague isso", "excluir", "exclua", "exclua isso"),
    "nl": ("verwijderen", "verwijder", "verwijder dit", "verwijder dat", "wissen", "wis dit"),
}
"""As a whole message under a reply of ours: take it down."""

PROFILE: dict[str, tuple[str, ...]] = {
    "en": (
        *("nobot", "nobots", "no bot", "no bots", "noai", "no ai", "nollm", "no llm", "noindex", "noarchive"),
        *("nofactcheck", "nofactchecks", "no factcheck", "no fact check", "no fact checks", "no fact checking"),
    ),
    "de": ("keine bots", "keinebots", "kein bot", "keine ki", "kein faktencheck", "keine faktenchecks"),
    "fr": ("pas de bot", "pas de bots", "pasdebots", "sans bots", "pas d'ia", "pas de fact-checking"),
    "es": ("sin bots", "sinbots", "no a los bots", "sin ia", "sin fact-checking", "sin verificaciones"),
    "pt": ("sem bots", "sembots", "sem bot", "não aos bots", "sem ia", "sem verificação de fatos"),
    "nl": ("geen bots", "geenbots", "geen bot", "geen ai", "geen factcheck", "geen factchecks"),
}
"""In a bio or display name, with or without '#': never address this account."""

NO_BRIDGE = "nobridge"  # concerns bridged accounts only
BRIDGE = "brid.gy"

COURTESY = tuple(
    fold(word)
    for word in (
        *("please", "pls", "plz", "now", "thanks", "thank you", "thx", "bot", "bitte", "danke", "jetzt", "svp"),
        *("s'il te plaît", "s'il vous plaît", "merci", "por favor", "gracias", "obrigado", "obrigada", "alsjeblieft"),
        *("alstublieft", "aub", "bedankt", "dank je"),
    )
)
"""May stand before or after an opt-out word without making it a sentence."""

_OPT_OUT = frozenset(fold(word) for words in OPT_OUT.values() for word in words)
_DELETE = frozenset(fold(word) for words in DELETE.values() for word in words)
_PROFILE = tuple(fold(word) for words in PROFILE.values() for word in words)

LONGEST = 80  # characters of a first line; nobody needs more to say STOP, and longer lines are not worth folding


def opt_out_word(post: Post) -> str:
    """The opt-out word that this post's first line is, folded; "" if it says anything else."""
    return _whole(post, _OPT_OUT)


def delete_word(post: Post) -> str:
    """The word for "delete" that this post's first line is, folded; "" if it says anything else."""
    return _whole(post, _DELETE)


def profile_word(author: Author) -> str:
    """The word in this profile that tells bots to stay away, folded; "" if there is none."""
    profile = f" {fold(f'{author.display_name} . {author.bio}')} "
    bridged = BRIDGE in f"{author.id} {author.handle} {author.url}"
    words = (*_PROFILE, NO_BRIDGE) if bridged else _PROFILE
    return next((word for word in words if f" {word} " in profile), "")


def _whole(post: Post, words: frozenset[str]) -> str:
    line = first_line(post)
    if not line or len(line) > LONGEST:
        return ""
    said = fold(line)
    if said in words:
        return said
    said = _without_courtesy(said)
    return said if said in words else ""


def _without_courtesy(said: str) -> str:
    before = ""
    while said != before:  # "please stop now, thanks"
        before = said
        for word in COURTESY:
            said = said.removeprefix(f"{word} ").removesuffix(f" {word}")
    return said
