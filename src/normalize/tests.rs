//! Identity and cleaning, quirk by quirk.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::model::{
    Access, Date, DetailPolicy, Enclosure, IdentityPolicy, Initial, Item, Key, RawItem, SourceId,
    SourceSettings, Timestamp,
};

const NOW: Timestamp = Timestamp::from_seconds(1_765_260_000);

fn settings(url: &str) -> SourceSettings {
    SourceSettings {
        id: SourceId::from("x"),
        name: "X".into(),
        url: url.into(),
        kind: "feed".to_owned(),
        enabled: true,
        interval: Duration::from_hours(2),
        rank: 2,
        topics: Vec::new(),
        initial: Initial::None,
        identity: IdentityPolicy::Auto,
        timezone: chrono_tz::Europe::Berlin,
        only: Vec::new(),
        aliases: Vec::new(),
        detail: DetailPolicy::Never,
        access: Access::default(),
        remark: None,
    }
}

fn feed() -> SourceSettings {
    settings("https://a.de/feed/")
}

fn raw(guid: &str, link: &str, title: &str) -> RawItem {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    RawItem { guid: some(guid), link: some(link), title: some(title), ..RawItem::default() }
}

fn key(raw: &RawItem) -> String {
    keys(std::slice::from_ref(raw), &feed()).keys[0].0.clone()
}

/// The further names that the first item of a document bears alone.
fn own_names(document: &[RawItem]) -> Vec<Key> {
    let keyed = keys(document, &feed());
    let mut names = keyed.fallbacks(0);
    names.retain(|name| keyed.is_alone(0, name));
    names
}

fn cleaned(raw: &RawItem) -> Option<Item> {
    item(raw, Key("k".into()), raw_hash(raw), &feed(), NOW)
}

fn dated(mut raw: RawItem, seconds: i64) -> RawItem {
    raw.published = Some(Date { at: Timestamp::from_seconds(seconds), is_guess: false });
    raw
}

#[test]
fn the_same_item_has_the_same_key_however_it_is_addressed() {
    for same in [
        [raw("news-116", "https://a.de/x", "T"), raw(" news-116\n", "https://a.de/y", "T2")],
        [
            raw("http://a.de/?p=7", "https://a.de/x", "T"),
            raw("https://a.de/?p=7", "http://a.de/x", "T"),
        ],
        [raw("", "http://www.a.de/x/", "T"), raw("", "https://a.de/x?utm_source=rss", "T2")],
        [
            raw("egal-1", "https://k.de/?object=tx%7C116.635.1", "T"),
            raw("egal-2", "https://kid.de/U/?NavID=1.2&object=tx,116.635.1", "T"),
        ],
        [
            raw("", "https://t.de/a?tx_news_pi1[news]=116&cHash=1", "T"),
            raw("", "https://t.de/b?cHash=2&tx_news_pi1%5Bnews%5D=116", "T"),
        ],
        [
            raw("", "https://e.de/alt-a-0123456789abcdef0123456789abcdef/", "T"),
            raw("", "https://e.de/neu-a-0123456789abcdef0123456789abcdef/?cmp=nl", "T"),
        ],
        [
            raw("", "https://it-planungsrat.de/beschluss/b-2025-33-it", "T"),
            raw("", "https://www.it-planungsrat.de/beschluesse/beschluss/b-2025-33-it/", "T"),
        ],
        [raw("", "", "Nur ein  Titel"), raw("", "", "Nur ein Titel")],
    ] {
        assert_eq!(key(&same[0]), key(&same[1]), "{same:?}");
    }
}

#[test]
fn different_items_have_different_keys() {
    for (one, other) in [
        (raw("a", "https://a.de/x", "T"), raw("A", "https://a.de/x", "T")),
        (raw("", "https://a.de/n/neues-1", "Neues"), raw("", "https://a.de/n/neues-1-1", "Neues")),
        (dated(raw("", "", "Neues"), 1_700_000_000), dated(raw("", "", "Neues"), 1_710_000_000)),
        (raw("", "", "Neues"), raw("", "", "Altes")),
    ] {
        assert_ne!(key(&one), key(&other), "{one:?}");
    }
}

#[test]
fn a_huge_or_hostile_guid_becomes_a_short_key() {
    for guid in ["g".repeat(65_536), "a\u{0}b'; drop table items; --\r\nBcc: x".to_owned()] {
        let key = key(&raw(&guid, "https://a.de/x", "T"));
        assert!(key.len() < 100 && !key.chars().any(char::is_control), "{key}");
    }
}

#[test]
fn an_item_listed_twice_is_one() {
    let items = [raw("a", "https://a.de/x", "T"), raw("a", "https://a.de/x#more", "T")];
    let keyed = keys(&items, &feed());
    assert_eq!(keyed.keys[0], keyed.keys[1]);
    assert_eq!(keyed.notes, Vec::<String>::new());
    // One object in two menus of iKISS.
    let twice = [
        raw("", "https://k.de/A/?NavID=1.1&object=tx|1.7.1", "T"),
        raw("", "https://k.de/B/?NavID=1.2&object=tx|1.7.1", "T"),
    ];
    let keyed = keys(&twice, &feed());
    assert_eq!(keyed.keys[0].0, "ikiss:1.7");
    assert_eq!(keyed.keys[0], keyed.keys[1]);
}

#[test]
fn items_that_share_a_guid_are_told_apart_by_link_then_by_content() {
    let by_link: Vec<RawItem> =
        (0..10).map(|n| raw("same", &format!("https://a.de/{n}"), "T")).collect();
    let keyed = keys(&by_link, &feed());
    let unique: std::collections::HashSet<_> = keyed.keys.iter().collect();
    assert_eq!(unique.len(), 10);
    assert_eq!(
        keyed.notes,
        ["10 different items share an identity with another: each is also told by its link"]
    );
    // Once only one of them is left it must still be found.
    let alone = keys(&by_link[..1], &feed());
    assert_eq!(alone.keys[0].0, "guid:same");
    assert!(own_names(&by_link[..1]).contains(&keyed.keys[0]));

    let by_content = [raw("same", "https://a.de/", "Eins"), raw("same", "https://a.de/", "Zwei")];
    let keyed = keys(&by_content, &feed());
    assert_ne!(keyed.keys[0], keyed.keys[1]);
}

#[test]
fn items_of_an_accordion_share_their_page_and_are_told_by_content() {
    let link = "https://a.de/aktuelles";
    let items = [raw("", link, "Eins"), raw("", link, "Zwei"), raw("", link, "Eins")];
    let keyed = keys(&items, &feed());
    assert_ne!(keyed.keys[0], keyed.keys[1]);
    assert_eq!(keyed.keys[0], keyed.keys[2]);
    assert!(keyed.notes[0].contains("title and text"), "{:?}", keyed.notes);
}

#[test]
fn a_guid_that_changes_at_each_poll_leads_to_the_item_by_its_link() {
    let (before, after) =
        (raw("1", "http://a.de/x?utm_medium=a", "T"), raw("2", "https://a.de/x", "T"));
    let stored = cleaned(&before).unwrap();
    let names = own_names(&[after]);
    assert!(names.iter().any(|key| stored.aliases.contains(&key.0)), "{names:?}");
}

#[test]
fn a_link_that_several_items_share_leads_to_none() {
    let document = [raw("1", "https://a.de/x", "Eins"), raw("2", "https://a.de/x", "Zwei")];
    let shared = Key("link:https://a.de/x".into());
    assert!(!own_names(&document).contains(&shared));
    // Nor does a name that is another item's key.
    let document = [raw("1", "https://a.de/x", "Eins"), raw("", "https://a.de/x", "Zwei")];
    assert!(!own_names(&document).contains(&shared));
    for link in ["https://a.de/", "https://a.de/feed"] {
        let names = own_names(&[raw("1", link, "T")]);
        assert!(names.iter().all(|name| !name.0.starts_with("link:")), "{names:?}");
    }
}

#[test]
fn an_item_listed_twice_bears_its_names_alone() {
    let item = raw("1", "https://a.de/x", "T");
    let names = own_names(std::slice::from_ref(&item));
    assert_eq!(own_names(&[item.clone(), item]), names);
    assert!(names.contains(&Key("link:https://a.de/x".into())), "{names:?}");
}

#[test]
fn ten_thousand_items_of_one_name_are_named_in_one_pass() {
    let many = vec![raw("same", "https://a.de/x", "T"); 10_000];
    let keyed = keys(&many, &feed());
    assert!(keyed.keys.iter().all(|key| key.0 == "guid:same"));
    let many: Vec<RawItem> =
        (0..10_000).map(|n| raw("same", "https://a.de/x", &n.to_string())).collect();
    let unique: std::collections::HashSet<Key> = keys(&many, &feed()).keys.into_iter().collect();
    assert_eq!(unique.len(), 10_000);
}

#[test]
fn the_policy_of_the_source_decides_what_counts() {
    let one = raw("g", "https://a.de/x", "T");
    let with = |identity| {
        let settings = SourceSettings { identity, ..feed() };
        keys(std::slice::from_ref(&one), &settings).keys[0].0.clone()
    };
    assert_eq!(with(IdentityPolicy::Auto), "guid:g");
    assert_eq!(with(IdentityPolicy::Guid), "guid:g");
    assert_eq!(with(IdentityPolicy::Link), "link:https://a.de/x");
    assert!(with(IdentityPolicy::Content).starts_with("content:"));
}

#[test]
fn a_mirror_is_the_same_place() {
    let settings = SourceSettings { aliases: vec!["alt.a.de".into()], ..feed() };
    let items = [raw("", "https://alt.a.de/x", "T"), raw("", "https://a.de/x", "T")];
    let keyed = keys(&items, &settings);
    assert_eq!(keyed.keys[0], keyed.keys[1]);
}

#[test]
fn an_item_is_known_by_the_names_other_sources_use() {
    for (raw, alias) in [
        (
            raw(
                "https://www.kommune21.de/?p=125625",
                "https://www.kommune21.de/k21-meldungen/eine-agentur/",
                "T",
            ),
            "k21:eine-agentur",
        ),
        (
            raw(
                "https://www.kommune21.de/?p=125625",
                "https://www.kommune21.de/k21-meldungen/eine-agentur/",
                "T",
            ),
            "wordpress:kommune21.de/125625",
        ),
        (raw("news-116", "https://www.t.de/news-detail/x", "T"), "typo3:t.de/116"),
        (raw("", "https://kid.de/A/?object=tx|116.635.1", "T"), "ikiss:116.635"),
        (raw("", "http://www.a.de/x/?utm_source=1", "T"), "link:https://a.de/x"),
    ] {
        let item = cleaned(&raw).unwrap();
        assert!(item.aliases.iter().any(|name| name == alias), "{alias} in {:?}", item.aliases);
    }
    let mut release =
        raw("", "https://www.sachsen-anhalt.de/bs/p?tx_tsarssinclude_pi1[uid]=12879", "Angebote");
    release.categories = vec!["Pressemitteilung 165/2025".into(), "Kommunales".into()];
    release.summary_html = Some("Das Ministerium für Infrastruktur und Digitales legt vor.".into());
    let item = cleaned(&release).unwrap();
    assert!(item.aliases.contains(&"pm:mid-165-2025".to_owned()), "{:?}", item.aliases);
    assert_eq!(item.categories, ["Kommunales"], "the number is no category");
}

#[test]
fn what_has_nothing_to_show_is_no_item_and_everything_else_has_a_title() {
    assert_eq!(cleaned(&RawItem::default()), None);
    assert_eq!(cleaned(&raw("g", "javascript:alert(1)", " \u{200b}")), None);
    for (summary, link, title) in [
        ("Das Land startet. Mehr dazu bald.", "", "Das Land startet."),
        ("", "https://a.de/news/neues-portal.html", "neues portal"),
        ("", "https://a.de/?p=12", "a.de"),
    ] {
        let mut raw = raw("g", link, "  ");
        raw.summary_html = Some(summary.to_owned());
        assert_eq!(cleaned(&raw).unwrap().title, title);
    }
}

#[test]
fn a_link_that_is_not_safe_goes_and_the_item_stays() {
    for link in [
        "  JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "vbscript:x",
        "file:///etc/passwd",
        "mailto:x@y.test?bcc=victim@evil.test",
        "https://a.de/\r\nBcc: x@y.test",
    ] {
        let item = cleaned(&raw("g", link, "Titel")).unwrap();
        assert_eq!((item.url, item.title.as_str()), (None, "Titel"), "{link}");
        assert_eq!(item.aliases, Vec::<String>::new());
    }
    let item = cleaned(&raw("g", "http://user:pw@evil.test/", "Titel")).unwrap();
    assert_eq!(item.url.as_deref(), Some("http://evil.test/"));
    assert_eq!(item.guid.as_deref(), Some("g"));
    let long = format!("http://x.test/{}", "a".repeat(65_536));
    assert_eq!(cleaned(&raw("g", &long, "Titel")).unwrap().url, None);
}

#[test]
fn dates_are_real_or_none() {
    let of = |seconds: i64| {
        let item = cleaned(&dated(raw("g", "", "T"), seconds)).unwrap();
        (item.published, item.published_is_guess)
    };
    assert_eq!(of(0), (None, false), "a placeholder");
    assert_eq!(of(-62_135_596_800), (None, false), "year 1");
    assert_eq!(of(253_402_300_799), (Some(NOW), true), "year 9999");
    assert_eq!(
        of(NOW.seconds() + 3_600),
        (Some(Timestamp::from_seconds(NOW.seconds() + 3_600)), false)
    );
    assert_eq!(of(NOW.seconds() + 2 * 86_400), (Some(NOW), true), "an announcement");
    let mut bracketed = raw("g", "", "T");
    bracketed.summary_html = Some("[08.08.2025] Das Land. (wir berichteten) mehr...".into());
    let item = cleaned(&bracketed).unwrap();
    assert_eq!(
        item.published.map(Timestamp::rfc3339).as_deref(),
        Some("2025-08-07T22:00:00Z"),
        "midnight in Berlin"
    );
    assert_eq!(item.summary, "Das Land.");
    let item = cleaned(&raw("g", "https://b.de/2025/09/15/x", "T")).unwrap();
    assert!(item.published.is_some() && item.published_is_guess);
}

#[test]
fn typography_is_no_change_and_words_are() {
    let of = |title: &str, body: &str| {
        let mut raw = raw("g", "https://a.de/x", title);
        raw.body_html = Some(body.to_owned());
        cleaned(&raw).unwrap().fingerprint
    };
    let plain = of("„Portal“ – neu", "<p>Bis 1. Mai</p>");
    assert_eq!(plain, of("\"Portal\" - neu", "<div>Bis&nbsp;1.  Mai</div>"));
    assert_eq!(plain.0.len(), 17);
    assert_eq!(plain.0[0], 1, "its version");
    assert_ne!(plain, of("„Portal“ – neu", "<p>Bis 2. Mai</p>"));
    assert_ne!(plain, of("„Portale“ – neu", "<p>Bis 1. Mai</p>"));
}

#[test]
fn the_raw_hash_is_blind_to_white_space_and_dates() {
    let one = dated(raw("g", "https://a.de/x", "Ein Titel"), 1_700_000_000);
    let mut other = dated(raw("g", "https://a.de/x", " Ein\n Titel "), 1_765_000_000);
    other.updated = other.published;
    assert_eq!(raw_hash(&one), raw_hash(&other));
    other.title = Some("Ein Titel!".into());
    assert_ne!(raw_hash(&one), raw_hash(&other));
    let mut moved = one.clone();
    moved.summary_html = moved.title.take();
    assert_ne!(raw_hash(&one), raw_hash(&moved), "fields do not run into each other");
}

#[test]
fn text_documents_links_and_language_are_taken_over() {
    let mut raw = raw("g", "https://a.de/n/1", "T");
    raw.summary_html = Some("<p>Ein Anfang</p>".into());
    raw.body_html = Some(
        "<p>Der Text mit <a href=\"/s/2\">Seite</a> und <a href=\"studie.pdf\">Studie</a>.</p><p>Impressum:<br>Amt</p>".into(),
    );
    raw.enclosures = vec![Enclosure {
        url: "https://a.de/b.mp3".into(),
        media_type: Some("audio/mpeg".into()),
        ..Enclosure::default()
    }];
    raw.language = Some("de_de".into());
    raw.authors = vec!["-".into(), "Redaktion".into(), "Redaktion".into()];
    let item = cleaned(&raw).unwrap();
    assert!(item.text.starts_with("Ein Anfang\nDer Text mit"), "{}", item.text);
    assert!(!item.text.contains("Impressum"));
    assert_eq!(item.summary, "Ein Anfang");
    assert_eq!(item.links, ["https://a.de/s/2", "https://a.de/n/studie.pdf"]);
    assert_eq!(item.documents.len(), 1);
    assert_eq!(item.documents[0].title, "Studie");
    assert_eq!(item.language.as_deref(), Some("de-DE"));
    assert_eq!(item.authors, ["Redaktion"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn a_clean_item_holds_no_control_characters_and_its_key_is_stable(
        guid in "\\PC{0,20}|[\\x00-\\x7f]{0,20}",
        link in "(https?://a\\.de/[\\x00-\\x7f]{0,20})|\\PC{0,20}",
        title in "[\\x00-\\x7fäß„\u{202e}\u{200b}\u{85}]{0,40}",
        body in "(<[a-z/]{0,6}[ >]?|[\\x00-\\x7fäß\u{202e}]|&#?[a-z0-9]{1,4};){0,40}",
    ) {
        let mut raw = raw(&guid, &link, &title);
        raw.body_html = Some(body);
        prop_assert_eq!(keys(&[raw.clone(), raw.clone()], &feed()).keys, keys(&[raw.clone(), raw.clone()], &feed()).keys);
        prop_assert_eq!(key(&raw), key(&raw.clone()));
        prop_assert!(!key(&raw).chars().any(char::is_control));
        if let Some(item) = cleaned(&raw) {
            let lines = [Some(item.title.clone()), item.url.clone(), item.guid.clone(), Some(item.summary.clone())];
            for text in lines.into_iter().flatten().chain(item.aliases.clone()) {
                prop_assert!(!text.chars().any(char::is_control), "{:?}", text);
            }
            prop_assert!(!item.text.chars().any(|c| c.is_control() && c != '\n'));
            prop_assert!(!item.title.trim().is_empty());
            prop_assert_eq!(Some(item.fingerprint), cleaned(&raw).map(|item| item.fingerprint));
        }
    }
}
