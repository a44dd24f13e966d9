//! `digest`: list, plan, preview, send, show.

use std::io::IsTerminal as _;

use clap::ValueEnum;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::output::{composed, json_time};
use super::progress::Progress;
use super::{Exit, Global, Session, UsageError, named};
use crate::cli::item::list;
use crate::daemon::Work;
use crate::desk;
use crate::model::{DigestId, SeriesId, counted};
use crate::pipeline;
use crate::store::{digests, outbox, subscribers};
use crate::subscriber::address;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// The newest digests
    List {
        /// At most so many
        #[arg(long, default_value_t = 30)]
        limit: usize,
    },
    /// When a series is due
    Plan {
        /// Which series
        series: String,
        /// First day, such as `2026-03-28`
        #[arg(long, value_name = "D")]
        from: String,
        /// Day after the last
        #[arg(long, value_name = "D")]
        to: String,
    },
    /// What the next digest would be; changes nothing
    Preview {
        /// Which series
        series: String,
        /// As this subscriber would get it
        #[arg(long = "for", value_name = "ADDR")]
        for_address: Option<String>,
        /// Which part
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Compose what has come since the last digest and deliver it now
    #[command(after_help = "\
Examples:
  amtsbote digest send taeglich --test redaktion@example.de
  amtsbote digest send taeglich --now
  amtsbote digest send taeglich --now --yes")]
    Send {
        /// Which series
        series: String,
        /// To all readers of the series
        #[arg(long, required_unless_present = "test")]
        now: bool,
        /// Only to this address, marked in the subject; no reader and no later digest is
        /// affected
        #[arg(long, value_name = "ADDR", conflicts_with = "now")]
        test: Option<String>,
        /// Do not ask, as in a script
        #[arg(long)]
        yes: bool,
    },
    /// Put words of the editor's above the next digest; empty ones take them away
    Intro {
        /// Which series
        series: String,
        /// The words
        text: String,
        /// Why; it is kept and shown by `item log`
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// The frozen bytes of a digest's mails while kept, then their hash
    Show {
        /// Id of a digest, as `digest list` shows it
        id: String,
    },
}

/// A part of a mail.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Format {
    /// The text part
    Text,
    /// The HTML part
    Html,
    /// The whole message
    Eml,
}

pub(super) async fn run(global: &Global, command: Command) -> anyhow::Result<Exit> {
    let session = match command {
        Command::Send { .. } | Command::Intro { .. } => Session::open(global)?,
        _ => Session::open_for_reading(global)?,
    };
    match command {
        Command::List { limit } => list(&session, limit).await,
        Command::Plan { series, from, to } => plan(&session, &series, &from, &to),
        Command::Preview { series, for_address, format } => {
            preview(&session, &series, for_address.as_deref(), format).await
        }
        Command::Send { series, test: Some(address), .. } => {
            send_test(&session, &series, &address).await
        }
        Command::Send { series, yes, .. } => send(&session, &series, yes).await,
        Command::Intro { series, text, reason } => intro(&session, &series, &text, &reason).await,
        Command::Show { id } => show(&session, &DigestId::new(id)).await,
    }
}

async fn list(session: &Session, limit: usize) -> anyhow::Result<Exit> {
    let digests = session.ctx.store.read(move |tx| digests::list(tx, limit)).await?;
    let output = &session.output;
    output.list(
        ["ID", "SERIES", "COMPOSED", "ENTRIES", "RECIPIENTS"],
        &digests,
        |digest| {
            json!({
                "id": digest.id, "series": digest.series, "slot": digest.slot,
                "from": json_time(Some(digest.window.from)), "to": json_time(Some(digest.window.to)),
                "composed": json_time(Some(digest.composed_at)),
                "entries": digest.entries, "recipients": digest.recipients,
            })
        },
        |digest| {
            [
                digest.id.to_string(),
                digest.series.to_string(),
                output.time(Some(digest.composed_at)),
                digest.entries.to_string(),
                digest.recipients.to_string(),
            ]
        },
    )?;
    Ok(Exit::Done)
}

fn plan(session: &Session, series: &str, from: &str, to: &str) -> anyhow::Result<Exit> {
    let plan = named::series(session, series)?;
    let mail = &session.plan.mail;
    for slot in plan.schedule.between(civil(from)?, civil(to)?, mail.timezone, mail.holidays) {
        let due = slot.at.utc().with_timezone(&mail.timezone);
        if session.output.json {
            session.output.object(&json!({"series": plan.series.id, "due": due.to_rfc3339()}))?;
        } else {
            session.output.line(&due.format("%a %Y-%m-%d %H:%M:%S %Z").to_string())?;
        }
    }
    Ok(Exit::Done)
}

/// Returns a day, or a civil time, in the service's zone.
fn civil(text: &str) -> anyhow::Result<chrono::NaiveDateTime> {
    let day = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map(|day| day.and_time(chrono::NaiveTime::MIN));
    let time = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S");
    let instant = chrono::DateTime::parse_from_rfc3339(text).map(|at| at.naive_local());
    day.or(time).or(instant).map_err(|_| {
        UsageError::new(format!(
            "`{text}` is no day such as `2026-03-28` and no time such as `2026-03-28T07:00:00`"
        ))
        .into()
    })
}

async fn preview(
    session: &Session,
    series: &str,
    address: Option<&str>,
    format: Format,
) -> anyhow::Result<Exit> {
    let series = named::series(session, series)?.series.id.clone();
    let subscriber = match address {
        None => None,
        Some(address) => Some(
            named::subscriber(session, address)
                .await?
                .ok_or_else(|| UsageError::new("this address is not subscribed"))?,
        ),
    };
    let Some(preview) = pipeline::preview(&session.ctx, &session.plan, &series, subscriber).await?
    else {
        list::say_empty(session).await?;
        return Ok(Exit::Done);
    };
    match format {
        Format::Text => session
            .output
            .line(&format!("Subject: {}\n\n{}", preview.rendered.subject, preview.rendered.text))?,
        Format::Html => session.output.bytes(preview.rendered.html.as_bytes())?,
        Format::Eml => session.output.bytes(&preview.payload.0)?,
    }
    Ok(Exit::Done)
}

async fn intro(session: &Session, series: &str, text: &str, reason: &str) -> anyhow::Result<Exit> {
    let series = &named::series(session, series)?.series.id;
    let done = desk::introduce(&session.ctx, series, text, reason).await?;
    let said = match (done, text.trim().is_empty()) {
        (true, false) => "stands above the next digest",
        (true, true) => "taken away",
        (false, _) => "there was no introduction",
    };
    session.output.say(&format!("{series}: {said}"));
    Ok(Exit::Done)
}

async fn send_test(session: &Session, series: &str, address: &str) -> anyhow::Result<Exit> {
    let series = named::series(session, series)?.series.id.clone();
    let address = address::parse(address).map_err(|error| UsageError::new(error.to_string()))?;
    if !pipeline::send_proof(&session.ctx, &session.plan, &series, address).await? {
        list::say_empty(session).await?;
        return Ok(Exit::Done);
    }
    let outcome = session.work(&Work::Drain).await?;
    let output = &session.output;
    if output.json {
        output.object(&outcome)?;
    }
    let is_sent = outcome["sent"].as_u64().is_some_and(|sent| sent > 0);
    if is_sent {
        output.say("sent; the subject begins with `[Test]`");
    } else {
        output.say("not sent yet; `amtsbote outbox list` says why");
    }
    Ok(if is_sent { Exit::Done } else { Exit::Failure })
}

/// Asks on a terminal whether all readers are to get it; elsewhere `--yes` must say so.
async fn ask(session: &Session, series: &SeriesId) -> anyhow::Result<bool> {
    let of = series.clone();
    let readers = session.ctx.store.read(move |tx| subscribers::count_active_of(tx, &of)).await?;
    let readers = counted(readers as u64, "reader", "readers");
    if !std::io::stdin().is_terminal() {
        return Err(UsageError {
            message: format!("this would mail {readers} of `{series}` at once"),
            hint: Some(format!(
                "`--yes` says that you mean it; `amtsbote digest send {series} --test ADDR` mails one address"
            )),
        }
        .into());
    }
    eprint!("Mail {readers} of `{series}` now? [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "j" | "J" | "ja"))
}

async fn send(session: &Session, series: &str, yes: bool) -> anyhow::Result<Exit> {
    let series = named::series(session, series)?.series.id.clone();
    if !yes && !ask(session, &series).await? {
        session.output.say("nothing was sent");
        return Ok(Exit::Failure);
    }
    let progress = Progress::of_sending(session);
    let outcome = session.work(&Work::SendDigest { series }).await?;
    drop(progress);
    let states = outcome["states"].as_object().cloned().unwrap_or_default();
    let count = |state: &str| states.get(state).and_then(Value::as_u64).unwrap_or(0);
    let output = &session.output;
    if output.json {
        output.object(&outcome)?;
    } else if outcome["digest"].is_null() {
        output.line("nothing to tell, no mail")?;
    } else {
        output.line(&format!(
            "{}: {}: {} sent, {} to be tried again, {} given up",
            outcome["digest"].as_str().unwrap_or_default(),
            composed(&outcome),
            count("sent"),
            count("deferred") + count("ready") + count("claimed"),
            count("dead"),
        ))?;
    }
    let sent = states.iter().all(|(state, n)| state == "sent" || n.as_u64() == Some(0));
    Ok(if sent { Exit::Done } else { Exit::Failure })
}

async fn show(session: &Session, id: &DigestId) -> anyhow::Result<Exit> {
    let wanted = id.clone();
    let (digest, mails) = session
        .ctx
        .store
        .read(move |tx| {
            let mut mails = Vec::new();
            for entry in outbox::of_digest(tx, &wanted)? {
                let hash = outbox::hash(tx, entry.id)?.unwrap_or_default();
                mails.push((entry, hash));
            }
            Ok((digests::get(tx, &wanted)?, mails))
        })
        .await?;
    let Some(digest) = digest else {
        return Err(UsageError::new(format!(
            "there is no digest `{id}`; `amtsbote digest list` lists them"
        ))
        .into());
    };
    let output = &session.output;
    for (entry, hash) in &mails {
        let hash = HEXLOWER.encode(hash);
        if output.json {
            output.object(&json!({"digest": digest.id, "message_id": entry.message_id,
                "state": entry.state.as_str(), "bytes": entry.payload.0.len(), "sha256": hash}))?;
        } else if entry.payload.0.is_empty() {
            output.line(&format!(
                "{} {} sha256:{hash} (the bytes were let go)",
                entry.message_id,
                entry.state.as_str()
            ))?;
        } else {
            output.say(&format!("{} {} sha256:{hash}", entry.message_id, entry.state.as_str()));
            output.bytes(&entry.payload.0)?;
        }
    }
    if mails.is_empty() {
        output.say("this digest went to nobody");
    }
    Ok(Exit::Done)
}
