//! Words that tell what a date is for.
//!
//! Entries are folded: `x` stands for words that begin with it, `=x` for that
//! word alone, `*x` for compounds that end with it, an ending of up to three
//! letters aside. Umlauts are left out, so that `antrag` stands for Anträge too. A
//! word stands here because the trade uses it, not because one text did. A list is
//! a text of words, so that it reads as one.

use std::borrow::Cow;

/// Letters of an ending that may follow a `*` entry: `sitzung` + `en`.
const MAX_ENDING: usize = 3;

/// Nouns that are a deadline by themselves.
pub(super) const DEADLINE_NOUNS: &str = "\
    *abgabetermin *angebotsende *angebotstermin *anmeldeende *anmeldetermin *bewerbungsende \
    *deadline *einreichungsende *einreichungstermin *einsendetermin *frist *fristablauf \
    *fristende *meldetermin *schluss *schlusstermin *stichtag";

/// Words of the same ending that are no deadline of a reader.
pub(super) const NO_DEADLINE_NOUNS: &str = "\
    *abschluss *anschluss *aufbewahrungsfrist *aufschluss *ausfuhrungsfrist =ausschluss \
    *bearbeitungsfrist =befristet *beschluss *bindefrist *entschluss *gewahrleistungsfrist \
    *kundigungsfrist *lebensfrist *lieferfrist *loschfrist *ruckschluss =schluss *schonfrist \
    *speicherfrist *trugschluss *ubergangsfrist *verjahrungsfrist *verschluss *vertragsfrist \
    *wartefrist *zusammenschluss *zuschlagsfrist";

/// What is done until a deadline: verbs, and the nouns of what is handed in.
pub(super) const ACTIONS: &str = "\
    abgabe abgeb abgegeben abgerufen abgestimmt abruf abstimm abzugeben abzurufen anfordern \
    anfrag angebot angemeldet anmeld anmerkung *antrag antragstell *antwort antworten anzeig \
    anzumeld aufruf ausfull ausgefull ausgelegt auslegung ausliegen ausschreib ausser auszufull \
    beantrag *befragung *beitrag bekundung bescheid bestell *bestellung beteilig *bewerb bewirb \
    buchen buchung einbezahl einbring eingab eingegang eingehen eingelegt eingereicht eingeschick \
    eingesehen eingetragen einreich einsehbar einsend einsicht *einspruch eintragen *einwand \
    *einwend einzubring einzuleg einzureich einzusend einzutragen entgegen erbeten *fragebogen \
    freigeschaltet fruhbuch gebeten =gebote geboten gemeldet gestellt *hinweise hochlad hochzulad \
    *ideen *interessenbekundung *interessensbekundung interessent interessiert *kommentar \
    konsultation mailen *meinung =melden =meldet *meldung mitgeteilt mitmach mitteil mitzuteil \
    =moglich nachgereicht nachreich *nachweis nachzureich nominier offen *phase =platze \
    registrier reservier *ruckmeld schick =senden sendet sichern *skizze *stellungnahme =stimmen \
    teilnahme teilnehm teilzunehm tickets ubermitt ubersend *umfrage umtausch umzustell \
    umzutausch *unterlagen unterzeichn vorgelegt vorleg vorliegen vormerk *vorschlag vorzuleg \
    vorzumerk vorzuschlag *voting *wettbewerb *widerspr wunsche =zeit zugehen zugesandt zuruckgeb \
    zuruckgesandt zuruckzugeb zuruckzusend zusend zuzusend";

/// Words that address a reader: with „bis“ they ask for something.
pub(super) const ADDRESSING: &str = "\
    aufgefordert aufgerufen =bitte =haben =hat =kann =konnen =muss =mussen verpflichtet =wer";

/// Handing in of applications; with money in view the deadline is one of funding.
pub(super) const APPLICATIONS: &str = "\
    abgerufen *abruf abzurufen antrag beantrag *forder forder *interessenbekundung \
    *interessensbekundung *konzept *projektvorschlag *skizze *verwendungsnachweis *zuschuss \
    *zuwendung";

/// Funding: the text is about money that can be applied for.
pub(super) const FUNDING: &str = "\
    *beihilfe bezuschuss *billigkeitsleistung *bundesmittel *bundesprogramm *digitalpakt \
    eigenanteil finanzhilfe *finanzierung forder *forderaufruf *fordermittel *forderung gefordert \
    =geld *gelder investitionsbank *investitionspakt kofinanzier *landesmittel *landesprogramm \
    =mittel *mittelabruf =mitteln *paktmittel =programm =programms *restmittel *sonderprogramm \
    *zuschuss zuwendung";

/// Words of the same beginning or ending that are none.
pub(super) const NO_FUNDING: &str = "\
    *beforderung *begabtenforderung forderband forderer forderlich forderpreis forderschul \
    forderverein *fruhforderung *leseforderung *nachwuchsforderung *sprachforderung \
    *wirtschaftsforderung";

/// Contests; what they end with is a deadline.
pub(super) const CONTESTS: &str = "*wettbewerb *preisausschreiben *ideenaufruf";

/// Contests for money that a town applies for.
pub(super) const NO_CONTESTS: &str = "forderwettbewerb";

/// A rule begins or ceases to apply.
pub(super) const LAW_VERBS: &str = "\
    anwendbar =anwendung anzuwenden aufgehoben =galt =gelten =gilt =greifen =greift *pflicht \
    rechtskraftig *ubergangsfrist *ubergangsregelung verbindlich verboten verpflichtend \
    vorgeschrieben vorschrift wirksam zulassig";

/// Obligations; `ab dem` or `zum` before the date makes a rule of them.
pub(super) const OBLIGATIONS: &str = "\
    =darf =durfen =entfallen =entfallt =muss =mussen *pflicht verpflichtet";

/// Rules, which may also end: „die Verordnung läuft am … aus“.
pub(super) const RULES: &str = "\
    *ausnahme *bestimmung *dienstanweisung *erlass *gesetz *moratorium *novelle *ordnung *regel \
    *regelung *richtlinie *satzung *schonfrist *ubergangsfrist *ubergangszeit *verordnung \
    *verwaltungsvorschrift *vorschrift";

/// What `gilt` is also said of, and a reader's own date.
pub(super) const NO_LAW: &str = "\
    *abonnement *entgeltgruppe *fahrplan *familienpass *ferienpass *garantie *gewahrleistung \
    *gutschein *jahreskarte *kooperation *lizenz *monatskarte *offnungszeit *partnerschaft *preis \
    *rabatt *rabattaktion *sprechzeit *tarif *ticket *vertrag *zertifikat";

/// Gatherings.
pub(super) const EVENT_NOUNS: &str = "\
    *abend *abstimmung *aktionswoche *andacht *anhorung *appell *auffuhrung *auftakt *auktion \
    *ausstellung *austausch *barcamp *basar *beratung *besichtigung *borse *briefing \
    *burgerentscheid *cafe *camp *day *demonstration *dialog *ehrung *einweihung *empfang \
    *enthullung *eroffnung *exkursion *feier *fest *festival *festspiel *finissage *flohmarkt \
    *fortbildung *forum *fragestunde *fruhstuck *fuhrung *gala *gedenken *gesprach *gipfel \
    *gottesdienst *grundsteinlegung *hackathon *hearing *jubilaum *karneval *kolloquium \
    *konferenz *kongress *konzert *kundgebung *kurs *lehrgang *leistungsschau *lesung *livestream \
    *marathon *markt *meetup *messe *nachmittag *parade *picknick *pitch *plenum *podium \
    *prasentation *premiere *pressegesprach *probealarm *probelauf *quiz *ratschlag *runde \
    *rundfahrt *rundgang *schulung *seminar *sitzung *slam *spatenstich *spaziergang \
    *sprechstunde *sprechzeit *stammtisch *stunde *symposium =tag *tag *tagung *talk *taufe \
    *termin *training *treffen *turnier *ubergabe *ubung *veranstaltung *verleihung *vernissage \
    *versammlung *versteigerung *vorfuhrung *vorlesung *vormittag *vorstellung *vortrag *wahl \
    *wanderung *webinar *weiterbildung *werkstatt *woche *workshop *zirkel";

/// Words of the same ending that are no gathering.
pub(super) const NO_EVENT_NOUNS: &str = "\
    =abend *abwahl *alltag *amtsfuhrung *amtsubergabe *anzahl *arbeitsmarkt *arbeitstag \
    *ausfuhrung *auswahl *beratungsstelle *binnenmarkt *bundestag *datenaustausch *dienstag \
    *donnerstag *durchfuhrung *einfuhrung *feiertag *feurwehr *freitag *geburtstag *gemeindetag \
    *kalendertag *kehrung *kilowattstunde *kreistag *landkreistag *landtag *liefertag *mehrung \
    =mittag =mittags *mittwoch *montag =nachmittag =nachmittags *reichstag *samstag \
    *schlusselubergabe *sonnabend *sonntag *stadtetag *starttermin *stichtag =stunde =stunden \
    =tage =tagt =tagte =tagten *todestag *unternehmensberatung *vertagt *verwaltungsfuhrung \
    =vormittag =vormittags *vortag *werktag *wiederwahl =woche =wochen *wochentag *wohnungsmarkt \
    *zahltag *zusammenfuhrung";

/// Verbs that only gatherings have.
pub(super) const EVENT_VERBS: &str = "\
    besuchen =buhne eingeladen einlad einlass eroffnet =feiert gastier =geoffnet gestreamt =laden \
    =ladt =los nachgeholt =offen =offnen offnet =statt stattfind stattzufinden =tagen =tagt \
    teilnehm =treffen =trifft ubertragen verliehen vorgestellt =wann";

/// Verbs and labels that gatherings share with projects and contracts.
pub(super) const WEAK_EVENT_VERBS: &str = "\
    beantwort beginn =bieten =bietet =datum diskutier erklart =geben =gibt informier =lauft \
    prasentier spricht =start =starten startet =willkommen =zeigen =zeigt =zeit";

/// Labels in front of the day of a gathering.
pub(super) const EVENT_LABELS: &str = "\
    =beginn =datum =termin =termine =wann";

/// Words that stand for a noun of the sentence before.
pub(super) const PRONOUNS: &str = "=er =sie =es =beide =dies";

/// The date is off.
pub(super) const CANCELLED: &str = "\
    =abgeblasen abgesagt =absage =ausfallen ausfallt =entfallen =entfallt gestrichen";

/// Nothing that a reader attends or does: closures, maintenance, terms, private dates.
pub(super) const NOT_ACTIONABLE: &str = "\
    abgeschaltet *abschaltung *amtszeit angeblich *aufbewahrung *bauarbeiten befahr befristet \
    behauptet *betreuungsjahr *dienstantritt *elternzeit *erreichbar *freigabe *garantie \
    *geburtstag geschlossen gesperrt gewartet *haushaltsjahr *laufzeit nichtoffentlich *nutzbar \
    *rahmenvertrag *ruhestand =scheidet *schliessung *schuljahr *sperrung *storung *support *tarif \
    umgeleitet *umleitung *updates verfugung verjahr verstorben *vertrag *wahlperiode *wartung \
    *wartungsarbeiten";

/// What is handed in, or that it arrives.
pub(super) const HANDED_IN: &str = "\
    abgegeben eingegangen =eingehen eingereicht einreich gemeldet gestellt =melden =vorliegen \
    zuruckgesandt";

/// Something happens again and again.
pub(super) const RECURRENCES: &str = "\
    =dienstags =donnerstags =freitags =jeden =jeder =jedes =mittwochs =montags =samstags \
    =sonnabends =sonntags =taglich =wochentlich";

/// The sentence tells of what was.
pub(super) const PAST: &str = "\
    =fand =fanden =ging =gingen =haben =hat =hatte =hatten =kam =kamen =lief =liefen =traf \
    =trafen =war =waren =wurde =wurden";

/// Returns whether a folded word matches an entry of a list.
pub(super) fn is_in(list: &str, word: &str) -> bool {
    let word = &*plain(word);
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

/// Returns a folded word without what folding made of umlauts, and without the accent of
/// `Café`: `antraege` is `antrage`.
fn plain(word: &str) -> Cow<'_, str> {
    if ["ae", "oe", "ue", "é"].iter().any(|umlaut| word.contains(umlaut)) {
        Cow::Owned(word.replace("ae", "a").replace("oe", "o").replace("ue", "u").replace('é', "e"))
    } else {
        Cow::Borrowed(word)
    }
}

/// Returns whether one of the folded words matches an entry of a list.
pub(super) fn any_in(list: &str, words: &[&str]) -> bool {
    words.iter().any(|word| is_in(list, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_with_an_umlaut_are_the_same_word() {
        assert!(is_in("*einspruch", "einsprueche"));
        assert!(is_in("antrag", "antraege"));
        assert!(is_in("*cafe", "café"));
        assert!(!is_in("*antrag", "antragsfrist"));
    }

    #[test]
    fn no_list_holds_a_word_that_is_never_met() {
        let lists = [
            DEADLINE_NOUNS,
            NO_DEADLINE_NOUNS,
            ACTIONS,
            ADDRESSING,
            APPLICATIONS,
            FUNDING,
            NO_FUNDING,
            LAW_VERBS,
            OBLIGATIONS,
            RULES,
            NO_LAW,
            EVENT_NOUNS,
            NO_EVENT_NOUNS,
            EVENT_VERBS,
            WEAK_EVENT_VERBS,
            CANCELLED,
            NOT_ACTIONABLE,
            HANDED_IN,
            PAST,
        ];
        for word in lists.iter().flat_map(|list| list.split_ascii_whitespace()) {
            assert_eq!(plain(word), word, "folding takes its umlauts away");
        }
    }
}
