//! Stories, updates and re-tagging through the whole pipeline: several sources
//! report, change and repeat; what digests make of it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use amtsbote::dedup;
use amtsbote::desk;
use amtsbote::model::{
    Correction, DetailPolicy, Digest, Fingerprint, Initial, Item, ItemId, Key, SourceId, StoryId,
    Timestamp,
};
use amtsbote::pipeline;
use amtsbote::store::{Store, digests, items, stories};
use amtsbote::topic;
use proptest::prelude::*;
use serde_json::Value;

use crate::support::service::{Service, Setup};

/// 2026-02-02 08:00 in Berlin.
const MONDAY: Timestamp = Timestamp(1_770_015_600_000);
const DAY: Duration = Duration::from_hours(24);

const TOPICS: &str = r#"
[[topic]]
id = "ozg"
title = "OZG"
strong = ["Onlinedienst*"]
never = ["*Jagdgenossenschaft*"]

[[topic]]
id = "central-services"
title = "Zentrale Dienste"
strong = ["zentrale Service-Angebote"]
"#;

const RELEASE: &str = "Die Landesregierung hat gemeinsam mit den kommunalen Spitzenverbänden \
    untersucht, wie Onlinedienste die Städte und Gemeinden entlasten können. Die \
    Machbarkeitsstudie der Hochschule Harz zeigt, dass sich bis zu 120 Aufgaben bündeln lassen. \
    Bewerbungen für den Probebetrieb in Nachterstedt und Wernigerode sind bis zum 28. Februar \
    2026 möglich, bevor alle 218 Kommunen des Landes die Angebote nutzen.";

/// A service with the sources `land` (rank 1), `verband` (2) and `presse` (3).
struct World(Service);

impl std::ops::Deref for World {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.0
    }
}

/// The parts of that service.
fn setup(initial: &str) -> Setup {
    let source = |(id, rank): (&str, u8)| {
        format!(
            "[[source]]\nid = \"{id}\"\nname = \"{id}\"\nkind = \"feed\"\ndetail = \"never\"\nrank = {rank}\n\
             url = \"https://{id}.example/feed.xml\"\ninitial = \"{initial}\"\n"
        )
    };
    let sources: String = [("land", 1), ("verband", 2), ("presse", 3)].map(source).concat();
    Setup::new().sources(sources).topics(TOPICS).at(MONDAY)
}

impl World {
    fn new() -> Self {
        Self::with_initial("all")
    }

    fn with_initial(initial: &str) -> Self {
        Self(setup(initial).open())
    }

    /// Polls a source whose feed has these items.
    async fn report(&self, source: &str, feed: &[Told<'_>]) {
        let url = format!("https://{source}.example/feed.xml");
        self.say(&url, 200, &[], &rss(source, feed));
        assert_eq!(self.ask(&[source]).await[0].error, None);
    }

    /// The digest of what has come since the last one.
    async fn digest(&self) -> Option<Digest> {
        // Digests by hand are told apart by their instant.
        tokio::time::advance(Duration::from_secs(1)).await;
        self.compose().await.0
    }

    /// Topics of an item and the version that decided last.
    async fn topics(&self, id: ItemId) -> (Vec<String>, String) {
        self.ctx
            .store
            .read(move |tx| {
                let tags = items::tags(tx, id)?;
                let mut topics: Vec<String> =
                    tags.iter().map(|(tag, _)| tag.topic.to_string()).collect();
                topics.sort();
                Ok((topics, items::tagged_by(tx, id)?))
            })
            .await
            .unwrap()
    }

    /// Reloads with other topics, as the daemon does.
    async fn reload(&mut self, topics: &str) {
        self.0.change(|setup| setup.topics(topics));
        let mut after = ItemId(0);
        while let Some(upto) = pipeline::retag(&self.ctx, &self.plan, after).await.unwrap().upto {
            after = upto;
        }
    }
}

/// An item as a feed tells it.
#[derive(Clone)]
struct Told<'a> {
    guid: &'a str,
    title: &'a str,
    text: &'a str,
    file: Option<&'a str>,
}

fn told<'a>(guid: &'a str, title: &'a str, text: &'a str) -> Told<'a> {
    Told { guid, title, text, file: None }
}

fn rss(source: &str, feed: &[Told<'_>]) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let mut xml = format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>{source}</title>\
         <link>https://{source}.example/</link><description/>"
    );
    for Told { guid, title, text, file } in feed {
        let file = file.map_or(String::new(), |file| {
            format!("<enclosure url=\"{file}\" type=\"application/pdf\" length=\"1000\"/>")
        });
        xml += &format!(
            "<item><guid isPermaLink=\"false\">{guid}</guid><title>{}</title>\
             <link>https://{source}.example/{guid}</link><description>{}</description>{file}</item>",
            escape(title),
            escape(text)
        );
    }
    xml + "</channel></rss>"
}

fn entries(digest: &Digest) -> Vec<&amtsbote::model::Entry> {
    digest.sections.iter().flat_map(|section| &section.entries).collect()
}

fn update_of(digest: Option<Digest>) -> Option<String> {
    let digest = digest?;
    let entries = entries(&digest);
    assert_eq!(entries.len(), 1);
    Some(entries[0].update.as_ref()?.what.clone())
}

#[tokio::test(start_paused = true)]
async fn one_entry_tells_a_story_of_three_sources_and_the_authority_leads() {
    let world = World::new();
    world.report("presse", &[told("p1", "Agentur für Kommunen", RELEASE)]).await;
    world.report("verband", &[told("v1", "Studie der Hochschule liegt vor", RELEASE)]).await;
    world.report("land", &[told("l1", "Onlinedienste entlasten Kommunen", RELEASE)]).await;
    let digest = world.digest().await.unwrap();
    let entries = entries(&digest);
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].source, "land");
    let also: Vec<&str> = entries[0].also.iter().map(|also| also.source.as_str()).collect();
    assert_eq!(also, ["verband", "presse"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_database_of_the_version_before_told_is_not_told_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("amtsbote.db");
    let world = World(setup("all").store(Store::open(&file).unwrap()).open());
    world.report("land", &[told("l1", "Onlinedienste entlasten Kommunen", RELEASE)]).await;
    world.digest().await.unwrap();
    drop(world);
    // As the version before kept them: without the order of the words.
    let mut before = vec![1, 0];
    before.extend(i64::MIN.to_le_bytes());
    before.extend([0; 12 + 7 * 2]);
    let old = rusqlite::Connection::open(&file).unwrap();
    old.execute("update story_subjects set traces = ?1", [before]).unwrap();
    old.execute_batch(
        "delete from story_traces; insert into story_renewals select item from story_subjects;",
    )
    .unwrap();
    drop(old);
    let world = World(setup("all").store(Store::open(&file).unwrap()).open());
    world.report("presse", &[told("p1", "Agentur für Kommunen", RELEASE)]).await;
    assert_eq!(world.digest().await, None);
    let items = world.items().await;
    assert_eq!(items[0].story, items[1].story);
}

#[tokio::test(start_paused = true)]
async fn a_release_is_one_story_by_the_number_of_its_ministry_wherever_it_is_printed() {
    let world = World::new();
    let line = "Pressemitteilung Nr. 12/2026, Ministerium für Infrastruktur und Digitales des Landes Sachsen-Anhalt";
    let whole = format!("{RELEASE}<br>{line}");
    let teaser = format!("{line}<br>Onlinedienste sollen Kommunen entlasten.");
    let next = teaser.replace("12/2026", "13/2026");
    world.report("land", &[told("l1", "Onlinedienste entlasten Kommunen", &whole)]).await;
    let reprints = [told("p1", "Land hilft Rathäusern", &teaser), told("p2", "Land hilft", &next)];
    world.report("presse", &reprints).await;
    let items = world.items().await;
    let story = |guid: &str| items.iter().find(|i| i.guid.as_deref() == Some(guid)).unwrap().story;
    assert_eq!(story("l1"), story("p1"));
    assert_ne!(story("l1"), story("p2"));
}

#[tokio::test(start_paused = true)]
async fn a_short_item_under_two_guids_and_one_address_is_one_entry() {
    let world = World::new();
    let feed = rss(
        "land",
        &[
            told("a", "Neue Onlinedienste", "Seit Montag."),
            told("b", "Neue Onlinedienste", "Seit Montag."),
        ],
    );
    let feed = feed.replace("https://land.example/b", "https://land.example/a");
    world.say("https://land.example/feed.xml", 200, &[], &feed);
    assert_eq!(world.ask(&["land"]).await[0].new, 2);
    let digest = world.digest().await.unwrap();
    assert_eq!(entries(&digest).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_report_in_own_words_stands_behind_the_other_in_the_digest() {
    let world = World::new();
    world.report("land", &[told("l1", "Onlinedienste entlasten Kommunen", RELEASE)]).await;
    let other = "Neue Onlinedienste für das Standesamt, sagt der Rat der Stadt.";
    world.report("verband", &[told("v1", "Standesamt am Bildschirm", other)]).await;
    let own = "In Nachterstedt und Wernigerode wird geprobt, was die Hochschule Harz in ihrer \
        Machbarkeitsstudie vorschlägt: Onlinedienste aus einer Hand.";
    world.report("presse", &[told("p1", "Nachterstedt probt das Amt der Zukunft", own)]).await;
    let digest = world.digest().await.unwrap();
    let shown: Vec<(&str, &str)> =
        entries(&digest).iter().map(|entry| (entry.source.as_str(), entry.lead_in())).collect();
    assert_eq!(shown, [("land", ""), ("presse", "Siehe auch: "), ("verband", "")]);
}

#[tokio::test(start_paused = true)]
async fn a_report_that_comes_after_the_digest_is_marked_and_not_mailed() {
    let world = World::new();
    world.report("land", &[told("l1", "Onlinedienste entlasten Kommunen", RELEASE)]).await;
    let digest = world.digest().await.unwrap();
    tokio::time::advance(DAY * 9).await;
    world.report("presse", &[told("p1", "Agentur für Kommunen", RELEASE)]).await;
    assert_eq!(world.digest().await, None);
    let items = world.items().await;
    assert_eq!(items[0].story, items[1].story);
    let story = items[1].story;
    let told = world.ctx.store.read(move |tx| digests::told_in(tx, story)).await.unwrap();
    assert_eq!(told, [digest.id]);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_was_faster_does_not_keep_the_authoritys_own_from_readers() {
    let world = World::new();
    let shown = |digest: &Digest| {
        let of = |entry: &amtsbote::model::Entry| {
            let also: Vec<String> = entry.also.iter().map(|other| other.source.clone()).collect();
            let update = entry.update.as_ref().map(|update| update.what.clone());
            (entry.source.clone(), also, update)
        };
        entries(digest).into_iter().map(of).collect::<Vec<_>>()
    };
    // Before the digest: the authority leads, whoever was first.
    let other = RELEASE.replace("Hochschule Harz", "Hochschule Merseburg");
    world.report("presse", &[told("p1", "Merseburg prüft Aufgaben", &other)]).await;
    world.report("land", &[told("l1", "Merseburg prüft Aufgaben", &other)]).await;
    let digest = world.digest().await.unwrap();
    assert_eq!(shown(&digest), [("land".into(), vec!["presse".into()], None)]);

    // After it: once, as what it is. An association is no authority.
    tokio::time::advance(DAY).await;
    world.report("presse", &[told("p2", "Agentur für Kommunen", RELEASE)]).await;
    let digest = world.digest().await.unwrap();
    assert_eq!(shown(&digest), [("presse".into(), vec![], None)]);
    tokio::time::advance(DAY).await;
    world.report("verband", &[told("v2", "Agentur für Kommunen", RELEASE)]).await;
    assert_eq!(world.digest().await, None);
    tokio::time::advance(DAY).await;
    world.report("land", &[told("l2", "Agentur für Kommunen", RELEASE)]).await;
    let digest = world.digest().await.unwrap();
    let also = vec!["verband".to_owned(), "presse".to_owned()];
    assert_eq!(shown(&digest), [("land".into(), also, Some("Original bei land".into()))]);
    tokio::time::advance(DAY).await;
    world.report("land", &[told("l2", "Agentur für Kommunen", RELEASE)]).await;
    assert_eq!(world.digest().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_story_has_the_topics_of_all_its_members_whatever_one_of_them_vetoes() {
    let world = World::new();
    let more = format!("{RELEASE} Das sagt die Jagdgenossenschaft.");
    world.report("land", &[told("l1", "Zentrale Service-Angebote entlasten", &more)]).await;
    world.report("presse", &[told("p1", "Agentur für Kommunen", RELEASE)]).await;
    let items = world.items().await;
    assert_eq!(items[0].story, items[1].story);
    assert_eq!(world.topics(items[0].id).await.0, ["central-services"]);
    assert_eq!(world.topics(items[1].id).await.0, ["ozg"]);
    let digest = world.digest().await.unwrap();
    let mut topics: Vec<&str> =
        entries(&digest)[0].topics.iter().map(|topic| topic.topic.as_str()).collect();
    topics.sort_unstable();
    assert_eq!(topics, ["central-services", "ozg"]);
}

#[tokio::test(start_paused = true)]
async fn a_mailed_item_returns_for_a_changed_deadline_and_not_for_a_typo() {
    let world = World::new();
    let title = "Onlinedienste entlasten Kommunen";
    world.report("land", &[told("l1", title, RELEASE)]).await;
    assert_eq!(update_of(world.digest().await), None);
    tokio::time::advance(DAY).await;
    let mended =
        RELEASE.replace("Aufgaben", "Aufgben").replace("Hochschule Harz", "„Hochschule Harz“");
    world.report("land", &[told("l1", title, &mended)]).await;
    assert_eq!(world.items().await[0].text, mended, "the newer text is kept");
    assert_eq!(world.digest().await, None);
    let later = RELEASE.replace("28. Februar", "31. März");
    world.report("land", &[told("l1", title, &later)]).await;
    assert_eq!(
        update_of(world.digest().await).as_deref(),
        Some("Frist: 28. Februar 2026 → 31. März 2026")
    );
    assert_eq!(world.digest().await, None, "it returns once");
}

#[tokio::test(start_paused = true)]
async fn what_changed_is_said_in_words() {
    let world = World::new();
    world.report("land", &[told("l1", "Onlinedienste entlasten Kommunen", RELEASE)]).await;
    world.digest().await.unwrap();
    let changed = Told {
        file: Some("https://land.example/merkblatt.pdf"),
        ..told("l1", "Onlinedienste entlasten Kommunen ab Mai", RELEASE)
    };
    world.report("land", &[changed]).await;
    assert_eq!(
        update_of(world.digest().await).as_deref(),
        Some(
            "neues Dokument: merkblatt.pdf; neuer Titel, bisher: Onlinedienste entlasten Kommunen"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn an_item_returns_once_a_day_at_most_and_no_change_is_lost() {
    let world = World::new();
    let until = |day: &str| RELEASE.replace("28. Februar", day);
    let title = "Onlinedienste entlasten Kommunen";
    world.report("land", &[told("l1", title, RELEASE)]).await;
    world.digest().await.unwrap();
    world.report("land", &[told("l1", title, &until("1. März"))]).await;
    // Before the digest has taken it, a second change is said in the same breath.
    world.report("land", &[told("l1", title, &until("2. März"))]).await;
    assert_eq!(
        update_of(world.digest().await).as_deref(),
        Some("Frist: 28. Februar 2026 → 2. März 2026")
    );
    tokio::time::advance(DAY / 4).await;
    world.report("land", &[told("l1", title, &until("3. März"))]).await;
    world.report("land", &[told("l1", title, &until("4. März"))]).await;
    assert_eq!(world.digest().await, None);
    tokio::time::advance(DAY * 2 / 3).await;
    world.report("presse", &[told("p1", "Wetter", "Es regnet.")]).await;
    assert_eq!(update_of(world.digest().await), None, "not yet a day");
    tokio::time::advance(DAY / 3).await;
    world.report("presse", &[told("p2", "Wetter", "Es schneit.")]).await;
    assert_eq!(
        update_of(world.digest().await).as_deref(),
        Some("Frist: 2. März 2026 → 4. März 2026")
    );
    assert_eq!(world.digest().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_change_before_the_first_digest_is_simply_the_newer_text() {
    let world = World::new();
    let title = "Onlinedienste entlasten Kommunen";
    world.report("land", &[told("l1", title, RELEASE)]).await;
    world.report("land", &[told("l1", title, &RELEASE.replace("28. Februar", "31. März"))]).await;
    let digest = world.digest().await.unwrap();
    assert_eq!(entries(&digest)[0].update, None);
    assert!(entries(&digest)[0].summary.contains("31. März"));
}

#[tokio::test(start_paused = true)]
async fn a_baseline_item_never_returns() {
    let world = World::with_initial("none");
    let title = "Onlinedienste entlasten Kommunen";
    world.report("land", &[told("l1", title, RELEASE)]).await;
    assert_eq!(world.digest().await, None);
    tokio::time::advance(DAY).await;
    world.report("land", &[told("l1", title, &RELEASE.replace("28. Februar", "31. März"))]).await;
    assert_eq!(world.digest().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_restless_item_never_returns() {
    let world = World::new();
    let title = "Onlinedienste entlasten Kommunen";
    let ticked = |number: u32| format!("{RELEASE} Aufrufe {number}");
    world.report("land", &[told("l1", title, &ticked(0))]).await;
    world.digest().await.unwrap();
    for number in 1..=dedup::MOST_CHANGES {
        world.report("land", &[told("l1", title, &ticked(number))]).await;
    }
    assert_eq!(world.digest().await, None, "a counter is cosmetic");
    let later = ticked(99).replace("28. Februar", "31. März");
    world.report("land", &[told("l1", title, &later)]).await;
    assert_eq!(world.digest().await, None);
}

#[tokio::test(start_paused = true)]
async fn only_what_the_mail_showed_of_a_story_returns() {
    let world = World::new();
    world.report("land", &[told("l1", "Onlinedienste entlasten Kommunen", RELEASE)]).await;
    world.report("presse", &[told("p1", "Agentur für Kommunen", RELEASE)]).await;
    world.digest().await.unwrap();
    let later = RELEASE.replace("28. Februar", "31. März");
    world.report("presse", &[told("p1", "Agentur für Kommunen", &later)]).await;
    assert_eq!(world.digest().await, None);
    world.report("land", &[told("l1", "Onlinedienste entlasten Kommunen", &later)]).await;
    assert!(world.digest().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_site_that_is_rebuilt_sends_nothing_again() {
    let world = World::new();
    let texts: Vec<String> = (0..8)
        .map(|n| format!("Onlinedienst Nummer {n} der Stadt Ort{n} geht am {n}. an den Start."))
        .collect();
    let guids: Vec<String> = (0..8).map(|n| format!("g{n}")).collect();
    let feed: Vec<Told<'_>> =
        guids.iter().zip(&texts).map(|(guid, text)| told(guid, text, text)).collect();
    world.report("land", &feed).await;
    world.digest().await.unwrap();
    let banners: Vec<String> = texts
        .iter()
        .map(|text| {
            format!("{text} Willkommen auf unserer vollständig neu gestalteten Internetseite mit besserer Suche, großer Schrift und vielen weiteren Verbesserungen für alle.")
        })
        .collect();
    let feed: Vec<Told<'_>> = guids
        .iter()
        .zip(texts.iter().zip(&banners))
        .map(|(guid, (title, text))| told(guid, title, text))
        .collect();
    world.report("land", &feed).await;
    assert_eq!(world.digest().await, None);
}

#[tokio::test(start_paused = true)]
async fn stored_items_get_todays_topics_and_nothing_is_mailed_for_it() {
    let mut world = World::new();
    world.report("land", &[told("l1", "Onlinedienst startet", "Hunde anmelden.")]).await;
    world.report("land", &[told("l2", "Fischereischein per Klick", "Im Kreis Stendal.")]).await;
    let ids: Vec<ItemId> = world.items().await.iter().map(|item| item.id).collect();
    world.digest().await.unwrap();
    world.report("verband", &[told("v1", "Fischereischein: Feier", "Im Kreis Börde.")]).await;

    let before = world.plan.topics_version.clone();
    world.reload(&TOPICS.replace("Onlinedienst*", "Fischereischein*")).await;
    assert_ne!(world.plan.topics_version, before);
    assert_eq!(world.topics(ids[0]).await, (vec![], world.plan.topics_version.clone()));
    assert_eq!(world.topics(ids[1]).await.0, ["ozg"]);
    assert_eq!(pipeline::untagged(&world.ctx, &world.plan).await.unwrap(), 0);

    // What a digest has passed is not mailed; what still waited for one goes by its new topics.
    let digest = world.digest().await.unwrap();
    let titles: Vec<&str> = entries(&digest).iter().map(|entry| entry.title.as_str()).collect();
    assert_eq!(titles, ["Fischereischein: Feier"]);
}

/// Labelled items of which those about the given word have the topic `ozg`.
fn about(word: &str) -> Vec<topic::Labelled> {
    let places = [
        "Burg",
        "Calbe",
        "Gommern",
        "Halle",
        "Jessen",
        "Köthen",
        "Loburg",
        "Merseburg",
        "Naumburg",
        "Osterburg",
    ];
    let item = |place: &str, text: String, labels: Vec<String>| topic::Labelled {
        id: text.clone(),
        title: format!("Neues aus {place}"),
        text,
        labels,
        ..topic::Labelled::default()
    };
    places
        .iter()
        .flat_map(|place| {
            [
                item(place, format!("{place} bietet {word} an."), vec!["ozg".to_owned()]),
                item(place, format!("{place} feiert ein Fest."), Vec::new()),
            ]
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_correction_wins_survives_and_teaches() {
    let mut world = World::new();
    world.report("land", &[told("l1", "Onlinedienst startet", "Ein Fest im Rathaus.")]).await;
    world.report("land", &[told("l2", "Fischereischein", "Stendal bietet Angelkarten an.")]).await;
    let ids: Vec<ItemId> = world.items().await.iter().map(|item| item.id).collect();
    let correction =
        |has| Correction { topic: "ozg".into(), has, reason: "Randthema".to_owned(), at: MONDAY };
    let correct = async |world: &World, id, corrections| {
        desk::tag(&world.ctx, &world.plan, id, corrections, "Randthema")
            .await
            .unwrap()
            .unwrap()
            .topics
    };

    // Tag: the editor's word wins over the rules.
    assert_eq!(correct(&world, ids[0], vec![correction(false)]).await, []);

    // Retrain: what was corrected is an example among the others.
    let taught = pipeline::corrected_items(&world.ctx).await.unwrap();
    assert_eq!((taught.len(), taught[0].labels.len()), (1, 0));
    let mut items = about("Angelkarten");
    items.extend(taught);
    let tagger = world.setup.config().tagger;
    let model = topic::train(&tagger, &topic::examples(&tagger, &items));
    world.0.setup = world.setup.clone().model(model.to_text());

    // Diff: the model would give a topic that no rule gives, and takes nothing from the corrected.
    let taught = Arc::new(world.setup.plan());
    let diff = pipeline::topic_diff(&world.ctx, &taught, Timestamp(0)).await.unwrap();
    let changed: Vec<_> =
        diff.changes.iter().map(|change| (change.id, &change.gained[..])).collect();
    assert_eq!(changed, [(ids[1], &["ozg".into()][..])]);

    // Reload and re-tag.
    world.reload(TOPICS).await;
    assert_eq!(world.topics(ids[0]).await.0, [""; 0]);
    assert_eq!(world.topics(ids[1]).await.0, ["ozg"]);
    assert_eq!(world.topics(ids[1]).await.1, world.plan.topics_version);

    // A correction may give a topic too, and all of them can be taken back.
    assert_eq!(correct(&world, ids[0], vec![correction(true)]).await, ["ozg".into()]);
    world.reload(&TOPICS.replace("Onlinedienst*", "Angelkarte*")).await;
    assert_eq!(world.topics(ids[0]).await.0, ["ozg"]);
    assert_eq!(correct(&world, ids[0], Vec::new()).await, []);
}

#[tokio::test(start_paused = true)]
async fn topics_that_leave_the_config_keep_their_history() {
    let mut world = World::new();
    world.report("land", &[told("l1", "Onlinedienst: zentrale Service-Angebote", "Neu.")]).await;
    let id = world.items().await[0].id;
    let only_first = TOPICS.split("[[topic]]").take(2).collect::<Vec<_>>().join("[[topic]]");
    let diff_of = async |world: &World, topics: &str| {
        let plan = Arc::new(world.setup.clone().topics(topics).plan());
        pipeline::topic_diff(&world.ctx, &plan, Timestamp(0)).await.unwrap()
    };
    let diff = diff_of(&world, &only_first).await;
    assert_eq!(diff.changes[0].lost, ["central-services".into()]);
    world.reload(&only_first).await;
    assert_eq!(world.topics(id).await.0, ["central-services", "ozg"]);
    assert_eq!(diff_of(&world, &only_first).await.changes, []);
}

#[tokio::test(start_paused = true)]
async fn comments_and_titles_of_the_config_do_not_tag_anything_anew() {
    let mut world = World::new();
    let before = world.plan.topics_version.clone();
    world.reload(&TOPICS.replace("title = \"OZG\"", "title = \"Onlinezugang\" # neu")).await;
    assert_eq!(world.plan.topics_version, before);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn stored_evidence_cuts_its_words_out_of_the_stored_text(
        first in told_text(), second in told_text(), title in "[A-Za-zäöüß„“ –]{0,30}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let world = World::new();
            let title = format!("Onlinedienst {title}");
            for text in [&first, &second] {
                world.report("land", &[told("l1", &title, text)]).await;
                all_evidence_fits(&world).await;
            }
        });
    }
}

/// Texts with terms among umlauts, entities, hyphens at line ends and invisible characters.
fn told_text() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "Onlinedienste",
        "Online\u{ad}dienst",
        "zentralen Serviceangeboten",
        "zentrale Service-\nAngebote",
        "Fo\u{308}rderung",
        "Bürger:innen",
        "  ",
        "<b>",
        "&amp;",
        "\u{200b}",
        "Straße. ",
        "🙂",
        "Foto: Amt",
        "Jagdgenossenschaft",
        "\n",
        "und",
        "“",
        "Onlinedienst/Portal",
    ]);
    prop::collection::vec(part, 1..40).prop_map(|parts| parts.join(" "))
}

async fn all_evidence_fits(world: &World) {
    for item in world.items().await {
        let id = item.id;
        let tags = world.ctx.store.read(move |tx| items::tags(tx, id)).await.unwrap();
        for (tag, version) in tags {
            assert_eq!(version, world.plan.topics_version);
            assert!(!tag.evidence.is_empty());
            for evidence in tag.evidence {
                use amtsbote::model::Field;
                let (start, end) = evidence.span;
                let field = match evidence.field {
                    Field::Title => &item.title,
                    Field::Lead | Field::Body => &item.text,
                    Field::Category | Field::Source | Field::Editor => continue,
                };
                assert_eq!(field.get(start..end), Some(evidence.words.as_str()));
            }
        }
    }
}

/// A line of the labelled development items.
struct Labelled {
    id: String,
    source: SourceId,
    item: Item,
    at: Timestamp,
}

fn labelled() -> Option<(Vec<Labelled>, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let lines = std::fs::read_to_string(folder.join("dev.jsonl")).ok()?;
    let pairs = std::fs::read_to_string(folder.join("dev-duplicates.json")).ok()?;
    let mut items: Vec<Labelled> = lines.lines().map(labelled_item).collect();
    items.sort_by_key(|labelled| labelled.at);
    Some((items, serde_json::from_str(&pairs).unwrap()))
}

fn labelled_item(line: &str) -> Labelled {
    let line: Value = serde_json::from_str(line).unwrap();
    let word = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
    // `2023-06`: the middle of the month.
    let date = format!("{}-15", word("date")).get(..10).unwrap_or_default().to_owned();
    let at = chrono::NaiveDate::parse_from_str(&date, "%Y-%m-%d")
        .map_or(MONDAY, |date| date.and_time(chrono::NaiveTime::MIN).and_utc().into());
    let item = Item {
        aliases: vec![format!("link:{}", word("url").split('#').next().unwrap_or_default())],
        url: Some(word("url")),
        published: Some(at),
        ..Item::new(Key(word("id")), Fingerprint(vec![1]), word("title"), word("text"))
    };
    Labelled { id: word("id"), source: SourceId::new(word("source")), item, at }
}

fn pairs(groups: &Value) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for group in groups.as_array().unwrap() {
        let ids: Vec<String> =
            group.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        for (place, left) in ids.iter().enumerate() {
            pairs.extend(ids[place + 1..].iter().map(|right| (left.clone(), right.clone())));
        }
    }
    pairs
}

#[tokio::test]
async fn labelled_copies_share_a_story_and_labelled_strangers_do_not() {
    let Some((labelled, groups)) = labelled() else {
        println!("skipped: the labelled development items are not here");
        return;
    };
    let store = Store::open_in_memory().unwrap();
    let kept = store
        .write(move |tx| {
            let mut kept: HashMap<String, (ItemId, dedup::Traces)> = HashMap::new();
            for Labelled { id, source, item, at } in &labelled {
                let settings = settings(source);
                amtsbote::store::sources::attempt(tx, &settings, *at, *at)?;
                let traces = dedup::traces(item);
                let subject = dedup::Subject { source, received: *at, traces: &traces };
                let placement = stories::place(tx, &subject, at.before(dedup::MEMORY))?;
                let row = items::insert(tx, source, item, *at, None, placement.joins)?.unwrap();
                stories::settle(tx, row, source, &traces, &placement)?;
                kept.insert(id.clone(), (row, traces));
            }
            Ok(kept)
        })
        .await
        .unwrap();
    let rows: Vec<ItemId> = kept.values().map(|(row, _)| *row).collect();
    let (story_of, related) = store
        .read(move |tx| {
            let mut story_of: HashMap<ItemId, StoryId> = HashMap::new();
            let mut related: HashMap<StoryId, Vec<StoryId>> = HashMap::new();
            for row in &rows {
                let item = items::get(tx, *row)?.unwrap();
                story_of.insert(*row, item.story);
                related.insert(item.story, stories::related(tx, item.story)?);
            }
            Ok((story_of, related))
        })
        .await
        .unwrap();
    for (story, others) in &related {
        for other in others {
            assert!(related[other].contains(story), "{story} and {other} are related both ways");
        }
    }
    let story = |id: &str| story_of[&kept[id].0];
    let (mut copies, mut told_apart) = (0, 0);
    for (left, right) in pairs(&groups["same"]) {
        let overlap = dedup::Overlap::of(&kept[&left].1.shingles, &kept[&right].1.shingles);
        let grouped = related[&story(&left)].contains(&story(&right));
        if overlap.containment() >= 0.5 && overlap.shared >= 10 {
            copies += 1;
            assert_eq!(story(&left), story(&right), "{left} and {right} are copies");
        } else {
            println!(
                "{left} {right}: own words, containment {:.2}, one story {}, related {grouped}",
                overlap.containment(),
                story(&left) == story(&right)
            );
        }
    }
    for (left, right) in pairs(&groups["different"]) {
        told_apart += 1;
        assert_ne!(story(&left), story(&right), "{left} and {right} are different");
    }
    println!("{copies} pairs of copies, {told_apart} pairs told apart");
}

fn settings(source: &SourceId) -> amtsbote::model::SourceSettings {
    amtsbote::model::SourceSettings {
        only: Vec::new(),
        id: source.clone(),
        name: source.to_string(),
        url: format!("https://{source}/"),
        kind: "feed".to_owned(),
        enabled: true,
        interval: DAY,
        rank: 2,
        topics: Vec::new(),
        initial: Initial::All,
        identity: amtsbote::model::IdentityPolicy::Auto,
        timezone: chrono_tz::Europe::Berlin,
        aliases: Vec::new(),
        detail: DetailPolicy::Never,
        access: amtsbote::model::Access::default(),
        remark: None,
    }
}

/// Runs the binary on the folder; its exit code, stdout and stderr.
fn amtsbote(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_amtsbote"))
        .arg("--config")
        .arg(folder)
        .args(arguments)
        .env_clear()
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn the_command_line_tells_stories_and_what_other_topics_would_change() {
    let clock = Arc::new(amtsbote::clock::SystemClock);
    let world = World(setup("all").on_disk().clock(clock).open());
    world.report("land", &[told("l1", "Onlinedienste entlasten Kommunen", RELEASE)]).await;
    let digest = world.compose().await.0.unwrap();
    world.report("presse", &[told("p1", "Agentur für Kommunen", RELEASE)]).await;
    world.report("presse", &[told("p2", "Fischereischein per Klick", "Neu.")]).await;
    let directory = &world.setup.config_folder();

    let (code, out, _) = amtsbote(directory, &["items", "--json"]);
    assert_eq!(code, Some(0));
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    for line in &lines {
        assert!(line["id"].is_string() && line["story"].is_string() && line["related"].is_array());
    }
    let late = lines.iter().find(|line| line["title"] == "Agentur für Kommunen").unwrap();
    assert_eq!(late["story"], "1");
    assert_eq!(late["reported_in"], serde_json::json!([digest.id]));
    let (_, out, _) = amtsbote(directory, &["explain", late["id"].as_str().unwrap()]);
    assert!(out.contains(&format!("reported in {}", digest.id)), "{out}");
    assert!(out.contains(&world.plan.topics_version), "{out}");

    let (code, out, err) = amtsbote(directory, &["topic", "diff", "--since", "30d", "--max", "0"]);
    assert_eq!((code, out.as_str()), (Some(0), ""), "{err}");
    assert!(err.contains("0 of 3 items would change"), "{err}");
    let other = TOPICS.replace("Onlinedienst*", "Fischereischein*");
    std::fs::write(directory.join("topics.toml"), other).unwrap();
    let (code, out, err) = amtsbote(directory, &["topic", "diff", "--max", "2"]);
    assert_eq!(code, Some(1), "{err}");
    assert_eq!(
        out.lines().map(str::trim_end).collect::<Vec<_>>(),
        [
            "ID  GAINED  LOST  TITLE",
            "3   +ozg          Fischereischein per Klick",
            "2           -ozg  Agentur für Kommunen",
            "1           -ozg  Onlinedienste entlasten Kommunen",
        ]
    );
    assert!(err.contains("3 of 3 items would change\n  ozg: +1 -2"), "{err}");
    let (code, out, _) = amtsbote(directory, &["--json", "topic", "diff", "--max", "3"]);
    assert_eq!(code, Some(0));
    let first: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    assert_eq!(
        first,
        serde_json::json!({"id": "3", "title": "Fischereischein per Klick", "gained": ["ozg"], "lost": []})
    );
}
