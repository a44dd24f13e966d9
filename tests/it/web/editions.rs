//! What a mail leaves out stands on the page of its digest.

use amtsbote::model::ItemId;

use super::*;
use crate::support::service::News;

/// Stores `count` more items of the topics, numbered from `from`, each a story of its own, a
/// minute apart.
pub(super) async fn report(
    world: &World,
    from: usize,
    count: usize,
    topics: &[&str],
) -> Vec<ItemId> {
    let mut ids = Vec::new();
    for number in from..from + count {
        let at = Timestamp(START + 60_000 * i64::try_from(number).unwrap());
        let title = format!("Bericht {number}");
        let news = News { source: "kitu", number, title, topics, at, joins: None };
        ids.push(news.store(&world.ctx, &world.plan).await);
    }
    ids
}

#[tokio::test]
async fn what_a_mail_left_out_stands_on_the_page_of_its_digest() {
    let world = World::new().await;
    world.subscriber("a@x.example").await;
    report(&world, 10, 14, &["ozg"]).await;
    world.pass(Duration::from_hours(1));
    world.digest().await;
    let mails = world.mails().await;
    let mail = MessageParser::default().parse(&mails[0].2).unwrap();
    let text = mail.body_text(0).unwrap().replace('\u{a0}', " ");
    assert_eq!(
        text.matches("\nBericht ").count() + text.matches(" Bericht ").count(),
        10,
        "{text}"
    );
    let links = links(&mails[0].2);
    let link = links.iter().find(|link| link.contains("weitere=")).unwrap().replace("&amp;", "&");
    assert_eq!(link, "/d/2025-12-09-taeglich?thema=ozg&weitere=ozg&nach=10");
    let rest = world.get(&link).await;
    assert_eq!(rest.status, StatusCode::OK);
    let whole = world.get("/d/2025-12-09-taeglich?thema=ozg").await.text;
    let mut left_out = 0;
    for id in 10..24 {
        let words = format!("Bericht {id}<");
        let is_in_mail = text.contains(&format!(" Bericht {id}\r\n"));
        assert!(whole.contains(&words), "{id}: {whole}");
        // The page behind the link has what the mail has not, and nothing else.
        assert_eq!(rest.text.contains(&words), !is_in_mail, "{id}: {}", rest.text);
        left_out += usize::from(!is_in_mail);
    }
    assert!(left_out >= 4, "{text}");
    for path in ["weitere=nichts&nach=1", "weitere=ozg&nach=x", "weitere=ozg&nach=999"] {
        let path = format!("/d/2025-12-09-taeglich?{path}");
        assert_eq!(world.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_digest_can_be_read_by_topic_whatever_heading_an_item_stands_under() {
    let world = World::new().await;
    report(&world, 10, 1, &["ozg", "cloud"]).await;
    report(&world, 11, 1, &["cloud"]).await;
    world.pass(Duration::from_hours(1));
    world.digest().await;
    let page = |path: &'static str| async { world.get(path).await };
    let whole = page("/d/2025-12-09-taeglich").await.text;
    assert!(!whole.contains("Nur zu"));
    let cloud = page("/d/2025-12-09-taeglich?thema=cloud").await.text;
    for words in ["Bericht 10<", "Bericht 11<", "Nur zu Cloud.", "<title>Cloud, "] {
        assert!(cloud.contains(words), "{words}: {cloud}");
    }
    assert!(!cloud.contains("OZG im Rathaus"));
    for path in ["/d/2025-12-09-taeglich?thema=gibtsnicht", "/d/2025-12-09-taeglich?thema="] {
        assert_eq!(page(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_welcome_shows_the_newest_of_each_topic_and_no_backlog() {
    let world = World::new().await;
    report(&world, 10, 7, &["ozg"]).await;
    report(&world, 20, 7, &["cloud", "ozg"]).await;
    world
        .sign_up_from("192.0.2.1", "neu@x.example", "thema=ozg&thema=cloud&ausgabe=taeglich")
        .await;
    world.post(&world.confirm_path().await, "").await;
    let mails = world.mails().await;
    let mail = MessageParser::default().parse(&mails[1].2).unwrap();
    let text = mail.body_text(0).unwrap();
    let shown: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("- Bericht ")).collect();
    // Five of the one; of the other the five that do not stand there yet.
    assert_eq!(shown, ["26", "25", "24", "23", "22", "21", "20"], "{text}");
    assert_eq!(world.kinds().await, ["confirm", "welcome"]);
}

#[tokio::test]
async fn the_first_digest_begins_with_its_reader() {
    let world = World::new().await;
    world.digest().await;
    world.pass(Duration::from_mins(90));
    world.subscriber("spaet@x.example").await;
    world.pass(Duration::from_mins(10));
    report(&world, 200, 1, &["ozg"]).await;
    world.digest().await;
    let mails = world.mails().await;
    let mail = MessageParser::default().parse(&mails.last().unwrap().2).unwrap();
    let text = mail.body_text(0).unwrap().replace(['\u{a0}', '\n'], " ");
    assert!(text.contains("seit Dienstag, 9. Dezember, 8:32 Uhr."), "{text}");
}
