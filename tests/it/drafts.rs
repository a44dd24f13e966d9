//! The draft of a digest: who sees it, what they may do, and what waits for them.

use std::sync::Arc;
use std::time::Duration;

use amtsbote::model::{Digest, DraftState, SeriesId};
use amtsbote::pipeline::{self, ComposeReport, Moment};
use amtsbote::schedule::calendar::{self, Calendar};
use amtsbote::store::digests::{self, Progress};
use amtsbote::store::{drafts, outbox};
use amtsbote::web::{self, Settings};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use tower::ServiceExt as _;

use crate::support::desk::{HOUR, document, entries, rss};
use crate::support::service::{MONDAY, Service, Setup};

const PUBLIC: &str = "https://meldungen.test";

/// A series at 07:00 whose draft comes at 06:30; it is Monday, 05:30.
async fn morning(unanswered: &str) -> Service {
    let series = format!(
        "[[series]]\nid = 'taeglich'\ntitle = 'Am Morgen'\nschedule = 'täglich 07:00'\n\
         editor = 'eine@amt.test, andere@amt.test'\ndraft = '06:30'\nunanswered = '{unanswered}'\n"
    );
    let source = crate::support::desk::feed_source("stadt", "initial = 'all'");
    let topics =
        "[[topic]]\nid = 'ozg'\ntitle = 'OZG'\nstrong = ['OZG']\nweak = ['Bürgerportal']\n";
    let setup = Setup::new().series(series).sources(source).topics(topics);
    let setup = setup.at(MONDAY.before(HOUR * 3 / 2));
    let service = setup.open();
    service.subscribe("leserin@stadt.test", &[]).await;
    service.pass(Duration::from_secs(1)).await;
    // What the daemon writes when it first sees a series.
    let reached = Calendar::reached(service.ctx.clock.now(), service.plan.mail.timezone);
    let begun = Progress { last_slot: Some(calendar::civil_id(reached)), ..Progress::default() };
    let series = SeriesId::from("taeglich");
    service.ctx.store.write(move |tx| digests::set_progress(tx, &series, &begun)).await.unwrap();
    service.step("stadt", document("stadt", &rss(&entries(1..=3)))).await;
    service
}

impl Service {
    /// Lets time pass until so long before (or after) 07:00 of the first morning.
    async fn until(&self, at: i64) {
        let target = amtsbote::model::Timestamp(MONDAY.0 + at * 60_000);
        self.pass(target.since(self.ctx.clock.now())).await;
    }

    /// What the daemon does at each turn.
    async fn turn(&self) -> ComposeReport {
        let (ctx, plan, series) = (&self.ctx, &self.plan, SeriesId::from("taeglich"));
        pipeline::draft(ctx, plan, &series).await.unwrap();
        let of = series.clone();
        let progress = ctx.store.read(move |tx| digests::progress(tx, &of)).await.unwrap();
        let last = progress.last_slot.as_deref().and_then(calendar::parse_civil_id);
        let mail = &plan.mail;
        let due = plan.series[0].schedule.due(last, ctx.clock.now(), mail.timezone, mail.holidays);
        let Some(due) = due else { return ComposeReport::default() };
        let moment = Moment::Due { slot: due.slot, catches_up: due.missed > 0 };
        pipeline::compose(ctx, plan, &series, moment).await.unwrap()
    }

    /// The links of the drafts that were mailed, the latest two.
    async fn links(&self) -> Vec<String> {
        let all = self.ctx.store.read(|tx| outbox::list(tx, None, None, 100)).await.unwrap();
        let mut links: Vec<(String, String)> = Vec::new();
        for entry in all {
            let text = String::from_utf8_lossy(&entry.payload.0).replace("=\r\n", "");
            let Some(at) = text.find("/r/") else { continue };
            let token: String = text[at + 3..].chars().take(26).collect();
            links.push((entry.recipient, format!("/r/{token}")));
        }
        links.sort();
        links.into_iter().map(|(_, link)| link).collect()
    }

    fn router(&self) -> Router {
        let now = (self.ctx.clone(), Arc::clone(&self.plan));
        web::router(
            web::Paths::Pages,
            Settings::of(&self.setup.config()),
            Arc::new(move || now.clone()),
        )
    }

    async fn request(
        &self,
        method: &str,
        path: &str,
        origin: &str,
        form: &str,
    ) -> (StatusCode, String) {
        self.request_with(method, path, &[("origin", origin)], form).await
    }

    async fn request_with(
        &self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        form: &str,
    ) -> (StatusCode, String) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(form.to_owned())).unwrap();
        let response = self.router().oneshot(request).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn post(&self, path: &str, form: &str) -> String {
        let (status, text) = self.request("POST", path, PUBLIC, form).await;
        assert_eq!(status, StatusCode::OK, "{form}: {text}");
        text
    }

    async fn stored_digest(&self, report: &ComposeReport) -> Digest {
        let id = report.digest.clone().unwrap();
        let row = self.ctx.store.read(move |tx| digests::get(tx, &id)).await.unwrap().unwrap();
        serde_json::from_str(&row.content).unwrap()
    }

    async fn draft_state(&self, slot: &str) -> Option<DraftState> {
        let (series, slot) = (SeriesId::from("taeglich"), slot.to_owned());
        let draft = self.ctx.store.read(move |tx| drafts::of_slot(tx, &series, &slot)).await;
        draft.unwrap().map(|draft| draft.state)
    }
}

const FIRST: &str = "2026-01-12T07:00:00";
const SECOND: &str = "2026-01-13T07:00:00";

fn ids(digest: &Digest) -> Vec<i64> {
    let entries = digest.sections.iter().flat_map(|section| &section.entries);
    entries.map(|entry| entry.item.0).collect()
}

#[tokio::test(start_paused = true)]
async fn the_morning_of_an_editor() {
    let service = morning("hold").await;
    service.until(-31).await;
    service.turn().await;
    assert!(service.links().await.is_empty(), "it is not half past six");
    service.until(-30).await;
    service.turn().await;
    service.turn().await;
    let links = service.links().await;
    assert_eq!(links.len(), 2, "one mail for each editor");
    assert_ne!(links[0], links[1]);

    let (one, other) = (&links[0], &links[1]);
    let (_, page) = service.request("GET", one, PUBLIC, "").await;
    assert!(page.contains("Noch nicht entschieden") && page.contains("Teil 2"), "{page}");
    service.post(one, "tat=weglassen&meldung=3").await;
    service.post(one, "tat=oben&meldung=1").await;
    service.post(one, "tat=anmerkung&meldung=2&text=Gilt+auch+hier.").await;
    service.post(one, "tat=vorspann&text=Guten+Morgen.").await;
    let page = service.post(other, "tat=verschicken").await;
    assert!(page.contains("Freigegeben.") && page.contains("weggelassen"), "{page}");

    service.until(0).await;
    let digest = service.stored_digest(&service.turn().await).await;
    assert_eq!(ids(&digest), [1, 2]);
    assert_eq!(digest.intro.as_deref(), Some("Guten Morgen."));
    assert_eq!(digest.sections[0].entries[1].note.as_deref(), Some("Gilt auch hier."));
    assert!(!digest.catches_up);
    let (status, page) = service.request("GET", one, PUBLIC, "").await;
    assert_eq!(status, StatusCode::GONE, "the link ended with its draft: {page}");
    assert_eq!(service.request("POST", one, PUBLIC, "tat=anhalten").await.0, StatusCode::GONE);
    assert_eq!(service.turn().await, ComposeReport::default(), "and it went once");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_approved_is_held_and_joins_the_next_digest() {
    let service = morning("hold").await;
    service.until(-30).await;
    service.turn().await;
    service.until(0).await;
    assert!(service.turn().await.waits);
    service.step("stadt", document("stadt", &rss(&entries(1..=4)))).await;
    service.until(24 * 60 - 30).await;
    assert!(service.turn().await.waits);
    assert_eq!(service.draft_state(FIRST).await, Some(DraftState::Expired));
    assert_eq!(service.draft_state(SECOND).await, Some(DraftState::Draft));
    let mut links = service.links().await;
    links.retain(|link| !link.is_empty());
    assert_eq!(links.len(), 4, "two mornings, two editors");
    for link in &links {
        let (status, _) = service.request("POST", link, PUBLIC, "tat=verschicken").await;
        assert!([StatusCode::OK, StatusCode::GONE].contains(&status));
    }
    service.until(24 * 60).await;
    let digest = service.stored_digest(&service.turn().await).await;
    assert_eq!(ids(&digest), [4, 3, 2, 1], "nothing is lost");
    assert!(digest.catches_up, "and it says that it stands for two");
}

#[tokio::test(start_paused = true)]
async fn a_late_approval_sends_at_once() {
    let service = morning("hold").await;
    service.until(-30).await;
    service.turn().await;
    let link = service.links().await.remove(0);
    service.until(20).await;
    assert!(service.turn().await.waits);
    service.post(&link, "tat=verschicken").await;
    assert_eq!(ids(&service.stored_digest(&service.turn().await).await), [3, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn without_an_answer_it_goes_where_the_config_says_so() {
    let service = morning("send").await;
    service.until(-30).await;
    service.turn().await;
    service.step("stadt", document("stadt", &rss(&entries(1..=4)))).await;
    let link = service.links().await.remove(0);
    let (_, page) = service.request("GET", &link, PUBLIC, "").await;
    assert_eq!(page.matches("neu seit dem Entwurf").count(), 1, "{page}");
    service.until(0).await;
    assert_eq!(ids(&service.stored_digest(&service.turn().await).await), [4, 3, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_held_digest_does_not_go_even_where_no_answer_means_yes() {
    let service = morning("send").await;
    service.until(-30).await;
    service.turn().await;
    let link = service.links().await.remove(0);
    service.post(&link, "tat=verschicken").await;
    service.post(&link, "tat=anhalten").await;
    service.until(1).await;
    assert!(service.turn().await.waits, "the later answer counts");
    for unread in ["neun", "25:00", "6.30", ""] {
        let form = format!("tat=spaeter&um={unread}");
        let (status, page) = service.request("POST", &link, PUBLIC, &form).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{unread}: {page}");
        assert!(page.contains("Schreiben Sie sie wie 9:30"), "{unread}: {page}");
    }
    service.post(&link, "tat=spaeter&um=9.00+Uhr").await;
    service.until(119).await;
    assert!(service.turn().await.waits);
    service.until(120).await;
    assert_eq!(ids(&service.stored_digest(&service.turn().await).await), [3, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn under_hold_what_came_after_the_approval_waits_for_the_next_one() {
    let service = morning("hold").await;
    service.until(-30).await;
    service.turn().await;
    let link = service.links().await.remove(0);
    service.post(&link, "tat=verschicken").await;
    service.step("stadt", document("stadt", &rss(&entries(1..=4)))).await;
    service.until(0).await;
    assert_eq!(ids(&service.stored_digest(&service.turn().await).await), [3, 2, 1]);
    service.until(24 * 60 - 30).await;
    service.turn().await;
    assert_eq!(service.links().await.len(), 4, "it is in the draft of the next morning");
}

#[tokio::test(start_paused = true)]
async fn a_draft_that_was_missed_is_made_late_and_waits() {
    let service = morning("hold").await;
    // The service was down at half past six and at seven.
    service.until(45).await;
    assert!(service.turn().await.waits);
    let link = service.links().await.remove(0);
    service.post(&link, "tat=verschicken").await;
    assert_eq!(ids(&service.stored_digest(&service.turn().await).await), [3, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn what_nearly_made_it_is_named_and_taken_in_by_a_button_that_teaches_the_rules() {
    let service = morning("hold").await;
    let mut near = entries(4..=5);
    near[0].title = "Bürgerportal öffnet".into();
    near[1].title = "Freibad öffnet".into();
    near.extend(entries(1..=3));
    service.step("stadt", document("stadt", &rss(&near))).await;
    service.until(-30).await;
    service.turn().await;
    let all = service.ctx.store.read(|tx| outbox::list(tx, None, None, 9)).await.unwrap();
    let draft = mail_parser::MessageParser::default().parse(&all[0].payload.0).unwrap();
    let text = draft.body_text(0).unwrap().replace('\n', " ");
    assert!(
        text.contains("Fast dabei: Bürgerportal öffnet (stadt, OZG: 1,0 von 3,0 Punkten)."),
        "{text}"
    );
    assert!(!text.contains("Freibad"), "{text}");

    let link = service.links().await.remove(0);
    let (_, page) = service.request("GET", &link, PUBLIC, "").await;
    let (_, form) = page.split_once("<h2>Fast dabei</h2>").unwrap();
    let value = |name: &str| {
        let (_, rest) = form.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    let (item, topic) = (value("meldung"), value("thema").replace('+', "%2B"));
    let page = service.post(&link, &format!("tat=thema&meldung={item}&thema={topic}")).await;
    assert!(!page.contains("Fast dabei") && page.contains("Bürgerportal öffnet"), "{page}");
    service.post(&link, "tat=verschicken").await;
    service.until(0).await;
    let digest = service.stored_digest(&service.turn().await).await;
    assert!(ids(&digest).contains(&item.parse().unwrap()), "{item}: {:?}", ids(&digest));
    let learnt = pipeline::corrected_items(&service.ctx).await.unwrap();
    assert_eq!(learnt.len(), 1);
    assert_eq!(
        (learnt[0].title.as_str(), &learnt[0].labels[..]),
        ("Bürgerportal öffnet", &["ozg".to_owned()][..])
    );
}

#[tokio::test(start_paused = true)]
async fn the_page_frames_the_mail_as_it_would_go_and_only_there() {
    let service = morning("hold").await;
    service.until(-30).await;
    service.turn().await;
    let link = service.links().await.remove(0);
    let (_, page) = service.request("GET", &link, PUBLIC, "").await;
    assert!(page.contains(&format!("src=\"{link}/vorschau\"")), "{page}");
    service.post(&link, "tat=anmerkung&meldung=2&text=Gilt+auch+hier.").await;
    let preview = format!("{link}/vorschau");
    let (status, mail) = service.request("GET", &preview, PUBLIC, "").await;
    assert_eq!(status, StatusCode::OK);
    assert!(mail.contains("Anmerkung der Redaktion: Gilt auch hier."), "{mail}");
    assert!(mail.contains("role=\"presentation\""), "it is the HTML part of the mail: {mail}");
    service.post(&link, "tat=verschicken").await;
    service.until(0).await;
    service.turn().await;
    assert_eq!(service.request("GET", &preview, PUBLIC, "").await.0, StatusCode::GONE);
    let unknown = "/r/aaaaaaaaaaaaaaaaaaaaaaaaaa/vorschau";
    assert_eq!(service.request("GET", unknown, PUBLIC, "").await.0, StatusCode::GONE);
}

#[tokio::test(start_paused = true)]
async fn an_answer_wakes_the_loop_that_composes() {
    use futures_util::FutureExt as _;
    let service = morning("hold").await;
    service.until(-30).await;
    service.turn().await;
    let link = service.links().await.remove(0);
    let woken = || service.ctx.draft_answered.notified().now_or_never().is_some();
    assert!(!woken());
    service.post(&link, "tat=oben&meldung=1").await;
    assert!(!woken(), "an act is no answer");
    service.post(&link, "tat=verschicken").await;
    assert!(woken());
}

#[tokio::test(start_paused = true)]
async fn no_look_at_any_link_of_a_draft_changes_anything() {
    let service = morning("hold").await;
    service.until(-30).await;
    service.turn().await;
    let all = service.ctx.store.read(|tx| outbox::list(tx, None, None, 9)).await.unwrap();
    let mail = mail_parser::MessageParser::default().parse(&all[0].payload.0).unwrap();
    let said = format!("{} {}", mail.body_text(0).unwrap(), mail.body_html(0).unwrap());
    let ends = |c: char| c.is_whitespace() || "\"'<>".contains(c);
    let mut paths: Vec<String> = said
        .match_indices(&format!("{PUBLIC}/"))
        .map(|(at, _)| said[at + PUBLIC.len()..].split(ends).next().unwrap().to_owned())
        .collect();
    let desk = paths.iter().find(|path| path.starts_with("/r/")).unwrap().clone();
    // And what a page behind it would lead a scanner to.
    paths.extend([
        format!("{desk}/vorschau"),
        format!("{desk}?tat=verschicken"),
        format!("{desk}?tat=weglassen&meldung=1"),
    ]);
    let changes = async || {
        service
            .ctx
            .store
            .read(|tx| Ok(tx.query_row("select total_changes()", [], |row| row.get::<_, i64>(0))?))
            .await
            .unwrap()
    };
    let written = async || {
        let acts =
            service.ctx.store.read(|tx| amtsbote::store::acts::latest(tx, 99)).await.unwrap();
        let mails = service.ctx.store.read(|tx| outbox::list(tx, None, None, 99)).await.unwrap();
        (acts.len(), mails.len(), service.draft_state(FIRST).await)
    };
    let (before, count) = (written().await, changes().await);
    for path in &paths {
        for method in ["GET", "HEAD"] {
            let (status, _) = service.request(method, path, PUBLIC, "").await;
            assert!(status.is_success() || status.is_redirection(), "{method} {path}: {status}");
        }
    }
    assert_eq!((written().await, changes().await), (before, count));
}

#[tokio::test(start_paused = true)]
async fn scanners_and_other_sites_change_nothing() {
    let service = morning("hold").await;
    service.until(-30).await;
    service.turn().await;
    let link = service.links().await.remove(0);
    for method in ["GET", "HEAD"] {
        let path = format!("{link}?tat=verschicken");
        assert_eq!(
            service.request(method, &path, PUBLIC, "tat=verschicken").await.0,
            StatusCode::OK
        );
    }
    let foreign = service.request("POST", &link, "https://boese.test", "tat=verschicken").await.0;
    assert_eq!(foreign, StatusCode::FORBIDDEN);
    // The page keeps its address to itself: its forms come without an origin, and the browser says
    // where they stood.
    for site in ["cross-site", "same-site", "none", ""] {
        let fields = [("origin", "null"), ("sec-fetch-site", site)];
        let answer = service.request_with("POST", &link, &fields, "tat=verschicken").await;
        assert_eq!(answer.0, StatusCode::FORBIDDEN, "{site}");
    }
    let fields = [("origin", "null"), ("sec-fetch-site", "same-origin")];
    let own = service.request_with("POST", &link, &fields, "tat=oben&meldung=1").await;
    assert_eq!(own.0, StatusCode::OK);
    for form in ["", "tat=alles", "tat=weglassen", "tat=weglassen&meldung=x", "tat=spaeter&um=7x"] {
        assert_eq!(
            service.request("POST", &link, PUBLIC, form).await.0,
            StatusCode::BAD_REQUEST,
            "{form}"
        );
    }
    let unknown = "/r/aaaaaaaaaaaaaaaaaaaaaaaaaa";
    assert_eq!(
        service.request("POST", unknown, PUBLIC, "tat=verschicken").await.0,
        StatusCode::GONE
    );
    assert_eq!(service.draft_state(FIRST).await, Some(DraftState::Draft));
    service.until(0).await;
    assert!(service.turn().await.waits);
}

#[tokio::test(start_paused = true)]
async fn a_restored_answer_is_asked_again() {
    let service = morning("hold").await;
    service.until(-30).await;
    service.turn().await;
    let link = service.links().await.remove(0);
    service.post(&link, "tat=verschicken").await;
    service.ctx.store.write(drafts::unanswer_all).await.unwrap();
    service.until(0).await;
    assert!(service.turn().await.waits);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_sends_nothing_unapproved_and_loses_nothing() {
    let service = morning("hold").await;
    // Two days at once: both slots and both drafts were missed.
    service.until(2 * 24 * 60 + 5).await;
    assert!(service.turn().await.waits);
    let link = service.links().await.remove(0);
    service.post(&link, "tat=verschicken").await;
    let digest = service.stored_digest(&service.turn().await).await;
    assert_eq!(ids(&digest), [3, 2, 1]);
    assert!(digest.catches_up);
}
