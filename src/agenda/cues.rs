//! Words that tell what a date is for.
//!
//! Entries are folded: `x` stands for words that begin with it, `=x` for that
//! word alone, `*x` for compounds that end with it, an ending of up to three
//! letters aside. Umlauts are left out, so that `antrag` stands for Anträge too. A
//! word stands here because the trade uses it, not because one text did. A list is
//! a text of words, so that it reads as one.

use std::borrow::Cow;
use std::sync::OnceLock;

/// Letters of an ending that may follow a `*` entry: `sitzung` + `en`.
const MAX_ENDING: usize = 3;

/// Nouns that are a deadline by themselves.
pub(super) static DEADLINE_NOUNS: Cues = Cues::of(
    "\
    *abgabetermin *angebotsende *angebotstermin *anmeldeende *anmeldetermin *bewerbungsende \
    *deadline *einreichungsende *einreichungstermin *einsendetermin *frist *fristablauf \
    *fristende *meldetermin *schluss *schlusstermin *stichtag",
);

/// Words of the same ending that are no deadline of a reader.
pub(super) static NO_DEADLINE_NOUNS: Cues = Cues::of(
    "\
    *abschluss *anschluss *aufbewahrungsfrist *aufschluss *ausfuhrungsfrist =ausschluss \
    *bearbeitungsfrist =befristet *beschluss *bindefrist *entschluss *gewahrleistungsfrist \
    *kundigungsfrist *lebensfrist *lieferfrist *loschfrist *ruckschluss =schluss *schonfrist \
    *speicherfrist *trugschluss *ubergangsfrist *verjahrungsfrist *verschluss *vertragsfrist \
    *wartefrist *zusammenschluss *zuschlagsfrist",
);

/// What is done until a deadline: verbs, and the nouns of what is handed in.
pub(super) static ACTIONS: Cues = Cues::of(
    "\
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
    zuruckgesandt zuruckzugeb zuruckzusend zusend zuzusend",
);

/// Words that address a reader: with „bis“ they ask for something.
pub(super) static ADDRESSING: Cues = Cues::of(
    "\
    aufgefordert aufgerufen =bitte =haben =hat =kann =konnen =muss =mussen verpflichtet =wer",
);

/// Handing in of applications; with money in view the deadline is one of funding.
pub(super) static APPLICATIONS: Cues = Cues::of(
    "\
    abgerufen *abruf abzurufen antrag beantrag *forder forder *interessenbekundung \
    *interessensbekundung *konzept *projektvorschlag *skizze *verwendungsnachweis *zuschuss \
    *zuwendung",
);

/// Funding: the text is about money that can be applied for.
pub(super) static FUNDING: Cues = Cues::of(
    "\
    *beihilfe bezuschuss *billigkeitsleistung *bundesmittel *bundesprogramm *digitalpakt \
    eigenanteil finanzhilfe *finanzierung forder *forderaufruf *fordermittel *forderung gefordert \
    =geld *gelder investitionsbank *investitionspakt kofinanzier *landesmittel *landesprogramm \
    =mittel *mittelabruf =mitteln *paktmittel =programm =programms *restmittel *sonderprogramm \
    *zuschuss zuwendung",
);

/// Words of the same beginning or ending that are none.
pub(super) static NO_FUNDING: Cues = Cues::of(
    "\
    *beforderung *begabtenforderung forderband forderer forderlich forderpreis forderschul \
    forderverein *fruhforderung *leseforderung *nachwuchsforderung *sprachforderung \
    *wirtschaftsforderung",
);

/// Contests; what they end with is a deadline.
pub(super) static CONTESTS: Cues = Cues::of("*wettbewerb *preisausschreiben *ideenaufruf");

/// Contests for money that a town applies for.
pub(super) static NO_CONTESTS: Cues = Cues::of("forderwettbewerb");

/// A rule begins or ceases to apply.
pub(super) static LAW_VERBS: Cues = Cues::of(
    "\
    anwendbar =anwendung anzuwenden aufgehoben =galt =gelten =gilt =greifen =greift *pflicht \
    rechtskraftig *ubergangsfrist *ubergangsregelung verbindlich verboten verpflichtend \
    vorgeschrieben vorschrift wirksam zulassig",
);

/// Obligations; `ab dem` or `zum` before the date makes a rule of them.
pub(super) static OBLIGATIONS: Cues = Cues::of(
    "\
    =darf =durfen =entfallen =entfallt =muss =mussen *pflicht verpflichtet",
);

/// Rules, which may also end: „die Verordnung läuft am … aus“.
pub(super) static RULES: Cues = Cues::of(
    "\
    *ausnahme *bestimmung *dienstanweisung *erlass *gesetz *moratorium *novelle *ordnung *regel \
    *regelung *richtlinie *satzung *schonfrist *ubergangsfrist *ubergangszeit *verordnung \
    *verwaltungsvorschrift *vorschrift",
);

/// What `gilt` is also said of, and a reader's own date.
pub(super) static NO_LAW: Cues = Cues::of(
    "\
    *abonnement *entgeltgruppe *fahrplan *familienpass *ferienpass *garantie *gewahrleistung \
    *gutschein *jahreskarte *kooperation *lizenz *monatskarte *offnungszeit *partnerschaft *preis \
    *rabatt *rabattaktion *sprechzeit *tarif *ticket *vertrag *zertifikat",
);

/// Gatherings.
pub(super) static EVENT_NOUNS: Cues = Cues::of(
    "\
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
    *wanderung *webinar *weiterbildung *werkstatt *woche *workshop *zirkel",
);

/// Words of the same ending that are no gathering.
pub(super) static NO_EVENT_NOUNS: Cues = Cues::of(
    "\
    =abend *abwahl *alltag *amtsfuhrung *amtsubergabe *anzahl *arbeitsmarkt *arbeitstag \
    *ausfuhrung *auswahl *beratungsstelle *binnenmarkt *bundestag *datenaustausch *dienstag \
    *donnerstag *durchfuhrung *einfuhrung *feiertag *feurwehr *freitag *geburtstag *gemeindetag \
    *kalendertag *kehrung *kilowattstunde *kreistag *landkreistag *landtag *liefertag *mehrung \
    =mittag =mittags *mittwoch *montag =nachmittag =nachmittags *reichstag *samstag \
    *schlusselubergabe *sonnabend *sonntag *stadtetag *starttermin *stichtag =stunde =stunden \
    =tage =tagt =tagte =tagten *todestag *unternehmensberatung *vertagt *verwaltungsfuhrung \
    =vormittag =vormittags *vortag *werktag *wiederwahl =woche =wochen *wochentag *wohnungsmarkt \
    *zahltag *zusammenfuhrung",
);

/// Verbs that only gatherings have.
pub(super) static EVENT_VERBS: Cues = Cues::of(
    "\
    besuchen =buhne eingeladen einlad einlass eroffnet =feiert gastier =geoffnet gestreamt =laden \
    =ladt =los nachgeholt =offen =offnen offnet =statt stattfind stattzufinden =tagen =tagt \
    teilnehm =treffen =trifft ubertragen verliehen vorgestellt =wann",
);

/// Verbs and labels that gatherings share with projects and contracts.
pub(super) static WEAK_EVENT_VERBS: Cues = Cues::of(
    "\
    beantwort beginn =bieten =bietet =datum diskutier erklart =geben =gibt informier =lauft \
    prasentier spricht =start =starten startet =willkommen =zeigen =zeigt =zeit",
);

/// Labels in front of the day of a gathering.
pub(super) static EVENT_LABELS: Cues = Cues::of(
    "\
    =beginn =datum =termin =termine =wann",
);

/// Words that stand for a noun of the sentence before.
pub(super) static PRONOUNS: Cues = Cues::of("=er =sie =es =beide =dies");

/// The date is off.
pub(super) static CANCELLED: Cues = Cues::of(
    "\
    =abgeblasen abgesagt =absage =ausfallen ausfallt =entfallen =entfallt gestrichen",
);

/// Nothing that a reader attends or does: closures, maintenance, terms, private dates.
pub(super) static NOT_ACTIONABLE: Cues = Cues::of(
    "\
    abgeschaltet *abschaltung *amtszeit angeblich *aufbewahrung *bauarbeiten befahr befristet \
    behauptet *betreuungsjahr *dienstantritt *elternzeit *erreichbar *freigabe *garantie \
    *geburtstag geschlossen gesperrt gewartet *haushaltsjahr *laufzeit nichtoffentlich *nutzbar \
    *rahmenvertrag *ruhestand =scheidet *schliessung *schuljahr *sperrung *storung *support *tarif \
    umgeleitet *umleitung *updates verfugung verjahr verstorben *vertrag *wahlperiode *wartung \
    *wartungsarbeiten",
);

/// What is handed in, or that it arrives.
pub(super) static HANDED_IN: Cues = Cues::of(
    "\
    abgegeben eingegangen =eingehen eingereicht einreich gemeldet gestellt =melden =vorliegen \
    zuruckgesandt",
);

/// Something happens again and again.
pub(super) static RECURRENCES: Cues = Cues::of(
    "\
    =dienstags =donnerstags =freitags =jeden =jeder =jedes =mittwochs =montags =samstags \
    =sonnabends =sonntags =taglich =wochentlich",
);

/// The sentence tells of what was.
pub(super) static PAST: Cues = Cues::of(
    "\
    =fand =fanden =ging =gingen =haben =hat =hatte =hatten =kam =kamen =lief =liefen =traf \
    =trafen =war =waren =wurde =wurden",
);

/// A list of words, sorted by what its entries stand for when it is first asked.
pub(super) struct Cues {
    list: &'static str,
    entries: OnceLock<Entries>,
}

/// Each sorted, endings from their last letter on.
#[derive(Default)]
struct Entries {
    /// Which letters the first two kinds begin with, and which the third ends with, as bits: most
    /// words are none of a list by these.
    first: u32,
    last: u32,
    whole: Vec<&'static str>,
    beginnings: Vec<&'static str>,
    endings: Vec<&'static str>,
}

impl Cues {
    pub(super) const fn of(list: &'static str) -> Self {
        Self { list, entries: OnceLock::new() }
    }

    /// Returns whether a folded word matches an entry.
    pub(super) fn has(&self, word: &str) -> bool {
        let entries = self.entries.get_or_init(|| Entries::of(self.list));
        entries.have(plain(word).as_bytes())
    }

    /// Returns whether one of the folded words matches an entry.
    pub(super) fn has_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.has(word))
    }
}

impl Entries {
    fn of(list: &'static str) -> Self {
        let mut entries = Self::default();
        for entry in list.split_ascii_whitespace() {
            match (entry.strip_prefix('='), entry.strip_prefix('*')) {
                (Some(word), _) => entries.whole.push(word),
                (None, Some(part)) => entries.endings.push(part),
                (None, None) => entries.beginnings.push(entry),
            }
        }
        let first = entries.whole.iter().chain(&entries.beginnings);
        entries.first = first.fold(0, |bits, part| bits | bit(part.bytes().next()));
        let last = entries.endings.iter();
        entries.last = last.fold(0, |bits, part| bits | bit(part.bytes().last()));
        entries.whole.sort_unstable();
        // Without those that begin with another: then the last that does not sort behind a word
        // is the only one that the word can begin with.
        entries.beginnings.sort_unstable();
        entries.beginnings.dedup_by(|part, before| part.starts_with(*before));
        entries.endings.sort_unstable_by(|one, other| one.bytes().rev().cmp(other.bytes().rev()));
        entries.endings.dedup_by(|part, before| part.ends_with(*before));
        entries
    }

    fn have(&self, word: &[u8]) -> bool {
        let begins = || {
            let behind = self.beginnings.partition_point(|part| part.as_bytes() <= word);
            behind > 0 && word.starts_with(self.beginnings[behind - 1].as_bytes())
        };
        let ends = |word: &[u8]| {
            let letters = || word.iter().rev().copied();
            let behind = self.endings.partition_point(|part| part.bytes().rev().le(letters()));
            behind > 0 && word.ends_with(self.endings[behind - 1].as_bytes())
        };
        let is_whole = || self.whole.binary_search_by(|whole| whole.as_bytes().cmp(word)).is_ok();
        (self.first & bit(word.first().copied()) != 0 && (is_whole() || begins()))
            || (0..=MAX_ENDING.min(word.len()))
                .map(|letters| &word[..word.len() - letters])
                .any(|word| self.last & bit(word.last().copied()) != 0 && ends(word))
    }
}

/// Returns the bit of a letter.
fn bit(letter: Option<u8>) -> u32 {
    letter.map_or(0, |letter| 1 << (letter & 31))
}

/// Returns a folded word without what folding made of umlauts, and without the accent of
/// `Café`: `antraege` is `antrage`.
fn plain(word: &str) -> Cow<'_, str> {
    let made = |pair: &[u8]| matches!(pair, [b'a' | b'o' | b'u', b'e']);
    if word.is_ascii() && !word.as_bytes().windows(2).any(made) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(word.replace("ae", "a").replace("oe", "o").replace("ue", "u").replace('é', "e"))
}

/// Returns whether one of the folded words matches an entry of a list that is written where it is asked.
macro_rules! any_in {
    ($list:literal, $words:expr $(,)?) => {{
        static LIST: $crate::agenda::cues::Cues = $crate::agenda::cues::Cues::of($list);
        LIST.has_any($words)
    }};
}
pub(super) use any_in;

#[cfg(test)]
mod tests {
    use super::*;

    const LISTS: [&Cues; 19] = [
        &DEADLINE_NOUNS,
        &NO_DEADLINE_NOUNS,
        &ACTIONS,
        &ADDRESSING,
        &APPLICATIONS,
        &FUNDING,
        &NO_FUNDING,
        &LAW_VERBS,
        &OBLIGATIONS,
        &RULES,
        &NO_LAW,
        &EVENT_NOUNS,
        &NO_EVENT_NOUNS,
        &EVENT_VERBS,
        &WEAK_EVENT_VERBS,
        &CANCELLED,
        &NOT_ACTIONABLE,
        &HANDED_IN,
        &PAST,
    ];

    /// Returns whether a folded word matches an entry, letter by letter.
    fn fits(entry: &str, word: &str) -> bool {
        let word = &*plain(word);
        match (entry.strip_prefix('='), entry.strip_prefix('*')) {
            (Some(whole), _) => word == whole,
            (None, Some(part)) => (0..=MAX_ENDING)
                .filter_map(|letters| word.get(..word.len().checked_sub(letters)?))
                .any(|word| word.ends_with(part)),
            (None, None) => word.starts_with(entry),
        }
    }

    #[test]
    fn plurals_with_an_umlaut_are_the_same_word() {
        assert!(Cues::of("*einspruch").has("einsprueche"));
        assert!(Cues::of("antrag").has("antraege"));
        assert!(Cues::of("*cafe").has("café"));
        assert!(!Cues::of("*antrag").has("antragsfrist"));
    }

    /// The sorted lists find what their entries fit, one by one.
    #[test]
    fn a_list_has_the_words_that_one_of_its_entries_fits() {
        for list in LISTS {
            let parts: Vec<&str> =
                list.list.split_ascii_whitespace().map(|e| e.trim_matches(['=', '*'])).collect();
            let made = parts.iter().flat_map(|part| {
                ["", "s", "ung", "ende", "ungen"].into_iter().flat_map(move |ending| {
                    [format!("{part}{ending}"), format!("vor{part}{ending}"), part[1..].to_owned()]
                })
            });
            for word in made {
                assert_eq!(
                    list.has(&word),
                    list.list.split_ascii_whitespace().any(|entry| fits(entry, &word)),
                    "{word}"
                );
            }
        }
    }

    #[test]
    fn no_list_holds_a_word_that_is_never_met() {
        for word in LISTS.iter().flat_map(|list| list.list.split_ascii_whitespace()) {
            assert_eq!(plain(word), word, "folding takes its umlauts away");
        }
    }
}
