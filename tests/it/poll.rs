//! What a feed may do between two polls, and what becomes of it: verdicts,
//! baselines, conditions, validators, manners.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use amtsbote::fetch::{Fetch, FetchError, ScriptedFetch, answer};
use amtsbote::model::{
    BoxFuture, Condition, Extraction, Move, RawItem, Request, Response, SourceId, Timestamp,
};
use amtsbote::pipeline::{self, Choice, PipelineError, Plan, PollOutcome, SourcePlan};
use amtsbote::source::{Configured, Source, SourceError};
use amtsbote::store::{Store, items, outbox, sources};

use crate::support::desk::{
    Desk, Entry, HOUR, MONDAY, TOPICS, document, entries, entry, feed_source, feed_url, rss, status,
};

const DAY: Duration = Duration::from_hours(24);

fn ok(new: usize, changed: usize) -> (usize, usize, Condition) {
    (new, changed, Condition::Ok)
}

async fn desk() -> Desk {
    Desk::new(&feed_source("amt", "")).await
}

fn titled(n: usize, title: &str) -> Entry {
    Entry { title: title.to_owned(), ..entry(n) }
}

// What an item may do.

#[tokio::test(start_paused = true)]
async fn a_baseline_is_stored_and_never_mailed_and_a_new_item_is_mailed_once() {
    let desk = desk().await;
    assert_eq!(desk.read("amt", &entries(1..4)).await, ok(3, 0));
    assert_eq!(desk.digest().await, (vec![], 0));
    assert_eq!(desk.read("amt", &entries(1..5)).await, ok(1, 0));
    assert_eq!(desk.digest().await, (vec![entry(4).title], 1));
    assert_eq!(desk.digest().await, (vec![], 0), "a second digest has nothing to tell");
    assert_eq!(desk.stored().await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_corrected_title_is_a_change_and_not_a_new_item() {
    let desk = desk().await;
    desk.read("amt", &entries(1..2)).await;
    desk.read("amt", &entries(1..3)).await;
    assert_eq!(desk.digest().await.1, 1);
    let corrected = [titled(2, "OZG im Rathaus, berichtigt"), titled(1, "OZG, auch berichtigt")];
    assert_eq!(desk.read("amt", &corrected).await, ok(0, 2));
    assert_eq!(desk.stored().await, ["OZG, auch berichtigt", "OZG im Rathaus, berichtigt"]);
    // What was mailed returns once, marked as changed; the baseline never does.
    assert_eq!(desk.digest().await, (vec!["OZG im Rathaus, berichtigt".to_owned()], 1));
    assert_eq!(desk.digest().await, (vec![], 0));
}

#[tokio::test(start_paused = true)]
async fn of_new_items_the_last_of_the_document_is_the_first_to_be_received() {
    let desk = desk().await;
    desk.read("amt", &entries(1..2)).await;
    let newest_first = [entry(4), entry(3), entry(2), entry(1)];
    assert_eq!(desk.read("amt", &newest_first).await, ok(3, 0));
    let titles: Vec<String> = (1..5).map(|n| entry(n).title).collect();
    assert_eq!(desk.stored().await, titles);
}

#[tokio::test(start_paused = true)]
async fn a_vanished_guid_comes_back_by_its_page_and_title() {
    let desk = desk().await;
    desk.read("amt", &entries(1..4)).await;
    let mut without = entries(1..4);
    for entry in &mut without {
        entry.guid.clear();
    }
    assert_eq!(desk.read("amt", &without).await, ok(0, 0));
    assert_eq!(desk.stored().await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_reordered_a_flickering_and_an_emptied_feed_bring_nothing_twice() {
    let desk = desk().await;
    desk.read("amt", &entries(1..2)).await;
    assert_eq!(desk.read("amt", &entries(1..5)).await, ok(3, 0));
    assert_eq!(desk.digest().await.0.len(), 3);
    let mut reordered = entries(1..5);
    reordered.reverse();
    assert_eq!(desk.read("amt", &reordered).await, ok(0, 0));
    assert_eq!(desk.read("amt", &[]).await, ok(0, 0), "an empty feed is fine");
    assert_eq!(desk.read("amt", &entries(1..5)).await, ok(0, 0));
    for _ in 0..3 {
        assert_eq!(desk.read("amt", &entries(3..5)).await, ok(0, 0));
        assert_eq!(desk.read("amt", &entries(1..3)).await, ok(0, 0));
    }
    assert_eq!(desk.stored().await.len(), 4);
    assert_eq!(desk.digest().await, (vec![], 0));
}

#[tokio::test(start_paused = true)]
async fn a_date_that_moves_is_no_news() {
    let desk = desk().await;
    desk.read("amt", &entries(1..2)).await;
    for hour in 0..5 {
        let moved = Entry { date: format!("Mon, 12 Jan 2026 {hour:02}:00:00 +0100"), ..entry(1) };
        assert_eq!(desk.read("amt", &[moved]).await, ok(0, 0));
    }
    assert_eq!(desk.stored().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_text_that_ticks_at_every_poll_is_rewritten_24_times_and_then_no_more() {
    let desk = desk().await;
    desk.read("amt", &entries(1..2)).await;
    let mut changes = 0;
    for minute in 0..30 {
        let ticking = Entry { text: format!("Stand der Seite: Minute {minute}."), ..entry(1) };
        let (new, changed, condition) = desk.read("amt", &[ticking]).await;
        assert_eq!((new, condition), (0, Condition::Ok));
        changes += changed;
    }
    assert_eq!(changes, 24);
    assert_eq!(desk.digest().await, (vec![], 0));
}

#[tokio::test(start_paused = true)]
async fn a_guid_that_changes_at_each_poll_is_no_new_item() {
    let desk = desk().await;
    for round in 0..4 {
        let mut changing = entries(1..4);
        for entry in &mut changing {
            entry.guid = format!("{}-{round}", entry.guid);
        }
        assert_eq!(desk.read("amt", &changing).await, ok(if round == 0 { 3 } else { 0 }, 0));
    }
    assert_eq!(desk.digest().await, (vec![], 0));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_holds_this_months_letter_after_last_months_is_a_new_item() {
    let desk = desk().await;
    let letter = |month: &str, guid: &str| Entry {
        guid: guid.to_owned(),
        link: "https://stadt.test/aktuelles/digitalbrief-der-stadt".to_owned(),
        title: format!("OZG-Brief {month}"),
        ..entry(1)
    };
    desk.read("amt", &[letter("Januar", "1")]).await;
    assert_eq!(desk.read("amt", &[letter("Februar", "2")]).await, ok(1, 0));
    assert_eq!(desk.digest().await.0, ["OZG-Brief Februar"]);
}

#[tokio::test(start_paused = true)]
async fn items_that_share_a_guid_are_told_apart_and_an_item_listed_twice_is_one() {
    let desk = desk().await;
    desk.read("amt", &[entry(9)]).await;
    let same_guid = |n: usize| Entry { guid: "immer-gleich".to_owned(), ..entry(n) };
    let document = [same_guid(1), same_guid(2), entry(3), entry(3), entry(9)];
    assert_eq!(desk.read("amt", &document).await, ok(3, 0));
    assert_eq!(desk.read("amt", &document).await, (0, 0, Condition::Ok));
    assert_eq!(desk.stored().await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn the_same_report_in_two_sources_is_one_entry_of_the_digest() {
    let desk = Desk::new(&[feed_source("amt", ""), feed_source("bund", "rank = 1")].concat()).await;
    let story = Entry {
        title: "Umsetzung des OZG im Landkreis kommt voran".to_owned(),
        text: "Der Landkreis hat dreißig Leistungen nach dem OZG online gestellt. Bürgerinnen und \
               Bürger können damit Wohnsitz, Wohngeld und Führerschein vollständig von zu Hause aus \
               beantragen, teilte die Verwaltung am Montag in Stendal mit."
            .to_owned(),
        ..entry(1)
    };
    for id in ["amt", "bund"] {
        desk.net.add(&feed_url(id), document(id, &rss(&[entry(8)])));
    }
    assert_eq!(desk.poll().await.len(), 2);
    let elsewhere = Entry { guid: "x".to_owned(), ..story.clone() };
    desk.net.add(&feed_url("amt"), document("amt", &rss(&[story, entry(8)])));
    desk.net.add(&feed_url("bund"), document("bund", &rss(&[elsewhere, entry(8)])));
    while desk.net.left() > 0 {
        desk.poll().await;
    }
    assert_eq!(desk.stored().await.len(), 4);
    assert_eq!(desk.digest().await.0, ["Umsetzung des OZG im Landkreis kommt voran"]);
}

// What the first poll may mail.

#[tokio::test(start_paused = true)]
async fn initial_decides_what_of_the_first_poll_is_mailed() {
    for (initial, mailed) in [("none", 0), ("all", 7), ("3", 3)] {
        let desk = Desk::new(&feed_source("amt", &format!("initial = '{initial}'"))).await;
        assert_eq!(desk.read("amt", &entries(1..8)).await, ok(7, 0));
        let (titles, _) = desk.digest().await;
        assert_eq!(
            titles,
            entries(8 - mailed..8).iter().rev().map(|e| e.title.clone()).collect::<Vec<_>>()
        );
        // What was withheld as the baseline does not return as a correction; nor
        // does a page that was rebuilt as a whole.
        let corrected: Vec<Entry> =
            (1..8).map(|n| titled(n, &format!("OZG berichtigt {n}"))).collect();
        desk.read("amt", &corrected).await;
        let returned: &[&str] = match initial {
            "3" => &["OZG berichtigt 5", "OZG berichtigt 6", "OZG berichtigt 7"],
            _ => &[],
        };
        assert_eq!(desk.digest().await.0, returned, "{initial}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_poll_that_fails_leaves_the_baseline_to_the_first_that_is_read() {
    let desk = desk().await;
    let (_, _, condition) = desk.step("amt", status("amt", 503, &[])).await;
    assert_eq!(condition, Condition::Failing);
    assert_eq!(desk.read("amt", &entries(1..4)).await, ok(3, 0));
    assert_eq!(desk.digest().await, (vec![], 0));
}

// How a source may fare. Each condition is shown, and told once.

/// A source with a steady history: four arrivals, one item each.
async fn steady() -> Desk {
    let desk = desk().await;
    for upto in 2..7 {
        desk.read("amt", &entries(1..upto)).await;
    }
    desk.digest().await;
    desk
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_held_until_it_is_released_even_if_the_source_fails_in_between() {
    let desk = steady().await;
    assert_eq!(desk.read("amt", &entries(1..67)).await, (61, 0, Condition::Held));
    assert_eq!(desk.digest().await, (vec![], 0));
    assert_eq!(desk.notices().await, 1);
    desk.step("amt", status("amt", 500, &[])).await;
    let (_, _, condition) = desk.read("amt", &entries(1..68)).await;
    assert_eq!(condition, Condition::Held, "it still holds them");
    assert!(desk.state("amt").await.last_error.unwrap().contains("amtsbote source release amt"));
    assert_eq!(desk.digest().await.0, [entry(67).title], "what comes later is mailed");
    let released = pipeline::release(&desk.ctx, &SourceId::from("amt")).await.unwrap();
    assert_eq!(released, 61);
    assert_eq!(desk.state("amt").await.condition, Condition::Ok);
    assert_eq!(desk.digest().await.0.len(), 61, "its page has them all, its mails their caps");
    assert_eq!(desk.read("amt", &entries(1..68)).await, ok(0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_release_while_the_source_is_being_asked_is_not_undone() {
    struct Releasing(Arc<ScriptedFetch>, amtsbote::pipeline::Context);
    impl Fetch for Releasing {
        fn fetch<'a>(&'a self, r: &'a Request) -> BoxFuture<'a, Result<Response, FetchError>> {
            Box::pin(async move {
                pipeline::release(&self.1, &SourceId::from("amt")).await.unwrap();
                self.0.fetch(r).await
            })
        }
    }
    let mut desk = steady().await;
    desk.read("amt", &entries(1..67)).await;
    let releasing = Arc::new(Releasing(Arc::clone(&desk.net), desk.ctx.clone()));
    desk.plan = replaced(&desk, &feed_source("amt", ""), |source| SourcePlan {
        fetch: releasing.clone(),
        ..source
    });
    assert_eq!(desk.read("amt", &entries(1..67)).await, ok(0, 0));
}

/// The plan of `sources` with each of them changed.
fn replaced(desk: &Desk, sources: &str, change: impl Fn(SourcePlan) -> SourcePlan) -> Arc<Plan> {
    let mut other = Desk::plan_of(sources, TOPICS, Arc::clone(&desk.net));
    other.sources = other
        .sources
        .into_iter()
        .map(|source| Arc::new(change(Arc::into_inner(source).unwrap())))
        .collect();
    Arc::new(other)
}

#[tokio::test(start_paused = true)]
async fn a_document_without_a_known_item_is_a_gap_and_the_next_poll_comes_sooner() {
    let desk = steady().await;
    let before = desk.ctx.clock.now();
    let (new, _, condition) = desk.read("amt", &entries(20..30)).await;
    assert_eq!((new, condition), (10, Condition::Gap));
    assert_eq!(desk.notices().await, 1);
    let state = desk.state("amt").await;
    assert!(state.next_poll.since(state.last_success.unwrap()) < HOUR, "{before:?}");
    assert_eq!(desk.read("amt", &entries(20..30)).await, ok(0, 0));
    assert_eq!(desk.notices().await, 2, "that it is well again is told as well");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_was_lively_is_silent_after_weeks_and_told_once() {
    let desk = steady().await;
    let mut told = Vec::new();
    for _ in 0..20 {
        desk.pass(DAY).await;
        let (_, _, condition) = desk.read("amt", &entries(1..6)).await;
        told.push(condition);
    }
    assert_eq!(told[9], Condition::Ok);
    assert_eq!(told[19], Condition::Silent);
    assert_eq!(desk.notices().await, 1);
    assert_eq!(desk.read("amt", &entries(1..7)).await, ok(1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_source_has_moved_after_three_answers_from_there_with_known_items() {
    let desk = steady().await;
    let there = |entries: &[Entry]| {
        let mut response = document("amt", &rss(entries)).unwrap();
        response.final_url = "https://neu.test/feed".to_owned();
        response.moved = Some(Move { permanent_url: "https://neu.test/feed".to_owned() });
        Ok(response)
    };
    let mut conditions = Vec::new();
    for upto in 7..11 {
        conditions.push(desk.step("amt", there(&entries(1..upto))).await.2);
    }
    use Condition::{Moved, Ok as Fine};
    assert_eq!(conditions, [Fine, Fine, Moved, Moved]);
    assert!(desk.state("amt").await.last_error.unwrap().contains("https://neu.test/feed"));
    assert_eq!(desk.notices().await, 1);
    // The config is never changed for the admin: the old place is still asked.
    assert!(desk.net.asked().iter().all(|request| request.url == feed_url("amt")));
}

#[tokio::test(start_paused = true)]
async fn a_gone_source_is_never_asked_again() {
    let desk = steady().await;
    assert_eq!(desk.step("amt", status("amt", 410, &[])).await.2, Condition::Gone);
    assert_eq!(pipeline::next_due(&desk.ctx, &desk.plan).await.unwrap(), None);
    assert_eq!(desk.notices().await, 1);
    desk.pass(30 * DAY).await;
    let reports = pipeline::poll(&desk.ctx, &desk.plan, &Choice::default()).await.unwrap();
    assert_eq!(reports, []);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_stays_away_is_told_at_the_third_attempt_and_once_a_day_while_it_lasts() {
    let desk = steady().await;
    let mut told = Vec::new();
    let begun = desk.ctx.clock.now();
    while desk.ctx.clock.now().since(begun) < 3 * DAY {
        desk.step("amt", status("amt", 500, &[])).await;
        let failures = desk.state("amt").await.failures;
        if desk.notices().await > told.len() {
            told.push((failures, desk.ctx.clock.now()));
        }
    }
    assert!((3..=4).contains(&told.len()), "one at first and one a day: {told:?}");
    assert!((2..=3).contains(&told[0].0), "{told:?}");
    assert!(told.windows(2).all(|two| two[1].1.since(two[0].1) >= DAY), "{told:?}");
    desk.read("amt", &entries(1..6)).await;
    assert_eq!(desk.notices().await, told.len() + 1);
}

#[tokio::test(start_paused = true)]
async fn walls_guards_pages_and_faults_are_told_apart() {
    let guarded = || Err(FetchError::Guarded { host: "amt.test".into(), why: "private".into() });
    let wall = status("amt", 403, &[("cf-mitigated", "challenge")]);
    let html = document("amt", "<html><body><h1>Wartung</h1></body></html>");
    for (answer, expected) in [
        (guarded(), Condition::Blocked),
        (wall, Condition::Blocked),
        (html, Condition::Failing),
        (status("amt", 404, &[]), Condition::Failing),
        (document("amt", ""), Condition::Failing),
    ] {
        let desk = steady().await;
        assert_eq!(desk.step("amt", answer).await.2, expected);
        let state = desk.state("amt").await;
        assert_eq!(state.failures, 1);
        assert!(state.last_error.is_some());
        // One failed poll is no news; what stands before the source is.
        let told = usize::from(expected == Condition::Blocked);
        assert_eq!(desk.notices().await, told, "{expected}");
        assert_eq!(desk.read("amt", &entries(1..8)).await, ok(2, 0), "and it recovers");
        let state = desk.state("amt").await;
        assert_eq!((state.failures, state.last_error), (0, None));
        assert_eq!(desk.notices().await, 2 * told);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_source_is_told_once_and_asked_less_and_less_often() {
    let desk = steady().await;
    let mut waits = Vec::new();
    for _ in 0..5 {
        desk.step("amt", status("amt", 500, &[])).await;
        let state = desk.state("amt").await;
        waits.push(state.next_poll.since(desk.ctx.clock.now()));
    }
    assert!(waits.is_sorted() && waits[4] > 10 * HOUR, "{waits:?}");
    assert_eq!(desk.notices().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_page_whose_list_is_gone_is_an_empty_selector_and_an_empty_list_is_fine() {
    let page = "[[source]]\nid = 'amt'\nkind = 'page'\ndetail = 'never'\nurl = 'https://amt.test/feed'\n\
                [source.page]\nlist = '.liste'\nitem = 'li'\ntitle = 'a'\nlink = 'a@href'\n";
    let desk = Desk::new(page).await;
    desk.net.add(
        "https://amt.test/robots.txt",
        Ok(answer(404, "https://amt.test/robots.txt", &[], b"")),
    );
    let html = |list: &str| document("amt", &format!("<html><body>{list}</body></html>"));
    let one = "<ul class=\"liste\"><li><a href=\"/meldung/ozg-1\">OZG startet</a></li></ul>";
    assert_eq!(desk.step("amt", html(one)).await, ok(1, 0));
    assert_eq!(desk.step("amt", html("<ul class=\"liste\"></ul>")).await, ok(0, 0));
    let relaunched = desk.step("amt", html("<div class=\"neu\">Relaunch</div>")).await;
    assert_eq!(relaunched.2, Condition::EmptySelector);
    let renamed = "<ul class=\"liste\"><li><b>OZG startet</b></li></ul>";
    assert_eq!(desk.step("amt", html(renamed)).await.2, Condition::EmptySelector);
    assert_eq!(desk.notices().await, 1);
    assert_eq!(desk.step("amt", html(one)).await, ok(0, 0));
}

// Validators.

fn asked_with(desk: &Desk, field: &str) -> Option<String> {
    desk.net.asked().last().unwrap().headers.get(field).map(str::to_owned)
}

fn tagged(id: &str, etag: &str, body: &str) -> Result<Response, FetchError> {
    Ok(answer(200, &feed_url(id), &[("ETag", etag)], body.as_bytes()))
}

/// Returns how many requests were made, how many of them were conditional, and how many of those
/// were answered by 304.
async fn requests(desk: &Desk) -> (u64, u64, u64) {
    let id = SourceId::from("amt");
    let counted = desk.ctx.store.read(move |tx| sources::requests(tx, &id)).await.unwrap();
    (counted.all, counted.conditional, counted.not_modified)
}

#[tokio::test(start_paused = true)]
async fn validators_are_sent_back_and_a_304_is_unchanged() {
    let desk = desk().await;
    desk.step("amt", tagged("amt", "\"1\"", &rss(&entries(1..3)))).await;
    assert_eq!(asked_with(&desk, "If-None-Match"), None);
    assert_eq!(desk.step("amt", status("amt", 304, &[])).await, ok(0, 0));
    assert_eq!(asked_with(&desk, "If-None-Match").as_deref(), Some("\"1\""));
    assert_eq!(requests(&desk).await, (2, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_delta_is_asked_for_and_what_it_leaves_out_is_not_missed() {
    let desk = steady().await;
    desk.step("amt", tagged("amt", "\"1\"", &rss(&entries(1..9)))).await;
    assert_eq!(asked_with(&desk, "A-IM"), None, "a delta to what?");
    let mut delta = tagged("amt", "\"2\"", &rss(&entries(9..15))).unwrap();
    delta.status = 226;
    assert_eq!(desk.step("amt", Ok(delta)).await, ok(6, 0));
    assert_eq!(asked_with(&desk, "A-IM").as_deref(), Some("feed"));
    assert_eq!(desk.step("amt", status("amt", 304, &[])).await, ok(0, 0));
    assert_eq!(asked_with(&desk, "If-None-Match").as_deref(), Some("\"2\""));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_304_for_ever_is_asked_for_the_whole_once_a_week() {
    let desk = desk().await;
    desk.step("amt", tagged("amt", "\"1\"", &rss(&entries(1..3)))).await;
    let mut asked = Vec::new();
    for _ in 0..4 {
        desk.pass(2 * DAY).await;
        desk.step("amt", status("amt", 304, &[])).await;
        asked.push(asked_with(&desk, "If-None-Match").is_some());
    }
    assert_eq!(asked, [true, true, true, false]);
    desk.pass(DAY).await;
    assert_eq!(desk.step("amt", tagged("amt", "\"1\"", &rss(&entries(1..4)))).await, ok(1, 0));
    desk.step("amt", status("amt", 304, &[])).await;
    assert!(asked_with(&desk, "If-None-Match").is_some(), "believed again");
}

#[tokio::test(start_paused = true)]
async fn what_was_read_by_a_clock_that_was_ahead_is_asked_for_whole() {
    let desk = desk().await;
    desk.step("amt", tagged("amt", "\"1\"", &rss(&entries(1..3)))).await;
    let ahead = "update sources set cursor = json_set(cursor, '$.\"poll.whole\"',
        cast(json_extract(cursor, '$.\"poll.whole\"') + 2592000000 as text))";
    desk.ctx.store.write(move |tx| Ok(tx.execute_batch(ahead)?)).await.unwrap();
    desk.step("amt", tagged("amt", "\"1\"", &rss(&entries(1..4)))).await;
    assert_eq!(asked_with(&desk, "If-None-Match"), None);
}

#[tokio::test(start_paused = true)]
async fn a_304_to_nothing_is_a_failure_and_the_same_body_again_is_unchanged() {
    let desk = desk().await;
    assert_eq!(desk.step("amt", status("amt", 304, &[])).await.2, Condition::Failing);
    let body = rss(&entries(1..3));
    assert_eq!(desk.step("amt", document("amt", &body)).await, ok(2, 0));
    desk.net.add(&feed_url("amt"), document("amt", &body));
    assert_eq!(desk.poll().await[0].outcome, PollOutcome::Unchanged);
}

#[tokio::test(start_paused = true)]
async fn a_304_from_where_a_new_redirect_leads_is_asked_again_without_validators() {
    let desk = desk().await;
    let body = rss(&entries(1..3));
    desk.step("amt", tagged("amt", "\"1\"", &body)).await;
    let there = |mut response: Response| {
        response.final_url = "https://neu.test/feed".to_owned();
        Ok(response)
    };
    desk.net.add(&feed_url("amt"), there(status("amt", 304, &[]).unwrap()));
    let same = there(tagged("amt", "\"1\"", &body).unwrap());
    assert_eq!(desk.step("amt", same).await, ok(0, 0));
    assert_eq!(asked_with(&desk, "If-None-Match"), None, "the second request");
    assert_eq!(desk.step("amt", there(status("amt", 304, &[]).unwrap())).await, ok(0, 0));
    assert_eq!(asked_with(&desk, "If-None-Match").as_deref(), Some("\"1\""));
    assert_eq!(requests(&desk).await, (4, 2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_second_request_that_fails_does_not_report_the_status_of_the_first() {
    let desk = desk().await;
    desk.step("amt", tagged("amt", "\"1\"", &rss(&entries(1..3)))).await;
    let mut elsewhere = status("amt", 304, &[]).unwrap();
    elsewhere.final_url = "https://neu.test/feed".to_owned();
    desk.net.add(&feed_url("amt"), Ok(elsewhere));
    let refused = FetchError::Connect { host: "amt.test".into(), why: "refused".into() };
    desk.net.add(&feed_url("amt"), Err(refused));
    let report = desk.poll().await.remove(0);
    assert_eq!((report.outcome, report.status), (PollOutcome::Failed, None));
}

#[tokio::test(start_paused = true)]
async fn a_torn_or_unreadable_answer_keeps_the_old_validators() {
    let whole = rss(&entries(1..5));
    let torn_xml = &whole[..whole.len() * 2 / 3];
    let broken = Err(FetchError::Broken { host: "amt.test".into(), why: "torn".into() });
    let mut cut = tagged("amt", "\"2\"", torn_xml).unwrap();
    cut.truncated = true;
    let html = tagged("amt", "\"2\"", "<html><body>Wartung</body></html>");
    for answer in [broken, Ok(cut), tagged("amt", "\"2\"", torn_xml), html] {
        let desk = desk().await;
        desk.step("amt", tagged("amt", "\"1\"", &rss(&entries(1..2)))).await;
        desk.step("amt", answer).await;
        desk.step("amt", tagged("amt", "\"3\"", &whole)).await;
        assert_eq!(asked_with(&desk, "If-None-Match").as_deref(), Some("\"1\""));
        assert_eq!(desk.stored().await.len(), 4, "nothing is hidden behind a 304");
    }
}

#[tokio::test(start_paused = true)]
async fn another_url_or_selector_forgets_the_validators_and_keeps_the_history() {
    let mut desk = desk().await;
    desk.step("amt", tagged("amt", "\"1\"", &rss(&entries(1..4)))).await;
    let elsewhere = feed_source("amt", "").replace("/feed", "/neu");
    desk.reconfigure(&elsewhere, TOPICS);
    desk.net.add("https://amt.test/neu", document("amt", &rss(&entries(1..5))));
    let reports = desk.poll().await;
    assert_eq!((reports[0].new, reports[0].condition), (1, Condition::Ok));
    assert_eq!(asked_with(&desk, "If-None-Match"), None);
}

// Manners, and whose fault it is.

#[tokio::test(start_paused = true)]
async fn a_429_rests_the_whole_host_and_a_restart_is_no_way_round_it() {
    let same_host = |id: &str| feed_source(id, "").replace(&format!("{id}.test/"), "amt.test/f/");
    let sources = [feed_source("amt", ""), feed_source("bund", "")].concat() + &same_host("neben");
    let mut desk = Desk::new(&sources).await;
    let neben = "https://amt.test/f/feed";
    desk.net.add(neben, document("neben", &rss(&entries(1..3))));
    desk.net.add(&feed_url("bund"), document("bund", &rss(&entries(1..3))));
    desk.net.add(&feed_url("amt"), status("amt", 429, &[("Retry-After", "36000")]));
    assert_eq!(desk.poll().await.len(), 3);
    desk.restart();
    let until = MONDAY.after(10 * HOUR);
    for id in ["amt", "neben"] {
        assert!(desk.state(id).await.next_poll >= until, "{id}");
    }
    assert!(desk.state("bund").await.next_poll < until);
    desk.net.add(&feed_url("bund"), document("bund", &rss(&entries(1..3))));
    let ids: Vec<_> = desk.poll().await.into_iter().map(|report| report.id).collect();
    assert_eq!(ids, [SourceId::from("bund")]);
}

#[tokio::test(start_paused = true)]
async fn who_drops_a_pass_asks_nobody_else() {
    /// Answers after a minute.
    struct Slow(Arc<ScriptedFetch>);
    impl Fetch for Slow {
        fn fetch<'a>(&'a self, r: &'a Request) -> BoxFuture<'a, Result<Response, FetchError>> {
            let answer = self.0.fetch(r);
            Box::pin(async move {
                tokio::time::sleep(Duration::from_mins(1)).await;
                answer.await
            })
        }
    }
    let sources: String = ["a", "b"]
        .map(|id| feed_source(id, "").replace(&format!("{id}.test/"), &format!("amt.test/{id}/")))
        .concat();
    let mut desk = Desk::new(&sources).await;
    let slow = Arc::new(Slow(Arc::clone(&desk.net)));
    desk.plan = replaced(&desk, &sources, |source| SourcePlan { fetch: slow.clone(), ..source });
    for id in ["a", "b"] {
        let url = format!("https://amt.test/{id}/feed");
        desk.net.add(&url, document(id, &rss(&entries(1..3))));
    }
    let choice = Choice::default();
    let pass = pipeline::poll(&desk.ctx, &desk.plan, &choice);
    tokio::time::timeout(Duration::from_secs(30), pass).await.unwrap_err();
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!(desk.net.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_passes_that_overlap_ask_a_source_once() {
    /// Answers after a minute.
    struct Slow(Arc<ScriptedFetch>);
    impl Fetch for Slow {
        fn fetch<'a>(&'a self, r: &'a Request) -> BoxFuture<'a, Result<Response, FetchError>> {
            let answer = self.0.fetch(r);
            Box::pin(async move {
                tokio::time::sleep(Duration::from_mins(1)).await;
                answer.await
            })
        }
    }
    let mut desk = desk().await;
    let slow = Arc::new(Slow(Arc::clone(&desk.net)));
    desk.plan = replaced(&desk, &feed_source("amt", ""), |source| SourcePlan {
        fetch: slow.clone(),
        ..source
    });
    for _ in 0..2 {
        desk.net.add(&feed_url("amt"), document("amt", &rss(&entries(1..3))));
    }
    let choice = Choice { force: true, ..Choice::default() };
    let pass = || pipeline::poll(&desk.ctx, &desk.plan, &choice);
    let (first, second) = tokio::join!(pass(), pass());
    let reports = first.unwrap().len() + second.unwrap().len();
    assert_eq!((reports, desk.net.asked().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_our_own_is_not_counted_against_the_sources() {
    let ids = ["a", "b", "c", "d", "e"];
    let sources: String = ids.iter().map(|id| feed_source(id, "")).collect();
    let desk = Desk::new(&sources).await;
    let unresolved =
        |id: &str| Err(FetchError::Resolve { host: format!("{id}.test"), why: "no answer".into() });
    for id in ids {
        desk.net.add(&feed_url(id), unresolved(id));
    }
    let reports = desk.poll().await;
    assert!(reports.iter().all(|report| report.outcome == PollOutcome::Failed));
    pipeline::tell_admin(&desk.ctx, &desk.plan).await.unwrap();
    for id in ids {
        let state = desk.state(id).await;
        assert_eq!((state.failures, state.condition), (0, Condition::New));
        assert!(state.last_error.is_some(), "but it is shown");
    }
    pipeline::tell_admin(&desk.ctx, &desk.plan).await.unwrap();
    assert_eq!(desk.notices().await, 1, "one mail for all of them");
}

#[tokio::test(start_paused = true)]
async fn one_dead_host_with_many_sources_is_not_our_outage() {
    let sources: String = (0..5)
        .map(|n| {
            feed_source(&format!("s{n}"), "")
                .replace(&format!("s{n}.test/"), &format!("amt.test/{n}/"))
        })
        .collect();
    let desk = Desk::new(&sources).await;
    for n in 0..5 {
        let refused = FetchError::Connect { host: "amt.test".into(), why: "refused".into() };
        desk.net.add(&format!("https://amt.test/{n}/feed"), Err(refused));
    }
    desk.poll().await;
    for n in 0..5 {
        assert_eq!(desk.state(&format!("s{n}")).await.condition, Condition::Failing);
    }
}

#[tokio::test(start_paused = true)]
async fn a_document_that_stayed_the_same_is_not_read_again() {
    struct Counting(Arc<AtomicUsize>);
    // How a source prints is how its settings are compared.
    impl std::fmt::Debug for Counting {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Counting")
        }
    }
    impl Source for Counting {
        fn accept(&self) -> &'static str {
            "*/*"
        }
        fn extract(&self, _: &Response) -> Result<Extraction, SourceError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            let said = |words: &str| Some(words.to_owned());
            let item = RawItem {
                title: said("Meldung eins"),
                link: said("https://amt.test/n/1"),
                body_html: said("<p>Der ganze Text der Meldung.</p>"),
                ..RawItem::default()
            };
            let items = vec![item];
            Ok(Extraction { items, ..Extraction::default() })
        }
        fn obeys_robots(&self) -> bool {
            false
        }
    }
    let sources = feed_source("amt", "");
    let mut desk = Desk::new(&sources).await;
    let mut plan = Desk::plan_of(&sources, TOPICS, Arc::clone(&desk.net));
    let amt = Arc::into_inner(plan.sources.remove(0)).unwrap();
    let readings = Arc::new(AtomicUsize::new(0));
    let source = Box::new(Counting(Arc::clone(&readings)));
    let configured = Configured { source, ..amt.configured };
    plan.sources.insert(0, Arc::new(SourcePlan::new(configured, amt.fetch)));
    desk.plan = Arc::new(plan);
    for (answer, expected) in [
        (tagged("amt", "\"1\"", "<p>eins"), 1),
        (tagged("amt", "\"1\"", "<p>eins"), 1),
        (status("amt", 304, &[]), 1),
        (tagged("amt", "\"2\"", "<p>zwei"), 2),
    ] {
        let told = desk.step("amt", answer).await;
        assert_eq!(readings.load(Ordering::Relaxed), expected, "{told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_parser_that_panics_is_its_sources_fault_and_no_one_elses() {
    #[derive(Debug)]
    struct Bomb;
    impl Source for Bomb {
        fn accept(&self) -> &'static str {
            "*/*"
        }
        fn extract(&self, _: &Response) -> Result<Extraction, SourceError> {
            panic!("hostile bytes")
        }
        fn obeys_robots(&self) -> bool {
            false
        }
    }
    let sources = [feed_source("amt", ""), feed_source("bund", "")].concat();
    let mut desk = Desk::new(&sources).await;
    let mut plan = Desk::plan_of(&sources, TOPICS, Arc::clone(&desk.net));
    let amt = Arc::into_inner(plan.sources.remove(0)).unwrap();
    let configured = Configured { source: Box::new(Bomb), ..amt.configured };
    plan.sources.insert(0, Arc::new(SourcePlan::new(configured, amt.fetch)));
    desk.plan = Arc::new(plan);
    for id in ["amt", "bund"] {
        desk.net.add(&feed_url(id), tagged(id, "\"1\"", &rss(&entries(1..3))));
    }
    let reports = desk.poll().await;
    assert_eq!(reports[0].condition, Condition::Failing);
    assert_eq!((reports[1].new, reports[1].condition), (2, Condition::Ok));
}

#[tokio::test(start_paused = true)]
async fn a_time_written_by_a_clock_that_ran_ahead_does_not_silence_a_source() {
    let desk = steady().await;
    let id = SourceId::from("amt");
    let ahead = desk.ctx.clock.now().after(400 * DAY);
    desk.ctx.store.write(move |tx| sources::postpone(tx, &id, ahead)).await.unwrap();
    assert_eq!(
        pipeline::next_due(&desk.ctx, &desk.plan).await.unwrap(),
        Some(desk.ctx.clock.now())
    );
    assert_eq!(desk.read("amt", &entries(1..8)).await, ok(2, 0));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_source_is_named_with_the_nearest_known_one() {
    let desk = desk().await;
    let choice = Choice { named: vec!["atm".into()], force: true, spread: false };
    let error = pipeline::poll(&desk.ctx, &desk.plan, &choice).await.unwrap_err();
    assert!(matches!(error, PipelineError::Unknown { .. }));
    assert_eq!(error.to_string(), "there is no source `atm`, did you mean `amt`?");
}

// A locked database. Real time: SQLite waits with the thread.

#[tokio::test]
async fn what_was_fetched_survives_a_database_that_is_locked_for_a_while() {
    /// Locks the database while the source is being asked.
    struct Locking(Arc<ScriptedFetch>, std::path::PathBuf);
    impl Fetch for Locking {
        fn fetch<'a>(&'a self, r: &'a Request) -> BoxFuture<'a, Result<Response, FetchError>> {
            let connection = rusqlite::Connection::open(&self.1).unwrap();
            connection.execute_batch("begin immediate").unwrap();
            std::thread::spawn(move || {
                // Longer than a write waits.
                std::thread::sleep(Duration::from_millis(5_500));
                connection.execute_batch("rollback").unwrap();
            });
            self.0.fetch(r)
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("amtsbote.db");
    let store = Store::open(&path).unwrap();
    let mut desk = Desk::with(store, &feed_source("amt", ""), TOPICS).await;
    let locking = Arc::new(Locking(Arc::clone(&desk.net), path));
    desk.plan = replaced(&desk, &feed_source("amt", ""), |source| SourcePlan {
        fetch: locking.clone(),
        ..source
    });
    assert_eq!(desk.read("amt", &entries(1..4)).await, ok(3, 0));
    assert_eq!(desk.net.asked().len(), 1, "the source was not bothered twice");
}

// From poll to digest.

#[tokio::test(start_paused = true)]
async fn who_joins_after_the_poll_gets_no_backlog_and_a_removed_topic_is_silent() {
    let mut desk = desk().await;
    desk.read("amt", &entries(1..2)).await;
    desk.read("amt", &entries(1..3)).await;
    desk.subscribe("spaet@stadt.test", &[]).await;
    assert_eq!(desk.digest().await, (vec![entry(2).title], 1));
    desk.read("amt", &entries(1..4)).await;
    assert_eq!(desk.digest().await, (vec![entry(3).title], 2));
    desk.subscribe("wahl@stadt.test", &["ozg"]).await;
    desk.pass(HOUR).await;
    desk.read("amt", &entries(1..5)).await;
    desk.reconfigure(
        &feed_source("amt", ""),
        "[[topic]]\nid = 'ki'\ntitle = 'KI'\nstrong = ['KI']\n",
    );
    assert_eq!(desk.digest().await, (vec![], 0), "its tags are of a topic that is no more");
}

#[tokio::test(start_paused = true)]
async fn a_digest_for_nobody_is_made_and_its_stories_are_told() {
    let desk = desk().await;
    let everyone = desk.ctx.store.read(amtsbote::store::subscribers::list).await.unwrap();
    assert!(pipeline::leave(&desk.ctx, everyone[0].id, "test").await.unwrap());
    desk.read("amt", &entries(1..2)).await;
    desk.read("amt", &entries(1..3)).await;
    assert_eq!(desk.digest().await, (vec![entry(2).title], 0));
    assert_eq!(desk.digest().await, (vec![], 0));
}

#[tokio::test(start_paused = true)]
async fn a_slot_that_comes_twice_under_a_clock_set_back_loses_nothing() {
    use amtsbote::model::SeriesId;
    use amtsbote::pipeline::Moment;
    use amtsbote::schedule::calendar::Slot;
    let desk = desk().await;
    desk.read("amt", &entries(1..2)).await;
    desk.read("amt", &entries(1..3)).await;
    let civil = amtsbote::schedule::calendar::parse_civil_id("2026-01-12T07:00:00").unwrap();
    let due = Moment::Due { slot: Slot { civil, at: Timestamp(0) }, catches_up: false };
    let series = SeriesId::from("taeglich");
    let first = pipeline::compose(&desk.ctx, &desk.plan, &series, due).await.unwrap();
    assert_eq!((first.entries, first.messages, first.was_done), (1, 1, false));
    desk.read("amt", &entries(1..4)).await;
    let second = pipeline::compose(&desk.ctx, &desk.plan, &series, due).await.unwrap();
    assert_eq!((second.digest, second.messages, second.was_done), (None, 0, true));
    assert_eq!(desk.digest().await, (vec![entry(3).title], 1));
}

#[tokio::test(start_paused = true)]
async fn a_text_prunes_away_and_the_item_does_not_come_back_as_new() {
    let desk = desk().await;
    desk.read("amt", &entries(1..4)).await;
    let now = desk.ctx.clock.now().after(DAY);
    desk.ctx.store.write(move |tx| items::prune(tx, now)).await.unwrap();
    let (new, _, condition) = desk.read("amt", &entries(1..4)).await;
    assert_eq!((new, condition), (0, Condition::Ok));
    let left = desk.ctx.store.read(|tx| outbox::list(tx, None, None, 10)).await.unwrap();
    assert!(left.is_empty());
}
