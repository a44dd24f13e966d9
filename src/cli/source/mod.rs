//! `source`: one file per command.

mod bench;
mod beside;
mod block;
mod discover;
mod doctor;
mod etiquette;
mod explore;
mod feed_fit;
mod list;
mod patch;
mod proposal;
mod read;
mod record;
mod release;
mod shown;
mod test;
mod written;

pub(super) use bench::ask;

use std::path::PathBuf;

pub(super) use self::block::Ids;
use super::{Exit, Global, Session};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Every source and how it fares
    List,
    /// One source in full
    Show {
        /// Its id
        id: String,
    },
    /// Try a URL or a source without writing anything: kind, items, a block for sources.toml
    Test {
        /// A URL, or the id of a source
        what: String,
    },
    /// Read a feed file offline; needs no config
    Read {
        /// The file; `-` reads stdin
        file: PathBuf,
        /// Where it was found: the base of relative links
        #[arg(long)]
        url: Option<String>,
        /// The Content-Type it came with
        #[arg(long)]
        content_type: Option<String>,
    },
    /// Look for the news of many hosts: the best feed or list each, as blocks with evidence
    Discover {
        /// URLs, or files of names and addresses, one host a line
        #[arg(required = true)]
        what: Vec<String>,
        /// Keep what was found in this file, and go on from it
        #[arg(long)]
        state: Option<PathBuf>,
    },
    /// Ask each source once: what is wrong with it, and the block that mends it
    Doctor {
        /// Only these sources
        ids: Vec<String>,
        /// Print the remedies as a patch of the config; nothing is written
        #[arg(long)]
        patch: bool,
    },
    /// Keep a source's answer in a file, without secrets, to replay it elsewhere
    Record {
        /// Id of the source
        id: String,
        /// The new file
        file: PathBuf,
    },
    /// Read a recorded answer offline: its items as they would be stored, with topics
    Replay {
        /// A file made by `source record`; `-` reads stdin
        file: PathBuf,
    },
    /// Let the held items of a source be mailed
    Release {
        /// Its id
        id: String,
    },
    /// How we behave towards each source's server
    Etiquette,
}

pub(super) async fn run(global: &Global, command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Read { file, url, content_type } => {
            read::read(global, &file, url.as_deref(), content_type.as_deref())
        }
        Command::Test { what } => test::test(global, &what).await,
        Command::Discover { what, state } => {
            discover::discover(global, &what, state.as_deref()).await
        }
        Command::Doctor { ids, patch } => Box::pin(doctor::doctor(global, &ids, patch)).await,
        Command::Record { id, file } => record::record(global, &id, &file).await,
        Command::Replay { file } => record::replay(global, &file),
        Command::List => list::list(&Session::open_for_reading(global)?).await,
        Command::Show { id } => list::show(&Session::open_for_reading(global)?, &id).await,
        Command::Release { id } => release::release(&Session::open(global)?, &id).await,
        Command::Etiquette => etiquette::etiquette(&Session::open_for_reading(global)?).await,
    }
}

/// Returns the block of a feed of a list, under an id that none of `taken` has; takes
/// that id. None for a feed that is there already.
pub(super) fn feed_block(
    title: &str,
    url: &str,
    taken: &mut Ids,
    is_known: bool,
) -> Option<String> {
    if is_known {
        return None;
    }
    let mut block = block::Block::feed(&taken.take(url), url);
    if !title.is_empty() {
        title.clone_into(&mut block.name);
    }
    Some(block.to_toml())
}
