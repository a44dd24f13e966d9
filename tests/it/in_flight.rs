//! A message in flight: what operators, readers, clocks, disks and reloads do to
//! it, and that it is sent once all the same.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use amtsbote::clock::Clock;
use amtsbote::deliver::{Channel, Gate, Outgoing, SendError, Step};
use amtsbote::model::{
    BoxFuture, Claim, Ended, Envelope, OutboxEntry, OutboxId, Payload, Rendered, SeriesId, State,
    SubscriberId, Timestamp,
};
use amtsbote::pipeline::{self, Context, Moment};
use amtsbote::store::mail_news;
use amtsbote::store::outbox::{self, Chosen, Move};
use amtsbote::store::{Store, Transaction, digests};

use crate::support::desk::{entries as news, rss};
use crate::support::world::World;

use crate::queue::{MONDAY, Room, address, item, refused, turn};

/// A clock that can be set.
struct Settable {
    inner: Arc<dyn Clock>,
    shift: Arc<AtomicI64>,
}

impl Clock for Settable {
    fn now(&self) -> Timestamp {
        Timestamp(self.inner.now().0 + self.shift.load(Ordering::SeqCst))
    }
}

/// Makes the clock of the room settable. Returns the shift in milliseconds.
fn settable(room: &mut Room) -> Arc<AtomicI64> {
    let shift = Arc::new(AtomicI64::new(0));
    let inner = Arc::clone(&room.ctx.clock);
    room.ctx.clock = Arc::new(Settable { inner, shift: Arc::clone(&shift) });
    shift
}

const HOUR: i64 = 3_600_000;

async fn act(store: &Store, ids: &[i64], to: Move) -> usize {
    let chosen = Chosen { ids: ids.iter().copied().map(OutboxId).collect(), ..Chosen::default() };
    store.write(move |tx| outbox::move_chosen(tx, &chosen, to, MONDAY)).await.unwrap()
}

async fn entries(room: &Room) -> Vec<OutboxEntry> {
    let mut all = room.ctx.store.read(|tx| outbox::list(tx, None, None, 999)).await.unwrap();
    all.sort_by_key(|entry| entry.id.0);
    all
}

/// From now on no 250 can be recorded: an error that no code expects.
async fn refuse_records(store: &Store) {
    let refuse = |tx: &amtsbote::store::Transaction<'_>| {
        Ok(tx.execute_batch(
            "create trigger refuses before update on outbox when new.state = 'sent'
             begin select raise(abort, 'a quota, a bad sector, anything'); end;",
        )?)
    };
    store.write(refuse).await.unwrap();
}

async fn take_records(store: &Store) {
    let take =
        |tx: &amtsbote::store::Transaction<'_>| Ok(tx.execute_batch("drop trigger refuses")?);
    store.write(take).await.unwrap();
}

/// A room whose first message meets `meanwhile` while it is in flight.
async fn met(
    readers: usize,
    outcome: Result<(), SendError>,
    meanwhile: impl Fn(Context) -> amtsbote::model::BoxFuture<'static, ()> + Send + Sync + 'static,
) -> Room {
    let ctx: Arc<Mutex<Option<Context>>> = Arc::default();
    let (given, meanwhile) = (Arc::clone(&ctx), Arc::new(meanwhile));
    let room = Room::with(readers, 1, MONDAY, "täglich 07:00", move |number, _| {
        let (ctx, outcome) = (given.lock().unwrap().clone().unwrap(), outcome.clone());
        let meanwhile = Arc::clone(&meanwhile);
        Box::pin(async move {
            if number > 1 {
                return Ok(());
            }
            meanwhile(ctx).await;
            outcome
        })
    })
    .await;
    *ctx.lock().unwrap() = Some(room.ctx.clone());
    room.freeze(1).await;
    room
}

#[tokio::test(start_paused = true)]
async fn hold_and_release_or_drop_and_retry_in_flight_send_nothing_twice() {
    let pairs = [(Move::Hold, Move::Release), (Move::Drop, Move::Again), (Move::Hold, Move::Retry)];
    for (first, second) in pairs {
        let room = met(1, Ok(()), move |ctx| {
            Box::pin(async move {
                assert_eq!(act(&ctx.store, &[1], first).await, 1);
                act(&ctx.store, &[1], second).await;
                // What `outbox retry --all` and `digest send --now` do.
                act(&ctx.store, &[], Move::Retry).await;
            })
        })
        .await;
        let (one, other) = tokio::join!(room.drain(), room.drain());
        assert_eq!((one.sent + other.sent, room.sent().len()), (1, 1), "{first:?} {second:?}");
        assert_eq!(room.count("sent").await, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wish_in_flight_takes_effect_when_the_attempt_fails() {
    for (wish, state) in [(Move::Hold, "held"), (Move::Drop, "dead")] {
        let room = met(1, Err(refused(451, Step::Content)), move |ctx| {
            Box::pin(async move {
                assert_eq!(act(&ctx.store, &[1], wish).await, 1);
            })
        })
        .await;
        room.drain().await;
        assert_eq!((room.count(state).await, entries(&room).await[0].wish.clone()), (1, None));
        tokio::time::advance(Duration::from_hours(1)).await;
        room.drain().await;
        assert_eq!(room.sent().len(), 1, "{wish:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_held_dropped_or_stopped_before_data_does_not_go_out() {
    for (wish, state) in [(Move::Hold, "held"), (Move::Drop, "dead")] {
        let room = met(3, Ok(()), move |ctx| {
            Box::pin(async move {
                assert_eq!(act(&ctx.store, &[2], wish).await, 1);
            })
        })
        .await;
        assert_eq!(room.drain().await.sent, 2);
        assert_eq!((room.sent(), room.count(state).await), (vec![address(0), address(2)], 1));
    }
    let room = met(3, Ok(()), |ctx| {
        Box::pin(async move {
            ctx.store.write(|tx| outbox::stop(tx, "Probe", MONDAY)).await.unwrap();
        })
    })
    .await;
    assert_eq!(room.drain().await.sent, 1);
    assert_eq!(room.drain().await.stopped.as_deref(), Some("Probe"));
    // A restart, a reload and the operator's retry change nothing.
    pipeline::sweep(&room.ctx).await.unwrap();
    pipeline::resume(&room.ctx).await.unwrap();
    act(&room.ctx.store, &[], Move::Retry).await;
    assert_eq!((room.drain().await.sent, room.sent().len()), (0, 1));
    assert!(room.ctx.store.write(outbox::start).await.unwrap());
    assert_eq!(room.drain().await.sent, 2);
}

/// Takes every message, but for what is held between its recipient and its DATA.
struct HeldAtTheLastMoment(Store);

impl std::fmt::Debug for HeldAtTheLastMoment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HeldAtTheLastMoment")
    }
}

impl Channel for HeldAtTheLastMoment {
    fn encode(&self, _: &Envelope, _: &Rendered) -> Result<Payload, SendError> {
        Err(SendError::Invalid { reason: "nothing is made here".to_owned() })
    }

    fn send<'a>(&'a self, _: Outgoing<'a>) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async { Ok(()) })
    }

    fn send_through<'a>(
        &'a self,
        _: Outgoing<'a>,
        gate: Gate<'a>,
    ) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            act(&self.0, &[], Move::Hold).await;
            if gate().await { Ok(()) } else { Err(SendError::Withdrawn) }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_held_after_its_recipient_was_taken_does_not_begin_its_data() {
    let room = Room::new(1, 1).await;
    room.freeze(1).await;
    let channel = Arc::new(HeldAtTheLastMoment(room.ctx.store.clone()));
    let ctx = room.ctx.clone().with_channel(channel);
    let report = pipeline::drain(&ctx, &room.plan, &|| false).await.unwrap();
    assert_eq!((report.sent, room.count("held").await), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn only_the_latest_claim_of_a_message_says_what_came_of_it() {
    let room = Room::new(1, 1).await;
    room.freeze(1).await;
    let now = MONDAY;
    let claimed = |holder| move |tx: &Transaction<'_>| outbox::claim(tx, holder, now, 1);
    let store = &room.ctx.store;
    let first = store.write(claimed(7)).await.unwrap().entries.remove(0).claim;
    store.write(move |tx| outbox::recover(tx, now)).await.unwrap();
    let second = store.write(claimed(7)).await.unwrap().entries.remove(0).claim;
    let other = Claim { holder: 8, ..second };
    let dead = State::Dead { at: now };
    for (claim, settles) in [(first, false), (other, false), (second, true)] {
        let settle = move |tx: &Transaction<'_>| {
            if !settles {
                outbox::give_back(tx, claim, None, now)?;
            }
            outbox::settle(tx, claim, dead, Some(Ended::Refused), Some("no"), now)
        };
        store.write(settle).await.unwrap();
        assert_eq!(entries(&room).await[0].state == dead, settles, "{claim:?}");
        assert_eq!(room.count("claimed").await, u64::from(!settles), "{claim:?}");
    }
    // But a 250 happened, whoever heard it.
    let taken = move |tx: &Transaction<'_>| {
        outbox::settle(tx, first, State::Sent { at: now }, None, None, now)
    };
    store.write(taken).await.unwrap();
    assert_eq!(room.count("sent").await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_250_is_recorded_also_if_what_follows_from_another_answer_cannot_be() {
    let room = met(5, Err(refused(550, Step::Recipient)), |_| Box::pin(async {})).await;
    let fault = "create trigger refuses before insert on bounces
        begin select raise(abort, 'damaged'); end";
    room.ctx.store.write(move |tx| Ok(tx.execute_batch(fault)?)).await.unwrap();
    let report = room.drain().await;
    assert_eq!((report.sent, report.dead, room.count("sent").await), (4, 1, 4));
}

#[tokio::test(start_paused = true)]
async fn what_was_wished_of_a_message_is_granted_also_if_its_drain_is_gone() {
    for (wish, state) in [(Move::Drop, "dead"), (Move::Hold, "held")] {
        let room = Room::new(1, 1).await;
        room.freeze(1).await;
        let claim = |tx: &Transaction<'_>| outbox::claim(tx, 7, MONDAY, 1).map(|_| ());
        room.ctx.store.write(claim).await.unwrap();
        act(&room.ctx.store, &[], wish).await;
        assert_eq!((room.drain().await.sent, room.count(state).await), (0, 1), "{wish:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rest_that_a_clock_wrote_which_was_ahead_is_over() {
    let room = Room::new(1, 1).await;
    room.freeze(1).await;
    let until = |minutes| MONDAY.after(Duration::from_mins(minutes));
    let rest = move |until| {
        let reason = "534 no".to_owned();
        outbox::Pause { since: MONDAY, until, failures: 1, needs_operator: true, reason }
    };
    for (minutes, sent) in [(29, 0), (60 * 24 * 30, 1)] {
        let pause = rest(until(minutes));
        let set = move |tx: &Transaction<'_>| outbox::set_pause(tx, Some(&pause));
        room.ctx.store.write(set).await.unwrap();
        assert_eq!(room.drain().await.sent, sent, "{minutes}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_hours_in_flight_sends_nothing_twice() {
    for jump in [3 * HOUR, 30 * 24 * HOUR, -3 * HOUR] {
        let shift: Arc<Mutex<Option<Arc<AtomicI64>>>> = Arc::default();
        let given = Arc::clone(&shift);
        let mut room = met(2, Ok(()), move |ctx| {
            given.lock().unwrap().as_ref().unwrap().store(jump, Ordering::SeqCst);
            Box::pin(async move {
                act(&ctx.store, &[], Move::Retry).await;
            })
        })
        .await;
        *shift.lock().unwrap() = Some(settable(&mut room));
        let (one, other) = tokio::join!(room.drain(), room.drain());
        assert_eq!((one.sent + other.sent, room.sent().len()), (2, 2), "{jump}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_clock_that_was_ahead_deferred_is_due_once_it_is_right_again() {
    let mut room = Room::with(1, 1, MONDAY, "täglich 07:00", |number, _| {
        Box::pin(
            async move { if number == 1 { Err(refused(451, Step::Recipient)) } else { Ok(()) } },
        )
    })
    .await;
    let shift = settable(&mut room);
    shift.store(30 * 24 * HOUR, Ordering::SeqCst);
    room.freeze(1).await;
    assert_eq!(room.drain().await.deferred, 1);
    shift.store(0, Ordering::SeqCst);
    assert_eq!(room.drain().await.sent, 1);
    // One that a right clock deferred waits for its time.
    let room = Room::with(1, 1, MONDAY, "täglich 07:00", |_, _| {
        Box::pin(async { Err(refused(451, Step::Recipient)) })
    })
    .await;
    room.freeze(1).await;
    assert_eq!(room.drain().await.deferred, 1);
    assert_eq!(room.drain().await.deferred, 0);
}

#[tokio::test(start_paused = true)]
async fn who_is_forgotten_during_a_refused_rcpt_costs_nobody_elses_record() {
    let room = met(5, Err(refused(550, Step::Recipient)), |ctx| {
        Box::pin(async move {
            pipeline::forget(&ctx, &address(0)).await.unwrap();
        })
    })
    .await;
    let report = room.drain().await;
    assert_eq!((report.sent, report.dead), (4, 1));
    assert_eq!((room.count("sent").await, room.sent().len()), (4, 5));
}

/// Drains messages to that many readers; from the first 250 on nothing can be recorded.
async fn unrecorded(readers: usize) -> (Arc<Room>, tokio::task::JoinHandle<pipeline::DrainReport>) {
    let refuse = |ctx: Context| -> amtsbote::model::BoxFuture<'static, ()> {
        Box::pin(async move { refuse_records(&ctx.store).await })
    };
    let room = Arc::new(met(readers, Ok(()), refuse).await);
    let draining = tokio::spawn({
        let room = Arc::clone(&room);
        async move { room.drain().await }
    });
    (room, draining)
}

#[tokio::test(start_paused = true)]
async fn a_250_that_cannot_be_recorded_for_any_reason_is_kept_and_nothing_else_is_sent() {
    let (room, draining) = unrecorded(5).await;
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert!(!draining.is_finished());
    assert_eq!(room.sent().len(), 1);
    take_records(&room.ctx.store).await;
    assert_eq!(draining.await.unwrap().sent, 5);
    assert_eq!((room.sent().len(), room.count("sent").await), (5, 5));
}

#[tokio::test(start_paused = true)]
async fn a_250_outlives_the_drain_that_heard_it() {
    let (room, draining) = unrecorded(2).await;
    tokio::time::sleep(Duration::from_mins(1)).await;
    draining.abort();
    assert!(draining.await.unwrap_err().is_cancelled());
    take_records(&room.ctx.store).await;
    room.drain().await;
    assert_eq!((room.sent().len(), room.count("sent").await), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_drain_that_is_cut_off_gives_its_claims_to_the_next() {
    let room = Arc::new(
        Room::with(20, 2, MONDAY, "täglich 07:00", |number, _| {
            Box::pin(async move {
                if number <= 2 {
                    std::future::pending::<()>().await;
                }
                Ok(())
            })
        })
        .await,
    );
    room.freeze(1).await;
    let draining = tokio::spawn({
        let room = Arc::clone(&room);
        async move { room.drain().await }
    });
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(room.count("claimed").await, 20);
    draining.abort();
    let _ = draining.await;
    assert_eq!(pipeline::next_mail(&room.ctx).await.unwrap(), Some(Timestamp(0)));
    assert_eq!((room.drain().await.sent, room.count("sent").await), (20, 20));
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_after_the_claim_leaves_nothing_claimed() {
    let room = Room::new(12, 1).await;
    room.freeze(1).await;
    let now = room.ctx.clock.now();
    room.ctx.store.write(move |tx| outbox::claim(tx, 1, now, 12)).await.unwrap();
    // What the daemon asks when its drain has failed.
    assert!(pipeline::next_mail(&room.ctx).await.unwrap().is_some_and(|due| due <= now));
    assert_eq!(room.drain().await.sent, 12);
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_waits_for_its_250_holds_up_no_other() {
    let room = Arc::new(
        Room::with(2, 2, MONDAY, "täglich 07:00", |number, _| {
            Box::pin(async move {
                if number == 1 {
                    tokio::time::sleep(Duration::from_mins(10)).await;
                }
                Ok(())
            })
        })
        .await,
    );
    room.freeze(1).await;
    let draining = tokio::spawn({
        let room = Arc::clone(&room);
        async move { room.drain().await }
    });
    tokio::time::sleep(Duration::from_mins(1)).await;
    for round in 2..5 {
        room.freeze(round).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(room.count("sent").await, 2 * u64::try_from(round).unwrap() - 1);
    }
    assert!(!draining.is_finished());
    assert_eq!(draining.await.unwrap().sent, 8);
}

#[tokio::test(start_paused = true)]
async fn two_drains_never_send_at_the_same_time() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (running, worst) = (Arc::clone(&now), Arc::clone(&most));
    let room = Room::with(10, 2, MONDAY, "täglich 07:00", move |_, _| {
        let (running, worst) = (Arc::clone(&running), Arc::clone(&worst));
        Box::pin(async move {
            worst.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            running.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        })
    })
    .await;
    room.freeze(1).await;
    // One that begins while another's messages are in flight must not take them for nobody's.
    let later = async {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        room.drain().await
    };
    let (a, b, c) = tokio::join!(room.drain(), room.drain(), later);
    assert_eq!((a.sent + b.sent + c.sent, room.sent().len()), (10, 10));
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_serves_fewer_connections_gets_what_it_serves() {
    let running = Arc::new(AtomicUsize::new(0));
    let room = Room::with(200, 4, MONDAY, "täglich 07:00", move |_, _| {
        let running = Arc::clone(&running);
        Box::pin(async move {
            let is_crowded = running.fetch_add(1, Ordering::SeqCst) >= 2;
            tokio::time::sleep(Duration::from_millis(200)).await;
            running.fetch_sub(1, Ordering::SeqCst);
            if is_crowded {
                let reason = "421 4.7.0 too many connections".to_owned();
                return Err(SendError::Unreachable {
                    step: Step::Greeting,
                    code: Some(421),
                    reason,
                });
            }
            Ok(())
        })
    })
    .await;
    room.freeze(1).await;
    let begun = room.ctx.clock.now();
    let report = room.drain().await;
    assert_eq!((report.sent, report.paused), (200, None));
    // Two at a time, 200 ms each: 20 s, and not one in 30 s.
    assert!(room.ctx.clock.now().since(begun) < Duration::from_secs(40));
    assert!(room.sent().len() < 210, "{} tries", room.sent().len());
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_is_down_rests_everything_however_many_connections() {
    let room = Room::with(8, 4, MONDAY, "täglich 07:00", |_, _| {
        Box::pin(async {
            let reason = "connection refused".to_owned();
            Err(SendError::Unreachable { step: Step::Connect, code: None, reason })
        })
    })
    .await;
    room.freeze(1).await;
    assert!(room.drain().await.paused.is_some());
    // One for each connection, and one more that is alone and must know.
    assert!(room.sent().len() <= 5, "{} tries", room.sent().len());
    assert_eq!(room.count("ready").await, 8);
}

#[tokio::test(start_paused = true)]
async fn a_reload_counts_from_the_next_message_on() {
    let (room, other) = (Room::new(0, 1).await, Room::new(0, 1).await);
    let is_reloaded = Arc::new(AtomicBool::new(false));
    let reload = Arc::clone(&is_reloaded);
    let first = Room::with(20, 1, MONDAY, "täglich 07:00", move |number, _| {
        reload.store(number >= 3, Ordering::SeqCst);
        Box::pin(async { Ok(()) })
    })
    .await;
    first.freeze(1).await;
    let current = || {
        let ctx = first.ctx.clone();
        let is_reloaded = is_reloaded.load(Ordering::SeqCst);
        let channel = if is_reloaded { &other.ctx.channel } else { &first.ctx.channel };
        (ctx.with_channel(Arc::clone(channel)), Arc::clone(&first.plan))
    };
    let report = pipeline::drain_with(&current, &|| false).await.unwrap();
    assert_eq!((report.sent, first.sent().len(), other.sent().len()), (20, 3, 17));
    drop(room);
}

#[tokio::test(start_paused = true)]
async fn an_issue_refused_at_the_dot_is_tried_three_times_and_the_admin_is_told() {
    let room = Room::with(5, 1, MONDAY, "täglich 07:00", |_, _| {
        Box::pin(async { Err(refused(554, Step::Content)) })
    })
    .await;
    room.freeze(1).await;
    let mut deferred = 0;
    for _ in 0..3 {
        deferred += room.drain().await.deferred;
        tokio::time::advance(Duration::from_hours(1)).await;
    }
    assert_eq!((deferred, room.sent().len(), room.count("dead").await), (10, 15, 5));
    let news = room.ctx.store.read(mail_news::untold).await.unwrap();
    assert_eq!((news.len(), news[0].what, news[0].messages), (1, mail_news::What::Refused, 5));
    assert_eq!(pipeline::tell_of_sending(&room.ctx, &room.plan).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_digest_is_held_when_its_text_is_refused_and_the_admin_is_told_at_once() {
    let refuses = Arc::new(AtomicBool::new(true));
    let is_refused = Arc::clone(&refuses);
    let room = Room::with(40, 2, MONDAY, "täglich 07:00", move |_, _| {
        let is_refused = is_refused.load(Ordering::SeqCst);
        let answer = if is_refused { Err(refused(554, Step::Content)) } else { Ok(()) };
        Box::pin(async move { answer })
    })
    .await;
    of_one_digest(&room).await;
    room.drain().await;
    assert!(room.sent().len() <= 6, "{} tries", room.sent().len());
    assert_eq!((room.count("held").await, room.count("dead").await), (40, 0));
    let news = room.ctx.store.read(mail_news::untold).await.unwrap();
    assert_eq!((news.len(), news[0].what, news[0].messages), (1, mail_news::What::Refused, 40));
    assert!(news[0].reason.starts_with("probe-1 is held: "), "{}", news[0].reason);
    assert_eq!(pipeline::tell_of_sending(&room.ctx, &room.plan).await.unwrap(), 1);
    // The cause was mended: all of it goes out, and the mail to the admin.
    refuses.store(false, Ordering::SeqCst);
    act(&room.ctx.store, &[], Move::Release).await;
    assert_eq!(room.drain().await.sent, 41);
}

#[tokio::test(start_paused = true)]
async fn a_digest_of_which_some_mails_are_refused_for_their_text_goes_on() {
    // A filter of the other side, which four of five pass.
    let room = Room::with(40, 1, MONDAY, "täglich 07:00", |number, _| {
        let answer = if number % 5 > 0 { Err(refused(554, Step::Content)) } else { Ok(()) };
        Box::pin(async move { answer })
    })
    .await;
    of_one_digest(&room).await;
    room.drain().await;
    assert_eq!((room.sent().len(), room.count("held").await), (40, 0));
}

/// Freezes one mail for each subscriber, all of one digest.
async fn of_one_digest(room: &Room) {
    room.freeze(1).await;
    let digest = |tx: &amtsbote::store::Transaction<'_>| {
        Ok(tx.execute_batch(
            "insert into digests values ('probe-1', 'probe', '1', 0, 0, 0, 1, 40, '{}');
             update outbox set digest = 'probe-1'",
        )?)
    };
    room.ctx.store.write(digest).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_damaged_body_is_set_aside_and_told_and_the_rest_goes_on() {
    let room = Room::new(5, 1).await;
    room.freeze(1).await;
    let damage = |tx: &amtsbote::store::Transaction<'_>| {
        Ok(tx.execute_batch(
            "update outbox_bodies set bytes = x'00' where id = 2;
             delete from outbox_bodies where id = 4;",
        )?)
    };
    room.ctx.store.write(damage).await.unwrap();
    let found = room.ctx.store.check().await.unwrap();
    assert!(found.iter().any(|finding| finding.contains("message 2")), "{found:?}");
    assert_eq!(room.drain().await.sent, 3);
    assert_eq!(room.sent(), [address(0), address(2), address(4)]);
    let dead: Vec<_> =
        entries(&room).await.into_iter().filter(|e| e.ended == Some(Ended::Damaged)).collect();
    assert_eq!(dead.len(), 2);
    let news = room.ctx.store.read(mail_news::untold).await.unwrap();
    assert_eq!((news[0].what, news[0].messages), (mail_news::What::Damaged, 2));
    // Neither the list nor a retry brings it down or sends it.
    act(&room.ctx.store, &[], Move::Retry).await;
    act(&room.ctx.store, &[2, 4], Move::Again).await;
    assert_eq!(room.drain().await.sent, 0);
}

#[tokio::test(start_paused = true)]
async fn retry_revives_only_what_failed_for_a_passing_reason() {
    let room = Room::with(4, 1, MONDAY, "täglich 07:00", |number, _| {
        Box::pin(async move {
            match number {
                1 => Err(refused(550, Step::Recipient)),
                _ => Ok(()),
            }
        })
    })
    .await;
    room.freeze(1).await;
    assert_eq!(act(&room.ctx.store, &[2], Move::Drop).await, 1);
    let expire = |tx: &amtsbote::store::Transaction<'_>| {
        Ok(tx.execute_batch(
            "update outbox set state = 'dead', instant = 1, ended = 'expired' where id = 3",
        )?)
    };
    room.ctx.store.write(expire).await.unwrap();
    assert_eq!(room.drain().await.sent, 1);
    assert_eq!(act(&room.ctx.store, &[], Move::Retry).await, 1, "the one that grew too old");
    let left = room.ctx.store.read(|tx| outbox::not_retried(tx, &Chosen::default())).await;
    assert_eq!(left.unwrap(), [(Ended::Dropped, 1), (Ended::Refused, 1)]);
    assert_eq!(room.drain().await.sent, 1);
    assert_eq!(act(&room.ctx.store, &[1], Move::Again).await, 1);
    assert_eq!(act(&room.ctx.store, &[4], Move::Again).await, 0, "what was sent never is again");
}

#[tokio::test(start_paused = true)]
async fn what_is_acknowledged_counts_no_more_and_old_rows_go() {
    let room = Room::with(2, 1, MONDAY, "täglich 07:00", |number, _| {
        Box::pin(
            async move { if number == 1 { Err(refused(550, Step::Recipient)) } else { Ok(()) } },
        )
    })
    .await;
    room.freeze(1).await;
    room.drain().await;
    let count = || room.ctx.store.read(outbox::count_unacknowledged);
    assert_eq!(count().await.unwrap(), 1);
    let acknowledge =
        |tx: &amtsbote::store::Transaction<'_>| outbox::acknowledge(tx, &Chosen::default(), MONDAY);
    assert_eq!(room.ctx.store.write(acknowledge).await.unwrap(), 1);
    assert_eq!(count().await.unwrap(), 0);
    tokio::time::advance(Duration::from_hours(24 * 91)).await;
    room.freeze(2).await;
    assert_eq!(pipeline::prune(&room.ctx, &room.plan).await.unwrap().mails, 2);
    assert_eq!(entries(&room).await.len(), 2, "what waits stays");
}

/// A room with a digest of 600 mails of which 250 are frozen.
async fn half_frozen() -> Room {
    let room = Room::new(600, 1).await;
    turn(&room).await;
    tokio::time::advance(Duration::from_hours(24)).await;
    item(&room, 0).await;
    *room.pretend.ink.lock().unwrap() = 300;
    let id = SeriesId::new("probe");
    assert!(pipeline::compose(&room.ctx, &room.plan, &id, Moment::Asked).await.is_err());
    *room.pretend.ink.lock().unwrap() = usize::MAX;
    room
}

#[tokio::test(start_paused = true)]
async fn a_backup_made_while_a_digest_was_frozen_sends_nothing_without_a_word() {
    let room = half_frozen().await;
    let file = room.setup.var().join("copy.db");
    room.ctx.store.backup(&file).await.unwrap();
    let copy = Store::open(&file).unwrap();
    let tokens = room.ctx.tokens.clone();
    let caught = pipeline::catch_up(
        &copy,
        pipeline::Departures::default(),
        tokens.clone(),
        tokens,
        room.ctx.clock.now(),
    );
    assert_eq!(caught.await.unwrap().held, 250);
    let ctx = Context::new(
        copy,
        Arc::clone(&room.ctx.clock),
        room.ctx.tokens.clone(),
        Arc::clone(&room.ctx.channel),
    );
    assert_eq!(pipeline::finish(&ctx, &room.plan).await.unwrap(), 1);
    assert_eq!(pipeline::drain(&ctx, &room.plan, &|| false).await.unwrap().sent, 0);
    assert_eq!(act(&ctx.store, &[], Move::Release).await, 600);
    assert_eq!(pipeline::drain(&ctx, &room.plan, &|| false).await.unwrap().sent, 600);
}

#[tokio::test(start_paused = true)]
async fn what_a_restored_copy_had_claimed_is_held_and_not_sent_again() {
    let room = Room::new(3, 1).await;
    room.freeze(1).await;
    let now = room.ctx.clock.now();
    room.ctx.store.write(move |tx| outbox::claim(tx, 1, now, 2)).await.unwrap();
    let (store, tokens) = (&room.ctx.store, room.ctx.tokens.clone());
    let departures = pipeline::Departures::default();
    pipeline::catch_up(store, departures, tokens.clone(), tokens, now).await.unwrap();
    assert_eq!((room.drain().await.sent, room.count("held").await), (0, 3));
}

#[tokio::test(start_paused = true)]
async fn other_words_under_the_same_digest_have_another_message_id() {
    let mut ids = Vec::new();
    for news in [1, 2] {
        let room = Room::new(1, 1).await;
        turn(&room).await;
        tokio::time::advance(Duration::from_hours(24)).await;
        item(&room, news).await;
        let id = SeriesId::new("probe");
        pipeline::compose(&room.ctx, &room.plan, &id, Moment::Asked).await.unwrap();
        let all = entries(&room).await;
        ids.push((all[0].digest.clone(), all[0].message_id.split('.').nth(1).map(str::to_owned)));
    }
    assert_eq!(ids[0].0, ids[1].0, "the same digest of the same day");
    assert_ne!(ids[0].1, ids[1].1);
}

#[tokio::test(start_paused = true)]
async fn a_digest_by_hand_leaves_the_calendar_alone() {
    let room = Room::new(1, 1).await;
    turn(&room).await;
    let wanted = SeriesId::new("probe");
    let progress = async || {
        let wanted = wanted.clone();
        room.ctx.store.read(move |tx| digests::progress(tx, &wanted)).await.unwrap()
    };
    let before = progress().await;
    item(&room, 0).await;
    pipeline::compose(&room.ctx, &room.plan, &wanted, Moment::Asked).await.unwrap();
    assert_eq!(progress().await.last_slot, before.last_slot);
    item(&room, 1).await;
    tokio::time::advance(Duration::from_hours(24)).await;
    assert_eq!(turn(&room).await.map(|report| report.entries), Some(1));
}

#[tokio::test(start_paused = true)]
async fn who_leaves_in_flight_is_not_told_as_failed_and_keeps_nothing() {
    let room = met(1, Err(refused(451, Step::Recipient)), |ctx| {
        Box::pin(async move {
            pipeline::leave(&ctx, SubscriberId(1), "one-click").await.unwrap();
        })
    })
    .await;
    room.drain().await;
    let entry = entries(&room).await.remove(0);
    assert!(matches!(entry.state, State::Dead { .. }));
    assert_eq!((entry.ended, entry.recipient.as_str()), (Some(Ended::Left), ""));
}

#[tokio::test]
async fn the_word_to_stop_is_shown_everywhere_and_outlives_a_restore() {
    let world = World::new("0 0 3 1 1 *").await;
    world.write("sources.toml", &world.source("amt", "initial = 'all'"));
    world.serve("amt", &rss(&news(1..4)));
    let reader = ["subscriber", "add", "anna@stadt.test", "--series", "taeglich"];
    world.run(&[&reader[..], &["--reason", "Formular"]].concat()).await.ok();
    world.run(&["poll"]).await.ok();
    let file = world.folder.path().join("sicherung.db");
    world.run(&["db", "backup", file.to_str().unwrap()]).await.ok();
    assert_eq!(world.run(&["outbox", "stop"]).await.code, 2, "without a reason");
    world.run(&["outbox", "stop", "--reason", "Umzug des Servers"]).await.ok();
    // It says that the mail is not out.
    assert_eq!(world.run(&["digest", "send", "taeglich", "--now", "--yes"]).await.code, 1);
    let states = async || {
        let mails = world.run(&["outbox", "list", "--json"]).await.ok().lines();
        mails.iter().map(|mail| mail["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(states().await, ["ready"]);
    let retried = world.run(&["outbox", "retry", "--all"]).await;
    assert!(retried.code == 1 && retried.out.contains("Umzug"), "{retried:?}");
    world.run(&["db", "restore", file.to_str().unwrap()]).await.ok();
    for command in [&["status"][..], &["status", "--plugin"], &["status", "--json"]] {
        // Lines for people are folded.
        let out = world.run(command).await.out;
        let words: Vec<&str> = out.split_whitespace().collect();
        assert!(words.join(" ").contains("Umzug des Servers"), "{command:?}");
    }
    assert!(
        world.run(&["outbox", "list"]).await.ok().err.contains("Umzug"),
        "told beside the list"
    );
    assert_eq!(world.run(&["digest", "send", "taeglich", "--now", "--yes"]).await.code, 1);
    assert_eq!(states().await, ["ready"]);
    let started = world.run(&["outbox", "start"]).await.ok();
    assert!(started.out.contains("1 sent"), "{}", started.out);
    assert_eq!(states().await, ["sent"]);
    // Nothing named, nothing done; what was sent is not sent again by any word.
    assert_eq!(world.run(&["outbox", "retry", "--again"]).await.code, 2);
    assert_eq!(world.run(&["outbox", "retry", "--again", "1"]).await.code, 1);
    assert_eq!(world.run(&["outbox", "ack", "--all"]).await.ok().out.trim(), "0 acknowledged");
}
