//! The editor's acts: what they change in digests, and that they stay.

use amtsbote::desk::{self, Deed, Draft, Outcome, Written};
use amtsbote::model::{Digest, Entry, ItemId, SeriesId};
use amtsbote::store::acts;

use crate::support::desk::{Desk, document, entries, feed_source, rss};

const REASON: &str = "Redaktionsschluss";

async fn with_items(numbers: std::ops::RangeInclusive<usize>) -> Desk {
    let desk = Desk::new(&feed_source("stadt", "initial = 'all'")).await;
    desk.step("stadt", document("stadt", &rss(&entries(numbers)))).await;
    desk
}

async fn act(desk: &Desk, id: i64, deed: Deed) -> Outcome {
    desk::act(&desk.ctx, ItemId(id), deed, false, REASON).await.unwrap()
}

fn ids(digest: Option<Digest>) -> Vec<i64> {
    let sections = digest.into_iter().flat_map(|digest| digest.sections);
    sections.flat_map(|section| section.entries).map(|entry| entry.item.0).collect()
}

async fn next(desk: &Desk) -> Option<Digest> {
    desk.pass(std::time::Duration::from_secs(1)).await;
    desk.compose().await.0
}

#[tokio::test(start_paused = true)]
async fn a_hidden_item_is_in_no_digest_and_comes_with_the_next_one_once_it_is_shown() {
    let desk = with_items(1..=3).await;
    assert_eq!(act(&desk, 2, Deed::Hide).await, Outcome::Done(vec![ItemId(2)]));
    assert_eq!(ids(next(&desk).await), [3, 1]);
    assert_eq!(act(&desk, 2, Deed::Show).await, Outcome::Done(vec![ItemId(2)]));
    assert_eq!(ids(next(&desk).await), [2], "a digest passed it over while it was hidden");
    assert_eq!(ids(next(&desk).await), [0; 0], "and not twice");
    assert_eq!(act(&desk, 2, Deed::Show).await, Outcome::Nothing);
    assert_eq!(act(&desk, 99, Deed::Hide).await, Outcome::NoItem);
}

#[tokio::test(start_paused = true)]
async fn what_is_hidden_before_its_mail_is_frozen_leaves_the_story_to_the_other_report() {
    let sources = feed_source("stadt", "initial = 'all'\nrank = 1")
        + &feed_source("presse", "initial = 'all'\nrank = 3");
    let desk = Desk::new(&sources).await;
    let told = |id: &str| {
        let text =
            "Das OZG gilt ab sofort auch im Rathaus der Stadt, wie der Rat am Montag beschloss.";
        let mut entry = crate::support::desk::entry(1);
        entry.link = format!("https://{id}.test/ozg");
        entry.title = "OZG gilt ab sofort auch im Rathaus".into();
        entry.text = format!("{text} Mehr dazu steht auf der Seite der Stadt.");
        rss(&[entry])
    };
    for id in ["stadt", "presse"] {
        desk.net.add(&crate::support::desk::feed_url(id), document(id, &told(id)));
    }
    desk.poll().await;
    let digest = next(&desk).await.unwrap();
    let id = digest.id.clone();
    let entries: Vec<Entry> = digest.sections.into_iter().flat_map(|s| s.entries).collect();
    // Both are asked at the same time, and either may be stored first.
    let [ref leader] = entries[..] else { panic!("one story: {entries:?}") };
    let leader = leader.item.0;
    // As a kill between composing and freezing leaves it.
    desk.ctx
        .store
        .write(move |tx| {
            tx.execute_batch("delete from outbox")?;
            amtsbote::store::digests::begin(tx, &id, &entries)
        })
        .await
        .unwrap();
    act(&desk, leader, Deed::Hide).await;
    amtsbote::pipeline::finish(&desk.ctx, &desk.plan).await.unwrap();
    let list = desk.ctx.store.read(|tx| amtsbote::store::outbox::list(tx, None, None, 9)).await;
    let mail = String::from_utf8(list.unwrap()[0].payload.0.clone()).unwrap();
    assert!(mail.contains("presse.test/ozg") && !mail.contains("stadt.test/ozg"), "{mail}");
}

#[tokio::test(start_paused = true)]
async fn an_item_that_was_told_does_not_return_by_being_hidden_and_shown() {
    let desk = with_items(1..=2).await;
    assert_eq!(ids(next(&desk).await), [2, 1]);
    act(&desk, 1, Deed::Hide).await;
    act(&desk, 1, Deed::Show).await;
    assert_eq!(ids(next(&desk).await), [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_pinned_item_stands_on_top_and_a_note_under_its_own() {
    let desk = with_items(1..=3).await;
    act(&desk, 1, Deed::Pin).await;
    act(&desk, 3, Deed::Note("Gilt auch für  uns.".into())).await;
    let digest = next(&desk).await.unwrap();
    let entries: Vec<&Entry> = digest.sections.iter().flat_map(|s| &s.entries).collect();
    let seen: Vec<(i64, bool, Option<&str>)> =
        entries.iter().map(|entry| (entry.item.0, entry.pinned, entry.note.as_deref())).collect();
    assert_eq!(seen, [(1, true, None), (3, false, Some("Gilt auch für uns.")), (2, false, None)]);
}

#[tokio::test(start_paused = true)]
async fn an_introduction_stands_above_one_digest() {
    let desk = with_items(1..=1).await;
    let series = SeriesId::from("taeglich");
    assert!(desk::introduce(&desk.ctx, &series, "Viele Fristen.", REASON).await.unwrap());
    let first = next(&desk).await.unwrap();
    assert_eq!(first.intro.as_deref(), Some("Viele Fristen."));
    desk.step("stadt", document("stadt", &rss(&entries(1..=2)))).await;
    assert_eq!(next(&desk).await.unwrap().intro, None);
    let log = desk.ctx.store.read(|tx| acts::latest(tx, 9)).await.unwrap();
    assert_eq!(log[0].ended.as_ref().unwrap().1, format!("in {}", first.id));
}

#[tokio::test(start_paused = true)]
async fn every_act_is_kept_with_when_what_and_why_also_when_it_was_undone() {
    let desk = with_items(1..=1).await;
    act(&desk, 1, Deed::Note("Erstens.".into())).await;
    act(&desk, 1, Deed::Note("Zweitens.".into())).await;
    act(&desk, 1, Deed::Unnote).await;
    let log = desk.ctx.store.read(|tx| acts::of_item(tx, ItemId(1))).await.unwrap();
    let said: Vec<(&str, &str, Option<&str>)> = log
        .iter()
        .map(|act| {
            let ended = act.ended.as_ref().map(|(_, why)| why.as_str());
            (act.words.as_str(), act.reason.as_str(), ended)
        })
        .collect();
    let (first, second) =
        (("Erstens.", REASON, Some("replaced")), ("Zweitens.", REASON, Some(REASON)));
    assert_eq!(said, [first, second]);
}

#[tokio::test(start_paused = true)]
async fn an_item_by_hand_is_told_once_like_any_other() {
    let desk = with_items(1..=1).await;
    let draft = || Draft {
        title: "Sprechtag & Frist".into(),
        url: Some("https://verband.test/sprechtag".into()),
        text: "Der Verband lädt <alle> ein.".into(),
        topics: vec!["ozg".into()],
    };
    let written = desk::write(&desk.ctx, &desk.plan, draft(), REASON).await.unwrap();
    let Written::Stored { item, topics, .. } = written else { panic!("{written:?}") };
    assert_eq!(topics, ["ozg".into()]);
    let again = desk::write(&desk.ctx, &desk.plan, draft(), REASON).await.unwrap();
    assert_eq!(again, Written::Known(item));
    let digest = next(&desk).await.unwrap();
    let entries = digest.sections.iter().flat_map(|section| &section.entries);
    let own: Vec<&Entry> = entries.filter(|entry| entry.item == item).collect();
    assert_eq!(own.len(), 1);
    assert_eq!((own[0].title.as_str(), own[0].source.as_str()), ("Sprechtag & Frist", "Redaktion"));
    assert_eq!(own[0].summary, "Der Verband lädt <alle> ein.");
}

#[tokio::test(start_paused = true)]
async fn acts_outlive_a_restart_a_reload_and_another_tagging() {
    let mut desk = with_items(1..=3).await;
    act(&desk, 2, Deed::Hide).await;
    act(&desk, 1, Deed::Pin).await;
    desk.restart();
    let topics = "[[topic]]\nid = 'ozg'\ntitle = 'OZG'\nstrong = ['OZG', 'Rathaus']\n";
    desk.reconfigure(&feed_source("stadt", "initial = 'all'"), topics);
    let after = ItemId(0);
    amtsbote::pipeline::retag(&desk.ctx, &desk.plan, after).await.unwrap();
    assert_eq!(ids(next(&desk).await), [1, 3]);
}
