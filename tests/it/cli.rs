//! Commands as a user types them: what they print, and how they end.

mod trial;

use std::io::{Read as _, Write as _};
use std::process::Stdio;

use serde_json::Value;

use crate::support::desk::{Entry, entries, entry, rss};
use crate::support::world::{Said, World, main_file};

/// A schedule that never comes while a test runs.
const NEVER: &str = "0 0 3 1 1 *";

async fn world() -> World {
    let world = World::new(NEVER).await;
    world.write("sources.toml", &world.source("amt", "initial = 'all'"));
    world.serve("amt", &rss(&entries(1..4)));
    world
}

/// The bare binary, without a config.
async fn bare(arguments: &[&str], stdin: &str) -> Said {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_amtsbote"));
    command.args(arguments).env_clear();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let stdin = stdin.to_owned();
    tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        // A command that reads nothing closes the pipe first.
        let _ = pipe.write_all(stdin.as_bytes());
        drop(pipe);
        child.wait_with_output().unwrap()
    })
    .await
    .unwrap()
    .into()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[track_caller]
fn has_keys(value: &Value, wanted: &str) {
    let found = keys(value);
    for key in wanted.split(' ') {
        assert!(found.contains(&key), "no `{key}` in {found:?}");
    }
}

#[tokio::test]
async fn every_command_helps_and_an_unknown_one_is_named_with_the_nearest() {
    let mut paths = vec![vec![]];
    for command in amtsbote::cli::command_tree().get_subcommands() {
        paths.push(vec![command.get_name().to_owned()]);
        for inner in command.get_subcommands() {
            paths.push(vec![command.get_name().to_owned(), inner.get_name().to_owned()]);
        }
    }
    assert!(paths.len() > 20);
    for path in paths {
        let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
        arguments.push("--help");
        let said = bare(&arguments, "").await;
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{path:?}");
        assert!(said.out.contains("Usage: amtsbote"), "{path:?}");
    }
    assert_eq!(bare(&["--version"], "").await.code, 0);
    for (arguments, near) in [
        (vec!["pol"], "'poll'"),
        (vec!["source", "lst"], "'list'"),
        (vec!["items", "--limt", "3"], "'--limit'"),
    ] {
        let said = bare(&arguments, "").await;
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{arguments:?}");
        assert!(said.err.contains(near), "{}", said.err);
    }
    assert_eq!(bare(&[], "").await.code, 2);
}

#[tokio::test]
async fn five_mistakes_are_five_located_messages_for_people_and_for_machines() {
    let world = World::new(NEVER).await;
    world.write(
        "amtsbote.toml",
        &main_file("werktags 07:00")
            .replace("interval = \"1s\"\nmin", "interval = \"2 hours\"\nmin"),
    );
    world.write(
        "sources.toml",
        "[[source]]\nid = 'a'\nkind = 'feed'\nurl = 'ftp://a.test/'\ntopics = ['zsaa']\n",
    );
    world.write(
        "topics.toml",
        "[[topic]]\nid = 'ozg'\ntitle = 'OZG'\nstrong = ['OZG']\ntreshold = 4\n",
    );
    for command in [&["check"][..], &["poll"], &["items"], &["run"], &["config", "show"]] {
        let said = world.run(command).await;
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{command:?}");
        for place in [
            "amtsbote.toml",
            "sources.toml",
            "topics.toml",
            "6:12  fetch.interval",
            "series.taeglich.schedule",
            "4:7  source.a.url",
            "5:11  source.a.topics",
            "5:1  topic.ozg: unknown key `treshold`, did you mean `threshold`?",
        ] {
            assert!(said.err.contains(place), "{place} is not in {}", said.err);
        }
    }
    let said = world.run(&["check", "--json"]).await;
    assert_eq!(said.code, 2);
    let problems = said.lines();
    assert_eq!(problems.len(), 5);
    for problem in &problems {
        has_keys(problem, "file line column path message");
        assert!(problem["line"].as_u64() > Some(0));
    }
}

#[tokio::test]
async fn names_that_do_not_exist_are_wrong_usage_with_a_suggestion() {
    let world = world().await;
    for (command, message) in [
        (&["poll", "atm"][..], "there is no source `atm`, did you mean `amt`?"),
        (&["source", "show", "atm"], "there is no source `atm`, did you mean `amt`?"),
        (&["source", "release", "atm"], "there is no source `atm`, did you mean `amt`?"),
        (&["items", "--topic", "ozgg"], "there is no topic `ozgg`, did you mean `ozg`?"),
        (
            &["digest", "plan", "taglich", "--from", "2026-01-01", "--to", "2026-01-02"],
            "there is no series `taglich`, did you mean `taeglich`?",
        ),
        (
            &["digest", "send", "taglich", "--now", "--yes"],
            "there is no series `taglich`, did you mean `taeglich`?",
        ),
        (&["digest", "show", "gestern"], "there is no digest `gestern`"),
        (&["items", "--source", "atm"], "there is no source `atm`, did you mean `amt`?"),
        (&["explain", "77"], "there is no item 77"),
        (&["explain", "kein solcher Titel"], "no title holds `kein solcher Titel`"),
        (&["explain", "https://nirgends.test/"], "no item has this address"),
        (&["outbox", "list", "--state", "red"], "there is no state `red`"),
        (&["subscriber", "remove", "niemand@stadt.test"], "this address is not subscribed"),
        (
            &["subscriber", "add", "a@stadt.test", "--series", "taglich", "--reason", "x"],
            "there is no series `taglich`, did you mean `taeglich`?",
        ),
        (
            &[
                "subscriber",
                "add",
                "a@stadt.test",
                "--series",
                "taeglich",
                "--topics",
                "ozgg",
                "--reason",
                "x",
            ],
            "there is no topic `ozgg`, did you mean `ozg`?",
        ),
        (&["subscriber", "add", "kein-at", "--series", "taeglich", "--reason", "x"], "error:"),
        (&["items", "--since", "gestern"], "`gestern` is no span such as `7d`"),
    ] {
        let said = world.run(command).await;
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{command:?}: {}", said.err);
        assert!(said.err.contains(message), "{command:?}: {}", said.err);
    }
}

/// By its number, its address, that with a counter behind, a part of its title, its page, and the
/// mail it came in.
async fn an_item_is_explained_whatever_names_it(world: &World, id: &str, address: &str) {
    let counted = format!("{address}?utm_source=x");
    let page = format!("http://127.0.0.1:8080/meldung/{id}");
    for what in [address, &counted, &page, "rathaus, teil 3"] {
        let explained = world.run(&["explain", what, "--json"]).await.ok().lines();
        assert_eq!(explained[0]["id"], id, "{what}");
        let considered = explained[0]["considered"].as_array().unwrap();
        assert_eq!(considered.len(), 3, "each topic of the config: {considered:?}");
        assert!(considered.iter().any(|of| of["missing"].as_f64().unwrap() > 0.0));
    }
    let human = world.run(&["explain", id]).await.ok().out;
    assert!(human.contains("central-services  no-evidence  score"), "{human}");
    assert!(human.contains(" missing"), "{human}");
    let several = world.run(&["explain", "OZG im"]).await.ok();
    assert_eq!(several.out.lines().count(), 4, "{several:?}");

    let (name, _) = world.mails().remove(0);
    let file = world.var().join("mail/new").join(name);
    let file = file.to_str().unwrap();
    let entries = world.run(&["explain", file, "--json"]).await.ok().lines();
    assert_eq!(entries.len(), 3);
    assert_eq!((&entries[0]["number"], &entries[0]["id"]), (&Value::from("1.1"), &Value::from(id)));
    assert!(entries[0]["why"].as_str().unwrap().starts_with("ozg: „OZG“ im Titel"), "{entries:?}");
    let human = world.run(&["explain", file]).await.ok().out;
    assert!(
        human.contains("reader    subscriber 1 (active), series taeglich, topics ozg"),
        "{human}"
    );
    let other = world.folder.path().join("fremd.eml");
    std::fs::write(&other, "Subject: x\r\n\r\nGuten Tag\r\n").unwrap();
    let said = world.run(&["explain", other.to_str().unwrap()]).await;
    assert_eq!(said.code, 2);
    assert!(said.err.contains("this is no mail of a digest of this service"), "{said:?}");
}

#[tokio::test]
async fn what_is_polled_is_listed_explained_and_sent_once() {
    let world = world().await;
    world
        .run(&[
            "subscriber",
            "add",
            "leserin@stadt.test",
            "--series",
            "taeglich",
            "--topics",
            "ozg",
            "--reason",
            "Formular",
        ])
        .await
        .ok();

    let polled = world.run(&["poll", "--json"]).await.ok().lines();
    has_keys(&polled[0], "id outcome new changed status error duration_ms");
    assert_eq!((&polled[0]["outcome"], &polled[0]["new"]), (&Value::from("read"), &Value::from(3)));

    let listed = world.run(&["source", "list", "--json"]).await.ok().lines();
    has_keys(
        &listed[0],
        "id kind url state last_attempt last_success last_new_item next_poll failures last_error items",
    );
    assert_eq!((&listed[0]["state"], &listed[0]["items"]), (&Value::from("ok"), &Value::from(3)));

    let items = world.run(&["items", "--json", "--topic", "ozg"]).await.ok().lines();
    assert_eq!(items.len(), 3);
    has_keys(
        &items[0],
        "id source title url published first_seen updated story topics guid summary related",
    );
    assert!(items[0]["id"].is_string() && items[0]["story"].is_string());
    assert!(items[0]["topics"][0]["score"].is_number());
    assert!(items[0]["updated"].is_null());
    let searched = world.run(&["items", "--search", "teil 2", "--json"]).await.ok().lines();
    assert_eq!(searched[0]["title"], entry(2).title.as_str());
    assert_eq!(world.run(&["items", "--limit", "1", "--json"]).await.ok().lines().len(), 1);

    let id = items[0]["id"].as_str().unwrap();
    let explained = world.run(&["explain", id]).await.ok().out;
    assert!(explained.contains("„OZG“ in title"), "{explained}");

    let preview =
        world.run(&["digest", "preview", "taeglich", "--for", "leserin@stadt.test"]).await.ok();
    assert!(preview.out.starts_with("Subject: "), "{}", preview.out);
    assert_eq!(world.mails().len(), 0, "a preview changes nothing");

    let sent =
        world.run(&["digest", "send", "taeglich", "--now", "--yes", "--json"]).await.ok().lines();
    assert_eq!((&sent[0]["entries"], &sent[0]["messages"]), (&Value::from(3), &Value::from(1)));
    assert_eq!(world.mails().len(), 1);
    an_item_is_explained_whatever_names_it(&world, id, items[0]["url"].as_str().unwrap()).await;
    let again = world.run(&["digest", "send", "taeglich", "--now", "--yes"]).await.ok();
    assert_eq!(again.out, "nothing to tell, no mail\n");
    assert_eq!(world.mails().len(), 1);

    let digest = sent[0]["digest"].as_str().unwrap();
    let shown = world.run(&["digest", "show", digest]).await.ok();
    assert!(shown.out.contains("To: <leserin@stadt.test>"), "{}", shown.out);
    let listed = world.run(&["digest", "list", "--json"]).await.ok().lines();
    assert_eq!(
        (&listed[0]["id"], &listed[0]["recipients"]),
        (&Value::from(digest), &Value::from(1))
    );
    let outbox = world.run(&["outbox", "list", "--json"]).await.ok();
    assert_eq!(outbox.lines()[0]["state"], "sent");
    assert!(!outbox.out.contains("leserin"), "the outbox shows no address");

    let status = world.run(&["status", "--json"]).await.ok().lines();
    assert_eq!(
        (&status[0]["items"], &status[0]["outbox"]["sent"]),
        (&Value::from(3), &Value::from(1))
    );
    // All is well but that nobody polls and sends.
    let plugin = world.run(&["status", "--plugin"]).await;
    assert_eq!(plugin.code, 2);
    let told = "AMTSBOTE CRITICAL - the service was never started | sources=1;";
    assert!(plugin.out.starts_with(told), "{}", plugin.out);
    world.run(&["source", "show", "amt"]).await.ok();
    world.run(&["source", "etiquette"]).await.ok();
    world.run(&["db", "check"]).await.ok();
    world.run(&["db", "migrate"]).await.ok();
    world.run(&["db", "vacuum"]).await.ok();
    let copy = world.folder.path().join("kopie.db");
    let copy = copy.to_str().unwrap();
    world.run(&["db", "backup", copy]).await.ok();
    assert_eq!(
        world.run(&["db", "backup", copy]).await.code,
        2,
        "an existing file is not overwritten"
    );
    let everyone = world.run(&["subscriber", "list", "--json"]).await.ok().lines();
    assert_eq!(
        (&everyone[0]["address"], &everyone[0]["reason"]),
        (&Value::from("leserin@stadt.test"), &Value::from("Formular"))
    );
    world.run(&["subscriber", "remove", "leserin@stadt.test"]).await.ok();
    assert!(!world.run(&["subscriber", "list"]).await.ok().out.contains("leserin"));
}

#[tokio::test]
async fn a_source_that_fails_makes_poll_end_with_1_and_the_rest_is_kept() {
    let world = world().await;
    let sources = [world.source("amt", ""), world.source("weg", "")].concat();
    world.write("sources.toml", &sources);
    let said = world.run(&["poll", "--json"]).await;
    assert_eq!(said.code, 1, "{said:?}");
    let lines = said.lines();
    assert_eq!(
        (&lines[0]["id"], &lines[0]["outcome"]),
        (&Value::from("amt"), &Value::from("read"))
    );
    assert_eq!(
        (&lines[1]["outcome"], &lines[1]["status"]),
        (&Value::from("failed"), &Value::from(404))
    );
    assert!(lines[1]["error"].as_str().unwrap().contains("404"));
    let status = world.run(&["status", "--plugin"]).await;
    assert!(status.out.contains("1 of 2 sources cannot be read: weg"), "{}", status.out);
}

#[tokio::test]
async fn source_test_and_check_online_ask_and_write_nothing() {
    let world = world().await;
    let tested = world.run(&["source", "test", "amt"]).await.ok();
    assert!(tested.out.contains("kind feed, 3 items"), "{}", tested.out);
    let url = world.feeds.url("/amt");
    let probed = world.run(&["source", "test", &url]).await.ok();
    assert!(probed.out.contains("[[source]]"), "{}", probed.out);
    assert_eq!(
        world.run(&["check", "--online"]).await.ok().out.lines().last(),
        Some("amt: 3 items")
    );
    assert!(!world.var().exists(), "nothing was written");
    let gone = world.feeds.url("/nirgends");
    assert_eq!(world.run(&["source", "test", &gone]).await.code, 1);
}

#[tokio::test]
async fn source_read_needs_no_config_and_ends_with_1_on_what_is_no_feed() {
    let feed = rss(&entries(1..3));
    let read = bare(&["source", "read", "-", "--url", "https://stadt.test/feed"], &feed).await.ok();
    assert!(read.out.contains("read by feed-rs, 2 items"), "{}", read.out);
    let read = bare(&["source", "read", "-", "--json"], &feed).await.ok().lines();
    has_keys(&read[0], "error read_by entries");
    assert!(read[0]["error"].is_null());
    assert_eq!(read[0]["read_by"], "feed-rs");
    has_keys(&read[0]["entries"][0], "id title link date summary content");
    assert_eq!(
        read[0]["entries"][0]["date"],
        "2026-01-05T00:02:00+01:00".replace("2026-01-05T00:02:00+01:00", "2026-01-04T23:02:00Z")
    );

    let page = "<!DOCTYPE html><html><body>Wartung</body></html>";
    let refused = bare(&["source", "read", "-"], page).await;
    assert_eq!((refused.code, refused.out.as_str()), (1, ""));
    assert!(refused.err.starts_with("error: not a feed"), "{}", refused.err);
    let refused = bare(&["source", "read", "-", "--json"], page).await;
    assert_eq!(refused.code, 1);
    assert!(refused.lines()[0]["error"].is_string());
    assert_eq!(bare(&["source", "read", "/nirgends.xml"], "").await.code, 2);
}

#[tokio::test]
async fn an_item_is_corrected_explained_and_set_back() {
    let world = world().await;
    world.run(&["poll"]).await.ok();
    let id =
        world.run(&["items", "--json"]).await.ok().lines()[0]["id"].as_str().unwrap().to_owned();
    let tag = |words: &[&str]| {
        let line: Vec<String> =
            ["item", "tag", &id].iter().chain(words).map(|word| (*word).to_owned()).collect();
        line
    };
    let run = async |words: &[&str]| {
        let line = tag(words);
        world.run(&line.iter().map(String::as_str).collect::<Vec<_>>()).await
    };
    let done =
        run(&["+transformation", "-ozg", "--reason", "Randthema", "--json"]).await.ok().lines();
    assert_eq!(done[0]["topics"], serde_json::json!(["transformation"]));
    let explained = world.run(&["explain", &id, "--json"]).await.ok().lines();
    assert_eq!(explained[0]["corrections"][0]["reason"], "Randthema");
    assert_eq!(explained[0]["topics"][0]["evidence"][0]["signal"], "editor");
    assert_eq!(run(&["+ozg"]).await.code, 2);
    assert_eq!(run(&["+ozgg", "--reason", "x"]).await.code, 2);
    let done = run(&["--undo", "--json"]).await.ok().lines();
    assert_eq!(done[0]["corrections"], 0);
}

#[tokio::test]
async fn topic_rules_are_tried_and_measured_without_a_database() {
    let world = world().await;
    let tested = world.run(&["topic", "test", "Das Onlinezugangsgesetz im Landkreis"]).await.ok();
    assert!(tested.out.contains("ozg"), "{}", tested.out);
    assert!(world.run(&["topic", "list", "--json"]).await.ok().lines().len() >= 3);
    let file = world.folder.path().join("texte.jsonl");
    std::fs::write(
        &file,
        "{\"id\":\"1\",\"title\":\"Onlinezugangsgesetz\",\"text\":\"\",\"labels\":[\"ozg\"]}\n",
    )
    .unwrap();
    let figures =
        world.run(&["topic", "eval", file.to_str().unwrap(), "--json"]).await.ok().lines();
    has_keys(&figures[0], "topics micro macro");
    has_keys(&figures[0]["topics"]["ozg"], "precision recall f1");
    std::fs::write(&file, "kein json\n").unwrap();
    let broken = world.run(&["topic", "eval", file.to_str().unwrap()]).await;
    assert_eq!(broken.code, 2);
    assert!(broken.err.contains("texte.jsonl:1:"), "{}", broken.err);
    assert!(!world.var().exists());
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_is_no_fault() {
    let world = world().await;
    world.run(&["poll"]).await.ok();
    let show = ["items", "--json"];
    for arguments in [
        &show[..],
        &["config", "show"],
        &["config", "show", "--defaults"],
        &["completions", "bash"],
        &["--help"],
    ] {
        let mut command = world.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Closed before a byte is read.
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}: {err}");
        assert!(!err.contains("panicked") && !err.contains("error"), "{arguments:?}: {err}");
    }
}

#[tokio::test]
async fn config_show_masks_secrets_and_the_defaults_load() {
    let world = world().await;
    let secret = "streng-geheim-4711";
    std::fs::write(world.config().join("passwort"), secret).unwrap();
    world.write(
        "sources.toml",
        &world.source(
            "amt",
            &format!(
                "user = 'u'\npassword_file = 'passwort'\nheaders = {{ X-Token = '{secret}' }}"
            ),
        ),
    );
    let mut command = world.command(&["config", "show"]);
    command.env("AMTSBOTE_KEY", "q".repeat(52)).env("AMTSBOTE_SMTP_PASSWORD", secret);
    let shown: Said = command.output().unwrap().into();
    let shown = shown.ok();
    assert!(!shown.out.contains(secret) && !shown.out.contains("qqqq"), "{}", shown.out);
    assert!(shown.out.contains("[[source]]"));
    let defaults = world.run(&["config", "show", "--defaults"]).await.ok().out;
    std::fs::remove_file(world.config().join("sources.toml")).unwrap();
    std::fs::remove_file(world.config().join("topics.toml")).unwrap();
    world.write("amtsbote.toml", &defaults);
    let checked = world.run(&["check"]).await.ok();
    assert!(checked.out.contains("is sound"), "{}", checked.out);
}

#[tokio::test]
async fn a_data_folder_of_another_user_is_refused_with_the_command_to_use() {
    let world = world().await;
    std::fs::create_dir(world.var()).unwrap();
    if std::os::unix::fs::chown(world.var(), Some(4711), None).is_err() {
        return; // only root can make a stranger's folder
    }
    let refused = world.run(&["items"]).await;
    assert_eq!((refused.code, refused.out.as_str()), (2, ""));
    assert!(refused.err.contains("belongs to user 4711"), "{}", refused.err);
    assert!(refused.err.contains("sudo -u '#4711' amtsbote"), "{}", refused.err);
    assert_eq!(std::fs::read_dir(world.var()).unwrap().count(), 0, "nothing was made");
}

#[tokio::test]
async fn the_nights_of_summer_and_winter_time_fire_each_civil_slot_once() {
    let world = World::new("täglich 02:30").await;
    let plan = async |from: &str, to: &str| -> Vec<String> {
        let said = world
            .run(&["digest", "plan", "taeglich", "--from", from, "--to", to, "--json"])
            .await
            .ok();
        said.lines().iter().map(|line| line["due"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        plan("2026-03-28", "2026-03-31").await,
        ["2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]
    );
    assert_eq!(
        plan("2026-10-24", "2026-10-27").await,
        ["2026-10-24T02:30:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
    );
    world.write("amtsbote.toml", &main_file("arbeitstags 07:00"));
    // Good Friday and Easter Monday.
    assert_eq!(
        plan("2026-04-02", "2026-04-08").await,
        ["2026-04-02T07:00:00+02:00", "2026-04-07T07:00:00+02:00"]
    );
    assert_eq!(
        world
            .run(&["digest", "plan", "taeglich", "--from", "morgen", "--to", "2026-01-01"])
            .await
            .code,
        2
    );
}

#[tokio::test]
async fn a_key_that_cannot_be_read_stops_the_start_with_the_remedy() {
    let world = world().await;
    world.run(&["poll"]).await.ok();
    let key = world.var().join("secret.key");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&key).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let files = std::fs::read_dir(world.var()).unwrap();
    let names: Vec<_> = files.map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.starts_with("secret.new")), "{names:?}");
    std::fs::write(&key, "half a k").unwrap();
    for command in [&["run"][..], &["items"]] {
        let refused = world.run(command).await;
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.err.contains("hint: restore `secret.key`"), "{}", refused.err);
        assert!(!refused.err.contains("half a k"));
    }
}

#[tokio::test]
async fn the_seed_is_found_explained_and_mailed_exactly_once() {
    let seed = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/seed.txt"),
    )
    .unwrap();
    let (title, body) = seed.split_once('\n').unwrap();
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let html: String = body.lines().map(|line| format!("<p>{}</p>", escape(line))).collect();
    let seed = Entry {
        guid: "tx|2348.6526.1".to_owned(),
        link: "https://www.kommunales.test/index.php?La=1&amp;object=tx%7C2348.6526.1".to_owned(),
        title: escape(title),
        date: "Wed, 17 Dec 2025 09:00:00 +0100".to_owned(),
        text: escape(&html),
    };
    let other = Entry { title: "Winterdienst im Harz".to_owned(), ..entry(2) };
    let feed = rss(&[seed.clone(), other.clone()]);
    let world = World::new(NEVER).await;
    world.write("sources.toml", &world.source("sgsa", "initial = 'all'\nrank = 2"));
    world.serve("sgsa", &feed);
    world.serve("sgsa", &feed);
    world.serve("sgsa", &rss(&[other, seed]));
    world
        .run(&[
            "subscriber",
            "add",
            "leserin@stadt.test",
            "--series",
            "taeglich",
            "--reason",
            "Test",
        ])
        .await
        .ok();
    world.run(&["poll"]).await.ok();

    let items = world.run(&["items", "--json", "--search", "Nachterstedt"]).await.ok().lines();
    assert_eq!(items.len(), 1);
    let topics: Vec<&str> =
        items[0]["topics"].as_array().unwrap().iter().map(|t| t["id"].as_str().unwrap()).collect();
    for topic in ["ozg", "central-services", "transformation"] {
        assert!(topics.contains(&topic), "{topic} is not in {topics:?}");
    }
    let explained = world.run(&["explain", items[0]["id"].as_str().unwrap()]).await.ok().out;
    for words in
        ["„Onlinezugangsgesetzes“", "„zentralen Serviceangebotes“", "„digitale Transformation“"]
    {
        assert!(explained.to_lowercase().contains(&words.to_lowercase()), "{words}: {explained}");
    }

    world.run(&["digest", "send", "taeglich", "--now", "--yes"]).await.ok();
    let mails = world.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].1.matches("X-Envelope-To: <leserin@stadt.test>").count(), 1);
    // Polled again as it was, by a new process, and in another order.
    for _ in 0..3 {
        world.run(&["poll", "--force"]).await.ok();
        let sent = world.run(&["digest", "send", "taeglich", "--now", "--yes"]).await.ok();
        assert_eq!(sent.out, "nothing to tell, no mail\n");
    }
    assert_eq!(world.mails().len(), 1);
    assert_eq!(world.feeds.asked().len(), 4);
}

/// Runs `pdf-text` on these bytes.
fn run_pdf_text(bytes: &[u8]) -> std::process::Output {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_amtsbote"))
        .arg("pdf-text")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // It may not even write into a file that it was handed.
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    child.wait_with_output().unwrap()
}

fn pdf_text(bytes: &[u8]) -> serde_json::Value {
    let said = String::from_utf8(run_pdf_text(bytes).stdout).unwrap();
    serde_json::from_str(said.lines().next_back().unwrap()).unwrap()
}

/// A PDF of one page with this content.
fn pdf_of(content: &[u8], filter: &str) -> Vec<u8> {
    let objects = [
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec(),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>".to_vec(),
        [format!("<</Length {}{filter}>>stream\n", content.len()).as_bytes(), content, b"\nendstream"].concat(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_vec(),
    ];
    let mut pdf = b"%PDF-1.4\n".to_vec();
    let mut places = String::from("0000000000 65535 f \n");
    for (number, object) in (1..).zip(&objects) {
        places += &format!("{:010} 00000 n \n", pdf.len());
        pdf.extend([format!("{number} 0 obj").as_bytes(), object, b"endobj\n"].concat());
    }
    let begin = pdf.len();
    let end =
        format!("xref\n0 6\n{places}trailer<</Size 6/Root 1 0 R>>\nstartxref\n{begin}\n%%EOF\n");
    pdf.extend(end.as_bytes());
    pdf
}

#[test]
fn a_pdf_that_unpacks_to_more_than_its_memory_ends_its_own_process() {
    use std::io::Write as _;
    use std::os::unix::process::ExitStatusExt as _;
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..700 {
        packed.write_all(&blanks).unwrap();
    }
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 1 << 20, "700 MiB in less than one");
    let output = run_pdf_text(&pdf_of(&packed, "/Filter/FlateDecode"));
    // SIGABRT: memory was refused.
    assert_eq!(output.status.signal(), Some(6));
    assert!(output.stdout.is_empty());
}

#[test]
fn a_pdf_is_read_by_a_process_that_may_open_no_file() {
    let stream = "BT /F1 12 Tf 50 700 Td (Der Rat der Stadt hat das Portal beschlossen.) Tj ET";
    let pdf = pdf_of(stream.as_bytes(), "");
    let read = pdf_text(&pdf);
    assert_eq!(read["text"], "Der Rat der Stadt hat das Portal beschlossen.");
    assert_eq!((&read["pages"], &read["remark"]), (&1.into(), &serde_json::Value::Null));
    assert_eq!(pdf_text(&pdf[..200])["remark"], "nicht lesbar");
}
