//! The daemon as systemd runs it: the real binary, real signals, real time.

#![expect(clippy::disallowed_methods, reason = "patience with another process is real time")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use amtsbote::model::{SourceId, Timestamp};
use amtsbote::store::{items, jobs, outbox, sources};
use serde_json::Value;

use crate::support::desk::{entries, entry, rss};
use crate::support::smtp_server::SmtpServer;
use crate::support::world::{World, main_file};

const EVERY_TWO_SECONDS: &str = "*/2 * * * * *";
const NEVER: &str = "0 0 3 1 1 *";

/// Longer than anything here takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// A running daemon, and what it says to systemd and to its log.
struct Daemon {
    child: Child,
    says: Receiver<String>,
    heard: Vec<String>,
    /// Heard and not yet asked for: its log and its word to systemd come by two
    /// ways, in any order.
    unasked: Vec<String>,
}

impl Daemon {
    /// Starts it and waits until it is ready.
    async fn start(world: &World) -> Self {
        let mut daemon = Self::launch(world);
        daemon.hear("READY=1").await;
        daemon
    }

    fn launch(world: &World) -> Self {
        Self::launch_with(world, &[])
    }

    fn launch_with(world: &World, variables: &[(&str, &Path)]) -> Self {
        let path = world.folder.path().join("notify");
        let _ = std::fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path).unwrap();
        let mut command = world.command(&["run"]);
        command
            .env("NOTIFY_SOCKET", &path)
            .env("WATCHDOG_USEC", "1000000")
            .envs(variables.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        world.adopt(&child);
        let (sender, says) = channel();
        let log = BufReader::new(child.stderr.take().unwrap());
        let from_log = sender.clone();
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                if from_log.send(format!("log: {line}")).is_err() {
                    break;
                }
            }
        });
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length) = socket.recv(&mut buffer) {
                let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
                if message.lines().any(|line| sender.send(line.to_owned()).is_err()) {
                    break;
                }
            }
        });
        Self { child, says, heard: Vec::new(), unasked: Vec::new() }
    }

    /// Waits for a line that holds `what` and that nobody asked for yet, and
    /// answers it. The feeds, which live on this thread, go on answering meanwhile.
    async fn hear(&mut self, what: &str) -> String {
        let begin = Instant::now();
        loop {
            if let Some(at) = self.unasked.iter().position(|line| line.contains(what)) {
                return self.unasked.remove(at);
            }
            match self.says.try_recv() {
                Ok(line) => {
                    self.heard.push(line.clone());
                    self.unasked.push(line);
                }
                Err(TryRecvError::Empty) => tokio::time::sleep(Duration::from_millis(10)).await,
                Err(TryRecvError::Disconnected) => {
                    panic!("it never said {what}: {:#?}", self.heard)
                }
            }
            assert!(begin.elapsed() < PATIENCE, "it did not say {what}: {:#?}", self.heard);
        }
    }

    fn signal(&self, name: &str) {
        let sent = std::process::Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Waits for its end and answers its exit code.
    async fn end(&mut self) -> Option<i32> {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(begin.elapsed() < PATIENCE, "it does not end: {:#?}", self.heard);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn stop(mut self) {
        self.signal("TERM");
        assert_eq!(self.end().await, Some(0), "{:#?}", self.heard);
    }
}

/// Waits until it holds.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !holds().await {
        assert!(begin.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn subscribe(world: &World, count: usize) {
    let store = {
        world.run(&["db", "migrate"]).await.ok();
        world.store()
    };
    store
        .write(move |tx| {
            for n in 0..count {
                let new = amtsbote::store::subscribers::NewSubscriber {
                    address: format!("leserin-{n}@stadt.test"),
                    mailbox: format!("leserin-{n}@stadt.test"),
                    standing: amtsbote::model::Standing::Active,
                    series: vec!["taeglich".into()],
                    topics: vec![],
                    keywords: vec![],
                    since: Timestamp(1),
                    consent: amtsbote::model::Consent {
                        origin: "operator".into(),
                        reason: "Test".into(),
                        requested_at: Timestamp(1),
                        confirmed_at: Some(Timestamp(1)),
                    },
                };
                amtsbote::store::subscribers::insert(tx, &new)?;
            }
            Ok(())
        })
        .await
        .unwrap();
}

/// A world with one source, whose items may be mailed from the first on.
async fn world(schedule: &str, readers: usize) -> World {
    let world = World::new(schedule).await;
    world.write("sources.toml", &world.source("amt", "initial = 'all'"));
    subscribe(&world, readers).await;
    world
}

#[tokio::test]
async fn it_is_ready_fed_polls_by_interval_mails_at_its_slot_and_stops_in_order() {
    let world = world(EVERY_TWO_SECONDS, 1).await;
    world.serve("amt", &rss(&entries(1..3)));
    world.serve("amt", &rss(&entries(1..4)));
    let begin = Instant::now();
    let mut daemon = Daemon::start(&world).await;
    eprintln!("ready after {:?}", begin.elapsed());
    daemon.hear("WATCHDOG=1").await;
    daemon.hear("WATCHDOG=1").await;
    until("three polls by interval", async || world.feeds.asked().len() >= 3).await;
    until("all three items are mailed", async || {
        let all: String = world.mails().into_iter().map(|(_, text)| text).collect();
        (1..4).all(|n| all.contains(&format!("ozg-meldung-nummer-{n}")))
    })
    .await;
    daemon.signal("TERM");
    daemon.hear("STOPPING=1").await;
    assert_eq!(daemon.end().await, Some(0));
    for n in 1..4 {
        let title = format!("ozg-meldung-nummer-{n}");
        let mails = world.mails().into_iter().filter(|(_, text)| text.contains(&title)).count();
        assert_eq!(mails, 1, "{title} was mailed {mails} times");
    }
    assert!(!daemon.heard.iter().any(|line| line.contains("leserin")), "an address was logged");
}

/// Holds the write lock of the database, as a long transaction of another program does.
fn locked(world: &World) -> rusqlite::Connection {
    let other = rusqlite::Connection::open(world.var().join("amtsbote.db")).unwrap();
    other.execute_batch("begin immediate").unwrap();
    other
}

#[tokio::test]
async fn a_database_that_another_program_holds_is_waited_for_and_status_says_so() {
    let world = world(EVERY_TWO_SECONDS, 1).await;
    world.serve("amt", &rss(&entries(1..3)));
    let lock = locked(&world);
    let mut daemon = Daemon::launch(&world);
    daemon.hear("EXTEND_TIMEOUT_USEC=").await;
    let status = world.run(&["status"]).await;
    assert!(status.out.contains("the service waits: the database is locked"), "{status:?}");
    daemon.stop().await;

    let mut daemon = Daemon::launch(&world);
    daemon.hear("EXTEND_TIMEOUT_USEC=").await;
    drop(lock);
    daemon.hear("READY=1").await;

    let lock = locked(&world);
    daemon.signal("HUP");
    daemon.hear("STATUS=critical: the database takes nothing").await;
    daemon.unasked.clear();
    daemon.hear("WATCHDOG=1").await;
    drop(lock);
    until("the items are mailed", async || !world.mails().is_empty()).await;
    daemon.stop().await;
}

#[tokio::test]
async fn a_reload_takes_up_what_was_added_changed_and_removed_and_keeps_history() {
    let world = world(NEVER, 0).await;
    let sources = |ids: &[&str]| ids.iter().map(|id| world.source(id, "")).collect::<String>();
    for id in ["bleibt", "alt", "neu"] {
        world.serve(id, &rss(&entries(1..3)));
    }
    world.serve("anderswo", &rss(&entries(1..4)));
    world.write("sources.toml", &sources(&["bleibt", "alt"]));
    let mut daemon = Daemon::start(&world).await;
    daemon.hear("alt: read, 2 new").await;
    daemon.hear("bleibt: read, 2 new").await;

    let changed = world
        .source("bleibt", "name = 'Neuer Name'")
        .replace("/bleibt'", "/anderswo'")
        .replace("name = 'Quelle bleibt'\n", "");
    world.write("sources.toml", &(changed + &sources(&["neu"])));
    daemon.signal("HUP");
    daemon.hear("RELOADING=1").await;
    daemon.hear("READY=1").await;
    daemon.hear("neu: read, 2 new").await;
    daemon.hear("bleibt: read, 1 new").await;
    let asked = |path: &str| world.feeds.asked().iter().filter(|a| a.path == path).count();
    let polled_twice_more = async || {
        let now = asked("/anderswo");
        until("the changed source is polled on", async || asked("/anderswo") > now + 1).await;
    };
    // A pass that began before the reload may still be asking.
    polled_twice_more().await;
    let before = asked("/alt");
    polled_twice_more().await;
    assert_eq!(asked("/alt"), before, "who left the config is not asked");
    let listed = world.run(&["items", "--source", "alt", "--json"]).await.ok().lines();
    assert_eq!(listed.len(), 2, "but its history stays");
    let named = world.run(&["explain", listed[0]["id"].as_str().unwrap()]).await.ok().out;
    assert!(named.contains("Quelle alt"), "{named}");

    // A broken edit keeps what runs, and says where the fault is.
    world.write("sources.toml", "[[source]]\nid = 'x'\nkind = 'feed'\nurl = 'ftp://x.test/'\n");
    daemon.signal("HUP");
    let logged = daemon.hear("the config is broken and the old one stays").await;
    assert!(logged.contains("sources.toml:4:7"), "{logged}");
    let status = daemon.hear("STATUS=warning: the config is broken").await;
    assert!(status.contains("sources.toml:4:7") && status.contains("ftp://x.test/"), "{status}");
    let neu = asked("/neu");
    until("the old config goes on", async || asked("/neu") > neu).await;
    // It stands there until a reload is taken, and not for good.
    world.write("sources.toml", &sources(&["neu"]));
    daemon.signal("HUP");
    daemon.hear("over: the config is broken").await;
    daemon.stop().await;
}

#[tokio::test]
async fn a_reload_takes_up_a_password_that_was_changed() {
    use base64::Engine as _;
    let world = world(EVERY_TWO_SECONDS, 1).await;
    let server = SmtpServer::start(&[], &["AUTH PLAIN"]).await;
    let port = server.address.port();
    world.write(
        "amtsbote.toml",
        &main_file(EVERY_TWO_SECONDS).replace(
            "[web]",
            &format!("channel = \"smtp\"\n[mail.smtp]\nport = {port}\nusername = \"u\"\n[web]"),
        ),
    );
    let write = |name: &str, text: &str| {
        let path = world.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let logged_in = |password: &str| {
        let token = base64::engine::general_purpose::STANDARD.encode(format!("\0u\0{password}"));
        server.commands().iter().any(|command| command.contains(&token))
    };
    write("start/smtp-password", "the-first");
    let (start, run) = (world.folder.path().join("start"), world.folder.path().join("run"));
    world.serve("amt", &rss(&entries(1..3)));
    let variables = [("CREDENTIALS_DIRECTORY", &*start), ("RUNTIME_DIRECTORY", &*run)];
    let mut daemon = Daemon::launch_with(&world, &variables);
    daemon.hear("READY=1").await;
    until("the first password is used", async || logged_in("the-first")).await;

    // As the helper of the unit lays it there before the signal.
    write("run/credentials/smtp-password", "the-second");
    daemon.signal("HUP");
    daemon.hear("config reloaded").await;
    world.serve("amt", &rss(&entries(1..4)));
    until("the second password is used", async || logged_in("the-second")).await;
    assert!(daemon.heard.iter().all(|line| !line.contains("the-second")), "{:#?}", daemon.heard);
    daemon.stop().await;
}

#[tokio::test]
async fn commands_that_only_read_go_on_while_the_config_is_broken() {
    let world = world(NEVER, 1).await;
    world.serve("amt", &rss(&entries(1..3)));
    let mut daemon = Daemon::start(&world).await;
    daemon.hear("amt: read, 2 new").await;
    world.write("sources.toml", "[[source]]\nid = 'x'\nkind = 'feed'\nurl = 'ftp://x.test/'\n");
    let refused = world.run(&["check"]).await;
    assert_eq!(refused.code, 2, "{refused:?}");
    for command in [
        &["items", "--json"][..],
        &["source", "list", "--json"],
        &["outbox", "list"],
        &["outbox", "stop", "--reason", "Test"],
        &["digest", "list"],
        &["subscriber", "list"],
        &["item", "log"],
        &["db", "check"],
    ] {
        let said = world.run(command).await.ok();
        assert!(said.err.contains("the config is broken") && said.err.contains("sources.toml:4:7"));
        let has_source = said.out.contains("\"amt\"");
        assert_eq!(has_source, command.contains(&"--json"), "{command:?}: {said:?}");
    }
    // Who asks how it fares is told, and not that nothing is known.
    let said = world.run(&["status", "--json"]).await.ok().lines().remove(0);
    assert_eq!(said["service"]["running"], true);
    let codes: Vec<&Value> =
        said["findings"].as_array().unwrap().iter().map(|finding| &finding["code"]).collect();
    assert!(codes.contains(&&Value::from("config-broken")), "{said}");
    // What changes something waits until it is mended.
    for command in [&["outbox", "start"][..], &["poll", "--force"], &["outbox", "drop", "--all"]] {
        assert_eq!(world.run(command).await.code, 2, "{command:?}");
    }
    daemon.stop().await;
    // A fault of syntax where the data folder is named, too.
    world.write("amtsbote.toml", "[service\n");
    assert!(world.run(&["items", "--json"]).await.ok().out.contains("\"amt\""));
}

#[tokio::test]
async fn status_says_whether_the_service_runs_and_makes_nothing() {
    let world = world(NEVER, 0).await;
    world.serve("amt", &rss(&entries(1..3)));
    let plugin = async || {
        let said = world.run(&["status", "--plugin"]).await;
        (said.code, said.out)
    };
    let (code, said) = plugin().await;
    assert_eq!(code, 2, "{said}");
    let mut daemon = Daemon::start(&world).await;
    daemon.hear("amt: read, 2 new").await;
    let (code, said) = plugin().await;
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("AMTSBOTE OK - 1 of 1 sources read, 2 items"), "{said}");
    let shown = world.run(&["status"]).await.ok().out;
    let running = format!("process {}", daemon.child.id());
    assert!(shown.contains("service      running since") && shown.contains(&running), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");

    // It is killed again and again.
    for crashes in 1..=3 {
        daemon.signal("KILL");
        daemon.end().await;
        let (code, said) = plugin().await;
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("the service is not running"), "{said}");
        assert_eq!(said.contains("ended badly 3 times"), crashes == 3, "{said}");
        daemon = Daemon::start(&world).await;
    }
    daemon.stop().await;
    let said = world.run(&["status", "--json"]).await.ok().lines().remove(0);
    assert_eq!(said["service"]["running"], false);
    assert_eq!(said["findings"][0]["code"], "not-running");
    assert_eq!(said["service"]["crashes"], 0, "it ended as it should: {said}");

    // The database goes: nothing makes another one in its place.
    std::fs::remove_file(world.var().join("amtsbote.db")).unwrap();
    for command in [&["status"][..], &["status", "--plugin"], &["items"], &["run"]] {
        let said = world.run(command).await;
        let told = format!("{}{}", said.out, said.err);
        assert!(told.contains("the database is missing") || said.code == 1, "{command:?} {told}");
        assert!(!world.var().join("amtsbote.db").exists(), "{command:?}");
    }
    let (code, said) = plugin().await;
    assert!(code == 2 && said.contains("the database is missing"), "{said}");
}

#[tokio::test]
async fn a_second_instance_is_refused_by_the_number_of_the_first() {
    let world = world(NEVER, 0).await;
    world.serve("amt", &rss(&[]));
    let daemon = Daemon::start(&world).await;
    let refused = world.run(&["run"]).await;
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(
        refused.err.contains(&format!("another amtsbote (process {})", daemon.child.id())),
        "{}",
        refused.err
    );
    assert!(
        refused.err.contains("hint: stop it with `systemctl stop amtsbote`"),
        "{}",
        refused.err
    );
    daemon.stop().await;
}

#[tokio::test]
async fn commands_beside_the_daemon_are_handed_over_and_answered() {
    let world = world(NEVER, 2).await;
    world.write(
        "amtsbote.toml",
        &main_file(NEVER).replace("interval = \"1s\"\nmin", "interval = \"1h\"\nmin"),
    );
    world.serve("amt", &rss(&entries(1..3)));
    world.serve("amt", &rss(&entries(1..4)));
    let mut daemon = Daemon::start(&world).await;
    daemon.hear("amt: read, 2 new").await;
    let polled = world.run(&["poll", "amt", "--force", "--json"]).await.ok();
    assert!(polled.err.contains("the running service does it"), "{}", polled.err);
    assert_eq!(polled.lines()[0]["new"], 1);
    let sent =
        world.run(&["digest", "send", "taeglich", "--now", "--yes", "--json"]).await.ok().lines();
    assert_eq!(
        (&sent[0]["messages"], &sent[0]["states"]["sent"]),
        (&Value::from(2), &Value::from(2))
    );
    assert_eq!(world.mails().len(), 2);
    let again = world.run(&["digest", "send", "taeglich", "--now", "--yes"]).await.ok();
    assert_eq!(again.out, "nothing to tell, no mail\n");
    let unknown = world.run(&["poll", "atm"]).await;
    assert_ne!(unknown.code, 0);
    assert!(
        unknown.err.contains("there is no source `atm`, did you mean `amt`?"),
        "{}",
        unknown.err
    );
    daemon.stop().await;
}

#[tokio::test]
async fn a_command_whose_daemon_dies_is_done_here_and_old_ones_are_not_done_at_all() {
    let world = world(NEVER, 1).await;
    world.write(
        "amtsbote.toml",
        &main_file(NEVER).replace("interval = \"1s\"\nmin", "interval = \"1h\"\nmin"),
    );
    world.serve("amt", &rss(&entries(1..3)));
    let mut daemon = Daemon::start(&world).await;
    daemon.hear("amt: read, 2 new").await;
    // It still holds the lock, but does nothing any more.
    daemon.signal("STOP");
    let mut command = world.command(&["digest", "send", "taeglich", "--now", "--yes"]);
    let waiting = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let store = world.store();
    until("the job is handed over", async || store.read(jobs::next).await.unwrap().is_some()).await;
    daemon.signal("KILL");
    daemon.end().await;
    let output =
        tokio::task::spawn_blocking(move || waiting.wait_with_output().unwrap()).await.unwrap();
    let said = crate::support::world::Said::from(output).ok();
    assert!(said.out.contains("1 mail: 1 sent"), "{said:?}");
    assert_eq!(store.read(jobs::next).await.unwrap(), None, "it was taken back");

    let work = r#"{"work":"send-digest","series":"taeglich"}"#;
    let id = store.write(move |tx| jobs::enqueue(tx, "work", work, Timestamp(1))).await.unwrap();
    let daemon = Daemon::start(&world).await;
    let outcome = store.read(move |tx| jobs::outcome(tx, id)).await.unwrap().unwrap();
    assert!(outcome.contains("away for too long"), "{outcome}");
    daemon.stop().await;
}

/// One message for each of so many readers, composed and not yet sent.
const READERS: usize = 400;

#[tokio::test]
async fn told_to_stop_while_sending_it_ends_well_and_the_next_start_sends_the_rest() {
    let world = world(EVERY_TWO_SECONDS, READERS).await;
    world.serve("amt", &rss(&entries(1..3)));
    let mut daemon = Daemon::start(&world).await;
    until("it is sending", async || world.mails().len() > 5).await;
    daemon.signal("TERM");
    assert_eq!(daemon.end().await, Some(0));
    let sent = world.mails().len();
    eprintln!("stopped after {sent} of {READERS}");
    let store = world.store();
    let states = store.read(|tx| outbox::count_by_state(tx, None)).await.unwrap();
    assert!(states.iter().all(|(state, _)| state != "claimed"), "{states:?}");
    let daemon = Daemon::start(&world).await;
    all_are_sent(&world).await;
    daemon.stop().await;
    assert_eq!(world.mails().len(), READERS, "one each");
}

async fn all_are_sent(world: &World) {
    let store = world.store();
    until("all are sent", async || {
        let states = store.read(|tx| outbox::count_by_state(tx, None)).await.unwrap();
        states == [("sent".to_owned(), READERS as u64)]
    })
    .await;
}

#[tokio::test]
async fn killed_while_sending_nothing_is_lost_and_a_copy_has_the_same_bytes() {
    let world = world(EVERY_TWO_SECONDS, READERS).await;
    world.serve("amt", &rss(&entries(1..3)));
    let mut before = Vec::new();
    for least in [5, 60] {
        let mut daemon = Daemon::start(&world).await;
        until("it is sending", async || world.mails().len() > least).await;
        daemon.signal("KILL");
        daemon.end().await;
        before = world.mails();
    }
    let daemon = Daemon::start(&world).await;
    all_are_sent(&world).await;
    daemon.stop().await;
    let after = world.mails();
    assert_eq!(after.len(), READERS, "a copy overwrites itself by its Message-ID");
    for mail in &before {
        assert!(after.contains(mail), "{} was sent again with other bytes", mail.0);
    }
    let store = world.store();
    let all = store.read(|tx| outbox::list(tx, None, None, 10_000)).await.unwrap();
    let twice = all.iter().filter(|entry| entry.attempts > 1).count();
    eprintln!("{twice} of {READERS} were tried twice");
    // What was in hand at each kill, and nothing else: a claim is 16 a connection.
    assert!(twice <= 2 * 2 * 16, "{twice}");
}

#[tokio::test]
async fn killed_while_polling_it_polls_again_and_the_items_come_once() {
    use crate::support::feed_server::{Act, response};
    let world = world(NEVER, 0).await;
    let body = rss(&entries(1..4));
    world.feeds.on("/amt", [Act::Hang]);
    world.feeds.on("/amt", [response(200, &[("ETag", "\"1\"")], &body)]);
    let mut daemon = Daemon::start(&world).await;
    until("it is asking", async || !world.feeds.asked().is_empty()).await;
    daemon.signal("KILL");
    daemon.end().await;
    let state = world.store().read(|tx| sources::state(tx, &SourceId::from("amt"))).await.unwrap();
    assert!(state.last_attempt.is_some() && state.next_poll > Timestamp(0), "the attempt is known");
    assert!(state.cursor.values.is_empty() && state.last_success.is_none());
    let mut daemon = Daemon::start(&world).await;
    daemon.hear("amt: read, 3 new").await;
    daemon.stop().await;
    let stored = world.store().read(items::count_all).await.unwrap();
    assert_eq!(stored, 3);
}

#[tokio::test]
async fn a_host_that_hangs_does_not_hold_up_the_end() {
    use crate::support::feed_server::Act;
    let world = world(NEVER, 0).await;
    world.write(
        "amtsbote.toml",
        &main_file(NEVER).replace("timeout = \"30s\"", "timeout = \"10m\""),
    );
    world.feeds.on("/amt", [Act::Hang]);
    let daemon = Daemon::start(&world).await;
    until("it is asking", async || !world.feeds.asked().is_empty()).await;
    let begin = Instant::now();
    daemon.stop().await;
    eprintln!("ended after {:?}", begin.elapsed());
}

#[tokio::test]
async fn a_series_that_joins_others_begins_where_they_stand() {
    let world = world(EVERY_TWO_SECONDS, 1).await;
    world.serve("amt", &rss(&entries(1..3)));
    world.serve("amt", &rss(&entries(1..3)));
    let mut daemon = Daemon::start(&world).await;
    until("the first series has told all", async || world.mails().len() == 1).await;
    let second = "[[series]]\nid = \"neu\"\ntitle = \"Neu\"\nschedule = \"*/2 * * * * *\"\n";
    world.write("amtsbote.toml", &(main_file(EVERY_TWO_SECONDS) + second));
    daemon.signal("HUP");
    daemon.hear("READY=1").await;
    daemon.hear("neu: nothing to tell").await;
    world.serve("amt", &rss(&entries(1..4)));
    daemon.hear("-neu: 1 entries to 0 subscribers").await;
    let pages = world.run(&["digest", "list", "--json"]).await.ok().lines();
    let neu: Vec<&Value> = pages.iter().filter(|page| page["series"] == "neu").collect();
    assert_eq!((neu.len(), &neu[0]["entries"]), (1, &Value::from(1)), "only {}", entry(3).title);
    daemon.stop().await;
}

#[tokio::test]
async fn a_series_run_by_a_clock_that_was_ahead_begins_anew() {
    use amtsbote::store::digests::{self, Progress};
    let world = world(EVERY_TWO_SECONDS, 1).await;
    world.serve("amt", &rss(&entries(1..3)));
    let ahead = Progress { last_slot: Some("2099-01-01T00:00:00".into()), ..Progress::default() };
    let store = world.store();
    store.write(move |tx| digests::set_progress(tx, &"taeglich".into(), &ahead)).await.unwrap();
    let mut daemon = Daemon::start(&world).await;
    daemon.hear("its last slot lies in the future").await;
    until("it mails again", async || world.mails().len() == 1).await;
    daemon.stop().await;
}

#[tokio::test]
async fn what_a_mail_server_hands_in_is_taken_in_by_the_daemon() {
    let world = World::new(NEVER).await;
    std::fs::create_dir(world.config().join("conf.d")).unwrap();
    world.write("conf.d/mail.toml", "[mail]\nreply_to = \"redaktion@probe.example\"\n");
    let mut daemon = Daemon::start(&world).await;
    let mut command = world.command(&["mail-in", "--recipient", "r@probe.example"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let letter = "From: Petra <p@stadt.example>\nSubject: Frage\n\nWo steht das?\n";
    child.stdin.take().unwrap().write_all(letter.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    daemon.hear("mail came back: human").await;
    until("the letter goes to the editors", async || world.mails().len() == 1).await;
    assert!(world.mails()[0].1.contains("Wo steht das?"));
    assert_eq!(std::fs::read_dir(world.var().join("returned/cur")).unwrap().count(), 0);
    daemon.stop().await;
}
