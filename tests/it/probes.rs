//! Suspended readers: when they are asked whether mail arrives, and what the
//! answer does to them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use amtsbote::bounce::Class;
use amtsbote::deliver::{SendError, Step};
use amtsbote::model::{MailKind, OutboxEntry, SeriesId, Standing, SubscriberId, Timestamp};
use amtsbote::pipeline::{self, ProbeReport};
use amtsbote::store::outbox::{self, Pause};
use amtsbote::store::subscribers;
use amtsbote::subscriber::token::bounce_sender;

use crate::bounces::{postfix, standing, take};
use crate::queue::{Room, address, refused};

const ONE: SubscriberId = SubscriberId(1);
const MONDAY: Timestamp = Timestamp::from_seconds(1_765_180_800);

/// What the mail server makes of each mail from now on.
type Answer = Arc<Mutex<Result<(), SendError>>>;

/// Two readers, the first of whom is suspended at the clock's start.
async fn room() -> (Room, Answer) {
    let answer: Answer = Arc::new(Mutex::new(Ok(())));
    let given = Arc::clone(&answer);
    let room = Room::with(2, 1, MONDAY, "täglich 07:00", move |_, _| {
        let outcome = given.lock().unwrap().clone();
        Box::pin(async move { outcome })
    })
    .await;
    let now = room.ctx.clock.now();
    room.ctx.store.write(move |tx| subscribers::suspend(tx, ONE, now)).await.unwrap();
    (room, answer)
}

async fn probe(room: &Room) -> ProbeReport {
    pipeline::probe(&room.ctx, &room.plan).await.unwrap()
}

/// A day passes, with the day's duties. Answers what was done.
async fn day(room: &Room) -> ProbeReport {
    tokio::time::advance(Duration::from_hours(24)).await;
    let report = probe(room).await;
    room.drain().await;
    report
}

/// Days until something is done about somebody, and what.
async fn until(room: &Room) -> (u32, ProbeReport) {
    for days in 1..200 {
        let report = day(room).await;
        if report != ProbeReport::default() {
            return (days, report);
        }
    }
    panic!("nothing is ever done");
}

async fn mails(room: &Room) -> Vec<OutboxEntry> {
    room.ctx.store.read(|tx| outbox::of_subscriber(tx, ONE)).await.unwrap()
}

/// What comes back of the mails to the first reader.
async fn comes_back(room: &Room, status: &str, said: &str) -> bool {
    let recipient = bounce_sender("r@probe.example", &room.ctx.tokens.bounce(ONE));
    take(room, &recipient, &postfix("failed", status, said)).await.changed
}

const PROBED: ProbeReport = ProbeReport { probed: 1, resumed: 0, erased: 0 };
const RESUMED: ProbeReport = ProbeReport { probed: 0, resumed: 1, erased: 0 };
const ERASED: ProbeReport = ProbeReport { probed: 0, resumed: 0, erased: 1 };

#[tokio::test(start_paused = true)]
async fn a_suspended_reader_is_asked_after_fourteen_days_and_resumed_after_a_week_of_silence() {
    let (room, _) = room().await;
    assert_eq!(until(&room).await, (14, PROBED));
    assert_eq!(probe(&room).await, ProbeReport::default(), "asked twice a day, done once");
    assert_eq!(room.sent(), [address(0)]);
    assert_eq!(standing(&room, 1).await, Standing::Suspended);
    assert_eq!(until(&room).await, (7, RESUMED));
    assert_eq!(standing(&room, 1).await, Standing::Active);
    // And that was all there was to ask.
    for _ in 0..100 {
        assert_eq!(day(&room).await, ProbeReport::default());
    }
    assert_eq!(room.sent().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_that_is_still_gone_is_erased_at_once() {
    let (room, _) = room().await;
    until(&room).await;
    assert!(comes_back(&room, "5.1.1", "smtp; 550 5.1.1 user unknown").await);
    assert_eq!(standing(&room, 1).await, Standing::Left);
    let reader = room.ctx.store.read(|tx| subscribers::get(tx, ONE)).await.unwrap().unwrap();
    assert_eq!(reader.address, "");
    assert!(mails(&room).await.iter().all(|mail| mail.recipient.is_empty()));
    // The proof stays, the other reader too.
    assert_eq!(reader.consent.reason, "Test");
    assert_eq!(standing(&room, 2).await, Standing::Active);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_refused_at_once_erases_the_address_too() {
    let (room, answer) = room().await;
    *answer.lock().unwrap() = Err(refused(550, Step::Recipient));
    until(&room).await;
    assert_eq!(standing(&room, 1).await, Standing::Left);
}

#[tokio::test(start_paused = true)]
async fn a_full_mailbox_gets_a_second_chance_after_sixty_days_and_then_none() {
    let (room, _) = room().await;
    assert_eq!(until(&room).await, (14, PROBED));
    assert!(!comes_back(&room, "5.2.2", "smtp; 552 5.2.2 mailbox full").await);
    assert_eq!(standing(&room, 1).await, Standing::Suspended);
    // Longer than what came back is remembered.
    assert_eq!(until(&room).await, (46, PROBED));
    pipeline::prune(&room.ctx, &room.plan).await.unwrap();
    assert!(!comes_back(&room, "5.2.2", "smtp; 552 5.2.2 mailbox full, again").await);
    assert_eq!(until(&room).await, (1, ERASED));
    assert_eq!(standing(&room, 1).await, Standing::Left);
    assert_eq!(room.sent().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_came_back_of_the_first_probe_is_not_forgotten_before_the_second() {
    let (room, _) = room().await;
    until(&room).await;
    comes_back(&room, "5.7.1", "smtp; 554 5.7.1 rejected as spam").await;
    for _ in 0..40 {
        assert_eq!(day(&room).await, ProbeReport::default());
        pipeline::prune(&room.ctx, &room.plan).await.unwrap();
    }
    assert_eq!(standing(&room, 1).await, Standing::Suspended);
    assert_eq!(until(&room).await, (6, PROBED));
    assert_eq!(until(&room).await, (7, RESUMED), "the second one arrived");
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_grows_too_old_on_the_way_has_failed() {
    let (room, answer) = room().await;
    *answer.lock().unwrap() = Err(refused(451, Step::Recipient));
    assert_eq!(until(&room).await, (14, PROBED));
    assert_eq!(until(&room).await, (46, PROBED));
    // Two days of trying, then it is given up.
    let (days, report) = until(&room).await;
    assert_eq!((days <= 4, report), (true, ERASED), "{days}");
}

#[tokio::test(start_paused = true)]
async fn while_nothing_goes_out_nobody_is_asked() {
    let (room, _) = room().await;
    let until_when = room.ctx.clock.now().after(Duration::from_hours(24 * 14));
    let pause = Pause {
        since: MONDAY,
        until: until_when,
        failures: 9,
        needs_operator: true,
        reason: "535 no".to_owned(),
    };
    room.ctx.store.write(move |tx| outbox::set_pause(tx, Some(&pause))).await.unwrap();
    for _ in 0..20 {
        tokio::time::advance(Duration::from_hours(24)).await;
        assert_eq!(probe(&room).await, ProbeReport::default());
    }
    room.ctx.store.write(|tx| outbox::set_pause(tx, None)).await.unwrap();
    assert_eq!(until(&room).await, (1, PROBED));
}

#[tokio::test(start_paused = true)]
async fn absence_notes_say_nothing_about_a_probe() {
    let (room, _) = room().await;
    until(&room).await;
    let recipient = bounce_sender("r@probe.example", &room.ctx.tokens.bounce(ONE));
    let note =
        "From: p@x.example\r\nAuto-Submitted: auto-replied\r\nSubject: Abwesend\r\n\r\nx\r\n";
    assert_eq!(take(&room, &recipient, note).await.what, Class::AutoReply.as_str());
    assert_eq!(until(&room).await, (7, RESUMED));
}

#[tokio::test(start_paused = true)]
async fn who_saves_their_settings_need_not_wait_and_is_not_asked() {
    let (room, _) = room().await;
    until(&room).await;
    let series = vec![SeriesId::new("probe")];
    assert!(pipeline::change(&room.ctx, ONE, every(series), None).await.unwrap());
    assert_eq!(standing(&room, 1).await, Standing::Active);
    for _ in 0..70 {
        assert_eq!(day(&room).await, ProbeReport::default());
    }
}

#[tokio::test(start_paused = true)]
async fn what_came_back_before_does_not_count_against_who_was_found_again() {
    let (room, _) = room().await;
    room.freeze(1).await;
    let series = || vec![SeriesId::new("probe")];
    pipeline::change(&room.ctx, ONE, every(series()), None).await.unwrap();
    for day in 0..3 {
        tokio::time::advance(Duration::from_hours(24)).await;
        comes_back(&room, "5.1.1", &format!("smtp; 550 unknown {day}")).await;
    }
    assert_eq!(standing(&room, 1).await, Standing::Suspended);
    pipeline::change(&room.ctx, ONE, every(series()), None).await.unwrap();
    tokio::time::advance(Duration::from_hours(24)).await;
    assert!(!comes_back(&room, "5.1.1", "smtp; 550 unknown, once more").await);
    assert_eq!(standing(&room, 1).await, Standing::Active);
}

#[tokio::test(start_paused = true)]
async fn the_question_is_a_mail_of_the_list_with_the_readers_own_links() {
    let (room, _) = room().await;
    until(&room).await;
    let mails = mails(&room).await;
    let [mail] = &mails[..] else { panic!("{} mails", mails.len()) };
    assert_eq!((mail.kind, mail.recipient.as_str()), (MailKind::Probe, address(0).as_str()));
    let tokens = &room.ctx.tokens;
    assert_eq!(mail.sender, bounce_sender("r@probe.example", &tokens.bounce(ONE)));
    let text = String::from_utf8(mail.payload.0.clone()).unwrap().replace("=\r\n", "");
    for needed in [
        &format!("/a/{}", tokens.unsubscribe(ONE)),
        &format!("/e/{}", tokens.settings(ONE, room.ctx.clock.now())),
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Auto-Submitted: auto-generated",
        "8. Dezember 2025",
    ] {
        assert!(text.replace("=C2=A0", " ").contains(needed), "{needed} in {text}");
    }
}

/// All topics of these series.
fn every(series: Vec<SeriesId>) -> pipeline::Preferences {
    pipeline::Preferences { series, topics: Vec::new(), keywords: Vec::new() }
}
