//! Which entries no cap may cut: what the editor pinned, warnings of a security authority
//! and deadlines.
//!
//! Deadlines are the dates that were found when the item was read, and words for
//! deadlines without a day. Taking one entry too many for urgent costs a line of a
//! digest; missing one may cost a town its grant.

use crate::model::Entry;
use crate::text::{fold, words};

/// Who warns on behalf of the state.
const WARNERS: [&str; 3] = ["bsi", "cert", "certbund"];

/// What a warning is about, or how it is called; they stand inside of words, too.
const DANGERS: [&str; 5] = ["schwachstelle", "sicherheitsluecke", "angriff", "warn", "cve"];

/// Days after which it is too late.
const DEADLINES: [&str; 12] = [
    "antragsfrist",
    "abgabefrist",
    "einreichungsfrist",
    "bewerbungsfrist",
    "anmeldefrist",
    "meldefrist",
    "bewerbungsschluss",
    "anmeldeschluss",
    "einsendeschluss",
    "meldeschluss",
    "abgabeschluss",
    "stichtag",
];

/// Returns at most `room` of `entries` in their order, the urgent ones before others.
pub(super) fn keep<'a>(entries: &[&'a Entry], room: usize) -> Vec<&'a Entry> {
    if entries.len() <= room {
        return entries.to_vec();
    }
    let mut urgent = room;
    let mut others = room - count(entries).min(room);
    let one_of = |left: &mut usize| match left.checked_sub(1) {
        Some(less) => {
            *left = less;
            true
        }
        None => false,
    };
    let stays = |entry: &&&Entry| one_of(if is_urgent(entry) { &mut urgent } else { &mut others });
    entries.iter().filter(stays).copied().collect()
}

/// Returns how many of them are urgent.
pub(super) fn count(entries: &[&Entry]) -> usize {
    entries.iter().filter(|entry| is_urgent(entry)).count()
}

/// Returns whether the entry is pinned, a warning, or tells of a deadline.
pub(super) fn is_urgent(entry: &Entry) -> bool {
    if entry.pinned || entry.dates.iter().any(|kept| kept.date.kind.is_deadline()) {
        return true;
    }
    let title = fold(&entry.title);
    if is_warning(&title, &fold(&entry.source)) || ends_a_term(&title) {
        return true;
    }
    let changed = entry.update.as_ref().map(|update| fold(&update.what)).unwrap_or_default();
    ends_a_term(&changed) || names_a_deadline(&fold(&entry.summary))
}

fn is_warning(title: &str, source: &str) -> bool {
    let is_danger = |word: &str| DANGERS.iter().any(|danger| word.contains(danger));
    words(title).any(|(_, word)| is_danger(word))
        && words(title).chain(words(source)).any(|(_, word)| WARNERS.contains(&word))
}

/// Returns whether a title, in few words as titles are, says that any term ends.
fn ends_a_term(title: &str) -> bool {
    let is_term = |(_, word): (usize, &str)| {
        ["frist", "fristen"].iter().any(|end| word.ends_with(end)) || word.starts_with("fristv")
    };
    names_a_deadline(title) || words(title).any(is_term)
}

fn names_a_deadline(text: &str) -> bool {
    words(text).any(|(_, word)| DEADLINES.iter().any(|name| word.starts_with(name)))
}

#[cfg(test)]
mod tests {
    use super::super::select::tests::{entry, kept};
    use super::*;
    use crate::model::{DateKind, Timestamp, Update};

    fn titled(title: &str) -> Entry {
        Entry { title: title.into(), ..entry(1, 3, 1, &["ozg"]) }
    }

    #[test]
    fn warnings_and_deadlines_are_urgent_and_nothing_else_is() {
        for title in [
            "BSI warnt vor Schwachstelle in Exchange",
            "CERT-Bund: Kritische Sicherheitslücken in VPN-Gateways",
            "BSI-Sicherheitswarnung CVE-2026-1234",
            "Antragsfrist endet am 31. Januar",
            "Fristverlängerung für Smart-City-Mittel",
            "Stichtag für die Meldung der Leistungen",
        ] {
            assert!(is_urgent(&titled(title)), "{title}");
        }
        for title in [
            "BSI eröffnet Außenstelle",
            "Experten warnen vor Fachkräftemangel",
            "Stadtrat fasst Beschluss zur E-Akte",
            "Befristete Stelle, langfristig gedacht",
            "Von 7 bis 12 Uhr geöffnet",
        ] {
            assert!(!is_urgent(&titled(title)), "{title}");
        }
    }

    #[test]
    fn a_date_that_was_found_is_urgent_if_it_is_a_deadline() {
        let mut entry = titled("Rückmeldung bis 1. Dezember erbeten");
        assert!(!is_urgent(&entry));
        entry.dates = vec![kept(DateKind::Event, "2026-12-01")];
        assert!(!is_urgent(&entry));
        entry.dates.push(kept(DateKind::Funding, "2026-12-01"));
        assert!(is_urgent(&entry));
    }

    #[test]
    fn the_source_the_lead_and_the_change_speak_too() {
        let mut warning = titled("Schwachstelle in Webservern");
        assert!(!is_urgent(&warning));
        warning.source = "BSI".into();
        assert!(is_urgent(&warning));
        let mut grant = titled("Mittel für Onlinedienste");
        grant.summary = "Die Antragsfrist läuft bis März.".into();
        assert!(is_urgent(&grant));
        grant.summary.clear();
        grant.update = Some(Update { at: Timestamp(1), what: "Frist: 1. Mai → 8. Mai".into() });
        assert!(is_urgent(&grant));
    }

    #[test]
    fn what_is_urgent_stays_and_nothing_moves() {
        let mut entries: Vec<Entry> = (0..6).map(|id| entry(id, 1, id, &["ozg"])).collect();
        entries[4].title = "BSI warnt".into();
        let entries: Vec<&Entry> = entries.iter().collect();
        let kept = |room| keep(&entries, room).iter().map(|entry| entry.item.0).collect::<Vec<_>>();
        assert_eq!(kept(3), [0, 1, 4]);
        assert_eq!(kept(1), [4]);
        assert_eq!(kept(0), [0; 0]);
        assert_eq!(kept(9), [0, 1, 2, 3, 4, 5]);
    }
}
