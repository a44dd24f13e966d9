//! What a poll makes of sources that rename, fence, cut and lose things.

use std::time::Duration;

use amtsbote::model::{Condition, Timestamp};
use amtsbote::pipeline::{self, Moment, PollOutcome};
use amtsbote::store::{outbox, sources};

use super::world::World;

const FEED: &str = "https://a.example/feed";
const FEED_BLOCK: &str = "[[source]]\nid = \"a\"\nname = \"A\"\nkind = \"feed\"\ndetail = \"never\"\nurl = \"https://a.example/feed\"\n";
const PAGE: &str = "https://a.example/news";
const PAGE_BLOCK: &str = "[[source]]\nid = \"a\"\nname = \"A\"\nkind = \"page\"\ndetail = \"never\"\nurl = \"https://a.example/news\"\n\
    [source.page]\nlist = \"ul\"\nitem = \"li\"\ntitle = \"a\"\nlink = \"a@href\"\n";
const ROBOTS: &str = "https://a.example/robots.txt";
const HOUR: Duration = Duration::from_hours(1);

/// A feed of items: guid (none if empty), link, title.
fn feed(items: &[(&str, &str, &str)]) -> String {
    let items: String = items
        .iter()
        .map(|(guid, link, title)| {
            let guid = if guid.is_empty() { String::new() } else { format!("<guid>{guid}</guid>") };
            format!("<item>{guid}<link>{link}</link><title>{title}</title><description>Text zu {title}</description></item>")
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>A</title>{items}</channel></rss>")
}

fn list(links: &[&str]) -> String {
    let items: String = links
        .iter()
        .map(|link| format!("<li><a href=\"{link}\">Meldung {link}</a></li>"))
        .collect();
    format!("<html><body><ul>{items}</ul></body></html>")
}

/// New and changed items of one poll of that feed.
async fn poll(world: &World, items: &[(&str, &str, &str)]) -> (usize, usize) {
    world.say(FEED, 200, &feed(items));
    let report = world.poll().await;
    assert_eq!(report.error, None);
    (report.new, report.changed)
}

#[tokio::test(start_paused = true)]
async fn guids_that_change_at_each_poll_bring_no_new_items() {
    let world = World::new(FEED_BLOCK);
    for round in 0..4 {
        let guids = [format!("x-{round}-1"), format!("x-{round}-2")];
        let items = [
            (guids[0].as_str(), "https://a.example/n/1", "Eins"),
            (guids[1].as_str(), "https://a.example/n/2", "Zwei"),
        ];
        let new = if round == 0 { 2 } else { 0 };
        assert_eq!(poll(&world, &items).await, (new, 0), "round {round}");
    }
    assert_eq!(world.items().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_scheme_that_flips_in_guid_and_link_brings_no_new_items() {
    let world = World::new(FEED_BLOCK);
    for (round, scheme) in ["http", "https", "http", "https"].iter().enumerate() {
        let link = format!("{scheme}://a.example/n/1");
        let new = usize::from(round == 0);
        assert_eq!(poll(&world, &[(&link, &link, "Eins")]).await, (new, 0), "{scheme}");
    }
}

#[tokio::test(start_paused = true)]
async fn items_that_swap_their_guids_are_corrected_not_new() {
    let world = World::new(FEED_BLOCK);
    let (one, two) = ("https://a.example/n/1", "https://a.example/n/2");
    assert_eq!(poll(&world, &[("1", one, "Eins"), ("2", two, "Zwei")]).await.0, 2);
    assert_eq!(poll(&world, &[("2", one, "Eins"), ("1", two, "Zwei")]).await.0, 0);
    let mut titles: Vec<String> = world.items().await.into_iter().map(|item| item.title).collect();
    titles.sort();
    assert_eq!(titles, ["Eins", "Zwei"]);
}

#[tokio::test(start_paused = true)]
async fn a_new_item_does_not_take_the_place_of_one_that_stands_beside_it() {
    let world = World::new(FEED_BLOCK);
    let link = "https://a.example/n/1";
    assert_eq!(poll(&world, &[("1", link, "Eins")]).await.0, 1);
    // Another item with the same page: both stand in the document, so neither is the other.
    assert_eq!(poll(&world, &[("1", link, "Eins"), ("2", link, "Zwei")]).await.0, 1);
    assert_eq!(world.items().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn another_identity_policy_keeps_the_items_it_can_name_and_guid_trusts_guids_alone() {
    let mut world = World::new(FEED_BLOCK);
    let link = "https://a.example/n/1";
    assert_eq!(poll(&world, &[("1", link, "Eins")]).await.0, 1);
    world.reload(&format!("{FEED_BLOCK}identity = \"link\"\n"));
    assert_eq!(poll(&world, &[("2", link, "Eins")]).await.0, 0, "known by its page");
    world.reload(&format!("{FEED_BLOCK}identity = \"guid\"\n"));
    assert_eq!(poll(&world, &[("3", link, "Eins")]).await.0, 1, "the guid alone counts");
}

#[tokio::test(start_paused = true)]
async fn an_item_listed_twice_does_not_correct_itself_at_each_poll() {
    let world = World::new(FEED_BLOCK);
    let link = "https://a.example/n/1";
    let twice = [("1", link, "Eins"), ("1", link, "Eins"), ("2", "https://a.example/n/2", "Zwei")];
    assert_eq!(poll(&world, &twice).await, (2, 0));
    let again = format!("{}<!-- x -->", feed(&twice));
    world.say(FEED, 200, &again);
    let report = world.poll().await;
    assert_eq!((report.new, report.changed), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn robots_txt_is_asked_once_a_day_and_obeyed() {
    let world = World::new(PAGE_BLOCK);
    world.say(ROBOTS, 200, "User-agent: *\nDisallow: /intern");
    for round in 0..3 {
        world.say(PAGE, 200, &list(&["/n/1", &format!("/n/x{round}")]));
        assert_eq!(world.poll().await.outcome, PollOutcome::Read);
        world.pass(7 * HOUR).await;
    }
    let asked = world.asked(0);
    assert_eq!(asked.iter().filter(|asked| asked.ends_with("robots.txt")).count(), 1, "{asked:?}");

    world.pass(4 * HOUR).await;
    world.say(ROBOTS, 200, "User-agent: amtsbote\nDisallow: /news");
    let report = world.poll().await;
    assert_eq!((report.outcome, report.condition), (PollOutcome::Failed, Condition::Blocked));
    let error = report.error.unwrap();
    assert!(error.contains("robots.txt` does not let `amtsbote` ask for `/news`"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn while_robots_txt_was_never_readable_the_page_is_not_asked_for() {
    let world = World::new(PAGE_BLOCK);
    world.say(ROBOTS, 503, "");
    let report = world.poll().await;
    assert_eq!(report.condition, Condition::Blocked);
    assert_eq!(world.asked(0), [format!("Get {ROBOTS}")]);
    world.pass(2 * HOUR).await;
    world.say(ROBOTS, 404, "").say(PAGE, 200, &list(&["/n/1"]));
    assert_eq!(world.poll().await.outcome, PollOutcome::Read);
}

#[tokio::test(start_paused = true)]
async fn a_feed_is_published_to_be_fetched_so_robots_txt_is_not_asked() {
    let world = World::new(FEED_BLOCK);
    poll(&world, &[("1", "https://a.example/n/1", "Eins")]).await;
    assert_eq!(world.asked(0), [format!("Get {FEED}")]);
}

#[tokio::test(start_paused = true)]
async fn pages_of_new_items_are_asked_at_most_ten_at_a_time_and_faults_are_notes() {
    let world = World::new(&format!(
        "{}[source.detail]\ntext = \".text\"\ndate = \"time@datetime\"\n",
        PAGE_BLOCK.replace("detail = \"never\"\n", "")
    ));
    let links: Vec<String> = (0..12).map(|n| format!("/n/{n}")).collect();
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    world.say(ROBOTS, 404, "").say(PAGE, 200, &list(&links));
    for n in 0..10 {
        let url = format!("https://a.example/n/{n}");
        if n == 3 {
            world.say(&url, 404, "weg");
        } else {
            world.say(
                &url,
                200,
                &format!(
                    "<div class=text>Ganzer Text Nummer {n}</div><time datetime=2025-12-0{}>",
                    n.max(1)
                ),
            );
        }
    }
    let report = world.poll().await;
    assert_eq!((report.outcome, report.new), (PollOutcome::Read, 12));
    assert!(report.notes.iter().any(|note| note.contains("was not read: the server answered 404")));
    let items = world.items().await;
    let texts = items.iter().filter(|item| item.text.contains("Ganzer Text")).count();
    assert_eq!((items.len(), texts), (12, 9));
    assert_eq!(items.iter().filter(|item| item.published.is_some()).count(), 9);

    // Known now: their pages are not asked again.
    let before = world.net.asked().len();
    world.say(PAGE, 200, &format!("{}<!-- x -->", list(&links)));
    assert_eq!(world.poll().await.changed, 0);
    assert_eq!(world.asked(before), [format!("Get {PAGE}")]);
}

#[tokio::test(start_paused = true)]
async fn what_a_feed_says_anew_is_taken_although_the_page_was_never_to_be_had() {
    let world = World::new(&FEED_BLOCK.replace("detail = \"never\"\n", ""));
    let feed = |first: &str, second: &str| {
        let item = |n: u8, text: &str| {
            format!(
                "<item><guid>{n}</guid><link>https://a.example/n/{n}</link><title>Meldung {n}</title><description>{text}</description></item>"
            )
        };
        format!(
            "<rss version=\"2.0\"><channel>{}{}</channel></rss>",
            item(1, first),
            item(2, second)
        )
    };
    world.say(ROBOTS, 404, "").say("https://a.example/n/2", 503, "");
    let page =
        "Der Rat hat am Montag das Portal beschlossen, das im Januar an den Start geht. ".repeat(4);
    world.say("https://a.example/n/1", 200, &format!("<h1>Meldung 1</h1><p>{page}</p>"));
    world.say(
        FEED,
        200,
        &feed("Das Land zahlt 60 Prozent.", "Das Land zahlt 60 Prozent der Kosten."),
    );
    assert_eq!(world.poll().await.new, 2);
    world.say("https://a.example/n/1", 503, "").say("https://a.example/n/2", 503, "");
    world.say(
        FEED,
        200,
        &feed("Das Land zahlt 90 Prozent.", "Das Land zahlt 90 Prozent der Kosten."),
    );
    assert_eq!(world.poll().await.changed, 1, "the other would lose the text of its page");
    let items = world.items().await;
    let text = |n: &str| &items.iter().find(|item| item.guid.as_deref() == Some(n)).unwrap().text;
    assert_eq!(text("2"), "Das Land zahlt 90 Prozent der Kosten.");
    assert!(text("1").contains("an den Start"), "{}", text("1"));
}

#[tokio::test(start_paused = true)]
async fn documents_are_measured_once_and_unknown_sizes_stay_unknown() {
    let world = World::new(FEED_BLOCK);
    world.say(ROBOTS, 404, "");
    let (known, unknown) = ("https://a.example/f/a.pdf", "https://a.example/f/b.pdf");
    world.say_with(
        known,
        200,
        &[("Content-Type", "application/pdf"), ("Content-Length", "4711")],
        "",
    );
    world.say(unknown, 405, "");
    let body = format!(
        "<rss version=\"2.0\"><channel><item><guid>1</guid><link>https://a.example/n/1</link><title>Eins</title>\
         <description>&lt;a href=\"{known}\"&gt;Anlage A&lt;/a&gt; &lt;a href=\"{unknown}\"&gt;Anlage B&lt;/a&gt;</description></item></channel></rss>"
    );
    world.say(FEED, 200, &body);
    assert_eq!(world.poll().await.new, 1);
    let documents = world.items().await.remove(0).details.documents;
    let sizes: Vec<Option<u64>> = documents.iter().map(|document| document.size).collect();
    assert_eq!(sizes, [Some(4711), None]);
    let before = world.net.asked().len();
    world.say(FEED, 200, &format!("{body}<!-- x -->"));
    world.poll().await;
    assert_eq!(world.asked(before), [format!("Get {FEED}")]);
}

#[tokio::test(start_paused = true)]
async fn the_admin_gets_one_mail_per_change_not_per_error() {
    let world = World::new(FEED_BLOCK);
    let tell = || async { pipeline::tell_admin(&world.ctx, &world.plan).await.unwrap() };
    poll(&world, &[("1", "https://a.example/n/1", "Eins")]).await;
    assert_eq!(tell().await, 0, "that a new source is fine is no news");
    for round in 1..=4 {
        world.say(FEED, 500, "");
        world.poll().await;
        // One failure is no news, a lasting fault is, once.
        assert_eq!(tell().await, usize::from(round == 3));
    }
    world.say(
        FEED,
        200,
        &feed(&[("2", "https://a.example/n/2", "Zwei"), ("1", "https://a.example/n/1", "Eins")]),
    );
    world.poll().await;
    assert_eq!((tell().await, tell().await), (1, 0));
    let mails = world.ctx.store.read(|tx| outbox::list(tx, None, None, 10)).await.unwrap();
    assert_eq!(mails.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_digest_names_what_failed_in_its_window_even_if_it_can_be_read_again() {
    let world = World::new(&format!("{FEED_BLOCK}topics = [\"ozg\"]\ninitial = \"all\"\n"));
    let id: amtsbote::model::SourceId = "a".into();
    let last = || async {
        let id = id.clone();
        world.ctx.store.read(move |tx| sources::last_failure(tx, &id)).await.unwrap()
    };
    poll(&world, &[("1", "https://a.example/n/1", "OZG eins")]).await;
    assert_eq!(last().await, None);
    let composed = compose(&world).await;
    assert!(!composed.contains("nicht erreichbar"), "{composed}");

    world.pass(HOUR).await;
    world.say(FEED, 500, "");
    world.poll().await;
    assert!(last().await.is_some_and(|at| at > Timestamp::default()));
    world.pass(HOUR).await;
    poll(
        &world,
        &[("2", "https://a.example/n/2", "OZG zwei"), ("1", "https://a.example/n/1", "OZG eins")],
    )
    .await;
    assert_eq!(world.state("a").await.condition, Condition::Ok);
    let composed = compose(&world).await;
    assert!(composed.contains("1 von 1 Quelle war nicht erreichbar: A (zeitweise)."), "{composed}");

    world.pass(HOUR).await;
    poll(
        &world,
        &[("3", "https://a.example/n/3", "OZG drei"), ("2", "https://a.example/n/2", "OZG zwei")],
    )
    .await;
    let composed = compose(&world).await;
    assert!(!composed.contains("zeitweise"), "the failure belongs to the last window: {composed}");
}

/// The text of the digest that is composed now.
async fn compose(world: &World) -> String {
    let series = "taeglich".into();
    let preview = pipeline::preview(&world.ctx, &world.plan, &series, None).await.unwrap().unwrap();
    pipeline::compose(&world.ctx, &world.plan, &series, Moment::Asked).await.unwrap();
    preview.rendered.text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test(start_paused = true)]
async fn the_own_page_of_a_new_item_is_read_where_its_source_gives_a_teaser() {
    let world = World::new(&FEED_BLOCK.replace("detail = \"never\"\n", ""));
    let whole = "Der ganze Text steht schon hier. ".repeat(30);
    let item = |n: u8, title: &str, text: &str| {
        format!(
            "<item><guid>{n}</guid><link>https://a.example/n/{n}</link><title>{title}</title><description>{text}</description></item>"
        )
    };
    let items = item(1, "Neues Portal …", "Ein Teaser.")
        + &item(2, "Bericht", &whole)
        + &item(3, "Fort", "Kurz.");
    world.say(FEED, 200, &format!("<rss version=\"2.0\"><channel>{items}</channel></rss>"));
    world.say(ROBOTS, 404, "").say("https://a.example/n/3", 404, "");
    world.say(
        "https://a.example/n/1",
        200,
        "<html lang=de><nav><a href=/x>Start</a></nav><h1>Neues Portal für alle Anträge</h1><p>Veröffentlicht am 12.11.2025</p>\
         <p>Der Rat hat am Montag das Portal für alle Anträge der Stadt beschlossen.</p>\
         <p>Es geht im Januar an den Start, sagte die Leiterin des Hauptamtes.</p><footer>Impressum der Stadt.</footer>",
    );
    assert_eq!(world.poll().await.new, 3);
    let asked = [FEED, ROBOTS, "https://a.example/n/1", "https://a.example/n/3"];
    assert_eq!(world.asked(0), asked.map(|url| format!("Get {url}")));
    let items = world.items().await;
    let read = items.iter().find(|item| item.guid.as_deref() == Some("1")).unwrap();
    assert_eq!(read.title, "Neues Portal für alle Anträge");
    assert!(read.text.ends_with("sagte die Leiterin des Hauptamtes."), "{}", read.text);
    assert!(!read.text.contains("Impressum"));
    assert!(read.published.is_some());
}
