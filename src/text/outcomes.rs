//! Words that say how a matter stands: cancelled, awarded, in force.
//!
//! Two texts that differ in such a word tell different news, however alike they are.

use std::collections::HashMap;
use std::sync::LazyLock;

/// How a matter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Does not take place.
    Cancelled,
    /// Takes place later.
    Postponed,
    /// Takes nobody more.
    FullyBooked,
    /// Ended or stopped.
    Closed,
    /// A contract was given to somebody.
    Awarded,
    /// Turned down.
    Rejected,
    /// No longer valid.
    Repealed,
    /// A fault is mended.
    Fixed,
    /// Finished.
    Completed,
    /// Lasts longer.
    Extended,
    /// A weakness is used by attackers.
    Exploited,
    /// Valid law.
    InForce,
    /// Decided.
    Adopted,
    /// Opened to the public.
    Opened,
    /// Offers are asked for.
    Tendered,
    /// Begun.
    Started,
    /// Only planned.
    Planned,
}

use Outcome as O;

impl Outcome {
    const ALL: [Self; 17] = [
        O::Cancelled,
        O::Postponed,
        O::FullyBooked,
        O::Closed,
        O::Awarded,
        O::Rejected,
        O::Repealed,
        O::Fixed,
        O::Completed,
        O::Extended,
        O::Exploited,
        O::InForce,
        O::Adopted,
        O::Opened,
        O::Tendered,
        O::Started,
        O::Planned,
    ];

    /// Returns the German word for readers.
    pub const fn in_words(self) -> &'static str {
        match self {
            O::Cancelled => "abgesagt",
            O::Postponed => "verschoben",
            O::FullyBooked => "ausgebucht",
            O::Closed => "beendet",
            O::Awarded => "vergeben",
            O::Rejected => "abgelehnt",
            O::Repealed => "aufgehoben",
            O::Fixed => "behoben",
            O::Completed => "abgeschlossen",
            O::Extended => "verlängert",
            O::Exploited => "wird ausgenutzt",
            O::InForce => "in Kraft",
            O::Adopted => "beschlossen",
            O::Opened => "eröffnet",
            O::Tendered => "ausgeschrieben",
            O::Started => "begonnen",
            O::Planned => "geplant",
        }
    }

    /// Returns whether a report that lacks it altogether cannot be of the same news.
    pub const fn is_turn(self) -> bool {
        matches!(
            self,
            O::Cancelled
                | O::Postponed
                | O::FullyBooked
                | O::Closed
                | O::Awarded
                | O::Rejected
                | O::Repealed
                | O::Fixed
                | O::Completed
        )
    }

    /// Returns whether readers want to know when it is new.
    pub const fn is_news(self) -> bool {
        !matches!(self, O::Opened | O::Tendered | O::Started | O::Planned)
    }
}

/// Outcomes of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcomes(pub u32);

impl Outcomes {
    /// Returns those of `self` that `other` lacks.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Returns those of both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns each of them, the most telling first.
    pub fn iter(self) -> impl Iterator<Item = Outcome> {
        O::ALL.into_iter().filter(move |outcome| self.0 & outcome.bit() != 0)
    }

    fn add(&mut self, outcome: Outcome) {
        self.0 |= outcome.bit();
    }
}

impl Outcome {
    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// Folded words.
const WORDS: &[(&str, Outcome)] = &[
    ("abgesagt", O::Cancelled),
    ("abgesagte", O::Cancelled),
    ("absage", O::Cancelled),
    ("absagen", O::Cancelled),
    ("abzusagen", O::Cancelled),
    ("entfaellt", O::Cancelled),
    ("entfallen", O::Cancelled),
    ("ausfallen", O::Cancelled),
    ("abgebrochen", O::Cancelled),
    ("abgeblasen", O::Cancelled),
    ("storniert", O::Cancelled),
    ("ausgefallen", O::Cancelled),
    ("ausfaellt", O::Cancelled),
    ("gestrichen", O::Cancelled),
    ("verschoben", O::Postponed),
    ("verschiebt", O::Postponed),
    ("verschiebung", O::Postponed),
    ("vertagt", O::Postponed),
    ("verlegt", O::Postponed),
    ("aufgeschoben", O::Postponed),
    ("ausgesetzt", O::Postponed),
    ("aussetzung", O::Postponed),
    ("zurueckgestellt", O::Postponed),
    ("unterbrochen", O::Postponed),
    ("ausgebucht", O::FullyBooked),
    ("ausverkauft", O::FullyBooked),
    ("vergriffen", O::FullyBooked),
    ("ausgeschoepft", O::Closed),
    ("erschoepft", O::Closed),
    ("gestoppt", O::Closed),
    ("stoppt", O::Closed),
    ("antragsstopp", O::Closed),
    ("beendet", O::Closed),
    ("geschlossen", O::Closed),
    ("eingestellt", O::Closed),
    ("vergeben", O::Awarded),
    ("vergibt", O::Awarded),
    ("vergab", O::Awarded),
    ("zuschlag", O::Awarded),
    ("auftragsvergabe", O::Awarded),
    ("abgelehnt", O::Rejected),
    ("ablehnung", O::Rejected),
    ("durchgefallen", O::Rejected),
    ("verworfen", O::Rejected),
    ("gescheitert", O::Rejected),
    ("scheitert", O::Rejected),
    ("aufgehoben", O::Repealed),
    ("aufhebung", O::Repealed),
    ("zurueckgezogen", O::Repealed),
    ("zurueckgenommen", O::Repealed),
    ("widerrufen", O::Repealed),
    ("gekippt", O::Repealed),
    ("nichtig", O::Repealed),
    ("behoben", O::Fixed),
    ("wiederhergestellt", O::Fixed),
    ("entwarnung", O::Fixed),
    ("patch", O::Fixed),
    ("patches", O::Fixed),
    ("hotfix", O::Fixed),
    ("sicherheitsupdate", O::Fixed),
    ("sicherheitsupdates", O::Fixed),
    ("sicherheitsaktualisierung", O::Fixed),
    ("abgeschlossen", O::Completed),
    ("fertiggestellt", O::Completed),
    ("vollendet", O::Completed),
    ("verlaengert", O::Extended),
    ("verlaengerung", O::Extended),
    ("beschlossen", O::Adopted),
    ("beschliesst", O::Adopted),
    ("beschloss", O::Adopted),
    ("verabschiedet", O::Adopted),
    ("gebilligt", O::Adopted),
    ("billigt", O::Adopted),
    ("zugestimmt", O::Adopted),
    ("eroeffnet", O::Opened),
    ("eroeffnung", O::Opened),
    ("ausgeschrieben", O::Tendered),
    ("ausschreibung", O::Tendered),
    ("gestartet", O::Started),
    ("startet", O::Started),
    ("startete", O::Started),
    ("beginnt", O::Started),
    ("begonnen", O::Started),
    ("begann", O::Started),
    ("entwurf", O::Planned),
    ("geplant", O::Planned),
    ("plant", O::Planned),
];

static BY_WORD: LazyLock<HashMap<&str, Outcome>> =
    LazyLock::new(|| WORDS.iter().copied().collect());

/// Verbs whose second part stands later in the sentence.
const SEPARABLE: &[(&[&str], &str, Outcome)] = &[
    (&["sagt", "sagen", "sagte", "sagten"], "ab", O::Cancelled),
    (&["faellt", "fallen", "fiel", "fielen"], "aus", O::Cancelled),
    (&["schliesst", "schliessen", "schloss"], "ab", O::Completed),
    (&["stimmt", "stimmte", "stimmten"], "zu", O::Adopted),
    (&["lehnt", "lehnte", "lehnen", "lehnten"], "ab", O::Rejected),
    (&["hebt", "heben", "hob"], "auf", O::Repealed),
    (&["zieht", "ziehen", "zog", "nimmt", "nahm"], "zurueck", O::Repealed),
    (&["schreibt", "schreiben", "schrieb"], "aus", O::Tendered),
    (&["stellt", "stellen", "stellte"], "ein", O::Closed),
];

/// What turns out well or badly: „Das Ergebnis fällt knapp aus“ calls nothing off.
const RESULTS: &[&str] = &[
    "antwort",
    "antworten",
    "bewertung",
    "bilanz",
    "entscheidung",
    "ergebnis",
    "ergebnisse",
    "fazit",
    "reaktion",
    "reaktionen",
    "urteil",
    "urteile",
    "votum",
    "zeugnis",
];

/// Words that follow each other.
const PHRASES: &[(&[&str], Outcome)] = &[
    (&["nicht", "statt"], O::Cancelled),
    (&["unbestimmte", "zeit"], O::Postponed),
    (&["plaetze", "vergeben"], O::FullyBooked),
    (&["plaetze", "sind", "vergeben"], O::FullyBooked),
    (&["plaetze", "sind", "belegt"], O::FullyBooked),
    (&["keine", "plaetze"], O::FullyBooked),
    (&["keine", "freien", "plaetze"], O::FullyBooked),
    (&["ausser", "kraft"], O::Repealed),
    (&["in", "kraft"], O::InForce),
    (&["wieder", "verfuegbar"], O::Fixed),
    (&["wieder", "erreichbar"], O::Fixed),
    (&["update", "verfuegbar"], O::Fixed),
    (&["aktiv", "ausgenutzt"], O::Exploited),
    (&["bereits", "ausgenutzt"], O::Exploited),
    (&["wird", "ausgenutzt"], O::Exploited),
];

/// Ends of the names of bodies that decide; a name is one bit, by its place here.
const BODIES: &[&str] = &[
    "ausschuss",
    "kabinett",
    "landesregierung",
    "landtag",
    "bundestag",
    "bundesrat",
    "bundesregierung",
    "kreistag",
    "stadtrat",
    "gemeinderat",
    "stadtverordnetenversammlung",
    "magistrat",
    "senat",
    "buergerschaft",
    "verbandsversammlung",
    "verwaltungsrat",
    "aufsichtsrat",
    "ortschaftsrat",
    "planungsrat",
    "ministerrat",
];

/// Returns which deciding bodies the folded words of a sentence name, as bits.
pub fn deciding_bodies(words: &[&str]) -> u32 {
    let mut found = 0;
    for word in words {
        let bare = ["es", "s"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
        for (bit, body) in BODIES.iter().enumerate() {
            if word.ends_with(body) || bare.ends_with(body) {
                found |= 1 << bit;
                break;
            }
        }
    }
    found
}

/// Returns the outcomes that the folded words of one sentence name. What is
/// denied ("nicht abgesagt") is none.
pub fn outcomes(words: &[&str]) -> Outcomes {
    let mut found = Outcomes::default();
    for (at, word) in words.iter().enumerate() {
        let rest = &words[at..];
        if let Some((phrase, outcome)) = PHRASES.iter().find(|(phrase, _)| rest.starts_with(phrase))
        {
            found.add(*outcome);
            if phrase.last() == Some(&"vergeben") {
                return found;
            }
        }
        let before = at.checked_sub(1).map_or("", |at| words[at]);
        let is_denied = matches!(before, "nicht" | "nie" | "keine" | "kein");
        // "Auf den Kreis entfallen drei Stellen."
        let is_share = word.starts_with("entf") && words.contains(&"auf");
        if is_denied || is_share {
            continue;
        }
        if let Some(outcome) = BY_WORD.get(word) {
            found.add(*outcome);
        }
        for (verbs, particle, outcome) in SEPARABLE {
            let turns_out = || words.iter().any(|word| RESULTS.contains(word));
            // The particle ends the sentence or the clause.
            let is_said = rest.last() == Some(particle) && verbs.contains(word);
            if is_said && !(*particle == "aus" && turns_out()) {
                found.add(*outcome);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sentence: &str) -> Vec<Outcome> {
        let folded = super::super::fold(sentence);
        let words: Vec<&str> = super::super::words(&folded).map(|(_, word)| word).collect();
        outcomes(&words).iter().collect()
    }

    #[test]
    fn outcomes_are_read_from_verbs_in_one_or_two_parts() {
        for (sentence, outcome) in [
            ("Die Stadt sagt den Digitaltag ab.", O::Cancelled),
            ("Die Veranstaltung entfällt.", O::Cancelled),
            ("Die Sitzung findet nicht statt.", O::Cancelled),
            ("Der Kurs fällt krankheitsbedingt aus.", O::Cancelled),
            ("Das Gericht hat die Satzung vorläufig ausgesetzt.", O::Postponed),
            ("Alle Plätze sind vergeben.", O::FullyBooked),
            ("Der Auftrag ist vergeben.", O::Awarded),
            ("Der Landtag stimmt dem Gesetz zu.", O::Adopted),
            ("Die Verordnung tritt außer Kraft.", O::Repealed),
        ] {
            assert_eq!(of(sentence), [outcome], "{sentence}");
        }
        for sentence in [
            "Der Termin wird nicht abgesagt.",
            "Auf Burg entfallen drei Stellen.",
            "Er sagt: ab Mai geht es los.",
            "Das Ergebnis fällt für die Chefs schlecht aus.",
        ] {
            assert_eq!(of(sentence), [], "{sentence}");
        }
    }
}
