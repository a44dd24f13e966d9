//! Edits that are told and edits that are not.

use proptest::prelude::*;

use super::*;

const TEXT: &str = "Die Kommunen können sich für das Förderprogramm bewerben. Anträge nimmt \
    das Ministerium bis zum 28. Februar 2026 entgegen. Gefördert werden Vorhaben, die \
    mehrere Gemeinden gemeinsam umsetzen; je Vorhaben stehen 50.000 Euro bereit.";

fn said<'a>(title: &'a str, text: &'a str) -> Said<'a> {
    Said { title, text, documents: &[] }
}

fn changed(before: &str, after: &str) -> Option<String> {
    change(&said("Titel", before), &said("Titel", after))
}

fn retitled(before: &str, after: &str) -> Option<String> {
    change(&said(before, TEXT), &said(after, TEXT))
}

fn document(url: &str) -> Document {
    Document { url: url.to_owned(), format: "PDF".to_owned(), ..Document::default() }
}

#[test]
fn cosmetic_edits_are_no_change() {
    for after in [
        TEXT.replace(". ", ".\n\n"),
        TEXT.replace("Förderprogramm", "„Förderprogramm“"),
        TEXT.replace(';', " –"),
        TEXT.replace("Förderprogramm", "Förder-Programm"),
        TEXT.replace("Förderprogramm", "Förder\u{ad}programm"),
        TEXT.replace("Gemeinden", "Gemienden"),
        TEXT.replace("bewerben", "bewerbem").replace("Vorhaben", "Vorhabem"),
        TEXT.replace("umsetzen", "realisieren"),
        format!(
            "{TEXT}\nFoto: Stadt Muster, Rathaus im Abendlicht bei schönem Wetter mit vielen Menschen davor"
        ),
        format!("{TEXT}\nStand: 12.03.2026, 10:15 Uhr"),
        TEXT.replace("28. Februar 2026", "28.02.2026"),
        TEXT.split(". ").take(2).collect::<Vec<_>>().join(". "),
    ] {
        assert_eq!(changed(TEXT, &after), None, "{after}");
    }
    for (before, after) in [
        ("Neue Online-Dienste für Kommunen", "Neue Onlinedienste für Kommunen"),
        ("„Digitales Rathaus“ startet", "\"Digitales Rathaus\"  startet"),
        ("Verwaltung wird digtial", "Verwaltung wird digital"),
        ("Förderung beschlossen", "Foerderung beschlossen"),
        ("Portal startet", "Aktualisiert: Portal startet"),
        ("Portal startet", "Portal gestartet"),
    ] {
        assert_eq!(retitled(before, after), None, "{after}");
    }
}

#[test]
fn a_changed_deadline_is_named_with_what_it_was() {
    let until = |day: &str| TEXT.replace("28. Februar 2026", day);
    for day in ["31. März 2026", "31.03.2026", "31.3.2026"] {
        let words = changed(TEXT, &until(day));
        assert_eq!(words.as_deref(), Some("Frist: 28. Februar 2026 → 31. März 2026"), "{day}");
    }
    assert_eq!(
        changed(TEXT, &until("Dienstag, den 31. März 2026")).as_deref(),
        Some("Frist: 28. Februar 2026 → Dienstag, 31. März 2026")
    );
    let frist = "Die Bewerbungsfrist endet am 1. Mai.";
    assert_eq!(
        changed(frist, "Die Bewerbungsfrist endet am 8. Mai.").as_deref(),
        Some("Frist: 1. Mai → 8. Mai")
    );
    assert_eq!(
        changed(
            "Bewerbungen sind möglich.",
            "Bewerbungen sind möglich bis Freitag, den 8. Mai 2026."
        )
        .as_deref(),
        Some("neue Frist: Freitag, 8. Mai 2026")
    );
}

#[test]
fn a_changed_value_is_named_with_what_it_was() {
    for (before, after, words) in [
        (
            "Die Messe findet am 3. Mai 2026 statt.",
            "Die Messe findet am 4. Mai 2026 statt.",
            "Termin: 3. Mai 2026 → 4. Mai 2026",
        ),
        (
            "Beginn ist um 18 Uhr im Saal.",
            "Beginn ist um 19:30 Uhr im Saal.",
            "Uhrzeit: 18 Uhr → 19.30 Uhr",
        ),
        ("Die Sitzung ist am Freitag.", "Die Sitzung ist am Montag.", "Termin: Freitag → Montag"),
        (
            "Vorgesehen sind 1,8 Millionen Euro für die Technik.",
            "Vorgesehen sind 2,6 Mio. Euro für die Technik.",
            "1,8 Millionen Euro → 2,6 Mio. Euro",
        ),
        ("Es gibt 20 Plätze.", "Es gibt 35 Plätze.", "20 Plätze → 35 Plätze"),
        ("Risikostufe: mittel.", "Risikostufe: hoch.", "Einstufung: mittel → hoch"),
        (
            "Treffpunkt ist das Kulturhaus.",
            "Treffpunkt ist die Aula des Gymnasiums.",
            "Ort: Kulturhaus → Aula des Gymnasiums",
        ),
        (
            "Schreiben Sie bis dahin an alt@amt.example.",
            "Schreiben Sie bis dahin an neu@amt.example.",
            "alt@amt.example → neu@amt.example",
        ),
        ("Die Teilnahme ist kostenlos.", "Die Teilnahme kostet 45 Euro.", "kostenlos → 45 Euro"),
        (
            "Die Einführung ist bis Ende März geplant.",
            "Die Einführung ist bis Ende April geplant.",
            "Frist: Ende März → Ende April",
        ),
    ] {
        assert_eq!(changed(before, after).as_deref(), Some(words), "{after}");
    }
}

#[test]
fn an_outcome_is_named_and_a_denial_is_told_by_its_sentence() {
    let with = |sentence: &str| changed(TEXT, &format!("{TEXT}\n{sentence}"));
    assert_eq!(with("Die Auftaktveranstaltung entfällt.").as_deref(), Some("abgesagt"));
    assert_eq!(with("Alle Plätze sind vergeben.").as_deref(), Some("ausgebucht"));
    assert_eq!(
        with("Die Mittel sind ausgeschöpft.").as_deref(),
        Some("beendet: Die Mittel sind ausgeschöpft.")
    );
    assert_eq!(
        changed("Eine Anmeldung vor Ort ist möglich.", "Eine Anmeldung vor Ort ist nicht möglich.")
            .as_deref(),
        Some("jetzt: Eine Anmeldung vor Ort ist nicht möglich.")
    );
}

#[test]
fn a_turned_limit_duty_or_address_is_told() {
    for (before, after, expected) in [
        (
            "Je Vorschlag sind höchstens 20.000 Euro möglich.",
            "Je Vorschlag sind mindestens 20.000 Euro nötig.",
            "jetzt: Je Vorschlag sind mindestens 20.000 Euro nötig.; höchstens → mindestens; möglich → nötig",
        ),
        (
            "Texte aus dem Modell dürfen gekennzeichnet werden.",
            "Texte aus dem Modell müssen gekennzeichnet werden.",
            "jetzt: Texte aus dem Modell müssen gekennzeichnet werden.; dürfen → müssen",
        ),
        (
            "Vorschläge nimmt https://ideen.stadt.example/haushalt an.",
            "Vorschläge nimmt https://mitmachen.stadt.example/haushalt an.",
            "Adresse: ideen.stadt.example → mitmachen.stadt.example",
        ),
        (
            "Geöffnet ist montags von 8 bis 12 Uhr, mittwochs bleibt das Büro zu.",
            "Geöffnet ist montags von 8 bis 12 Uhr, mittwochs ist das Büro von 8 bis 12 Uhr offen.",
            "neu: 8 Uhr; neu: 12 Uhr",
        ),
    ] {
        assert_eq!(changed(before, after).as_deref(), Some(expected), "{after}");
    }
    assert_eq!(
        changed("Mehr unter https://amt.example/a.", "Mehr unter https://www.amt.example/b."),
        None
    );
}

#[test]
fn counters_buttons_weather_and_advertisements_are_no_change() {
    for line in [
        "Dieser Beitrag wurde 2.907-mal gelesen.",
        "Lesedauer: 2 Minuten | Artikel anhören",
        "Mastodon | LinkedIn | Link kopieren",
        "Heute: 17 Grad, sonnig",
        "– Anzeige –\nDie Zaunwelt plant und montiert Zäune aller Art. Jetzt 15 Prozent!\n– Ende der Anzeige –",
    ] {
        assert_eq!(changed(TEXT, &format!("{TEXT}\n\n{line}")), None, "{line}");
    }
    let told = "Heute gelten 17 neue Regeln für Anträge, die bis zum 3. März gestellt werden.";
    assert!(changed(TEXT, &format!("{TEXT}\n\n{told}")).is_some());
}

#[test]
fn page_furniture_is_no_change() {
    for furniture in [
        "Lesen Sie auch: Schwimmbad öffnet am 3. Juni – Haushalt beschlossen",
        "Weitere Meldungen\nSchwimmbad öffnet wieder\nStraßenfest am 3. Juni abgesagt",
        "Wir verwenden Cookies, um unsere Seite zu verbessern. Alle akzeptieren",
        "Abonnieren Sie unseren Newsletter: jeden Freitag 10 Nachrichten!",
        "Anzeige: Nur bis Sonntag 20 Prozent Rabatt auf alle Möbel der neuen Ausstellung.",
        "3 Kommentare\nMaxl schrieb am 5. Mai um 12:30 Uhr: Das wurde Zeit!",
        "Aufrufe: 1.204 | Lesezeit: 3 Minuten",
        "vor 3 Stunden | Redaktion",
        "Von Jule Terbrack",
        "Teilen: Facebook | E-Mail",
        "Mehr Informationen: https://amt.example/seite?utm_campaign=kw11",
        "Was gefördert wird",
    ] {
        let with = format!("{TEXT}\n{furniture}");
        assert_eq!(changed(TEXT, &with), None, "{furniture}");
        assert_eq!(changed(&with, TEXT), None, "without {furniture}");
    }
    let updated = format!("+++ UPDATE 12:30 Uhr +++ {TEXT}");
    assert_eq!(changed(TEXT, &updated), None);
}

#[test]
fn a_teaser_that_became_the_full_text_is_no_change() {
    let teaser = "Die Kommunen können sich für das Förderprogramm bewerben.";
    assert_eq!(changed(teaser, TEXT), None);
}

#[test]
fn a_reworded_sentence_with_the_same_facts_is_no_change() {
    let after = TEXT.replace(
        "Anträge nimmt das Ministerium bis zum 28. Februar 2026 entgegen.",
        "Das Ministerium nimmt Anträge noch bis 28.2.2026 an.",
    );
    assert_eq!(changed(TEXT, &after), None);
}

#[test]
fn a_title_with_another_fact_is_new_and_the_old_one_is_named() {
    for (before, after) in [
        ("Portal startet im Mai", "Portal startet erst im Herbst"),
        ("4. Sitzung des Arbeitskreises", "5. Sitzung des Arbeitskreises"),
        ("Haushalt 2025", "Haushalt 2026"),
        ("Digitaltag in Köthen", "Digitaltag in Köthen abgesagt"),
    ] {
        let words = format!("neuer Titel, bisher: {before}");
        assert_eq!(retitled(before, after).as_deref(), Some(words.as_str()), "{after}");
    }
    for (before, after) in [
        ("Geld für gemeinsame Vorhaben", "Kommunen können sich für Förderprogramm bewerben"),
        ("Förderprogramm gestartet", "Ministerium startet Förderprogramm"),
    ] {
        assert_eq!(retitled(before, after), None, "{after}");
    }
}

#[test]
fn a_new_document_is_one_that_did_not_hang_there() {
    let with = |documents: &[Document]| {
        let before = [document("https://a.example/alt/Richtlinie.pdf")];
        change(
            &Said { title: "T", text: TEXT, documents: &before },
            &Said { title: "T", text: TEXT, documents },
        )
    };
    let (old, new) = (
        document("https://a.example/neu/Richtlinie.pdf?v=2"),
        document("https://a.example/Merkblatt.pdf"),
    );
    assert_eq!(with(std::slice::from_ref(&old)), None);
    assert_eq!(with(&[old, new]).as_deref(), Some("neues Dokument"));
    assert_eq!(with(&[]), None);
    let link = Document { format: String::new(), ..document("https://a.example/mehr") };
    assert_eq!(with(&[link]), None);
}

#[test]
fn another_file_at_the_same_address_is_a_new_version() {
    let sized = |size| Document {
        title: "Richtlinie".to_owned(),
        size,
        ..document("https://a.example/Richtlinie.pdf")
    };
    let with = |before, after| {
        change(
            &Said { title: "T", text: TEXT, documents: &[sized(before)] },
            &Said { title: "T", text: TEXT, documents: &[sized(after)] },
        )
    };
    let replaced = Some("neue Fassung: Richtlinie".to_owned());
    assert_eq!(with(Some(1_520_000), Some(1_900_000)), replaced);
    // Words round what the server said to the byte.
    assert_eq!(with(Some(1_520_000), Some(1_572_864)), None);
    assert_eq!(with(None, Some(1_900_000)), None);
    assert_eq!(with(Some(1_520_000), None), None);
}

#[test]
fn a_script_that_hands_out_files_names_none_of_them() {
    let handed = |id: &str| Document {
        title: format!("Anlage {id}"),
        ..document(&format!("https://a.example/loadDocument.phtml?FID=1.{id}.1&Ext=PDF"))
    };
    let told = change(
        &Said { title: "T", text: TEXT, documents: &[handed("7")] },
        &Said { title: "T", text: TEXT, documents: &[handed("7"), handed("8")] },
    );
    assert_eq!(told.as_deref(), Some("neues Dokument: Anlage 8"));
}

#[test]
fn a_sentence_more_is_an_addition_and_another_text_a_change() {
    let more = format!(
        "{TEXT} Neu ist, dass sich auch Landkreise, Zweckverbände und kommunale Unternehmen \
         beteiligen dürfen, sofern wenigstens eine kreisangehörige Gemeinde federführend bleibt."
    );
    let words = changed(TEXT, &more).unwrap();
    assert!(words.starts_with("neu: Neu ist, dass sich auch Landkreise"), "{words}");
    let other = "Der Landtag hat das Programm wegen der Haushaltslage vorerst gestoppt. Bereits \
        eingereichte Unterlagen werden zurückgegeben, eine Entscheidung soll im Herbst fallen.";
    let words = changed(TEXT, other).unwrap();
    assert!(words.starts_with("beendet: Der Landtag hat das Programm"), "{words}");
}

#[test]
fn of_two_changes_the_later_of_each_kind_is_said() {
    for (earlier, later, both) in [
        (
            "neuer Titel, bisher: A; Frist: 1. Mai → 8. Mai",
            "Frist: 8. Mai → 15. Mai; neues Dokument: B",
            "neuer Titel, bisher: A; Frist: 1. Mai → 15. Mai; neues Dokument: B",
        ),
        ("neue Frist: 1. Mai", "neue Frist: 8. Mai", "neue Frist: 8. Mai"),
        ("neuer Titel, bisher: A", "neuer Titel, bisher: B", "neuer Titel, bisher: A"),
        ("abgesagt", "abgesagt", "abgesagt"),
        ("Text ergänzt", "", "Text ergänzt"),
    ] {
        assert_eq!(with_more(earlier, later), both);
    }
}

proptest! {
    #[test]
    fn nothing_changes_between_equal_items(title in ".{0,80}", text in "(?s).{0,400}") {
        prop_assert_eq!(change(&said(&title, &text), &said(&title, &text)), None);
    }

    #[test]
    fn no_texts_make_it_fail(a in "(?s).{0,200}", b in "(?s)[0-9. Mäimärzbisfrist]{0,200}") {
        let _ = change(&said(&a, &b), &said(&b, &a));
    }

    #[test]
    fn white_space_is_cosmetic(words in prop::collection::vec("[a-zäöüß0-9]{1,12}", 0..60)) {
        prop_assert_eq!(changed(&words.join(" "), &words.join(" \n ")), None);
    }
}
