"""Turns of phrase that give away what a post does: contradict, ask, report, mock, cite, hedge, insist.

Patterns read folded text (see `normalise.fold`). Each list is general language, never about one claim or post.
"""

from __future__ import annotations

import re


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


# Words that turn a statement round. Counted against the nearest exemplar: some claims are negative themselves.
NEGATION = _any(
    r"\b(?:no|not|never|none|nor|neither|nobody|nothing|without|cannot|hardly|zero|stop|nope|fails?|failed)\b",
    r"n't\b",
    r"\b(?:cant|dont|doesnt|wont|isnt|arent|wasnt|didnt|aint)\b",
    r"\b(?:nicht|kein\w*|nie|niemals|nichts|nein|ohne)\b",
    r"\b(?:nunca|tampoco|ningun\w*|jamas|ni|nada|sin)\b",
    r"\b(?:ne|pas|jamais|aucun\w*|rien|sans|non)\b|\bn'(?=\w)",
    r"\b(?:nao|nem|nenhum\w*|sem)\b",
    r"\b(?:mai|nessun\w*|niente|senza)\b",
    r"\b(?:niet|geen|nooit|niets|zonder|nee)\b",
)

# Words of somebody who sets a record straight, whatever the grammar.
DEBUNK = _any(
    r"\bmyths?\b|\bmythos\b|\bmito\b|\bmythe\b|\bmarchen\b|\bfabel\w*\b|\bbulos?\b|\bleggenda\b|\bfake news\b",
    r"\bdebunk\w*|\bdisprov\w*|\brefut\w*|\bwiderleg\w*|\bdesment\w*|\bdement[ie]\w*|\bsmentit\w*|\bweerleg\w*",
    r"\b(?:false|falsch|falso|falsa|faux|onwaar|untrue|nonsense|bollocks|rubbish|bunk|baloney|quatsch|unsinn|onzin)\b",
    r"\bmisinformation|\bdisinformation|\bmisconception|\bpseudo-?scien\w*|\bold wives|\bfolklore\b|\bsuperstition",
    r"\bretract\w*|\bwithdrawn\b|\bdiscredit\w*|\boutdated\b|\bobsolete\b|\bubsolet\w*|\bretire[ds]?\b|\bretiring\b",
    r"\bno (?:good |real |solid |convincing |consistent |reliable )?(?:evidence|link|difference|benefit|proof|effect)",
    r"\b(?:no|not) (?:better|more|worse|less|any) than\b|\bsame as placebo\b|\bsham\b|\bplacebos?\b",
    r"\b(?:i|we) (?:used to|once) (?:think|believe|thought|believed|say|tell|teach|give|do)\b|\bi was wrong\b",
    r"\b(?:let it go|please stop|can we stop|stop (?:telling|saying|sharing|spreading|teaching|doing|putting|giving))\b",
    r"\b(?:contrary to|turns out|in fact|actually|the truth is|fact check|reality check|reminder)\b",
    r"\b(?:isn't|is not|ain't|not) (?:how|the (?:cause|answer|problem|culprit)|true|real|a thing|supported)\b",
    r"\brefuses to die\b|\bwon't die\b|\bstill believe\b|\bpeople (?:still )?(?:think|believe)\b|\bdespite\b|\brather than\b",
    r"\binstead\b|\bhowever\b|\bnuance\b|\boverdiagnos\w*|\boveruse\w*|\boverrated\b|\bselective\b|\bunnecessar\w*",
    r"\b(?:don't|do not|doesn't|does not|didn't|did not|can't|cannot|won't|isn't|aren't) "
    r"(?:cause|prevent|cure|treat|work|help|change|enter|increase|reduce|raise|affect|lower|matter|exist|need)\b",
)

QUESTION_WORDS = _any(
    r"\?\s*$",
    r"\?",
    r"\b(?:does|do|is|are|can|should|could|would|has|did) (?:anyone|anybody|you|it|there|the|this|that|we|i|they)\b.*\?",
    r"\b(?:genuine|honest|quick|serious|stupid|dumb) question\b|\basking for\b|\bwondering (?:if|whether)\b",
    r"\b(?:is there any|any (?:evidence|data|studies|research|good)|what does the (?:evidence|research)|anyone know)\b",
    r"\bi(?:'d| would) (?:like|love) to (?:know|read|understand|see)\b|\bcan (?:someone|anyone|anybody)\b",
    r"\bwhether\b|\bor not\b|\btrying to (?:find|work) out\b|\bnot sure (?:if|whether|what)\b",
    r"¿",
)

# Reported speech, news, surveys: the author passes on what others say or do.
REPORT = _any(
    r"\b(?:survey|poll|quiz|questionnaire|interviews?|focus groups?|respondents?|documentary|podcast|episode|seminar"
    r"|headline|article|newspaper|debate|exhibition|museum|webinar|lecture tonight|panel|committee|hearing|court|lawsuit"
    r"|petition|journal club|exam question|poster|webinaire|umfrage|encuesta|sondage|pesquisa|sondaggio|enquete)\b",
    r"\b(?:says|said|claims?|claimed|claiming|believes?|believed|thinks|thought|insists?|swears?|reckons|argues?|argued"
    r"|asked|asks|told me|tells me|telling|according to|reported|reports?|blames?|blamed|announced|wrote|writes|quoted"
    r"|posted|tweeted|comments?|commented|heard|overheard|accus\w+)\b",
    r"\b(?:sagt|sagte|behaupt\w*|laut|glaubt|meint|dice|dicen|dijo|afirma\w*|segun|cree|selon|affirme\w*|pretend\w*"
    r"|croit|disse|diz|dizem|acredita\w*|secondo|zegt|beweert|volgens)\b",
    r"^\s*(?:patient|pt|him|her|them|they|uncle|aunt|grandma|grandmother|movie|slide|tiktok|facebook|influencer"
    r"|consultant|boss|attending|mum|mom|dad|me|students?|teacher|breaking|today)[\w' ]{0,24}:",
    r"\b(?:bingo|overheard|famous last words|on a roll|keynote|breaking:)",
)

# How people talk who look at data: seldom the voice that needs correcting, so never enough for a draft.
EVIDENCE_TALK = _any(
    r"\b(?:trials?|rcts?|cochrane|meta-?analys\w*|systematic review|cohorts?|randomi[sz]ed|double-blind|blinded|nejm|lancet"
    r"|bmj|guidelines?|uspstf|nice|registry|odds ratio|hazard ratio|confidence interval|placebo|sham|mortality|follow-up"
    r"|preprint|studie|studien|estudios?|etudes?|essais|studi)\b",
    r"\b\d[\d,. ]{2,}\s*(?:people|patients|women|men|children|kids|adults|infants|participants|babies|births)\b",
    r"\b\d+(?:\.\d+)? ?% (?:vs|v|versus|against)\b|\bvs\.? \d|\bn ?= ?\d|\b(?:rr|or|hr) \d|\bp ?[<=] ?0?\.\d",
    r"\b(?:effect size|sibling design|subgroup|number needed|absolute risk|evidence-based medicine|ebm|leap|vital)\b",
)

HEDGE = _any(
    r"\b(?:maybe|perhaps|might|may|possibly|probably|i think|i guess|apparently|allegedly|supposedly|seems?|not sure|unsure"
    r"|depends?|some (?:people|patients|groups)|sometimes|modest|slightly|could be)\b",
    r"\b(?:used to|back then|back in|years ago|decades ago|formerly|historical\w*|in the (?:old days|past)|until we)\b",
    r"\b(?:vielleicht|quizas?|peut-etre|talvez|forse|misschien|tal vez)\b",
    r"\b(?:if they're|if you're|if already|except|unless|only if|apart from|different question)\b",
    r"\bbut\b|\baber\b|\bpero\b|\bmais\b|\bmaar\b|\bexactly zero\b",
)

SARCASM = _any(
    r"🙄|🤡|🙃|😂|🤣|🤦|😏|💀|🍿|😆|🤨|🫠|/s\b",
    r"\b(?:oh sure|sure jan|yeah right|yeah,? no|as if|of course it is|who knew|shocking|funny how nobody|love how|brave of"
    r"|would like a word|narrator|asking for a friend|ninth grade|throws popcorn|internally screaming|bless|sir you|ma'am"
    r"|apparently|lol ok|ok so|checks notes|imagine (?:my|thinking|being)|groundbreaking|spoiler|plot twist|surely)\b",
)

# The voice of somebody who states the claim as a fact of life, or tells others what to do.
CONFIDENT = _any(
    r"!|=|→|->",
    r"\b(?:every|everyone|everybody|always|all|never|any|only|must|need|needs|should|just|simple|period|fact|obviously"
    r"|literally|proven|proves?|works?|works great|trust me|wake up|look it up|do your research|end of story|that's why|that's how|thank me"
    r"|avoid|take|give|get|don't let|insist|demand|ask for|start|put|keep|skip|refuse|poison|toxic|kills?|cures?|prevents?"
    r"|causes?|stops?|leads to|works|destroys?|ruins?|dangerous|contraindication|protects?)\b",
    r"\b(?:hay que|siempre|nunca|todos?|toda|necesitas|es|cura|causan?|hay|debes?|deben|immer|jeder|muss|man muss|verursacht"
    r"|schutzt|wirkt|verandert|toujours|il faut|tous?|toutes?|soigne|cause|provoque|detruit|sempre|todo|deveria|precisa"
    r"|bisogna|tutti|altijd|iedereen|moet)\b",
)
