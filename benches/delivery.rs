//! What a digest costs from its items to the mail server, beside the network.
//!
//! ```text
//! cargo bench --bench delivery                                  # compose for 1,000 and 10,000 readers
//! cargo bench --bench delivery -- digest READERS [HOST:PORT CONNECTIONS]
//! cargo bench --bench delivery -- transport HOST:PORT MAILS BYTES CONNECTIONS
//! ```
//!
//! `digest` composes one digest of 20 entries out of 20 sources, four choices of
//! topics among the readers, and with an address also drains the queue into the
//! SMTP server there (a sink: `smtp-sink` of Postfix). `transport` is the SMTP
//! channel alone, the same message again and again, nothing recorded.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use amtsbote::clock::{Stopwatch, SystemClock};
use amtsbote::config::{self, Environment};
use amtsbote::daemon;
use amtsbote::deliver::{Channel, Outgoing};
use amtsbote::fetch::{ScriptedFetch, answer};
use amtsbote::model::{Consent, Payload, SeriesId, Standing, TopicId};
use amtsbote::pipeline::{self, Choice, Context, Moment, Plan};
use amtsbote::store::{Store, subscribers};
use amtsbote::subscriber::token::{Key, Tokens};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const SOURCES: usize = 20;

const SUMMARY: &str = "Der Bericht zum Onlinezugangsgesetz beschreibt, wie Städte und Gemeinden ihre \
    Anträge über den zentralen IT-Dienst der Genossenschaft anbieten. Bürgerinnen und Bürger stellen sie \
    vollständig digital, die Verwaltungsmodernisierung kommt damit voran.";

fn main() -> ExitCode {
    // `cargo bench` adds `--bench` of its own.
    let given: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = given.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = runtime.map_err(Into::into).and_then(|runtime| {
        runtime.block_on(async {
            match words.as_slice() {
                [] => {
                    digest(1_000, None).await?;
                    digest(10_000, None).await
                }
                ["digest", readers] => digest(readers.parse()?, None).await,
                ["digest", readers, server, connections] => {
                    digest(readers.parse()?, Some((server, connections.parse()?))).await
                }
                ["transport", server, mails, bytes, connections] => {
                    transport(server, mails.parse()?, bytes.parse()?, connections.parse()?).await
                }
                _ => Err("usage: delivery [digest READERS [HOST:PORT CONNECTIONS] | transport HOST:PORT MAILS BYTES CONNECTIONS]".into()),
            }
        })
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Where the mails go, and over how many connections.
type Server<'a> = Option<(&'a str, usize)>;

async fn digest(readers: usize, server: Server<'_>) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (plan, channel) = plan(folder.path(), server)?;
    let path = folder.path().join("bench.db");
    let store = Store::open(&path)?;
    let tokens = Tokens::new(Key::generate()?);
    let ctx = Context::new(store, Arc::new(SystemClock), tokens, channel);
    subscribe(&ctx, readers).await?;
    for report in pipeline::poll(&ctx, &plan, &Choice::default()).await? {
        if report.new != 1 {
            return Err(format!("{}: {:?}", report.id, report.error).into());
        }
    }
    let before = Usage::now()?;
    let composed =
        pipeline::compose(&ctx, &plan, &SeriesId::from("taeglich"), Moment::Asked).await?;
    before.line("compose", composed.messages, "mails")?;
    if composed.messages != readers || composed.entries != SOURCES {
        return Err(format!("{composed:?}").into());
    }
    let mut size = 0;
    for ending in ["", "-wal"] {
        size += std::fs::metadata(format!("{}{ending}", path.display()))?.len();
    }
    println!("{:<12} {size} bytes on disk, {} a mail", "", size / readers.max(1) as u64);
    if server.is_some() {
        let before = Usage::now()?;
        let report = pipeline::drain(&ctx, &plan, &|| false).await?;
        before.line("drain", report.sent, "mails")?;
        if report.sent != readers {
            return Err(format!("{report:?}").into());
        }
    }
    Ok(())
}

async fn transport(server: &str, mails: usize, bytes: usize, connections: usize) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (_, channel) = plan(folder.path(), Some((server, connections)))?;
    let line = "Zeile mit Umlauten waere auch moeglich, hier reicht ASCII zum Messen.\r\n";
    let payload = Payload(line.bytes().cycle().take(bytes / line.len() * line.len()).collect());
    let before = Usage::now()?;
    let mut hands = tokio::task::JoinSet::new();
    for hand in 0..connections {
        let (channel, payload) = (Arc::clone(&channel), payload.clone());
        let share = mails / connections + usize::from(hand < mails % connections);
        hands.spawn(async move {
            for _ in 0..share {
                let mail = Outgoing {
                    sender: "bote@example.test",
                    recipient: "leser@example.test",
                    message_id: "x@y",
                    payload: &payload,
                };
                channel.send(mail).await?;
            }
            Ok::<(), amtsbote::deliver::SendError>(())
        });
    }
    while let Some(hand) = hands.join_next().await {
        hand??;
    }
    before.line("transport", mails, "mails")
}

/// A config of so many sources, each with one item to come.
fn plan(folder: &Path, server: Server<'_>) -> Outcome<(Arc<Plan>, Arc<dyn Channel>)> {
    let mut main = String::from(
        "[service]\nname = 'Kommunal-IT'\npublic_url = 'https://meldungen.example/'\n\
         contact = 'redaktion@meldungen.example'\noperator = 'Amt, Straße 1, 01234 Ort'\ndata_dir = '.'\n\
         [mail]\nfrom = 'Kommunal-IT <meldungen@meldungen.example>'\n",
    );
    if let Some((server, connections)) = server {
        let (host, port) = server.rsplit_once(':').ok_or("HOST:PORT is wanted")?;
        write!(
            main,
            "channel = 'smtp'\n[mail.smtp]\nhost = '{host}'\nport = {port}\nconnections = {connections}\n"
        )?;
    }
    main.push_str(
        "[[series]]\nid = 'taeglich'\ntitle = 'Kommunal-IT am Morgen'\nschedule = 'täglich 07:00'\n\
         max_items_per_topic = 30\n",
    );
    let mut sources = String::new();
    let net = Arc::new(ScriptedFetch::new());
    for number in 0..SOURCES {
        let url = format!("https://stadt-{number}.example/feed");
        writeln!(
            sources,
            "[[source]]\nid = 'stadt-{number}'\nname = 'Stadt {number}'\nkind = 'feed'\ndetail = 'never'\nurl = '{url}'\ninitial = 'all'"
        )?;
        let feed = format!(
            "<rss version=\"2.0\"><channel><title>Stadt {number}</title><item><guid>{number}</guid>\
             <title>Vorgang {} des Rates der Stadt Nummer {number} zum OZG</title>\
             <link>https://stadt-{number}.example/meldung/{number}</link>\
             <description>{SUMMARY} Aktenzeichen {}.</description></item></channel></rss>",
            number * 7919 % 9973,
            number * 104_729 % 99_991,
        );
        net.add(&url, Ok(answer(200, &url, &[("Content-Type", "text/xml")], feed.as_bytes())));
    }
    std::fs::write(folder.join("amtsbote.toml"), main)?;
    std::fs::write(folder.join("sources.toml"), sources)?;
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/topics.toml");
    std::fs::copy(shipped, folder.join("topics.toml"))?;
    amtsbote::fetch::install_crypto();
    let config = config::load(folder, &Environment::new(&std::collections::BTreeMap::new()))?;
    let channel = Arc::clone(&config.channel);
    let mut plan = daemon::plan(config)?;
    for source in &mut plan.sources {
        let source = Arc::get_mut(source).ok_or("the plan is nobody else's yet")?;
        source.fetch = net.clone();
    }
    Ok((Arc::new(plan), channel))
}

async fn subscribe(ctx: &Context, readers: usize) -> Outcome<()> {
    let now = ctx.clock.now().before(Duration::from_secs(1));
    let choices: [&[&str]; 4] =
        [&[], &["ozg"], &["ozg", "transformation"], &["ozg", "central-services"]];
    let all = move |tx: &amtsbote::store::Transaction<'_>| {
        for number in 0..readers {
            let address = format!("leserin-{number}@stadt-{}.example", number % 500);
            let new = subscribers::NewSubscriber {
                mailbox: address.clone(),
                address,
                standing: Standing::Active,
                series: vec!["taeglich".into()],
                topics: choices[number % 4].iter().map(|topic| TopicId::from(*topic)).collect(),
                keywords: Vec::new(),
                since: now,
                consent: Consent {
                    origin: "operator".into(),
                    reason: "bench".into(),
                    requested_at: now,
                    confirmed_at: Some(now),
                },
            };
            subscribers::insert(tx, &new)?;
        }
        Ok(())
    };
    Ok(ctx.store.write(all).await?)
}

/// What the process has used so far, from the kernel's books.
struct Usage {
    watch: Stopwatch,
    /// User and system, hundredths of a second: the unit of `/proc`.
    ticks: u64,
}

impl Usage {
    fn now() -> Outcome<Self> {
        let stat = std::fs::read_to_string("/proc/self/stat")?;
        // Behind the name in brackets, which may hold blanks; fields 14 and 15 (proc(5)).
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
        let ticks = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Ok(Self { watch: Stopwatch::start(), ticks })
    }

    /// Prints what was used since, by the piece.
    fn line(&self, what: &str, pieces: usize, unit: &str) -> Outcome<()> {
        let wall = self.watch.elapsed().as_secs_f64();
        let ticks = u32::try_from(Self::now()?.ticks - self.ticks)?;
        let pieces = f64::from(u32::try_from(pieces)?);
        let status = std::fs::read_to_string("/proc/self/status")?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("?");
        println!(
            "{what:<12} {pieces} {unit}, wall {wall:.2} s, {:.0} {unit}/s, CPU {:.0} µs each, peak {}",
            pieces / wall,
            f64::from(ticks) * 1e4 / pieces,
            peak.trim()
        );
        Ok(())
    }
}
