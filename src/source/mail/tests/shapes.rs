//! Newsletters in the shapes that mailers print.

/// A story as it was written: title, path, teaser.
pub(super) type Told = (&'static str, &'static str, &'static str);

pub(super) const FIRST: &[Told] = &[
    (
        "Serviceportal: 120 Leistungen digital verfügbar",
        "/portal",
        "Wer umzieht, meldet sich nun vom Sofa aus um. Weitere Leistungen folgen im Frühjahr.",
    ),
    (
        "Drei Gemeinden gründen einen IT-Verbund",
        "/verbund",
        "Server und Support kommen künftig aus einer Hand, die Kosten teilen sich die Orte.",
    ),
    (
        "E-Akte kommt in die Kämmerei",
        "/akte",
        "Bis zum Sommer sind die Papierakten gescannt. Schulungen beginnen im Februar.",
    ),
];
pub(super) const SECOND: &[Told] = &[
    (
        "Fördermittel für Dorfgemeinschaftshäuser",
        "/mittel/dorf",
        "Anträge nimmt das Bauamt bis zum Jahresende an, auch elektronisch über das Portal.",
    ),
    (
        "Datenschutz: Neue Regeln für Chatbots",
        "/ki/regeln",
        "Was Verwaltungen beachten müssen, erklärt ein Leitfaden des Landes auf zwölf Seiten.",
    ),
    (
        "Hackerangriff geübt",
        "/uebung",
        "Zwei Tage lang arbeitete das Rathaus ohne Netz. Das Ergebnis fällt besser aus als gedacht.",
    ),
    (
        "Stellenausschreibung: Leitung der IT (m/w/d)",
        "/stelle/it",
        "Bewerbungen sind bis zum 15. Januar möglich, gern ohne Mappe und Bild.",
    ),
];

pub(super) const READER: &str = "news+brief@ort.example";
pub(super) const SITE: &str = "https://www.stadt.example";
/// A token that names the reader and must not be kept.
pub(super) const TOKEN: &str = "k9X2mQ7vB4nT8zR1";

pub(super) fn link(path: &str) -> String {
    format!("{SITE}{path}")
}

/// The same as a redirect of a mailer that holds its target.
pub(super) fn counted(path: &str) -> String {
    let target = link(path).replace(':', "%3A").replace('/', "%2F");
    format!("https://nl.mailer.example/track/click?u={target}&e={TOKEN}")
}

pub(super) fn message(kind: &str, body: &str) -> Vec<u8> {
    format!(
        "Authentication-Results: mx.ort.example; dkim=pass header.d=stadt.example\r\nDelivered-To: {READER}\r\n\
         From: Stadt <newsletter@stadt.example>\r\nTo: {READER}\r\nSubject: Newsletter 11/2025\r\n\
         Date: Mon, 24 Nov 2025 10:00:00 +0100\r\nMessage-ID: <{}@stadt.example>\r\n\
         Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}\r\n",
        body.len()
    )
    .into_bytes()
}

pub(super) fn html(body: &str) -> Vec<u8> {
    message("text/html", body)
}

pub(super) fn text(body: &str) -> Vec<u8> {
    message("text/plain", body)
}

pub(super) fn each(stories: &[Told], shape: impl Fn(usize, &str, &str, &str) -> String) -> String {
    stories
        .iter()
        .enumerate()
        .map(|(at, (title, path, teaser))| shape(at, title, path, teaser))
        .collect()
}

pub(super) const TOP: &str = "<div style=\"display:none;font-size:1px\">Heute: viel Neues aus der Verwaltung und der Region</div>\
    <p style=\"font-size:11px\">Probleme mit der Darstellung? <a href=\"https://nl.mailer.example/v/k9X2mQ7vB4nT8zR1\">Im Browser ansehen</a></p>";

pub(super) fn foot() -> String {
    format!(
        "<p style=\"font-size:11px\">Sie erhalten diese E-Mail an {READER}. <a href=\"https://nl.mailer.example/u/{TOKEN}\">Newsletter abbestellen</a> | \
         <a href=\"https://nl.mailer.example/p/{TOKEN}\">Profil ändern</a></p><p>Impressum: Stadt, Am Markt 1</p>\
         <p><a href=\"https://www.facebook.example/stadt\">Facebook</a></p>"
    )
}

/// All shapes, by the mailer that prints them.
pub(super) fn shapes(of: &[Told]) -> Vec<(&'static str, Vec<u8>)> {
    let (top, foot) = (TOP, foot());
    let hello = "<p>Liebe Leserinnen und Leser,</p><p>der November war voll. Das <a href=\"https://www.stadt.example/rathaus\">Rathaus</a> hat viel vor.</p>";
    vec![
        (
            "headings",
            html(&format!(
                "{top}<h1>Newsletter 11/2025</h1>{hello}{}{foot}",
                each(of, |_, t, p, x| format!(
                    "<h2>{t}</h2><p>{x}</p><p><a href=\"{}\">Weiterlesen</a></p>",
                    link(p)
                ))
            )),
        ),
        (
            "direct_mail",
            html(&format!(
                "{top}{hello}{}{foot}",
                each(of, |_, t, p, x| format!(
                    "<div class=csc-default><h3 class=csc-firstHeader>{t}</h3><p class=bodytext>{x} <a href=\"{}?rid=t_{TOKEN}&aC=4f3e2d1c\">&gt;&gt; mehr</a></p></div>",
                    link(p)
                ))
            )),
        ),
        (
            "cleverreach",
            html(&format!(
                "{top}<table><tr><td>{hello}</td></tr></table>{}{foot}",
                each(of, |_, t, p, x| format!(
                    "<table width=600><tr><td><img src=x.jpg></td></tr><tr><td style=\"font-size:20px;font-weight:bold\">{t}</td></tr><tr><td style=\"font-size:14px\">{x}</td></tr><tr><td><a style=\"background:#036\" href=\"{}\">Jetzt lesen</a></td></tr></table>",
                    counted(p)
                ))
            )),
        ),
        (
            "rapidmail",
            html(&format!(
                "{top}<div>{hello}</div>{}{foot}",
                each(of, |_, t, p, x| format!(
                    "<div><a href=\"{0}\"><img src=b.jpg alt=\"Bild\"></a></div><div><h2 style=\"font-size:22px\"><a href=\"{0}\">{t}</a></h2><p>{x}</p></div>",
                    counted(p)
                ))
            )),
        ),
        (
            "mailchimp",
            html(&format!(
                "{top}<table class=mcnTextBlock><tbody><tr><td>{hello}</td></tr></tbody></table>{}{foot}",
                each(of, |_, t, p, x| format!(
                    "<table class=mcnTextBlock><tbody><tr><td class=mcnTextContent><h3>{t}</h3>{x}<br><br><a href=\"{}?mc_cid=1a2b&mc_eid={TOKEN}\">Mehr erfahren</a></td></tr></tbody></table><table class=mcnDividerBlock><tr><td></td></tr></table>",
                    link(p)
                ))
            )),
        ),
        (
            "brevo",
            html(&format!(
                "{top}{hello}{}{foot}",
                each(of, |_, t, p, x| format!(
                    "<table><tr><td><p style=\"margin:0;font-size:18px\"><strong>{t}</strong></p><p style=\"font-size:14px\">{x}</p><table><tr><td><a href=\"{}\">Zum Artikel</a></td></tr></table></td></tr></table>",
                    counted(p)
                ))
            )),
        ),
        (
            "outlook",
            html(&format!(
                "<p class=MsoNormal>Sehr geehrte Damen und Herren,</p><p class=MsoNormal>hier die Neuigkeiten.</p>{}<p class=MsoNormal>Mit freundlichen Grüßen<br>Ihre Pressestelle</p>{foot}",
                each(of, |_, t, p, x| format!(
                    "<p class=MsoNormal><b><span style='font-size:14.0pt'>{t}<o:p></o:p></span></b></p><p class=MsoNormal>{x}<o:p></o:p></p><p class=MsoNormal><a href=\"https://eur01.safelinks.protection.outlook.com/?url={}&data=05%7C{TOKEN}\">Hier lesen Sie mehr</a></p><p class=MsoNormal>&nbsp;</p>",
                    link(p).replace(':', "%3A").replace('/', "%2F")
                ))
            )),
        ),
        (
            "two columns",
            html(&format!(
                "{top}<table><tr>{}</tr></table>{foot}",
                each(of, |at, t, p, x| format!(
                    "{}<td width=50% valign=top><p><b><a href=\"{}\">{t}</a></b></p><p>{x}</p></td>",
                    if at % 2 == 0 && at > 0 { "</tr><tr>" } else { "" },
                    link(p)
                ))
            )),
        ),
        (
            "table soup",
            html(&format!(
                "{top}<table><tr><td><table><tr><td>{}</td></tr></table></td></tr></table>{foot}",
                each(of, |_, t, p, x| format!(
                    "<table><tr><td width=10></td><td><table><tr><td><font size=4 face=Arial><b>{t}</b></font></td></tr><tr><td height=5></td></tr><tr><td><font size=2 face=Arial>{x}</font></td></tr><tr><td><font size=2><a href=\"{}\">[mehr]</a></font></td></tr></table></td></tr></table>",
                    link(p)
                ))
            )),
        ),
        (
            "contents above",
            html(&format!(
                "{top}<h1>Newsletter</h1><h2>In dieser Ausgabe</h2><ul>{}</ul>{}{foot}",
                each(of, |at, t, _, _| format!("<li><a href=\"#a{at}\">{t}</a></li>")),
                each(of, |at, t, p, x| format!(
                    "<h2 id=a{at}>{t}</h2><p>{x}</p><p><a href=\"{}\">weiterlesen …</a></p><p><a href=\"#top\">nach oben</a></p>",
                    link(p)
                ))
            )),
        ),
        (
            "sections",
            html(&format!(
                "{top}<h2>Aus den Kommunen</h2>{}<h2>Kontakt</h2><p>Pressestelle, Am Markt 1</p>{foot}",
                each(of, |_, t, p, x| format!(
                    "<h3>{t}</h3><p>{x} <a href=\"{}\">Weiter</a></p>",
                    link(p)
                ))
            )),
        ),
        (
            "links only",
            html(&format!(
                "{top}{hello}<ul>{}</ul>{foot}",
                each(of, |_, t, p, x| format!("<li><a href=\"{}\">{t}</a><br>{x}</li>", link(p)))
            )),
        ),
        (
            "cards in one link",
            html(&format!(
                "{top}{}{foot}",
                each(of, |_, t, p, x| format!(
                    "<a href=\"{}\"><div><div style=\"font-size:20px\">{t}</div><div style=\"font-size:14px\">{x}</div><div>Weiterlesen</div></div></a>",
                    link(p)
                ))
            )),
        ),
        (
            "base64 in the path",
            html(&format!(
                "{top}{}{foot}",
                each(of, |_, t, p, x| format!(
                    "<h2>{t}</h2><p>{x}</p><a href=\"https://nl.mailer.example/c/{}/{TOKEN}\">Lesen Sie weiter</a>",
                    data_encoding::BASE64URL_NOPAD.encode(link(p).as_bytes())
                ))
            )),
        ),
        (
            "text underlined",
            text(&format!(
                "Newsletter 11/2025\n==================\n\nLiebe Leserinnen und Leser,\nhier das Neueste.\n\n{}-- \nSie erhalten diese E-Mail an {READER}.\nAbmelden: https://nl.mailer.example/u/{TOKEN}\n",
                each(of, |_, t, p, x| format!(
                    "{t}\n{}\n{x}\nMehr: {}\n\n",
                    "-".repeat(t.chars().count()),
                    link(p)
                ))
            )),
        ),
        (
            "text numbered",
            text(&format!(
                "Themen dieser Ausgabe:\n{}\n\n{}Impressum\nStadt, Am Markt 1\n",
                each(of, |at, t, _, _| format!("{}. {t}\n", at + 1)),
                each(of, |at, t, p, x| format!("{}. {t}\n\n{x}\n\n<{}>\n\n", at + 1, link(p)))
            )),
        ),
        (
            "text framed",
            text(&format!(
                "Guten Tag,\n\n{}Herausgeber: Stadt\n",
                each(of, |_, t, p, x| format!("+++ {t} +++\n{x}\nWeiterlesen: {}\n\n", counted(p)))
            )),
        ),
        (
            "text in capitals",
            text(&format!(
                "{}\nNewsletter abbestellen: https://nl.mailer.example/u/{TOKEN}\n",
                each(of, |_, t, p, x| format!(
                    "{}\n\n{x}\n{}\n\n***\n\n",
                    t.to_uppercase(),
                    link(p)
                ))
            )),
        ),
        (
            "digest of a list",
            text(&format!(
                "Send Liste mailing list submissions to\n\tliste@l.example\n\nToday's Topics:\n\n{}\n\n----------------------------------------------------------------------\n\n{}Subject: Digest Footer\n",
                each(of, |at, t, _, _| format!("   {}. {t} (Amt)\n", at + 1)),
                each(of, |at, t, p, x| format!(
                    "Message: {}\nDate: Mon, 24 Nov 2025 09:00:00 +0100\nFrom: Amt <amt@l.example>\nSubject: [Liste] {t}\nMessage-ID: <{at}@l.example>\n\n{x}\n\n{}\n\n-- \nAmt\n\n------------------------------\n\n",
                    at + 1,
                    link(p)
                ))
            )),
        ),
        ("multipart digest", {
            let parts = each(of, |at, t, p, x| {
                format!(
                    "--x\r\n\r\nFrom: a{at}@l.example\r\nSubject: =?utf-8?B?{}?=\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{x}\r\n\r\n{}\r\n",
                    data_encoding::BASE64.encode(format!("[Liste] {t}").as_bytes()),
                    link(p)
                )
            });
            message("multipart/digest; boundary=x", &format!("{parts}--x--"))
        }),
    ]
}
