//! `subscriber`: who gets digests, how they came to, and what they may ask for.

mod list;
mod office;
mod rights;

use std::path::PathBuf;

use serde_json::json;

use super::output::names_or_all;
use super::{Exit, Global, Session, UsageError, named};
use crate::model::{SeriesId, TopicId};
use crate::pipeline;
use crate::store::subscribers;
use crate::topic;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Subscribe an address whose consent you hold
    Add {
        /// The address
        address: String,
        /// The series they get, with commas between
        #[arg(long, value_delimiter = ',', required = true)]
        series: Vec<String>,
        /// The topics they chose, with commas between; none = all
        #[arg(long, value_delimiter = ',')]
        topics: Vec<String>,
        /// How they gave their consent; kept as its proof
        #[arg(long)]
        reason: String,
    },
    /// Take an address out; it is erased at once
    Remove {
        /// The address
        address: String,
    },
    /// Change what someone gets; their consent stays, and the change is kept beside it
    #[command(after_help = "\
Examples:
  amtsbote subscriber set it@example.de --topics ozg,transformation --reason \"Anruf vom 3. März\"
  amtsbote subscriber set it@example.de --series taeglich --all-topics --reason Formular")]
    Set {
        /// The address
        address: String,
        /// The series they get, with commas between; not given = as before
        #[arg(long, value_delimiter = ',', required_unless_present_any = ["topics", "all_topics"])]
        series: Vec<String>,
        /// The topics they chose, with commas between; not given = as before
        #[arg(long, value_delimiter = ',')]
        topics: Vec<String>,
        /// All topics
        #[arg(long, conflicts_with = "topics")]
        all_topics: bool,
        /// Who asked for it and how; kept beside their consent
        #[arg(long)]
        reason: String,
    },
    /// Give everyone of one series or topic another one, as after a change of the config
    #[command(after_help = "\
Examples:
  amtsbote subscriber move --series woechentlich freitags
  amtsbote subscriber move --topic egov ozg")]
    Move {
        /// The series that is gone, and the one they get
        #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], required_unless_present = "topic", conflicts_with = "topic")]
        series: Vec<String>,
        /// The topic that is gone, and the one they get
        #[arg(long, num_args = 2, value_names = ["OLD", "NEW"])]
        topic: Vec<String>,
        /// Why; kept beside the consent of each
        #[arg(long, default_value = "renamed in the config")]
        reason: String,
    },
    /// Show or set the words of their own that someone gets mails for
    Keywords {
        /// The address
        address: String,
        /// All of them, in the term language of topics
        words: Vec<String>,
        /// Take all away
        #[arg(long, conflicts_with = "words")]
        none: bool,
    },
    /// Everyone, by address
    List,
    /// Subscribe everyone on a list whose consent you hold
    ///
    /// A CSV file with a header row `address,series,topics,reason`. What is wrong
    /// is told by its line; the other rows are taken all the same. Who left or
    /// asked to be forgotten is not brought back.
    Import {
        /// The file; `-` is stdin
        #[arg(value_name = "CSV")]
        file: PathBuf,
    },
    /// Print everyone as CSV, or as JSON lines
    Export,
    /// Everything that proves the consent of an address, also of who left
    Proof {
        /// The address
        address: String,
    },
    /// Erase everything about an address, its proof too (Art. 17 DSGVO)
    Forget {
        /// The address
        address: String,
    },
}

pub(super) async fn run(global: &Global, command: Command) -> anyhow::Result<Exit> {
    let session = match command {
        Command::List | Command::Export | Command::Proof { .. } => {
            Session::open_for_reading(global)?
        }
        _ => Session::open(global)?,
    };
    match command {
        Command::Add { address, series, topics, reason } => {
            add(&session, &address, &series, &topics, &reason).await
        }
        Command::Set { address, series, topics, all_topics, reason } => {
            let topics = (all_topics || !topics.is_empty()).then_some(topics);
            let series = (!series.is_empty()).then_some(series);
            office::set(&session, &address, series, topics, &reason).await
        }
        Command::Move { series, topic, reason } => {
            office::rename(&session, &series, &topic, &reason).await
        }
        Command::Remove { address } => remove(&session, &address).await,
        Command::Keywords { address, words, none } => {
            keywords(&session, &address, &words, none).await
        }
        Command::List => show(&session).await,
        Command::Import { file } => list::import(&session, &file).await,
        Command::Export => list::export(&session).await,
        Command::Proof { address } => rights::proof(&session, &address).await,
        Command::Forget { address } => rights::forget(&session, &address).await,
    }
}

async fn add(
    session: &Session,
    address: &str,
    series: &[String],
    topics: &[String],
    reason: &str,
) -> anyhow::Result<Exit> {
    for id in series {
        named::series(session, id)?;
    }
    for id in topics {
        named::topic(session, id)?;
    }
    if reason.trim().is_empty() {
        return Err(UsageError::new("`--reason` must say how they gave their consent").into());
    }
    let series = series.iter().map(SeriesId::new).collect();
    let topics = topics.iter().map(TopicId::new).collect();
    let known = match crate::subscriber::address::parse(address) {
        Ok(address) => pipeline::proofs(&session.ctx, &address).await?.forgotten,
        Err(_) => None,
    };
    if let Some(at) = known {
        let at = session.output.time(Some(at));
        session
            .output
            .say(&format!("they had asked to be forgotten on {at}; this new consent counts"));
    }
    match pipeline::subscribe(&session.ctx, address, series, topics, reason).await {
        Ok(Some(id)) => {
            session.output.line(&format!("subscriber {id}"))?;
            Ok(Exit::Done)
        }
        Ok(None) => {
            let known = "this mailbox is subscribed already, perhaps by another spelling \
                         (`amtsbote subscriber list`); `amtsbote subscriber set` changes what they get";
            Err(UsageError::new(known).into())
        }
        Err(pipeline::PipelineError::Address(_)) => Err(named::no_address(address).into()),
        Err(error) => Err(error.into()),
    }
}

async fn remove(session: &Session, address: &str) -> anyhow::Result<Exit> {
    let Some(subscriber) = named::subscriber(session, address).await? else {
        return Err(UsageError::new("this address is not subscribed").into());
    };
    pipeline::leave(&session.ctx, subscriber.id, "operator").await?;
    session
        .output
        .line(&format!("subscriber {} has left; the address is erased", subscriber.id))?;
    Ok(Exit::Done)
}

async fn keywords(
    session: &Session,
    address: &str,
    words: &[String],
    none: bool,
) -> anyhow::Result<Exit> {
    let Some(subscriber) = named::subscriber(session, address).await? else {
        return Err(UsageError::new("this address is not subscribed").into());
    };
    let mut kept = subscriber.keywords;
    if none || !words.is_empty() {
        kept = topic::keywords(&words.join("\n")).map_err(UsageError::new)?;
        pipeline::set_keywords(&session.ctx, subscriber.id, kept.clone()).await?;
    }
    let output = &session.output;
    if output.json {
        output.object(&json!({ "id": subscriber.id.to_string(), "keywords": kept }))?;
    } else if kept.is_empty() {
        output.say("no keywords");
    } else {
        kept.iter().try_for_each(|word| output.line(word))?;
    }
    Ok(Exit::Done)
}

async fn show(session: &Session) -> anyhow::Result<Exit> {
    let everyone = session.ctx.store.read(subscribers::list).await?;
    let output = &session.output;
    output.list(
        ["ID", "ADDRESS", "STATE", "SERIES", "TOPICS", "SINCE"],
        &everyone,
        |s| {
            json!({
                "id": s.id.to_string(), "address": s.address, "state": s.standing.as_str(),
                "series": s.series, "topics": s.topics,
                "keywords": s.keywords, "since": s.since.rfc3339(),
                "origin": s.consent.origin, "reason": s.consent.reason,
            })
        },
        |s| {
            [
                s.id.to_string(),
                if s.address.is_empty() { "(erased)".to_owned() } else { s.address.clone() },
                s.standing.as_str().to_owned(),
                names_or_all(&s.series),
                names_or_all(&s.topics),
                output.time(Some(s.since)),
            ]
        },
    )?;
    Ok(Exit::Done)
}
