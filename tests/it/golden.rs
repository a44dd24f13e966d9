//! Golden pairs: bytes → items.

use std::borrow::Cow;
use std::fs;
use std::path::PathBuf;

use amtsbote::extract::{feed, html};
use amtsbote::model::{Budget, RawItem};
use proptest::prelude::*;
use serde_json::Value;

fn bounded(body: &[u8]) -> Budget {
    Budget::for_document(body.len())
}

/// Encodings, shapes of municipal CMS feeds, dates, broken text: each case is
/// a small feed and what must be read from its first entry.
#[test]
fn every_feed_case_but_ebcdic_gives_its_entry() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/feedcases");
    let cases: Vec<Value> =
        serde_json::from_slice(&fs::read(folder.join("cases.json")).unwrap()).unwrap();
    assert!(cases.len() >= 119);
    let mut failures = Vec::new();
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let body = fs::read(folder.join(case["file"].as_str().unwrap())).unwrap();
        let zone = chrono_tz::Europe::Berlin;
        let read =
            feed::read(&body, case["ct"].as_str(), case["base"].as_str(), zone, &bounded(&body));
        let again =
            feed::read(&body, case["ct"].as_str(), case["base"].as_str(), zone, &bounded(&body));
        assert_eq!(read, again, "{name}: the same bytes must give the same items");
        let problem = match &read {
            Err(error) => Some(error.to_string()),
            Ok(read) => match read.items.first() {
                None => Some("no item".to_owned()),
                Some(item) => problem(item, &case["expect"][0]),
            },
        };
        match problem {
            // encoding_rs knows no EBCDIC, and no council publishes in it.
            Some(_) if name.starts_with("EBCDIC") => {}
            Some(problem) => failures.push(format!("{} {name}: {problem}", case["file"])),
            None => {}
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn problem(item: &RawItem, expected: &Value) -> Option<String> {
    let title = item.title.as_deref().unwrap_or_default().replace('\u{fffd}', "");
    let wanted = expected["title"].as_str().unwrap_or_default();
    if words(&title) != words(wanted) {
        return Some(format!("title {title:?}"));
    }
    if item.link.as_deref() != expected["link"].as_str() {
        return Some(format!("link {:?}", item.link));
    }
    let dates = [item.published, item.updated].map(|date| date.map(|date| date.at.seconds()));
    if expected["date"].is_i64() && !dates.contains(&expected["date"].as_i64()) {
        return Some(format!("date {dates:?}"));
    }
    if expected["id"].is_string() && item.guid.as_deref() != expected["id"].as_str() {
        return Some(format!("id {:?}", item.guid));
    }
    if let Some(wanted) = expected["text"].as_str() {
        let texts = [&item.summary_html, &item.body_html]
            .map(|html| html::text_of(html.as_deref().unwrap_or_default()));
        if !texts.iter().any(|text| words(text) == words(wanted)) {
            return Some(format!("text {texts:?}"));
        }
    }
    None
}

fn words(text: &str) -> Cow<'_, str> {
    Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A feed with something of everything, to be torn by the properties below.
const WHOLE: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE rss [<!ENTITY stadt "Musterstadt">]>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>Stadt &stadt;</title><ttl>60</ttl><!-- a -- b -->
<item><title>Straße <b>gesperrt</b> &amp;amp; &#150; &nbsp;</title><link>/a?b=1&c=2</link><guid>https://stadt.example/a</guid>
<pubDate>Di., 21. Juli 2026, 10:00 Uhr</pubDate><dc:date>2026-07-21T10:00:00+02:00</dc:date><author>Presse presse@stadt.example</author>
<description><![CDATA[<p>Erster <a href="/x">Satz</a>.</p>]]></description><content:encoded>&lt;p&gt;Lang&lt;/p&gt;</content:encoded>
<enclosure url="/a.pdf" type="application/pdf" length="99"/></item>
<item><title>Zweite Meldung</title><link>https://stadt.example/b</link></item></channel></rss>"#;

fn same_twice(body: &[u8]) {
    let read = || {
        feed::read(
            body,
            None,
            Some("https://stadt.example/feed"),
            chrono_tz::Europe::Berlin,
            &bounded(body),
        )
    };
    assert_eq!(read(), read());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_alike_each_time(body in proptest::collection::vec(any::<u8>(), 0..512)) {
        same_twice(&body);
    }

    #[test]
    fn any_markup_is_read_or_refused_alike_each_time(
        pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "<rss version=\"2.0\">", "<channel>", "<item>", "</item>", "<entry>", "<feed xmlns=\"http://www.w3.org/2005/Atom\">", "<title>", "</title>",
                "<link href=\"", "\"/>", "<![CDATA[", "]]>", "<!--", "-->", "<?xml encoding='x'?>", "&amp;", "&", "&#150;", "<", ">", "ä", "\u{0}", "\u{a0}",
                "<description type=\"xhtml\">", "</description>", "<rdf:RDF>", "x:", " xmlns:x='http://purl.org/rss/1.0/'", "2026-07-21", "<!DOCTYPE a [", "<author>", "a@b.example",
            ]),
            0..40,
        ),
    ) {
        same_twice(pieces.concat().as_bytes());
    }

    #[test]
    fn a_feed_torn_or_spliced_anywhere_never_panics(
        cut in 0..WHOLE.len(), again in 0..WHOLE.len(), at in 0..WHOLE.len(), byte in any::<u8>(),
    ) {
        let mut body = WHOLE.as_bytes().to_vec();
        body[at] = byte;
        same_twice(&body);
        same_twice(&body[..cut]);
        let spliced = [&body[..cut], &body[again..]].concat();
        same_twice(&spliced);
    }

    #[test]
    fn any_text_gives_its_date_and_its_words_without_panic(text in "\\PC{0,80}") {
        let _ = amtsbote::text::date::parse(&text, chrono_tz::Europe::Berlin);
        let _ = amtsbote::text::date::from_path(&text, chrono_tz::Europe::Berlin);
        let plain = html::text_of(&text);
        prop_assert!(!plain.contains("\n\n"));
        let line = amtsbote::text::clean_line(&text, 40);
        prop_assert!(line.chars().count() <= 40);
        prop_assert_eq!(amtsbote::text::clean_line(&line, 40), line.clone());
        prop_assert_eq!(amtsbote::text::sentences(&text).collect::<String>(), text.clone());
        for (at, word) in amtsbote::text::words(&text) {
            prop_assert_eq!(&text[at..at + word.len()], word);
        }
    }
}

/// The torn feed above is worth tearing only if it is read when whole.
#[test]
fn the_feed_that_is_torn_is_read_when_whole() {
    let read = feed::read(
        WHOLE.as_bytes(),
        None,
        Some("https://stadt.example/feed"),
        chrono_tz::Europe::Berlin,
        &bounded(WHOLE.as_bytes()),
    )
    .unwrap();
    assert_eq!(read.items.len(), 2);
    let item = &read.items[0];
    assert_eq!(item.title.as_deref(), Some("Straße gesperrt & –"));
    assert_eq!(item.link.as_deref(), Some("https://stadt.example/a?b=1&c=2"));
    assert_eq!(item.published.map(|date| date.at.seconds()), Some(1_784_620_800));
    assert_eq!(item.body_html.as_deref(), Some("<p>Lang</p>"));
    assert_eq!(item.enclosures[0].url, "https://stadt.example/a.pdf");
}
