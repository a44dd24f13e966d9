//! Subscribers at the operator's hand: lists in and out, proof, and being forgotten.

use serde_json::Value;

use crate::support::desk::{entries, rss};
use crate::support::world::{Said, World};

const NEVER: &str = "0 0 3 1 1 *";
const ANNA: &str = "anna@stadt.test";

async fn world() -> World {
    let world = World::new(NEVER).await;
    world.write("sources.toml", &world.source("amt", "initial = 'all'"));
    world.serve("amt", &rss(&entries(1..4)));
    world
}

async fn import(world: &World, text: &str, more: &[&str]) -> Said {
    let file = world.folder.path().join("liste.csv");
    std::fs::write(&file, text).unwrap();
    let arguments = [&["subscriber", "import", file.to_str().unwrap()], more].concat();
    world.run(&arguments).await
}

async fn subscriber(world: &World, verb: &str, address: &str) -> Said {
    world.run(&["subscriber", verb, address]).await
}

async fn add(world: &World, address: &str) -> Said {
    let series = ["--series", "taeglich", "--reason", "Formular"];
    world.run(&[&["subscriber", "add", address][..], &series].concat()).await
}

/// Every byte of the data folder, as far as a word could be found in it.
fn is_anywhere(world: &World, word: &str) -> bool {
    let files = std::fs::read_dir(world.var()).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).any(|path| {
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(word.len()).any(|window| window == word.as_bytes())
    })
}

#[tokio::test]
async fn a_list_is_taken_as_far_as_it_is_good_and_every_problem_has_its_line() {
    let world = world().await;
    add(&world, "da@stadt.test").await.ok();
    let said = import(
        &world,
        "address,series,topics,reason\n\
         anna@stadt.test,taeglich,ozg,Formular vom 3.11.\n\
         kein-at,taglich,ozgg,x\n\
         DA@stadt.test,taeglich,,Liste\n\
         bodo@stadt.test,taeglich,,Formular\n",
        &[],
    )
    .await;
    // Rows are counted, not what is wrong with them.
    assert_eq!(said.code, 1);
    assert_eq!(said.out, "2 added, 1 subscribed already, 1 refused\n");
    for told in [
        "liste.csv:3: `kein-at` is no mail address",
        "liste.csv:3: there is no series `taglich`, did you mean `taeglich`?",
        "liste.csv:3: there is no topic `ozgg`, did you mean `ozg`?",
        "liste.csv:4: subscribed already (active), left as it is",
    ] {
        assert!(said.err.contains(told), "{told} is not in {}", said.err);
    }
    let proof = world.run(&["subscriber", "proof", ANNA, "--json"]).await.ok().lines();
    assert_eq!(
        (&proof[0]["origin"], &proof[0]["reason"], &proof[0]["topics"][0]),
        (&Value::from("import"), &Value::from("Formular vom 3.11."), &Value::from("ozg"))
    );
    let other = subscriber(&world, "proof", "da@stadt.test").await.ok();
    assert!(other.out.contains("Formular") && !other.out.contains("Liste"), "{}", other.out);
    let no_list = import(&world, "adresse,series,topics,reason\n", &[]).await;
    assert_eq!((no_list.code, no_list.out.as_str()), (2, ""));
    assert!(no_list.err.contains("liste.csv:1: the header row lacks `address`"), "{}", no_list.err);
}

#[tokio::test]
async fn another_spelling_of_a_subscribed_mailbox_is_not_added() {
    let world = world().await;
    add(&world, "anna+presse@stadt.test").await.ok();
    for spelling in ["Anna@stadt.test", "anna+amt@STADT.test"] {
        let said = add(&world, spelling).await;
        assert_eq!(said.code, 2, "{spelling}");
        assert!(said.err.contains("another spelling"), "{}", said.err);
    }
    assert_eq!(world.run(&["subscriber", "export", "--json"]).await.ok().lines().len(), 1);
}

#[tokio::test]
async fn what_is_exported_can_be_imported_elsewhere() {
    let world = world().await;
    let list = "address,series,topics,reason\n\
        anna@stadt.test,taeglich,\"ozg,transformation\",\"Formular, \"\"eigenes\"\"\"\n\
        bodo@stadt.test,taeglich,,Brief\n";
    import(&world, list, &[]).await.ok();
    let exported = world.run(&["subscriber", "export"]).await.ok().out;
    assert!(exported.starts_with("address,series,topics,reason,state,"), "{exported}");
    let lines = world.run(&["subscriber", "export", "--json"]).await.ok().lines();
    assert_eq!((lines.len(), &lines[0]["address"]), (2, &Value::from(ANNA)));

    let other = self::world().await;
    let said = import(&other, &exported, &["--json"]).await.ok();
    assert_eq!(said.lines()[0]["added"], 2);
    let of = |lines: Vec<Value>| -> Vec<String> {
        let words = |l: &Value| format!("{} {} {}", l["address"], l["topics"], l["reason"]);
        lines.iter().map(words).collect()
    };
    let there = other.run(&["subscriber", "export", "--json"]).await.ok().lines();
    assert_eq!(of(there), of(lines));
    let again = import(&other, &exported, &[]).await.ok();
    assert_eq!(again.out, "0 added, 2 subscribed already, 0 refused\n");
}

#[tokio::test]
async fn who_left_is_proven_without_an_address_and_no_list_brings_them_back() {
    let world = world().await;
    add(&world, ANNA).await.ok();
    subscriber(&world, "remove", ANNA).await.ok();
    assert!(!is_anywhere(&world, ANNA));
    let proof = subscriber(&world, "proof", "Anna@Stadt.test").await.ok().out;
    for told in ["(erased; found by its keyed hash)", "left", "(operator)", "Formular"] {
        assert!(proof.contains(told), "{told} is not in {proof}");
    }
    let list = "address,series,topics,reason\nanna@stadt.test,taeglich,,alte Liste\n";
    let said = import(&world, list, &[]).await;
    assert_eq!((said.code, said.out.as_str()), (1, "0 added, 0 subscribed already, 1 refused\n"));
    assert!(said.err.contains("liste.csv:2: left on "), "{}", said.err);
    assert!(said.err.contains("`amtsbote subscriber add`"), "{}", said.err);
    add(&world, ANNA).await.ok();
    let both = world.run(&["subscriber", "proof", ANNA, "--json"]).await.ok().lines();
    assert_eq!((&both[0]["state"], &both[1]["state"]), (&"left".into(), &"active".into()));
    assert_eq!(subscriber(&world, "proof", "niemand@stadt.test").await.code, 2);
}

#[tokio::test]
async fn who_is_forgotten_leaves_a_keyed_hash_and_nothing_else() {
    let world = world().await;
    add(&world, ANNA).await.ok();
    add(&world, "bodo@stadt.test").await.ok();
    world.run(&["poll"]).await.ok();
    world.run(&["digest", "send", "taeglich", "--now", "--yes"]).await.ok();
    // Once they left and came back: both proofs go.
    subscriber(&world, "remove", ANNA).await.ok();
    add(&world, ANNA).await.ok();
    let said = subscriber(&world, "forget", ANNA).await.ok();
    assert_eq!(
        said.out,
        "erased: address, choice and proof of 2 subscriptions, the bytes of 0 mails, 0 returned mails\n"
    );
    assert!(!is_anywhere(&world, ANNA));
    let bodo = world.run(&["subscriber", "forget", "bodo@stadt.test", "--json"]).await.ok();
    assert_eq!(
        (&bodo.lines()[0]["mails"], &bodo.lines()[0]["subscriptions"]),
        (&1.into(), &1.into())
    );
    assert!(!is_anywhere(&world, "bodo@"));
    assert_eq!(world.run(&["subscriber", "list", "--json"]).await.ok().out, "");

    let again = subscriber(&world, "forget", ANNA).await;
    assert_eq!(again.code, 2, "{again:?}");
    let proof = world.run(&["subscriber", "proof", ANNA, "--json"]).await.ok().lines();
    assert_eq!((proof.len(), &proof[0]["state"]), (1, &Value::from("forgotten")));
    let list = "address,series,topics,reason\nanna@stadt.test,taeglich,,alte Liste\n";
    let said = import(&world, list, &[]).await;
    assert_eq!(said.code, 1);
    assert!(said.err.contains("liste.csv:2: asked to be forgotten on "), "{}", said.err);
    let back = add(&world, ANNA).await.ok();
    assert!(back.err.contains("had asked to be forgotten"), "{}", back.err);
    assert!(!subscriber(&world, "proof", ANNA).await.ok().out.contains("forgotten"));
}

#[tokio::test]
async fn the_office_changes_a_choice_and_the_consent_stays_with_the_change_beside_it() {
    let world = world().await;
    add(&world, ANNA).await.ok();
    let set = async |more: &[&str]| {
        world.run(&[&["subscriber", "set", ANNA, "--reason", "Anruf"], more].concat()).await
    };
    assert_eq!(set(&["--topics", "ozg"]).await.ok().out, "subscriber 1: changed\n");
    assert_eq!(set(&["--topics", "ozg"]).await.ok().out, "subscriber 1: nothing to change\n");
    assert_eq!(set(&["--topics", "ozk"]).await.code, 2);
    assert_eq!(set(&[]).await.code, 2, "something must be set");
    let proof = world.run(&["subscriber", "proof", ANNA, "--json"]).await.ok().lines().remove(0);
    assert_eq!(proof["reason"], "Formular", "the consent is the one they gave");
    assert_eq!(proof["topics"][0], "ozg");
    let change = &proof["changes"][0];
    assert_eq!(
        (&change["words"], &change["reason"]),
        (&"topics all → ozg".into(), &"Anruf".into())
    );
    set(&["--all-topics"]).await.ok();
    let listed = world.run(&["subscriber", "list", "--json"]).await.ok().lines().remove(0);
    assert_eq!(listed["topics"], serde_json::json!([]));
    world.run(&["subscriber", "forget", ANNA]).await.ok();
    assert!(!is_anywhere(&world, "Anruf"), "what is forgotten leaves no reason");
}

#[tokio::test]
async fn a_series_that_is_gone_is_noticed_and_its_readers_are_moved() {
    let world = world().await;
    add(&world, ANNA).await.ok();
    let quiet = world.run(&["check"]).await.ok();
    assert!(!quiet.err.contains("reader"), "{quiet:?}");
    let file = world.config().join("amtsbote.toml");
    let text = std::fs::read_to_string(&file).unwrap().replace("\"taeglich\"", "\"morgens\"");
    std::fs::write(&file, text).unwrap();
    let told = "1 reader of a series that is gone: `taeglich`";
    let said = world.run(&["check"]).await.ok();
    let remedy = "`amtsbote subscriber move --series OLD NEW`";
    assert!(said.err.contains(&format!("warning: {told}: {remedy}")), "{said:?}");
    let status = world.run(&["status", "--json"]).await.lines().remove(0);
    let codes: Vec<&Value> =
        status["findings"].as_array().unwrap().iter().map(|finding| &finding["code"]).collect();
    assert!(codes.contains(&&Value::from("readers-lost")), "{status}");
    let wrong = world.run(&["subscriber", "move", "--series", "taeglich", "morgen"]).await;
    assert!(wrong.code == 2 && wrong.err.contains("did you mean `morgens`?"), "{wrong:?}");
    let moved = world.run(&["subscriber", "move", "--series", "taeglich", "morgens"]).await.ok();
    assert_eq!(moved.out, "1 reader moved\n");
    assert!(!world.run(&["check"]).await.ok().err.contains("reader"));
    let proof = world.run(&["subscriber", "proof", ANNA]).await.ok().out;
    assert!(proof.contains("series taeglich → morgens (renamed in the config)"), "{proof}");
}
