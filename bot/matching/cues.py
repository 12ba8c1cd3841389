"""Turns of phrase that give away what a post does: contradict, ask, report, mock, cite, hedge, insist.

Patterns read folded text (see `normalise.fold`). Each list is general language, never about one claim or post.
"""

from __future__ import annotations

import re


def words(listed: str) -> str:
    """A pattern for any of these words or phrases; `*` stands for any ending, `_` for a space."""
    found = sorted(set(listed.split()), key=len, reverse=True)
    return r"\b(?:" + "|".join(re.escape(w).replace(r"\*", r"\w*").replace("_", " ") for w in found) + r")(?!\w)"


def any_of(*patterns: str) -> re.Pattern[str]:
    """One pattern out of several."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


# Words that turn a statement round. Compared with the nearest exemplar: some claims are negative themselves.
NEGATION = any_of(
    words("no not never none nor neither nobody nothing without cannot hardly zero nope fail fails failed refuse*"),
    words("cant dont doesnt wont isnt arent wasnt didnt aint"),
    r"n't\b",
    words("nicht kein* nie niemals nichts nein ohne nunca tampoco ningun* jamas nada sin"),
    words("ne pas jamais aucun* rien sans non nao nem nenhum* sem mai nessun* niente senza"),
    words("niet geen nooit niets zonder nee"),
    r"\bn'(?=\w)",
)

# Words of somebody who sets a record straight, whatever the grammar.
DEBUNK = any_of(
    words(
        "myth myths mythos mito mythe mythes marchen fabel* bulo bulos leggenda fake_news debunk* disprov* refut*"
        " widerleg* desment* dementi dementie smentit* weerleg* false falsch falso falsa faux onwaar untrue nonsense"
        " bollocks rubbish bunk baloney quatsch unsinn onzin misinformation disinformation misconception pseudoscien*"
        " pseudo-scien* old_wives folklore superstition* retract* withdrawn discredit* outdated obsolete "
        "retire retires"
        " retired retiring let_it_go stop_telling stop_saying stop_sharing stop_spreading stop_teaching stop_putting"
        " stop_doing please_stop can_we_stop contrary_to turns_out in_fact actually the_truth_is fact_check "
        "fact-check"
        " reality_check reminder refuses_to_die won't_die still_believe people_think people_believe "
        "people_still despite"
        " rather_than instead however nuance overdiagnos* overuse* overrated selective unnecessar* no_better_than"
        " not_better not_worse no_different same_as the_same sham placebo placebos wrong i_was_wrong harmless harmful"
        " i_used_to i_once we_used_to irreführend no_evidence no_difference no_benefit no_link no_proof no_effect"
        " no_need isn't_how not_how not_the_cause not_true isn't_true not_real isn't_real isn't_a not_a_thing"
        " fiction would_be_dead ignore ignores you'd_expect you'd_be would_show had_it_been if_it_were "
        "busted invented made_up"
    ),
    r"\b(?:don't|do not|doesn't|does not|didn't|did not|can't|cannot|won't|isn't|aren't) "
    + words("cause prevent cure treat work help change enter increase reduce raise affect lower matter exist need"),
    r"\bno (?:\w+ )(?:evidence|link|difference|benefit|proof|effect|harm|risk)\b",
    r"!=",
    # Somebody who changed a practice and says so.
    r"\b(?:just |finally |we |we've |i |i've |have |has )?(?:deleted|updated|dropped|removed|scrapped|rewrote"
    r"|crossed out|took off|stopped"
    r"|abandoned|unlearn\w*|un-?learned) (?:our|the|that|this|it|from)\b",
)

QUESTION = any_of(
    r"\?",
    r"¿",
    words(
        "genuine_question honest_question quick_question serious_question stupid_question dumb_question wondering"
        " is_there_any any_evidence any_data any_studies any_research anyone_know any_truth any_good "
        "what's_the_evidence"
        " i'd_like_to i_would_like_to i'd_love_to can_someone can_anyone can_anybody could_someone "
        "could_anyone whether"
        " or_not trying_to_find trying_to_work not_sure_if asking_before asking_for please_advise evidence_welcome"
        " undecided both_answers"
    ),
    r"(?:^|[.!:;…\n]\s*|, )(?:so |ok |wait |and |but )?(?:does|is|are|can|should|could|has|did|do(?! (?:your"
    r"|not|it|this|the|that)\b))"
    r" (?!not\b)(?:\w+[' ]+){2}",
)

# Reported speech, news, surveys: the author passes on what others say or do.
REPORT = any_of(
    words(
        "survey* surveyed poll polls polled quiz questionnaire* interview* focus_group* respondent* "
        "documentary podcast"
        " episode seminar headline* article* newspaper* debate* exhibition museum webinar* panel committee "
        "hearing court"
        " lawsuit petition journal_club exam_question osce poster umfrage encuesta sondage pesquisa sondaggio enquete"
        " says said claim claims claimed claiming believes believed thinks thought insists swears reckons "
        "argues argued"
        " asked asks told_me tells_me telling according_to reported reports blames blamed announced wrote "
        "writes quoted"
        " posted tweeted comment comments commented heard overheard accus* mentioned named ticked voted listed coded"
        " sagt sagte behaupt* laut glaubt meint dice dicen dijo afirma* segun cree selon affirme* pretend* "
        "croit disse"
        " diz dizem acredita* secondo zegt beweert volgens vox_pop so_far famous_last_words on_a_roll keynote bingo"
        " told warns warned read_somewhere read_that circulat* forwards autocomplete collected listing "
        "according tips_i"
        " history_of talk_on lecture_on free_entry opens_on in_the_film in_the_series"
    ),
    r"^\s*(?:patient|pt|him|her|them|they|uncle|aunt|grandma|grandmother|movie|slide|tiktok|facebook|influencer"
    r"|consultant|boss|attending|mum|mom|dad|me|students?|teacher|breaking|today)[\w' ]{0,24}:",
    r"\b(?:\w+ in (?:ten|five|four|three|\d+)|\d+ (?:of|out of|in) \d+|(?:a|one) (?:third|quarter|half|fifth)"
    r"|\d+ ?%) "
    r"(?:of )?(?:\w+ )?(?:say|said|agree|think|thought|believe|people|adults|parents|patients|students"
    r"|respondents|teachers|users)\b",
)

# How people talk who look at data or describe a case: seldom the voice that needs correcting.
EVIDENCE_TALK = any_of(
    words(
        "trial trials rct rcts cochrane meta-analys* metaanalys* systematic_review cohort cohorts randomis* randomiz*"
        " double-blind blinded nejm lancet bmj guideline* uspstf registry odds_ratio hazard_ratio confidence_interval"
        " mortality follow-up preprint* effect_size sibling_design subgroup number_needed absolute_risk ebm "
        "n_= studies"
        " studie studien estudios etudes essais studi on_average compared_with case_report differential "
        "plot_the among"
        " associated_with risk_factor* prevalence incidence"
    ),
    r"\b\d[\d,. ]{2,}\s*(?:people|patients|women|men|children|kids|adults|infants|participants|babies|births)\b",
    r"\b\d+(?:\.\d+)? ?% (?:vs|v|versus|against)\b|\bvs\.? \d|\bn ?= ?\d|\b(?:rr|or|hr) \d|\bp ?[<=] ?0?\.\d",
    r"\b(?:19|20)\d\d\b",
    r":\s*(?:same|worse|unchanged|none|zero|no change|\d+ ?%)",
)

HEDGE = any_of(
    words(
        "maybe perhaps might may possibly probably i_think i_guess apparently allegedly supposedly seem "
        "seems not_sure"
        " unsure depends depend some_people some_patients some_groups sometimes modest slightly could_be "
        "can_be usually"
        " mostly often rarely used_to back_then years_ago decades_ago formerly historical* in_the_past "
        "until_we vielleicht"
        " quizas peut-etre talvez forse misschien tal_vez if_they're if_you're if_already except unless "
        "only_if apart_from"
        " different_question but aber pero mais maar yet although though while whereas even_so in_patients_with"
        " people_with_a few a_few certain risk_of"
    ),
)

SARCASM = any_of(
    r"[🙄🤡🙃😂🤣🤦😏💀🍿😆🤨🫠]|/s\b",
    words(
        "oh_sure sure_jan yeah_right yeah,_no as_if who_knew shocking love_how brave_of would_like_a_word narrator"
        " asking_for_a_friend ninth_grade throws_popcorn internally_screaming bless sir_you lol_ok ok_so checks_notes"
        " imagine_my imagine_thinking imagine_being groundbreaking spoiler plot_twist surely ah_yes ooh "
        "so_has so_does"
        " meet_reality i_dare_you wait_til funny_that funny,_that congratulations apparently"
    ),
)

# The author's own past: a story, not a claim about the world; only a very near exemplar may make it one.
STORY = any_of(
    words(
        "i i'm i've i'd my me we we've our us mine ich mein* wir je mon ma mes nous yo mi mis eu meu minha "
        "io mio mia ik mijn"
    ),
)

# The voice of somebody who states the claim as a law of life, or tells others what to do.
INSIST = {
    "a law without exception": any_of(
        words(
            "every everyone everybody always all any never nobody only none entirely exactly everything nothing"
            " completely forever siempre nunca todo todos toda todas immer jeder jede alle nur toujours tous "
            "tout toutes"
            " sempre tutti tutto altijd iedereen alleen solo nie"
        )
    ),
    "a short cut of signs": any_of(r"=|→|->|➡|[!]"),
    "a word of cause or cure": any_of(
        words(
            "cause causes causing cure cures cured kill kills killed prevent prevents stop stops protect "
            "protects wreck*"
            " ruin ruins destroy* poison* toxic damage damages destroys lead_to leads_to work works fix "
            "fixes heal heals"
            " boost boosts melts flush* detox* fry fries frying rewrite* change_your changes_your give_you "
            "gives_you makes_you"
            " make_you lowers raises shrinks starve starves reverse reverses cura causa causan provoca "
            "enferma* evita evitan"
            " verursacht schutzt wirkt verandert heilt hilft macht provoque guerit soigne detruit protege "
            "tue previne faz_mal"
            " fa_male previene protegge veroorzaakt werkt geneest helpt limpa limpia"
        )
    ),
    "a word of duty": any_of(
        words(
            "must should need needs have_to has_to don't_let demand insist avoid ban banned refuse no_excuses do_it"
            " negligen* malpractice contraindicat* standard_of_care hay_que necesitas debes deben tienes_que "
            "muss sollte"
            " musst il_faut doit deve deveria precisa bisogna moet"
        ),
        r"(?:^|[.!:;\n→,] ?|- )(?:just |always |never |please |so )?(?:take|give|get|put|keep|start|skip"
        r"|drink|eat|use|load|ask"
        r"|cut|add|try|pop|go|tilt|rub|wear|wash|rinse|pour|check|transfuse|prescribe|push|crank|aim|suppress"
        r"|stent|scope"
        r"|reread|highlight|ditch|chelate|stack|filter|look up|reduce|order|send|refer|treat|double)\b",
    ),
    "a word of certainty": any_of(
        words(
            "obviously literally simple period fact facts proven proof proves proved trust_me wake_up look_it_up"
            " do_your_research end_of_story that's_why that's_how thank_me_later truth covered_up hiding "
            "hide suppressed"
            " they_know they_knew google_it share death_sentence guaranteed secret best_kept of_course basic "
            "basics 101"
            " it's_science science everyone_knows known nobody_tells big_pharma pharma scam prove_me_wrong "
            "crystal_clear"
            " abran_los_ojos wacht_endlich bewiesen prouve provado dimostrato bewezen punto punkt point_final basta"
        )
    ),
}


def insistence(folded: str) -> tuple[str, ...]:
    """In how many ways the author insists, by name."""
    return tuple(name for name, pattern in INSIST.items() if pattern.search(folded))
