//! What marks titles apart from size and headings, and what looks like a story and is none.

use super::shapes::{FIRST, SECOND, SITE, each, html, link, message, text};
use super::{read_one, told};

fn wanted() -> Vec<(String, String)> {
    FIRST.iter().map(|(title, path, _)| ((*title).to_owned(), link(path))).collect()
}

fn with_subject(subject: &str, message: &[u8]) -> Vec<u8> {
    let said = String::from_utf8(message.to_vec()).unwrap();
    said.replace("Newsletter 11/2025", subject).into_bytes()
}

#[test]
fn titles_in_html_are_those_that_part_it_into_stories_with_one_link_each() {
    let shapes = [
        (
            "addresses typed as text, and a bold signature",
            format!(
                "<p>Sehr geehrte Damen und Herren,</p>{}<p>Mit freundlichen Grüßen</p><p><b>Kommunales Rechenzentrum</b></p><p>Tel. 03999 1 | {SITE}/</p>",
                each(FIRST, |_, t, p, x| format!("<p><b>{t}</b></p><p>{x}</p><p>{}</p>", link(p)))
            ),
        ),
        (
            "bold questions within stories",
            each(FIRST, |_, t, p, x| {
                format!(
                    "<h2>{t}</h2><p>{x}</p><p><b>Was ist zu tun?</b></p><ol><li>Zeit nehmen</ol><p><b>Wo finde ich Hilfe?</b></p><p>Unterlagen stehen unter <a href='{0}'>{0}</a>.</p>",
                    link(p)
                )
            }),
        ),
        (
            "sections with words of their own",
            each(FIRST, |at, t, p, x| {
                format!(
                    "<h2>Rubrik {at}</h2><p>Hier kommen die Städte und Gemeinden des Landes selbst zu Wort.</p><h3>{t}</h3><p>{x}</p><a href='{}'>weiterlesen</a>",
                    link(p)
                )
            }),
        ),
        (
            "a place and a day in a heading below the title",
            each(FIRST, |_, t, p, x| {
                format!(
                    "<h5>{t}</h5><h6>Halle, 24. November</h6><p>{x}</p><a href='{}'>Weiterlesen</a>",
                    link(p)
                )
            }),
        ),
        (
            "a day in bold below the heading",
            each(FIRST, |_, t, p, x| {
                format!(
                    "<h1>{t}</h1><p><b>20. Januar 2027, 10 Uhr, Stadthalle</b></p><p>{x}</p><a href='{}'>Jetzt anmelden</a>",
                    link(p)
                )
            }),
        ),
        (
            "rows with a cell for the link",
            format!(
                "<table><tr><th>Nr.<th>Titel<th>Inhalt<th>Link</tr>{}</table>",
                each(FIRST, |at, t, p, x| {
                    format!("<tr><td>{at}<td>{t}<td>{x}<td><a href='{}'>öffnen</a></tr>", link(p))
                })
            ),
        ),
        (
            "addresses behind titles",
            format!(
                "<p>Hallo,</p><ol>{}</ol>",
                each(FIRST, |_, t, p, _| format!("<li>{t}: <a href='{0}'>{0}</a>", link(p)))
            ),
        ),
        (
            "two buttons below each",
            each(FIRST, |_, t, p, x| {
                format!(
                    "<p><small>Berlin, 23. November 2026</small></p><h2>{t}</h2><p>{x}</p><ul><li><a href='{0}.pdf'>Download PDF</a><li><a href='{0}'>Zur Website</a></ul>",
                    link(p)
                )
            }),
        ),
        (
            "underlined",
            each(FIRST, |_, t, p, x| {
                format!(
                    "<div><u>{t}</u></div><div>{x} <a href='{}'>Schreiben öffnen</a></div>",
                    link(p)
                )
            }),
        ),
        (
            "pictures that show the title",
            each(FIRST, |_, t, p, x| {
                format!(
                    "<a href='{0}'><img alt='{t}'></a><p>{x}</p><p><a href='{0}'>Zur Seite</a></p>",
                    link(p)
                )
            }),
        ),
        (
            "cards that are one link",
            format!(
                "{}<p style='font-size:10px'>Ein Angebot der Stadt Musterstadt für alle.</p>",
                each(FIRST, |_, t, p, x| format!(
                    "<a href='{}'><span style='display:block;font-size:11px'>4 Min. Lesezeit</span><span style='display:block;font-weight:700;font-size:16px'>{t}</span><span style='display:block;font-size:13px'>{x}</span></a>",
                    link(p)
                ))
            ),
        ),
        (
            "days beside the title, and a lone link below",
            each(FIRST, |at, t, p, x| {
                format!("<h3>2{at}.11.2026 | <a href='{}'>{t}</a></h3><p>{x}</p>", link(p))
            }) + "<p><a href='/x'>Alle Meldungen</a></p>",
        ),
        (
            "a list of contents that tells enough",
            format!(
                "<h3>Das Wichtigste in Kürze</h3><ul>{}</ul>{}",
                each(FIRST, |_, t, _, _| format!("<li>{t}")),
                each(FIRST, |_, t, p, x| format!(
                    "<h3>{t}</h3><p>{x} [<a href='{}'>Quelle</a>]</p>",
                    link(p)
                ))
            ),
        ),
        (
            "lines of one paragraph",
            format!(
                "<p>Hallo,</p><p>die nächsten Termine:</p><p>{}</p>",
                each(FIRST, |at, t, p, _| {
                    format!("&bull; <a href='{}'>{t}</a>, {}.12.2026, Saal 1<br>", link(p), at + 1)
                })
            ),
        ),
        (
            "days that head lists of links",
            each(FIRST, |at, t, p, _| {
                format!(
                    "<h3>Montag, {}. Januar</h3><ul><li>09:00 Uhr: <a href='{}'>{t}</a> (Halle)</ul>",
                    at + 1,
                    link(p)
                )
            }),
        ),
        (
            "what is paid for, asked and listed",
            format!(
                "{}<p>ANZEIGE</p><h2><a href='https://ad.example/7'>Akten verwalten mit DokuStar</a></h2><p>Jetzt bestellen!</p>\
                 <h3>Wie gefällt Ihnen die Ausgabe?</h3><p><a href='{SITE}/wahl?p=1'>Gut</a></p>\
                 <p><a href='{SITE}/'>Alle Meldungen ansehen</a></p><p>Stadt, Markt 1 · <a href='{SITE}/x'>Abmelden</a></p><h2>Stadt Musterstadt</h2><p>Telefon 1</p>",
                each(FIRST, |_, t, p, x| format!(
                    "<h2><a href='{}'>{t}</a></h2><p>{x}</p>",
                    link(p)
                ))
            ),
        ),
    ];
    for (shape, body) in shapes {
        assert_eq!(told(&html(&body)), wanted(), "{shape}");
    }
    let loud = each(FIRST, |_, t, p, x| {
        format!("<p>{}</p><p>{x}</p><p>Mehr: <a href='{1}'>{1}</a></p>", t.to_uppercase(), link(p))
    });
    let links: Vec<String> = told(&html(&loud)).into_iter().map(|(_, link)| link).collect();
    assert_eq!(links, FIRST.iter().map(|(_, path, _)| link(path)).collect::<Vec<_>>());
}

#[test]
fn titles_in_plain_text_are_no_lines_that_were_broken_for_want_of_room() {
    let wrapped = "Das Vorhaben hat viele Jahre gedauert und kostet mehr als gedacht. Die\n\
                   Ergebnisse liegen nun vor, und die Verwaltung zeigt sich damit zufrieden.";
    let shapes = [
        (
            "numbers after a list of contents",
            format!(
                "IN DIESER AUSGABE\n\n{}\n{}",
                each(FIRST, |at, t, _, _| format!("  {}) {t}\n", at + 1)),
                each(FIRST, |at, t, p, _| format!(
                    "{}) {t}\n\n{wrapped}\n\n>>> {}\n\n----------\n\n",
                    at + 1,
                    link(p)
                ))
            ),
        ),
        (
            "bullets below capitals, with notes",
            format!(
                "WARNUNGEN\n=========\n\n{}\n{}",
                each(FIRST, |at, t, _, x| format!("* {t}\n  {x} [{}]\n\n", at + 1)),
                each(FIRST, |at, _, p, _| format!("[{}] {}\n", at + 1, link(p)))
            ),
        ),
        (
            "a list with addresses",
            format!(
                "Hallo zusammen,\n\n{}\nViele Grüße",
                each(FIRST, |_, t, p, _| format!("- {t}\n  <{}>\n", link(p)))
            ),
        ),
        (
            "a line of the day below the title",
            each(FIRST, |_, t, p, x| {
                format!("{t}\nvon der Redaktion, 23.11.2026\n\n{x}\n\nWeiterlesen: {}\n\n", link(p))
            }),
        ),
        (
            "an agenda",
            format!(
                "Sitzungen der Woche\n\n{}\nOhne Gewähr.\n",
                each(FIRST, |at, t, p, _| format!(
                    "{}.12.2026, 18:00 Uhr: {t}\n  {}\n",
                    at + 1,
                    link(p)
                ))
            ),
        ),
        (
            "numbers in brackets",
            each(FIRST, |at, t, p, x| {
                format!("[{}] {t}\n    Severity: high\n    {x}\n    {}\n\n", at + 1, link(p))
            }),
        ),
        (
            "a quoted message",
            format!(
                "Siehe unten.\n\n{}> Abmelden: {SITE}/ab?u=77ab12\n",
                each(FIRST, |_, t, p, x| format!(
                    "> {t}\n> {}\n> {x}\n> {}\n>\n",
                    "-".repeat(9),
                    link(p)
                ))
            ),
        ),
        (
            "links written as text",
            each(FIRST, |_, t, p, x| format!("## [{t}]({})\n\n{x}\n\n", link(p))),
        ),
        (
            "days in brackets",
            each(FIRST, |at, t, p, x| format!("{t} (2{at}.11.2026)\n{x}\n--> {}\n\n", link(p))),
        ),
        (
            "fields with names",
            each(FIRST, |at, t, p, _| {
                format!(
                    "Titel: {t}\nDatum: 2{at}.11.2026\nRubrik: Amtliches\nLink: {}\n\n",
                    link(p)
                )
            }),
        ),
        (
            "lines between blank ones, and a foot below a rule",
            format!(
                "{}______\n\nBrief der Stadt, Herausgeber: Rathaus\nWenn Sie ihn nicht mehr erhalten wollen: <{SITE}/ab>",
                each(FIRST, |_, t, p, _| format!(
                    "{t}\n\n{wrapped}\n\nMehr Angaben macht die Pressestelle gern auf Anfrage.\n\nLink: {}\n\n* * *\n\n",
                    link(p)
                ))
            ),
        ),
    ];
    for (shape, body) in shapes {
        assert_eq!(told(&text(&body)), wanted(), "{shape}");
    }
}

#[test]
fn a_letter_that_tells_one_thing_is_named_by_its_subject() {
    let body = |link: &str| {
        format!(
            "<p>Sehr geehrte Damen und Herren,</p><p>am Samstag werden die Server der Fachverfahren gewartet und stehen still.</p>\
             <table><tr><td><b>Betroffen</b><td>Finanzen</table><p>Den Stand zeigt die <a href='{SITE}{link}'>Statusseite</a>.</p><p>Mit freundlichen Grüßen</p>"
        )
    };
    let named = told(&with_subject("AW: [Info] Wartung am 5. Dezember", &html(&body("/status/7"))));
    assert_eq!(named, [("Wartung am 5. Dezember".to_owned(), link("/status/7"))]);
    let lines = "Guten Tag,\n\ndie seit Montag bestehende Störung in den Verfahren ist behoben. Alle Ämter\nkönnen wieder arbeiten.\n\n- Urkunden\n- Statistik\n\nDen Bericht finden Sie unter\nhttps://www.stadt.example/7\n\nMit freundlichen Grüßen\nIhr Servicedesk";
    assert_eq!(
        told(&with_subject("Störung behoben", &text(lines))),
        [("Störung behoben".to_owned(), link("/7"))]
    );
    let table =
        each(FIRST, |_, t, p, x| format!("<tr><td>{t}: {x} <a href='{}'>öffnen</a>", link(p)));
    assert_eq!(
        told(&with_subject(
            "Neue Erlasse",
            &html(&format!("<p>Guten Tag,</p><table>{table}</table>"))
        )),
        [],
        "it tells three things"
    );
    let account = html(&format!(
        "<p>Für Ihr Konto wurde ein neues Passwort angefordert. Klicken Sie innerhalb von 24 Stunden auf die Schaltfläche:</p><p><a href='{SITE}/reset'>Neues Passwort festlegen</a></p>"
    ));
    assert_eq!(told(&with_subject("Zugang zum Mitgliederbereich", &account)), []);
    let shared = html(&format!(
        "<p>B. Beispiel hat Sie eingeladen, eine Datei zu lesen und etwas dazu zu sagen, bis Freitag.</p><p><b>Protokoll.docx</b></p><p><a href='{SITE}/g/7'>Öffnen</a></p>"
    ));
    assert_eq!(told(&with_subject("A. hat „Protokoll“ mit Ihnen geteilt", &shared)), []);
    let joined = html(&format!(
        "<p>A. Muster hat die Besprechung zugesagt, die am Dienstag um 10 Uhr im großen Saal beginnt.</p><p>Wo: <a href='{SITE}/raum'>{SITE}/raum</a></p>"
    ));
    assert_eq!(told(&with_subject("Zugesagt: Jour fixe Digitales", &joined)), []);
    let asked = text(
        "Guten Tag,\n\nwir haben die Störung des Druckers unter der Nummer 4711 erfasst und melden uns, sobald es Neues gibt.\n\nhttps://www.stadt.example/4711",
    );
    assert_eq!(told(&with_subject("[Ticket#4711] Drucker im Bürgerbüro", &asked)), []);
}

#[test]
fn words_that_name_furniture_name_stories_too() {
    let of = [
        ("Sprechstunde Datenschutz", 1),
        ("Ausgabe von Tablets an den Rat", 2),
        ("Umfrage zum Radverkehr", 3),
    ];
    let body: String = of
        .iter()
        .map(|(t, n)| {
            format!("<h3><a href='{SITE}/{n}'>{t}</a></h3><p>Mehr dazu im Ausschuss.</p>")
        })
        .collect();
    let wanted = of.map(|(title, n)| (title.to_owned(), link(&format!("/{n}"))));
    assert_eq!(told(&html(&body)), wanted);
}

#[test]
fn what_names_the_reader_is_known_by_the_link_that_leaves() {
    let payload = data_encoding::BASE64URL_NOPAD
        .encode(format!("{{\"user\":\"u77\",\"url\":\"{SITE}/verbund\"}}").as_bytes());
    let body = format!(
        "<dl><dt><a href='{SITE}/portal?nl=abo7&amp;pk_source=brief'>{}</a><dd>{}\
         <dt><a href='https://klick.mailer.example/c/{payload}'>{}</a><dd>{}</dl><p><a href='{SITE}/aus?m=abo7'>Abmelden</a></p>",
        FIRST[0].0, FIRST[0].2, FIRST[1].0, FIRST[1].2
    );
    assert_eq!(told(&html(&body)), wanted()[..2]);
}

#[test]
fn the_part_with_the_stories_is_read_whichever_it_is() {
    let lines =
        each(SECOND, |_, t, p, x| format!("### {t} ###\n\n{x}\n\nLesen: <{}>\n\n", link(p)));
    let picture =
        "<a href='https://www.stadt.example/online'><img alt='Bitte Bilder anzeigen'></a>";
    let both = message(
        "multipart/alternative; boundary=x",
        &format!(
            "--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{lines}\r\n--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{picture}\r\n--x--"
        ),
    );
    let both = String::from_utf8(both).unwrap().replace("boundary=x; charset=utf-8", "boundary=x");
    assert_eq!(read_one(both.as_bytes()).items.len(), SECOND.len());
}

#[test]
fn of_a_letter_that_is_all_links_no_more_than_the_most_stories_are_kept() {
    let count = 5_000;
    let links: Vec<String> =
        (0..count).map(|n| format!("<a href='{SITE}/{n}'>Ein Titel {n}</a>")).collect();
    for body in [
        links.join(" "),
        links.concat().replace("<a", "<p><a"),
        links.join("<br>"),
        links.concat().replace("<a", "<table><tr><td>Nr.<td>Titel<td><a"),
        links.concat().replace("<a", "<h2>Titel</h2><a"),
    ] {
        assert!(told(&html(&body)).len() <= 100);
    }
    let written: String = (0..count).map(|n| format!("[Ein Titel]({SITE}/{n}) ")).collect();
    assert!(told(&text(&written)).len() <= 100);
}
