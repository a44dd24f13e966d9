//! The queue explored: every order of some events, up to a depth, against the
//! real store and the real drain, with a server that does what it is told.
//!
//! Each path begins with two messages in a fresh database and takes one event
//! after the other; an event may also strike while the first message is in
//! flight. After the last one everything is calm: what is held is released, the
//! clock is right, and the queue is drained. Then, on every path:
//!
//! - no Message-ID has more than one 250, but for one more copy for each time that
//!   the process died between a 250 and its record, or an answer was lost;
//! - nobody gets a message after they left, or one that was dropped before its DATA
//!   and not asked for again;
//! - nothing is lost: each message was taken, or is dead with its reason;
//! - a row says `sent` if and only if the server took the message.
//!
//! `AMTSBOTE_DEPTH=3` explores deeper than the depth that runs each time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use amtsbote::clock::Clock;
use amtsbote::deliver::{Channel, Gate, Outgoing, SendError, Step};
use amtsbote::model::{
    BoxFuture, Ended, Envelope, MailKind, OutboxId, Payload, Rendered, State, SubscriberId,
    Timestamp,
};
use amtsbote::pipeline::{self, Context, Plan};
use amtsbote::store::bodies::Bytes;
use amtsbote::store::outbox::{self, Chosen, Move, NewMessage};
use amtsbote::store::{Store, Transaction};

use crate::queue::{MONDAY, Room, address, refused};

/// What can happen to the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A drain, whose first attempt meets a server that …
    Drain(Server),
    Hold,
    Release,
    Drop,
    Retry,
    Again,
    Stop,
    Start,
    /// The reader of the first message leaves.
    Leave,
    /// The row of the reader of the first message goes, too.
    Forget,
    /// Too much came back from the reader of the first message.
    Suspend,
    /// Two drains begin at the same time.
    TwoDrains,
    /// Another config, with one connection.
    Reload,
    /// The clock is three days ahead from now on.
    Ahead,
    /// The clock is three days behind from now on.
    Behind,
    /// The clock is right from now on.
    Right,
    /// The process is killed and another one starts: claims are nobody's, what was
    /// in memory is gone.
    Restart,
    /// The database is restored from a copy of this moment.
    Restore,
}

/// What the server does with the first message of a drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Server {
    Takes,
    RefusesForNow,
    RefusesForGood,
    /// Refuses what the message says.
    RefusesText,
    /// Cannot be reached.
    IsAway,
    /// Is never asked: the claim cannot be written for a while.
    CannotBeClaimedFor,
    /// Refuses it for now while nothing can be written for a while.
    RefusesWhileDiskFails,
    /// Takes it, and the drain is cut off before the record while the process lives.
    TakesAndIsCutOff,
    /// Takes it, and the answer is lost.
    TakesInSilence,
    /// Takes it, and the process dies before the record.
    TakesAndWeDie,
    /// Takes it while the record cannot be written for a while.
    TakesWhileDiskFails,
    /// While the first message is in flight, before its answer, this is done to it.
    Meanwhile(Act, bool),
}

/// An act on a message in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    Hold,
    HoldAndRelease,
    Drop,
    DropAndAgain,
    Retry,
    Leave,
    Forget,
    Suspend,
    Stop,
    Reload,
    Ahead,
    Behind,
}

const EVENTS: &[Event] = &[
    Event::Drain(Server::Takes),
    Event::Drain(Server::RefusesForNow),
    Event::Drain(Server::RefusesForGood),
    Event::Drain(Server::RefusesText),
    Event::Drain(Server::IsAway),
    Event::Drain(Server::CannotBeClaimedFor),
    Event::Drain(Server::RefusesWhileDiskFails),
    Event::Drain(Server::TakesAndIsCutOff),
    Event::Drain(Server::TakesInSilence),
    Event::Drain(Server::TakesAndWeDie),
    Event::Drain(Server::TakesWhileDiskFails),
    Event::Drain(Server::Meanwhile(Act::Hold, true)),
    Event::Drain(Server::Meanwhile(Act::Hold, false)),
    Event::Drain(Server::Meanwhile(Act::HoldAndRelease, true)),
    Event::Drain(Server::Meanwhile(Act::Drop, true)),
    Event::Drain(Server::Meanwhile(Act::Drop, false)),
    Event::Drain(Server::Meanwhile(Act::DropAndAgain, true)),
    Event::Drain(Server::Meanwhile(Act::DropAndAgain, false)),
    Event::Drain(Server::Meanwhile(Act::Leave, true)),
    Event::Drain(Server::Meanwhile(Act::Leave, false)),
    Event::Drain(Server::Meanwhile(Act::Retry, true)),
    Event::Drain(Server::Meanwhile(Act::Retry, false)),
    Event::Drain(Server::Meanwhile(Act::Forget, true)),
    Event::Drain(Server::Meanwhile(Act::Forget, false)),
    Event::Drain(Server::Meanwhile(Act::Suspend, true)),
    Event::Drain(Server::Meanwhile(Act::Suspend, false)),
    Event::Drain(Server::Meanwhile(Act::Stop, true)),
    Event::Drain(Server::Meanwhile(Act::Reload, true)),
    Event::Drain(Server::Meanwhile(Act::Ahead, true)),
    Event::Drain(Server::Meanwhile(Act::Ahead, false)),
    Event::Drain(Server::Meanwhile(Act::Behind, false)),
    Event::Hold,
    Event::Release,
    Event::Drop,
    Event::Retry,
    Event::Again,
    Event::Stop,
    Event::Start,
    Event::Leave,
    Event::Forget,
    Event::Suspend,
    Event::TwoDrains,
    Event::Reload,
    Event::Ahead,
    Event::Behind,
    Event::Right,
    Event::Restart,
    Event::Restore,
];

/// The server and what it knows.
struct Scripted {
    next: Mutex<Option<Server>>,
    taken: Mutex<BTreeMap<String, usize>>,
    /// Messages that began although they were not to.
    wrong: Mutex<Vec<String>>,
    /// Recipients that left, and messages that were dropped for good.
    forbidden: Mutex<Vec<String>>,
    ctx: Mutex<Option<Context>>,
    clock: Arc<AtomicI64>,
    connections: AtomicUsize,
}

impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scripted")
    }
}

impl Channel for Scripted {
    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn encode(&self, _: &Envelope, _: &Rendered) -> Result<Payload, SendError> {
        Err(SendError::Invalid { reason: "nothing is made here".to_owned() })
    }

    fn send<'a>(&'a self, mail: Outgoing<'a>) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(self.answer(mail.message_id))
    }

    fn send_through<'a>(
        &'a self,
        mail: Outgoing<'a>,
        gate: Gate<'a>,
    ) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            if !gate().await {
                return Err(SendError::Withdrawn);
            }
            self.answer(mail.message_id).await
        })
    }
}

impl Scripted {
    fn take(&self, id: &str) {
        *self.taken.lock().unwrap().entry(id.to_owned()).or_default() += 1;
    }

    async fn answer(&self, id: &str) -> Result<(), SendError> {
        if self.forbidden.lock().unwrap().iter().any(|forbidden| forbidden == id) {
            self.wrong.lock().unwrap().push(id.to_owned());
        }
        let server = self.next.lock().unwrap().take().unwrap_or(Server::Takes);
        match server {
            Server::RefusesForNow => return Err(refused(451, Step::Recipient)),
            Server::RefusesForGood => return Err(refused(554, Step::Recipient)),
            Server::RefusesText => return Err(refused(554, Step::Content)),
            Server::IsAway => {
                let (step, reason) = (Step::Connect, "refused".to_owned());
                return Err(SendError::Unreachable { step, code: None, reason });
            }
            Server::RefusesWhileDiskFails => {
                self.fail_for_a_while(FAILS).await;
                return Err(refused(451, Step::Recipient));
            }
            Server::TakesInSilence => {
                self.take(id);
                return Err(SendError::Unknown { reason: "silence".to_owned() });
            }
            Server::TakesAndWeDie | Server::TakesAndIsCutOff => {
                self.take(id);
                std::future::pending::<()>().await;
            }
            Server::TakesWhileDiskFails => self.fail_for_a_while(FAILS).await,
            Server::Meanwhile(act, takes) => {
                let ctx = self.ctx.lock().unwrap().clone().unwrap();
                match act {
                    Act::Reload => self.connections.store(1, Ordering::SeqCst),
                    Act::Ahead => self.clock.store(MONDAY.0 + 3 * DAY, Ordering::SeqCst),
                    Act::Behind => self.clock.store(MONDAY.0 - 3 * DAY, Ordering::SeqCst),
                    act => meanwhile(&ctx, id, act).await,
                }
                if !takes {
                    return Err(refused(451, Step::Content));
                }
            }
            Server::Takes | Server::CannotBeClaimedFor => {}
        }
        self.take(id);
        Ok(())
    }

    /// What `fault` refuses cannot be written for three seconds.
    async fn fail_for_a_while(&self, fault: &'static str) {
        let store = self.ctx.lock().unwrap().clone().unwrap().store;
        disk(&store, fault).await;
        tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_secs(3)).await;
            disk(&store, WORKS).await;
        });
    }
}

/// The disk takes no results of attempts.
const FAILS: &str = "
    create trigger if not exists fails before update on outbox when old.state = 'claimed'
    begin select raise(abort, 'disk'); end";
/// The disk takes no claims.
const TAKES_NO_CLAIMS: &str = "
    create trigger if not exists fails before update on outbox when new.state = 'claimed'
    begin select raise(abort, 'disk'); end";
const WORKS: &str = "drop trigger if exists fails";

async fn disk(store: &Store, sql: &'static str) {
    store.write(move |tx| Ok(tx.execute_batch(sql)?)).await.unwrap();
}

async fn meanwhile(ctx: &Context, id: &str, act: Act) {
    let number: i64 = id.trim_start_matches('m').split('@').next().unwrap().parse().unwrap();
    let steps: &[Move] = match act {
        Act::Hold => &[Move::Hold],
        Act::HoldAndRelease => &[Move::Hold, Move::Release, Move::Retry],
        Act::Drop => &[Move::Drop],
        Act::DropAndAgain => &[Move::Drop, Move::Again],
        Act::Retry => &[Move::Retry],
        Act::Leave => {
            pipeline::leave(ctx, SubscriberId(number), "one-click").await.unwrap();
            &[]
        }
        Act::Forget => {
            pipeline::forget(ctx, &address(usize::try_from(number).unwrap() - 1)).await.unwrap();
            &[]
        }
        Act::Suspend => {
            suspended(&ctx.store, number).await;
            &[]
        }
        Act::Reload | Act::Ahead | Act::Behind => &[],
        Act::Stop => {
            ctx.store.write(|tx| outbox::stop(tx, "Modell", MONDAY)).await.unwrap();
            &[]
        }
    };
    for step in steps {
        moved(&ctx.store, &[number], *step).await;
    }
}

async fn suspended(store: &Store, number: i64) {
    let stop = move |tx: &Transaction<'_>| outbox::stop_for(tx, SubscriberId(number), MONDAY);
    store.write(stop).await.unwrap();
}

async fn moved(store: &Store, ids: &[i64], to: Move) {
    let chosen = Chosen { ids: ids.iter().copied().map(OutboxId).collect(), ..Chosen::default() };
    store.write(move |tx| outbox::move_chosen(tx, &chosen, to, MONDAY)).await.unwrap();
}

struct Shifted(Arc<AtomicI64>);

impl Clock for Shifted {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// One path through the model.
struct Model {
    server: Arc<Scripted>,
    clock: Arc<AtomicI64>,
    ctx: Context,
    plan: Arc<Plan>,
    /// Copies beyond the first that the promise allows.
    window: usize,
}

const DAY: i64 = 24 * 3_600_000;

impl Model {
    async fn new(room: &Room, store: Store, template: &[u8]) -> Self {
        let filled = template.to_vec();
        store.write(move |tx| fill(tx, &filled)).await.unwrap();
        let clock = Arc::new(AtomicI64::new(MONDAY.0));
        let server = Arc::new(Scripted {
            next: Mutex::default(),
            taken: Mutex::default(),
            wrong: Mutex::default(),
            forbidden: Mutex::default(),
            ctx: Mutex::default(),
            clock: Arc::clone(&clock),
            connections: AtomicUsize::new(2),
        });
        let mut model =
            Self { server, clock, ctx: room.ctx.clone(), plan: Arc::clone(&room.plan), window: 0 };
        model.start(store);
        model
    }

    /// A process of its own on the same database.
    fn start(&mut self, store: Store) {
        let clock = Arc::new(Shifted(Arc::clone(&self.clock)));
        let channel = Arc::clone(&self.server) as Arc<dyn Channel>;
        self.ctx = Context::new(store, clock, self.ctx.tokens.clone(), channel);
        *self.server.ctx.lock().unwrap() = Some(self.ctx.clone());
    }

    async fn drain(&mut self, server: Server) {
        let before: usize = self.server.taken.lock().unwrap().values().sum();
        *self.server.next.lock().unwrap() = Some(server);
        if server == Server::CannotBeClaimedFor {
            self.server.fail_for_a_while(TAKES_NO_CLAIMS).await;
        }
        let draining = pipeline::drain(&self.ctx, &self.plan, &|| false);
        let ended = tokio::time::timeout(std::time::Duration::from_mins(1), draining).await.is_ok();
        // The disk is well again, also where nothing waited for it.
        disk(&self.ctx.store, WORKS).await;
        let is_used = self.server.next.lock().unwrap().take().is_none();
        let after: usize = self.server.taken.lock().unwrap().values().sum();
        match server {
            Server::TakesAndWeDie if is_used => {
                assert!(!ended);
                self.window += 1;
                self.restart().await;
            }
            Server::TakesAndIsCutOff if is_used => {
                assert!(!ended);
                self.window += 1;
            }
            Server::TakesInSilence if is_used && after > before => self.window += 1,
            _ => assert!(ended, "a drain does not end"),
        }
    }

    async fn restart(&mut self) {
        let store = self.ctx.store.clone();
        self.start(store);
        pipeline::sweep(&self.ctx).await.unwrap();
    }

    async fn take(&mut self, event: Event) {
        let store = self.ctx.store.clone();
        match event {
            Event::Drain(server) => self.drain(server).await,
            Event::Hold => moved(&store, &[], Move::Hold).await,
            Event::Release => moved(&store, &[], Move::Release).await,
            Event::Drop => moved(&store, &[], Move::Drop).await,
            Event::Retry => moved(&store, &[], Move::Retry).await,
            Event::Again => moved(&store, &[1], Move::Again).await,
            Event::Stop => {
                store.write(|tx| outbox::stop(tx, "Modell", MONDAY)).await.unwrap();
            }
            Event::Start => {
                store.write(outbox::start).await.unwrap();
            }
            Event::Leave => {
                pipeline::leave(&self.ctx, SubscriberId(1), "one-click").await.unwrap();
            }
            Event::Forget => {
                pipeline::forget(&self.ctx, &address(0)).await.unwrap();
            }
            Event::Suspend => suspended(&store, 1).await,
            Event::TwoDrains => {
                let drain = || pipeline::drain(&self.ctx, &self.plan, &|| false);
                let (one, other) = tokio::join!(drain(), drain());
                assert!(one.is_ok() && other.is_ok());
            }
            Event::Reload => {
                self.server.connections.store(1, Ordering::SeqCst);
                pipeline::resume(&self.ctx).await.unwrap();
            }
            Event::Behind => self.clock.store(MONDAY.0 - 3 * DAY, Ordering::SeqCst),
            Event::Ahead => self.clock.store(MONDAY.0 + 3 * DAY, Ordering::SeqCst),
            Event::Right => self.clock.store(MONDAY.0, Ordering::SeqCst),
            Event::Restart => self.restart().await,
            Event::Restore => {
                let tokens = self.ctx.tokens.clone();
                let departures = pipeline::Departures::default();
                let now = self.ctx.clock.now();
                pipeline::catch_up(&store, departures, tokens.clone(), tokens, now).await.unwrap();
            }
        }
        self.forbid().await;
    }

    /// From now on what is dropped or left must not begin.
    async fn forbid(&self) {
        let entries = self.ctx.store.read(|tx| outbox::list(tx, None, None, 9)).await.unwrap();
        let dead = entries.into_iter().filter(|entry| {
            matches!(entry.state, State::Dead { .. })
                && matches!(
                    entry.ended,
                    Some(Ended::Dropped | Ended::Left | Ended::Returned | Ended::Refused)
                )
        });
        *self.server.forbidden.lock().unwrap() = dead.map(|entry| entry.message_id).collect();
    }

    /// Everything is calm; then the invariant.
    async fn judge(mut self, path: &[Event]) {
        self.clock.store(MONDAY.0, Ordering::SeqCst);
        self.ctx.store.write(outbox::start).await.unwrap();
        moved(&self.ctx.store, &[], Move::Release).await;
        for hours in 0..3 {
            // Whatever was deferred comes due within two days.
            self.clock.store(MONDAY.0 + hours * DAY / 2, Ordering::SeqCst);
            self.drain(Server::Takes).await;
        }
        assert_eq!(*self.server.wrong.lock().unwrap(), Vec::<String>::new(), "{path:?}");
        let taken = self.server.taken.lock().unwrap().clone();
        let copies: usize = taken.values().map(|count| count - 1).sum();
        assert!(copies <= self.window, "{copies} copies, {} allowed: {path:?}", self.window);
        let entries = self.ctx.store.read(|tx| outbox::list(tx, None, None, 9)).await.unwrap();
        assert_eq!(entries.len(), 2);
        for entry in entries {
            let count = taken.get(&entry.message_id).copied().unwrap_or_default();
            match entry.state {
                State::Sent { .. } => assert!(count > 0, "{entry:?} {path:?}"),
                State::Dead { .. } => {
                    assert!(entry.ended.is_some() && entry.last_error.is_some(), "{path:?}");
                    // Only what was taken in the window may be both.
                    assert!(count == 0 || self.window > 0, "{entry:?} {path:?}");
                }
                state => panic!("lost in {state:?}: {path:?}"),
            }
        }
    }
}

/// The rows of a database with two readers and a message for each.
fn fill(tx: &Transaction<'_>, template: &[u8]) -> Result<(), amtsbote::store::StoreError> {
    // What the path before has left, in any order of the references.
    tx.execute_batch("pragma defer_foreign_keys = on")?;
    let tables: Vec<String> = tx
        .prepare(
            "select name from pragma_table_list where schema = 'main' and type = 'table'
             and name not like 'sqlite_%'",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for table in tables {
        tx.execute_batch(&format!("delete from \"{table}\""))?;
    }
    tx.execute_batch("delete from sqlite_sequence")?;
    let rows: Vec<String> = serde_json::from_slice(template).unwrap();
    for row in rows {
        tx.execute_batch(&row)?;
    }
    for number in 1..=2 {
        outbox::insert(
            tx,
            &NewMessage {
                kind: MailKind::Digest,
                digest: None,
                subscriber: Some(SubscriberId(number)),
                recipient: &format!("leser{number}@stadt.example"),
                sender: "r@probe.example",
                message_id: &format!("m{number}@probe.example"),
                bytes: Bytes::Whole(&Payload(b"Subject: x\r\n\r\nx\r\n".to_vec())),
                created: MONDAY,
            },
        )?;
    }
    Ok(())
}

/// Two subscribers as SQL, copied from a room that made them the right way.
async fn template(room: &Room) -> Vec<u8> {
    let copied = room
        .ctx
        .store
        .read(|tx| {
            let columns: Vec<String> = tx
                .prepare("select name from pragma_table_info('subscribers')")?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let quoted: Vec<String> = columns.iter().map(|c| format!("quote({c})")).collect();
            let sql = format!("select {} from subscribers", quoted.join(" || ',' || "));
            let rows: Vec<String> =
                tx.prepare(&sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            let names = columns.join(", ");
            Ok(rows
                .iter()
                .map(|row| format!("insert into subscribers ({names}) values ({row})"))
                .collect::<Vec<_>>())
        })
        .await
        .unwrap();
    serde_json::to_vec(&copied).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the deep run is asked for by hand")]
fn depth() -> usize {
    std::env::var("AMTSBOTE_DEPTH").ok().and_then(|text| text.parse().ok()).unwrap_or(DEPTH)
}

/// Events of a path in each run.
const DEPTH: usize = 2;

#[tokio::test(start_paused = true)]
async fn on_no_path_is_a_mail_doubled_outside_the_window_refused_ones_sent_or_any_lost() {
    let room = Room::new(2, 1).await;
    let template = template(&room).await;
    let store = Store::open_in_memory().unwrap();
    let mut paths = 0_usize;
    let mut path = vec![0_usize; depth()];
    loop {
        let events: Vec<Event> = path.iter().map(|index| EVENTS[*index]).collect();
        let mut model = Model::new(&room, store.clone(), &template).await;
        for event in &events {
            model.take(*event).await;
        }
        model.judge(&events).await;
        paths += 1;
        // Counts on in base `EVENTS.len()`.
        let Some(at) = path.iter().rposition(|index| index + 1 < EVENTS.len()) else { break };
        path[at] += 1;
        path[at + 1..].fill(0);
    }
    eprintln!("{paths} paths of {} events", path.len());
    if path.len() == DEPTH {
        let said = include_str!("../../docs/QUEUE.md");
        let number = format!("every sequence of {} events", EVENTS.len());
        assert!(said.contains(&number) && said.contains(&format!("({paths} paths)")), "{number}");
    }
    assert_eq!(paths, EVENTS.len().pow(u32::try_from(path.len()).unwrap()));
}
