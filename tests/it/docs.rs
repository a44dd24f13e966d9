//! Documents say what holds: whatever can be executed in them is executed.

#![expect(clippy::disallowed_methods, reason = "BLESS is for the one who runs the tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use amtsbote::config::{self, Config, ConfigError, Environment, Files};
use amtsbote::{cli, deliver, source};
use clap::error::ErrorKind;

use crate::architecture::{MAY_USE, PURE};

const README: &str = include_str!("../../README.md");
const ADMIN: &str = include_str!("../../docs/ADMIN.md");
const ARCHITECTURE: &str = include_str!("../../docs/ARCHITECTURE.md");
const DECISIONS: &str = include_str!("../../docs/DECISIONS.md");
const RECIPES: &str = include_str!("../../docs/RECIPES.md");
const TOPICS: &str = include_str!("../../docs/TOPICS.md");
const CHANGELOG: &str = include_str!("../../CHANGELOG.md");
const UNIT: &str = include_str!("../../systemd/amtsbote.service");
const MANIFEST: &str = include_str!("../../Cargo.toml");
const LOCK: &str = include_str!("../../Cargo.lock");

const DKIM_KEY: &str = include_str!("support/dkim/key.pem");

const DOCUMENTS: &[(&str, &str)] = &[
    ("README.md", README),
    ("docs/ADMIN.md", ADMIN),
    ("docs/ARCHITECTURE.md", ARCHITECTURE),
    ("docs/DECISIONS.md", DECISIONS),
    ("docs/RECIPES.md", RECIPES),
    ("docs/TOPICS.md", TOPICS),
    ("CHANGELOG.md", CHANGELOG),
    ("systemd/amtsbote.service", UNIT),
];

// ---- README

#[test]
fn the_readme_begins_with_the_two_commands() {
    let block = blocks(README).into_iter().next().expect("a block of commands");
    let commands: Vec<&str> =
        block.text.lines().map(|line| line.split(" #").next().unwrap_or("").trim()).collect();
    assert_eq!(commands, ["cargo run --release -- demo --exit", "cargo test --locked"]);
    let before = README.split("```").next().unwrap_or_default();
    assert!(before.lines().count() <= 4, "something stands before them: {before}");
}

// ---- commands

#[test]
fn every_quoted_command_can_be_given() {
    let mut faults = Vec::new();
    let mut count = 0;
    for (name, text) in DOCUMENTS {
        for (command, is_name) in quoted_commands(text) {
            count += 1;
            if let Err(error) = parse(&command, is_name) {
                faults.push(format!("{name}: `{}`: {error}", command.join(" ")));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(count > 60, "only {count} commands were found");
}

#[test]
fn every_example_in_the_help_can_be_given() {
    fn examples(command: &clap::Command, found: &mut Vec<Vec<String>>) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        found.extend(help.lines().filter(|line| line.starts_with("  ")).filter_map(|line| {
            // What an example does stands in a column of its own.
            arguments(line.trim_start().split("  ").next().unwrap_or_default())
        }));
        command.get_subcommands().for_each(|inner| examples(inner, found));
    }
    let mut found = Vec::new();
    examples(&cli::command_tree(), &mut found);
    assert!(found.len() >= 9, "{found:?}");
    for command in found {
        assert!(parse(&command, false).is_ok(), "{command:?}");
    }
}

#[test]
fn a_wrong_command_would_be_found() {
    let text =
        "Say `amtsbote sorce list`, or:\n```sh\nsudo amtsbotectl items --topik ozg | head\n```\n";
    let commands = quoted_commands(text);
    assert_eq!(commands.len(), 2);
    assert!(
        commands.iter().all(|(command, is_name)| parse(command, *is_name).is_err()),
        "{commands:?}"
    );
}

#[test]
fn the_unit_starts_and_reloads_what_exists() {
    let setting = |key: &str| {
        let line = UNIT.lines().find(|line| line.starts_with(key)).expect(key);
        line[key.len()..].to_owned()
    };
    let command = words(&setting("ExecStart="));
    assert_eq!(command[0], "/usr/bin/amtsbote");
    assert!(parse(&command[1..], false).is_ok(), "{command:?}");
    assert_eq!(command.last().map(String::as_str), Some("run"));
    assert_eq!(setting("Type="), "notify");
    // A status of 2 means usage or config; see `Exit`.
    assert_eq!(setting("RestartPreventExitStatus="), cli::Exit::Usage.code().to_string());
}

#[test]
fn every_block_of_commands_is_executed_in_a_booted_system_or_says_why_not() {
    const RUN: &str = include_str!("../systemd/run");
    for (name, text) in [("README.md", README), ("docs/ADMIN.md", ADMIN)] {
        // As `execute FILE 'WORD'` finds them: the next block must hold the word.
        let call = format!("execute {name} '");
        let mut words = RUN.lines().filter_map(|line| {
            let (_, word) = line.split_once(&call)?;
            word.split('\'').next()
        });
        let mut before = "";
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let marker = std::mem::replace(&mut before, line);
            if line != "```sh" {
                continue;
            }
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let block = block.join("\n");
            if let Some(reason) = marker.strip_prefix("<!-- not run: ") {
                assert!(reason.len() > 15, "{name}: no reason before\n{block}");
                continue;
            }
            let word = words.next().unwrap_or_else(|| panic!("{name}: nobody runs\n{block}"));
            assert!(block.contains(word), "{name}: `{word}` is not in the next block\n{block}");
        }
        assert_eq!(words.next(), None, "{name} has no block for it");
    }
}

// ---- configuration

#[test]
fn the_shipped_config_loads_and_is_what_the_defaults_print() {
    let files = Memory(
        config::DEFAULTS
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect(),
    );
    let loaded = load(&files).unwrap_or_else(|error| panic!("{error}"));
    assert!(!loaded.sources.is_empty() && !loaded.topics.is_empty());
    let path = root().join("config/amtsbote.toml");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, config::shipped_file()).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), config::shipped_file(), "run with BLESS=1");
    let printed = config::defaults();
    for (name, text) in config::DEFAULTS {
        let shipped = fs::read_to_string(root().join("config").join(name)).expect(name);
        assert_eq!(shipped, *text, "{name}");
        assert!(printed.contains(text), "{name}");
    }
    assert!(load(&Memory::one(&printed)).is_ok());
}

#[test]
fn the_example_of_each_kind_of_source_builds() {
    for kind in source::KINDS {
        let loaded = load(&Memory::one(kind.example));
        let loaded = loaded.unwrap_or_else(|error| panic!("{}: {error}", kind.name));
        assert_eq!(loaded.sources[0].settings.kind, kind.name);
    }
}

#[test]
fn the_example_of_each_channel_builds() {
    for kind in deliver::KINDS {
        let head = format!("[mail.{}]", kind.name);
        let table = config::table_text(&head, kind.summary, (kind.fields)());
        let text = format!("[mail]\nchannel = \"{}\"\n{table}", kind.name);
        let environment = Environment::new(&BTreeMap::from([(
            "AMTSBOTE_SMTP_PASSWORD".to_owned(),
            "only for this test".to_owned(),
        )]));
        let loaded =
            config::load_from(&Memory::one(&text), Path::new("etc"), &environment).map(|_| ());
        assert!(
            loaded.is_ok(),
            "{}: {}",
            kind.name,
            loaded.err().map(|e| e.to_string()).unwrap_or_default()
        );
    }
}

#[test]
fn every_block_of_settings_in_the_documents_loads() {
    let mut count = 0;
    for (name, text) in [("README.md", README), ("docs/ADMIN.md", ADMIN)] {
        for block in blocks(text).into_iter().filter(|block| block.language == "toml") {
            count += 1;
            let environment = Environment::new(&BTreeMap::from([
                ("AMTSBOTE_SMTP_PASSWORD".to_owned(), "only for this test".to_owned()),
                ("CREDENTIALS_DIRECTORY".to_owned(), "credentials".to_owned()),
            ]));
            let mut files = Memory::one(&block.text);
            files.0.insert("dkim-key".to_owned(), DKIM_KEY.to_owned());
            if let Err(error) = config::load_from(&files, Path::new("etc"), &environment) {
                panic!("{name}: {error}\n{}", block.text);
            }
        }
    }
    assert!(count >= 4, "only {count} blocks were found");
}

#[test]
fn every_key_that_the_documents_name_exists() {
    let shipped: toml::Table = config::DEFAULTS[0].1.parse().expect("the shipped file is TOML");
    let known = |path: &str| {
        let mut parts = path.split('.');
        let section = parts.next().and_then(|name| shipped.get(name));
        parts.try_fold(section?, |value, key| value.as_table()?.get(key)).map(|_| ())
    };
    let mut unknown = Vec::new();
    for (name, text) in DOCUMENTS {
        for span in spans(text) {
            let path = span.split([' ', '=']).next().unwrap_or_default();
            let is_key = ["service.", "fetch.", "mail.", "web.", "retention."]
                .iter()
                .any(|section| path.starts_with(section) && path.len() > section.len());
            let is_name = path.chars().all(|c| c.is_ascii_lowercase() || c == '.' || c == '_');
            if is_key && is_name && known(path).is_none() {
                unknown.push(format!("{name}: `{path}`"));
            }
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

// ---- the map

#[test]
fn the_table_of_modules_is_the_one_that_is_enforced() {
    let rows: Vec<(String, BTreeSet<String>)> = ARCHITECTURE
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split_once("` "))
        .filter_map(|(module, rest)| {
            let cells: Vec<&str> = rest.split('|').map(str::trim).collect();
            let class = *cells.first()?;
            assert_eq!(class == "P", PURE.contains(&module), "{module} is {class}");
            let used = cells.get(1)?.split_whitespace().filter(|word| *word != "–");
            Some((module.to_owned(), used.map(str::to_owned).collect()))
        })
        .collect();
    let enforced: Vec<(String, BTreeSet<String>)> = MAY_USE
        .iter()
        .map(|(module, used)| {
            ((*module).to_owned(), used.iter().map(|used| (*used).to_owned()).collect())
        })
        .collect();
    assert_eq!(rows, enforced);
}

#[test]
fn every_path_that_the_documents_name_exists() {
    const PLACES: [&str; 10] = [
        "src/",
        "tests/",
        "docs/",
        "config/",
        "migrations/",
        "systemd/",
        "fuzz/",
        "benches/",
        ".ci/",
        "examples/",
    ];
    let mut missing = Vec::new();
    for (name, text) in DOCUMENTS {
        for span in spans(text) {
            let path = span.split_whitespace().next().unwrap_or_default();
            let names_a_path = PLACES.iter().any(|place| path.starts_with(place))
                && !path.contains(['*', '<', '…']);
            if names_a_path && !root().join(path).exists() && !made(path) {
                missing.push(format!("{name}: `{path}`"));
            }
        }
        let folder = root().join(name);
        let folder = folder.parent().expect("a document stands in a folder");
        for target in links(text) {
            let is_file = !target.contains("://") && !target.starts_with('#');
            if is_file && !folder.join(&target).exists() && !made(&target) {
                missing.push(format!("{name}: link to {target}"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// The files that the recipes make. The library compiles them under `cfg(test)`.
const MADE: [(&str, &str); 3] = [
    ("src/source/table.rs", include_str!("../fixtures/recipes/table.rs")),
    ("src/topic/signal/headline.rs", include_str!("../fixtures/recipes/headline.rs")),
    ("src/deliver/sendmail.rs", include_str!("../fixtures/recipes/sendmail.rs")),
];

fn made(path: &str) -> bool {
    MADE.iter().any(|(made, _)| *made == path)
}

#[test]
fn the_files_of_the_recipes_are_those_that_are_compiled() {
    for (path, compiled) in MADE {
        let (_, rest) = RECIPES.split_once(&format!("`{path}`:\n\n```rust\n")).expect(path);
        let (written, _) = rest.split_once("```").expect(path);
        assert_eq!(written, compiled, "{path}");
    }
}

#[test]
fn every_anchor_of_the_manual_leads_to_a_heading() {
    let anchors: BTreeSet<String> = ADMIN
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| heading.to_lowercase().replace(' ', "-"))
        .collect();
    for target in links(ADMIN) {
        if let Some(anchor) = target.strip_prefix('#') {
            assert!(anchors.contains(anchor), "no heading for #{anchor} in {anchors:?}");
        }
    }
}

// ---- dependencies

#[test]
fn every_dependency_has_its_because() {
    let manifest: toml::Table = MANIFEST.parse().expect("the manifest is TOML");
    let mut declared = BTreeSet::new();
    for section in ["dependencies", "dev-dependencies"] {
        let table = manifest[section].as_table().expect(section);
        declared.extend(table.keys().cloned());
    }
    let reasons: BTreeSet<String> = DECISIONS
        .split("## Dependencies")
        .nth(1)
        .expect("a part on dependencies")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .map(|(name, reason)| {
            assert!(reason.len() > 10, "{name} has no reason");
            name.to_owned()
        })
        .collect();
    assert_eq!(declared, reasons);
}

#[test]
fn what_is_large_or_has_a_state_is_linked_once() {
    for name in ["html5ever", "rustls", "hyper", "tower-http", "rusqlite", "tokio", "ring", "url"] {
        let count = LOCK.lines().filter(|line| *line == format!("name = \"{name}\"")).count();
        assert_eq!(count, 1, "{name} is in Cargo.lock {count} times");
    }
}

#[test]
fn crates_come_from_the_public_registry_and_files_name_no_machine() {
    let origins: BTreeSet<&str> =
        LOCK.lines().filter(|line| line.starts_with("source = ")).collect();
    assert_eq!(origins.len(), 1, "{origins:?}");
    assert!(origins.iter().all(|origin| origin.starts_with("source = \"registry+")), "{origins:?}");
    // In pieces, so that this file does not name them itself.
    let forbidden: Vec<String> =
        [("/ho", "me/"), ("/ro", "ot/"), ("/wo", "rk/"), ("crates", ".io"), ("/Us", "ers/")]
            .iter()
            .map(|(head, tail)| format!("{head}{tail}"))
            .collect();
    let mut found = Vec::new();
    for file in own_files(&root()) {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        for (number, line) in text.lines().enumerate() {
            // A URL of a source may have such a path.
            let names = |what: &String| line.contains(what.as_str()) && !line.contains("://");
            if forbidden.iter().any(names) {
                found.push(format!("{}:{}: {line}", file.display(), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

// ---- reading documents

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A fenced block.
struct Block {
    language: String,
    text: String,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => {
                open = Some(Block { language: language.to_owned(), text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// What stands between back-ticks outside blocks.
fn spans(text: &str) -> Vec<String> {
    let mut spans = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            spans.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    spans
}

fn links(text: &str) -> Vec<String> {
    text.match_indices("](")
        .filter_map(|(at, _)| text[at + 2..].split(')').next())
        .map(str::to_owned)
        .collect()
}

/// The arguments of every amtsbote command that a text quotes, and whether it
/// stands in a sentence, where it may be no more than the command's name.
fn quoted_commands(text: &str) -> Vec<(Vec<String>, bool)> {
    let mut commands = Vec::new();
    for block in blocks(text) {
        if block.language == "sh" || block.language.is_empty() {
            let whole = block.text.replace("\\\n", " ");
            commands.extend(whole.lines().filter_map(arguments).map(|given| (given, false)));
        }
    }
    let named = spans(text).into_iter().filter_map(|span| arguments(&span));
    commands.extend(named.map(|given| (given, true)));
    // Comments of the unit quote commands too.
    commands.extend(
        text.lines()
            .filter_map(|line| line.strip_prefix("#   "))
            .filter(|line| line.starts_with("systemd-run"))
            .filter_map(arguments)
            .map(|given| (given, false)),
    );
    commands
}

/// What amtsbote is given by a command line; nothing if it is not what is run.
fn arguments(line: &str) -> Option<Vec<String>> {
    let words = words(line);
    let name = |word: &String| word.rsplit('/').next().unwrap_or_default().to_owned();
    let mut rest = words.as_slice();
    while let Some(first @ ("sudo" | "exec" | "-u")) = rest.first().map(String::as_str) {
        // `sudo -u NAME`
        rest = rest.get(if first == "-u" { 2 } else { 1 }..)?;
    }
    let first = rest.first()?;
    let given = match first.as_str() {
        "cargo" => &rest[rest.iter().position(|word| word == "--")? + 1..],
        "systemd-run" => &rest[rest.iter().position(|word| name(word) == "amtsbote")? + 1..],
        _ if name(first) == "amtsbote" || name(first) == "amtsbotectl" => &rest[1..],
        _ => return None,
    };
    // A bare name is a name; `"$@"` is what a script is given.
    let is_given = given.iter().any(|word| word == "$@" || word.starts_with('…'));
    (!given.is_empty() && !is_given).then(|| given.to_vec())
}

/// The words of a shell line up to a comment, a pipe or a redirection.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, '|' | '<' | '>' | ';' | '&') => break,
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn parse(arguments: &[String], is_name: bool) -> Result<(), String> {
    // The names of values in tables; an item is named by its number.
    let given = arguments.iter().map(|word| if word == "ITEM" { "1" } else { word.as_str() });
    let given = cli::signed_topics(["amtsbote"].into_iter().chain(given).map(Into::into));
    match cli::command_tree().try_get_matches_from(given) {
        Ok(_) => Ok(()),
        Err(error)
            if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) =>
        {
            Ok(())
        }
        Err(error) if is_name && error.kind() == ErrorKind::MissingRequiredArgument => Ok(()),
        Err(error) => Err(error.to_string().lines().next().unwrap_or_default().to_owned()),
    }
}

/// The files of the project but what it makes and what others wrote.
fn own_files(folder: &Path) -> Vec<PathBuf> {
    const NOT_OURS: [&str; 7] =
        [".git", "target", "var", "fixtures", "corpus", "artifacts", "LICENSE"];
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the project").flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if NOT_OURS.iter().any(|not| name == *not) {
            continue;
        }
        if path.is_dir() {
            files.extend(own_files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// A config in memory, in the folder `etc`.
struct Memory(BTreeMap<String, String>);

impl Memory {
    fn one(text: &str) -> Self {
        Self(BTreeMap::from([("amtsbote.toml".to_owned(), text.to_owned())]))
    }
}

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let text = self.0.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(text.as_bytes().to_vec())
    }

    fn list(&self, _: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }

    fn is_public(&self, _: &Path) -> bool {
        false
    }
}

fn load(files: &Memory) -> Result<Config, ConfigError> {
    config::load_from(files, Path::new("etc"), &Environment::default())
}
