//! Readers' own words: in the settings, in their mails, and nowhere else.

use amtsbote::model::StoryId;

use super::editions::report;
use super::*;
use crate::support::service::News;

/// Opens someone's settings by the link of their newest mail.
async fn settings(world: &World, address: &str) -> String {
    let mails = world.mails().await;
    let (.., bytes) = mails.iter().rev().find(|(_, recipient, _)| recipient == address).unwrap();
    links(bytes).into_iter().find(|link| link.starts_with("/e/")).unwrap()
}

async fn text_to(world: &World, address: &str) -> String {
    let mails = world.mails().await;
    let (.., bytes) = mails.iter().rev().find(|(_, recipient, _)| recipient == address).unwrap();
    let mail = MessageParser::default().parse(bytes).unwrap();
    mail.body_text(0).unwrap().replace('\u{a0}', " ").replace("\r\n", "\n")
}

const CHOICE: &str = "thema=ozg&ausgabe=taeglich";

#[tokio::test]
async fn a_keyword_brings_what_has_no_topic_to_its_reader_alone() {
    let world = World::new().await;
    for address in ["a@x.example", "b@x.example", "c@x.example"] {
        world.subscriber(address).await;
    }
    world.digest().await;
    let own = settings(&world, "a@x.example").await;
    let saved = world.post(&own, &format!("{CHOICE}&stichwoerter=Bericht%0D%0ARathaus")).await;
    assert_eq!(saved.status, StatusCode::OK);
    assert!(saved.text.contains("„Rathaus“: 1 Meldung<"), "{}", saved.text);
    assert!(world.get(&own).await.text.contains("Bericht\nRathaus</textarea>"));
    let other = settings(&world, "b@x.example").await;
    world.post(&other, &format!("{CHOICE}&stichwoerter=Glasfaser")).await;

    report(&world, 10, 2, &[]).await;
    world.pass(Duration::from_hours(1));
    let report = world.compose().await;
    assert_eq!((report.entries, report.messages), (0, 1));
    let text = text_to(&world, "a@x.example").await;
    assert!(text.contains("2 neue Meldungen zu Ihren Stichwörtern"), "{text}");
    assert!(text.contains("\nIhre Stichwörter\n\nS1 Bericht 11\n"), "{text}");
    assert!(text.contains("\nIhr Stichwort: „Bericht“\n"), "{text}");
    assert!(!text.contains("Glasfaser"), "{text}");
    assert!(!text_to(&world, "b@x.example").await.contains("Bericht 11"));
    // It is on no page.
    let archive = world.get("/archiv").await.text;
    assert_eq!(archive.matches("href=\"/d/").count(), 1, "{archive}");
    let dump = world.dump().await;
    let digests: String = dump.lines().filter(|line| line.starts_with("digests:")).collect();
    assert!(!digests.contains("Bericht"), "{digests}");
    // Nothing comes twice.
    assert!(world.compose().await.digest.is_none());
}

#[tokio::test]
async fn what_was_mailed_for_a_keyword_only_still_comes_with_its_topic() {
    let world = World::new().await;
    for address in ["a@x.example", "b@x.example"] {
        world.subscriber(address).await;
    }
    world.digest().await;
    let own = settings(&world, "a@x.example").await;
    world.post(&own, &format!("{CHOICE}&stichwoerter=Bericht")).await;
    let items = report(&world, 10, 1, &[]).await;
    world.pass(Duration::from_hours(1));
    world.compose().await;
    // Another item of the story, which says more.
    let (at, joins) = (Timestamp(START + 20 * 60_000), Some(StoryId(items[0].0)));
    let title = "Bericht 20".to_owned();
    News { source: "kitu", number: 20, title, topics: &["ozg"], at, joins }
        .store(&world.ctx, &world.plan)
        .await;
    world.pass(Duration::from_hours(1));
    assert_eq!(world.compose().await.messages, 2);
    assert!(text_to(&world, "b@x.example").await.contains("Bericht"));
}

#[tokio::test]
async fn a_keyword_that_is_none_is_named_and_nothing_is_saved() {
    let world = World::new().await;
    let id = world.subscriber("a@x.example").await;
    world.digest().await;
    let own = settings(&world, "a@x.example").await;
    let refused = world.post(&own, &format!("{CHOICE}&stichwoerter=gut%0D%0Aa%2A")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("<a href=\"#stichwoerter\">„a*“: Neben einem *"));
    assert!(refused.text.contains("gut\na*</textarea>"), "{}", refused.text);
    let kept = world.ctx.store.read(move |tx| subscribers::get(tx, id)).await.unwrap().unwrap();
    assert!(kept.keywords.is_empty());
}

#[tokio::test]
async fn keywords_are_exported_to_their_reader_and_erased_with_the_address() {
    let world = World::new().await;
    let id = world.subscriber("a@x.example").await;
    world.digest().await;
    let own = settings(&world, "a@x.example").await;
    world.post(&own, &format!("{CHOICE}&stichwoerter=Geheimprojekt")).await;
    let data: serde_json::Value =
        serde_json::from_str(&world.get(&format!("{own}/daten.json")).await.text).unwrap();
    assert_eq!(data["stichwoerter"], serde_json::json!(["Geheimprojekt"]));
    // Who changes topics in a form of before keeps them.
    world.post(&own, CHOICE).await;
    assert!(world.dump().await.contains("Geheimprojekt"));
    pipeline::leave(&world.ctx, id, "link").await.unwrap();
    assert!(!world.dump().await.contains("Geheimprojekt"));
}
