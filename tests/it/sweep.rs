//! Everything hostile at once, against the real binary with the memory and the descriptors
//! that its unit allows: sources of every kind that `docs/SECURITY.md` bounds, connections that
//! say nothing, forms that never end. Meanwhile good sources are read, mails go out, and the
//! web answers.

#![expect(clippy::disallowed_methods, reason = "patience with another process is real time")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::crash::{mark, words};
use crate::support::feed_server::{Act, FeedServer, head, response};
use crate::support::packed::{gzip, gzip_bomb};
use crate::support::service::Setup;
use crate::support::smtp_server::SmtpServer;

/// What the unit allows.
const MEMORY: u64 = 512 << 20;
const DESCRIPTORS: u64 = 1024;

/// Longer than anything here takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_mins(5);

/// Good sources, of which each brings one item a round.
const GOOD: usize = 3;

/// Rounds of items that must have arrived once every hostile source was asked.
const ROUNDS: usize = 3;

/// Name, kind and answer of each hostile source.
fn hostile(feeds: &FeedServer) -> Vec<(&'static str, &'static str, Vec<Act>)> {
    let xml = |body: String| vec![response(200, &[("Content-Type", "application/xml")], body)];
    let html = |body: String| vec![response(200, &[("Content-Type", "text/html")], body)];
    let entity = format!(
        "<!DOCTYPE rss [<!ENTITY a \"{}\">]><rss version=\"2.0\"><channel><title>x</title>",
        "x".repeat(1_000)
    );
    let uses = format!("{entity}<item><title>{}</title></item>", "&a;".repeat(15_000));
    let packed = [("Content-Type", "application/xml"), ("Content-Encoding", "gzip")];
    let based = format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:base=\"http://a.example/{}/\">{}</feed>",
        "b".repeat(1 << 20),
        "<entry><id>x</id><title>x</title><link href=\"c\"/></entry>".repeat(2_000)
    );
    let links = "<li><a href=\"c/1.html\">Eine Meldung von heute</a> 5. Januar 2026</li>";
    let base = format!("<base href=\"/{}/\"><ul>{}", "b".repeat(100_000), links.repeat(2_000));
    let far = format!("/{}", "r".repeat(60_000));
    let json = format!(
        "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{}{{}}]}}",
        "{},".repeat(3_000_000)
    );
    let loops = format!("<urlset><url><loc>{}</loc></url></urlset>", feeds.url("/sitemap"));
    vec![
        ("entities", "feed", vec![response(200, &packed, gzip(uses.as_bytes()))]),
        ("bomb", "feed", vec![response(200, &packed, gzip_bomb(200 << 20))]),
        ("based", "feed", xml(based)),
        ("json", "feed", vec![response(200, &[("Content-Type", "application/json")], json)]),
        ("doctypes", "feed", xml("<!DOCTYPE [>".repeat(90_000))),
        ("items", "feed", xml(format!("<rss>{}", "<item ".repeat(170_000)))),
        ("deep", "page", html("<div></b>".repeat(90_000))),
        ("base", "page", html(base)),
        ("attributes", "page", html(format!("<p {}>", "a/b ".repeat(250_000)))),
        ("roots", "page", html((0..90_000).map(|n| format!("<p><body a{n}>")).collect())),
        ("open", "page", html("<b><p>".repeat(80_000))),
        ("sitemap", "sitemap", xml(loops)),
        ("far", "feed", vec![response(301, &[("Location", &far)], "")]),
        ("flood", "feed", vec![Act::Write(head(200, &[])), Act::Flood(b"<item>".repeat(1_000))]),
        ("fields", "feed", vec![Act::Flood(b"X-A: b\r\n".to_vec())]),
        ("drip", "feed", vec![Act::Drip(b"<".to_vec(), Duration::from_millis(50))]),
        ("hang", "feed", vec![Act::Hang]),
        ("reset", "feed", vec![Act::Reset]),
    ]
}

/// The files of a config with these sources, each at an address of its own.
fn configure(folder: &Path, feeds: &FeedServer, smtp: u16, web: u16, hostile: &[(&str, &str)]) {
    let settings = format!(
        "[service]\npublic_url = 'http://127.0.0.1:{web}/'\ndata_dir = 'var'\n\
         [fetch]\ninterval = '1s'\nmin_interval = '1s'\nmax_interval = '1s'\n\
         timeout = '20s'\nallow_private = ['127.0.0.0/8']\n\
         [mail]\nadmin = ''\nchannel = 'smtp'\n[mail.smtp]\nhost = '127.0.0.1'\nport = {smtp}\n\
         [web]\nlisten = '127.0.0.1:{web}'\n"
    );
    let series = "[[series]]\nid = 'probe'\ntitle = 'Probe'\nschedule = '*/2 * * * * *'\n\
                  max_items = 500\nmax_items_per_topic = 500\n";
    let port = feeds.port();
    let source = |(n, (id, kind)): (usize, (&str, &str))| {
        format!(
            "[[source]]\nid = '{id}'\nname = '{id}'\nkind = '{kind}'\ndetail = 'never'\n\
             initial = 'all'\ntopics = ['ozg']\nurl = 'http://127.0.1.{}:{port}/{id}'\n",
            n + 1
        )
    };
    let good: Vec<String> = (0..GOOD).map(|n| format!("good-{n}")).collect();
    let good = good.iter().map(|id| (id.as_str(), "feed"));
    let all = good.chain(hostile.iter().copied());
    let sources: String = all.enumerate().map(source).collect();
    Setup::new().settings(settings).series(series).sources(sources).write(folder);
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What the shipped unit gives its process, ours has too.
const UNIT: &str = include_str!("../../systemd/amtsbote.service");

/// The program within the limits, where `prlimit` is installed.
fn limited(folder: &Path) -> Command {
    let program = env!("CARGO_BIN_EXE_amtsbote");
    let mut command = if Command::new("prlimit").arg("--version").output().is_ok() {
        let mut command = Command::new("prlimit");
        command.arg(format!("--data={MEMORY}")).arg(format!("--nofile={DESCRIPTORS}"));
        command.arg(program);
        command
    } else {
        eprintln!("prlimit is not installed: the memory is measured and not limited");
        Command::new(program)
    };
    for line in UNIT.lines() {
        let variable = line.strip_prefix("Environment=").and_then(|line| line.split_once('='));
        command.envs(variable);
    }
    command.arg("--config").arg(folder).stdin(Stdio::null());
    command
}

/// Ends the service with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// A figure of `/proc/PID/status` in KiB.
    fn figure(&self, name: &str) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.0.id())).unwrap().count()
    }
}

/// Connects from an address of its own: a stranger among many.
async fn stranger(n: usize, web: u16) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    let from = format!("127.0.2.{}:0", n % 250 + 1);
    socket.bind(from.parse().unwrap()).ok()?;
    socket.connect(([127, 0, 0, 1], web).into()).await.ok()
}

/// What a program that watches the service is told.
async fn healthz(web: u16) -> String {
    let mut answer = String::new();
    if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", web)).await {
        let request = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        if stream.write_all(request).await.is_ok() {
            let _ = stream.read_to_string(&mut answer).await;
        }
    }
    answer
}

async fn until(what: &str, log: &Path, mut holds: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !holds().await {
        let said = || std::fs::read_to_string(log).unwrap_or_default();
        assert!(begin.elapsed() < PATIENCE, "never: {what}\n{}", said());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The feed of a good source with so many items.
fn rss(source: usize, items: usize) -> String {
    let item = |n: usize| {
        let (mark, words) = (mark(n * GOOD + source), words(n * GOOD + source));
        format!(
            "<item><title>OZG {mark} {words}</title><guid>urn:{mark}</guid>\
             <link>https://feed.example/{mark}</link><description>{words}</description></item>"
        )
    };
    let items: String = (0..items).map(item).collect();
    format!("<rss version=\"2.0\"><channel><title>x</title>{items}</channel></rss>")
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_hostile_at_once_stops_no_poll_no_mail_and_no_page() {
    let _ = rlimit::increase_nofile_limit(8_192);
    let folder = tempfile::tempdir().unwrap();
    let feeds = FeedServer::start_at("0.0.0.0:0").await;
    let smtp = SmtpServer::start(&[], &[]).await;
    let web = free_port();
    let hostile = hostile(&feeds);
    let named: Vec<(&str, &str)> = hostile.iter().map(|(id, kind, _)| (*id, *kind)).collect();
    configure(folder.path(), &feeds, smtp.address.port(), web, &named);
    for (id, _, acts) in hostile {
        feeds.on(&format!("/{id}"), acts);
    }
    let joining = ["subscriber", "add", "a@stadt.example", "--series", "probe", "--reason", "Test"];
    let joined = limited(folder.path()).args(joining).output().unwrap();
    assert!(joined.status.success(), "{joined:?}");

    let log = folder.path().join("log");
    let talk = std::fs::File::create(&log).unwrap();
    let mut service = Running(limited(folder.path()).arg("run").stderr(talk).spawn().unwrap());
    until("the web answers", &log, async || healthz(web).await.starts_with("HTTP/1.1")).await;
    // Some of them are turned away at once.
    let mut strangers = Vec::new();
    for n in 0..700 {
        let Some(mut stream) = stranger(n, web).await else { continue };
        if n % 10 == 0 {
            let form = b"POST /anmelden HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\na";
            let _ = stream.write_all(form).await;
        }
        strangers.push(stream);
    }
    let (mut most, mut round, mut after) = (0, 0, 0);
    let was_asked = || {
        let asked = feeds.asked();
        named.iter().all(|(id, _)| asked.iter().any(|one| one.path == format!("/{id}")))
    };
    while after < ROUNDS {
        round += 1;
        after += usize::from(was_asked());
        for source in 0..GOOD {
            feeds.on(&format!("/good-{source}"), [response(200, &[], rss(source, round))]);
        }
        until("a round of items arrives", &log, async || {
            most = most.max(service.descriptors());
            let said = || std::fs::read_to_string(&log).unwrap_or_default();
            assert!(service.0.try_wait().unwrap().is_none(), "the service ended:\n{}", said());
            let heard = smtp.heard();
            let mails: String =
                heard.iter().map(|mail| String::from_utf8_lossy(&mail.bytes)).collect();
            let mails = mails.replace("=\r\n", "");
            (0..round * GOOD).all(|n| mails.contains(&mark(n)))
        })
        .await;
        assert!(healthz(web).await.starts_with("HTTP/1.1"), "the web is silent");
    }
    assert!(service.0.try_wait().unwrap().is_none(), "the service ended");
    let peak = service.figure("VmHWM:");
    let begin = Instant::now();
    let told = Command::new("kill").arg(service.0.id().to_string()).status().unwrap();
    assert!(told.success());
    let mut code = None;
    until("it ends", &log, async || {
        code = service.0.try_wait().unwrap().map(|status| status.code());
        code.is_some()
    })
    .await;
    eprintln!(
        "{} hostile sources, {} strangers: peak {} MiB, {most} descriptors, {round} rounds, \
         ended {:.1} s after SIGTERM",
        named.len(),
        strangers.len(),
        peak >> 10,
        begin.elapsed().as_secs_f32()
    );
    assert_eq!(code, Some(Some(0)));
    assert!(peak << 10 <= MEMORY, "{peak} KiB");
    assert!(most as u64 <= DESCRIPTORS);
    assert!(!std::fs::read_to_string(&log).unwrap().contains("panicked"));
}
