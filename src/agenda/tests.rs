use chrono::NaiveDate;

use super::*;
use crate::model::DateKind;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Writes the dates of a text as `kind from..to time`.
fn read(published: &str, title: &str, text: &str) -> Vec<String> {
    let budget = Budget::for_document(title.len() + text.len());
    let dates = dates(title, text, day(published), &budget).unwrap();
    dates
        .iter()
        .map(|date| {
            let format = if date.precision == Precision::Month { "%Y-%m" } else { "%Y-%m-%d" };
            let day = |day: Option<NaiveDate>| {
                day.map(|day| day.format(format).to_string()).unwrap_or_default()
            };
            let time = date.time.map(|time| time.format(" %H:%M").to_string()).unwrap_or_default();
            let end = date.time_to.map(|to| to.format("-%H:%M").to_string()).unwrap_or_default();
            let off = if date.cancelled { " cancelled" } else { "" };
            format!("{} {}..{}{time}{end}{off}", date.kind.as_str(), day(date.from), day(date.to))
        })
        .collect()
}

#[test]
fn kinds_are_named_by_their_words() {
    assert!(DateKind::ALL.iter().all(|kind| DateKind::named(kind.as_str()) == Some(*kind)));
}

fn assert_reads(published: &str, cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        assert_eq!(&read(published, "Aus dem Rathaus", text), expected, "{text}");
    }
}

#[test]
fn deadlines_are_read_in_the_words_of_offices() {
    assert_reads(
        "2026-11-02",
        &[
            (
                "Anmeldungen nimmt das Hauptamt bis zum 20. November entgegen.",
                &["frist ..2026-11-20"],
            ),
            ("Um Rückmeldung bis spätestens 4.12. wird gebeten.", &["frist ..2026-12-04"]),
            ("Angebotsfrist: 07.01.2027, 11:30 Uhr", &["frist ..2027-01-07 11:30"]),
            ("Die Einspruchsfrist endet am Montag, 30. November.", &["frist ..2026-11-30"]),
            ("Letzter Tag der Anmeldefrist ist der 15. Januar.", &["frist ..2027-01-15"]),
            ("Wer mitmachen will, schickt sein Bild bis Ende Januar.", &["frist ..2027-01"]),
            ("Bis 13. November, 12 Uhr, kann abgestimmt werden.", &["frist ..2026-11-13 12:00"]),
            (
                "Die Unterlagen liegen vom 9. November bis zum 11. Dezember zur Einsicht aus.",
                &["frist 2026-11-09..2026-12-11"],
            ),
            ("Die Frist wurde vom 6. auf den 27. November verlängert.", &["frist ..2026-11-27"]),
            ("Die Umfrage läuft noch bis Sonntag.", &["frist ..2026-11-08"]),
            ("Bitte melden Sie den Bedarf bis 18.11.26.", &["frist ..2026-11-18"]),
        ],
    );
}

#[test]
fn deadlines_about_money_are_funding() {
    let read = |text: &str| read("2026-11-02", "Neue Förderrichtlinie für Dorfläden", text);
    assert_eq!(read("Anträge sind bis zum 31. März 2027 zu stellen."), ["foerderung ..2027-03-31"]);
    assert_eq!(read("Der Rat tagte am 3. Oktober."), [""; 0]);
    assert_reads(
        "2026-11-02",
        &[(
            "Zuschüsse können vom 1. Dezember bis 31. Januar beantragt werden.",
            &["foerderung 2026-12-01..2027-01-31"],
        )],
    );
}

#[test]
fn events_are_read_with_their_hours() {
    assert_reads(
        "2026-11-02",
        &[
            (
                "Die Konferenz findet am 3. und 4. Dezember in Halle statt.",
                &["termin 2026-12-03..2026-12-04"],
            ),
            (
                "Die Schulung beginnt am Dienstag, 17. November, um 9.30 Uhr.",
                &["termin 2026-11-17.. 09:30"],
            ),
            (
                "Zum Bürgerdialog lädt der Landrat am 12. November von 17 bis 19 Uhr ein.",
                &["termin 2026-11-12.. 17:00-19:00"],
            ),
            ("Wann: 25.11.2026, 10:00–12:00 Uhr", &["termin 2026-11-25.. 10:00-12:00"]),
            (
                "Sprechtage gibt es am 10. und am 24. November, jeweils um 14 Uhr.",
                &["termin 2026-11-10.. 14:00", "termin 2026-11-24.. 14:00"],
            ),
            (
                "Der Workshop wird vom 11. auf den 18. November verschoben.",
                &["termin 2026-11-18.."],
            ),
            ("Das Treffen am 19. November fällt aus.", &["termin 2026-11-19.. cancelled"]),
            ("Die Fachtagung am 26. November wurde abgesagt.", &["termin 2026-11-26.. cancelled"]),
        ],
    );
}

#[test]
fn rules_are_read_with_the_day_from_which_they_apply() {
    assert_reads(
        "2026-11-02",
        &[
            ("Die Satzung tritt am 1. Januar 2027 in Kraft.", &["rechtsstand 2027-01-01.."]),
            ("Ab dem 1. Dezember gilt die neue Gebührenordnung.", &["rechtsstand 2026-12-01.."]),
            ("Die Ausnahmeregelung läuft am 31. März 2027 aus.", &["rechtsstand ..2027-03-31"]),
            (
                "Ab 1. Februar müssen Rechnungen elektronisch eingehen.",
                &["rechtsstand 2027-02-01.."],
            ),
        ],
    );
}

#[test]
fn what_asks_nothing_of_a_reader_is_no_date() {
    assert_reads(
        "2026-11-02",
        &[
            ("Das Gesetz vom 14. August 2017 wurde geändert.", &[]),
            ("Seit dem 1. September arbeitet das Amt ohne Papier.", &[]),
            ("Der Vertrag läuft bis zum 31. Dezember 2030.", &[]),
            ("Bis Ende 2027 sollen alle Schulen am Netz sein.", &[]),
            ("Die Straße ist vom 9. bis 13. November gesperrt.", &[]),
            ("Wegen Wartung ist das Portal am 5. November ab 18 Uhr nicht erreichbar.", &[]),
            ("Der Amtsleiter wird am 4. Dezember 60 Jahre alt.", &[]),
            ("Die Anhörung am 8. September verlief ruhig.", &[]),
            ("Die Fassung 3.2 ersetzt Version 3.1.", &[]),
            ("Oft führt bis heute kein Weg am Amt vorbei.", &[]),
            ("Die Aufbewahrungsfrist endet am 31. Dezember 2026.", &[]),
        ],
    );
}

#[test]
fn a_pronoun_speaks_of_the_sentence_before_or_of_the_title() {
    let read = |title: &str, text: &str| read("2026-11-02", title, text);
    assert_eq!(
        read("Aus dem Rathaus", "Die Stadt schloss einen Liefervertrag. Er gilt ab 1. Januar."),
        [""; 0]
    );
    let text = "Das teilte das Ministerium mit. Sie läuft am 31. März 2027 aus.";
    assert_eq!(read("Verordnung wird nicht verlängert", text), ["rechtsstand ..2027-03-31"]);
    let text = "Die Fachtagung ist gut besucht. Sie findet am 4. Dezember statt.";
    assert_eq!(read("Aus dem Rathaus", text), ["termin 2026-12-04.."]);
}

#[test]
fn what_was_planned_gives_way_to_what_is_planned_now() {
    assert_reads(
        "2026-11-02",
        &[
            (
                "Die Satzung tritt nicht am 1. Dezember, sondern am 1. Februar in Kraft.",
                &["rechtsstand 2027-02-01.."],
            ),
            (
                "Neuer Termin der Tagung ist der 8. Dezember statt wie gemeldet der 1. Dezember.",
                &["termin 2026-12-08.."],
            ),
            (
                "Der für den 12. November geplante Kongress findet erst am 3. Dezember statt.",
                &["termin 2026-12-03.."],
            ),
            (
                "Die Meldung muss erst am 18. Dezember und nicht schon am 27. November vorliegen.",
                &["frist ..2026-12-18"],
            ),
        ],
    );
}

#[test]
fn the_heading_of_a_table_says_what_its_days_are() {
    let read = |text: &str| read("2026-11-02", "Angebote der Akademie", text);
    assert_eq!(
        read("| Kurs | Datum | Ort |\n| Tabellen | 12.01.2027 | Stendal |"),
        ["termin 2027-01-12.."]
    );
    assert_eq!(read("| Los | Meldeschluss |\n| Nord | 12.01.2027 |"), ["frist ..2027-01-12"]);
    assert_eq!(read("| Jahr | Kosten |\n| 12.01.2027 | 3 |"), [""; 0]);
}

#[test]
fn days_and_hours_in_words_are_read() {
    assert_reads(
        "2026-11-02",
        &[
            (
                "Die Tagung beginnt am zwölften November um neun Uhr.",
                &["termin 2026-11-12.. 09:00"],
            ),
            ("Anmeldeschluss ist der einunddreißigste Dezember.", &["frist ..2026-12-31"]),
            ("Letzter Tag für Vorschläge ist der 30. November.", &["frist ..2026-11-30"]),
        ],
    );
}

#[test]
fn a_year_that_is_not_said_follows_from_the_day_of_publication() {
    assert_reads(
        "2026-12-20",
        &[
            ("Anmeldeschluss ist der 8. Januar.", &["frist ..2027-01-08"]),
            (
                "Meldungen werden vom 28. Dezember bis 3. Januar erbeten.",
                &["frist 2026-12-28..2027-01-03"],
            ),
        ],
    );
}

#[test]
fn work_grows_no_faster_than_the_text() {
    for part in ["Am 3. und 4. ", "bis Freitag, ", "1.1.1.1.1.", "Anmeldung bis ", "10:00-"] {
        let steps = |times: usize| {
            let text = part.repeat(times);
            let budget = Budget::for_document(text.len());
            let found = dates("", &text, day("2026-11-02"), &budget);
            assert!(found.is_ok(), "{part}");
            budget.spent(crate::model::Resource::Steps)
        };
        let (one, two, four) = (steps(500), steps(1000), steps(2000));
        assert!(two * 10 <= one * 22 && four * 10 <= two * 22, "{part}: {one} {two} {four}");
    }
}
