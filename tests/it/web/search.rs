//! The search for readers.

use super::World;

#[tokio::test]
async fn a_search_marks_its_words_names_topics_and_sources_and_offers_itself_as_a_feed() {
    let world = World::new().await;
    let page = world.get("/?suche=rathaus").await.text;
    assert!(page.contains("OZG im <mark>Rathaus</mark>"));
    assert!(page.contains("href=\"/feeds/suche.atom?suche=rathaus\""));
    let feed = world.get("/feeds/suche.atom?suche=rathaus").await.text;
    assert!(feed.contains("<title>OZG im Rathaus</title>") && !feed.contains("<mark>"));
    assert!(feed.contains("rel=\"self\" type=\"application/atom+xml\" href=\"https://meldungen.example.de/feeds/suche.atom?suche=rathaus\""));
    assert!(world.get("/?suche=cloud").await.text.contains("Thema <a href=\"/thema/cloud\">Cloud"));
    assert!(world.get("/?suche=kitu").await.text.contains("Quelle <a href=\"/?quelle=kitu\">KITU"));
}

#[tokio::test]
async fn fields_narrow_a_search_and_stand_in_its_links() {
    let world = World::new().await;
    for (path, finds) in [
        ("/?suche=rathaus&thema=ozg", true),
        ("/?suche=rathaus&thema=cloud", false),
        ("/?suche=rathaus&quelle=kitu&zeitraum=7", true),
        ("/?quelle=kitu", true),
        ("/?thema=cloud&suche=", false),
    ] {
        let page = world.get(path).await.text;
        assert_eq!(page.contains("href=\"/meldung/1\""), finds, "{path}");
        assert!(page.contains("<select id=\"quelle\""), "{path}");
    }
    let narrowed = world.get("/?suche=rathaus&quelle=kitu").await.text;
    assert!(narrowed.contains("Suche nach „rathaus“, KITU"));
    assert!(narrowed.contains("/feeds/suche.atom?suche=rathaus&amp;quelle=kitu"));
    for path in ["/?quelle=fremd", "/?zeitraum=8", "/?suche=rathaus&seite=0", "/feeds/suche.atom"] {
        assert_eq!(world.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn what_is_misspelt_is_offered_as_it_may_have_been_meant() {
    let world = World::new().await;
    let page = world.get("/?suche=Rahtaus").await.text;
    assert!(page.contains("Meinten Sie <a href=\"/?suche=Rathaus\">Rathaus</a>?"), "{page}");
    assert!(!world.get("/?suche=gibtesnicht").await.text.contains("Meinten Sie"));
}
