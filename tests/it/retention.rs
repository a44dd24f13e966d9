//! What is let go of, and when: periods of the config on a clock that leaps.

use std::sync::Arc;
use std::time::Duration;

use amtsbote::config::Retention;
use amtsbote::model::{SubscriberId, Timestamp};
use amtsbote::pipeline;
use amtsbote::store::bounces::{self, Returned};
use amtsbote::store::{outbox, subscribers};

use crate::queue::Room;

const ONE: SubscriberId = SubscriberId(1);
const DAY: Duration = Duration::from_hours(24);

/// Since Monday, 8 December 2025: two readers with a mail each, and one returned mail of the first.
async fn room(change: impl FnOnce(&mut Retention)) -> Room {
    let mut room = Room::new(2, 1).await;
    change(&mut Arc::get_mut(&mut room.plan).unwrap().retention);
    room.freeze(1).await;
    returned(&room, 1).await;
    room
}

async fn returned(room: &Room, subscriber: i64) {
    let note = Returned { at: room.ctx.clock.now(), class: "soft".to_owned(), code: None };
    let id = SubscriberId(subscriber);
    let done = room.ctx.store.write(move |tx| bounces::insert(tx, id, &note, b"x")).await;
    assert!(done.unwrap());
}

/// How many rows, returned mails and mails there still are of the first reader.
async fn kept(room: &Room) -> (usize, usize, usize) {
    let read = room.ctx.store.read(|tx| {
        Ok((
            usize::from(subscribers::get(tx, ONE)?.is_some()),
            bounces::since(tx, ONE, Timestamp::default())?.len(),
            outbox::of_subscriber(tx, ONE)?.len(),
        ))
    });
    read.await.unwrap()
}

async fn leave(room: &Room) {
    assert!(pipeline::leave(&room.ctx, ONE, "page").await.unwrap());
}

async fn prune(room: &Room) -> usize {
    pipeline::prune(&room.ctx, &room.plan).await.unwrap().proofs
}

#[tokio::test(start_paused = true)]
async fn the_proof_of_who_left_is_kept_three_years_to_the_years_end_and_then_erased() {
    let room = room(|_| {}).await;
    assert_eq!(room.plan.retention.proof, Some(3 * 365 * DAY));
    tokio::time::advance(DAY).await;
    leave(&room).await;
    // 31 December 2028, an hour before midnight in Berlin.
    let eve = Timestamp::from_seconds(1_861_912_800);
    tokio::time::advance(eve.since(room.ctx.clock.now())).await;
    assert_eq!(prune(&room).await, 0);
    assert_eq!(kept(&room).await, (1, 0, 0), "mails and what came back are forgotten long before");
    tokio::time::advance(Duration::from_hours(2)).await;
    assert_eq!(prune(&room).await, 1);
    assert_eq!(kept(&room).await, (0, 0, 0));
    let (other, mails) = room
        .ctx
        .store
        .read(|tx| Ok((subscribers::get(tx, SubscriberId(2))?, outbox::list(tx, None, None, 9)?)))
        .await
        .unwrap();
    assert!(other.is_some(), "who stays is not asked how long");
    assert!(mails.iter().all(|mail| mail.subscriber != Some(ONE)));
    assert_eq!(prune(&room).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_proof_of_nought_goes_at_once_with_all_that_refers_to_it() {
    let room = room(|retention| retention.proof = Some(Duration::ZERO)).await;
    assert_eq!(prune(&room).await, 0, "only who left");
    leave(&room).await;
    assert_eq!(kept(&room).await, (1, 1, 1));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(prune(&room).await, 1);
    assert_eq!(kept(&room).await, (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_proof_without_a_period_stays() {
    let room = room(|retention| retention.proof = None).await;
    leave(&room).await;
    tokio::time::advance(20 * 365 * DAY).await;
    assert_eq!(prune(&room).await, 0);
    assert_eq!(kept(&room).await.0, 1);
}

#[tokio::test(start_paused = true)]
async fn what_came_back_goes_after_its_period_but_not_while_the_rules_look_back_on_it() {
    for (period, days) in [(Some(Duration::ZERO), 30), (Some(30 * DAY), 30), (Some(90 * DAY), 90)] {
        let room = room(|retention| retention.bounces = period).await;
        tokio::time::advance((days * DAY).saturating_sub(Duration::from_hours(1))).await;
        pipeline::prune(&room.ctx, &room.plan).await.unwrap();
        assert_eq!(kept(&room).await.1, 1, "{period:?}");
        tokio::time::advance(Duration::from_hours(2)).await;
        assert_eq!(pipeline::prune(&room.ctx, &room.plan).await.unwrap().bounces, 1);
        assert_eq!(kept(&room).await.1, 0, "{period:?}");
    }
    let room = room(|retention| retention.bounces = None).await;
    tokio::time::advance(20 * 365 * DAY).await;
    pipeline::prune(&room.ctx, &room.plan).await.unwrap();
    assert_eq!(kept(&room).await.1, 1);
}

#[tokio::test(start_paused = true)]
async fn an_erased_address_stands_in_no_file_after_the_next_round() {
    let room = room(|_| {}).await;
    let is_anywhere = |word: &str| {
        // The marks of sources in progress have a folder, and no content.
        let entries = std::fs::read_dir(room.setup.var()).unwrap();
        let files = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
        files
            .map(|file| std::fs::read(file).unwrap())
            .any(|bytes| bytes.windows(word.len()).any(|window| window == word.as_bytes()))
    };
    assert!(is_anywhere("leser0@"));
    leave(&room).await;
    prune(&room).await;
    assert!(!is_anywhere("leser0@"), "neither in the database nor in its log");
    assert!(is_anywhere("leser1@"));
}
