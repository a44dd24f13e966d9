//! `opml`: feeds in and out. What comes in is printed as blocks for
//! `sources.toml`; nothing is written anywhere.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::source::{Ids, feed_block};
use super::{Exit, Global, Output, input, session};
use crate::extract::opml;
use crate::model::Budget;
use crate::normalize::url::canonical;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Print the feeds of an OPML file as blocks for sources.toml
    Import {
        /// The file; `-` reads stdin
        file: PathBuf,
    },
    /// Print the feeds of the config as OPML
    Export,
}

pub(super) fn run(global: &Global, command: &Command) -> anyhow::Result<Exit> {
    match command {
        Command::Import { file } => import(global, file),
        Command::Export => export(global),
    }
}

fn import(global: &Global, file: &Path) -> anyhow::Result<Exit> {
    const MOST: u64 = 16 << 20;
    let (bytes, is_cut) = input::read(file, MOST)?;
    let config = session::load(global)?;
    let output = Output { json: global.json, quiet: global.quiet, zone: config.service.timezone };
    let (feeds, notes) = opml::read(&bytes, &Budget::for_document(bytes.len()));
    if is_cut {
        output.say("note: longer than 16 MiB: its end was not read");
    }
    for note in &notes {
        output.say(&format!("note: {note}"));
    }
    let mut taken = Ids::of(&config);
    // One comparison for each feed, however many sources there are.
    let mut by_url = HashMap::new();
    for source in &config.sources {
        by_url.entry(canonical(&source.settings.url)).or_insert(source);
    }
    for feed in &feeds {
        let known = by_url.get(&canonical(&feed.url)).copied();
        let block = feed_block(&feed.title, &feed.url, &mut taken, known.is_some());
        if output.json {
            let known = known.map(|source| &source.settings.id);
            output.object(
                &json!({"title": feed.title, "url": feed.url, "known": known, "block": block}),
            )?;
        } else if let Some(known) = known {
            output.say(&format!("already there as `{}`: {}", known.settings.id, feed.url));
        } else if let Some(block) = block {
            output.line(&block)?;
        }
    }
    if feeds.is_empty() {
        output.say("no feed in it");
        return Ok(Exit::Failure);
    }
    Ok(Exit::Done)
}

fn export(global: &Global) -> anyhow::Result<Exit> {
    let config = session::load(global)?;
    let output = Output { json: global.json, quiet: global.quiet, zone: config.service.timezone };
    let (feeds, pages): (Vec<_>, Vec<_>) = config
        .sources
        .iter()
        .map(|source| &source.settings)
        .filter(|settings| settings.enabled)
        .partition(|settings| settings.kind == "feed");
    if !pages.is_empty() {
        output.say(&format!("{} pages have no feed and are left out", pages.len()));
    }
    let rows = feeds.iter().map(|settings| (settings.name.as_str(), settings.url.as_str()));
    output.bytes(opml::write(&config.service.name, rows).as_bytes())?;
    Ok(Exit::Done)
}
