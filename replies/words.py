"""Words and patterns a civil reply does not use, per language. Data for `civility.py`; it judges nothing itself.

Every pattern is matched without regard to case, on whole words. `'` also matches the curly apostrophe.
"""

from __future__ import annotations

from functools import cache

import regex

# rule -> language -> patterns
PATTERNS: dict[str, dict[str, tuple[str, ...]]] = {
    # speaks about the person instead of the claim
    "accusing": {
        "en": (
            r"you(?:'re| are| were)(?: \w+){0,2} (?:wrong|mistaken|lying|misinformed|misled)",
            r"you(?:'re| are| were)(?: \w+){0,2} (?:confused|spreading|ignorant|dangerous|irresponsible)",
            r"you(?:'ve| have)? (?:got (?:this|that|it) wrong|clearly|obviously|made (?:this|that|it) up|lied?)",
            r"you (?:don't|do not|didn't|did not) (?:understand|know|read|bother|care)",
            r"you (?:should|ought to) (?:know better|be ashamed|apologi[sz]e|delete|be careful)",
            r"(?:your|this|that) (?:lies?|ignorance|agenda|propaganda|nonsense|misinformation|disinformation)",
            r"your (?:post|claim|statement|tweet|toot|take|opinion|argument|logic) (?:is|was|are|makes)",
            r"(?:stop|quit) (?:spreading|sharing|posting|lying|telling|misleading)",
            r"(?:people|folks|someone) like you|you (?:people|guys|lot)|shame on (?:you|\w+)|how dare you",
            r"spread(?:ing)? (?:mis|dis)information|spread(?:ing)? (?:lies|rumou?rs|fear)",
            r"contrary to what you|unlike you|as you (?:should|must|surely) know",
        ),
        "de": (
            r"(?:Sie|du|ihr) (?:liegen|liegst|liegt|irren|irrst|irrt)\b",
            r"(?:Sie|du|ihr) (?:haben|hast|habt) (?:keine Ahnung|unrecht|das falsch)",
            r"(?:Sie|du|ihr) (?:lügen|lügst|lügt|verbreiten|verbreitest|verbreitet)",
            r"(?:Ihre|deine|eure) (?:Lügen?|Behauptung|Meinung|Unwissenheit|Ahnungslosigkeit|Propaganda)",
            r"(?:informieren Sie sich|informier(?:e|t)? (?:dich|euch)|Leute wie (?:Sie|du|ihr)|schäm\w*)",
        ),
        "fr": (
            r"vous (?:avez tort|vous trompez|mentez)|tu (?:as tort|te trompes|mens)",
            r"(?:votre|ton|vos|tes) (?:mensonges?|affirmation|ignorance|propagande)",
            r"renseignez-vous|renseigne-toi|honte à vous|les gens comme vous",
        ),
        "es": (
            r"(?:te equivocas|se equivoca usted|est[áa]s? equivocad\w+|mientes|usted miente)",
            r"(?:tu|su|sus|tus) (?:mentiras?|afirmación|ignorancia|propaganda)",
            r"infórmate|infórmese|la gente como (?:tú|usted)|deja de (?:difundir|mentir)",
        ),
        "pt": (
            r"(?:você|tu) (?:está|estás) (?:errad|enganad)\w+|(?:você|tu) (?:mente|mentes)",
            r"(?:sua|tua|suas|tuas) (?:mentiras?|afirmação|ignorância|propaganda)",
            r"informe-se|informa-te|gente como você|pare de (?:espalhar|mentir)",
        ),
    },
    # insults, labels, motives
    "mockery": {
        "en": (
            r"idiot\w*|moron\w*|stupid\w*|dumb(?:er|est)?|imbecil\w*|fools?|foolish|ignoran(?:t|ce)|clueless|gullible|uneducated",
            r"nonsense|ridiculous\w*|absurd\w*|laughable|pathetic|bullshit|bollocks|crap|garbage|rubbish|hogwash|bogus",
            r"quack(?:s|ery)?|crackpots?|crank|snake oil|grift\w*|shills?|charlatans?|fraudsters?|scam(?:mer)?s?|woo",
            r"liars?|lying|conspiracy (?:theor\w+|nut\w*)|tin ?foil|anti-?vaxx?ers?|brainwash\w*|sheep(?:le)?|cult",
            r"delusional|insane|crazy|lunatic\w*|nutjobs?|hysterical|paranoid",
            r"lol|lmao|rofl|haha\w*|smh|facepalm",
            r"big pharma|left(?:ist|y)s?|right-?wing\w*|maga|woke (?:agenda|mob)|liberals|republicans?|democrats?",
        ),
        "de": (
            r"idiot\w*|dumm\w*|blöd\w*|schwachsinn\w*|unsinn\w*|quatsch|lächerlich\w*|absurd\w*|hirnrissig\w*",
            r"schwurbel\w*|schwurbler\w*|aluhut\w*|querdenker\w*|impfgegner\w*|lügner\w*|scharlatan\w*|spinner\w*|lol",
        ),
        "fr": (
            r"idiot\w*|imbécile\w*|stupide\w*|ridicule\w*|absurde\w*|n'importe quoi|charlatan\w*|menteu\w+"
            r"|complotiste\w*|antivax\w*|mdr",
        ),
        "es": (
            r"idiota\w*|imbécil\w*|estúpid\w*|ridícul\w*|absurd\w*|tonter[íi]as?|charlat[áa]n\w*|mentiros\w+"
            r"|conspiranoic\w*|antivacunas|jaja\w*",
        ),
        "pt": (
            r"idiota\w*|imbecil\w*|estúpid\w*|ridícul\w*|absurd\w*|bobagem|charlat\w+|mentiros\w+"
            r"|negacionista\w*|antivacina\w*|kkk+",
        ),
    },
    # says the opposite of what it means
    "sarcasm": {
        "en": (
            r"nice try|news ?flash|hate to break it|oh please|good luck with that|let me google|google (?:it|is)",
            r"do(?:ing)? (?:your|some|the) (?:own )?research|educate yourself|wake up|bless your|sigh|yeah,? right",
            r"sure,? jan|well,? actually|congratulations|congrats|genius|einstein|surprise,? surprise",
            r"try reading|read a book|last time i checked|who knew|imagine (?:thinking|believing)",
        ),
        "de": (
            r"netter versuch|na klar|ach wirklich|guten morgen|herzlichen glückwunsch|überraschung|wach(?:t)? auf"
            r"|schon mal (?:gelesen|gegoogelt)|einfach mal (?:lesen|googeln)",
        ),
        "fr": (r"bien essayé|félicitations|réveillez-vous|sans blague|ah bon",),
        "es": (r"buen intento|felicidades|despierta|no me digas|qué sorpresa",),
        "pt": (r"boa tentativa|parabéns|acorda|não me diga|que surpresa",),
    },
    # claims more than the evidence can carry
    "overclaim": {
        "en": (
            r"proven|proves?|proof|debunk\w*|disprove[nd]?|irrefutabl\w+|undeniabl\w+|indisputabl\w+|conclusively",
            r"100 ?% (?:safe|effective|certain|sure|true|wrong)|(?:completely|perfectly) safe",
            r"without (?:a |any )?doubt|beyond (?:a |any |all )?doubt",
            r"no doubt|case closed|end of (?:story|discussion)|science is (?:settled|clear)|settled science",
            r"(?:all|every|most) (?:the )?(?:experts?|scientists?|doctors?|clinicians?) (?:agree|know|say)s?",
            r"(?:everyone|everybody) knows|scientific fact|scientific consensus|never ever|always works|guarantee\w*",
        ),
        "de": (
            r"bewiesen|beweist|beweis\w*|widerlegt|zweifelsfrei|unbestreitbar\w*",
            r"100 ?% (?:sicher|wirksam)|garantiert\w*|ohne zweifel",
            r"alle (?:experten|fachleute|ärzte|ärztinnen|wissenschaftler\w*) (?:sind|wissen|sagen)|jeder weiß",
        ),
        "fr": (
            r"prouv\w+|démystifi\w+|irréfutable\w*|indéniable\w*|100 ?% (?:sûr|efficace)",
            r"sans aucun doute|tout le monde sait",
        ),
        "es": (
            r"(?:com)?probad[oa]s?|demostrad[oa]s?|desmentid[oa]s?|irrefutable\w*|100 ?% (?:segur|eficaz)\w*",
            r"sin (?:ninguna )?duda",
        ),
        "pt": (
            r"(?:com)?provad[oa]s?|desmentid[oa]s?|irrefutáve\w+|100 ?% (?:segur|eficaz)\w*",
            r"sem (?:nenhuma )?dúvida|todos sabem",
        ),
    },
    # reads like a prescription, a diagnosis or an order
    "advice": {
        "en": (
            r"you (?:should|must|need to|have to|ought to) (?!talk|ask|speak|see|call)\w+",
            r"(?:you (?:can|could|may|might)|i(?:'d| would)|we(?:'d| would)?|please|simply) (?!do not|never|not)"
            r"(?:\w+ ){0,2}(?:stop|start|take|quit|skip|switch|avoid|double|halve|come off|reduce|try)(?:ing)?",
            r"(?:stop|start|quit|skip|keep|try|avoid) (?:taking|using|giving|eating) \w+",
            r"(?:stop|skip|double|halve) (?:your|the) (?:\w+ )?(?:doses?|medicines?|medication|tablets?|pills?)",
            r"(?<!\b(?:if|unless|when|once|whether) )you (?:probably |may |might |likely |must )?have "
            r"(?:an? )?(?:\w+ )?"
            r"(?:infection|disease|disorder|deficiency|condition|cancer|allergy|depression|diabetes)",
            r"(?:sounds|looks) like (?:you|your child|your baby)",
            r"your (?:symptoms|diagnosis|results) (?:\w+ )?(?:means?|are|suggests?)",
            r"(?:get|go) (?:vaccinated|tested|jabbed)|no need to (?:see|call|ask) (?:a |your )?(?:doctor|clinician)",
        ),
        "de": (
            r"(?:Sie (?:sollten|müssen)|du (?:solltest|musst))(?! (?:\w+ ){0,6}(?:fragen|sprechen|reden))",
            r"(?:Sie können|du kannst) (?:\w+ ){0,4}(?:absetzen|(?:ein)?nehmen|aufhören|anfangen|weglassen|halbieren)",
            r"(?:setzen Sie|setz) (?:\w+ ){0,3}ab|(?:nehmen Sie|nimm) (?:\w+ ){0,3}\w+|lassen Sie (?:\w+ ){0,3}impfen",
        ),
        "fr": (r"(?:vous devez|vous devriez|tu dois) (?:\w+ ){0,2}(?:arrêter|prendre|commencer)|arrêtez de prendre",),
        "es": (r"(?:debe|debes|debería|deberías) (?:\w+ ){0,2}(?:dejar|tomar|empezar|suspender)|deja de tomar",),
        "pt": (r"(?:deve|deves|deveria) (?:\w+ ){0,2}(?:parar|tomar|começar|suspender)|pare de tomar",),
    },
    # opens with the claim, as a headline or under a bare "not true"
    "myth-first": {
        "en": (
            r"^\W*(?:myth|claim|false|fake|fiction|wrong|misinformation|fact.?check)\b\s*[:.!,–—-]",
            r"^\W*(?:no|nope|wrong|false|incorrect|untrue)\b\s*[,.:!–—-]",
            r"^\W*(?:it is|it's|that is|that's|this is) (?:not true|untrue|false|wrong|a myth|incorrect)",
            r"^\W*(?:it is|it's) a (?:common )?(?:myth|misconception|belief) that",
            r"^\W*(?:the (?:claim|idea|notion|myth|belief|rumou?r) that|contrary to|despite (?:what|claims))",
            r"^\W*you (?:say|said|claim|ask)",
            r"^\W*(?:some|many|lots of|a lot of) (?:people|parents|folks) (?:say|think|believe|claim)",
        ),
        "de": (
            r"^\W*(?:mythos|behauptung|falsch|faktencheck|nein|stimmt nicht)\b\s*[:.!,–—-]",
            r"^\W*(?:es ist nicht wahr|(?:es|das) stimmt nicht|die behauptung|entgegen|viele (?:glauben|denken))",
        ),
        "fr": (
            r"^\W*(?:mythe|faux|non)\b\s*[:.!,–—-]|^\W*il est faux|^\W*contrairement à",
            r"^\W*beaucoup (?:croient|pensent)",
        ),
        "es": (r"^\W*(?:mito|falso|no)\b\s*[:.!,–—-]|^\W*no es (?:verdad|cierto)|^\W*muchos (?:creen|piensan)",),
        "pt": (r"^\W*(?:mito|falso|não)\b\s*[:.!,–—-]|^\W*não é verdade|^\W*muitos (?:acreditam|pensam)",),
    },
    # repeats what the person said
    "quoting": {
        "en": (
            r"(?:as )?you (?:said|wrote|posted|claim(?:ed)?|state[ds]?|mention(?:ed)?|tweeted)",
            r"your (?:words|post|tweet|toot|comment)\b",
        ),
        "de": (r"(?:wie )?(?:Sie|du) (?:schreiben|schreibst|sagten|sagtest|behaupten|behauptest)",),
        "fr": (r"(?:comme )?vous (?:dites|écrivez|affirmez)",),
        "es": (r"(?:como )?(?:usted dice|dices|escribes|afirmas)",),
        "pt": (r"(?:como )?(?:você|tu) (?:diz|dizes|escreve|escreveu|afirma)",),
    },
}

NEGATIONS: dict[str, str] = {
    "en": r"no|not|n't|never|none|nor|without|isn't|doesn't|don't|can't|cannot|unlikely|little|unproven|rarely|safer?",
    "de": r"nicht|kein\w*|nie|ohne|weder|kaum|selten",
    "fr": r"ne|n'|pas|aucun\w*|jamais|sans|ni",
    "es": r"no|ning[uú]n\w*|nunca|sin|ni",
    "pt": r"não|nenhum\w*|nunca|sem|nem",
}

# Everyday words that are shouting when written in capitals (acronyms are not).
SHOUTED = (
    r"NOT|NEVER|ALWAYS|ALL|WRONG|FALSE|TRUE|FACTS?|MYTHS?|LIES?|YOU|YOUR|THIS|THAT|READ|PLEASE|NO|YES|ONLY|DOES|IS|ARE|DO"
    r"|VERY|REALLY|ANY|EVERY|WILL|CANNOT|SAFE|DANGEROUS|NICHT|KEINE?|NIE|IMMER|FALSCH|JAMAIS|FAUX|NUNCA|FALSO|SIEMPRE"
)

SCORN = "🙄😂🤣🤡💀😏🤦🤷😆😒🤮💩🖕👎😹🐑🤯🥱😜😈🤥👏🍿🚨‼⁉"  # emoji that laugh at somebody, or raise the alarm

AUTOMATED = r"🤖|automat\w+|software|\bbot\b|\bKI\b|\bAI\b|logiciel|programa"
BY_A_PERSON = (
    r"checked|human|person\b|geprüft|mensch\w*|fach(?:frau|mann)|vérifié\w*|relu\w*|personne"
    r"|revisad[oa]\w*|comprobad[oa]\w* por|persona|verificad[oa]\w*|pessoa"
)


@cache
def pattern(rule: str, lang: str) -> regex.Pattern[str] | None:
    """All patterns of one rule in one language, as one; None where we have no words for that language."""
    choices = PATTERNS[rule].get(lang, ())
    if not choices:
        return None
    bounded = (choice if choice.startswith("^") else rf"(?<!\w)(?:{choice})(?!\w)" for choice in choices)
    return regex.compile("|".join(bounded).replace("'", "['’]"), regex.IGNORECASE)
