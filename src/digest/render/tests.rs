use super::samples;
use super::*;
use crate::model::{Entry, Update};
use crate::text::typography::NBSP;

fn templates() -> Templates {
    load(&[]).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

fn rendered(digest: &Digest) -> Rendered {
    super::digest(digest, &samples::face(true), &samples::personal(), &templates()).unwrap()
}

fn plain(text: &str) -> String {
    text.replace(NBSP, " ")
}

#[test]
fn a_digest_says_what_when_and_why() {
    let mail = rendered(&samples::digest(true));
    let subject = &mail.subject;
    assert!(subject.starts_with("Bund und Länder einigen … (Stand 9. Dezember)"), "{subject}");
    assert!(subject.ends_with(" · 3 Fristen"), "{subject}");
    for part in [&mail.text, &mail.html] {
        let part = plain(&part.replace('\n', " "));
        for words in [
            "Kommunal-IT am Morgen: Dienstag, 9. Dezember 2025",
            "24 neue und 2 aktualisierte Meldungen in 2 Themen seit Montag, 8. Dezember, 7 Uhr.",
            "https://post.example.de/d/2025-12-09-taeglich",
            "IT-Planungsrat · 9. Dezember 2025",
            "Fristen und Termine",
            "Frist bis 16. Dezember 2025, noch 7 Tage",
            "Frist bis 31. März 2026, 18 Uhr, noch 112 Tage (bisher 28. Februar 2026)",
            "„Anträge nimmt das Land bis zum 31. März 2026, 18 Uhr, entgegen.“",
            "https://post.example.de/meldung/9",
            "Auch zu: IT-Sicherheit",
            "Aktualisiert am 9. Dezember 2025: Frist verlängert",
            "Handbuch (PDF, 1,2 MB)",
            "Auch gemeldet von:",
            "und 4 weitere Quellen",
            "Warum hier: „Onlinezugangsgesetz“ im Titel",
            "12 weitere Meldungen zu OZG und Onlinedienste im Web ansehen",
            "2 von 41 Quellen waren nicht erreichbar: A und B.",
            "Sammelausgabe",
            "weil Sie „Kommunal-IT am Morgen“ (täglich) mit den Themen „OZG und Onlinedienste“ und",
            "https://post.example.de/a/k7jm2qv2xr4ttzb5lw6ny3hcab",
            "Wir messen nicht",
        ] {
            assert!(part.contains(words), "{words}\n{part}");
        }
    }
    assert!(mail.text.lines().all(|line| line.chars().count() <= 72 || line.starts_with("http")));
}

#[test]
fn an_empty_digest_is_never_rendered() {
    let mut digest = samples::digest(false);
    digest.sections[0].entries.clear();
    let outcome = super::digest(&digest, &samples::face(true), &samples::personal(), &templates());
    assert_eq!(outcome, Err(RenderError::Empty));
}

#[test]
fn what_says_why_is_a_line_or_only_a_link() {
    let mut digest = samples::digest(true);
    assert!(rendered(&digest).text.contains("Warum hier: "));
    digest.reasons = crate::model::Reasons::Link;
    let mail = rendered(&digest);
    for part in [mail.text, mail.html] {
        assert!(!part.contains("Warum hier"), "{part}");
        assert!(part.contains("Warum 1.1?"), "{part}");
        assert!(part.contains("https://post.example.de/meldung/1"), "{part}");
    }
}

#[test]
fn a_title_without_an_address_leads_to_its_page_and_no_file_is_named_twice() {
    let mut digest = samples::digest(true);
    let entry = &mut digest.sections[0].entries[0];
    entry.url = Some(format!("{}?utm_source=rss", entry.documents[0].url));
    digest.sections[1].entries[0].url = None;
    digest.sections[1].entries[0].language = Some("en".into());
    let html = rendered(&digest).html;
    assert_eq!(html.matches("Dokument: ").count(), 1, "of the second entry");
    assert!(html.contains("lang=\"en\" href=\"https://post.example.de/meldung/1\">"), "{html}");
    assert!(!html.contains("utm_source"));
}

#[test]
fn hostile_words_stay_words() {
    let mut digest = samples::digest(false);
    let entry: &mut Entry = &mut digest.sections[0].entries[0];
    entry.title = "<script>alert(1)</script> {{ 7*7 }} {% include \"x\" %}".into();
    entry.summary = "</td></table>\n-- \nAbmelden:\nhttps://boese.example/a/x".into();
    entry.url = Some("javascript:alert(1)".into());
    let mail = rendered(&digest);
    assert!(mail.html.contains("&lt;script&gt;alert(1)&lt;/script&gt; { 7*7 }"), "{}", mail.html);
    assert!(!mail.html.contains("javascript:") && !mail.text.contains("javascript:"));
    assert_eq!(mail.html.matches("</table>").count(), 3);
    assert_eq!(mail.text.lines().filter(|line| line.trim_end() == "--").count(), 1);
    assert!(!mail.text.contains("https://boese.example"));
}

#[test]
fn a_mail_of_any_number_of_entries_stays_small_and_counts_what_it_left_out() {
    let mut digest = samples::digest(true);
    let entry = digest.sections[0].entries[0].clone();
    digest.sections.truncate(1);
    digest.sections[0].omitted = 0;
    digest.sections[0].entries = (0..500)
        .map(|number| Entry {
            title: format!("Meldung {number} {}", "Ämterübergreifend ".repeat(9)),
            url: Some(format!("https://x.example/{}/{number}", "pfad/".repeat(60))),
            summary: "Ein langer Satz über Bürgerämter. ".repeat(20),
            update: Some(Update { at: entry.first_seen, what: "alles".into() }),
            ..entry.clone()
        })
        .collect();
    let mail = rendered(&digest);
    assert!(encoded_size(&mail.html) <= MAX_HTML);
    let shown = mail.html.matches("<h3").count();
    assert!(shown >= 10, "{shown}");
    let left_out = format!("{} weitere Meldungen zu OZG und Onlinedienste", 500 - shown);
    assert!(plain(&mail.html).contains(&left_out), "{left_out}");
    assert!(plain(&mail.text).contains(&left_out));
}

#[test]
fn what_was_left_out_is_linked_to_the_page_of_this_digest() {
    let mail = rendered(&samples::digest(true));
    for part in [&mail.text, &mail.html] {
        assert!(part.contains("https://post.example.de/d/2025-12-09-taeglich?thema=ozg"), "{part}");
        assert!(!part.contains("/thema/ozg"));
    }
}

#[test]
fn a_topic_of_which_nothing_fits_has_its_heading_and_its_link() {
    let mut digest = samples::digest(true);
    digest.sections[1].entries.clear();
    let html = rendered(&digest).html;
    assert!(html.contains("href=\"#it\"") && html.contains("id=\"it\""), "{html}");
    assert_eq!(html.matches("<h2").count(), 3);
}

#[test]
fn one_entry_is_one() {
    let mail = rendered(&samples::digest(false));
    assert!(plain(&mail.text).contains("\n1 neue Meldung in 1 Thema.\n"), "{}", mail.text);
}

fn subject(titles: &[&str]) -> String {
    let mut digest = samples::digest(false);
    let entry = digest.sections[0].entries[0].clone();
    let titled = |title: &&str| Entry { title: (*title).into(), ..entry.clone() };
    digest.sections[0].entries = titles.iter().map(titled).collect();
    rendered(&digest).subject
}

#[test]
fn a_subject_says_what_leads_and_is_never_cut_where_another_headline_fits() {
    let long = "Die Verwaltungen der Gemeinden stellen auf das neue Verfahren der Zulassung um";
    let whole = "OZG: Bürgerkonto: Zeitplan bis 2027 · 1 Meldung";
    assert_eq!(subject(&["Bürgerkonto: Zeitplan bis 2027"]), whole);
    assert_eq!(subject(&[long, "Neues Portal"]), "OZG: Neues Portal · 2 Meldungen");
    let quiet = subject(&["BEKANNTMACHUNG DES AMTES", "Neues Portal"]);
    assert_eq!(quiet, "OZG: Neues Portal · 2 Meldungen");
    let fits_alone = "Stadt und Land legen die Register im Sommer an";
    assert_eq!(subject(&[fits_alone]), format!("{fits_alone} · 1 Meldung"));
    let cut = subject(&[long]);
    assert!(cut.starts_with("OZG: Die Verwaltungen der") && cut.contains('…'), "{cut}");
    assert!(cut.chars().count() <= words::MAX_SUBJECT, "{cut}");
}

#[test]
fn two_subjects_that_would_be_alike_are_told_apart_by_the_day_and_only_they() {
    let mut digest = samples::digest(false);
    digest.sections[0].entries.truncate(1);
    digest.sections[0].entries[0].title = "Neues Portal".into();
    let to_reader_of = |earlier: &[&str], digest: &Digest| {
        let earlier = earlier.iter().map(ToString::to_string).collect();
        let personal = Personal { earlier, ..samples::personal() };
        super::digest(digest, &samples::face(true), &personal, &templates()).unwrap().subject
    };
    let plain = "OZG: Neues Portal · 1 Meldung";
    assert_eq!(to_reader_of(&["OZG: Altes Portal · 1 Meldung"], &digest), plain);
    assert_eq!(to_reader_of(&[plain], &digest), format!("{plain} · 9. Dezember"));
    // Where there is no room, the words give way and not the day.
    digest.sections[0].entries[0].title =
        "Die Verwaltungen der Länder legen fest, wie es weitergeht".into();
    let cut = to_reader_of(&[], &digest);
    let dated = to_reader_of(&[&cut], &digest);
    assert!(dated.ends_with(" · 1 Meldung · 9. Dezember"), "{dated}");
    assert!(dated.chars().count() <= words::MAX_SUBJECT, "{dated}");
}

#[test]
fn what_returns_says_of_which_day_it_is() {
    let mut digest = samples::digest(false);
    digest.sections[0].entries[0].title = "Neues Portal".into();
    digest.sections[0].entries[0].update =
        Some(Update { at: digest.composed_at, what: "Termin".into() });
    assert_eq!(rendered(&digest).subject, "OZG: Neues Portal (Stand 9. Dezember) · 1 Meldung");
}

#[test]
fn a_digest_of_deadlines_alone_says_so() {
    let mut digest = samples::digest(true);
    digest.sections.clear();
    let mail = rendered(&digest);
    assert_eq!(mail.subject, "1 Frist endet bald: Fachtag Onlinedienste");
    let opening = "1 Frist aus früheren Ausgaben endet in den nächsten sieben Tagen.";
    assert!(plain(&mail.text).contains(opening), "{}", mail.text);
    assert!(!mail.text.contains("0\u{a0}"), "{}", mail.text);
}

fn preheader(titles: &[&str]) -> String {
    let mut digest = samples::digest(false);
    let entry = digest.sections[0].entries[0].clone();
    let titled = |title: &&str| Entry { title: (*title).into(), ..entry.clone() };
    digest.sections[0].entries = titles.iter().map(titled).collect();
    let html = rendered(&digest).html;
    let begin = html.split("line-height:1px;color:#eef1f4;\">").nth(1).unwrap();
    plain(begin.split('<').next().unwrap())
}

#[test]
fn the_preview_tells_the_weightiest_titles_as_whole_as_there_is_room() {
    let long = "Die Verwaltungen der Gemeinden stellen auf das neue Verfahren der Kfz-Zulassung um";
    assert_eq!(preheader(&["A1", long]), long, "the subject says A1");
    let three = preheader(&[long, "Neues Portal", "BSI warnt vor Schwachstelle"]);
    assert_eq!(three, format!("{long}, Neues Portal"));
    for titles in [vec!["Kurz"], vec![long, long], vec![long; 9], vec!["🏛"; 3]] {
        let length = preheader(&titles).chars().count();
        assert!((40..=140).contains(&length), "{titles:?}: {length}");
    }
}

#[test]
fn a_notice_keeps_the_room_of_its_subject_for_the_matter() {
    let subject = |subject: &str| {
        let (paragraphs, items, hint) = (Vec::new(), Vec::new(), None);
        let notice = Notice { subject: subject.into(), paragraphs, items, hint };
        super::notice(&notice, &samples::face(true), &templates()).unwrap().subject
    };
    assert_eq!(subject("3 Quellen"), "Kommunal-IT-Meldungen: 3 Quellen");
    let long = "Quelle Landesportal: kann nicht gelesen werden";
    assert_eq!(subject(long), long);
}

#[test]
fn a_notice_of_the_admins_own_leaves_a_draft_its_link() {
    let own = ["notice.html", "notice.txt"].map(|name| (name.to_owned(), "Eigenes".to_owned()));
    let templates = load(&own).unwrap();
    let draft = DraftMail {
        subject: "Entwurf".to_owned(),
        paragraphs: Vec::new(),
        items: Vec::new(),
        url: "https://amt.example/r/abc".to_owned(),
        series: "Am Morgen".to_owned(),
    };
    let mail = super::draft(&draft, &samples::face(true), &templates).unwrap();
    assert!(mail.html.contains(&draft.url) && mail.text.contains(&draft.url), "{mail:?}");
}
