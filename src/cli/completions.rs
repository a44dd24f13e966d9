//! `completions` and `man`: made of the tree of commands and the tables of settings.

use std::path::PathBuf;

use super::Exit;

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

pub(super) fn completions(arguments: &Arguments, mut tree: clap::Command) -> anyhow::Result<Exit> {
    use std::io::Write as _;
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut tree, "amtsbote", &mut script);
    std::io::stdout().lock().write_all(&script)?;
    Ok(Exit::Done)
}

pub(super) fn man(arguments: &ManArguments, tree: clap::Command) -> anyhow::Result<Exit> {
    std::fs::create_dir_all(&arguments.folder)?;
    clap_mangen::generate_to(tree, &arguments.folder)?;
    for (name, page) in crate::config::man_pages() {
        std::fs::write(arguments.folder.join(name), page)?;
    }
    Ok(Exit::Done)
}
