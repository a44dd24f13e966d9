//! Text of strangers on its way to operators: whatever a source, a list, a mail or a header
//! field says, no command prints a byte that steers a terminal, and nobody writes a line of
//! their own into an output or a log.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::feed_server::{Act, response};
use crate::support::world::{Said, World};

/// Escape sequences, a forged line, marks that reorder a line, C1 controls.
const HOSTILE: &str = "OZG \u{1b}[2K\u{1b}]0;x\u{7}\r\nFORGED: alles gut\u{2028}FORGED: zwei\u{202e}um\u{2066}\u{85}\u{9b}31m\u{200f}\u{8} Ende";

/// The same for XML 1.0, which has no controls: as they come in CDATA and references, which
/// lenient readers take.
fn feed(count: usize) -> String {
    let mut items = String::new();
    for number in 0..count {
        items += &format!(
            "<item><title><![CDATA[{HOSTILE} {number}]]></title><link>https://x.example/{number}?a=%1b[2K</link>\
             <guid>g{number}&#10;FORGED: guid &#x202e;</guid><author>a@x.example ({HOSTILE})</author>\
             <category><![CDATA[OZG {HOSTILE}]]></category><category>Onlinedienst&#x202e;</category>\
             <enclosure url=\"https://x.example/{number}/a%0a&#x202e;.pdf\" type=\"application/pdf\" length=\"9\"/>\
             <description><![CDATA[<p>Die OZG-Umsetzung {HOSTILE}. Frist ist der 28. Februar 2027.</p>]]></description>\
             <pubDate>Mon, 08 Dec 2025 07:00:0{number} GMT</pubDate></item>"
        );
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\"><channel><title><![CDATA[{HOSTILE}]]></title>\
         <link>https://x.example/</link><description/>{items}</channel></rss>"
    )
}

/// Asserts that nothing of what was said steers or forges.
#[track_caller]
fn assert_clean(what: &str, text: &str) {
    for (at, line) in text.lines().enumerate() {
        let steering = |c: char| c != '\t' && amtsbote::text::steers(c);
        assert!(!line.chars().any(steering), "{what}, line {at}: {line:?}");
        let begins = line.trim_start_matches(['<', '0', '3', '4', '6', '7', '>', ' ', '|']);
        assert!(!begins.starts_with("FORGED"), "{what}, line {at}: {line:?}");
    }
}

async fn run(world: &World, arguments: &[&str]) -> Said {
    let said = world.run(arguments).await;
    assert!((0..3).contains(&said.code) || said.code == 75, "{arguments:?}: {said:?}");
    assert_clean(&format!("stdout of {arguments:?}"), &said.out);
    assert_clean(&format!("stderr of {arguments:?}"), &said.err);
    said
}

/// Runs a command with bytes on stdin.
async fn run_with(world: &World, arguments: &[&str], input: Vec<u8>) {
    let mut command = world.command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(&input).unwrap();
        child.wait_with_output().unwrap()
    });
    let output = output.await.unwrap();
    assert_clean(&format!("{arguments:?}"), &String::from_utf8(output.stdout).unwrap());
    assert_clean(&format!("{arguments:?}"), &String::from_utf8(output.stderr).unwrap());
}

#[tokio::test]
async fn no_command_prints_what_a_stranger_wrote_to_steer_a_terminal_or_forge_a_line() {
    let world = World::new("täglich 07:00").await;
    let sources: Vec<(&str, Act)> = vec![
        ("gut", response(200, &[("Content-Type", "application/rss+xml")], feed(3))),
        (
            "kind",
            response(
                200,
                &[("Content-Type", "text/\u{1b}[31mhtml\u{202e}; charset=\u{1b}x")],
                "<p>\u{1b}[2K keine Liste</p>",
            ),
        ),
        ("weg", response(302, &[("Location", "http://\u{1b}[2K.example/\u{202e}")], "")),
        ("fern", response(301, &[("Location", "https://x.example:99999/%1b%0aFORGED")], "")),
        ("warte", response(429, &[("Retry-After", "\u{1b}[2K\u{202e}")], HOSTILE)),
        ("kode", response(200, &[("Content-Encoding", "\u{1b}[2K\u{202e}")], HOSTILE)),
        (
            "zeile",
            Act::Write(
                b"HTTP/1.1 599 \x1b[2K\xe2\x80\xae FORGED\r\nX: \x1b\r\nContent-Length: 0\r\n\r\n"
                    .to_vec(),
            ),
        ),
        (
            "kaputt",
            response(200, &[("Content-Type", "application/rss+xml")], format!("<rss><{HOSTILE}")),
        ),
        ("json", response(200, &[("Content-Type", "application/json")], format!("{{\"{HOSTILE}"))),
    ];
    let mut toml = String::new();
    for (id, act) in &sources {
        world.feeds.on(&format!("/{id}"), [act.clone(), Act::Close]);
        toml += &world.source(id, "initial = 'all'");
    }
    world.write("sources.toml", &toml);
    world
        .feeds
        .on("/robots.txt", [response(200, &[], format!("User-agent: *\nDisallow: /{HOSTILE}"))]);

    for flags in [&["-v"][..], &["--json"], &["-vv"]] {
        run(&world, &[&["poll", "--force"], flags].concat()).await;
    }
    run(&world, &["subscriber", "add", "a@x.example", "--series", "taeglich", "--reason", "=1+1"])
        .await;
    let page = world.feeds.url("/gut");
    let saved = world.folder.path().join("gespeichert.xml");
    std::fs::write(&saved, feed(3)).unwrap();
    let saved = saved.to_str().unwrap();
    let opml = world.folder.path().join("liste.opml");
    std::fs::write(&opml, format!(
        "<opml version=\"2.0\"><body><outline text=\"{HOSTILE}\" xmlUrl=\"https://y.example/{HOSTILE}\"/>\
         <outline text=\"b&#x1b;[2K&#10;FORGED\" xmlUrl=\"https://z.example/\"/></body><{HOSTILE}"
    )).unwrap();
    let opml = opml.to_str().unwrap();
    // What is typed may be pasted from somewhere; its lines are the operator's.
    let typed = &HOSTILE.replace(['\r', '\n'], "");
    let commands: Vec<Vec<&str>> = vec![
        vec!["source", "list"],
        vec!["source", "show", "gut"],
        vec!["source", "show", "kind"],
        vec!["source", "test", "gut"],
        vec!["source", "test", &page],
        vec!["source", "read", saved],
        vec!["source", "doctor"],
        vec!["source", "etiquette"],
        vec!["items"],
        vec!["items", "--search", "OZG"],
        vec!["item", "list"],
        vec!["explain", "1"],
        vec!["explain", saved],
        vec!["item", "log"],
        vec!["topic", "test", typed],
        vec!["topic", "list"],
        vec!["topic", "diff", "--since", "3650d"],
        vec!["digest", "preview", "taeglich", "--format", "text"],
        vec!["digest", "list"],
        vec!["digest", "send", "taeglich", "--now", "--yes"],
        vec!["outbox", "list"],
        vec!["status"],
        vec!["status", "--plugin"],
        vec!["subscriber", "list"],
        vec!["subscriber", "export"],
        vec!["subscriber", "proof", "a@x.example"],
        vec!["opml", "import", opml],
        vec!["check"],
        vec!["source", "test", typed],
        vec!["explain", typed],
        vec!["source", "show", typed],
        vec!["item", "hide", "1", "--reason", typed],
        vec!["item", "log"],
        vec!["db", "check"],
    ];
    for command in &commands {
        run(&world, command).await;
        run(&world, &[&["--json"], &command[..]].concat()).await;
    }
    let letter = format!(
        "From: {HOSTILE}\r\n x <p@x.example>\r\nSubject: =?utf-8?Q?a=1b[2K=0aFORGED=E2=80=AE?=\r\n\r\n{HOSTILE}"
    );
    run_with(&world, &["mail-in", "--recipient", "r@\u{1b}x", "-vv"], letter.into_bytes()).await;
    run(&world, &["outbox", "list"]).await;

    // The log of the daemon, as it is piped into a file.
    for json in [false, true] {
        let log = std::fs::File::create(world.folder.path().join("log")).unwrap();
        let mut command =
            world.command(if json { &["--json", "-v", "run"] } else { &["-v", "run"] });
        let mut child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        world.adopt(&child);
        let asked = world.feeds.asked().len();
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if world.feeds.asked().len() > asked + 2 {
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        Command::new("kill").arg(child.id().to_string()).status().unwrap();
        tokio::task::spawn_blocking(move || child.wait().unwrap()).await.unwrap();
        let log = std::fs::read_to_string(world.folder.path().join("log")).unwrap();
        assert!(log.contains("ready"), "{log}");
        assert_clean("the log", &log);
    }
    // What is kept for later is clean as well.
    let store = world.store();
    let kept = store.read(|tx| {
        let mut errors = tx.prepare("select coalesce(last_error, '') from sources")?;
        Ok(errors.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?)
    });
    let kept = kept.await.unwrap();
    assert!(kept.iter().filter(|error| !error.is_empty()).count() >= 4, "{kept:?}");
    for error in &kept {
        assert_clean("last_error", error);
    }
}
