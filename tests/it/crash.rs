//! The process is killed at every row of the table in docs/QUEUE.md and at
//! random moments, against a mail server that keeps, delays, drops and stalls.
//! Nothing is lost; a second copy comes only out of the one window, with the
//! same bytes and the same Message-ID.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use amtsbote::model::Timestamp;
use amtsbote::store::outbox::{self, Chosen, Move};
use amtsbote::store::{Store, StoreError, Transaction};

use crate::support::feed_server::{FeedServer, response};
use crate::support::receiver::{Receiver, Reply};
use crate::support::service::Setup;
use crate::support::smtp_server::{At, Do, Heard, SmtpServer};

/// Longest that anything here may take before the test gives up.
const PATIENCE: Duration = Duration::from_mins(1);

const READERS: [&str; 2] = ["hauptamt@example.de", "it-stelle@example.de"];
/// A reader who comes and goes, and whose mails the operator drops.
const GUEST: &str = "gast@example.de";

/// A service with one feed and one mail server, which can be killed and started.
struct World {
    folder: tempfile::TempDir,
    feed: FeedServer,
    smtp: SmtpServer,
    /// Takes the messages instead of the mail server.
    hook: Option<Receiver>,
    child: Option<Child>,
    items: usize,
    /// Whether the data lie on a disk of their own, which can be filled.
    has_disk: bool,
    /// How long something may take before the test gives up.
    patience: Duration,
}

impl World {
    async fn new(script: &[(At, Do)]) -> Self {
        let world = Self {
            folder: tempfile::tempdir().unwrap(),
            feed: FeedServer::start().await,
            smtp: SmtpServer::start(script, &["SIZE 10000000"]).await,
            hook: None,
            child: None,
            items: 0,
            has_disk: false,
            patience: PATIENCE,
        };
        world.configure("*/1 * * * * *", 1);
        world
    }

    async fn with_readers(script: &[(At, Do)]) -> Self {
        let world = Self::new(script).await;
        for reader in READERS {
            world.add(reader);
        }
        world
    }

    fn add(&self, reader: &str) -> bool {
        let choice = ["--series", "probe", "--topics", "ozg", "--reason", "Test"];
        let said = self.binary().args(["subscriber", "add", reader]).args(choice).output().unwrap();
        said.status.success()
    }

    fn binary(&self) -> Command {
        binary(self.folder.path())
    }

    fn var(&self) -> PathBuf {
        self.folder.path().join("var")
    }

    /// Puts the data on a disk of their own. Does nothing where the test may not.
    fn mount(&mut self) {
        std::fs::create_dir(self.var()).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=256m,mode=700", "none"]).arg(self.var());
        self.has_disk = mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    }

    /// Takes all room on the disk for a moment.
    async fn fill(&self) {
        use std::io::Write as _;
        if !self.has_disk {
            return;
        }
        let path = self.var().join("full");
        let mut file = std::fs::File::create(&path).unwrap();
        for piece in [1 << 20, 1 << 12] {
            while file.write_all(&vec![0; piece]).is_ok() {}
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        std::fs::remove_file(path).unwrap();
    }

    fn configure(&self, schedule: &str, connections: usize) {
        let feed = self.feed.url("/feed");
        let (channel, place) = match &self.hook {
            Some(hook) => ("webhook", format!("url = \"{}\"", hook.url("/hook"))),
            None => {
                let port = self.smtp.address.port();
                ("smtp", format!("host = \"127.0.0.1\"\nport = {port}\nstep_timeout = \"20s\""))
            }
        };
        let settings = format!(
            r#"
[service]
public_url = "http://127.0.0.1:8080/"
data_dir = "var"
[fetch]
interval = "1s"
min_interval = "1s"
max_interval = "1s"
allow_private = ["127.0.0.0/8"]
[mail]
admin = ""
bounce_address = "r@probe.example"
channel = "{channel}"
retry_first = "1s"
retry_max = "1s"
[mail.{channel}]
{place}
connections = {connections}
timeout = "20s"
[web]
listen = ""
"#
        );
        let series = format!(
            "[[series]]\nid = 'probe'\ntitle = 'Probe'\nschedule = '{schedule}'\n\
             max_items = 500\nmax_items_per_topic = 500\n"
        );
        let sources = format!(
            "[[source]]\nid = 'feed'\nname = 'Feed'\nkind = 'feed'\ndetail = 'never'\nurl = '{feed}'\n\
             interval = '1s'\ninitial = 'all'\ntopics = ['ozg']\n"
        );
        Setup::new().settings(settings).series(series).sources(sources).write(self.folder.path());
    }

    fn command(&self, arguments: &[&str]) -> String {
        let output = self.binary().args(arguments).output().unwrap();
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {talk}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn start(&mut self) {
        assert!(self.child.is_none());
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .unwrap();
        let child = self.binary().arg("run").stderr(log).spawn().unwrap();
        self.child = Some(child);
    }

    /// `SIGKILL`: nothing is finished, nothing is said.
    fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// What the other side does with the next message, chosen by number. Returns whether it
    /// is left with a message that we never heard accepted.
    fn trouble(&self, which: u64) -> bool {
        let late = Duration::from_millis(300);
        if let Some(hook) = &self.hook {
            match which {
                0 => hook.then(Reply::Drop),
                1 => hook.then(Reply::Stall),
                2 => hook.then(Reply::Late(late)),
                3 => hook.then(Reply::Say(429, "")),
                4 => hook.then(Reply::Say(500, "")),
                5 => hook.then(Reply::Say(408, "")),
                _ => {}
            }
        } else {
            match which {
                0 => self.smtp.then(At::Dot, Do::Drop),
                1 => self.smtp.then(At::Dot, Do::Stall),
                2 => self.smtp.then(At::Dot, Do::Late(late)),
                3 => self.smtp.then(At::Rcpt, Do::Stall),
                4 => self.smtp.then(At::Mail, Do::Say("451 4.3.0 later")),
                5 => self.smtp.then(At::Dot, Do::Say("452 4.3.1 full")),
                _ => {}
            }
        }
        matches!(which, 0 | 1)
    }

    fn no_more_trouble(&self) {
        self.smtp.calm();
        if let Some(hook) = &self.hook {
            hook.calm();
        }
    }

    /// What operators, disks and clocks do to a running service, chosen by number.
    async fn disturb(&self, which: u64) {
        match which {
            6 => self.fill().await,
            7 => self.reload(),
            8 => {
                // Another config: one connection, two or three.
                self.configure("*/1 * * * * *", 1 + self.items % 3);
                self.reload();
            }
            // What the command line does beside the service or, while it is down, alone.
            9 => drop(self.binary().args(["subscriber", "remove", GUEST]).output()),
            10 => drop(self.binary().args(["subscriber", "forget", GUEST]).output()),
            11 => drop(self.add(GUEST)),
            _ => self.disturb_database(which).await,
        }
    }

    fn reload(&self) {
        if let Some(child) = &self.child {
            let pid = child.id().to_string();
            let _ = Command::new("kill").args(["-HUP", &pid]).status();
        }
    }

    async fn disturb_database(&self, which: u64) {
        // Before its first start the service has made no database of its own.
        let Ok(store) = Store::open(&self.var().join("amtsbote.db")) else { return };
        let now = Timestamp(0);
        let done = match which {
            0 => store.write(move |tx| acted(tx, Move::Hold, now)).await,
            1 => store.write(move |tx| acted(tx, Move::Release, now)).await,
            2 => store.write(move |tx| acted(tx, Move::Retry, now)).await,
            3 => store.write(move |tx| outbox::stop(tx, "Probe", now)).await,
            4 => store.write(|tx| outbox::start(tx).map(|_| ())).await,
            // The disk takes no record of a 250 for a moment, or no claim.
            5 | 12 => {
                let fault = if which == 5 { FAILS } else { TAKES_NO_CLAIMS };
                let failing = store.write(move |tx| Ok(tx.execute_batch(fault)?)).await;
                tokio::time::sleep(Duration::from_millis(200)).await;
                let mended = store.write(|tx| Ok(tx.execute_batch(MENDED)?)).await;
                failing.and(mended)
            }
            13 => store.write(move |tx| of_guest(tx, Move::Drop, now)).await,
            14 => store.write(move |tx| of_guest(tx, Move::Again, now)).await,
            // A clock that was a month ahead wrote what waits, and when sources are due.
            _ => store.write(|tx| Ok(tx.execute_batch(AHEAD)?)).await,
        };
        // Busy is no fault of the test; what was not done is not done.
        drop(done);
    }

    /// Everything the operator did is undone.
    async fn calm(&self) {
        let store = Store::open(&self.var().join("amtsbote.db")).unwrap();
        let calm = |tx: &Transaction<'_>| {
            tx.execute_batch(MENDED)?;
            outbox::start(tx)?;
            acted(tx, Move::Release, Timestamp(0))
        };
        store.write(calm).await.unwrap();
        self.release_source();
    }

    /// A source that three kills in a row met while it was read is set aside until then.
    fn release_source(&self) {
        drop(self.binary().args(["source", "release", "feed"]).output());
    }

    /// The feed has one more item from now on.
    fn publish(&mut self) {
        self.items += 1;
        self.feed.on("/feed", [response(200, &[], self.rss())]);
    }

    fn rss(&self) -> String {
        let items: String = (0..self.items)
            .map(|n| {
                let (mark, words) = (mark(n), words(n));
                format!(
                    "<item><title>{mark} {words}</title><guid>urn:{mark}</guid>\
                     <link>https://feed.example/{mark}</link><description>{words}</description></item>"
                )
            })
            .collect();
        format!(
            "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Feed</title>\
             <link>https://feed.example/</link><description>x</description>{items}</channel></rss>"
        )
    }

    /// Every whole message that came.
    fn heard(&self) -> Vec<Heard> {
        let Some(hook) = &self.hook else { return self.smtp.heard() };
        let heard = |posted: crate::support::receiver::Posted| {
            let said: serde_json::Value = serde_json::from_slice(&posted.body).unwrap();
            let text = |key: &str| said[key].as_str().unwrap().to_owned();
            Heard {
                sender: text("bounces_to"),
                recipient: text("to"),
                bytes: posted.body,
                accepted: posted.is_taken,
            }
        };
        hook.posted().into_iter().map(heard).collect()
    }

    /// Waits until every reader has every item.
    async fn all_arrived(&self) {
        self.eventually("all items at all readers", || {
            let arrived = self.arrived(true);
            READERS.iter().all(|reader| {
                (0..self.items).all(|n| arrived.contains_key(&((*reader).to_owned(), mark(n))))
            })
        })
        .await;
    }

    /// Who got which item in which mails.
    fn arrived(&self, accepted_only: bool) -> BTreeMap<(String, String), BTreeSet<String>> {
        let mut arrived: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        for heard in self.heard() {
            if accepted_only && !heard.accepted {
                continue;
            }
            let id = message_id(&heard.bytes);
            let text = String::from_utf8_lossy(&heard.bytes).replace("=\r\n", "");
            for n in (0..self.items).filter(|n| text.contains(&mark(*n))) {
                arrived.entry((heard.recipient.clone(), mark(n))).or_default().insert(id.clone());
            }
        }
        arrived
    }

    /// How often each mail came whole, accepted or not; copies must be the same bytes.
    fn copies(&self) -> BTreeMap<String, usize> {
        let mut first: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut copies: BTreeMap<String, usize> = BTreeMap::new();
        for heard in self.heard() {
            let id = message_id(&heard.bytes);
            let known = first.entry(id.clone()).or_insert_with(|| heard.bytes.clone());
            assert!(*known == heard.bytes, "two mails with one Message-ID: {id}");
            *copies.entry(id).or_default() += 1;
        }
        copies
    }

    /// No item came to anyone in two different mails.
    fn no_item_was_told_twice(&self) {
        for ((_, item), mails) in self.arrived(false) {
            assert_eq!(mails.len(), 1, "{item} came in {mails:?}");
        }
    }

    async fn eventually(&self, what: &str, holds: impl Fn() -> bool) {
        let waiting = async {
            while !holds() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let in_time = tokio::time::timeout(self.patience, waiting).await.is_ok();
        assert!(in_time, "never: {what}\n{}", self.log());
    }

    async fn said(&self, verb: &str) {
        if verb.is_empty() {
            return;
        }
        self.eventually(verb, || self.smtp.commands().iter().any(|line| line.starts_with(verb)))
            .await;
    }

    /// What the service itself thinks is done.
    fn unsettled(&self) -> usize {
        self.command(&["--json", "outbox", "list", "--limit", "100000"])
            .lines()
            .filter(|line| {
                let is_over = |state: &str| line.contains(&format!("\"state\":\"{state}\""));
                !is_over("sent") && !is_over("dead")
            })
            .count()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if self.has_disk {
            let _ = Command::new("umount").arg("-l").arg(self.var()).status();
        }
    }
}

fn binary(config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amtsbote"));
    command.arg("--config").arg(config).stdin(Stdio::null()).env_clear();
    command
}

const FAILS: &str = "
    create trigger if not exists fails before update on outbox when new.state = 'sent'
    begin select raise(abort, 'disk'); end";
const TAKES_NO_CLAIMS: &str = "
    create trigger if not exists fails before update on outbox when new.state = 'claimed'
    begin select raise(abort, 'disk'); end";
const MENDED: &str = "drop trigger if exists fails";
const AHEAD: &str = "
    update outbox set instant = instant + 2592000000, written = written + 2592000000
    where state = 'deferred';
    update outbox_pause set since = since + 2592000000, until = until + 2592000000;
    update sources set next_poll = next_poll + 2592000000, last_attempt = last_attempt + 2592000000";

fn acted(tx: &Transaction<'_>, to: Move, now: Timestamp) -> Result<(), StoreError> {
    outbox::move_chosen(tx, &Chosen::default(), to, now).map(|_| ())
}

fn of_guest(tx: &Transaction<'_>, to: Move, now: Timestamp) -> Result<(), StoreError> {
    let all = outbox::list(tx, None, None, 1_000)?;
    let ids = all.iter().filter(|entry| entry.recipient == GUEST).map(|entry| entry.id).collect();
    let chosen = Chosen { ids, ..Chosen::default() };
    // No number at all would mean everybody's.
    if chosen.ids.is_empty() {
        Ok(())
    } else {
        outbox::move_chosen(tx, &chosen, to, now).map(|_| ())
    }
}

/// A word that stands in one item and nowhere else.
pub(crate) fn mark(n: usize) -> String {
    format!("zq{}qz", syllables(n * 7 + 3, 5))
}

/// Words that no other item shares, so that none is taken for another's copy.
pub(crate) fn words(n: usize) -> String {
    let word = |k: usize| syllables(n.wrapping_mul(7919).wrapping_add(k * 104_729), 4);
    (0..12).map(word).collect::<Vec<_>>().join(" ")
}

fn syllables(seed: usize, count: usize) -> String {
    let mut state = (seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..count)
        .map(|_| {
            state = next(state);
            let consonant = b"bdfgklmnprstvw"[usize::try_from(state % 14).unwrap()];
            let vowel = b"aeiou"[usize::try_from(state / 14 % 5).unwrap()];
            format!("{}{}", char::from(consonant), char::from(vowel))
        })
        .collect()
}

pub(crate) const fn next(mut state: u64) -> u64 {
    state ^= state << 13;
    state ^= state >> 7;
    state ^ (state << 17)
}

fn message_id(bytes: &[u8]) -> String {
    if let Ok(said) = serde_json::from_slice::<serde_json::Value>(bytes) {
        return said["id"].as_str().unwrap().to_owned();
    }
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().find(|line| line.starts_with("Message-ID:")).unwrap();
    line["Message-ID:".len()..].trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_a_poll_commits_it_polls_again() {
    use crate::support::feed_server::Act;
    let mut world = World::with_readers(&[]).await;
    world.feed.on("/feed", [Act::Hang]);
    world.start();
    world.eventually("a request", || !world.feed.asked().is_empty()).await;
    world.kill();
    world.publish();
    world.start();
    world.all_arrived().await;
    assert!(world.copies().values().all(|copies| *copies == 1));
    world.no_item_was_told_twice();
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_poll_and_compose_the_next_compose_takes_the_items() {
    let mut world = World::with_readers(&[]).await;
    world.configure("0 0 3 1 1 *", 1);
    world.publish();
    world.start();
    world.eventually("a second poll", || world.feed.asked().len() >= 2).await;
    world.kill();
    assert!(world.command(&["--json", "items"]).contains(&mark(0)));
    assert!(world.smtp.heard().is_empty());
    world.configure("*/1 * * * * *", 1);
    world.start();
    world.all_arrived().await;
    assert!(world.copies().values().all(|copies| *copies == 1));
    world.no_item_was_told_twice();
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_message_goes_out_each_arrives_once() {
    // The first mail is claimed, the second lies ready or claimed behind it.
    for (at, verb) in
        [(At::Greeting, ""), (At::Mail, "MAIL"), (At::Rcpt, "RCPT"), (At::Data, "DATA")]
    {
        let mut world = World::with_readers(&[(at, Do::Stall)]).await;
        world.publish();
        world.start();
        world.eventually("a connection", || world.smtp.connections() > 0).await;
        world.said(verb).await;
        world.kill();
        world.start();
        world.all_arrived().await;
        assert!(world.copies().values().all(|copies| *copies == 1), "{at:?}");
        world.no_item_was_told_twice();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_dot_and_the_answer_the_same_bytes_go_again() {
    let mut world = World::with_readers(&[(At::Dot, Do::Stall)]).await;
    world.publish();
    world.start();
    world.eventually("a whole message", || !world.smtp.heard().is_empty()).await;
    world.kill();
    world.start();
    world.all_arrived().await;
    world.no_item_was_told_twice();
    let mut copies: Vec<usize> = world.copies().into_values().collect();
    copies.sort_unstable();
    assert_eq!(copies, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_right_after_a_250_only_that_mail_may_come_again() {
    for _ in 0..3 {
        let mut world = World::with_readers(&[]).await;
        world.publish();
        world.start();
        world
            .eventually("a first 250", || world.smtp.heard().iter().any(|heard| heard.accepted))
            .await;
        world.kill();
        let before: Vec<String> =
            world.smtp.heard().iter().map(|heard| message_id(&heard.bytes)).collect();
        world.start();
        world.all_arrived().await;
        world.no_item_was_told_twice();
        let copies = world.copies();
        let extra: usize = copies.values().map(|copies| copies - 1).sum();
        assert!(extra <= 1, "{copies:?}");
        // With one connection only the last one heard of can be unrecorded.
        for id in &before[..before.len() - 1] {
            assert_eq!(copies[id], 1, "{id} was recorded before the next MAIL FROM");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_was_dropped_after_the_dot_comes_again_with_the_same_bytes() {
    let mut world = World::with_readers(&[(At::Dot, Do::Drop), (At::Dot, Do::Drop)]).await;
    world.publish();
    world.start();
    world.all_arrived().await;
    // The last 250 may be heard before it is recorded.
    world.eventually("everything settled", || world.unsettled() == 0).await;
    world.kill();
    world.no_item_was_told_twice();
    let extra: usize = world.copies().values().map(|copies| copies - 1).sum();
    assert_eq!(extra, 2);
}

/// `AMTSBOTE_KILLS=200 cargo test --test it random_moments` for the long run.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_nothing_is_lost_and_nothing_doubled_outside_the_window() {
    let world = World::new(&[]).await;
    killed_at_random(world, from_environment("AMTSBOTE_KILLS", 20)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_a_webhook_is_told_the_same_bytes_and_nothing_is_lost() {
    let mut world = World::new(&[]).await;
    world.hook = Some(Receiver::start().await);
    killed_at_random(world, from_environment("AMTSBOTE_KILLS", 20) / 2).await;
}

async fn killed_at_random(mut world: World, kills: u64) {
    let seed = from_environment("AMTSBOTE_SEED", 7);
    world.mount();
    for reader in READERS {
        assert!(world.add(reader));
    }
    world.configure("*/1 * * * * *", 2);
    let mut chance = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut unanswered = 0;
    for kill in 0..kills {
        chance = next(chance);
        world.publish();
        if kill % 10 == 9 {
            world.release_source();
        }
        unanswered += usize::from(world.trouble(chance >> 32 & 7));
        world.start();
        let moment = Duration::from_millis(chance % 2_500);
        tokio::time::sleep(moment / 2).await;
        world.disturb(chance >> 40 & 15).await;
        tokio::time::sleep(moment / 2).await;
        world.kill();
    }
    world.no_more_trouble();
    world.calm().await;
    // The feed gives its states in order, and what no poll has seen yet comes one a second.
    world.patience += Duration::from_secs(kills * 2);
    world.start();
    world.all_arrived().await;
    world.eventually("everything settled", || world.unsettled() == 0).await;
    world.kill();
    world.no_item_was_told_twice();
    let copies = world.copies();
    let extra: usize = copies.values().map(|copies| copies - 1).sum();
    // A refusal after the dot is a whole message that was not kept: no copy.
    let heard = world.heard();
    let accepted = || heard.iter().filter(|heard| heard.accepted).map(|heard| &heard.bytes);
    let doubled = accepted().count() - accepted().collect::<BTreeSet<_>>().len();
    eprintln!(
        "{kills} kills{}, {} items, {} mails, {extra} sent again, of these {doubled} after they were \
         taken, {} without an answer that was, {unanswered} drops and stalls",
        if world.has_disk { "" } else { " without a full disk" },
        world.items,
        copies.len(),
        heard.len() - accepted().count(),
    );
    let window = usize::try_from(kills).unwrap() * 2;
    assert!(doubled <= window, "{doubled} second copies after {kills} kills");
}

#[expect(clippy::disallowed_methods, reason = "the long run is asked for by hand")]
pub(crate) fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// What the next test runs in a process of its own: the hook is the process's.
#[test]
#[ignore = "run by the test below"]
fn a_fault_that_quotes_what_it_was_given() {
    amtsbote::cli::tell_faults_by_place();
    let caught = std::panic::catch_unwind(|| panic!("cannot parse `leserin@stadt.example`"));
    assert!(caught.is_err());
}

#[test]
fn a_caught_panic_prints_its_place_and_not_its_text() {
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "crash::a_fault_that_quotes_what_it_was_given",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .output()
        .unwrap();
    let said = String::from_utf8([child.stdout, child.stderr].concat()).unwrap();
    assert!(child.status.success() && said.contains("1 passed"), "{said}");
    assert!(said.contains("a fault of the program at tests/it/crash.rs"), "{said}");
    assert!(!said.contains("leserin") && !said.contains("parse"), "{said}");
}
