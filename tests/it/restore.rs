//! A backup and the way back: what is refused, what is moved aside, what the
//! copy must learn, and the key that belongs to it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use amtsbote::daemon::Lock;
use rusqlite::Connection;
use serde_json::Value;

use crate::support::desk::{entries, rss};
use crate::support::world::{Said, World};

const NEVER: &str = "0 0 3 1 1 *";

async fn subscriber(world: &World, verb: &str, address: &str) {
    let mut arguments = vec!["subscriber", verb, address];
    if verb == "add" {
        arguments.extend(["--series", "taeglich", "--reason", "Formular"]);
    }
    world.run(&arguments).await.ok();
}

/// Three readers, each with a mail, and a backup in which none of the mails is sent yet.
async fn backed_up() -> (World, PathBuf) {
    let world = World::new(NEVER).await;
    world.write("sources.toml", &world.source("amt", "initial = 'all'"));
    world.serve("amt", &rss(&entries(1..4)));
    for name in ["anna", "bodo", "clara"] {
        subscriber(&world, "add", &format!("{name}@stadt.test")).await;
    }
    world.run(&["poll"]).await.ok();
    world.run(&["digest", "send", "taeglich", "--now", "--yes"]).await.ok();
    let file = world.folder.path().join("sicherung.db");
    world.run(&["db", "backup", file.to_str().unwrap()]).await.ok();
    Connection::open(&file)
        .unwrap()
        .execute_batch(
            "update outbox set state = 'ready', instant = null where id = 1;
             update outbox set state = 'claimed' where id = 2;
             update outbox set state = 'deferred' where id = 3;",
        )
        .unwrap();
    (world, file)
}

async fn restore(world: &World, file: &Path, more: &[&str]) -> Said {
    world.run(&[&["db", "restore", file.to_str().unwrap()], more].concat()).await
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

async fn addresses(world: &World) -> Vec<String> {
    let lines = world.run(&["subscriber", "export", "--json"]).await.ok().lines();
    lines.iter().map(|line| line["address"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_restored_backup_holds_what_it_believes_unsent_and_repeats_every_departure() {
    let (world, file) = backed_up().await;
    subscriber(&world, "remove", "anna@stadt.test").await;
    subscriber(&world, "forget", "bodo@stadt.test").await;
    let said = restore(&world, &file, &["--json"]).await.ok().lines();
    assert_eq!(
        (&said[0]["held"], &said[0]["left"], &said[0]["forgotten"], &said[0]["key"]),
        (&1.into(), &1.into(), &1.into(), &Value::from("stays"))
    );
    assert!(said[0]["unread"].is_null());
    let aside = PathBuf::from(said[0]["aside"].as_str().unwrap());
    assert!(aside.exists());
    assert_eq!(mode(&world.var().join("amtsbote.db")), 0o600);
    assert_eq!(addresses(&world).await, ["clara@stadt.test"]);
    let proof = world.run(&["subscriber", "proof", "bodo@stadt.test", "--json"]).await.ok().lines();
    assert_eq!((proof.len(), &proof[0]["state"]), (1, &Value::from("forgotten")));
    let proof = world.run(&["subscriber", "proof", "anna@stadt.test", "--json"]).await.ok().lines();
    assert_eq!(proof[0]["left_by"], "operator");
    let mails = world.run(&["outbox", "list", "--json"]).await.ok().lines();
    let states: Vec<&str> = mails.iter().map(|mail| mail["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["held", "dead", "dead"]);
    let files = std::fs::read_dir(world.var()).unwrap();
    let names: Vec<_> = files.map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.contains("restoring")), "{names:?}");

    let again = restore(&world, &file, &[]).await.ok().out;
    for told in ["is in place", "the database of before is `", "1 held: they may have been sent"] {
        assert!(again.contains(told), "{told} is not in {again}");
    }
    world.run(&["db", "check"]).await.ok();
}

#[tokio::test]
async fn who_came_back_before_the_backup_does_not_leave_by_a_departure_of_before() {
    let world = World::new(NEVER).await;
    for verb in ["add", "remove", "add"] {
        subscriber(&world, verb, "anna@stadt.test").await;
    }
    let file = world.folder.path().join("sicherung.db");
    world.run(&["db", "backup", file.to_str().unwrap()]).await.ok();
    restore(&world, &file, &[]).await.ok();
    assert_eq!(addresses(&world).await, ["anna@stadt.test"]);
}

#[tokio::test]
async fn a_running_service_a_foreign_a_damaged_and_a_newer_file_are_refused_untouched() {
    let (world, file) = backed_up().await;
    let present = std::fs::read(world.var().join("amtsbote.db")).unwrap();
    {
        let _lock = Lock::take(&world.var()).unwrap();
        let said = restore(&world, &file, &[]).await;
        assert_eq!((said.code, said.out.as_str()), (1, ""));
        assert!(said.err.contains("hint: stop it with `systemctl stop amtsbote`"), "{}", said.err);
    }
    let other = world.folder.path().join("anderes.db");
    Connection::open(&other).unwrap().execute_batch("create table fremd (a)").unwrap();
    let newer = world.folder.path().join("neuer.db");
    std::fs::copy(&file, &newer).unwrap();
    Connection::open(&newer).unwrap().pragma_update(None, "user_version", 9999).unwrap();
    let torn = world.folder.path().join("zerrissen.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(7);
    std::fs::write(&torn, bytes).unwrap();
    let empty = world.folder.path().join("leer.db");
    std::fs::write(&empty, "").unwrap();
    let trapped = world.folder.path().join("falle.db");
    std::fs::copy(&file, &trapped).unwrap();
    Connection::open(&trapped)
        .unwrap()
        .execute_batch("create trigger t after insert on items begin delete from subscribers; end")
        .unwrap();
    let poorer = world.folder.path().join("aermer.db");
    std::fs::copy(&file, &poorer).unwrap();
    Connection::open(&poorer).unwrap().execute_batch("drop index items_by_moment").unwrap();
    for (file, told, code) in [
        (&trapped, "the schema is not ours: the trigger `t` is unknown", 1),
        (&poorer, "the schema is not ours: the index `items_by_moment` is missing", 1),
        (&other, "is not a database of amtsbote", 1),
        (&empty, "is not a database of amtsbote", 1),
        (&newer, "schema 9999", 1),
        (&torn, "the database is damaged", 1),
        (&world.folder.path().join("nirgends.db"), "there is no file", 2),
    ] {
        let said = restore(&world, file, &[]).await;
        assert_eq!((said.code, said.out.as_str()), (code, ""), "{said:?}");
        assert!(said.err.contains(told), "{told} is not in {}", said.err);
    }
    assert_eq!(std::fs::read(world.var().join("amtsbote.db")).unwrap(), present);
    assert_eq!(addresses(&world).await.len(), 3);
}

#[tokio::test]
async fn a_damaged_database_is_moved_aside_and_it_is_said_what_could_not_be_read() {
    let (world, file) = backed_up().await;
    std::fs::write(world.var().join("amtsbote.db"), "kaputt ".repeat(999)).unwrap();
    let said = restore(&world, &file, &[]).await.ok();
    assert!(said.out.contains("it cannot be read (the database is damaged"), "{}", said.out);
    assert_eq!(addresses(&world).await.len(), 3);
    world.run(&["outbox", "drop", "--state", "held"]).await.ok();
}

#[tokio::test]
async fn the_key_goes_with_the_backup_and_comes_back_with_it() {
    let (world, file) = backed_up().await;
    let beside = world.folder.path().join("sicherung.db.key");
    let key = |world: &World| std::fs::read_to_string(world.var().join("secret.key")).unwrap();
    assert_eq!(std::fs::read_to_string(&beside).unwrap(), key(&world));
    assert_eq!((mode(&beside), mode(&file)), (0o600, 0o600));
    let bare = world.folder.path().join("ohne.db");
    world.run(&["db", "backup", bare.to_str().unwrap(), "--no-key"]).await.ok();
    assert!(!world.folder.path().join("ohne.db.key").exists());

    // A new machine, then one that was started once and has made a key of its own.
    let new = World::new(NEVER).await;
    let said = restore(&new, &file, &["--json"]).await.ok().lines();
    assert_eq!((&said[0]["key"], &said[0]["aside"]), (&Value::from("taken"), &Value::Null));
    assert_eq!(key(&new), key(&world));
    assert_eq!(mode(&new.var().join("secret.key")), 0o600);
    let started = World::new(NEVER).await;
    started.run(&["db", "migrate"]).await.ok();
    let said = restore(&started, &bare, &["--json"]).await.ok().lines();
    assert_eq!(said[0]["key"], "foreign");
    // The links were made anew with the key that is there: the service starts.
    started.run(&["items"]).await.ok();
    let said = restore(&started, &file, &["--json"]).await.ok().lines();
    assert_eq!(said[0]["key"], "taken");
    assert_eq!(key(&started), key(&world));
    assert_eq!(addresses(&started).await.len(), 3);

    let without = World::new(NEVER).await;
    let said = restore(&without, &bare, &[]).await;
    assert_eq!(said.code, 1);
    assert!(said.err.contains("there is no signing key"), "{}", said.err);
    assert!(!without.var().join("amtsbote.db").exists());
}

#[tokio::test]
async fn a_backup_follows_no_link_and_another_key_is_refused_until_links_are_made_anew() {
    let (world, _) = backed_up().await;
    let (link, target) = (world.folder.path().join("link.db"), world.folder.path().join("ziel.db"));
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let said = world.run(&["db", "backup", link.to_str().unwrap(), "--no-key"]).await;
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("cannot be made") && !target.exists(), "{}", said.err);

    let key = world.var().join("secret.key");
    std::fs::write(&key, "7".repeat(64)).unwrap();
    for command in [&["run"][..], &["items"], &["poll"]] {
        let said = world.run(command).await;
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.err.contains("the signing key is not the one"), "{}", said.err);
        assert!(said.err.contains("hint: hand over the key that the service has"), "{}", said.err);
    }
    let said = world.run(&["db", "rekey"]).await.ok();
    assert_eq!(said.out, "the links of 3 readers were made anew\n");
    world.run(&["items"]).await.ok();
}

#[tokio::test]
async fn a_copy_needs_no_secret_but_the_key_and_no_config_but_where_the_data_is() {
    let (world, _) = backed_up().await;
    // The timer's process has not the credentials of the service.
    std::fs::create_dir(world.config().join("conf.d")).unwrap();
    world.write("conf.d/mail.toml", "[mail.smtp]\nusername = \"x\"\npassword_file = \"%d/x\"\n");
    assert_eq!(world.run(&["check"]).await.code, 2);
    let folder = world.folder.path().join("copies");
    let said =
        world.run(&["db", "backup", "--dir", folder.to_str().unwrap(), "--keep", "1"]).await.ok();
    let [copy, key] = <[&str; 2]>::try_from(said.out.lines().collect::<Vec<_>>()).unwrap();
    assert!(key.starts_with(copy) && Path::new(key).is_file(), "{}", said.out);
    std::fs::remove_file(world.config().join("conf.d/mail.toml")).unwrap();
    restore(&world, Path::new(copy), &[]).await.ok();
    assert_eq!(addresses(&world).await.len(), 3);
}
