//! Deadlines: on top of the mail, once more before they end, and as calendars.

use amtsbote::model::{DateKind, ItemDate, ItemId, Precision};
use amtsbote::store::{Transaction, dates};

use super::*;

/// A day after START, 9 December 2025.
fn after(days: u64) -> chrono::NaiveDate {
    let start: chrono::NaiveDate = "2025-12-09".parse().unwrap();
    start + chrono::Days::new(days)
}

/// Puts a deadline into an item, in `days` after START.
async fn set_deadline(world: &World, item: ItemId, days: u64) {
    let deadline = ItemDate {
        kind: DateKind::Deadline,
        from: None,
        to: Some(after(days)),
        time: None,
        time_to: None,
        precision: Precision::Day,
        sentence: "Anträge bis zum Tag X.".to_owned(),
        place: None,
        cancelled: false,
    };
    let write = move |tx: &Transaction<'_>| dates::set(tx, item, std::slice::from_ref(&deadline));
    world.ctx.store.write(write).await.unwrap();
}

async fn last_mail(world: &World) -> (String, String) {
    let mails = world.mails().await;
    let mail = MessageParser::default().parse(&mails.last().unwrap().2).unwrap();
    let text = mail.body_text(0).unwrap();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (mail.subject().unwrap().to_owned(), text)
}

#[tokio::test]
async fn a_deadline_stands_on_top_and_comes_once_more_a_week_before_it_ends() {
    let world = World::new().await;
    world.subscriber("a@x.example").await;
    let items = editions::report(&world, 10, 1, &["ozg"]).await;
    set_deadline(&world, items[0], 9).await;
    world.pass(Duration::from_hours(1));
    world.digest().await;
    let (_, text) = last_mail(&world).await;
    let agenda = text.find("Fristen und Termine").unwrap();
    assert!(agenda < text.find("1.1 ").unwrap(), "{text}");
    assert!(text.contains("Frist bis 18. Dezember 2025, noch 9 Tage Bericht 10 · KITU"), "{text}");
    assert!(text.contains("„Anträge bis zum Tag X.“"), "{text}");

    let mut told = Vec::new();
    for _ in 0..9 {
        world.pass(Duration::from_hours(24));
        let before = world.mails().await.len();
        world.compose().await;
        told.push(world.mails().await.len() - before);
    }
    assert_eq!(told, [0, 1, 0, 0, 0, 0, 0, 0, 0], "once, seven days before");
    let (subject, text) = last_mail(&world).await;
    assert!(subject.contains("1 Frist"), "{subject}");
    assert!(text.contains("Frist bis 18. Dezember 2025, noch 7 Tage"), "{text}");
    assert!(text.contains("1 Frist aus früheren Ausgaben endet"), "{text}");
    assert!(!text.contains("1.1 "), "a line, not the item: {text}");
    let page = world.get("/d/2025-12-11-taeglich").await;
    assert!(page.text.contains("noch 7\u{a0}Tage") || page.text.contains("noch 7 Tage"));
}

#[tokio::test]
async fn a_deadline_of_other_topics_reminds_nobody() {
    let world = World::new().await;
    world.subscriber("a@x.example").await;
    let items = editions::report(&world, 10, 1, &["cloud"]).await;
    set_deadline(&world, items[0], 9).await;
    world.pass(Duration::from_hours(1));
    world.digest().await;
    let before = world.mails().await.len();
    world.pass(Duration::from_hours(48));
    world.compose().await;
    assert_eq!(world.mails().await.len(), before);
}

#[tokio::test]
async fn calendars_hold_what_lies_ahead_by_topic_and_by_item() {
    let world = World::new().await;
    let items = editions::report(&world, 10, 2, &["ozg"]).await;
    set_deadline(&world, items[0], 9).await;
    set_deadline(&world, items[1], 20).await;
    let own = format!("/meldung/{}", items[1]);
    let calendar = format!("{own}.ics");
    let page = world.get("/termine").await;
    assert!(page.text.contains("Bericht 10") && page.text.contains(&format!("href=\"{own}\"")));
    for (path, events) in [
        ("/termine.ics", 2),
        ("/termine/ozg.ics", 2),
        ("/termine/cloud.ics", 0),
        (calendar.as_str(), 1),
    ] {
        let reply = world.get(path).await;
        assert_eq!(reply.headers["content-type"], "text/calendar; charset=utf-8", "{path}");
        let mut calendars = ical::IcalParser::new(reply.text.as_bytes());
        let calendar = calendars.next().unwrap().unwrap();
        assert_eq!(calendar.events.len(), events, "{path}");
        let _: icalendar::Calendar = reply.text.parse().unwrap();
    }
    assert!(world.get(&own).await.text.contains(&format!("href=\"{calendar}\"")));
    for path in ["/meldung/1.ics", "/termine/nichts.ics", "/termine/ozg", "/meldung/999.ics"] {
        assert_eq!(world.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
