//! Kind `mail`: newsletters that come by mail, each split into its stories.
//!
//! Its document is what lies in a Maildir: one message, or several as the mailbox puts them
//! together. What a sender claims counts only if it is listed, and, where that is asked for,
//! if our own server found it true.

use std::path::PathBuf;

use crate::extract::mail::{Mail, read};
use crate::extract::{document, html};
use crate::model::{
    Budget, Confirmation, Date, Extraction, RawItem, ReadBy, Reader, Response, SourceSettings,
    framed_messages,
};
use crate::source::newsletter::{
    Issue, Readers, Story, bare_subject, of_html, of_text, shared_tokens, split_message, target,
    without,
};
use crate::source::{Kind, Source, SourceError};
use crate::text::{clean_line, fold};

pub(super) const KIND: Kind = Kind {
    name: "mail",
    summary: "newsletters that come by mail, each split into its stories",
    example: r#"[[source]]
id = "buergerbrief"
name = "Stadt Musterstadt"
kind = "mail"
url = "https://www.musterstadt.example/newsletter"   # where the newsletter is offered
[source.mail]
from = ["newsletter@musterstadt.example"]  # who may write; "@musterstadt.example": all of a domain
# require_auth = true              # only what our server found signed (Authentication-Results)
# server = "mx.example.org"        # and under which name it says so
# maildir = "/var/mail/buergerbrief"   # left out: a folder of its own, filled by `mail-in`
"#,
    build,
};

/// Longest teaser of a story.
const LONGEST_TEXT: usize = 20_000;

fn build(reader: &mut Reader<'_>, _: &SourceSettings) -> Option<Box<dyn Source>> {
    let table = reader.table("mail");
    let Some(table) = table else {
        reader.problem("mail", "missing table `[source.mail]` with `from`, who may write");
        return None;
    };
    let mut inner = reader.inner(table, "mail");
    let senders = inner.texts("from").unwrap_or_default();
    let mut from = Vec::new();
    for (sender, place) in senders {
        let sender = sender.trim().to_lowercase();
        match sender.rsplit_once('@') {
            Some((_, domain)) if domain.contains('.') => from.push(sender),
            _ => inner.problem_at(
                place,
                "from",
                format!("`{sender}` is no address, and no `@domain.example`"),
            ),
        }
    }
    if from.is_empty() {
        inner.problem(
            "from",
            "nobody may write: name an address, or `@domain.example` for all of a domain",
        );
    }
    let require_auth = inner.flag("require_auth").unwrap_or_default();
    let server = inner.text("server").unwrap_or_default().trim().to_lowercase();
    let maildir = inner.text("maildir").map(PathBuf::from);
    if require_auth && server.is_empty() {
        inner.problem(
            "server",
            "`require_auth` needs the name by which our mail server signs its results",
        );
    }
    inner.finish();
    Some(Box::new(Newsletters { from, require_auth, server, maildir }))
}

#[derive(Debug)]
struct Newsletters {
    /// Addresses, and domains with the sign before them.
    from: Vec<String>,
    require_auth: bool,
    /// The name our server gives itself in `Authentication-Results`.
    server: String,
    maildir: Option<PathBuf>,
}

impl Source for Newsletters {
    fn accept(&self) -> &'static str {
        "message/rfc822"
    }

    fn extract(&self, response: &Response) -> Result<Extraction, SourceError> {
        let mut whole = Extraction { read_by: ReadBy::Structure, ..Extraction::default() };
        let messages = framed_messages(&response.body);
        if messages.iter().all(|one| one.iter().all(u8::is_ascii_whitespace)) {
            // An empty folder is no fault.
            return Ok(whole);
        }
        let mut unread = 0;
        for bytes in &messages {
            let budget = Budget::for_document(bytes.len());
            match read(bytes, &budget) {
                Some(mail) => self.take(&mail, &budget, &mut whole),
                None => unread += 1,
            }
        }
        if unread == messages.len() {
            return Err(SourceError::NotAFeed { found: "no message of the mail".to_owned() });
        }
        if unread > 0 {
            whole.notes.push(format!("{unread} messages could not be read"));
        }
        Ok(whole)
    }

    /// Nobody's server is asked.
    fn obeys_robots(&self) -> bool {
        false
    }

    fn gives_changes(&self) -> bool {
        true
    }

    fn mailbox(&self) -> Option<super::Mailbox<'_>> {
        Some(super::Mailbox { folder: self.maildir.as_deref() })
    }
}

impl Newsletters {
    /// Adds what a message tells; a note if it may not.
    fn take(&self, mail: &Mail, budget: &Budget, whole: &mut Extraction) {
        if mail.is_report {
            whole.notes.push("an automatic answer was left out".to_owned());
            return;
        }
        if !self.lists(&mail.from) {
            whole
                .notes
                .push("a message was refused: its sender is not listed in `from`".to_owned());
            return;
        }
        if self.require_auth && !self.is_proved(mail) {
            whole.notes.push(
                "a message was refused: our server did not find it signed by its sender".to_owned(),
            );
            return;
        }
        if let Some(confirmation) = confirmation(mail) {
            whole.confirmations.push(confirmation);
            return;
        }
        let readers = Readers::of(&mail.recipients);
        let issue = issue(mail, &readers, budget);
        if issue.stories.len() <= 1 && is_receipt(mail) {
            whole.notes.push("a message about the subscription itself was left out".to_owned());
            return;
        }
        if issue.hidden > 0 {
            whole.notes.push(format!(
                "{} links lead where only their mailer knows, and are left out",
                issue.hidden
            ));
        }
        if issue.stories.is_empty() {
            whole.notes.push("a newsletter held no story that could be told apart".to_owned());
        }
        whole.items.extend(items(mail, issue, &readers));
    }

    fn lists(&self, from: &str) -> bool {
        let domain = from.rsplit_once('@').map_or("", |(_, domain)| domain);
        self.from.iter().any(|known| match known.strip_prefix('@') {
            Some(known) => is_within(domain, known),
            None => known == from,
        })
    }

    /// Returns whether our server found the message signed by, or sent for, its sender's domain.
    /// Only its own field counts: whoever writes can write such fields too.
    fn is_proved(&self, mail: &Mail) -> bool {
        let domain = mail.from.rsplit_once('@').map_or("", |(_, domain)| domain);
        let Some(results) = mail.results.first() else { return false };
        let lower = results.to_lowercase().replace(['\r', '\n', '\t'], " ");
        let mut parts = lower.split(';').map(str::trim);
        if parts.next().and_then(|name| name.split_whitespace().next())
            != Some(self.server.as_str())
        {
            return false;
        }
        parts.any(|result| {
            let says = |name: &str| {
                let found = result.split_whitespace().find_map(|word| word.strip_prefix(name));
                found.map(|value| value.trim_matches(['"', '<', '>', '(', ')', ',']).to_owned())
            };
            let belongs = |found: Option<String>| {
                let found = found.unwrap_or_default();
                let found = found.rsplit_once('@').map_or(found.as_str(), |(_, domain)| domain);
                !found.is_empty() && (is_within(domain, found) || is_within(found, domain))
            };
            result.starts_with("dmarc=pass") && belongs(says("header.from="))
                || result.starts_with("dkim=pass")
                    && belongs(says("header.d=").or_else(|| says("header.i=")))
                || result.starts_with("spf=pass") && belongs(says("smtp.mailfrom="))
        })
    }
}

/// Returns whether a domain is another or lies below it.
fn is_within(domain: &str, upper: &str) -> bool {
    domain == upper || domain.strip_suffix(upper).is_some_and(|front| front.ends_with('.'))
}

/// The stories of a message, from whichever part tells more.
fn issue(mail: &Mail, readers: &Readers, budget: &Budget) -> Issue {
    if !mail.inner.is_empty() {
        let stories = mail.inner.iter().filter_map(|inner| post(inner, readers)).collect();
        return Issue { stories, ..Issue::default() };
    }
    let of_html = mail.html.as_deref().and_then(|html| {
        let tree = document::parse(html, budget).ok()?;
        of_html(&tree, html, readers, budget).ok()
    });
    let of_html = of_html.unwrap_or_default();
    let issue = split_message(&of_html, &mail.subject);
    let is_told = |issue: &Issue| !issue.stories.is_empty() && !issue.is_letter;
    if is_told(&issue) {
        return issue;
    }
    let text = mail.text.as_deref().unwrap_or_default();
    let posts = posts(text, readers);
    if !posts.is_empty() {
        return Issue { stories: posts, ..Issue::default() };
    }
    let other = split_message(&of_text(text, readers), &mail.subject);
    if is_told(&other) || issue.stories.is_empty() { other } else { issue }
}

/// A message of a digest as a story.
fn post(mail: &Mail, readers: &Readers) -> Option<Story> {
    story_of_post(
        &mail.subject,
        mail.text.as_deref().unwrap_or_default(),
        mail.archived_at.as_deref(),
        readers,
    )
}

fn story_of_post(
    subject: &str,
    text: &str,
    place: Option<&str>,
    readers: &Readers,
) -> Option<Story> {
    let title = bare_subject(subject);
    let place = place.or_else(|| {
        text.split_whitespace()
            .map(|word| word.trim_matches(['<', '>', '(', ')', '.', ',']))
            .find(|word| word.starts_with("http"))
    });
    let words = text
        .split("\n\n")
        .map(|paragraph| clean_line(paragraph, 2_000))
        .filter(|paragraph| !paragraph.is_empty() && !paragraph.starts_with('>'))
        .take_while(|paragraph| !paragraph.starts_with("-- "))
        .take(20);
    let link = || place.and_then(|place| target(place, readers));
    (!title.is_empty()).then(|| Story::new(title, link(), words.collect()))
}

/// The messages of a digest in plain text: each begins with `Message: 1` and its fields.
fn posts(text: &str, readers: &Readers) -> Vec<Story> {
    let text = text.replace("\r\n", "\n");
    let is_start = |line: &str| {
        ["Message: ", "Nachricht: ", "Nachrichten-ID: "].iter().any(|mark| {
            line.strip_prefix(mark).is_some_and(|rest| rest.trim().parse::<u32>().is_ok())
        })
    };
    let mut posts: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in text.lines() {
        if is_start(line) {
            posts.push(String::new());
            is_open = true;
        } else if is_open && let Some(post) = posts.last_mut() {
            post.push_str(line);
            post.push('\n');
        }
    }
    posts
        .iter()
        .filter_map(|post| {
            let (fields, body) = post.trim_start().split_once("\n\n")?;
            let subject = fields.lines().find_map(|line| {
                line.strip_prefix("Subject: ").or_else(|| line.strip_prefix("Betreff: "))
            })?;
            let body = body.split("\n------------------------------").next().unwrap_or(body);
            story_of_post(subject, body, None, readers)
        })
        .collect()
}

/// The stories as raw items, without anything that names the reader.
fn items(mail: &Mail, issue: Issue, readers: &Readers) -> Vec<RawItem> {
    let links: Vec<String> = issue.stories.iter().filter_map(|story| story.link.clone()).collect();
    let tokens = shared_tokens(&links, &issue.links, &issue.leaving);
    let published = mail.date.map(|at| Date { at, is_guess: false });
    issue
        .stories
        .into_iter()
        .map(|story| {
            let title = clean_line(&readers.taken_out(&story.title), 400);
            let paragraphs: String = story
                .text
                .iter()
                .map(|text| {
                    format!(
                        "<p>{}</p>\n",
                        html::escape(&readers.taken_out(text)).replace('\n', "<br>")
                    )
                })
                .collect();
            let link = story.link.map(|link| without(&link, &tokens));
            // What has no page of its own is known by its title, within the day of its issue.
            let day = mail.date.map_or(0, |at| at.0.div_euclid(86_400_000));
            let guid = link.is_none().then(|| format!("mail:{day}:{}", fold(&title)));
            let end = paragraphs.floor_char_boundary(LONGEST_TEXT);
            RawItem {
                title: Some(html::escape(&title)),
                summary_html: Some(paragraphs[..end].to_owned()).filter(|text| !text.is_empty()),
                link: link.or_else(|| issue.in_browser.clone()),
                guid,
                published,
                ..RawItem::default()
            }
        })
        .collect()
}

/// Longest letter about the subscription itself, in characters; with a long legal foot.
const LONGEST_LETTER: usize = 4_000;
/// Longest that is known by its text alone, whatever its subject says.
const LONGEST_PLAIN_LETTER: usize = 1_500;

/// Returns what a message asks of whoever signed up, if it asks for nothing but that.
fn confirmation(mail: &Mail) -> Option<Confirmation> {
    let text = letter(mail)?;
    let (subject, folded) = (fold(&mail.subject), fold(&text));
    let asks_by_subject =
        says(&subject, &["bestaetigen", "bestaetigung", "confirm", "aktivier", "opt-in", "verify"])
            && says(
                &subject,
                &[
                    "anmeld",
                    "newsletter",
                    "abonn",
                    "subscri",
                    "e-mail",
                    "email",
                    "registrier",
                    "opt-in",
                ],
            );
    let asks_by_text = text.chars().count() <= LONGEST_PLAIN_LETTER
        && says(
            &folded,
            &[
                "bestaetigen sie",
                "zu bestaetigen",
                "bestaetige ",
                "anmeldung abschliessen",
                "anmeldung abzuschliessen",
                "freizuschalten",
                "confirm your",
                "to confirm",
            ],
        )
        && says(&folded, &["newsletter", "anmeldung", "abonn", "bestellung", "subscri"]);
    let link = address_in(&text)?;
    // A letter that asks to confirm something else has another link.
    let confirms =
        ["optin", "opt-in", "confirm", "bestaetig", "activat", "aktivier", "verify", "/doi"];
    if !(asks_by_subject || asks_by_text && says(&link.to_lowercase(), &confirms)) {
        return None;
    }
    Some(Confirmation { subject: clean_line(&mail.subject, 200), link })
}

/// Returns the first address of a text that is not one of its foot.
fn address_in(text: &str) -> Option<String> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '(' | ')'))
        .filter(|word| word.starts_with("https://") || word.starts_with("http://"))
        .find(|word| {
            let foot = ["impressum", "datenschutz", "unsubscribe", "abmeld"];
            !says(&word.to_lowercase(), &foot)
        })
        .map(str::to_owned)
}

/// Returns whether a message only says that the sign-up, or leaving, is done.
fn is_receipt(mail: &Mail) -> bool {
    letter(mail).filter(|text| text.chars().count() <= LONGEST_PLAIN_LETTER).is_some_and(|text| {
        says(
            &fold(&text),
            &[
                "anmeldung war erfolgreich",
                "anmeldung ist abgeschlossen",
                "erfolgreich angemeldet",
                "erfolgreich abgemeldet",
                "erfolgreich eingetragen",
                "erfolgreich abonniert",
                "you are now subscribed",
                "subscription has been confirmed",
                "subscription is confirmed",
            ],
        )
    })
}

/// Returns the text of a message with the addresses in it, if it is as short as a letter.
fn letter(mail: &Mail) -> Option<String> {
    let text = match (&mail.text, &mail.html) {
        (Some(text), _) if !text.trim().is_empty() => text.clone(),
        (_, Some(html)) => {
            let read = html::read_piece(html);
            format!("{} {}", read.text, read.links.join(" "))
        }
        _ => return None,
    };
    Some(text).filter(|text| text.chars().count() <= LONGEST_LETTER)
}

fn says(folded: &str, words: &[&str]) -> bool {
    words.iter().any(|word| folded.contains(word))
}

#[cfg(test)]
mod tests;
