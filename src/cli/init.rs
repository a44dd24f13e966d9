//! `init`: who we are, asked once and written into a file of one's own.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{Exit, Global, UsageError};
use crate::config::{self, DEFAULTS, MODEL_FILE, SHIPPED_MODEL};

/// The file that is written; upgrades never touch it.
const FILE: &str = "conf.d/10-local.toml";

/// Asks what only you know, and writes it into `conf.d/10-local.toml`
///
/// Without a terminal every answer is an option. Files of the config that are
/// missing are written as shipped; none that exists is changed.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Folder of the config; else that of `--config`
    folder: Option<PathBuf>,
    /// Name of the newsletter
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// Address of the web pages, such as `https://meldungen.musterstadt.example/`
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Postal line of the footer
    #[arg(long, value_name = "TEXT")]
    operator: Option<String>,
    /// Address for readers and webmasters
    #[arg(long, value_name = "ADDR")]
    contact: Option<String>,
    /// Address that mails come from
    #[arg(long, value_name = "ADDR")]
    from: Option<String>,
    /// Address that is told of faults; "" = nobody
    #[arg(long, value_name = "ADDR")]
    admin: Option<String>,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

/// The answers.
struct Answers {
    name: String,
    public_url: String,
    operator: String,
    contact: String,
    from: String,
    admin: String,
}

pub(super) fn init(global: &Global, arguments: Arguments) -> anyhow::Result<Exit> {
    let folder = arguments.folder.clone().unwrap_or_else(|| global.config_path());
    let file = folder.join(FILE);
    if file.exists() && !arguments.force {
        let message = format!("`{}` exists; edit it, or replace it with `--force`", file.display());
        return Err(UsageError::new(message).into());
    }
    let answers = ask(arguments)?;
    let written = |path: &Path| format!("writing `{}`", path.display());
    std::fs::create_dir_all(folder.join("conf.d")).with_context(|| written(&folder))?;
    for (name, text) in DEFAULTS.iter().copied().chain([(MODEL_FILE, SHIPPED_MODEL)]) {
        let path = folder.join(name);
        if !path.exists() {
            std::fs::write(&path, text).with_context(|| written(&path))?;
        }
    }
    let before = std::fs::read(&file).ok();
    std::fs::write(&file, text(&answers, &folder)).with_context(|| written(&file))?;
    if let Err(error) = config::load(&folder, &global.environment) {
        // Nothing stays that does not hold.
        match before {
            Some(bytes) => std::fs::write(&file, bytes)?,
            None => std::fs::remove_file(&file)?,
        }
        return Err(error.into());
    }
    println!("{}", file.display());
    eprintln!("it holds; next: `{}`", next(&folder));
    Ok(Exit::Done)
}

/// Returns the command to give now.
fn next(folder: &Path) -> String {
    if folder == Path::new("/etc/amtsbote") {
        return "systemctl enable --now amtsbote".to_owned();
    }
    format!("amtsbote --config {} run", folder.display())
}

fn ask(arguments: Arguments) -> anyhow::Result<Answers> {
    let mut missing = Vec::new();
    let mut answer = |given: Option<String>, option: &'static str, question: &str, usual: &str| {
        if let Some(given) = given {
            return Ok(given);
        }
        if !std::io::stdin().is_terminal() {
            missing.push(option);
            return Ok(String::new());
        }
        prompt(question, usual)
    };
    let name = answer(arguments.name, "--name", "Name of the newsletter", "Kommunal-IT-Meldungen")?;
    let question = "Address of its web pages, such as https://meldungen.musterstadt.example/";
    let mut public_url = answer(arguments.public_url, "--public-url", question, "")?;
    let question = "Who runs it (name, street, town), for the footer of mails";
    let operator = answer(arguments.operator, "--operator", question, "")?;
    let question = "Mail address for readers and webmasters";
    let contact = answer(arguments.contact, "--contact", question, "")?;
    let from = answer(arguments.from, "--from", "Mail address that mails come from", &contact)?;
    let question = "Mail address that is told of faults (- = nobody)";
    let admin = answer(arguments.admin, "--admin", question, &contact)?;
    if !missing.is_empty() {
        let message = format!("without a terminal these are needed: {}", missing.join(", "));
        return Err(UsageError::new(message).into());
    }
    if !public_url.ends_with('/') {
        public_url.push('/');
    }
    let admin = if admin == "-" { String::new() } else { admin };
    Ok(Answers { name, public_url, operator, contact, from, admin })
}

/// Asks on the terminal until there is an answer.
fn prompt(question: &str, usual: &str) -> anyhow::Result<String> {
    loop {
        let mut err = std::io::stderr().lock();
        if usual.is_empty() {
            write!(err, "{question}: ")?;
        } else {
            write!(err, "{question} [{usual}]: ")?;
        }
        err.flush()?;
        let mut line = String::new();
        if std::io::stdin().lock().read_line(&mut line)? == 0 {
            return Err(UsageError::new("there was no answer").into());
        }
        let answer = if line.trim().is_empty() { usual } else { line.trim() };
        if !answer.is_empty() {
            return Ok(answer.to_owned());
        }
    }
}

fn text(answers: &Answers, folder: &Path) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let from = format!("{} <{}>", answers.name, answers.from);
    let mut text =
        String::from("# What only you know. Written by `amtsbote init`; edit it as you like.\n\n");
    let mut line = |key: &str, value: &str| text.push_str(&format!("{key} = {}\n", quoted(value)));
    line("service.name", &answers.name);
    line("service.public_url", &answers.public_url);
    line("service.operator", &answers.operator);
    line("service.contact", &answers.contact);
    if folder.starts_with("/etc") {
        // Where the unit has it, also for a command outside of the unit.
        line("service.data_dir", "/var/lib/amtsbote");
    }
    line("mail.from", &from);
    line("mail.reply_to", &answers.contact);
    line("mail.admin", &answers.admin);
    text
}
