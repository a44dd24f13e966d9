//! Before anyone gets mail: a test to one address, the question, and what the first day withholds.

use super::*;

async fn subscribed() -> World {
    let world = world().await;
    let choice = ["--series", "taeglich", "--reason", "Formular"];
    world.run(&[&["subscriber", "add", "leserin@stadt.test"][..], &choice].concat()).await.ok();
    world.run(&["poll"]).await.ok();
    world
}

#[tokio::test]
async fn a_test_goes_to_one_address_and_takes_nothing_from_the_readers() {
    let world = subscribed().await;
    for times in 1..=2 {
        let said = world.run(&["digest", "send", "taeglich", "--test", "chef@amt.test"]).await.ok();
        assert!(said.err.contains("[Test]"), "{said:?}");
        assert_eq!(world.mails().len(), times);
    }
    for (_, mail) in world.mails() {
        assert!(
            mail.contains("To: <chef@amt.test>") && mail.contains("=?UTF-8?Q?=5BTest=5D_"),
            "{mail}"
        );
    }
    let (name, _) = world.mails().remove(0);
    let file = world.var().join("mail/new").join(name);
    let said = world.run(&["explain", file.to_str().unwrap()]).await;
    assert!(said.err.contains("the mail is a test of one that is yet to come"), "{said:?}");
    let sent = world.run(&["digest", "send", "taeglich", "--now", "--yes", "--json"]).await.ok();
    assert_eq!(sent.lines()[0]["entries"], 3, "all of it is still to be told");
    let (_, mail) = world.mails().into_iter().find(|(_, mail)| mail.contains("leserin")).unwrap();
    assert!(!mail.contains("=5BTest=5D"), "{mail}");
    let list = world.run(&["digest", "list", "--json"]).await.ok().lines();
    assert_eq!(list.len(), 1, "a test is no digest");
}

#[tokio::test]
async fn without_a_terminal_and_without_yes_nobody_is_mailed() {
    let world = subscribed().await;
    let said = world.run(&["digest", "send", "taeglich", "--now"]).await;
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(said.err.contains("this would mail 1 reader of `taeglich` at once"), "{said:?}");
    assert!(said.err.contains("`--yes` says that you mean it"), "{said:?}");
    assert_eq!(world.mails().len(), 0);
    assert_eq!(world.run(&["digest", "send", "taeglich"]).await.code, 2, "to whom?");
}

#[tokio::test]
async fn on_the_first_day_a_preview_says_what_is_withheld() {
    let world = World::new(NEVER).await;
    world.write("sources.toml", &world.source("amt", ""));
    world.serve("amt", &rss(&entries(1..4)));
    world.run(&["poll"]).await.ok();
    for command in [
        &["digest", "preview", "taeglich"][..],
        &["item", "list", "--pending"],
        &["digest", "send", "taeglich", "--test", "chef@amt.test"],
    ] {
        let said = world.run(command).await.ok();
        assert!(said.err.contains("3 items with a topic are stored but not mailed"), "{said:?}");
        assert!(said.err.contains("`initial = \"none\"`"), "{said:?}");
    }
}
