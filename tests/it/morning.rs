//! The morning of an editor with the built binary: once in a real browser, and with kills at random
//! moments.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use amtsbote::clock::{Clock as _, Stopwatch, SystemClock};
use amtsbote::model::ItemId;
use amtsbote::store::{digests, drafts, items};
use amtsbote::subscriber::token;
use chrono::Timelike as _;

use crate::crash::from_environment;
use crate::support::browser::Browser;
use crate::support::desk::{entries, rss};
use crate::support::editors_office::{Office, READER};

/// Longest wait for a mail.
const PATIENCE: Duration = Duration::from_secs(90);

async fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Stopwatch::start();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The place of each text in another one.
fn places(text: &str, parts: &[&str]) -> Vec<Option<usize>> {
    parts.iter().map(|part| text.find(part)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_morning_in_a_real_browser() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut browser) = Browser::start(folder.path()) else {
        eprintln!("skipped: there is no Chromium");
        return;
    };
    // Seven o'clock is in forty seconds, half past six in ten.
    let slot = SystemClock.now().utc().with_timezone(&chrono_tz::Europe::Berlin)
        + chrono::TimeDelta::seconds(40);
    let schedule = format!("{} {} {} * * *", slot.second(), slot.minute(), slot.hour());
    let office = Office::new(&schedule, "30s").await;
    office.world.serve("amt", &rss(&entries(1..=3)));
    let mut service = office.start();
    let link = wait_for("the draft", || office.links().pop()).await;

    browser.open(&format!("http://{}{link}", office.web));
    let page = browser.text();
    assert!(page.contains("Noch nicht entschieden"), "{page}");
    let (one, two, three) =
        ("OZG im Rathaus, Teil 1", "OZG im Rathaus, Teil 2", "OZG im Rathaus, Teil 3");
    let order = places(&page, &[three, two, one]);
    assert!(order.is_sorted() && order[0].is_some(), "{page}");
    // The frame shows the mail itself.
    assert_eq!(
        browser.value("document.querySelectorAll('iframe[title=\"Vorschau der E-Mail\"]').length"),
        1
    );

    browser.press("Weglassen: 1.1");
    browser.press("Nach oben: 1.2");
    let page = browser.text();
    let order = places(&page, &[one, two]);
    assert!(order.is_sorted() && !page.contains(three), "{page}");
    browser.fill("Anmerkung zu 1.2", "Gilt auch für Verbandsgemeinden.");
    browser.press("Anmerkung zu 1.2 speichern");
    browser.fill("Thema von 1.2", "+central-services");
    browser.press("Thema von 1.2 berichtigen");
    browser.press("So verschicken");
    let page = browser.text();
    assert!(page.contains("Die Ausgabe ist freigegeben."), "{page}");
    assert!(office.mails_to(READER).is_empty(), "it is not seven");

    let mail = wait_for("the digest", || office.mails_to(READER).pop()).await;
    let digest = mail
        .lines()
        .find_map(|line| line.strip_prefix(&format!("http://{}/d/", office.web)))
        .unwrap_or_else(|| panic!("{mail}"));
    browser.open(&format!("http://{}/d/{digest}", office.web));
    let twin = browser.text();
    let note = "Anmerkung der Redaktion: Gilt auch für Verbandsgemeinden.";
    for text in [mail.as_str(), &twin] {
        let order = places(text, &[one, two, note]);
        assert!(order.is_sorted() && order[0].is_some(), "{text}");
        assert!(!text.contains(three), "{text}");
        assert!(text.contains("Auch zu: Zentrale Dienste"), "{text}");
    }
    let store = office.world.store();
    let learnt = store.read(|tx| items::corrected(tx, ItemId(0), 9)).await.unwrap();
    let titles: Vec<&str> = learnt.iter().map(|item| item.title.as_str()).collect();
    assert_eq!(titles, [two], "the correction teaches the model");
    drop(store);
    service.kill().unwrap();
    service.wait().unwrap();
}

/// The slot of the draft behind a link, as long as it is kept.
async fn slot_of(office: &Office, link: &str) -> Option<String> {
    let hash = token::hash(link.strip_prefix("/r/")?);
    let store = office.world.store();
    store.read(move |tx| drafts::by_link(tx, &hash)).await.unwrap().map(|draft| draft.slot)
}

/// What an editor says to a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Approve,
    Hold,
    Nothing,
}

const fn next(chance: u64) -> u64 {
    let mut x = chance;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    x
}

/// `AMTSBOTE_DRAFT_KILLS=200 cargo test --test it around_drafts` for the long run.
#[tokio::test(flavor = "multi_thread")]
async fn killed_around_drafts_nothing_is_lost_nothing_doubled_and_nothing_sent_unapproved() {
    let kills = from_environment("AMTSBOTE_DRAFT_KILLS", 8);
    let mut chance = from_environment("AMTSBOTE_SEED", 7).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let office = Office::new("*/4 * * * * *", "2s").await;
    // The editor's word on each slot, as far as it can have been heard; many get none.
    let mut words: HashMap<String, Word> = HashMap::new();
    let (mut published, mut acts) = (0, 0);
    for _ in 0..kills {
        chance = next(chance);
        let mut service = office.start();
        let (life, alive) = (Duration::from_millis(500 + chance % 5_000), Stopwatch::start());
        let mut drawn = chance;
        while alive.elapsed() < life {
            drawn = next(drawn);
            if published == 0 || (drawn >> 40).is_multiple_of(8) {
                published += 1;
                office.world.serve("amt", &rss(&entries(1..=published)));
            }
            tokio::time::sleep(Duration::from_millis(50 + drawn % 200)).await;
            let Some(link) = office.links().pop() else { continue };
            let Some(slot) = slot_of(&office, &link).await else { continue };
            let word = *words.entry(slot.clone()).or_insert(match drawn >> 30 & 3 {
                0 | 1 => Word::Approve,
                2 => Word::Hold,
                _ => Word::Nothing,
            });
            let item = 1 + drawn % published as u64;
            let form = match drawn >> 20 & 7 {
                0 => format!("tat=weglassen&meldung={item}"),
                1 => format!("tat=zeigen&meldung={item}"),
                2 => format!("tat=oben&meldung={item}"),
                3 => format!("tat=anmerkung&meldung={item}&text=Hinweis"),
                _ => match word {
                    Word::Approve => "tat=verschicken".to_owned(),
                    Word::Hold => "tat=anhalten".to_owned(),
                    Word::Nothing => continue,
                },
            };
            let answer = office.ask("POST", &link, &form);
            acts += usize::from(answer.is_some_and(|(status, _)| status == 200));
        }
        service.kill().unwrap();
        service.wait().unwrap();
    }
    // Then nobody kills it, everything is shown and approved.
    for item in 1..=published {
        office.world.run(&["item", "show", &item.to_string(), "--reason", "Ende"]).await;
    }
    let mut service = office.start();
    let begun = Stopwatch::start();
    let mut counts = BTreeMap::new();
    while counts.len() < published {
        assert!(begun.elapsed() < PATIENCE * 2, "{} of {published} arrived", counts.len());
        tokio::time::sleep(Duration::from_millis(300)).await;
        if let Some(link) = office.links().pop() {
            words.extend(slot_of(&office, &link).await.map(|slot| (slot, Word::Approve)));
            office.ask("POST", &link, "tat=verschicken");
        }
        counts = told(&office);
    }
    service.kill().unwrap();
    service.wait().unwrap();

    let counts = told(&office);
    assert!(counts.values().all(|times| *times == 1), "told twice: {counts:?}");
    let store = office.world.store();
    let made = store.read(|tx| digests::list(tx, 10_000)).await.unwrap();
    for digest in &made {
        assert!(
            words.get(&digest.slot) == Some(&Word::Approve),
            "{} was sent unapproved",
            digest.slot
        );
    }
    eprintln!("{kills} kills, {acts} acts, {published} items in {} digests", made.len());
}

/// How often the reader was told of each item.
fn told(office: &Office) -> BTreeMap<usize, usize> {
    let mut counts = BTreeMap::new();
    for mail in office.mails_to(READER) {
        for line in mail.lines() {
            let Some((number, title)) = line.split_once(' ') else { continue };
            let is_entry = number.split('.').all(|part| part.parse::<usize>().is_ok());
            let part = title.strip_prefix("OZG im Rathaus, Teil ").filter(|_| is_entry);
            if let Some(item) = part.and_then(|part| part.trim().parse().ok()) {
                *counts.entry(item).or_default() += 1;
            }
        }
    }
    counts
}
