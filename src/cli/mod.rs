//! The command line: one file per noun. stdout is the result, stderr the talk.

mod check;
mod completions;
mod config;
mod database;
mod dates;
mod demo;
mod digest;
mod exit;
mod explain;
mod fault;
mod global;
mod init;
mod input;
mod item;
mod items;
mod log;
mod mail;
mod mail_in;
mod named;
mod opml;
mod outbox;
mod output;
mod pdf_text;
mod poll;
mod progress;
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
pub use fault::tell_faults_by_place;
use global::Global;
pub use output::Output;
pub use session::Session;

/// What most people want first; the docs test gives each of them to clap.
const EXAMPLES: &str = "\
Examples:
  amtsbote demo --exit                       see the whole thing without a config
  amtsbote check                             every problem of the config at once
  amtsbote source test https://www.kitu-genossenschaft.de/
                                             what an address would give; writes nothing
  amtsbote items --topic ozg --since 7d      what is there
  amtsbote explain 4711                      why an item has its topics
  amtsbote digest preview taeglich           what would be mailed now
  amtsbote status                            how everything fares

The config is the folder of `--config`, else of $AMTSBOTE_CONFIG, else ./config, else /etc/amtsbote.
Exit codes: 0 done, 1 finding or failure, 2 usage or config, 75 try again.";

/// Municipal IT news: polled, recognised, tagged by topic, mailed as digests.
#[derive(Debug, Parser)]
#[command(name = "amtsbote", version, max_term_width = 100, after_help = EXAMPLES)]
struct Arguments {
    /// Folder of the config, or its `amtsbote.toml`
    #[arg(long, global = true, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Print for machines: one JSON object a line
    #[arg(long, global = true)]
    json: bool,
    /// Nothing on stderr but errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// More on stderr, also warnings of the config; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Poll, compose, send and serve the web face until told to stop
    Run,
    Init(init::Arguments),
    /// Show the whole thing on bundled sample sources, in a new temporary folder
    Demo(demo::Arguments),
    /// Find every problem of the config at once
    Check(check::Arguments),
    /// Ask the sources that are due, or named, once
    Poll(poll::Arguments),
    /// See how sources fare, try one, read a file
    #[command(subcommand)]
    Source(source::Command),
    /// List items, newest first
    Items(items::Arguments),
    /// Hide, pin, comment, correct or write single items; see what comes next
    #[command(subcommand)]
    Item(item::Command),
    /// Tell why an item is what it is: identity, story, topics with evidence
    Explain(explain::Arguments),
    /// Try the rules of topics, see what a change would do
    #[command(subcommand)]
    Topic(topic::Command),
    /// Judge the reader of deadlines and events
    #[command(subcommand)]
    Dates(dates::Command),
    /// See when, what and to whom digests go; send one
    #[command(subcommand)]
    Digest(digest::Command),
    /// Move feeds in and out, as OPML
    #[command(subcommand)]
    Opml(opml::Command),
    /// See the messages on their way
    #[command(subcommand)]
    Outbox(outbox::Command),
    /// See whether mail arrives, and what to order from whom
    #[command(subcommand)]
    Mail(mail::Command),
    /// Take in a bounce, a complaint or an unsubscribe by mail
    MailIn(mail_in::Arguments),
    /// Add, remove and list subscribers; answer for their rights
    #[command(subcommand)]
    Subscriber(subscriber::Command),
    /// Check, back up, restore and tidy the database
    #[command(subcommand)]
    Db(database::Command),
    /// Tell how the service fares
    Status(status::Arguments),
    /// Show the config
    #[command(subcommand)]
    Config(config::Command),
    /// Print completions for a shell
    Completions(completions::Arguments),
    /// Write manual pages into a folder
    Man(completions::ManArguments),
    /// Read the text of a PDF on stdin, in a process without rights
    #[command(hide = true)]
    PdfText,
}

/// Runs a command line.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    let arguments = signed_topics(arguments);
    let matches = match Arguments::command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            if !error.use_stderr() {
                error.print()?;
                return Ok(Exit::Done);
            }
            // It repeats what was typed, or pasted from somewhere.
            eprint!("{}", crate::text::harmless(&error.to_string()));
            return Ok(Exit::Usage);
        }
    };
    let arguments = Arguments::from_arg_matches(&matches)?;
    if matches!(arguments.command, Command::PdfText) {
        // Before any thread is started: it gives up the right to start one.
        return pdf_text::run();
    }
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
    log::start(&global, matches!(arguments.command, Command::Run));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(dispatch(arguments.command, &global))
}

/// Returns the arguments with `-TOPIC` after `item tag` written with a minus sign,
/// which is no option: clap would take it for a row of short ones, or, if told that
/// values may begin with a hyphen, `--reason` for a topic.
pub fn signed_topics(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    let Some(at) = arguments.windows(2).position(|pair| pair[0] == "item" && pair[1] == "tag")
    else {
        return arguments;
    };
    for argument in &mut arguments[at + 2..] {
        let topic = argument.to_str().and_then(|text| text.strip_prefix('-'));
        let is_topic = |topic: &str| {
            topic.len() > 1
                && topic.starts_with(|c: char| c.is_ascii_alphanumeric())
                && !topic.chars().all(|c| matches!(c, 'v' | 'q'))
        };
        if let Some(topic) = topic.filter(|topic| is_topic(topic)) {
            *argument = format!("\u{2212}{topic}").into();
        }
    }
    arguments
}

async fn dispatch(command: Command, global: &Global) -> anyhow::Result<Exit> {
    match command {
        Command::Run => run::run(global).await,
        Command::Init(arguments) => init::init(global, arguments),
        Command::Demo(arguments) => demo::demo(global, &arguments).await,
        Command::Check(arguments) => check::check(global, &arguments).await,
        Command::Poll(arguments) => poll::poll(global, arguments).await,
        Command::Source(command) => Box::pin(source::run(global, command)).await,
        Command::Items(arguments) => items::list(global, arguments).await,
        Command::Item(command) => item::run(global, command).await,
        Command::Explain(arguments) => explain::explain(global, &arguments).await,
        Command::Topic(command) => topic::run(global, command).await,
        Command::Dates(command) => dates::run(global, &command),
        Command::Digest(command) => digest::run(global, command).await,
        Command::Opml(command) => opml::run(global, &command),
        Command::Outbox(command) => outbox::run(global, command).await,
        Command::Mail(command) => mail::run(global, command).await,
        Command::MailIn(arguments) => Ok(mail_in::mail_in(global, &arguments)),
        Command::Subscriber(command) => subscriber::run(global, command).await,
        Command::Db(command) => database::run(global, command).await,
        Command::Status(arguments) => status::status(global, &arguments).await,
        Command::Config(command) => config::run(global, &command),
        Command::Completions(arguments) => completions::completions(&arguments, command_tree()),
        Command::Man(arguments) => completions::man(&arguments, command_tree()),
        Command::PdfText => pdf_text::run(),
    }
}

/// Returns the whole tree of commands, for manual pages, completions and the docs test.
pub fn command_tree() -> clap::Command {
    Arguments::command()
}
