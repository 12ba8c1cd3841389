"""Words the matcher treats alike: small words to pass over, and one name for what people call by many.

Data only, general to medicine and teaching, never about one entry or one post.
"""

from __future__ import annotations

_SMALL_WORDS = """
    a an the and or but if so then than that this these those there here it its it's i i'm i've me my mine we us our
    you your yours u ur he him his she her they them their who whom which what when where why how is are was were be
    been being am do does did doing have has had having will would can could should may might must shall of in on at
    to for from by with about as into onto over under after before up down out off again just also too very really
    all any some each every both more most other such own same s t d ll m re ve y don via per vs etc one ones get gets
    got go goes going went lol omg tbh imo btw pls please thing things stuff people folks guys ppl
    el la los las un una unos unas y o pero si que de del en con por para su sus se es son fue ser esta este esto
    lo le les al como mas muy ya mi tu nos hay
    der die das den dem des ein eine einen einem einer und oder aber wenn dass ist sind war sein wird werden im in am
    auf an zu zum zur fur mit von vom bei aus nach uber auch nur noch schon wie was er sie es wir ihr ich man euch eure
    le la les un une des du de et ou mais si que qui ce cette ces est sont etre dans en sur au aux avec pour par son sa
    ses leur il elle on nous vous je tu y plus tres tout c l d j qu n
    o os as um uma uns e ou mas se que do da dos das no na nos nas em com por para seu sua ao eu ele ela isso esse essa
    e foi sao ser muito ja
    il lo gli i un uno una e o ma se che di del della dei delle in nel nella con per su al alla da dal sono essere ho ha
    de het een en of maar als dat die in op aan te voor met van bij uit naar over ook is zijn was wordt ik je we ze hij
"""
STOPWORDS = frozenset(_SMALL_WORDS.split())

# Left: the name; right: words or, with a star, beginnings of words (lower case, no accents).
CONCEPTS = {
    "vaccine": "vaccin* vacun* vacin* impf* geimpft* jab jabs jabbed shot shots vax vaxx* vaxed immunis* immuniz*",
    "covid": "covid* corona coronavirus* sars-cov*",
    "baby": "baby babies infant* newborn* neonat* bebe bebes neugeboren* saugling* nourrisson* neonato lactante*",
    "child": "child* kid kids toddler* nino* nina* enfant* kind kinder* crianc* bambin* kinderen",
    "autism": "autis*",
    "cancer": "cancer* canser* tumor* tumour* krebs* kanker* cancro* leukaemi* leukemi*",
    "flu": "flu influenza gripe grippe griep",
    "cold": "cold colds resfriad* catarro erkalt* rhume* raffreddor* verkoud*",
    "antibiotic": "antibio* antibiot* amoxi* azithro* z-pak zpak",
    "infarct": "infarct* infart* herzinfarkt* stemi nstemi mi ami",
    "heart": "heart hearts cardiac cardio* cvd cv corazon herz* coeur coracao cuore coronary",
    "patient": "patient* pt pts pazient* pacient*",
    "pain": "pain* hurt* ache aches aching sore dolor* schmerz* douleur* dor dores dolore* pijn",
    "back": "back spine spinal lumbar lumbal* rucken* lumbago espalda schiena dos",
    "oxygen": "oxygen* o2 oxigen* sauerstoff* ossigeno zuurstof",
    "pregnant": "pregnan* embaraz* gravid* schwanger* enceinte* grossesse* zwanger* incinta",
    "infertile": "infertil* steril* barren conceiv* conception unfruchtbar* fertil*",
    "paracetamol": "paracetamol acetaminophen tylenol panadol",
    "aspirin": "aspirin* asa aas",
    "opioid": "opioid* opiat* oxycod* oxycontin morphin*",
    "antidepressant": "antidepress* antidepres* ssri ssris",
    "fever": "fever* febrile fiebre fieber* fievre febre febbre koorts",
    "brain": "brain* cerebr* cerveau gehirn* cervell* hersen*",
    "death": "die dies died dying dead death* deadly fatal* mortal* muert* muere* tod sterb* mort morts morte morto",
    "kill": "kill kills killed killing killer mata matan tue tuent totet",
    "water": "water agua wasser eau acqua",
    "cause": "caus* verursach* provoc* provoqu* trigger* leads induc*",
    "prevent": "prevent* previen* prevenir previne* vorbeug* verhinder* empech* evita evitar evitan evite avoid*"
    " protect* proteg* schutz* ward",
    "cure": "cure cures cured curing cura curan curar curam heal heals healed healing heilt heilen guerit guerir soigne"
    " guarisce treat* tratar trata behandel*",
    "surgery": "surger* surgic* operat* operac* operier* chirurg* cirurg* cirug*",
    "scan": "scan scans scanned mri ct xray x-ray imaging radiograph* irm rmn",
    "tummy": "tummy tummies belly stomach abdomen prone",
    "poison": "poison* toxic* toxin* toxina* veneno* gift giftig* poisonous neurotox* tossin*",
    "woman": "woman women female females mujer* femme* frau frauen mulher* donna donne girls girl vrouw*",
    "man": "men males hombre* homme* manner homens uomini fellas",
    "doctor": "doctor* doc docs physician* medico* arzt* medecin* gp gps dokter*",
    "drug": "drug* medication* medicin* medicament* medikament* pharma* farmac* pill pills tablet*",
    "learn": "learn* lern* apprend* aprend* apprent*",
    "teach": "teach* taught ensen* ensin* unterricht* enseign* insegn* instruct*",
    "student": "student* alumn* schuler* etudiant* eleve* aluno* learner*",
    "study": "study studying studied studies studier* estudi* estud*",
    "sleep": "sleep* slept schlaf* dorm* sommeil sono slaap*",
    "elder": "older elderly senior seniors idoso* anciano* mayores 60s 70s 80s",
    "daily": "daily everyday diario diari* taglich* quotidien* dagelijks",
    "sugar": "sugar* azucar zucker* sucre acucar zucchero suiker candy sweets",
    "diet": "diet* dieta* ernahrung* regime alimenta*",
    "evidence": "evidence evidenc* beweis* preuve* prova prove* proven proof prueb*",
    "immune": "immun* inmun*",
    "fat": "fat fats grasa* fett* graisse* gordura* grassi",
    "milk": "milk leche milch lait leite latte melk dairy",
    "egg": "egg eggs huevo* ei eier oeuf* ovo ovos uova",
    "sick": "sick* ill illness* disease* enferm* krank* malad* doenc* doente* adoec* malat* ziek*",
    "allergy": "allerg* alerg*",
    "kidney": "kidney* renal rinon* niere* rein reins rim rins reni nier nieren",
    "liver": "liver hepat* higado leber* foie figado fegato lever",
    "ulcer": "ulcer* magengeschwur*",
    "stroke": "stroke strokes ictus schlaganfall* avc",
    "bone": "bone bones fractur* knochen* hueso* osso* os",
    "skin": "skin piel haut peau pele pelle huid",
    "eye": "eye eyes ojo ojos auge augen oeil yeux olho* occhi*",
    "tooth": "tooth teeth dental dentist* diente* zahn* dent dents dente* denti",
    "hormone": "hormon* hrt mht estrogen* oestrogen*",
    "remember": "remember* retain* retention memor* behalten merken",
    "work": "work works worked working funciona* wirkt wirken marche fonctionne* funziona*",
}

# Said in two words, read as one.
PHRASES = {
    "med ed": "",  # tags of a whole community say nothing about a claim
    "foa med": "",
    "foa mcc": "",
    "heart attack": "infarct",
    "heart attacks": "infarct",
    "cot death": "sids",
    "crib death": "sids",
    "birth control": "contraceptive",
    "vit": "vitamin",
    "vits": "vitamin",
    "vitamine": "vitamin",
    "vitamina": "vitamin",
    "hcq": "hydroxychloroquine",
    "ivm": "ivermectin",
    "hpv": "hpv",
    "vph": "hpv",
    "gardasil": "hpv vaccine",
    "ror": "mmr",
    "epoc": "copd",
    "copder": "copd",
    "rsi": "rsi",
    "lbp": "back pain",
    "oa": "osteoarthritis",
    "ekg": "ecg",
    "abx": "antibiotic",
    "blood pressure": "hypertension",
    "high blood pressure": "hypertension",
    "first aid": "firstaid",
}
