//! Two weeks of polling: servers are asked as their answers ask for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use amtsbote::clock::{Clock, TestClock};
use amtsbote::fetch::{Fetch, FetchError, answer};
use amtsbote::model::{BoxFuture, Request, Response, SourceId, Timestamp};
use amtsbote::pipeline::{self, Choice};
use amtsbote::store::sources::{self, Requests};
use amtsbote::store::{Store, StoreError};

use crate::support::service::{Service, Setup};

const DAY: Duration = Duration::from_hours(24);
const SPACING: Duration = Duration::from_secs(2);

/// Three sources of one host, one of another, one whose server knows no validators.
const SOURCES: [(&str, &str); 5] = [
    ("rat", "https://www.stadt.example/rat.xml"),
    ("amt", "https://www.stadt.example/amt.xml"),
    ("bad", "https://bad.stadt.example/feed"),
    ("land", "https://land.example/feed"),
    ("verein", "https://verein.example/feed"),
];

/// A request as its server saw it.
#[derive(Debug, Clone)]
struct Seen {
    url: String,
    at: Timestamp,
    etag: Option<String>,
    since: Option<String>,
}

/// What a URL gave last.
#[derive(Default)]
struct Page {
    edition: usize,
    given: Option<(String, String)>,
}

/// Servers that notice each offence against their wishes.
struct World {
    clock: TestClock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    seen: Vec<Seen>,
    pages: HashMap<String, Page>,
    rests_until: HashMap<String, Timestamp>,
    offences: Vec<String>,
}

fn host(url: &str) -> String {
    let url = url::Url::parse(url).unwrap();
    let host = url.host_str().unwrap();
    host.strip_prefix("www.").or(host.strip_prefix("bad.")).unwrap_or(host).to_owned()
}

fn document(url: &str, edition: usize) -> String {
    let items: String = (0..=edition)
        .rev()
        .take(10)
        .map(|n| format!("<item><guid>{url}#{n}</guid><title>Meldung {n}</title></item>"))
        .collect();
    format!("<rss version=\"2.0\"><channel><title>S</title>{items}</channel></rss>")
}

impl World {
    fn reply(&self, request: &Request) -> Response {
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap();
        let state = &mut *state;
        let header = |name: &str| request.headers.get(name).map(str::to_owned);
        let seen = Seen {
            url: request.url.clone(),
            at: now,
            etag: header("If-None-Match"),
            since: header("If-Modified-Since"),
        };
        let host = host(&request.url);
        if state.rests_until.get(&host).is_some_and(|until| *until > now) {
            state.offences.push(format!("before Retry-After: {seen:?}"));
        }
        let page = state.pages.entry(request.url.clone()).or_default();
        let expected = page.given.clone().unzip();
        if (seen.etag.clone(), seen.since.clone()) != expected {
            state.offences.push(format!("{seen:?} instead of {expected:?}"));
        }
        let asked = state.seen.iter().filter(|other| other.url == request.url).count();
        state.seen.push(seen);
        let wait = match (request.url.as_str(), asked) {
            (SOURCE_RAT, 5) => Some((now.after(DAY), "86400".to_owned())),
            (SOURCE_RAT, 20) => {
                // The date of a field has whole seconds.
                let until = Timestamp::from_seconds(now.after(DAY * 2).seconds());
                Some((until, until.utc().to_rfc2822()))
            }
            _ => None,
        };
        if let Some((until, wait)) = wait {
            state.rests_until.insert(host, until);
            return answer(429, &request.url, &[("Retry-After", &wait)], b"");
        }
        // The document changes each fourth time it is asked for.
        let page = state.pages.get_mut(&request.url).unwrap();
        if asked % 4 != 0 && page.given.is_some() {
            return answer(304, &request.url, &[], b"");
        }
        page.edition += 1;
        let body = document(&request.url, page.edition);
        if request.url.contains("verein") {
            return answer(200, &request.url, &[], body.as_bytes());
        }
        let etag = format!("W/\"{}-{}\"", page.edition, now.0);
        // A date that no calendar has: who computes one is found out.
        let modified = format!("Tue, 31 Nov 2026 10:00:{:02} GMT", page.edition % 60);
        page.given = Some((etag.clone(), modified.clone()));
        let fields = [("ETag", etag.as_str()), ("Last-Modified", modified.as_str())];
        answer(200, &request.url, &fields, body.as_bytes())
    }
}

const SOURCE_RAT: &str = SOURCES[0].1;

impl Fetch for World {
    fn fetch<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, FetchError>> {
        let response = self.reply(request);
        Box::pin(async move {
            // Every answer takes a moment, so that spacing is seen and not luck.
            tokio::time::sleep(Duration::from_millis(40)).await;
            Ok(response)
        })
    }
}

/// A service that asks those servers.
fn open(world: &Arc<World>) -> Service {
    let block = |(id, url): (&str, &str)| {
        format!(
            "[[source]]\nid = '{id}'\nkind = 'feed'\ndetail = 'never'\nurl = '{url}'\ninterval = '2h'\n"
        )
    };
    Setup::new()
        .settings("[fetch]\nmin_interval = '15m'\nhost_spacing = '2s'\n")
        .sources(SOURCES.map(block).concat())
        .topics("")
        .clock(Arc::new(world.clock))
        .net(Arc::clone(world) as Arc<dyn Fetch>)
        .open()
}

async fn counted(store: &Store) -> HashMap<String, Requests> {
    let count = |tx: &amtsbote::store::Transaction<'_>| {
        SOURCES
            .iter()
            .map(|(id, _)| Ok(((*id).to_owned(), sources::requests(tx, &SourceId::from(*id))?)))
            .collect::<Result<HashMap<_, _>, StoreError>>()
    };
    store.read(count).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_fortnight_of_polling_offends_no_server() {
    let clock = TestClock::new(Timestamp::from_seconds(1_795_428_000));
    let world = Arc::new(World { clock, state: Mutex::default() });
    let mut service = open(&world);
    let end = clock.now().after(DAY * 14);
    let mut passes = 0;
    while clock.now() < end {
        let due = pipeline::next_due(&service.ctx, &service.plan).await.unwrap().unwrap();
        tokio::time::advance(due.since(clock.now()).max(Duration::from_millis(200))).await;
        // The service is started anew each day or so: nothing but the store lives on.
        passes += 1;
        if passes % 12 == 0 {
            service.restart();
        }
        // Once the machine sleeps for two days.
        if passes == 60 {
            tokio::time::advance(DAY * 2).await;
        }
        let choice = Choice { spread: true, ..Choice::default() };
        pipeline::poll(&service.ctx, &service.plan, &choice).await.unwrap();
    }

    let counted = counted(&service.ctx.store).await;
    let state = world.state.lock().unwrap();
    assert_eq!(state.offences, Vec::<String>::new());
    assert_eq!(state.rests_until.len(), 1, "one host asked for rest, and was believed");
    let of = |url: &str| state.seen.iter().filter(|seen| seen.url == url).count();
    for (id, url) in SOURCES {
        assert!((60..=170).contains(&of(url)), "{id} was asked {} times", of(url));
    }
    for (index, seen) in state.seen.iter().enumerate() {
        let before = state.seen[..index].iter().rev();
        if let Some(other) = before.clone().find(|other| other.url == seen.url) {
            assert!(seen.at.since(other.at) >= Duration::from_mins(15), "{other:?} {seen:?}");
        }
        if let Some(other) = before.clone().find(|other| host(&other.url) == host(&seen.url)) {
            assert!(seen.at.since(other.at) >= SPACING, "{other:?} {seen:?}");
        }
    }

    let rat = counted["rat"];
    assert_eq!((rat.told_to_wait, rat.asked_early), (2, 0));
    assert_eq!(rat.conditional, rat.all - 1, "only the first request was unconditional");
    assert!(rat.not_modified * 2 > rat.all, "{rat:?}");
    assert_eq!(counted["verein"].conditional, 0, "nothing is invented");
    let spacings = ["rat", "amt", "bad"].map(|id| counted[id].spacing.unwrap());
    assert!(spacings.iter().all(|spacing| *spacing >= SPACING), "{spacings:?}");
}

#[tokio::test(start_paused = true)]
async fn a_long_stop_ends_in_no_burst() {
    let clock = TestClock::new(Timestamp::from_seconds(1_795_428_000));
    let world = Arc::new(World { clock, state: Mutex::default() });
    let Service { ctx, plan, .. } = open(&world);
    let choice = Choice { spread: true, ..Choice::default() };
    assert_eq!(pipeline::poll(&ctx, &plan, &choice).await.unwrap().len(), SOURCES.len());
    tokio::time::advance(DAY * 3).await;
    let woken = clock.now();
    let at_once = pipeline::poll(&ctx, &plan, &choice).await.unwrap().len();
    assert!(at_once < SOURCES.len(), "{at_once} at once");
    while clock.now() < woken.after(Duration::from_mins(11)) {
        tokio::time::advance(Duration::from_secs(5)).await;
        pipeline::poll(&ctx, &plan, &choice).await.unwrap();
    }
    let state = world.state.lock().unwrap();
    let starts: Vec<Timestamp> =
        state.seen.iter().map(|seen| seen.at).filter(|at| *at >= woken).collect();
    assert_eq!(starts.len(), SOURCES.len(), "all were asked again, once");
    let distinct: std::collections::BTreeSet<i64> =
        starts.iter().map(|at| at.seconds() / 30).collect();
    assert!(distinct.len() >= 3, "{distinct:?}");
}
