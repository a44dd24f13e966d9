//! `demo`: the whole thing on bundled sample sources, over real HTTP.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;

use super::output::{Output, composed};
use super::{Exit, Global, Session, poll};
use crate::clock::{Clock as _, SystemClock};
use crate::config;
use crate::daemon::Work;
use crate::demo;
use crate::model::{SeriesId, TopicId};
use crate::pipeline::{self, PollOutcome, PollReport};
use crate::store::items::Listing;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// End when everything was shown, instead of serving the web face
    #[arg(long)]
    exit: bool,
}

pub(super) async fn demo(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let folder = new_folder(&global.environment)?;
    let samples = TcpListener::bind("127.0.0.1:0").await?;
    let samples_url = format!("http://{}", samples.local_addr()?);
    let web = TcpListener::bind("127.0.0.1:0").await?;
    let web_address = web.local_addr()?;
    let config_dir = folder.join("config");
    write_config(&config_dir, &demo::config(&samples_url, web_address, &folder.join("var")))?;
    tokio::spawn(demo::serve(samples, SystemClock.now()));

    let config = config::load(&config_dir, &config::Environment::default())?;
    let settings = crate::web::Settings::of(&config);
    let session = Session::of(config, global)?;
    let output = session.output;
    output.say(&format!("config and data in {}", folder.display()));
    subscribe(&session).await?;
    let reports = poll_all(&session, &output).await?;
    list_topics(&session, &output).await?;
    send(&session, &output).await?;
    let mails = mails(&folder.join("var/mail/new"))?;
    output.line("\nmails:")?;
    for mail in &mails {
        output.line(&format!("  {}", mail.display()))?;
    }
    let all_read = reports.iter().all(|report| report.outcome != PollOutcome::Failed);
    if !all_read || mails.len() < demo::SUBSCRIBERS.len() {
        anyhow::bail!("the demonstration did not work: a source was not read or a mail is missing");
    }
    if !arguments.exit {
        output.line(&format!("\nthe web face: http://{web_address}/  (Ctrl-C ends)"))?;
        let (ctx, plan) = (session.ctx.clone(), Arc::clone(&session.plan));
        let delivering = tokio::spawn(deliver(ctx.clone(), Arc::clone(&plan)));
        let current = Arc::new(move || (ctx.clone(), Arc::clone(&plan)));
        crate::web::serve(web, crate::web::Paths::Pages, settings, current, async {
            let _ = tokio::signal::ctrl_c().await;
        })
        .await;
        delivering.abort();
    }
    Ok(Exit::Done)
}

/// Returns a folder that did not exist before; it stays.
fn new_folder(environment: &config::Environment) -> anyhow::Result<PathBuf> {
    let base = environment.temporary_dir();
    let stamp = SystemClock.now().0;
    for attempt in 0..100 {
        let folder = base.join(format!("amtsbote-demo-{stamp}-{attempt}"));
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).with_context(|| format!("`{}`", base.display())),
        }
    }
    anyhow::bail!("no free folder name in `{}`", base.display())
}

fn write_config(folder: &Path, files: &[(&str, String)]) -> anyhow::Result<()> {
    std::fs::create_dir(folder)?;
    let topics = config::DEFAULTS.iter().filter(|(name, _)| *name == "topics.toml");
    for (name, text) in topics {
        std::fs::write(folder.join(name), text)?;
    }
    std::fs::write(folder.join(config::MODEL_FILE), config::SHIPPED_MODEL)?;
    for (name, text) in files {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}

async fn subscribe(session: &Session) -> anyhow::Result<()> {
    for sample in demo::SUBSCRIBERS {
        let topics = sample.topics.iter().map(|topic| TopicId::new(*topic)).collect();
        let series = vec![SeriesId::new(sample.series)];
        pipeline::subscribe(&session.ctx, sample.address, series, topics, "sample").await?;
    }
    Ok(())
}

async fn poll_all(session: &Session, output: &Output) -> anyhow::Result<Vec<PollReport>> {
    let work = Work::Poll { sources: Vec::new(), force: true };
    let reports: Vec<PollReport> = serde_json::from_value(session.work(&work).await?)?;
    poll::print(output, &reports)?;
    Ok(reports)
}

async fn list_topics(session: &Session, output: &Output) -> anyhow::Result<()> {
    for (topic, title) in &session.plan.topics {
        output.line(&format!("\n{title} ({topic})"))?;
        let listing = Listing {
            topic: Some(topic.clone()),
            one_per_story: true,
            limit: 100,
            ..Listing::default()
        };
        super::items::print(session, listing, None).await?;
    }
    Ok(())
}

async fn send(session: &Session, output: &Output) -> anyhow::Result<()> {
    for series in &session.plan.series {
        let work = Work::SendDigest { series: series.series.id.clone() };
        let outcome = session.work(&work).await?;
        if let Some(digest) = outcome["digest"].as_str() {
            output.line(&format!("\ndigest {digest}: {}", composed(&outcome)))?;
        }
    }
    Ok(())
}

/// Lets the mails of a sign-up land beside the others, as the daemon would.
async fn deliver(ctx: pipeline::Context, plan: Arc<pipeline::Plan>) {
    while pipeline::drain(&ctx, &plan, &|| false).await.is_ok() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn mails(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut mails = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("`{}`", folder.display()))? {
        mails.push(entry?.path());
    }
    mails.sort();
    Ok(mails)
}
