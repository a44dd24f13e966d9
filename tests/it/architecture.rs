//! Who may name whom (docs/ARCHITECTURE.md), checked against the sources.
//!
//! Rust lets modules of one crate use each other in circles; this does not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Module and what it may use. `text` serves all that read or compare text.
pub(crate) const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("text", &["model"]),
    ("clock", &["model"]),
    ("answer", &["model"]),
    ("fetch", &["model", "answer"]),
    ("subscriber", &["model"]),
    ("outbox", &["model"]),
    ("bounce", &["model"]),
    ("deliver", &["model"]),
    ("schedule", &["model", "answer"]),
    ("extract", &["model", "text", "answer"]),
    ("dedup", &["model", "text"]),
    ("agenda", &["model", "text"]),
    ("topic", &["model", "text"]),
    ("store", &["model", "text", "answer", "agenda", "dedup"]),
    ("page", &["model", "text"]),
    ("digest", &["model", "text", "agenda", "page"]),
    ("source", &["model", "text", "answer", "extract"]),
    ("normalize", &["model", "text", "extract"]),
    ("health", &["model"]),
    (
        "pipeline",
        &[
            "model",
            "health",
            "text",
            "clock",
            "source",
            "extract",
            "fetch",
            "answer",
            "normalize",
            "dedup",
            "agenda",
            "topic",
            "store",
            "page",
            "digest",
            "subscriber",
            "outbox",
            "bounce",
            "deliver",
            "schedule",
            "config",
        ],
    ),
    ("desk", &["model", "text", "clock", "store", "pipeline"]),
    (
        "config",
        &["model", "source", "topic", "digest", "outbox", "schedule", "fetch", "deliver", "bounce"],
    ),
    (
        "web",
        &[
            "model",
            "health",
            "text",
            "agenda",
            "store",
            "page",
            "digest",
            "subscriber",
            "topic",
            "schedule",
            "pipeline",
            "desk",
            "config",
            "clock",
            "fetch",
        ],
    ),
    (
        "daemon",
        &[
            "model",
            "health",
            "clock",
            "schedule",
            "store",
            "page",
            "digest",
            "subscriber",
            "outbox",
            "pipeline",
            "config",
            "web",
            "fetch",
        ],
    ),
    ("demo", &["model", "text", "clock", "schedule", "store", "pipeline", "config", "web"]),
    (
        "cli",
        &[
            "model",
            "health",
            "text",
            "source",
            "fetch",
            "answer",
            "extract",
            "normalize",
            "dedup",
            "agenda",
            "topic",
            "store",
            "page",
            "digest",
            "subscriber",
            "outbox",
            "deliver",
            "bounce",
            "clock",
            "schedule",
            "pipeline",
            "desk",
            "config",
            "daemon",
            "web",
            "demo",
        ],
    ),
];

/// Modules without effects.
pub(crate) const PURE: &[&str] = &[
    "model",
    "text",
    "answer",
    "source",
    "extract",
    "normalize",
    "dedup",
    "agenda",
    "topic",
    "page",
    "digest",
    "subscriber",
    "outbox",
    "bounce",
    "schedule",
    "health",
];

const EFFECTS: &[&str] = &[
    "std::fs",
    "std::net::Tcp",
    "std::net::Udp",
    "std::env",
    "std::process",
    "tokio",
    "rusqlite",
    "lettre",
    "axum",
    "reqwest",
    "tracing",
    "SystemTime::now",
    "Instant::now",
    "Utc::now",
    "Local::now",
];

/// Folders in which each file stands in a registry, but the one that says what a row of it is.
const REGISTRIES: &[(&str, &str, &str)] =
    &[("source", "KIND", "kind"), ("deliver", "KIND", "channel"), ("topic/signal", "SIGNAL", "")];

/// Modules that read what strangers wrote.
const READERS: &[&str] = &["extract", "source", "bounce", "topic", "dedup"];

/// Public functions of [`READERS`] that take text or bytes without a budget, and what
/// bounds them instead.
const BOUNDED_OTHERWISE: &[(&str, &str, &str)] = &[
    ("extract/document.rs", "base_url", "a tree, and the address that was asked"),
    ("extract/file.rs", "media_type_of", "a word of our own list"),
    ("extract/file.rs", "format_in", "the words of one link"),
    ("extract/file.rs", "may_be_document", "one address"),
    ("extract/file.rs", "format_of_media_type", "one field"),
    ("extract/file.rs", "format_of_ending", "one address"),
    ("extract/file.rs", "format_of", "one address"),
    ("extract/file.rs", "size_in", "the words of one link"),
    ("extract/html.rs", "escape", "one pass, at most five bytes out for each byte in"),
    ("extract/html.rs", "text_of", "a piece that was read out within a budget"),
    ("extract/html.rs", "read_piece", "a piece that was read out within a budget"),
    ("extract/opml.rs", "write", "our own list"),
    ("extract/pdf.rs", "read", "a process of its own, with a limit of memory and time"),
    ("extract/pdf.rs", "tidy", "what that process said, cut at its bound"),
    ("extract/scripts.rs", "linked_data", "a page; makes the budget"),
    ("extract/scripts.rs", "data", "a page; makes the budget"),
    ("extract/sniff.rs", "decode", "one pass, at most three bytes out for each byte in"),
    (
        "source/page/detail.rs",
        "read_article",
        "a response, whose bytes `fetch.max_bytes` bounds; makes the budget",
    ),
    ("source/page/discover.rs", "recognise", "one pass for each of a few signs"),
    ("source/page/discover.rs", "usual_feeds", "the address that was asked"),
    ("source/page/discover.rs", "usual_sitemaps", "the address that was asked"),
    ("bounce/classify.rs", "of_reply", "one reply, cut by the SMTP dialogue"),
    ("topic/folds.rs", "groups", "the admin's own file"),
    ("topic/keywords.rs", "new", "words that were checked when they were saved"),
    ("topic/keywords.rs", "found", "a text that normalizing cut"),
    ("topic/keywords.rs", "keywords", "a form, which the web face bounds; so many words, so long"),
    ("topic/labelled.rs", "parse", "the admin's own file"),
    ("topic/model_file.rs", "parse", "the admin's own file"),
    ("topic/reading.rs", "evidence", "a text that normalizing cut"),
    ("dedup/change.rs", "with_more", "two changes in our own words"),
    ("dedup/rekey.rs", "of", "title and text of an item, which normalizing cut"),
    ("dedup/rekey.rs", "letters", "a title, which normalizing cut"),
    ("dedup/serial.rs", "marks", "a title, which normalizing cut"),
    ("dedup/similar.rs", "title_likeness", "two titles, which normalizing cut"),
    ("dedup/similar.rs", "says_something_else", "two titles, which normalizing cut"),
    ("dedup/traces/bytes.rs", "from_bytes", "our own column"),
    ("dedup/traces/bytes.rs", "renewed", "our own column, and an item's text"),
];

#[test]
fn whoever_reads_foreign_bytes_spends_a_budget_or_says_what_bounds_them() {
    let mut missing = Vec::new();
    let mut known: BTreeSet<(String, String)> = BTreeSet::new();
    for file in READERS.iter().flat_map(|module| files_of(module)) {
        let path = show(&file).trim_start_matches("src/").to_owned();
        for (name, parameters) in public_functions(&code(&file)) {
            let is_foreign =
                ["&[u8]", "&str", "&'a str", "String"].iter().any(|kind| parameters.contains(kind));
            if !is_foreign || parameters.contains("Budget") {
                continue;
            }
            let is_bounded =
                BOUNDED_OTHERWISE.iter().any(|(of, function, _)| *of == path && *function == name);
            if !is_bounded {
                missing.push(format!("{path}: `{name}` takes foreign bytes without a budget"));
            }
            known.insert((path.clone(), name));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    let gone = BOUNDED_OTHERWISE
        .iter()
        .filter(|(path, name, _)| !known.contains(&((*path).to_owned(), (*name).to_owned())));
    let gone: Vec<_> = gone.collect();
    assert!(gone.is_empty(), "no such function, or it has a budget now: {gone:?}");
    let planted = "pub fn read(bytes: &[u8]) {}\npub(super) fn inner(text: &str) {}\npub fn of<'a>(\n    text: &'a str,\n) {}";
    let found: Vec<String> = public_functions(planted).into_iter().map(|(name, _)| name).collect();
    assert_eq!(found, ["read", "of"]);
}

/// Returns name and parameters of each `pub fn`.
fn public_functions(code: &str) -> Vec<(String, String)> {
    let bodies = code.split("pub fn ").chain(code.split("pub const fn ").skip(1));
    bodies
        .skip(1)
        .filter_map(|rest| {
            let name = rest.split(['(', '<']).next()?.trim().to_owned();
            let (parameters, _) = rest.split_once('{')?;
            let (parameters, _) = parameters.split_once("->").unwrap_or((parameters, ""));
            Some((name, parameters.to_owned()))
        })
        .collect()
}

#[test]
fn the_table_has_no_circle() {
    let table: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut done = BTreeSet::new();
    while done.len() < table.len() {
        let free: Vec<&str> = table
            .iter()
            .filter(|(module, used)| {
                !done.contains(*module) && used.iter().all(|used| done.contains(used))
            })
            .map(|(module, _)| *module)
            .collect();
        assert!(!free.is_empty(), "a circle among the modules outside {done:?}");
        done.extend(free);
    }
}

#[test]
fn the_map_and_the_table_name_the_same_modules() {
    let map = read(&source_root().join("lib.rs"));
    let mapped: BTreeSet<&str> = map
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod "))
        .map(|m| m.trim_end_matches(';'))
        .collect();
    let tabled: BTreeSet<&str> = MAY_USE.iter().map(|(module, _)| *module).collect();
    assert_eq!(mapped, tabled);
}

#[test]
fn modules_use_only_what_they_may() {
    let mut breaches = Vec::new();
    for (module, allowed) in MAY_USE {
        for file in files_of(module) {
            for used in named_modules(&code(&file)) {
                if used != *module && !allowed.contains(&used.as_str()) {
                    breaches.push(format!("{} uses `crate::{used}`", show(&file)));
                }
            }
        }
    }
    assert!(breaches.is_empty(), "the house does not allow:\n{}", breaches.join("\n"));
}

#[test]
fn pure_modules_have_no_effects() {
    let mut breaches = Vec::new();
    for file in PURE.iter().flat_map(|module| files_of(module)) {
        let code = code(&file);
        for effect in EFFECTS {
            if names(&code, effect) {
                breaches.push(format!("{} names `{effect}`", show(&file)));
            }
        }
    }
    assert!(breaches.is_empty(), "pure modules touch the world:\n{}", breaches.join("\n"));
}

#[test]
fn sql_stands_only_in_the_store() {
    let mut breaches = Vec::new();
    for file in rust_files(&source_root()) {
        if file.starts_with(source_root().join("store")) {
            continue;
        }
        for literal in string_literals(&code(&file)) {
            if looks_like_sql(&literal) {
                breaches.push(format!("{}: {literal:?}", show(&file)));
            }
        }
    }
    assert!(breaches.is_empty(), "SQL outside the store:\n{}", breaches.join("\n"));
}

#[test]
fn every_kind_stands_in_its_registry() {
    let mut missing = Vec::new();
    for (folder, constant, says) in REGISTRIES {
        let folder = source_root().join(folder);
        let registry = code(&folder.join("mod.rs"));
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            // A folder holds what the kinds share; a file beside mod.rs is a kind.
            if path.is_dir() || stem == "mod" || stem == *says {
                continue;
            }
            if !registry.contains(&format!("{stem}::{constant}")) {
                missing.push(format!(
                    "{} is not in the registry of {}",
                    show(&path),
                    show(&folder.join("mod.rs"))
                ));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn no_file_has_grown_out_of_its_one_purpose() {
    const LIMIT: usize = 600;
    let mut grown = Vec::new();
    for file in rust_files(&source_root()) {
        let text = read(&file);
        let lines = text.split("#[cfg(test)]").next().unwrap().lines().count();
        if lines > LIMIT {
            grown.push(format!("{}: {lines} lines before its tests", show(&file)));
        }
    }
    assert!(grown.is_empty(), "split by meaning:\n{}", grown.join("\n"));
}

// The scanners themselves, so that a planted breach is known to be found.

#[test]
fn the_scanner_finds_a_planted_breach_and_no_comment() {
    let code = strip(
        "// crate::store\nuse crate::{model, fetch::Fetch};\nlet x = \"crate::web\"; crate::cli::run()",
    );
    let found: Vec<String> = named_modules(&code).into_iter().collect();
    assert_eq!(found, ["cli", "fetch", "model", "web"]);
    let tested = "a\n#[cfg(test)]\nmod tests {\n    x\n}\nb\n#[cfg(test)]\nmod more;\nc";
    assert_eq!(without_tests(tested).split_whitespace().collect::<String>(), "abc");
    assert!(names("let now = std::time::SystemTime::now();", "SystemTime::now"));
    assert!(!names("mytokio::spawn", "tokio"));
    assert!(looks_like_sql(&string_literals("f(\"select id from items where x\")")[0]));
    assert!(!looks_like_sql("select a series from the list"));
}

pub(crate) fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

pub(crate) fn show(path: &Path) -> String {
    path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path).display().to_string()
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn code(path: &Path) -> String {
    // Unit tests may meet whom they like.
    strip(&without_tests(&read(path)))
}

/// The text without the items that `#[cfg(test)]` stands above; what follows
/// them counts again.
fn without_tests(text: &str) -> String {
    const MARK: &str = "#[cfg(test)]\n";
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(MARK) {
        out.push_str(&rest[..at]);
        let item = &rest[at + MARK.len()..];
        let line = item.find('\n').map_or(item.len(), |end| end + 1);
        let end = if item[..line].trim_end().ends_with(';') {
            line
        } else {
            item.find("\n}").map_or(item.len(), |end| end + "\n}".len())
        };
        rest = &item[end..];
    }
    out.push_str(rest);
    out
}

fn files_of(module: &str) -> Vec<PathBuf> {
    let single = source_root().join(format!("{module}.rs"));
    if single.exists() { vec![single] } else { rust_files(&source_root().join(module)) }
}

pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The code without line comments; `//` in a string begins none.
fn strip(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut quoted = false;
        let mut end = line.len();
        let bytes = line.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'"' if at == 0 || bytes[at - 1] != b'\\' => quoted = !quoted,
                b'/' if !quoted && bytes.get(at + 1) == Some(&b'/') => {
                    end = at;
                    break;
                }
                _ => {}
            }
        }
        out.push_str(&line[..end]);
        out.push('\n');
    }
    out
}

fn named_modules(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let (mut depth, mut first, mut word) = (0, true, String::new());
            for c in group.chars() {
                match c {
                    c if c.is_alphanumeric() || c == '_' => {
                        if first {
                            word.push(c);
                        }
                        continue;
                    }
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                // The first word of each branch at the top is the module.
                if first && !word.is_empty() {
                    found.insert(std::mem::take(&mut word));
                    first = false;
                }
                if depth < 0 {
                    break;
                }
                first |= c == ',' && depth == 0;
            }
        } else {
            found.insert(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    found
}

fn names(code: &str, path: &str) -> bool {
    code.match_indices(path).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + path.len()..].chars().next();
        let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        // `std::net::Tcp` is a prefix of types; whole paths must end.
        !joins(before) && (!joins(after) || path.ends_with("Tcp") || path.ends_with("Udp"))
    })
}

fn string_literals(code: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let mut current: Option<String> = None;
    let mut escaped = false;
    for c in code.chars() {
        match (&mut current, c) {
            (Some(literal), c) if escaped => {
                literal.push(c);
                escaped = false;
            }
            (Some(_), '\\') => escaped = true,
            (Some(_), '"') => literals.extend(current.take()),
            (Some(literal), c) => literal.push(c),
            (None, '"') => current = Some(String::new()),
            (None, _) => {}
        }
    }
    literals
}

fn looks_like_sql(literal: &str) -> bool {
    let words: Vec<String> = literal.split_whitespace().map(str::to_lowercase).collect();
    let pair =
        |first: &str, second: &str| words.windows(2).any(|w| w[0] == first && w[1] == second);
    let starts = |word: &str| words.first().is_some_and(|first| first == word);
    (starts("select")
        && words.iter().any(|w| w == "from")
        && words.iter().any(|w| w == "where" || w == "limit" || w == "order"))
        || (starts("select") && literal.contains('*'))
        || (starts("update") && words.iter().any(|w| w == "set"))
        || pair("insert", "into")
        || pair("delete", "from")
        || pair("create", "table")
        || starts("pragma")
        || starts("vacuum")
}
