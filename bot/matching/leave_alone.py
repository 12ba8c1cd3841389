"""Whom not to address at all: grief, illness in the family, pregnancy, crisis, minors, cries for advice.

Rules only, and over-careful on purpose: silence costs little, a cold reply to somebody in pain costs much.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.matching.cues import any_of
from bot.matching.normalise import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """Why a person should be left alone ("" when nothing was noticed), and whether a human must look at once."""

    reason: str = ""
    crisis: bool = False


KIN = (
    r"(?:mum|mom|mam|mama|mother|dad|papa|father|husband|wife|partner|fiancee?|boyfriend|girlfriend|son"
    r"|daughter|boy|girl|kid"
    r"|kids|child|children|baby|toddler|newborn|little one|sister|brother|sibling|twin|nan|nana|gran|granny"
    r"|grandma|grandmother"
    r"|grandad|granddad|grandpa|grandfather|aunt|auntie|uncle|niece|nephew|cousin|best friend|friend|family"
    r"|preemie|twins|bub|lad|bf|gf|hubby|parents|stepdad|stepmum|nonna|nonno)"
)
MY = rf"(?:my|our) (?:\w+ ){{0,2}}{KIN}(?:'s)?"
KIN_ABROAD = (
    r"\b(?:mi|nuestr[oa]|mein\w*|unser\w*|mon|ma|mes|notre|meu|minha|nosso|nossa|mio|mia|nostr[oa]|mijn|onze) "
    r"(?:\w+ )?(?:madre|padre|hij[oa]s?|bebe|herman[oa]|abuel[oa]|marido|mujer|espos[oa]|mama|papa|mutter"
    r"|vater|sohn|tochter"
    r"|kind|kleine\w*|baby|schwester|bruder|oma|opa|mann|frau|mere|pere|fils|fille|soeur|frere|mari|femme"
    r"|bebe|mae|pai|filh[oa]"
    r"|irma|irmao|avo|figli[oa]|mamma|sorella|fratello|nonn[oa]|moglie|bambin[oa]|moeder|vader|zoon|dochter"
    r"|zus|broer|man"
    r"|vrouw|kindje)\b"
)
SERIOUS = (
    r"(?:cancer|tumou?rs?|leuk\w+|lymphoma|melanoma|sarcoma|myeloma|metasta\w*|stage (?:[1-4]|i{1,3}v?|iv)\b"
    r"|chemo\w*|radiothera\w*"
    r"|biopsy|oncolog\w*|terminal|palliative|hospice|icu|intensive care|ventilator|life support|stroke"
    r"|heart attack|heart failure"
    r"|seizures?|epilep\w*|sepsis|transplant|dialysis|surgery|operation|hospital\w*|a&e|emergency room|ambulance"
    r"|diagnos\w*|dementia|alzheimer\w*|parkinson\w*|als\b|mnd\b|ms\b|multiple sclerosis|lupus|crohn\w*"
    r"|colitis|cystic fibrosis"
    r"|chronic (?:pain|fatigue|illness|migraine)|fibromyalgia|me/cfs|endometriosis|diabetes|insulin"
    r"|anaphyla\w*|epipen|asthma"
    r"|depress\w*|bipolar|schizo\w*|psychosis|anxiety|panic attacks?|ptsd|ocd|self-?harm\w*|anorexi\w*"
    r"|bulimi\w*|autism|autistic"
    r"|nicu|preterm|premature|miscarr\w*|stillb\w*|ivf|infertil\w*|cot|coma|amputat\w*|stent\w*|bypass|pacemaker"
    r"|blood clots?|clot|embolism|dvt|aneurysm|kidney failure|liver failure|cirrhosis|hiv|hepatitis|tb\b"
    r"|meningitis|measles|pneumonia)"
)

CRISIS = any_of(
    r"\b(?:suicid\w*|selbstmord|suizid\w*|zelfmoord|kill(?:ing)? myself|end(?:ing)? (?:my life|it all"
    r"|it tonight)|take my (?:own )?life"
    r"|want to die|wanna die|better off (?:dead|without me)|self-?harm\w*|cut(?:ting)? myself|hurt(?:ing)? myself)\b",
    r"\b(?:don't|dont|do not|can't|cannot|no longer) (?:want to|wanna|see (?:the|a|any) point (?:of|in)|go on"
    r"|be here|live)"
    r"(?: (?:be(?:ing)?|live|living|exist\w*|wake up))?(?: here| anymore| any more| like this)\b",
    r"\b(?:don't|dont|do not|didn't|hope i don't|rather not|wish i (?:didn't|never)) (?:want to |wanna |ever )?"
    r"(?:wake up(?: again| tomorrow| in the morning)?(?! (?:early|at|for|so|to|the|my|our|him|her|them))"
    r"|be alive|exist)\b",
    r"\b(?:no point (?:in|of) (?:being|living|going on)|see the point of being here"
    r"|not (?:be )?here (?:anymore|any more)|say goodbye)\b",
    r"\b(?:i|he|she|they|we) (?:\w+ )?(?:overdos\w+|took (?:all|the whole|\d+|too many) (?:\w+ ){0,3}(?:pills"
    r"|tablets))\b",
    r"\b(?:can't breathe|not breathing|won't wake|unconscious|passed out|turning blue|unresponsive|floppy"
    r"|collapsed|bleeding out"
    r"|chest pain right now|swallowed (?:a |the |some |bleach|\w+ )*(?:battery|bleach|pills|tablets))\b",
    r"\b(?:he|she) (?:hits|beats|hurts) (?:me|us)\b|\bpills (?:counted|lined up)\b|\bstockpil\w+ (?:my"
    r"|the) (?:pills|tablets|meds)\b",
    r"\b(?:quiero morir|no quiero (?:seguir|vivir)|suicid\w*|ich will nicht mehr (?:leben)?|will sterben"
    r"|je veux mourir|envie de mourir"
    r"|en finir|quero morrer|nao quero (?:mais )?viver|voglio morire|farla finita|wil dood|niet meer leven)\b",
)
GRIEF = any_of(
    rf"\b(?:lost|losing|buried|burying|bury|mourn\w*|grie(?:f|v)\w*|funeral|ashes) (?:\w+ ){{0,2}}(?:{KIN}"
    rf"|him|her|them|another)\b",
    rf"\b{MY} (?:\w+ ){{0,3}}(?:died|passed|is gone|was buried|didn't make it|took (?:his|her) (?:own )?life)\b",
    r"\b(?:i|we) (?:\w+ )?(?:miss|buried|lost) (?:him|her|them|you|our|my)\b|\brest in peace\b|\bwidow\w*"
    r"|\bstillb\w+|\bin loving memory\b",
    r"\b(?:(?:he|she)'d|(?:he|she) would|(?:he|she) might) (?:still )?(?:be (?:here|alive|with us)|have lived)\b",
    r"\b(?:anniversary|year|months?|weeks?|days?) (?:since|without|after) (?:we lost|i lost|he died|she died"
    r"|you|dad|mum|mom|him|her)\b",
    r"\b(?:(?:he|she) (?:died|passed away|is gone now|never came home|never woke)|passed away|died in (?:his"
    r"|her|my) )\b",
    rf"\b(?:died|murio|gestorben|mort|morreu|morto|overleden|fallecio|faleceu|decede|verstorben)\b.*{KIN_ABROAD}",
    rf"{KIN_ABROAD}.*\b(?:murio|gestorben|mort|morte|morreu|morto|morta|overleden|fallecio|faleceu|decedee?"
    rf"|verstorben|stierf|starb)\b",
)
OWN_ILLNESS = any_of(
    r"\b(?:i|i've|i'm|i'd|my|me)\b[^.!?\n]{0,60}\b(?:methotrexate|lithium|prednisolone|warfarin|tamoxifen"
    r"|metformin|insulin|sertraline"
    r"|citalopram|mirtazapine|quetiapine|olanzapine|clozapine|methadone|gabapentin|pregabalin|tramadol"
    r"|morphine|fentanyl|radiotherapy|tremor"
    r"|spotting|contractions|lump|biopsy|symptoms|flare|flares|rehab|sponsor|cravings|numb|swollen"
    r"|can't sleep|cried|crying|sobbing|hospice"
    r"|consultant letter|scan results|blood results|waiting list|hiv|herpes|dialysis|transplant|kidneys|lupus"
    r"|tumou?r|chemo)\b",
    r"\b(?:i|we) (?:stopped|quit|came off|skipped|binned|flushed|stopped taking) (?:my|the|his"
    r"|her) (?:\w+ ){0,2}(?:meds|medication|tablets|pills"
    r"|insulin|inhalers?|statins?|lithium|ssri\w*|antidepressants?|methotrexate|warfarin|prep|injections?)\b",
    r"\b(?:hiv|biopsy|scan|smear|test) (?:positive|came back)\b",
    rf"\b(?:i|i've|i'm|i was|i have|i had|we've|we have|we're) (?:\w+[, ]+){{0,5}}{SERIOUS}",
    rf"\bmy (?:\w+ ){{0,3}}(?:{SERIOUS}|tumou?rs?|scan results|flare\w*|symptoms|relapse|remission|chemo\w*"
    rf"|diagnosis|oncologist"
    r"|cardiologist|rheumatologist|psychiatrist|neurologist|haematologist|hematologist|migraines?|seizures?"
    r"|crohn\w*|thyroid|kidneys?"
    r"|urine|surgeon|specialist|transplant|stoma|cancer|blockage|pain clinic|med(?:s|ication)|ssris?"
    r"|antidepressants?|statins?|oxycod\w*)\b",
    r"\b(?:diagnosed|hospitali[sz]ed|admitted|discharged|in remission|relapsed|bedbound|housebound"
    r"|in (?:so much )?(?:pain|agony))\b.*"
    r"\b(?:me|i|my|we|our)\b",
    r"\b(?:me|i|my|we|our)\b.*\b(?:diagnosed|bedbound|housebound|in (?:so much )?(?:pain|agony)"
    r"|can't get out of bed|nobody listens)\b",
    r"\b(?:just finished|finished|started|starting|on|after|before|decided to stop|stopping|refus\w+"
    r"|through) (?:my )?chemo\b",
    r"\bstage (?:[1-4]|iv|iii|ii)\b|\b(?:cycle|round|week|day|month) (?:\d+|one|two|three|four"
    r"|five) of (?:my )?(?:chemo|radio|treatment|rehab"
    r"|withdrawal|isotretinoin|dialysis|ivf|chelation|antidepress\w*|ssri\w*|sertraline|\w*statin)\b",
    r"\b(?:as a|i'm a|fellow) (?:\w+ )?(?:patient|survivor|sufferer|diabetic|asthmatic|coeliac|celiac"
    r"|epileptic|addict|alcoholic)\b",
    r"\b(?:my|his|her) (?:thighs?|legs?|back|chest|head|stomach|joints|hands|muscles"
    r"|heart) (?:\w+ ){0,2}(?:aches?|hurts?|burns?|is killing|is agony)\b",
    r"\b(?:they|doctors?|gp) (?:cut|took|stopped|reduced|won't give) (?:me |my )(?:\w+ )?",
    r"\b(?:day|week|month|year)s? (?:\d+|one|two|three) (?:clean|sober|without|off|post-?op)\b"
    r"|\b(?:withdrawal|cold turkey|detoxing from|relapse)\b",
    r"\b(?:purg(?:e|ed|ing)|binge|restricting|goal weight|recovery from|eating disorder|ed recovery"
    r"|calories today)\b.*\b(?:i|my|me)\b",
    r"\b(?:tengo|me han|me diagnostic\w+|sufro|padezco|ich habe|halte ich|ich leide|bei mir|j'ai|on m'a"
    r"|je souffre|tenho|fui diagnostic\w+|sofro"
    r"|ho (?:un|la|il)|mi hanno|soffro|ik heb|bij mij) (?:\w+ ){0,4}(?:cancer|cancro|krebs|kanker|tumor\w*"
    r"|schmerz\w*|ruckenschmerz\w*|dolor\w*"
    r"|douleur\w*|dores?|dolori|pijn|diabet\w*|depress\w*|depresi\w*|epilep\w*|migr\w*|chimio\w*|chemo\w*|quimio\w*)",
    r"\bruckenschmerzen nicht aus\b|\bhalte ich die\b|\bmeine (?:schmerzen|diagnose|krankheit|chemo\w*|depression)\b",
    r"\b(?:mi|meine?|mon|ma|minha|meu|mia|mio|mijn) (?:cancer|krebs\w*|cancro|kanker|chemo\w*|quimio\w*"
    r"|chimio\w*|diagnos\w*|depress\w*|depresi\w*)\b",
)
RELATIVE_ILLNESS = any_of(
    rf"\b{MY} (?:\w+[, ]+){{0,8}}{SERIOUS}",
    rf"{SERIOUS}(?: \w+){{0,6}} (?:my|our) (?:\w+ )?{KIN}\b",
    rf"\b(?:moved|took|admitted|sent|rushed|diagnosed) (?:dad|mum|mom|nan|gran|grandad|grandma|him|her|our|my"
    rf"|{MY})\b.*"
    r"\b(?:hospital|icu|palliative|hospice|ward|a&e|today|yesterday|tonight|last night)\b",
    rf"\b(?:dad|mum|mom|nan|gran|grandma)(?:'s)? (?:\w+ ){{0,4}}{SERIOUS}",
    r"\b(?:given|giving) up on (?:him|her|my|our|dad|mum|mom)\b|\bfor our (?:boy|girl|son|daughter)\b"
    r"|\bour (?:boy|girl)'s\b",
    rf"{KIN_ABROAD}.*\b(?:cancer|cancro|krebs\w*|kanker|tumor\w*|chemo\w*|quimio\w*|chimio\w*|hospital"
    rf"|krankenhaus|hopital|ospedale|ziekenhuis|uci|uti"
    r"|intensiv\w*|diagnos\w*|autis\w*|demenz|demencia|demence|dementie|diabet\w*|epilep\w*|asthma|asma"
    r"|asthme|operac\w*|operat\w*)\b",
)
PREGNANCY = any_of(
    r"\b[1-4]\d ?\+ ?[0-6]\b|\b(?:first|second|third) trimester\b.*\b(?:i|my|me)\b|\b(?:i|my"
    r"|me)\b.*\b(?:first|second|third) trimester\b",
    r"\b(?:de|a|in der|in) [1-4]\d\.? (?:semanas|settimane|wochen|woche|weken|semaines|ssw)\b|\bweeks (?:gone"
    r"|along)\b|\bmy waters\b",
    r"\b(?:i'm|im|i am|we're|currently|just found out i'm|being) (?:\w+ ){0,3}(?:pregnant|expecting"
    r"|trying to conceive|ttc|due in)\b",
    r"\b\d{1,2} ?(?:weeks?|wks?)(?: and \w+)?(?: pregnant| today| tomorrow)?\b.*\b(?:i|i'm|my|me|we|our"
    r"|terrified|scared|bump)\b",
    r"\b(?:miscarr\w*|stillb\w*|lost (?:the|our|my|another) (?:baby|one|pregnancy)|failed (?:ivf|transfer"
    r"|round)|(?:ivf|iui) (?:round|cycle|failed)"
    r"|negative (?:test|again)|bleeding at|my bump|midwife (?:said|told) me|my pregnancy|our baby"
    r"|due in (?:\w+ )?(?:weeks?|days))\b",
    r"\b(?:third|second|first|another|fourth) (?:\w+ )?(?:ivf|miscarriage|loss|round)\b|\blost another\b",
    r"\b(?:estoy embarazada|soy embarazada|ich bin schwanger|bin schwanger|je suis enceinte|estou gravida"
    r"|sono incinta|ik ben zwanger"
    r"|ssw|semanas de (?:embarazo|gravidez)|semaines de grossesse|settimana di gravidanza|weken zwanger)\b",
    r"\b(?:my|our) (?:\w+ )?(?:newborn|baby|preemie|little one|bub)\b.*\b(?:fever|temp|rash|cry\w*|won't"
    r"|reflux|colic|vomit\w*|hospital|weeks|worried)\b",
)
MINOR = any_of(
    r"\b(?:i'm|im|i am|we're both|both) (?:only |just |literally )?(?:1[0-7]|ten|eleven|twelve|thirteen"
    r"|fourteen|fifteen|sixteen|seventeen)\b"
    r"(?! (?:weeks|days|months|years (?:in|into|out|since|of)|minutes|hours|kg|stone|pounds|%))",
    r"\b1[0-7] ?(?:yo|y/o|[mf])\b(?=.*\b(?:i|me|my)\b)|\b(?:year (?:7|8|9|10|11)|[789]th grade|(?:in"
    r"|start) (?:middle|high) school|sixth form)\b(?=.*\b(?:i|me|my)\b)",
    r"\b(?:don't|dont|can't|cant|won't) (?:tell|ask) (?:my )?(?:mum|mom|parents|dad)\b|\bmy (?:mum|mom"
    r"|parents) (?:doesn't|don't|dont) know\b",
    r"\btengo 1[0-7] anos\b|\bich bin 1[0-7]\b|\bj'ai 1[0-7] ans\b|\btenho 1[0-7] anos\b|\bho 1[0-7] anni\b"
    r"|\bik ben 1[0-7]\b",
)
ADVICE = any_of(
    r"\b(?:what (?:do|should|can|would) (?:i|we) (?:do|take|try|ask|give|tell)|should (?:i|we|he"
    r"|she) (?:\w+ ){0,2}(?:stop|start|take|go|try|worry|call|have|get|give"
    r"|be worried|skip|come|keep|switch|still|see|just)|(?:is it|am i|are we|is this) (?:safe|ok|okay|normal"
    r"|dangerous|too late|going to|allowed)"
    r"|can i (?:still |just |safely )?(?:take|stop|give|have|use|skip|drink|mix)|do i (?:need|have to|really"
    r"|stop|keep|go|call))\b",
    r"\b(?:please (?:help|can someone|tell me|someone|no lectures|be (?:nice|kind|honest))"
    r"|can someone (?:please )?(?:just )?tell me|somebody help|any advice|need advice"
    r"|desperate\w*|i'm (?:so )?(?:scared|terrified|worried|frightened)|terrified|nobody (?:listens"
    r"|believes me)|don't know what to do|don't know how to tell)\b",
    r"\b(?:que hago|que debo hacer|deberia (?:tomar|dejar|ir)|puedo (?:tomar|dejar|dar)|was soll ich|soll ich"
    r"|darf ich|kann ich .{0,30}(?:nehmen|absetzen|geben)"
    r"|dois-je|est-ce que je (?:peux|dois)|que dois-je|puis-je|devo (?:tomar|parar|prendere|smettere|andare)"
    r"|posso (?:tomar|dar|parar|prendere|dare)|o que (?:eu )?faco"
    r"|cosa (?:devo|posso) fare|moet ik|mag ik|kan ik .{0,30}(?:nemen|stoppen)|wat moet ik)\b",
)

CRISIS_FELT = "it reads like a crisis or an emergency: only a person may answer"
FELT = "it reads like somebody who is ill, grieving, worried or asking for themselves"

RULES = (
    (GRIEF, "somebody seems to grieve"),
    (MINOR, "the author may be a minor"),
    (PREGNANCY, "it seems to be about the author's own pregnancy, child wish or new baby"),
    (RELATIVE_ILLNESS, "it seems to be about the illness of somebody close to the author"),
    (OWN_ILLNESS, "the author seems to speak of an illness of their own"),
    (ADVICE, "the author seems to ask for advice about themselves or someone close"),
)


def look(reading: Reading) -> Care:
    """Should this person be left alone? The first rule that applies gives the reason."""
    text = reading.everything.replace("\n", " ")
    if CRISIS.search(text):
        return Care(reason="it may be a crisis or an emergency: only a person may answer", crisis=True)
    for rule, reason in RULES:
        if rule.search(text):
            return Care(reason=reason)
    return Care()


def look_around(reading: Reading) -> Care:
    """The same for a post beside the one in question: only grief and crisis there silence us here."""
    text = reading.everything.replace("\n", " ")
    if CRISIS.search(text):
        return Care(reason="a post in the thread may be a crisis or an emergency", crisis=True)
    return Care(reason="somebody in the thread seems to grieve") if GRIEF.search(text) else Care()
