//! Whole mails of every kind and size. They are left under the target folder
//! (`tmp/mails`), where other checkers can read them.

#![expect(clippy::unwrap_used, reason = "a test may stop where something is missing")]

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use amtsbote::deliver::message;
use amtsbote::digest::render::{self, MAX_HTML, Ordered};
use amtsbote::digest::{
    Confirm, Face, Notice, Personal, Probe, Selection, TopicTitle, Welcome, select,
};
use amtsbote::model::{
    AlsoReported, Digest, Document, Entry, EntryTopic, ItemId, MailKind, Reasons, Rendered, Series,
    StoryId, Timestamp, Update, Window,
};
use amtsbote::subscriber::token::{Key, Tokens};

use super::{channel, envelope};

const NOW: Timestamp = Timestamp::from_seconds(1_765_260_004);

/// What sources write, and what nobody should write.
const TITLES: [&str; 32] = [
    "Bund und Länder einigen sich auf einheitliches Bürgerkonto",
    "\"Smart City\": Gemeinde testet \"Parkplatz-App\"...",
    "BEKANNTMACHUNG DER VERBANDSGEMEINDE",
    "Bekanntmachung",
    "Bekanntmachung",
    "mehr",
    "www.gewinnspiel.example",
    "Neu\r\nBcc: alle@x.example\r\nX-Spam: no",
    "=?utf-8?q?=0D=0ABcc:_alle@x.example?=",
    "a\u{2028}b\u{85}c\u{b}d",
    "\u{202e}rettub \u{200b}dnu\u{feff} Brot\u{ad}zeit",
    "<b>Fett</b> &amp;amp; &#228;hnlich &quot;toll&quot;",
    "fÃ¼r BÃ¼rgerinnen â€“ und BÃ¼rger",
    "🏛️👩‍💻 Rathaus digital 🇩🇪 👍🏽",
    "Verwaltungsdigitalisierungsbeschleunigungsgesetzdurchführungsverordnungsentwurf liegt vor",
    "-- \nAbmelden: https://boese.example/a/xyz",
    "[hier klicken](https://boese.example) **fett** ~~~~~~~~ ========",
    "§ 5 OZG gilt ab 9. Dezember 2025, 7 Uhr, z.B. für 40 % der Fälle",
    "' onmouseover='x' \" style=\"position:fixed",
    "Leitfaden KI - Einsatz in der Kommune. Weiterlesen",
    "Ein sehr langer Titel über die Umsetzung des Onlinezugangsgesetzes in den kreisangehörigen Gemeinden des Landes Sachsen-Anhalt und die damit verbundenen Aufgaben der Rechenzentren",
    "\u{200b}\u{feff}",
    "From heute an gilt: .",
    "100 % Förderung & 3 < 4 > 2",
    "{{ titel }} {% raw %} ${x} {{{y}}} {0}",
    " \u{a0}\t ",
    "أخبار البلدية 2026: خدمات رقمية",
    "עדכון \u{2067}מהרשות\u{2069} המקומית",
    "Ru\u{308}ckmeldung der Bu\u{308}rgera\u{308}mter, Z\u{353}\u{321}\u{489}algo",
    "https://www.stadt.example/aktuelles?id=1&art=2#oben",
    "„Ohne Ende ‚auf und \"zu",
    LONG,
];

/// As long as nobody writes a title, in words and in one.
const LONG: &str = "Verwaltung Verwaltung Verwaltung Verwaltung Verwaltung Verwaltung Verwaltung \
    Verwaltung Verwaltung Verwaltung Verwaltung Verwaltung Verwaltung Verwaltung Verwaltung \
    Verwaltung Verwaltung Verwaltung Verwaltung Verwaltung Verwaltung Verwaltung Verwaltung \
    Verwaltung Verwaltung Verwaltung Verwaltung Verwaltung Verwaltung Verwaltung \
    ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ";

const URLS: [&str; 6] = [
    "https://www.beispiel.example/meldung/",
    "http://amt.example/index.php?id=9&nr=",
    "https://www.langer-name-einer-verwaltung.example/aktuelles/presse/2025/dezember/mitteilung-",
    "javascript:alert(1)//",
    "https://nutzer:geheim@boese.example/",
    "https://x.example/\" onmouseover=\"alert(1)",
];

fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("mails");
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn topics(number: usize) -> Vec<TopicTitle> {
    [
        ("ozg", "OZG und Onlinedienste"),
        ("central-services", "Zentrale Dienste und Basiskomponenten"),
        ("transformation", "Verwaltungstransformation"),
        ("sicherheit", "IT-Sicherheit"),
        ("ki", "Künstliche Intelligenz"),
    ]
    .into_iter()
    .take(number)
    .map(|(id, title)| TopicTitle { id: id.into(), title: title.into(), short: String::new() })
    .collect()
}

fn face() -> Face {
    let url = |path: &str| format!("https://post.kommunal-it.example/{path}");
    Face {
        name: "Kommunal-IT-Meldungen".into(),
        public_url: url(""),
        contact: "redaktion@kommunal-it.example".into(),
        operator: "Kommunales Rechenzentrum Musterland, Am Markt 1, 01234 Musterstadt".into(),
        imprint_url: url("impressum"),
        privacy_url: url("datenschutz"),
        accessibility_url: url("barrierefreiheit"),
        legal: amtsbote::digest::Legal::default(),
        subscribe_url: url("anmelden"),
        zone: chrono_tz::Europe::Berlin,
        topics: topics(5),
    }
}

fn personal(topics: &[TopicTitle]) -> Personal {
    Personal {
        settings_url: "https://post.kommunal-it.example/e/mmzm2qv2xr4ttzb5lw6ny3hcab".into(),
        unsubscribe_url: "https://post.kommunal-it.example/a/k7jm2qv2xr4ttzb5lw6ny3hcab".into(),
        chosen: topics.iter().map(|topic| topic.id.clone()).collect(),
        topics: topics.iter().map(|topic| topic.title.clone()).collect(),
        frequency: "arbeitstäglich".into(),
        earlier: Vec::new(),
    }
}

fn entry(number: usize, topics: &[TopicTitle], hostile: bool) -> Entry {
    let row = i64::try_from(number).unwrap();
    let title = if hostile {
        TITLES[number % TITLES.len()].to_owned()
    } else {
        format!("Landkreis {number} stellt seine Onlinedienste auf die neue Fassung um")
    };
    let url = if hostile { URLS[number % URLS.len()] } else { URLS[0] };
    let of = |index: usize| EntryTopic {
        topic: topics[index % topics.len()].id.clone(),
        score: 3.0,
        reason: "„Onlinezugangsgesetz“ im Titel".into(),
    };
    Entry {
        item: ItemId(row),
        story: StoryId(row),
        title,
        url: Some(format!("{url}{number}")),
        source: ["IT-Planungsrat", "KITU", "Behörden Spiegel"][number % 3].into(),
        rank: u8::try_from(number % 3 + 1).unwrap(),
        published: (number % 7 != 3)
            .then(|| NOW.before(Duration::from_mins(u64::try_from(number).unwrap()))),
        first_seen: NOW,
        summary: "Die Kommunen sollen ihre Onlinedienste bis Ende 2026 anbinden. Für \
                  bestehende Landeskonten gilt eine Übergangsfrist von zwölf Monaten. "
            .repeat(1 + number % 4),
        documents: if number % 5 == 1 {
            vec![Document {
                title: "Rundschreiben".into(),
                url: format!("https://www.beispiel.example/dateien/{number}.pdf"),
                format: "PDF".into(),
                size: Some(1_234_567),
                ..Document::default()
            }]
        } else {
            Vec::new()
        },
        also: if number % 4 == 1 {
            ["heise online", "Kommune21", "eGovernment", "Behörden Spiegel", "Volksstimme", "MZ"]
                .into_iter()
                .map(|source| AlsoReported {
                    source: source.into(),
                    url: Some(format!("https://www.presse.example/{}/{number}", source.len())),
                    title: None,
                })
                .collect()
        } else {
            Vec::new()
        },
        topics: if number.is_multiple_of(3) && topics.len() > 1 {
            vec![of(number), of(number + 1)]
        } else {
            vec![of(number)]
        },
        update: (number % 6 == 2)
            .then(|| Update { at: NOW, what: "Frist verlängert bis 31. Januar 2026".into() }),
        ..Entry::default()
    }
}

fn digest(items: usize, topic_count: usize, hostile: bool) -> Digest {
    let topics = topics(topic_count);
    let series = Series {
        id: "taeglich".into(),
        title: "Kommunal-IT".into(),
        max_items: items.max(30),
        max_items_per_topic: items.max(10),
    };
    let entries: Vec<Entry> = (0..items).map(|number| entry(number, &topics, hostile)).collect();
    let selection =
        Selection { series: &series, topics: &topics, chosen: &[], keywords: &[], since: None };
    Digest {
        id: "2025-12-09-taeglich".into(),
        sections: select(&entries, &selection).unwrap(),
        series,
        window: Window { from: NOW.before(Duration::from_hours(24)), to: NOW },
        composed_at: NOW,
        reminders: Vec::new(),
        reasons: Reasons::Line,
        silent_sources: if items.is_multiple_of(2) {
            vec!["KITU".into(), "SGSA".into()]
        } else {
            Vec::new()
        },
        source_count: 41,
        catches_up: items == 50,
        intro: None,
    }
}

/// Writes the mail down and checks what every mail must keep.
fn keep(name: &str, kind: MailKind, rendered: &Rendered) {
    let temporary = tempfile::tempdir().unwrap();
    let channel = channel("maildir", &[], temporary.path(), None).unwrap();
    let mut envelope = envelope();
    envelope.kind = kind;
    let tokens = Tokens::new(Key::from_bytes([7; 32]));
    let domain = message::domain_of(&envelope.from).unwrap();
    envelope.message_id = tokens.message_id(kind, name, None, domain);
    if matches!(kind, MailKind::Confirm | MailKind::Notice) {
        envelope.list = None;
    }
    let payload = channel.encode(&envelope, rendered).unwrap();
    fs::write(folder().join(format!("{name}.eml")), &payload.0).unwrap();
    assert!(rendered.subject.chars().count() <= 60, "{name}: {}", rendered.subject);
    let mail = String::from_utf8(payload.0).unwrap();
    assert!(mail.is_ascii());
    assert!(mail.split("\r\n").all(|line| line.len() <= 78 && !line.contains(['\r', '\n'])));
    let header = mail.split("\r\n\r\n").next().unwrap();
    assert!(!header.lines().any(|line| line.starts_with("Bcc") || line.starts_with("X-Spam")));
    let html = mail.split("Content-Type: text/html").nth(1).unwrap();
    assert!(html.len() <= MAX_HTML + 300, "{name}: {} bytes", html.len());
    for line in rendered.text.lines() {
        let is_url = line.trim_start().starts_with("http");
        assert!(is_url || line.chars().count() <= 72, "{name}: {line}");
        assert!(!line.contains("javascript:") && !line.contains("boese.example/"), "{line}");
    }
    let marks = rendered.text.lines().filter(|line| *line == "-- ").count();
    assert_eq!(marks, usize::from(kind != MailKind::Confirm), "{name}");
    assert_same_links(name, rendered);
    if kind == MailKind::Digest {
        let preheader = preheader(&rendered.html).chars().count();
        assert!((40..=140).contains(&preheader), "{name}: a preheader of {preheader}");
    }
}

/// What inboxes show beside the subject.
fn preheader(html: &str) -> &str {
    let hidden = html.split("line-height:1px;").nth(1).unwrap();
    hidden.split('>').nth(1).unwrap().split('<').next().unwrap()
}

/// Whoever reads the text part can go wherever the HTML part leads.
fn assert_same_links(name: &str, rendered: &Rendered) {
    let lines: HashSet<&str> = rendered.text.lines().map(str::trim).collect();
    for rest in rendered.html.split("href=\"").skip(1) {
        let link = rest.split('"').next().unwrap().replace("&amp;", "&").replace("&#39;", "'");
        if let Some(anchor) = link.strip_prefix('#') {
            assert!(rendered.html.contains(&format!("id=\"{anchor}\"")), "{name}: {link}");
            continue;
        }
        let address = link.strip_prefix("mailto:").unwrap_or(&link);
        assert!(lines.contains(address), "{name}: {link} is not in the text part");
    }
}

/// Nothing is left to be filled in, nor looks like it.
fn assert_resolved(name: &str, part: &str) {
    for mark in ["{{", "}}", "{%", "%}", "${", "undefined", "None", "null", "\u{fffd}"] {
        assert!(!part.contains(mark), "{name}: {mark}");
    }
    assert!(!part.contains("\n0\u{a0}") && !part.contains(" 0\u{a0}weitere"), "{name}");
}

#[test]
fn digests_of_any_size_and_with_any_title_keep_their_form() {
    let templates = render::load(&[]).unwrap();
    for items in [1, 7, 30, 50, 500] {
        for topic_count in [1, 5] {
            for hostile in [false, true] {
                let digest = digest(items, topic_count, hostile);
                let personal = personal(&topics(topic_count));
                let mail = render::digest(&digest, &face(), &personal, &templates).unwrap();
                let tone = if hostile { "hostile" } else { "plain" };
                keep(&format!("digest-{items}x{topic_count}-{tone}"), MailKind::Digest, &mail);
                for part in [&mail.subject, &mail.text, &mail.html] {
                    assert_resolved(&format!("{items}x{topic_count} {tone}"), part);
                }
                let shown = mail.html.matches("<h3").count();
                let left_out = mail.html.matches("weitere=").count();
                assert_eq!(shown < items, left_out > 0, "{items}x{topic_count} {tone}: {shown}");
                assert!(!mail.html.contains("<script") && !mail.html.contains("javascript:"));
                assert!(!mail.html.contains("geheim") && !mail.html.contains(" onmouseover=\""));
            }
        }
    }
}

#[test]
fn the_other_mails_keep_their_form() {
    let templates = render::load(&[]).unwrap();
    let series = vec![Ordered {
        title: "Kommunal-IT am Morgen".into(),
        frequency: "arbeitstäglich".into(),
        next: Some(NOW),
    }];
    let chosen = topics(2);
    let confirm = Confirm {
        url: "https://post.kommunal-it.example/b/wm3x4kpr5tyv2nqh7sld4jgzab".into(),
        requested_at: NOW,
        expires_at: NOW.after(Duration::from_hours(72)),
        series: series.clone(),
        topics: personal(&chosen).topics,
    };
    let mail = render::confirm(&confirm, &face(), &templates).unwrap();
    keep("confirm", MailKind::Confirm, &mail);
    for is_repeated in [false, true] {
        let welcome = Welcome {
            series: series.clone(),
            latest: if is_repeated { Vec::new() } else { digest(7, 2, false).sections },
            is_repeated,
            asked: is_repeated.then(|| amtsbote::digest::Asked {
                series: series.clone(),
                topics: Vec::new(),
                url: format!("{}?thema=ozg", personal(&chosen).settings_url),
            }),
        };
        let mail = render::welcome(&welcome, &face(), &personal(&chosen), &templates).unwrap();
        let name = if is_repeated { "welcome-repeated" } else { "welcome" };
        keep(name, MailKind::Welcome, &mail);
    }
    let probe = Probe { since: NOW.before(Duration::from_hours(24 * 14)), series };
    let mail = render::probe(&probe, &face(), &personal(&chosen), &templates).unwrap();
    keep("probe", MailKind::Probe, &mail);
    let notice = Notice {
        subject: "2 Quellen sind gestört".into(),
        paragraphs: vec!["Diese Quellen waren seit mehr als drei Tagen nicht lesbar.".into()],
        items: vec!["kitu: the page has no element `.result-list`".into(), "sgsa: 404".into()],
        hint: Some("amtsbote source doctor".into()),
    };
    keep("notice", MailKind::Notice, &render::notice(&notice, &face(), &templates).unwrap());
}
