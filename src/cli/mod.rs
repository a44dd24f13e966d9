//! The command line: one file per noun. stdout is the result, stderr the talk.

mod check;
mod completions;
mod config;
mod database;
mod demo;
mod digest;
mod exit;
mod items;
mod mail_in;
mod outbox;
mod output;
mod poll;
mod run;
mod session;
mod source;
mod status;
mod subscriber;
mod topic;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub use crate::config::Environment;
pub use exit::{Exit, UsageError, exit_of, is_broken_pipe, render_error};
pub use output::Output;
pub use session::Session;

/// Municipal IT news: polled, recognised, tagged by topic, mailed as digests.
#[derive(Debug, Parser)]
#[command(name = "amtsbote", version, max_term_width = 100)]
struct Arguments {
    /// Folder of the config, or its `amtsbote.toml`
    #[arg(long, global = true, value_name = "PATH")]
    config: Option<PathBuf>,
    /// One JSON object a line
    #[arg(long, global = true)]
    json: bool,
    /// No talk on stderr
    #[arg(short, long, global = true)]
    quiet: bool,
    /// More talk on stderr; twice for all
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The daemon, in the foreground
    Run,
    /// The whole thing on bundled sample sources, in a new temporary folder
    Demo(demo::Arguments),
    /// Every problem of the config at once
    Check(check::Arguments),
    /// One pass over the sources that are due, or named
    Poll(poll::Arguments),
    /// Sources: how they fare, try one, read a file
    #[command(subcommand)]
    Source(source::Command),
    /// Items, newest first
    Items(items::Arguments),
    /// Why an item is what it is: identity, story, topics with evidence
    Explain(items::ExplainArguments),
    /// Topics: try rules, see what a change would do
    #[command(subcommand)]
    Topic(topic::Command),
    /// Digests: when, what, to whom
    #[command(subcommand)]
    Digest(digest::Command),
    /// Messages on their way
    #[command(subcommand)]
    Outbox(outbox::Command),
    /// A bounce, a complaint, an unsubscribe by mail, from stdin or a Maildir
    MailIn(mail_in::Arguments),
    /// Subscribers
    #[command(subcommand)]
    Subscriber(subscriber::Command),
    /// The database
    #[command(subcommand)]
    Db(database::Command),
    /// How the service fares
    Status(status::Arguments),
    /// The config
    #[command(subcommand)]
    Config(config::Command),
    /// Completions for a shell
    Completions(completions::Arguments),
    /// Manual pages into a folder
    Man(completions::ManArguments),
}

/// The options of every command, and the environment.
#[derive(Debug, Clone)]
pub struct Global {
    config: Option<PathBuf>,
    json: bool,
    quiet: bool,
    verbose: u8,
    environment: Environment,
}

impl Global {
    fn config_path(&self) -> PathBuf {
        self.environment.locate(self.config.as_deref())
    }
}

/// Runs a command line.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    let matches = match Arguments::command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            error.print()?;
            return Ok(if error.use_stderr() { Exit::Usage } else { Exit::Done });
        }
    };
    let arguments = Arguments::from_arg_matches(&matches)?;
    let global = Global {
        config: arguments.config,
        json: arguments.json,
        // What it says, a mail server would put into a bounce.
        quiet: arguments.quiet
            || (matches!(arguments.command, Command::MailIn(_)) && arguments.verbose == 0),
        verbose: arguments.verbose,
        environment: environment.clone(),
    };
    crate::fetch::install_crypto();
    start_log(&global, matches!(arguments.command, Command::Run));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(dispatch(arguments.command, &global))
}

async fn dispatch(command: Command, global: &Global) -> anyhow::Result<Exit> {
    match command {
        Command::Run => run::run(global).await,
        Command::Demo(arguments) => demo::demo(global, &arguments).await,
        Command::Check(arguments) => check::check(global, &arguments).await,
        Command::Poll(arguments) => poll::poll(global, arguments).await,
        Command::Source(command) => source::run(global, command).await,
        Command::Items(arguments) => items::list(global, arguments).await,
        Command::Explain(arguments) => items::explain(global, &arguments).await,
        Command::Topic(command) => topic::run(global, command),
        Command::Digest(command) => digest::run(global, command).await,
        Command::Outbox(command) => outbox::run(global, command).await,
        Command::MailIn(arguments) => mail_in::mail_in(global, arguments).await,
        Command::Subscriber(command) => subscriber::run(global, command).await,
        Command::Db(command) => database::run(global, command).await,
        Command::Status(arguments) => status::status(global, &arguments).await,
        Command::Config(command) => config::run(global, &command),
        Command::Completions(arguments) => completions::completions(&arguments),
        Command::Man(arguments) => completions::man(&arguments),
    }
}

/// The whole tree of commands, for manual pages, completions and the docs test.
pub fn command_tree() -> clap::Command {
    Arguments::command()
}

/// Talk of the journeys: the daemon tells what it does, the commands only what went wrong.
fn start_log(global: &Global, daemon: bool) {
    let level = match (global.quiet, global.verbose, daemon) {
        (true, ..) => "error",
        (_, 0, true) | (_, 1, false) => "info",
        (_, 0, false) => "warn",
        _ => "debug",
    };
    let filter = tracing_subscriber::EnvFilter::new(format!("error,amtsbote={level}"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    // The journal has its own clock.
    let _ = if global.json && daemon {
        builder.json().try_init()
    } else if daemon {
        builder.without_time().with_ansi(false).try_init()
    } else {
        builder.try_init()
    };
}
