//! Why a mail holds what it holds: its entries, its reader, the topics and words that decided.
//! A mail names its digest and its items by the links to their pages.

use std::collections::HashMap;
use std::path::Path;

use mail_parser::MessageParser;
use serde_json::json;

use crate::cli::output::names_or_all;
use crate::cli::{Exit, Session, UsageError, input};
use crate::model::{Digest, DigestId, Entry, ItemId, Subscriber};
use crate::store::{digests, subscribers};

/// No mail of ours is nearly as large.
const MOST_BYTES: u64 = 4 << 20;

/// Returns the bytes of a mail if `what` is a file of one.
pub(super) fn read(what: &str) -> anyhow::Result<Option<Vec<u8>>> {
    let path = Path::new(what);
    let is_mail = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("eml"));
    if what != "-" && !is_mail && !path.is_file() {
        return Ok(None);
    }
    Ok(Some(input::read(path, MOST_BYTES)?.0))
}

/// What the text part of a mail links.
struct Links {
    digest: DigestId,
    /// Number of the entry, such as `1.2`, and the item.
    entries: Vec<(String, ItemId)>,
}

pub(super) async fn explain(session: &Session, bytes: &[u8]) -> anyhow::Result<Exit> {
    let mail = MessageParser::default().parse(bytes);
    let text = mail.as_ref().and_then(|mail| mail.body_text(0)).unwrap_or_default();
    let links = links(&text, &session.plan.mail.link(""))
        .ok_or_else(|| UsageError::new("this is no mail of a digest of this service"))?;
    let recipient = mail.as_ref().and_then(|mail| mail.to()?.first()?.address()).unwrap_or("");
    let (wanted, address) = (links.digest.clone(), recipient.to_owned());
    let (digest, reader) = session
        .ctx
        .store
        .read(move |tx| Ok((digests::get(tx, &wanted)?, subscribers::by_spelling(tx, &address)?)))
        .await?;
    let Some(row) = digest else {
        let id = &links.digest;
        return Err(UsageError::new(format!(
            "there is no digest `{id}` here: the mail is a test of one that is yet to come, or of \
             another service; `amtsbote explain ID` takes its items one by one"
        ))
        .into());
    };
    let digest: Digest = serde_json::from_str(&row.content)?;
    print(session, &links, &digest, reader.as_ref())?;
    Ok(Exit::Done)
}

/// Reads the links of a mail's text part; none if it is no digest's.
fn links(text: &str, home: &str) -> Option<Links> {
    let after = |line: &str, path: &str| -> Option<String> {
        let rest = line.trim().strip_prefix(home)?.strip_prefix(path)?;
        Some(rest.split(['?', '#']).next().unwrap_or(rest).to_owned())
    };
    let digest = text.lines().find_map(|line| after(line, "d/"))?;
    let mut entries = Vec::new();
    let mut before = "";
    for line in text.lines() {
        let number = before.trim().strip_prefix("Warum ").and_then(|rest| rest.strip_suffix('?'));
        let item = after(line, "meldung/").and_then(|id| id.parse().ok());
        if let (Some(number), Some(item)) = (number, item) {
            entries.push((number.to_owned(), ItemId(item)));
        }
        before = line;
    }
    Some(Links { digest: DigestId::new(digest), entries })
}

fn print(
    session: &Session,
    links: &Links,
    digest: &Digest,
    reader: Option<&Subscriber>,
) -> anyhow::Result<()> {
    let output = &session.output;
    let all = digest.sections.iter().flat_map(|section| &section.entries);
    let by_item: HashMap<ItemId, &Entry> = all.map(|entry| (entry.item, entry)).collect();
    if !output.json {
        output.line(&format!("digest    {} of `{}`", links.digest, digest.series.id))?;
        output.line(&format!("reader    {}", who(session, reader)))?;
        output.line("")?;
    }
    output.list(
        ["NO", "ID", "TITLE", "WHY"],
        &links.entries,
        |(number, item)| {
            let entry = by_item.get(item);
            json!({"digest": links.digest, "number": number, "id": item.to_string(),
                "title": entry.map(|entry| &entry.title),
                "subscriber": reader.map(|reader| reader.id.to_string()),
                "topics": entry.map(|entry| &entry.topics),
                "why": why(*item, entry.copied(), reader)})
        },
        |(number, item)| {
            let entry = by_item.get(item).copied();
            let title = entry.map_or_else(|| "-".to_owned(), |entry| entry.title.clone());
            [number.clone(), item.to_string(), title, why(*item, entry, reader)]
        },
    )
}

fn who(session: &Session, reader: Option<&Subscriber>) -> String {
    let Some(reader) = reader else {
        return "nobody of this address is subscribed now; a test, or they have left".to_owned();
    };
    let keywords = match reader.keywords.as_slice() {
        [] => String::new(),
        words => format!(", keywords {}", words.join(", ")),
    };
    format!(
        "subscriber {} ({}), series {}, topics {}{keywords}, since {}",
        reader.id,
        reader.standing.as_str(),
        names_or_all(&reader.series),
        names_or_all(&reader.topics),
        session.output.time(Some(reader.since)),
    )
}

/// Returns the topics that the reader chose and the entry has, with what decided; else it came by a
/// keyword, which no page shows.
fn why(item: ItemId, entry: Option<&Entry>, reader: Option<&Subscriber>) -> String {
    let Some(entry) = entry else {
        return format!("by a keyword of the reader; `amtsbote explain {item}` shows the item");
    };
    let chosen = reader.map_or(&[][..], |reader| &reader.topics);
    let topics = entry.topics.iter();
    let topics = topics.filter(|of| chosen.is_empty() || chosen.contains(&of.topic));
    let mut said: Vec<String> = topics
        .map(|of| match of.reason.as_str() {
            "" => of.topic.to_string(),
            reason => format!("{}: {reason}", of.topic),
        })
        .collect();
    let words = reader.map_or(&[][..], |reader| &reader.keywords);
    let found = entry.keywords.iter().filter(|word| words.contains(word));
    said.extend(found.map(|word| format!("keyword `{word}`")));
    if said.is_empty() { "by what the reader chose then".to_owned() } else { said.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_names_its_digest_and_its_entries_and_others_name_none() {
        let home = "https://m.example.de/";
        let text = "Im Browser ansehen:\nhttps://m.example.de/d/2026-01-12-taeglich?thema=ozg\n\n1.1 Titel\n\
            https://fremd.example/meldung/9\nWarum 1.1?\nhttps://m.example.de/meldung/7\n\
            https://m.example.de/meldung/8\n";
        let links = links(text, home).unwrap();
        assert_eq!(links.digest.as_str(), "2026-01-12-taeglich");
        assert_eq!(links.entries, [("1.1".to_owned(), ItemId(7))]);
        assert!(super::links("https://m.example.de/meldung/8", home).is_none());
    }
}
