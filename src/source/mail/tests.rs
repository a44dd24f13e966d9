//! Newsletters of our own in the shapes that mailers print: each shape with two issues.

mod kinds;
mod shapes;

use self::shapes::{FIRST, SECOND, SITE, TOKEN, each, foot, html, link, shapes, text};
use super::*;
use crate::model::{Headers, frame_messages};

fn kind(settings: &str) -> Newsletters {
    let table: toml::Table = settings.parse().unwrap();
    let texts = |key: &str| -> Vec<String> {
        let values = table.get(key).and_then(|value| value.as_array());
        values.into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect()
    };
    let flag = |key: &str| table.get(key).and_then(toml::Value::as_bool).unwrap_or_default();
    let text =
        |key: &str| table.get(key).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    Newsletters {
        from: texts("from"),
        require_auth: flag("require_auth"),
        server: text("server"),
        maildir: None,
    }
}

fn read_with(settings: &str, messages: &[Vec<u8>]) -> Extraction {
    let response = Response {
        status: 200,
        final_url: "https://www.stadt.example/newsletter".to_owned(),
        is_redirected: false,
        moved: None,
        headers: Headers::default(),
        body: frame_messages(messages.iter().map(Vec::as_slice)),
        truncated: false,
    };
    kind(settings).extract(&response).unwrap()
}

fn read_one(message: &[u8]) -> Extraction {
    read_with("from = ['newsletter@stadt.example']", &[message.to_vec()])
}

#[test]
fn forty_newsletters_of_all_mailers_are_split_into_their_stories() {
    let (mut right, mut all, mut invented) = (0, 0, Vec::new());
    let mut wrong = Vec::new();
    let mut count = 0;
    for of in [FIRST, SECOND] {
        for (mailer, message) in shapes(of) {
            count += 1;
            let read = read_one(&message);
            let shown = format!("{:?}", read.items);
            assert!(!shown.contains(TOKEN) && !shown.contains("ort.example"), "{mailer}: {shown}");
            all += of.len();
            for (title, path, _) in of {
                let is_told = read.items.iter().any(|item| {
                    let said = html::text_of(item.title.as_deref().unwrap_or_default());
                    said.to_lowercase() == title.to_lowercase()
                        && item.link.as_deref() == Some(&link(path))
                });
                if is_told { right += 1 } else { wrong.push(format!("{mailer}: {title}")) }
            }
            for item in &read.items {
                let title = html::text_of(item.title.as_deref().unwrap_or_default()).to_lowercase();
                if of.iter().all(|(known, _, _)| known.to_lowercase() != title) {
                    invented.push(format!("{mailer}: {title}"));
                }
            }
            // The teaser is told too, but for the shapes that have none beside the link.
            let told = read.items.iter().filter(|item| item.summary_html.is_some()).count();
            assert!(told >= of.len() - 1, "{mailer}: {told}");
        }
    }
    assert_eq!(count, 40);
    assert_eq!(invented, Vec::<String>::new());
    assert!(right * 100 >= all * 95, "{right} of {all}: {wrong:?}");
}

#[test]
fn titles_are_told_by_style_sheets_footnotes_first_lines_and_numbers() {
    let foot = foot();
    let shapes = [
        (
            "style sheet",
            html(&format!(
                "<style>@media x {{ .hl {{ font-size:40px }} }} .hl, .x {{font-size:22px;font-weight:bold}} .tx{{font-size:14px}}</style><table>{}</table>{foot}",
                each(FIRST, |_, t, p, x| format!(
                    "<tr><td class=hl>{t}</td></tr><tr><td class=tx>{x}<br><a href=\"{}\">&raquo; mehr lesen</a></td></tr>",
                    link(p)
                ))
            )),
        ),
        (
            "bold first line",
            html(&each(FIRST, |_, t, p, x| {
                format!("<p><b>{t}</b><br>{x}<br><a href=\"{0}\">{0}</a></p>", link(p))
            })),
        ),
        (
            "numbers",
            html(&each(FIRST, |at, t, p, x| {
                format!(
                    "<p><b>{}. {t}</b></p><p>{x}</p><p>Link: <a href=\"{1}\">{1}</a></p>",
                    at + 1,
                    link(p)
                )
            })),
        ),
        (
            "footnotes",
            text(&format!(
                "NEUES AUS DER STADT\n\n{}{}",
                each(FIRST, |at, t, _, x| format!("{t} [{}]\n{x}\n\n", at + 1)),
                each(FIRST, |at, _, p, _| format!("[{}] {}\n", at + 1, link(p)))
            )),
        ),
        ("first line", text(&each(FIRST, |_, t, p, x| format!("{t}\n{x}\n{}\n\n\n", link(p))))),
        (
            "sizes of some only",
            html(&format!(
                "<table>{}</table>",
                each(FIRST, |_, t, p, x| format!(
                    "<tr><td><span style='font-size:16pt'>{t}</span></td></tr><tr><td><span style='font-size:10pt'>{x}</span><ul><li>Ein Punkt dazu<li>Noch ein Punkt</ul><a href='{}'>Die ganze Meldung lesen</a></td></tr>",
                    link(p)
                ))
            )),
        ),
        (
            "line of a day",
            html(&each(FIRST, |_, t, p, x| {
                format!(
                    "<h3>{t}</h3><div style='font-size:12px'>20.11.2025 | Landkreis</div><div>{x}</div><div><a href='{}'>&rarr; Zum Beitrag</a></div>",
                    link(p)
                )
            })),
        ),
        (
            "bold lead",
            html(&format!(
                "<ol>{}</ol>",
                each(FIRST, |_, t, p, x| format!(
                    "<li><b>{t}</b> – {x} <a href='{}'>Link</a></li>",
                    link(p)
                ))
            )),
        ),
        (
            "plain first line",
            html(&each(FIRST, |_, t, p, x| {
                format!("<p>{t}<br>{x}<br><a href='{0}'>{0}</a></p>", link(p))
            })),
        ),
        (
            "between rules",
            text(&format!(
                "Nachrichten\n{0}\n\n{1}",
                "=".repeat(70),
                each(FIRST, |_, t, p, x| format!(
                    "{t}\n\n{x}\n\n=> {}\n\n{}\n\n",
                    link(p),
                    "=".repeat(70)
                ))
            )),
        ),
        (
            "address below",
            text(&each(FIRST, |_, t, p, x| {
                format!("{t}\n{}\n24.11.2025 10:00\n\n{x}\n\n----------\n\n", link(p))
            })),
        ),
    ];
    for (shape, message) in shapes {
        let items = read_one(&message).items;
        let told: Vec<(String, Option<String>)> = items
            .iter()
            .map(|item| {
                (html::text_of(item.title.as_deref().unwrap_or_default()), item.link.clone())
            })
            .collect();
        let wanted: Vec<(String, Option<String>)> =
            FIRST.iter().map(|(title, path, _)| ((*title).to_owned(), Some(link(path)))).collect();
        assert_eq!(told, wanted, "{shape}");
    }
    let lone = read_one(&html(
        "<h2>4. Gemeinsame Sitzung in Nachterstedt</h2><p>Ein Bericht.</p><a href=https://a.example/s>mehr</a>",
    ));
    assert_eq!(lone.items[0].title.as_deref(), Some("4. Gemeinsame Sitzung in Nachterstedt"));
}

#[test]
fn only_listed_senders_whom_our_server_found_true_are_read() {
    let (_, newsletter) = shapes(FIRST).remove(0);
    let said = String::from_utf8(newsletter).unwrap();
    let count = |settings: &str, message: &str| {
        let read = read_with(settings, &[message.as_bytes().to_vec()]);
        assert!(!format!("{:?}", read.notes).contains('@'), "{:?}", read.notes);
        (read.items.len(), read.notes.first().is_some_and(|note| note.contains("refused")))
    };
    let strict = "from = ['@stadt.example']\nrequire_auth = true\nserver = 'mx.ort.example'";
    assert_eq!(count(strict, &said), (3, false));
    assert_eq!(count("from = ['other@stadt.example']", &said), (0, true), "not listed");
    assert_eq!(count("from = ['@adt.example']", &said), (0, true), "a part of a name is no domain");
    for (forged, why) in [
        (said.replace("dkim=pass", "dkim=fail"), "not signed"),
        (said.replace("header.d=stadt.example", "header.d=mailer.example"), "signed by another"),
        (said.replace("mx.ort.example;", "mx.evil.example;"), "another server says so"),
        (said.replacen("Authentication-Results: mx.ort.example; dkim=pass", "Authentication-Results: mx.ort.example; dkim=none\r\nAuthentication-Results: mx.ort.example; dkim=pass", 1), "below that of our server"),
        (said.replacen("Authentication-Results", "X-Results", 1), "nothing was found out"),
    ] {
        assert_eq!(count(strict, &forged), (0, true), "{why}");
    }
    let by_sender = said
        .replace("dkim=pass header.d=stadt.example", "spf=pass smtp.mailfrom=b@nl.stadt.example");
    assert_eq!(count(strict, &by_sender), (3, false), "sent for its domain");
}

#[test]
fn a_request_to_confirm_is_shown_and_never_an_item() {
    let ask = |subject: &str, body: &str| {
        let said = String::from_utf8(text(body)).unwrap();
        read_one(said.replace("Newsletter 11/2025", subject).as_bytes())
    };
    let read = ask(
        "Bitte bestätigen Sie Ihre Anmeldung",
        "Guten Tag,\n\nhier: https://nl.mailer.example/opt/k9X2mQ7vB4nT8zR1 bestätigen.\n\nImpressum: https://a.example/impressum",
    );
    assert_eq!((read.items.len(), read.notes.len()), (0, 0));
    assert_eq!(read.confirmations[0].link, "https://nl.mailer.example/opt/k9X2mQ7vB4nT8zR1");
    assert_eq!(format!("{:?}", read.confirmations), "[Confirmation(…)]", "its link is a secret");
    let story = ask(
        "Newsletter: Rat bestätigt Haushalt",
        "RAT BESTÄTIGT HAUSHALT\n\nMit großer Mehrheit hat der Rat den Haushalt für das nächste Jahr bestätigt.\nhttps://www.stadt.example/rat\n",
    );
    assert_eq!(
        (story.items.len(), story.confirmations.len()),
        (1, 0),
        "news that confirm something"
    );
}

#[test]
fn what_is_no_newsletter_is_a_note_and_an_empty_folder_is_nothing() {
    assert_eq!(
        read_with("from = ['a@b.example']", &[]),
        Extraction { read_by: ReadBy::Structure, ..Extraction::default() }
    );
    let letter = read_one(&text(
        "Liebe Frau Muster,\n\nanbei die Unterlagen. Bis Montag!\n\nGruß\nA. Beispiel",
    ));
    assert_eq!(letter.items, []);
    assert!(letter.notes[0].contains("no story"), "{:?}", letter.notes);
    let away = String::from_utf8(text("Ich bin im Urlaub.")).unwrap();
    let away = away.replacen("Subject:", "Auto-Submitted: auto-replied\r\nSubject:", 1);
    assert!(read_one(away.as_bytes()).notes[0].contains("automatic answer"));
}

fn told(message: &[u8]) -> Vec<(String, String)> {
    let items = read_one(message).items.into_iter();
    items.map(|item| (item.title.unwrap_or_default(), item.link.unwrap_or_default())).collect()
}

#[test]
fn a_list_of_links_with_days_and_files_beside_them_is_a_story_each() {
    let entry = |n: u8, title: &str| {
        format!("<li>2{n}.11.2026: <a href='{SITE}/erlass/{n}'>{title}</a> (PDF, {n} MB)</li>")
    };
    let list = [entry(1, "Aufbewahrung von Akten"), entry(2, "Hinweise zur Wahl")].concat();
    let told = told(&html(&format!("<p>Guten Tag,</p><p>neu im Dienst:</p><ul>{list}</ul>")));
    let wanted = [(1, "Aufbewahrung von Akten"), (2, "Hinweise zur Wahl")];
    assert_eq!(told, wanted.map(|(n, title)| (title.to_owned(), link(&format!("/erlass/{n}")))));
}

#[test]
fn the_address_below_a_text_is_its_link_and_who_signs_tells_nothing() {
    let story = |title: &str, path: &str| {
        format!(
            "<p><b><span style='font-size:14.0pt'>{title}</span></b></p>\
             <p><span style='font-size:11.0pt'>Liebe Kolleginnen und Kollegen, hierzu gibt es Neues auf unserer Seite:</span></p>\
             <p><a href='{SITE}{path}'>{SITE}{path}</a></p>"
        )
    };
    let body = [story("Umstellung verschoben", "/neu/1"), story("Schulungen im März", "/neu/2")];
    let end = format!(
        "<p>Mit freundlichen Grüßen</p><p>Ihr Kundenservice</p><p><a href='{SITE}/'>www.stadt.example</a></p>"
    );
    let wanted = [("Umstellung verschoben", "/neu/1"), ("Schulungen im März", "/neu/2")];
    let wanted = wanted.map(|(title, path)| (title.to_owned(), link(path)));
    assert_eq!(told(&html(&format!("<p>Guten Tag,</p>{}{end}", body.concat()))), wanted);
}

#[test]
fn a_short_code_in_every_link_is_the_readers_and_a_headline_may_name_furniture() {
    let story = |n: u8, title: &str| {
        format!(
            "<h3>{title}</h3><p>Wir laden herzlich ein und freuen uns über Ihre Erfahrungen.</p><a href='{SITE}/n/{n}?m=77fa12bb&amp;La=1'>Jetzt lesen</a>"
        )
    };
    let body = [
        "<a href='https://www.stadt.example/web/77fa12bb'>In Ihrem Browser anzeigen</a>".to_owned(),
        story(1, "Werkstatt Digitale Kommune"),
        story(2, "Leitfaden Barrierefreiheit erschienen"),
        story(3, "Neue Termine"),
    ];
    let told = told(&html(&body.concat()));
    let links: Vec<&str> = told.iter().map(|(_, link)| link.as_str()).collect();
    assert_eq!(links, ["/n/1?La=1", "/n/2?La=1", "/n/3?La=1"].map(link), "{told:?}");
    assert_eq!(told[1].0, "Leitfaden Barrierefreiheit erschienen");
}

#[test]
fn a_letter_about_the_subscription_itself_is_no_story_and_an_invitation_is() {
    let confirm = read_one(&text(
        "Guten Tag,\n\nSie haben unseren Newsletter bestellt. Bitte bestätigen Sie Ihre Bestellung:\n\n\
         https://www.stadt.example/nl/optin/3f2a9c\n\nSonst müssen Sie nichts tun.",
    ));
    assert_eq!((confirm.items.len(), confirm.confirmations.len()), (0, 1));
    let welcome = read_one(&html(&format!(
        "<h1>Willkommen!</h1><p>Ihre Anmeldung war erfolgreich. Sie erhalten nun jeden Monat Post von uns, und zwar am ersten Montag.</p>\
         <p><a href='{SITE}/'>Zur Startseite</a></p>"
    )));
    assert_eq!(welcome.items, []);
    assert!(welcome.notes[0].contains("subscription itself"), "{:?}", welcome.notes);
    let invitation = told(&html(&format!(
        "<h2>Werkstatt am 5. Dezember</h2><p>Bitte bestätigen Sie Ihre Anmeldung bis Freitag.</p>\
         <p><a href='{SITE}/werkstatt'>Zum Programm</a></p><p><a href='{SITE}/nl'>Newsletter abbestellen</a></p>"
    )));
    assert_eq!(invitation, [("Werkstatt am 5. Dezember".to_owned(), link("/werkstatt"))]);
}

#[test]
fn a_first_line_in_bold_heads_the_text_below_it_and_a_comment_is_no_story() {
    let story = |n: u8, title: &str| {
        format!(
            "<p><font size=4><b>{title}</b></font><br>Der Landtag hat sich damit befasst. <a href='{SITE}/drs/{n}?k=ab12cd34'>mehr ...</a></p>"
        )
    };
    let body = format!(
        "<p><b>Landtag kompakt</b>, Nr. 33</p>{}{}<p><a href='{SITE}/drs/2/comments?k=ab12cd34'>Leave a comment</a></p>\
         <p><a href='{SITE}/aus?k=ab12cd34'>Newsletter abbestellen</a></p>",
        story(1, "Kommunalverfassung geändert"),
        story(2, "Anhörung zum Gesetz")
    );
    let wanted = [("Kommunalverfassung geändert", "/drs/1"), ("Anhörung zum Gesetz", "/drs/2")];
    assert_eq!(told(&html(&body)), wanted.map(|(title, path)| (title.to_owned(), link(path))));
}
