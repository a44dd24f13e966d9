//! Newsletters by mail, from `mail-in` to the item, as a user sees it.

use std::path::Path;
use std::process::{Command, Stdio};

use super::commands::{configure, page, run};
use crate::support::feed_server::FeedServer;

const BRIEF: &str = "Authentication-Results: mx.ort.example; dkim=pass header.d=stadt.example\nFrom: Stadt <news@stadt.example>\n\
    To: news+brief@ort.example\nSubject: Newsletter\nDate: Mon, 24 Nov 2025 10:00:00 +0100\nContent-Type: text/html; charset=utf-8\n\n\
    <h1>Newsletter</h1><p>Liebe Leser,</p><h2>Neues OZG-Portal ist online</h2><p>Wer umzieht, meldet sich nun vom Sofa aus um.</p>\
    <p><a href=\"https://nl.mailer.example/c?u=https%3A%2F%2Fwww.stadt.example%2Fportal&e=k9X2mQ7vB4nT8zR1\">Weiterlesen</a></p>\
    <h2>Drei Gemeinden gründen Verbund</h2><p>Server kommen künftig aus einer Hand.</p><p><a href=\"https://www.stadt.example/verbund\">Weiterlesen</a></p>\
    <p>Sie erhalten diese E-Mail an news+brief@ort.example. <a href=\"https://nl.mailer.example/u/1\">Abmelden</a></p>\n";

/// Puts a message into the mailbox of the source, as a mail server does that delivers there.
fn deliver(folder: &Path, name: &str, message: &str) {
    let new = folder.join("var/news/brief/new");
    std::fs::create_dir_all(&new).unwrap();
    std::fs::write(new.join(name), message).unwrap();
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amtsbote"));
    command.args(arguments).current_dir(folder).env_clear().stderr(Stdio::null());
    command
}

fn set_up(folder: &Path) {
    configure(
        folder,
        "[[source]]\nid = \"brief\"\nname = \"Stadt\"\nkind = \"mail\"\nurl = \"http://127.0.0.1:9/newsletter\"\ninitial = \"all\"\n\
         detail = \"never\"\n[source.mail]\nfrom = [\"news@stadt.example\"]\nrequire_auth = true\nserver = \"mx.ort.example\"\n",
    );
    let more = folder.join("config/conf.d");
    std::fs::create_dir_all(&more).unwrap();
    let mail = "[mail]\nadmin = \"it@example.org\"\nnews_address = \"news@ort.example\"\nbounce_address = \"r@ort.example\"\n[web]\nlisten = \"\"\n";
    std::fs::write(more.join("mail.toml"), mail).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newsletter_becomes_items_once_and_is_put_aside() {
    let folder = tempfile::tempdir().unwrap();
    set_up(folder.path());
    assert_eq!(run(folder.path(), &["check"]).await.code, Some(0));
    assert_eq!(run(folder.path(), &["poll"]).await.code, Some(0), "an empty mailbox is no fault");
    deliver(folder.path(), "1.eml", BRIEF);
    let polled = run(folder.path(), &["poll", "--force", "--json"]).await.objects();
    assert_eq!(
        (&polled[0]["outcome"], &polled[0]["new"]),
        (&"read".into(), &2.into()),
        "{polled:?}"
    );
    let items = run(folder.path(), &["items", "--json"]).await.objects();
    let mut told: Vec<(&str, &str)> = items
        .iter()
        .map(|item| (item["title"].as_str().unwrap(), item["url"].as_str().unwrap()))
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            ("Drei Gemeinden gründen Verbund", "https://www.stadt.example/verbund"),
            ("Neues OZG-Portal ist online", "https://www.stadt.example/portal"),
        ]
    );
    let lies = |part: &str| {
        std::fs::read_dir(folder.path().join("var/news/brief").join(part)).unwrap().count()
    };
    assert_eq!((lies("new"), lies("cur")), (1, 0), "kept until its items are stored");
    let again = run(folder.path(), &["poll", "--force", "--json"]).await.objects();
    assert_eq!(
        (&again[0]["outcome"], &again[0]["new"]),
        (&"unchanged".into(), &0.into()),
        "{again:?}"
    );
    assert_eq!((lies("new"), lies("cur")), (0, 1));
    deliver(folder.path(), "2.eml", BRIEF);
    run(folder.path(), &["poll", "--force"]).await;
    assert_eq!(run(folder.path(), &["items", "--json"]).await.objects().len(), 2, "sent twice");
    let listed = run(folder.path(), &["source", "list", "--json"]).await.objects();
    assert_eq!(listed[0]["state"], "ok", "{}", listed[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_in_hands_newsletters_over_by_their_address_and_refuses_forged_ones() {
    let folder = tempfile::tempdir().unwrap();
    set_up(folder.path());
    run(folder.path(), &["poll"]).await;
    for (recipient, message) in [
        ("news+brief@ort.example", BRIEF.replace("dkim=pass", "dkim=none")),
        ("news+other@ort.example", BRIEF.replace("Portal", "Anderes")),
        ("news@ort.example", BRIEF.replace("Portal", "Ohne Quelle")),
        ("r+brief@ort.example", BRIEF.replace("Portal", "Rückläufer")),
        ("News+Brief@ort.example", BRIEF.to_owned()),
    ] {
        let mut command = command(folder.path(), &["mail-in", "--recipient", recipient]);
        let run = move || {
            let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
            std::io::Write::write_all(&mut child.stdin.take().unwrap(), message.as_bytes())
                .unwrap();
            child.wait().unwrap().code()
        };
        assert_eq!(tokio::task::spawn_blocking(run).await.unwrap(), Some(0), "{recipient}");
    }
    let mut daemon = command(folder.path(), &["run"]).spawn().unwrap();
    let mut items = Vec::new();
    for _ in 0..100 {
        items = run(folder.path(), &["items", "--json"]).await.objects();
        if !items.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    let titles: Vec<&str> = items.iter().filter_map(|item| item["title"].as_str()).collect();
    assert_eq!(titles.len(), 2, "{titles:?}");
    assert!(titles.contains(&"Neues OZG-Portal ist online"), "{titles:?}");
    let shown = run(folder.path(), &["source", "show", "brief"]).await;
    assert!(!shown.out.contains("news@stadt.example"), "no sender: {}", shown.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_to_confirm_a_sign_up_is_mailed_to_the_admin_once() {
    let folder = tempfile::tempdir().unwrap();
    set_up(folder.path());
    let asks = "Authentication-Results: mx.ort.example; dkim=pass header.d=stadt.example\nFrom: news@stadt.example\n\
        Subject: Bitte Anmeldung zum Newsletter bestätigen\nContent-Type: text/plain; charset=utf-8\n\n\
        Guten Tag,\n\nbitte öffnen Sie https://www.stadt.example/opt/k9X2mQ7vB4nT8zR1\n";
    deliver(folder.path(), "1.eml", asks);
    for _ in 0..3 {
        let polled = run(folder.path(), &["poll", "--force", "--json"]).await;
        assert!(!polled.out.contains("k9X2"), "its link is a secret: {}", polled.out);
        let told = run(folder.path(), &["outbox", "list", "--json"]).await.objects();
        assert_eq!(told.len(), 1);
    }
    assert_eq!(run(folder.path(), &["items", "--json"]).await.objects().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_issues_of_a_newsletter_on_pages_are_split_and_asked_for_once() {
    let server = FeedServer::start().await;
    let issue = |month: &str, titles: [&str; 3]| {
        let story = |title: &&str| {
            format!(
                "<h3>{title}</h3><p>Ein ganzer Satz erzählt, was geschehen ist und wen es angeht.</p><p><a href=/news/{}>Weiterlesen</a></p>",
                title.len()
            )
        };
        let stories: String = titles.iter().map(story).collect();
        format!(
            "<title>Newsletter</title><nav><ul><li><a href=/leistungen>Alle Leistungen im Überblick</a></ul></nav><main><h1>SachsenAnhaltsPunkte {month}</h1>\
             <p>Liebe Leserinnen und Leser, hier ist die neue Ausgabe.</p>{stories}<p><a href=/abmelden>Newsletter abbestellen</a></p></main><footer><h3>Kontakt und Anschrift</h3><p>Am Markt 1, hier finden Sie uns.</p></footer>"
        )
    };
    // The page of the third is not there: it stays one item, and is asked for again.
    let home = "<h1>Portal</h1><ul><li><a href=/newsletter-punkte-dez>Ausgabe Dezember</a>\
        <li><a href=/newsletter-punkte-nov>Ausgabe November</a><li><a href=/newsletter-punkte-okt>Ausgabe Oktober</a></ul>";
    server.on("/", page(home));
    server.on(
        "/newsletter-punkte-nov",
        page(&issue(
            "11/2025",
            [
                "Erster Titel im November",
                "Zweiter neuer Titel im November",
                "Noch ein dritter Titel im November",
            ],
        )),
    );
    server.on(
        "/newsletter-punkte-dez",
        page(&issue(
            "12/2025",
            [
                "Erster Titel vom Dezember",
                "Zweiter neuer Titel aus dem Dezember",
                "Und noch ein dritter Titel im Dezember",
            ],
        )),
    );
    server.on("/robots.txt", [crate::support::feed_server::response(404, &[], "")]);
    let folder = tempfile::tempdir().unwrap();
    configure(
        folder.path(),
        &format!(
            "[[source]]\nid = \"punkte\"\nkind = \"page\"\nurl = \"{}\"\ninitial = \"all\"\ndetail = \"never\"\n\
             [source.page]\nlist = \"body\"\nitem = \"a[href*='newsletter-punkte']\"\nlink = \"@href\"\nissues = true\n",
            server.url("/")
        ),
    );
    for (new, asked) in [(7, 4), (0, 2)] {
        let before = server.asked().len();
        let polled = run(folder.path(), &["poll", "--force", "--json"]).await.objects();
        assert_eq!(polled[0]["new"], new, "{}", polled[0]);
        let pages =
            server.asked()[before..].iter().filter(|one| !one.head.contains("robots")).count();
        assert_eq!(pages, asked, "an issue is asked for once");
    }
    let items = run(folder.path(), &["items", "--json"]).await.objects();
    assert!(
        items.iter().all(|item| {
            item["title"].as_str().unwrap().contains("Titel") || item["title"] == "Ausgabe Oktober"
        }),
        "{items:?}"
    );
    let listed = run(folder.path(), &["source", "list", "--json"]).await.objects();
    assert_eq!(listed[0]["state"], "ok", "{}", listed[0]);
}
