//! `source record` and `source replay`: an answer with its fields in one file,
//! without secrets, and what would become of it.
//!
//! The file begins with `name: value` lines: what was asked, the source's block
//! (`config:`), the answer's fields (`field:`). An empty line ends them; the
//! rest is the decoded body, byte for byte.

use std::io::Write as _;
use std::path::Path;

use serde_json::json;
use toml_edit::{Item, Table, value};
use url::Url;

use super::bench::{self, Bench};
use super::{block, shown, written};
use crate::answer;
use crate::cli::{Exit, Global, Output, UsageError, input, named, session};
use crate::clock::{Clock as _, SystemClock};
use crate::daemon;
use crate::model::{Headers, Response, Timestamp};

/// First line of each file.
const MARK: &str = "amtsbote-recording: 1";
/// Most bytes of a file.
const MOST: u64 = 64 << 20;
/// Keys of a block that are or name secrets, or that only hold here.
const PRIVATE_KEYS: &[&str] =
    &["user", "password_file", "headers", "proxy", "ca_file", "user_agent", "topics"];
/// Fields of an answer that reading and caching look at; cookies are not among them.
const KEPT_FIELDS: &[&str] = &[
    "content-type",
    "etag",
    "last-modified",
    "cache-control",
    "expires",
    "date",
    "age",
    "retry-after",
    "content-language",
    "x-robots-tag",
    "link",
];
/// Words in the name of a query's parameter that speak of a secret.
const SECRET_WORDS: &[&str] =
    &["token", "key", "auth", "pass", "secret", "sig", "session", "sid", "user"];

/// What a file holds.
struct Recording {
    recorded: Timestamp,
    block: String,
    response: Response,
}

pub(super) async fn record(global: &Global, id: &str, file: &Path) -> anyhow::Result<Exit> {
    let config = session::load(global)?;
    let directory = config.directory.clone();
    let output = Output { json: global.json, quiet: global.quiet, zone: config.service.timezone };
    let plan = daemon::plan(config)?;
    let source = named::source(&plan, id)?;
    let table = written::block_of(&directory, id).ok_or_else(|| {
        UsageError::new(format!("the block of `{id}` was not found in the files"))
    })?;
    let response = bench::answer_of(&plan, source).await?;
    let recording =
        Recording { recorded: SystemClock.now(), block: harmless_block(table), response };
    // Never over a file that is there: it may be the only copy of a rare answer.
    let mut target = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .map_err(|error| UsageError::new(format!("`{}`: {error}", file.display())))?;
    target.write_all(&recording.to_bytes())?;
    let (status, bytes) = (recording.response.status, recording.response.body.len());
    if output.json {
        output.object(&json!({"id": id, "file": file.display().to_string(), "status": status, "bytes": bytes}))?;
    } else {
        output.line(&format!("{}: status {status}, {bytes} bytes", file.display()))?;
        output.say("the body was kept as it came: look for anything private before you pass it on");
    }
    Ok(Exit::Done)
}

pub(super) fn replay(global: &Global, file: &Path) -> anyhow::Result<Exit> {
    let (bytes, _) = input::read(file, MOST)?;
    let recording = Recording::parse(&bytes)
        .map_err(|why| UsageError::new(format!("`{}` is no recording: {why}", file.display())))?;
    let bench = Bench::new(global, &recording.response.final_url)?;
    let tried = bench.source(&recording.block)?;
    let output = bench.output;
    if let Err(failure) = answer::document(&recording.response) {
        output.line(&format!("problem: {failure}"))?;
        return Ok(Exit::Failure);
    }
    let configured = &tried.source.configured;
    let extraction = configured.source.extract(&recording.response)?;
    let shown = shown::of(&tried.plan, configured, &extraction, recording.recorded);
    if output.json {
        for object in shown.objects() {
            output.object(&object)?;
        }
    } else {
        output.line(&format!(
            "kind {}, read by {}, {} items",
            configured.settings.kind,
            extraction.read_by.as_str(),
            shown.items.len()
        ))?;
        shown.print(&output)?;
    }
    for note in &shown.notes {
        output.say(&format!("note: {note}"));
    }
    Ok(Exit::Done)
}

impl Recording {
    fn to_bytes(&self) -> Vec<u8> {
        let response = &self.response;
        let mut text = format!(
            "{MARK}\nrecorded: {}\nstatus: {}\nfinal-url: {}\ntruncated: {}\n",
            self.recorded.0,
            response.status,
            harmless_url(&response.final_url),
            response.truncated,
        );
        for line in self.block.lines() {
            text.push_str(&format!("config: {line}\n"));
        }
        for (name, value) in response.headers.iter() {
            let name = name.to_ascii_lowercase();
            if KEPT_FIELDS.contains(&name.as_str()) && !value.contains(['\r', '\n']) {
                text.push_str(&format!("field: {name}: {value}\n"));
            }
        }
        text.push('\n');
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&response.body);
        bytes
    }

    fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let end = bytes.windows(2).position(|two| two == b"\n\n").ok_or("its head has no end")?;
        let head = std::str::from_utf8(&bytes[..end]).map_err(|_| "its head is not UTF-8")?;
        let mut lines = head.lines();
        if lines.next() != Some(MARK) {
            return Err("its first line is another");
        }
        let mut recording = Self {
            recorded: Timestamp::default(),
            block: String::new(),
            response: Response {
                status: 0,
                final_url: String::new(),
                is_redirected: false,
                moved: None,
                headers: Headers::new(),
                body: bytes[end + 2..].to_vec(),
                truncated: false,
            },
        };
        for line in lines {
            let (name, value) = line.split_once(':').ok_or("a line of its head has no colon")?;
            let value = value.strip_prefix(' ').unwrap_or(value);
            let response = &mut recording.response;
            match name {
                "recorded" => {
                    recording.recorded =
                        Timestamp(value.parse().map_err(|_| "`recorded` is no number")?);
                }
                "status" => response.status = value.parse().map_err(|_| "`status` is no number")?,
                "final-url" => response.final_url = value.to_owned(),
                "truncated" => response.truncated = value == "true",
                "config" => {
                    recording.block.push_str(value);
                    recording.block.push('\n');
                }
                "field" => {
                    let (name, value) = value.split_once(": ").ok_or("a field has no value")?;
                    response.headers.add(name, value);
                }
                _ => {}
            }
        }
        Ok(recording)
    }
}

/// Returns the block without what is private.
fn harmless_block(mut table: Table) -> String {
    for key in PRIVATE_KEYS {
        table.remove(key);
    }
    if let Some(url) = table.get("url").and_then(Item::as_str).map(harmless_url) {
        table["url"] = value(url);
    }
    table.decor_mut().clear();
    block::of_table(table)
}

/// Returns the URL without name, password and parameters that may be secrets.
fn harmless_url(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return String::new() };
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let is_secret = |name: &str| {
        let name = name.to_ascii_lowercase();
        SECRET_WORDS.iter().any(|word| name.contains(word))
    };
    if url.query_pairs().any(|(name, _)| is_secret(&name)) {
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .map(|(name, value)| {
                let value = if is_secret(&name) { "removed".into() } else { value };
                (name.into_owned(), value.into_owned())
            })
            .collect();
        url.query_pairs_mut().clear().extend_pairs(kept);
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_reads_back_and_holds_no_secret() {
        let table = "id = \"a\"\nkind = \"feed\"\nurl = \"https://u:p@a.example/f?access_token=geheim&x=1\"\nuser = \"u\"\npassword_file = \"geheim\"\n[headers]\nx-key = \"geheim\"\n";
        let table: toml_edit::DocumentMut = table.parse().unwrap();
        let body = b"<rss>\n\n\x00\xff</rss>".to_vec();
        let response = Response {
            status: 200,
            final_url: "https://a.example/f?sessionid=geheim".to_owned(),
            is_redirected: false,
            moved: None,
            headers: Headers::from_iter([
                ("Content-Type", "application/rss+xml"),
                ("Set-Cookie", "geheim=1"),
            ]),
            body: body.clone(),
            truncated: true,
        };
        let block = harmless_block(table.as_table().clone());
        let bytes = Recording { recorded: Timestamp(7), block, response }.to_bytes();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("geheim"), "{text}");
        let back = Recording::parse(&bytes).unwrap();
        assert_eq!(back.response.body, body);
        assert_eq!(back.recorded, Timestamp(7));
        assert!(back.response.truncated);
        assert_eq!(back.response.headers.get("content-type"), Some("application/rss+xml"));
        assert!(back.block.contains("url = \"https://a.example/f?access_token=removed&x=1\""));
        assert_eq!(Recording::parse(&back.to_bytes()).unwrap().block, back.block);
    }

    proptest::proptest! {
        #[test]
        fn no_file_makes_it_panic(bytes: Vec<u8>, tail in ".{0,80}") {
            let _ = Recording::parse(&bytes);
            let _ = Recording::parse(format!("{MARK}\n{tail}\n\nbody").as_bytes());
        }
    }
}
