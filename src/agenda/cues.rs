//! Words that tell what a date is for.
//!
//! Entries are folded: `x` stands for words that begin with it, `=x` for that
//! word alone, `*x` for compounds that end with it, an ending of up to three
//! letters aside. A word stands here because the trade uses it, not because one
//! text did. A list is a text of words, so that it reads as one.

/// Letters of an ending that may follow a `*` entry: `sitzung` + `en`.
const MAX_ENDING: usize = 3;

/// Nouns that are a deadline by themselves.
pub(super) const DEADLINE_NOUNS: &str = "\
    *abgabetermin *angebotsende *angebotstermin *anmeldeende *anmeldetermin *bewerbungsende \
    *deadline *einreichungsende *einreichungstermin *einsendetermin *frist *fristablauf \
    *fristende *meldetermin *schluss *schlusstermin *stichtag";

/// Words of the same ending that are no deadline of a reader.
pub(super) const NO_DEADLINE_NOUNS: &str = "\
    *abschluss *anschluss *aufbewahrungsfrist *aufschluss *ausfuehrungsfrist =ausschluss \
    *bearbeitungsfrist =befristet *beschluss *bindefrist *entschluss *gewaehrleistungsfrist \
    *kuendigungsfrist *lebensfrist *lieferfrist *loeschfrist *rueckschluss =schluss *schonfrist \
    *speicherfrist *trugschluss *uebergangsfrist *verjaehrungsfrist *verschluss *vertragsfrist \
    *wartefrist *zusammenschluss *zuschlagsfrist";

/// What is done until a deadline: verbs, and the nouns of what is handed in.
pub(super) const ACTIONS: &str = "\
    abgabe abgeb abgegeben abgerufen abgestimmt abruf abstimm abzugeben abzurufen aeusser \
    anfordern anfrag angebot angemeldet anmeld anmerkung *antraege *antraegen *antrag \
    antragstell *antwort antworten anzeig anzumeld aufruf ausfuell ausgefuell ausgelegt \
    auslegung ausliegen ausschreib auszufuell beantrag *befragung *beitraege *beitrag bekundung \
    bescheid bestell *bestellung beteilig *bewerb bewirb buchen buchung einbezahl einbring \
    eingab eingegang eingehen eingereicht eingereichten eingeschick eingesehen eingetragen \
    einreich einsehbar einsend einsicht *einspruch eintragen *einwaend *einwand *einwend \
    einzubring einzureich einzusend einzutragen entgegen erbeten *frageboegen *fragebogen \
    freigeschaltet fruehbuch gebeten =gebote geboten gemeldet gestellt *hinweise *hinweisen \
    hochlad hochzulad *ideen *interessenbekundung *interessensbekundung interessent interessiert \
    *kommentar konsultation mailen *meinung =melden =meldet *meldung mitgeteilt mitmach mitteil \
    mitzuteil =moeglich nachgereicht nachreich *nachweis nachzureich nominier offen *phase \
    registrier reservier *rueckmeld schick =senden sendet sichern *skizze *stellungnahme \
    =stimmen teilnahme teilnehm teilzunehm tickets uebermitt uebersend *umfrage umtausch \
    umzustell umzutausch *unterlagen unterzeichn vorgelegt vorleg vorliegen *vorschlaeg \
    *vorschlag vorzuleg vorzuschlag *voting *wettbewerb *widerspr wuensche =zeit zugehen \
    zugesandt zurueckgeb zurueckgesandt zurueckzugeb zurueckzusend zusend zuzusend";

/// Words that address a reader: with „bis“ they ask for something.
pub(super) const ADDRESSING: &str = "\
    =kann =koennen =muss =muessen =wer =bitte verpflichtet =haben =hat aufgefordert aufgerufen";

/// Handing in of applications; with money in view the deadline is one of funding.
pub(super) const APPLICATIONS: &str = "\
    abgerufen *abruf abzurufen *antraege *antraegen *antrag antragstell beantrag *foerder \
    foerder *interessenbekundung *interessensbekundung *konzept *projektvorschlaeg \
    *projektvorschlag *skizze *verwendungsnachweis *zuschuss *zuwendung";

/// Funding: the text is about money that can be applied for.
pub(super) const FUNDING: &str = "\
    *beihilfe bezuschuss *billigkeitsleistung *bundesmittel *bundesprogramm *digitalpakt \
    finanzhilfe *finanzierung foerder *foerderaufruf *foerdermittel *foerderung gefoerdert \
    investitionsbank *investitionspakt *landesmittel *landesprogramm *mittelabruf *paktmittel \
    *restmittel *sonderprogramm *zuschuesse *zuschuessen *zuschuss zuwendung";

/// Words of the same beginning or ending that are none.
pub(super) const NO_FUNDING: &str = "\
    *befoerderung foerderband foerderer foerderlich foerderpreis foerderschul foerderverein \
    *querfinanzierung *wirtschaftsfoerderung";

/// A rule begins or ceases to apply.
pub(super) const LAW_VERBS: &str = "\
    anwendbar =anwendung anzuwenden aufgehoben =galt =gelten =gilt =greifen =greift *pflicht \
    rechtskraeftig *uebergangsfrist *uebergangsregelung verbindlich verboten verpflichtend \
    vorgeschrieben vorschrift wirksam zulaessig";

/// Obligations; `ab dem` or `zum` before the date makes a rule of them.
pub(super) const OBLIGATIONS: &str = "\
    =darf =duerfen =entfaellt =entfallen =muessen =muss *pflicht verpflichtet";

/// Rules, which may also end: „die Verordnung läuft am … aus“.
pub(super) const RULES: &str = "\
    *ausnahme *bestimmung *dienstanweisung *erlass *gesetz *novelle *ordnung *regel *regelung \
    *richtlinie *satzung *verordnung *verwaltungsvorschrift *vorschrift";

/// What `gilt` is also said of, and a reader's own date.
pub(super) const NO_LAW: &str = "\
    *abonnement *entgeltgruppe *fahrplan *garantie *gewaehrleistung *kooperation *lizenz \
    *oeffnungszeit *partnerschaft *preis *rabatt *sprechzeit *tarif *ticket *vertraege *vertrag \
    *vertrages *zertifikat";

/// Gatherings.
pub(super) const EVENT_NOUNS: &str = "\
    *abend *aktionstag *anhoerung *auftakt *ausstellung *austausch *barcamp *beratung \
    *besichtigung *boerse *buergerentscheid *cafe *camp *dialog *digitaltag *einweihung *empfang \
    *eroeffnung *exkursion *fachtag *feier *fest *fortbildung *forum *fragestunde *fuehrung \
    *gespraech *gipfel *hackathon *infotag *jubilaeum *kolloquium *konferenz *kongress *konzert \
    *kurs *lehrgang *lesung *livestream *markt *meetup *messe *netzwerktag *plenum *podium \
    *praesentation *premiere *probealarm *ratschlag *runde *rundgang *schulung *seminar *sitzung \
    *sprechstunde *sprechtag *sprechzeit *stammtisch *stunde *symposium =tag *tage *tagung *talk \
    *termin *thementag *treffen *uebung *veranstaltung *verleihung *versammlung *vorfuehrung \
    *vortraege *vortrag *warntag *webinar *weiterbildung *werkstaetten *werkstatt *woche \
    *workshop *zirkel";

/// Words of the same ending that are no gathering.
pub(super) const NO_EVENT_NOUNS: &str = "\
    =abend *amtsfuehrung *anzahl *arbeitsmarkt *arbeitstage *ausfuehrung *auswahl *binnenmarkt \
    *datenaustausch *durchfuehrung *einfuehrung *feiertage *feuerwehr *kilowattstunde \
    *starttermin =stunde =stunden =tage *unternehmensberatung *verwaltungsfuehrung *werktage \
    =woche =wochen *wohnungsmarkt *zusammenfuehrung";

/// Verbs that only gatherings have.
pub(super) const EVENT_VERBS: &str = "\
    besuchen eingeladen einladen einlaed eroeffnet =feiert gastier gestreamt =laden =laedt =los \
    nachgeholt oeffnet =offen =statt stattfind stattzufinden =tagen =tagt teilnehm =treffen \
    =trifft uebertragen verliehen vorgestellt =wann";

/// Verbs and labels that gatherings share with projects and contracts.
pub(super) const WEAK_EVENT_VERBS: &str = "\
    beantwort beginn =bieten =bietet =datum diskutier erklaert =geben =gibt informier =laeuft \
    praesentier spricht =start =starten startet =willkommen =zeigen =zeigt =zeit";

/// Verbs that say anything; with a time of day they suffice.
pub(super) const ANY_VERBS: &str = "\
    dauert folgt =geht =ist =kann =koennen =kommen =kommt =lernen =sind =steht";

/// Labels in front of the day of a gathering.
pub(super) const EVENT_LABELS: &str = "\
    =termin =termine =wann =datum =beginn";

/// The date is off.
pub(super) const CANCELLED: &str = "\
    =abgeblasen abgesagt =absage ausfaellt =ausfallen =entfaellt =entfallen gestrichen";

/// Nothing that a reader attends or does: closures, maintenance, terms, private dates.
pub(super) const NOT_ACTIONABLE: &str = "\
    abgeschaltet *abschaltung *amtszeit angeblich *aufbewahrung *bauarbeiten befahr befristet \
    behauptet *betreuungsjahr *dienstantritt *elternzeit *erreichbar *freigabe *garantie \
    *geburtstag geschlossen gesperrt *haushaltsjahr *laufzeit nichtoeffentlich *nutzbar \
    *rahmenvertrag *ruhestand *schliessung *schuljahr *sperrung *stoerung *support *tarif \
    umgeleitet *umleitung *updates verfuegung verjaehr verstorben *vertraege *vertrag *vertrages \
    *wahlperiode *wartung *wartungsarbeiten";

/// The sentence tells of what was.
pub(super) const PAST: &str = "\
    =war =waren =wurde =wurden =fand =fanden =lief =liefen =ging =gingen =kam =kamen =traf \
    =trafen =hatte =hatten =hat =haben";

/// Returns whether a folded word matches an entry of a list.
pub(super) fn is_in(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|entry| {
        if let Some(whole) = entry.strip_prefix('=') {
            word == whole
        } else if let Some(part) = entry.strip_prefix('*') {
            word.rfind(part).is_some_and(|at| word.len() - at - part.len() <= MAX_ENDING)
        } else {
            word.starts_with(entry)
        }
    })
}

/// Returns whether one of the folded words matches an entry of a list.
pub(super) fn any_in(list: &str, words: &[&str]) -> bool {
    words.iter().any(|word| is_in(list, word))
}
