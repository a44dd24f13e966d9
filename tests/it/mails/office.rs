//! A service whose mails are the same at every run: its key, its clock and what
//! its sources say are fixed, and what it hands to the mail server is kept.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use amtsbote::deliver::{Channel, Outgoing, SendError};
use amtsbote::fetch::{Fetch, FetchError, answer};
use amtsbote::model::{
    BoxFuture, Envelope, Method, Payload, Rendered, Request, Response, SeriesId, SourceId,
    SubscriberId, Timestamp,
};
use amtsbote::pipeline::{self, Choice, Context, Moment, Order, Plan};
use amtsbote::schedule::calendar::{self, Calendar};
use amtsbote::store::digests::{self, Progress};
use amtsbote::store::subscribers;
use amtsbote::subscriber::token::bounce_sender;

use crate::support::service::{Service, Setup};

/// A Monday, 06:00 in Berlin.
const MONDAY: Timestamp = Timestamp::from_seconds(1_768_194_000);

pub(super) const READER: &str = "hauptamt@stadt-musterstadt.example";
pub(super) const ADMIN: &str = "betrieb@rechenzentrum.example";

const SETTINGS: &str = r#"
[service]
name = "Kommunal-IT-Meldungen"
public_url = "https://meldungen.rechenzentrum.example/"
contact = "redaktion@rechenzentrum.example"
operator = "Rechenzentrum Musterland, Am Markt 1, 01234 Musterstadt"
[mail]
from = "Kommunal-IT-Meldungen <meldungen@rechenzentrum.example>"
reply_to = "redaktion@rechenzentrum.example"
admin = "betrieb@rechenzentrum.example"
bounce_address = "r@rechenzentrum.example"
unsubscribe_address = "abmelden@rechenzentrum.example"
"#;

const SERIES: &str = r#"
[[series]]
id = "taeglich"
title = "Kommunal-IT am Morgen"
schedule = "arbeitstags 07:00"
[[series]]
id = "woechentlich"
title = "Kommunal-IT der Woche"
schedule = "freitags 12:00"
"#;

const TOPICS: &str = "
[[topic]]
id = 'ozg'
title = 'OZG und Onlinedienste'
strong = ['OZG', 'Onlinedienst', 'Onlinedienste', 'Onlinezugangsgesetz']
[[topic]]
id = 'central-services'
title = 'Zentrale Dienste und Basiskomponenten'
strong = ['Basiskomponente', 'Basiskomponenten', 'Servicekonto']
[[topic]]
id = 'sicherheit'
title = 'IT-Sicherheit'
strong = ['Sicherheitslücke', 'IT-Sicherheit', 'Notfallplan']
";

const SOURCES: [(&str, &str, u8); 4] = [
    ("land", "Landesportal Musterland", 1),
    ("verband", "Städteverband Musterland", 2),
    ("lage", "Lagezentrum für Kommunen", 1),
    ("presse", "Fachportal Rathaus-IT", 3),
];

/// An entry of a feed.
pub(super) struct Told<'a> {
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    pub(super) text: &'a str,
    /// The name of a document beside it.
    pub(super) document: Option<&'a str>,
}

/// The service.
pub(super) struct Office {
    pub(super) ctx: Context,
    pub(super) plan: Arc<Plan>,
    web: Arc<Web>,
    post: Arc<Post>,
}

impl Office {
    pub(super) async fn open() -> Self {
        let web = Arc::new(Web::default());
        let sources: String = SOURCES
            .iter()
            .map(|(id, name, rank)| {
                format!(
                    "[[source]]\nid = '{id}'\nname = '{name}'\nkind = 'feed'\ndetail = 'never'\nrank = {rank}\n\
                     url = '{}'\ninitial = 'all'\n",
                    url_of(id)
                )
            })
            .collect();
        let setup = Setup::new().settings(SETTINGS).series(SERIES).sources(sources).topics(TOPICS);
        let channel = setup.config().channel;
        let post = Arc::new(Post { channel, taken: Mutex::default(), refusal: Mutex::default() });
        let setup =
            setup.at(MONDAY).net(web.clone()).channel(Arc::clone(&post) as Arc<dyn Channel>);
        let Service { ctx, plan, .. } = setup.open();
        let office = Self { ctx, plan, web, post };
        office.compose().await;
        office
    }

    /// It is so many days after the first, at that time in Berlin.
    pub(super) async fn at(&self, day: u32, hour: u32, minute: u32) {
        let minutes = u64::from((day * 24 + hour) * 60 + minute) - 6 * 60;
        let then = MONDAY.after(Duration::from_mins(minutes));
        let now = self.ctx.clock.now();
        assert!(now <= then, "it is later already");
        tokio::time::advance(then.since(now)).await;
    }

    /// Someone whom the operator subscribed.
    pub(super) async fn subscribe(&self, series: &[&str]) -> SubscriberId {
        let series = series.iter().map(|id| SeriesId::from(*id)).collect();
        pipeline::subscribe(&self.ctx, READER, series, Vec::new(), "Test").await.unwrap().unwrap()
    }

    /// Someone fills in the form, for the daily series and two topics.
    pub(super) async fn sign_up(&self) {
        let order = Order {
            address: READER.to_owned(),
            series: vec!["taeglich".into()],
            topics: vec!["ozg".into(), "central-services".into()],
        };
        pipeline::sign_up(&self.ctx, &self.plan, order, None).await.unwrap();
    }

    /// A source says this now, and is asked.
    pub(super) async fn report(&self, source: &str, feed: &[Told<'_>]) {
        self.answer(source, 200, rss(source, feed).as_bytes()).await;
    }

    /// A source answers with that status, and is asked.
    pub(super) async fn answer(&self, source: &str, status: u16, body: &[u8]) {
        let said = (status, body.to_vec());
        self.web.0.lock().unwrap().insert(url_of(source), said);
        let choice = Choice { named: vec![SourceId::from(source)], force: true, spread: false };
        let reports = pipeline::poll(&self.ctx, &self.plan, &choice).await.unwrap();
        assert_eq!(reports.len(), 1, "{reports:?}");
    }

    /// What the daemon does for each series: begins it, or composes what is due.
    pub(super) async fn compose(&self) {
        let mail = &self.plan.mail;
        for series in &self.plan.series {
            let id = series.series.id.clone();
            let now = self.ctx.clock.now();
            let wanted = id.clone();
            let before =
                self.ctx.store.read(move |tx| digests::progress(tx, &wanted)).await.unwrap();
            let last = before.last_slot.as_deref().and_then(calendar::parse_civil_id);
            if last.is_none() {
                let reached = calendar::civil_id(Calendar::reached(now, mail.timezone));
                let begun = Progress { last_slot: Some(reached), ..before };
                let begin = self.ctx.store.write(move |tx| digests::set_progress(tx, &id, &begun));
                begin.await.unwrap();
            } else if let Some(due) = series.schedule.due(last, now, mail.timezone, mail.holidays) {
                let moment = Moment::Due { slot: due.slot, catches_up: due.missed > 0 };
                pipeline::compose(&self.ctx, &self.plan, &id, moment).await.unwrap();
            }
        }
    }

    /// The mail server takes everything from now on, or fails like this.
    pub(super) fn let_mail(&self, outcome: Result<(), SendError>) {
        *self.post.refusal.lock().unwrap() = outcome.err();
    }

    /// Sends what waits. Answers what the mail server took, by recipient; each
    /// under the envelope that is theirs.
    pub(super) async fn drain(&self) -> Vec<(String, Vec<u8>)> {
        pipeline::drain(&self.ctx, &self.plan, &|| false).await.unwrap();
        let taken = std::mem::take(&mut *self.post.taken.lock().unwrap());
        let addresses = self.ctx.store.read(subscribers::list).await.unwrap();
        let ids: BTreeMap<_, _> = addresses.into_iter().map(|one| (one.address, one.id)).collect();
        for Taken { sender, recipient, .. } in &taken {
            let whose = ids.get(recipient).copied().unwrap_or(SubscriberId(0));
            let token = self.ctx.tokens.bounce(whose);
            assert_eq!(*sender, bounce_sender("r@rechenzentrum.example", &token));
        }
        taken.into_iter().map(|taken| (taken.recipient, taken.bytes)).collect()
    }

    /// Sends what waits: one mail to that address and nothing else.
    pub(super) async fn only_mail_to(&self, address: &str) -> Vec<u8> {
        let mut mails = self.drain().await;
        let recipients: Vec<&str> = mails.iter().map(|(to, _)| to.as_str()).collect();
        assert_eq!(recipients, [address]);
        mails.remove(0).1
    }
}

fn url_of(source: &str) -> String {
    format!("https://{source}.example/feed.xml")
}

fn rss(source: &str, feed: &[Told<'_>]) -> String {
    let mut items = String::new();
    for Told { id, title, text, document } in feed {
        let document = document.map_or(String::new(), |name| {
            format!("<enclosure url='https://{source}.example/{name}' type='application/pdf'/>")
        });
        items += &format!(
            "<item><guid isPermaLink='false'>{id}</guid><title>{title}</title>\
             <link>https://{source}.example/meldungen/{id}</link>\
             <description>{text}</description>{document}</item>"
        );
    }
    format!(
        "<?xml version='1.0'?><rss version='2.0'><channel><title>{source}</title>\
         <link>https://{source}.example/</link>{items}</channel></rss>"
    )
}

/// The servers of the sources: feeds say what they were told to, documents are
/// of one size, and there is nothing else.
#[derive(Default)]
struct Web(Mutex<HashMap<String, (u16, Vec<u8>)>>);

impl Fetch for Web {
    fn fetch<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, FetchError>> {
        let url = &request.url;
        let answer = match self.0.lock().unwrap().get(url) {
            Some((status, body)) => {
                answer(*status, url, &[("Content-Type", "application/rss+xml")], body)
            }
            None if request.method == Method::Head => {
                let size = [("Content-Type", "application/pdf"), ("Content-Length", "218000")];
                answer(200, url, &size, b"")
            }
            None => answer(404, url, &[], b""),
        };
        Box::pin(async move { Ok(answer) })
    }
}

struct Taken {
    sender: String,
    recipient: String,
    bytes: Vec<u8>,
}

/// The configured channel up to the socket; keeps what would have gone out.
struct Post {
    channel: Arc<dyn Channel>,
    taken: Mutex<Vec<Taken>>,
    refusal: Mutex<Option<SendError>>,
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Post")
    }
}

impl Channel for Post {
    fn encode(&self, envelope: &Envelope, rendered: &Rendered) -> Result<Payload, SendError> {
        self.channel.encode(envelope, rendered)
    }

    fn send<'a>(&'a self, mail: Outgoing<'a>) -> BoxFuture<'a, Result<(), SendError>> {
        let refusal = self.refusal.lock().unwrap().clone();
        if refusal.is_none() {
            self.taken.lock().unwrap().push(Taken {
                sender: mail.sender.to_owned(),
                recipient: mail.recipient.to_owned(),
                bytes: mail.payload.0.clone(),
            });
        }
        Box::pin(async move { refusal.map_or(Ok(()), Err) })
    }
}
