//! What is offered to who fills in the form again, is about to leave, or has left.

use super::*;

fn text(bytes: &[u8]) -> String {
    let mail = MessageParser::default().parse(bytes).unwrap();
    mail.body_text(0).unwrap().replace('\u{a0}', " ").replace("\r\n", "\n")
}

#[tokio::test]
async fn who_subscribes_again_with_another_choice_is_offered_it_by_mail_and_saves_it_there() {
    let world = World::new().await;
    let id = world.subscriber("a@x.example").await;
    world.sign_up_from("192.0.2.1", "a@x.example", "thema=cloud&ausgabe=wochen").await;
    let mails = world.mails().await;
    let words = text(&mails[0].2);
    assert!(words.contains("Diesmal wurde gewählt:") && words.contains("Der Woche"), "{words}");
    let offered = links(&mails[0].2).into_iter().find(|link| link.contains("?thema=")).unwrap();
    let before = world.dump().await;
    let page = world.get(&offered.replace("&amp;", "&")).await.text;
    assert!(page.contains("noch nicht gespeichert"));
    assert!(page.contains("value=\"cloud\" checked") && !page.contains("value=\"ozg\" checked"));
    assert_eq!(world.dump().await, before, "looking changes nothing");
    let path = offered.split('?').next().unwrap();
    world.post(path, "thema=cloud&ausgabe=wochen").await;
    let kept = world.ctx.store.read(move |tx| subscribers::get(tx, id)).await.unwrap().unwrap();
    assert_eq!(kept.series, [SeriesId::new("wochen")]);
    assert_eq!(kept.topics, [TopicId::new("cloud")]);
}

#[tokio::test]
async fn who_subscribes_again_with_the_same_choice_is_offered_nothing() {
    let world = World::new().await;
    world.subscriber("a@x.example").await;
    world.sign_up("a@x.example").await;
    let words = text(&world.mails().await[0].2);
    assert!(!words.contains("Diesmal wurde gewählt"), "{words}");
}

#[tokio::test]
async fn who_is_about_to_leave_may_stay_for_the_weekly_issue() {
    let world = World::new().await;
    let id = world.subscriber("a@x.example").await;
    world.digest().await;
    let mails = world.mails().await;
    let leave = links(&mails[0].2).into_iter().find(|link| link.starts_with("/a/")).unwrap();
    let page = world.get(&leave).await.text;
    assert!(page.contains(&format!("action=\"{leave}/seltener\"")) && page.contains("„Der Woche“"));
    let stays = world.post(&format!("{leave}/seltener"), "").await.text;
    assert!(stays.contains("nur noch „Der Woche“"), "{stays}");
    let kept = world.ctx.store.read(move |tx| subscribers::get(tx, id)).await.unwrap().unwrap();
    assert_eq!(kept.series, [SeriesId::new("wochen")]);
    assert_eq!(kept.topics, [TopicId::new("ozg")]);
    // Nothing is left to offer, and leaving is as before.
    assert!(!world.get(&leave).await.text.contains("/seltener"));
    let settings = links(&mails[0].2).into_iter().find(|link| link.starts_with("/e/")).unwrap();
    world.post(&leave, "").await;
    let gone = world.get(&settings).await;
    assert_eq!(gone.status, StatusCode::GONE);
    assert!(gone.text.contains("Sie sind abgemeldet"), "{}", gone.text);
}

#[tokio::test]
async fn the_form_shows_the_last_issue_and_a_mail_says_where_to_subscribe() {
    let world = World::new().await;
    world.subscriber("a@x.example").await;
    assert!(!world.get("/anmelden").await.text.contains("So sieht das aus"));
    world.digest().await;
    let form = world.get("/anmelden").await.text;
    assert!(form.contains("<a href=\"/d/2025-12-09-taeglich\">Am Morgen, 9."), "{form}");
    assert!(form.contains("freitags"), "how often");
    let words = text(&world.mails().await[0].2);
    assert!(words.contains("Selbst abonnieren:\nhttps://meldungen.example.de/anmelden\n"));
}

#[tokio::test]
async fn the_archive_draws_each_topic_by_week_and_says_the_same_in_words() {
    let world = World::new().await;
    let archive = world.get("/archiv").await.text;
    assert!(archive.contains("aria-label=\"OZG und Onlinedienste, Meldungen je Woche: 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2\""), "{archive}");
    assert!(archive.contains("height=\"56\"/>"));
    assert!(
        archive.contains("<th scope=\"row\">8.\u{a0}Dezember\u{a0}2025</th><td>2</td><td>0</td>")
    );
}
