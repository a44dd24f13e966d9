//! What the admin is told of sending: that it rested, once it goes on, and that
//! messages were given up. Never while nothing could reach them, never per message.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use amtsbote::deliver::{SendError, Step};
use amtsbote::model::{MailKind, OutboxEntry, Timestamp};
use amtsbote::pipeline;
use amtsbote::store::outbox;

use crate::queue::{Room, address, misconfigured, refused};

const ADMIN: &str = "betrieb@probe.example";
const MONDAY: Timestamp = Timestamp::from_seconds(1_765_180_800);

type Answer = Arc<Mutex<Result<(), SendError>>>;

async fn room(readers: usize, answer: Result<(), SendError>) -> (Room, Answer) {
    let answer: Answer = Arc::new(Mutex::new(answer));
    let given = Arc::clone(&answer);
    let room = Room::with(readers, 1, MONDAY, "täglich 07:00", move |_, recipient| {
        // The admin's mailbox is always fine; the way there may not be.
        let outcome = match given.lock().unwrap().clone() {
            Err(error) if recipient == ADMIN && !error.pauses_all() => Ok(()),
            outcome => outcome,
        };
        Box::pin(async move { outcome })
    })
    .await;
    (room, answer)
}

/// A turn of the daemon's drain loop.
async fn turn(room: &Room) -> usize {
    let report = room.drain().await;
    if report.paused.is_some() {
        return 0;
    }
    pipeline::tell_of_sending(&room.ctx, &room.plan).await.unwrap()
}

async fn turns(room: &Room, hours: u32) -> usize {
    let mut mails = 0;
    for _ in 0..hours {
        mails += turn(room).await;
        tokio::time::advance(Duration::from_hours(1)).await;
    }
    mails
}

/// The notices there are, oldest first, in words.
async fn notices(room: &Room) -> Vec<String> {
    let all = room.ctx.store.read(|tx| outbox::list(tx, None, None, 999)).await.unwrap();
    let notices = all.into_iter().rev().filter(|mail| mail.kind == MailKind::Notice);
    notices.map(|mail| words(&mail)).collect()
}

fn words(mail: &OutboxEntry) -> String {
    assert_eq!(mail.recipient, ADMIN);
    let text = String::from_utf8(mail.payload.0.clone()).unwrap();
    let part = text.split("Content-Type: text/html").next().unwrap().replace("=\r\n", "");
    let part = part.replace("=C2=A0", " ").replace("\r\n", " ");
    for reader in 0..50 {
        assert!(!part.contains(&address(reader)), "{part}");
    }
    part
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_told_once_when_mail_goes_out_again() {
    let (room, answer) = room(5, Err(misconfigured())).await;
    room.freeze(1).await;
    assert_eq!(turns(&room, 7).await, 0, "told while nothing could arrive");
    assert_eq!(notices(&room).await, [""; 0]);
    *answer.lock().unwrap() = Ok(());
    assert_eq!(turn(&room).await, 1);
    assert_eq!(turns(&room, 5).await, 0, "told once");
    let told = notices(&room).await;
    assert_eq!(told.len(), 1);
    for needed in
        ["8. Dezember 2025, 09:00 Uhr", "8. Dezember 2025, 16:00 Uhr", "warteten 5", "535"]
    {
        assert!(told[0].contains(needed), "{needed} in {}", told[0]);
    }
    assert_eq!(room.sent().last().map(String::as_str), Some(ADMIN));
}

#[tokio::test(start_paused = true)]
async fn a_short_rest_that_mends_itself_is_no_news() {
    let busy = || SendError::Unreachable {
        step: Step::Greeting,
        code: Some(421),
        reason: "421 busy".to_owned(),
    };
    let (room, answer) = room(2, Err(busy())).await;
    room.freeze(1).await;
    assert_eq!(turn(&room).await, 0);
    tokio::time::advance(Duration::from_mins(6)).await;
    *answer.lock().unwrap() = Ok(());
    assert_eq!(turn(&room).await, 0);
    // Hours of it are.
    *answer.lock().unwrap() = Err(busy());
    room.freeze(2).await;
    turns(&room, 3).await;
    *answer.lock().unwrap() = Ok(());
    assert_eq!(turn(&room).await, 1);
    assert!(notices(&room).await[0].contains("421 busy"));
}

#[tokio::test(start_paused = true)]
async fn messages_that_grow_too_old_are_told_in_one_mail_a_day() {
    let (room, _) = room(20, Err(refused(451, Step::Recipient))).await;
    room.freeze(1).await;
    assert_eq!(turns(&room, 60).await, 1, "one mail, not twenty");
    room.freeze(2).await;
    turns(&room, 60).await;
    let told = notices(&room).await;
    // Those of the first turn may be told before the rest of them is given up.
    assert!((2..=4).contains(&told.len()), "{} mails", told.len());
    let number = |told: &str| {
        let at = told.find(" ließen").or(told.find(" lie=C3=9Fen")).unwrap();
        told[..at].rsplit(' ').nth(1).unwrap().parse::<u32>().unwrap()
    };
    assert_eq!(told.iter().map(|told| number(told)).sum::<u32>(), 40);
    assert!(told[0].contains("451"));
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_for_good_or_dropped_is_not_told_as_given_up() {
    let (room, _) = room(5, Err(refused(550, Step::Recipient))).await;
    room.freeze(1).await;
    assert_eq!(turns(&room, 60).await, 0);
    assert_eq!(room.count("dead").await, 5);
}

#[tokio::test(start_paused = true)]
async fn a_rest_of_days_tells_what_grew_too_old_meanwhile() {
    let (room, answer) = room(3, Err(misconfigured())).await;
    room.freeze(1).await;
    assert_eq!(turns(&room, 60).await, 0);
    *answer.lock().unwrap() = Ok(());
    room.freeze(2).await;
    assert_eq!(turns(&room, 2).await, 2, "that it rested, and what was given up");
    let told = notices(&room).await;
    assert!(told[0].contains("ruhte") && told[1].contains("aufgegeben"), "{told:?}");
}
