//! `completions` and `man`: made from the tree of commands.

use std::path::PathBuf;

use super::{Exit, command_tree};

/// amtsbote-topics(5): the term language, which no tree of commands knows.
const TOPICS_PAGE: &str = include_str!("../../docs/amtsbote-topics.5");

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Which shell
    shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
pub(super) struct ManArguments {
    /// Where the pages go
    folder: PathBuf,
}

pub(super) fn completions(arguments: &Arguments) -> anyhow::Result<Exit> {
    use std::io::Write as _;
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command_tree(), "amtsbote", &mut script);
    std::io::stdout().lock().write_all(&script)?;
    Ok(Exit::Done)
}

pub(super) fn man(arguments: &ManArguments) -> anyhow::Result<Exit> {
    std::fs::create_dir_all(&arguments.folder)?;
    clap_mangen::generate_to(command_tree(), &arguments.folder)?;
    std::fs::write(arguments.folder.join("amtsbote-topics.5"), TOPICS_PAGE)?;
    Ok(Exit::Done)
}
