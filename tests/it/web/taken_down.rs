//! What the editor took down is nowhere to be read.

use amtsbote::desk::{self, Deed};
use amtsbote::model::ItemId;

use super::*;

async fn act(world: &World, id: i64, deed: Deed) {
    desk::act(&world.ctx, ItemId(id), deed, false, "auf Bitte").await.unwrap();
}

#[tokio::test]
async fn a_hidden_item_is_on_no_page_in_no_feed_and_in_no_search() {
    let world = World::new().await;
    world.subscriber("a@x.example").await;
    world.pass(Duration::from_hours(1));
    world.digest().await;
    let everywhere = [
        "/",
        "/thema/ozg",
        "/feeds/alle.atom",
        "/feeds/ozg.atom",
        "/?suche=rathaus",
        "/d/2025-12-09-taeglich",
    ];
    let read =
        async |path: &str| world.get(path).await.text.replace("<mark>", "").replace("</mark>", "");
    for path in everywhere {
        assert!(read(path).await.contains("OZG im Rathaus"), "{path}");
    }
    act(&world, 1, Deed::Hide).await;
    for path in everywhere {
        let page = read(path).await;
        assert!(
            !page.contains("OZG im Rathaus") && !page.contains("kitu.example/1"),
            "{path}: {page}"
        );
    }
    let gone = world.get("/meldung/1").await;
    assert_eq!(gone.status, StatusCode::GONE);
    assert!(!gone.text.contains("OZG im Rathaus"), "{}", gone.text);
    assert_eq!(world.get("/meldung/1.ics").await.status, StatusCode::NOT_FOUND);
    let archived = world.get("/d/2025-12-09-taeglich").await.text.replace('\u{a0}', " ");
    assert!(archived.contains("Entfernt am 9. Dezember 2025"), "{archived}");
    // The other report of the story leads it now.
    assert!(world.get("/feeds/alle.atom?alles=1").await.text.contains("OZG anderswo"));

    act(&world, 1, Deed::Show).await;
    let read =
        async |path: &str| world.get(path).await.text.replace("<mark>", "").replace("</mark>", "");
    for path in everywhere {
        assert!(read(path).await.contains("OZG im Rathaus"), "{path}");
    }
}

#[tokio::test]
async fn the_note_of_the_editor_stands_marked_on_the_page_and_in_the_mail() {
    let world = World::new().await;
    world.subscriber("a@x.example").await;
    act(&world, 1, Deed::Note("Gilt <auch> hier.".into())).await;
    let marked = "Anmerkung der Redaktion: Gilt &lt;auch&gt; hier.";
    let page = world.get("/meldung/1").await.text;
    assert!(page.contains(marked), "{page}");
    world.pass(Duration::from_hours(1));
    world.digest().await;
    assert!(world.get("/d/2025-12-09-taeglich").await.text.contains(marked));
    let mails = world.mails().await;
    let mail = MessageParser::default().parse(&mails[0].2).unwrap();
    let text = mail.body_text(0).unwrap().replace('\u{a0}', " ");
    assert!(text.contains("Anmerkung der Redaktion: Gilt <auch> hier."), "{text}");
}

#[tokio::test]
async fn a_story_has_the_topics_of_all_who_report_it_whoever_leads() {
    let world = World::new().await;
    // The authority's short report has no topic of its own.
    let write = |sql: &'static str| world.ctx.store.write(move |tx| Ok(tx.execute_batch(sql)?));
    write("update sources set rank = 1 where id = 'alt'").await.unwrap();
    for path in ["/", "/thema/ozg", "/feeds/alle.atom", "/feeds/ozg.atom"] {
        let page = world.get(path).await.text;
        assert!(
            page.contains("OZG anderswo") && !page.contains("OZG im Rathaus"),
            "{path}: {page}"
        );
    }
    act(&world, 1, Deed::Hide).await;
    // What gave it the topic is gone; who asks for everything still finds the rest.
    assert!(!world.get("/").await.text.contains("OZG anderswo"));
    assert!(world.get("/?alles=1").await.text.contains("OZG anderswo"));
}

#[tokio::test]
async fn the_page_of_an_item_says_what_it_said_before_and_its_number() {
    let world = World::new().await;
    assert!(!world.get("/meldung/1").await.text.contains("Frühere Fassungen"));
    world
        .ctx
        .store
        .write(|tx| {
            let at = amtsbote::model::Timestamp(START + 86_400_000);
            amtsbote::store::items::tell_change(tx, ItemId(1), at, "Frist: 31. März → <15.> April")
        })
        .await
        .unwrap();
    let page = world.get("/meldung/1").await.text.replace('\u{a0}', " ");
    assert!(page.contains("Frühere Fassungen"), "{page}");
    assert!(
        page.contains(">10. Dezember 2025</time>: Frist: 31. März → &lt;15.&gt; April"),
        "{page}"
    );
    assert!(page.contains("Meldung Nr. 1"), "{page}");
}
