//! The outbox with a way out that does what it is told, and a paused clock.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use amtsbote::deliver::{Channel, Outgoing, SendError, Step};
use amtsbote::model::{
    BoxFuture, Envelope, MailKind, Payload, Rendered, SeriesId, State, SubscriberId, Timestamp,
};
use amtsbote::pipeline::{self, Context, Moment, Plan};
use amtsbote::schedule::calendar;
use amtsbote::store::bodies::Bytes;
use amtsbote::store::digests::{self, Progress};
use amtsbote::store::outbox::{self, Chosen, Move, NewMessage};
use amtsbote::store::{StoreError, subscribers};
use sha2::{Digest as _, Sha256};

use crate::support::desk::feed_source;
use crate::support::service::{News, Service, Setup};

type Act = Box<dyn Fn(usize, String) -> BoxFuture<'static, Result<(), SendError>> + Send + Sync>;

/// Sends nothing; remembers to whom it should have and asks `act` what came of it.
pub(crate) struct Pretend {
    connections: usize,
    pub(crate) sent: Mutex<Vec<String>>,
    /// So many more messages can be made, then none.
    pub(crate) ink: Mutex<usize>,
    act: Act,
}

impl std::fmt::Debug for Pretend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pretend")
    }
}

impl Channel for Pretend {
    fn connections(&self) -> usize {
        self.connections
    }

    fn encode(&self, envelope: &Envelope, rendered: &Rendered) -> Result<Payload, SendError> {
        let mut ink = self.ink.lock().unwrap();
        *ink = ink.checked_sub(1).ok_or(SendError::Invalid { reason: "no ink".to_owned() })?;
        amtsbote::deliver::message::build(envelope, rendered, None)
    }

    fn send<'a>(&'a self, mail: Outgoing<'a>) -> BoxFuture<'a, Result<(), SendError>> {
        let number = {
            let mut sent = self.sent.lock().unwrap();
            sent.push(mail.recipient.to_owned());
            sent.len()
        };
        (self.act)(number, mail.recipient.to_owned())
    }
}

pub(crate) struct Room {
    pub(crate) ctx: Context,
    pub(crate) plan: Arc<Plan>,
    pub(crate) pretend: Arc<Pretend>,
    pub(crate) setup: Setup,
}

pub(crate) const MONDAY: Timestamp = Timestamp::from_seconds(1_765_180_800);

impl Room {
    /// A service with that many subscribers of one series.
    pub(crate) async fn new(readers: usize, connections: usize) -> Self {
        Self::with(readers, connections, MONDAY, "täglich 07:00", |_, _| {
            Box::pin(async { Ok(()) })
        })
        .await
    }

    pub(crate) async fn with(
        readers: usize,
        connections: usize,
        base: Timestamp,
        schedule: &str,
        act: impl Fn(usize, String) -> BoxFuture<'static, Result<(), SendError>> + Send + Sync + 'static,
    ) -> Self {
        let settings = "
            [service]\nname = 'Probe'\npublic_url = 'http://127.0.0.1:8080/'\n\
            [mail]\nfrom = 'Probe <meldungen@probe.example>'\nbounce_address = 'r@probe.example'\n\
            unsubscribe_address = 'abmelden@probe.example'\nreply_to = 'redaktion@probe.example'\n\
            admin = 'betrieb@probe.example'\n";
        let series = format!(
            "[[series]]\nid = 'probe'\ntitle = 'Probe'\nschedule = '{schedule}'\n\
             max_items = 500\nmax_items_per_topic = 500\n"
        );
        let pretend = Arc::new(Pretend {
            connections,
            sent: Mutex::default(),
            ink: Mutex::new(usize::MAX),
            act: Box::new(act),
        });
        let channel = Arc::clone(&pretend) as Arc<dyn Channel>;
        let setup = Setup::new().settings(settings).series(series).sources(feed_source("feed", ""));
        let Service { ctx, plan, setup, .. } = setup.on_disk().at(base).channel(channel).open();
        for n in 0..readers {
            let address = address(n);
            let series = vec![SeriesId::new("probe")];
            pipeline::subscribe(&ctx, &address, series, Vec::new(), "Test").await.unwrap().unwrap();
        }
        Self { ctx, plan, pretend, setup }
    }

    /// Freezes one mail for each subscriber, without a digest.
    pub(crate) async fn freeze(&self, round: usize) {
        let now = self.ctx.clock.now();
        let (tokens, address_of_bounces) = (self.ctx.tokens.clone(), "r@probe.example");
        self.ctx
            .store
            .write(move |tx| {
                for subscriber in subscribers::list(tx)? {
                    let token = tokens.bounce(subscriber.id);
                    outbox::insert(
                        tx,
                        &NewMessage {
                            kind: MailKind::Digest,
                            digest: None,
                            subscriber: Some(subscriber.id),
                            recipient: &subscriber.address,
                            sender: &amtsbote::subscriber::token::bounce_sender(
                                address_of_bounces,
                                &token,
                            ),
                            message_id: &format!("m.{round}.{}@probe.example", subscriber.id),
                            bytes: Bytes::Whole(&Payload(b"Subject: x\r\n\r\nx\r\n".to_vec())),
                            created: now,
                        },
                    )?;
                }
                Ok(())
            })
            .await
            .unwrap();
    }

    pub(crate) async fn drain(&self) -> pipeline::DrainReport {
        pipeline::drain(&self.ctx, &self.plan, &|| false).await.unwrap()
    }

    pub(crate) fn sent(&self) -> Vec<String> {
        self.pretend.sent.lock().unwrap().clone()
    }

    pub(crate) async fn count(&self, state: &str) -> u64 {
        let counted = self.ctx.store.read(|tx| outbox::count_by_state(tx, None)).await.unwrap();
        counted.into_iter().find(|(word, _)| word == state).map_or(0, |(_, n)| n)
    }
}

pub(crate) fn address(n: usize) -> String {
    format!("leser{n}@stadt{n}.example")
}

pub(crate) fn refused(code: u16, step: Step) -> SendError {
    let reason = format!("{code} 5.1.1 user unknown");
    if code >= 500 {
        SendError::Permanent { step, code: Some(code), reason }
    } else {
        SendError::Transient { step, code: Some(code), reason }
    }
}

pub(crate) fn misconfigured() -> SendError {
    SendError::Misconfigured { step: Step::Login, code: Some(535), reason: "535 no".to_owned() }
}

#[tokio::test(start_paused = true)]
async fn every_mail_goes_out_once_over_any_number_of_connections() {
    for connections in [1, 4] {
        let room = Room::new(40, connections).await;
        room.freeze(1).await;
        assert_eq!(room.drain().await.sent, 40);
        let sent: BTreeSet<String> = room.sent().into_iter().collect();
        assert_eq!((sent.len(), room.sent().len(), room.count("sent").await), (40, 40, 40));
        assert_eq!(room.drain().await, pipeline::DrainReport::default());
    }
}

#[tokio::test(start_paused = true)]
async fn each_250_is_recorded_before_the_next_mail_from_of_that_connection() {
    let store: Arc<Mutex<Option<amtsbote::store::Store>>> = Arc::default();
    let worst: Arc<Mutex<u64>> = Arc::default();
    let (seen, most) = (Arc::clone(&store), Arc::clone(&worst));
    let room = Room::with(30, 3, MONDAY, "täglich 07:00", move |number, _| {
        let (store, most) = (seen.lock().unwrap().clone().unwrap(), Arc::clone(&most));
        Box::pin(async move {
            let counted = store.read(|tx| outbox::count_by_state(tx, None)).await.unwrap();
            let sent = counted.iter().find(|(word, _)| word == "sent").map_or(0, |(_, n)| *n);
            // Begun but for those that may be on the other two connections.
            let open = (number as u64 - 1).saturating_sub(sent);
            let mut most = most.lock().unwrap();
            *most = (*most).max(open);
            Ok(())
        })
    })
    .await;
    *store.lock().unwrap() = Some(room.ctx.store.clone());
    room.freeze(1).await;
    assert_eq!(room.drain().await.sent, 30);
    assert!(*worst.lock().unwrap() <= 2, "{} unrecorded", worst.lock().unwrap());
}

#[tokio::test(start_paused = true)]
async fn while_the_disk_is_full_nothing_else_is_sent_and_the_250_is_recorded_later() {
    let room = Arc::new(Room::new(20, 1).await);
    room.freeze(1).await;
    // Recording the third 250 needs more room than there is.
    room.ctx
        .store
        .write(|tx| {
            tx.execute_batch(
                "create table ballast (b blob);
                 create trigger fills after update on outbox when new.state = 'sent' and new.id = 3
                 begin insert into ballast values (zeroblob(1000000)); end;",
            )?;
            let pages: i64 = tx.pragma_query_value(None, "page_count", |row| row.get(0))?;
            tx.pragma_update(None, "max_page_count", pages + 20)?;
            Ok(())
        })
        .await
        .unwrap();
    let draining = tokio::spawn({
        let room = Arc::clone(&room);
        async move { room.drain().await }
    });
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(!draining.is_finished());
    assert_eq!(room.sent().len(), 3, "it went on sending");
    assert_eq!((room.count("sent").await, room.count("claimed").await), (2, 14));
    room.ctx
        .store
        .write(|tx| {
            tx.pragma_update(None, "max_page_count", 1_000_000)?;
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(draining.await.unwrap().sent, 20);
    assert_eq!((room.sent().len(), room.count("sent").await), (20, 20));
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_config_rests_everything_longer_each_time_and_burns_nobody() {
    let broken = Arc::new(Mutex::new(true));
    let is_broken = Arc::clone(&broken);
    let room = Room::with(20, 4, MONDAY, "täglich 07:00", move |_, _| {
        let outcome = if *is_broken.lock().unwrap() { Err(misconfigured()) } else { Ok(()) };
        Box::pin(async move { outcome })
    })
    .await;
    room.freeze(1).await;
    let mut rests = Vec::new();
    for _ in 0..5 {
        let now = room.ctx.clock.now();
        let (until, why) = room.drain().await.paused.unwrap();
        assert!(why.contains("535") && why.contains("smtp-password"), "{why}");
        rests.push(until.since(now).as_secs() / 60);
        // Meanwhile nothing is tried.
        let tried = room.sent().len();
        assert!(room.drain().await.paused.is_some());
        assert_eq!(room.sent().len(), tried);
        tokio::time::advance(until.since(now)).await;
    }
    assert_eq!(rests, [5, 10, 20, 30, 30]);
    let entries = room.ctx.store.read(|tx| outbox::list(tx, None, None, 99)).await.unwrap();
    assert!(entries.iter().all(|entry| entry.attempts == 0 && entry.state == State::Ready));

    *broken.lock().unwrap() = false;
    assert_eq!(room.drain().await.sent, 20);
    assert_eq!(room.ctx.store.read(outbox::pause).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn the_operators_word_ends_a_rest_at_once() {
    let room = Room::with(3, 1, MONDAY, "täglich 07:00", |number, _| {
        Box::pin(async move { if number == 1 { Err(misconfigured()) } else { Ok(()) } })
    })
    .await;
    room.freeze(1).await;
    assert!(room.drain().await.paused.is_some());
    assert!(room.drain().await.paused.is_some());
    pipeline::resume(&room.ctx).await.unwrap();
    assert_eq!(room.drain().await.sent, 3);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_while_the_outbox_changed_or_lies_in_a_hand_gets_none() {
    let ctx: Arc<Mutex<Option<Context>>> = Arc::default();
    let given = Arc::clone(&ctx);
    let room = Room::with(5, 1, MONDAY, "täglich 07:00", move |number, _| {
        let ctx = given.lock().unwrap().clone().unwrap();
        Box::pin(async move {
            if number == 1 {
                // All five are claimed by now, one is on the wire.
                assert!(pipeline::leave(&ctx, SubscriberId(1), "one-click").await.unwrap());
                assert!(pipeline::leave(&ctx, SubscriberId(3), "one-click").await.unwrap());
            }
            Ok(())
        })
    })
    .await;
    *ctx.lock().unwrap() = Some(room.ctx.clone());
    room.freeze(1).await;
    assert_eq!(room.drain().await.sent, 4);
    assert_eq!(room.sent(), [address(0), address(1), address(3), address(4)]);
    // What went out went out, and is not told otherwise; nothing of them is kept.
    assert_eq!((room.count("sent").await, room.count("dead").await), (4, 1));
    let left = room.ctx.store.read(|tx| outbox::list(tx, None, None, 99)).await.unwrap();
    for entry in left.iter().filter(|entry| matches!(entry.subscriber, Some(SubscriberId(1 | 3)))) {
        assert!(entry.recipient.is_empty() && entry.payload.0.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_does_not_revive_what_was_cancelled_during_its_attempt() {
    let ctx: Arc<Mutex<Option<Context>>> = Arc::default();
    let given = Arc::clone(&ctx);
    let room = Room::with(1, 1, MONDAY, "täglich 07:00", move |_, _| {
        let ctx = given.lock().unwrap().clone().unwrap();
        Box::pin(async move {
            pipeline::leave(&ctx, SubscriberId(1), "one-click").await.unwrap();
            Err(refused(451, Step::Content))
        })
    })
    .await;
    *ctx.lock().unwrap() = Some(room.ctx.clone());
    room.freeze(1).await;
    room.drain().await;
    tokio::time::advance(Duration::from_hours(1)).await;
    room.drain().await;
    assert_eq!((room.sent().len(), room.count("dead").await), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_grows_too_old_ends_dead_with_its_last_error() {
    let room = Room::with(1, 1, MONDAY, "täglich 07:00", |_, _| {
        Box::pin(async { Err(refused(451, Step::Recipient)) })
    })
    .await;
    room.freeze(1).await;
    for _ in 0..60 {
        room.drain().await;
        tokio::time::advance(Duration::from_hours(1)).await;
    }
    let entry = room.ctx.store.read(|tx| outbox::list(tx, None, None, 1)).await.unwrap().remove(0);
    assert!(matches!(entry.state, State::Dead { .. }), "{:?}", entry.state);
    assert!(entry.last_error.unwrap().contains("451"));
    let tries = room.sent().len();
    assert!((10..=30).contains(&tries), "{tries} tries in two days");
    // Temporary refusals say nothing about the address.
    assert_eq!(bounced(&room).await, 0);
}

async fn bounced(room: &Room) -> usize {
    let count = |tx: &amtsbote::store::Transaction<'_>| -> Result<usize, StoreError> {
        Ok(tx.query_row("select count(*) from bounces", [], |row| row.get(0))?)
    };
    room.ctx.store.read(count).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_claim_whose_drain_is_gone_is_due_at_the_next_drain() {
    let room = Room::new(3, 1).await;
    room.freeze(1).await;
    let now = room.ctx.clock.now();
    let lost = room.ctx.store.write(move |tx| outbox::claim(tx, 1, now, 2)).await.unwrap();
    assert_eq!(lost.entries.len(), 2);
    assert_eq!(room.drain().await.sent, 3);
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_never_answers_gives_its_message_back_after_an_hour() {
    let room = Room::with(1, 1, MONDAY, "täglich 07:00", |number, _| {
        Box::pin(async move {
            if number == 1 {
                std::future::pending::<()>().await;
            }
            Ok(())
        })
    })
    .await;
    room.freeze(1).await;
    let begun = room.ctx.clock.now();
    assert_eq!(room.drain().await.deferred, 1);
    assert_eq!(room.ctx.clock.now().since(begun).as_secs() / 60, 60);
    tokio::time::advance(Duration::from_mins(10)).await;
    assert_eq!(room.drain().await.sent, 1);
}

#[tokio::test(start_paused = true)]
async fn old_and_new_messages_share_each_turn() {
    let room = Room::new(20, 1).await;
    room.freeze(1).await;
    let now = room.ctx.clock.now();
    room.ctx
        .store
        .write(move |tx| {
            for entry in outbox::claim(tx, 1, now, 20)?.entries {
                let state = State::Deferred { until: now };
                outbox::settle(tx, entry.claim, state, None, Some("451 later"), now)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    room.freeze(2).await;
    let turn = room.ctx.store.write(move |tx| outbox::claim(tx, 1, now, 8)).await.unwrap().entries;
    assert_eq!(turn.len(), 8);
    assert_eq!(turn.iter().filter(|entry| entry.attempts == 2).count(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_refused_on_three_days_gets_no_more_mail_and_others_do() {
    let room = Room::with(2, 2, MONDAY, "täglich 07:00", |_, recipient| {
        let is_gone = recipient == address(0);
        Box::pin(async move { if is_gone { Err(refused(550, Step::Recipient)) } else { Ok(()) } })
    })
    .await;
    for day in 1..=3 {
        room.freeze(day).await;
        let report = room.drain().await;
        assert_eq!((report.sent, report.dead, report.suspended), (1, 1, usize::from(day == 3)));
        tokio::time::advance(Duration::from_hours(24)).await;
    }
    let standing = room.ctx.store.read(subscribers::count_by_standing).await.unwrap();
    assert_eq!(standing, [("active".to_owned(), 1), ("suspended".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_our_text_counts_against_no_reader() {
    let room = Room::with(1, 1, MONDAY, "täglich 07:00", |_, _| {
        Box::pin(async { Err(refused(554, Step::Content)) })
    })
    .await;
    for day in 0..20 {
        room.freeze(day).await;
        assert_eq!(room.drain().await.suspended, 0);
        tokio::time::advance(Duration::from_hours(24)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_operators_hand_holds_releases_drops_and_retries() {
    let room = Room::new(4, 1).await;
    room.freeze(1).await;
    let hand = |ids: Vec<i64>, to| {
        let chosen = Chosen {
            ids: ids.into_iter().map(amtsbote::model::OutboxId).collect(),
            ..Chosen::default()
        };
        let now = room.ctx.clock.now();
        let store = room.ctx.store.clone();
        async move { store.write(move |tx| outbox::move_chosen(tx, &chosen, to, now)).await.unwrap() }
    };
    assert_eq!(hand(vec![1, 2], Move::Hold).await, 2);
    assert_eq!(hand(vec![4], Move::Drop).await, 1);
    assert_eq!(hand(vec![3], Move::Release).await, 0);
    assert_eq!(room.drain().await.sent, 1);
    assert_eq!(hand(vec![], Move::Release).await, 2);
    assert_eq!(room.drain().await.sent, 2);
    assert_eq!(hand(vec![], Move::Retry).await, 0, "what was sent or dropped is not sent again");
    assert_eq!(hand(vec![4], Move::Again).await, 1);
    assert_eq!(room.drain().await.sent, 1);
    assert_eq!(room.sent(), [address(2), address(0), address(1), address(3)]);
}

/// Puts one item with the topic into the store, as a poll would.
pub(crate) async fn item(room: &Room, number: usize) {
    let (title, at) = (format!("Meldung {number}"), room.ctx.clock.now());
    News { source: "feed", number, title, topics: &["ozg"], at, joins: None }
        .store(&room.ctx, &room.plan)
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_digest_left_half_frozen_is_finished_and_every_mail_is_its_readers_own() {
    let room = Room::new(600, 1).await;
    turn(&room).await;
    tokio::time::advance(Duration::from_hours(24)).await;
    item(&room, 0).await;
    *room.pretend.ink.lock().unwrap() = 300;
    let id = SeriesId::new("probe");
    let broken = pipeline::compose(&room.ctx, &room.plan, &id, Moment::Asked).await;
    assert!(broken.is_err());
    assert_eq!(room.count("ready").await, 250, "whole chunks only");
    *room.pretend.ink.lock().unwrap() = usize::MAX;
    assert_eq!(pipeline::finish(&room.ctx, &room.plan).await.unwrap(), 1);
    assert_eq!(pipeline::finish(&room.ctx, &room.plan).await.unwrap(), 0);
    let digest = room.ctx.store.read(|tx| digests::list(tx, 9)).await.unwrap().remove(0);
    assert_eq!(digest.recipients, 600);
    let mails = room.ctx.store.read(move |tx| outbox::of_digest(tx, &digest.id)).await.unwrap();
    assert_eq!(mails.len(), 600);
    let tokens = &room.ctx.tokens;
    let nobody = SubscriberId(i64::MIN);
    for mail in mails {
        let text = String::from_utf8(mail.payload.0).unwrap().replace("=\r\n", "");
        let whose = mail.subscriber.unwrap();
        let next = SubscriberId(whose.0 % 600 + 1);
        assert!(text.matches(&tokens.unsubscribe(whose)).count() >= 3, "header and both parts");
        assert!(text.contains(&tokens.settings_locator(whose)));
        for other in [nobody, next] {
            assert!(!text.contains(&tokens.unsubscribe(other)));
            assert!(!text.contains(&tokens.settings_locator(other)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_domain_gets_so_many_a_minute_and_holds_up_no_other() {
    let mut room = Room::new(2, 2).await;
    let series = vec![SeriesId::new("probe")];
    for address in ["a@elsewhere.example", "b@Elsewhere.example", "c@elsewhere.example"] {
        pipeline::subscribe(&room.ctx, address, series.clone(), Vec::new(), "Test").await.unwrap();
    }
    let mail = &mut Arc::get_mut(&mut room.plan).unwrap().mail;
    mail.settings.domain_per_minute = std::num::NonZero::new(2);
    room.freeze(0).await;
    for sent in [2 + 1, 4, 5] {
        room.drain().await;
        assert_eq!(room.sent().len(), sent);
        let waiting = room.ctx.store.read(|tx| outbox::list(tx, Some("deferred"), None, 9)).await;
        for entry in waiting.unwrap() {
            assert!(entry.last_error.unwrap().contains("domain_per_minute") && entry.attempts == 0);
        }
        // Nobody is due before the half minute is over.
        tokio::time::advance(Duration::from_secs(29)).await;
        room.drain().await;
        assert_eq!(room.sent().len(), sent);
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert_eq!(room.count("sent").await, 5);
}

#[tokio::test(start_paused = true)]
async fn what_mails_share_is_kept_once_and_goes_with_the_last_of_them() {
    let room = Room::new(40, 1).await;
    turn(&room).await;
    tokio::time::advance(Duration::from_hours(24)).await;
    item(&room, 0).await;
    let id = SeriesId::new("probe");
    pipeline::compose(&room.ctx, &room.plan, &id, Moment::Asked).await.unwrap();
    let mails = room.ctx.store.read(|tx| outbox::list(tx, None, None, 99)).await.unwrap();
    let (hash, id) = (Sha256::digest(&mails[0].payload.0).to_vec(), mails[0].id);
    assert_eq!(room.ctx.store.read(move |tx| outbox::hash(tx, id)).await.unwrap(), Some(hash));
    let kept = async || {
        const KEPT: &str = "
            select (select count(*) from outbox_patterns), (select count(*) from outbox_bodies),
                (select coalesce(max(length(bytes)), 0) from outbox_bodies)";
        let kept =
            |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get::<_, usize>(2)?));
        room.ctx.store.read(move |tx| Ok(tx.query_row(KEPT, [], kept)?)).await.unwrap()
    };
    let (patterns, bodies, largest): (usize, usize, usize) = kept().await;
    assert_eq!((patterns, bodies), (1, 40));
    assert!(largest * 8 < mails[0].payload.0.len(), "{largest} bytes of its own");
    room.drain().await;
    tokio::time::advance(Duration::from_hours(24 * 365)).await;
    let now = room.ctx.clock.now();
    room.ctx.store.write(move |tx| outbox::prune_bodies(tx, now)).await.unwrap();
    assert_eq!(kept().await, (0, 0, 0));
}

/// What the daemon does at each turn.
pub(crate) async fn turn(room: &Room) -> Option<pipeline::ComposeReport> {
    let (series, mail) = (&room.plan.series[0], &room.plan.mail);
    let id = series.series.id.clone();
    let now = room.ctx.clock.now();
    let wanted = id.clone();
    let progress = room.ctx.store.read(move |tx| digests::progress(tx, &wanted)).await.unwrap();
    let Some(last) = progress.last_slot.as_deref().and_then(calendar::parse_civil_id) else {
        let reached = calendar::civil_id(calendar::Calendar::reached(now, mail.timezone));
        let progress = Progress { last_slot: Some(reached), ..progress };
        room.ctx.store.write(move |tx| digests::set_progress(tx, &id, &progress)).await.unwrap();
        return None;
    };
    let due = series.schedule.due(Some(last), now, mail.timezone, mail.holidays)?;
    let moment = Moment::Due { slot: due.slot, catches_up: due.missed > 0 };
    Some(pipeline::compose(&room.ctx, &room.plan, &id, moment).await.unwrap())
}

/// Runs a season of hours with outages by chance; every hour of life brings an
/// item. Checks what a reader would notice.
async fn season(seed: u64, base: Timestamp, schedule: &str, hours: usize) {
    let room = Room::with(1, 1, base, schedule, |_, _| Box::pin(async { Ok(()) })).await;
    let mut chance = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let (mut down, mut items) = (0_u64, 0);
    turn(&room).await;
    for _ in 0..hours {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        if down > 0 {
            down -= 1;
        } else if chance.is_multiple_of(23) {
            // Up to three days.
            down = chance / 23 % 72;
        } else {
            item(&room, items).await;
            items += 1;
            for _ in 0..3 {
                turn(&room).await;
            }
        }
        tokio::time::advance(Duration::from_mins(53 + chance % 14)).await;
    }
    // The last window closes a day later.
    tokio::time::advance(Duration::from_hours(25)).await;
    item(&room, items).await;
    items += 1;
    turn(&room).await;
    let found = room.ctx.store.read(|tx| digests::list(tx, 10_000)).await.unwrap();
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|digest| digest.window.to);
    let slots: BTreeSet<&str> = found.iter().map(|digest| digest.slot.as_str()).collect();
    assert_eq!(slots.len(), found.len(), "two digests for one slot");
    for pair in found.windows(2) {
        assert!(pair[0].slot < pair[1].slot);
        assert_eq!(pair[0].window.to, pair[1].window.from, "a gap or an overlap");
    }
    let told: usize = found.iter().map(|digest| digest.entries).sum();
    assert_eq!(told, items, "each item is told once (seed {seed}, {schedule})");
    // A slot that was missed is spoken of by the digest after it, and only there.
    let (mail, calendar) = (&room.plan.mail, &room.plan.series[0].schedule);
    for pair in found.windows(2) {
        let (before, this) = (
            calendar::parse_civil_id(&pair[0].slot).unwrap(),
            calendar::parse_civil_id(&pair[1].slot).unwrap(),
        );
        let second = chrono::TimeDelta::seconds(1);
        let slots: Vec<_> = calendar
            .between(before, this + second, mail.timezone, mail.holidays)
            .filter(|slot| slot.civil > before)
            .collect();
        // A slot in the spring gap is at the same instant as the one at its end.
        let missed = slots.iter().any(|slot| slot.at < slots[slots.len() - 1].at);
        let says = pair[1].content.contains("\"catches_up\":true");
        assert_eq!(says, missed, "{} to {} (seed {seed})", pair[0].slot, pair[1].slot);
    }
}

#[tokio::test(start_paused = true)]
async fn outages_of_any_length_leave_one_digest_a_slot_and_no_item_behind() {
    for (seed, schedule) in [(1, "täglich 07:00"), (2, "täglich 07:00, 16:00"), (3, "0 * * * *")]
    {
        season(seed, MONDAY, schedule, 24 * 14).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_nights_when_clocks_change_have_one_digest_each() {
    // 2026-03-27 and 2026-10-23, noon.
    for base in [1_774_612_800, 1_792_756_800] {
        for (seed, schedule) in [(5, "täglich 02:30"), (6, "30 2 * * *"), (7, "0 * * * *")] {
            season(seed, Timestamp::from_seconds(base), schedule, 24 * 5).await;
        }
    }
}
