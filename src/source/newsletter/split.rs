//! The stories of a newsletter: a title that stands out, what follows up to the next one, and
//! the link that leads on.

use std::collections::HashSet;

use super::address::holds_token;
use super::blocks::{Block, Link, Mark};
use super::choose::choose;
use super::sayings::{is_address, is_button, is_foot, is_usable, leaves};
use super::titles::{Look, Role, titled, without_day};
use crate::source::page::is_title;
use crate::text::{fold, leads_on, letter};

/// Most stories of one message.
const MOST: usize = 100;
/// Most that are compared with each other for that.
const MOST_FOUND: usize = 500;
/// Fewest characters of a story that has no link.
const LEAST_TOLD: usize = 80;
/// Most places that are looked at for the end of the stories.
const MOST_ENDS: usize = 20;

/// A story.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::source) struct Story {
    pub(in crate::source) title: String,
    pub(in crate::source) link: Option<String>,
    /// Its paragraphs.
    pub(in crate::source) text: Vec<String>,
    /// How its title stands out.
    look: Look,
    /// A link leads on, where only its mailer knows.
    is_hidden: bool,
}

impl Story {
    pub(in crate::source) fn new(title: String, link: Option<String>, text: Vec<String>) -> Self {
        Self { title, link, text, ..Self::default() }
    }

    fn told(&self) -> usize {
        self.text.iter().map(|text| text.chars().count()).sum()
    }
}

/// What a newsletter holds.
#[derive(Debug, Default)]
pub(in crate::source) struct Issue {
    pub(in crate::source) stories: Vec<Story>,
    /// Where it can be seen in a browser.
    pub(in crate::source) in_browser: Option<String>,
    /// Where all of its links lead.
    pub(in crate::source) links: Vec<String>,
    /// Where readers leave.
    pub(in crate::source) leaving: Vec<String>,
    /// Links that only its mailer can resolve.
    pub(in crate::source) hidden: usize,
    /// It is a letter without a title: another part may tell more.
    pub(in crate::source) is_letter: bool,
}

/// Splits the blocks of a newsletter.
pub(in crate::source) fn split(blocks: &[Block]) -> Issue {
    let (blocks, can_be) = titled(blocks);
    let blocks = blocks.as_slice();
    let roles = choose(blocks, &can_be);
    let end = end(blocks, &roles);
    let mut found = stories(blocks, &roles, 0, end);
    if let Some(last) = found.last_mut() {
        while last.text.last().is_some_and(|text| letter::is_contact(text)) {
            last.text.pop();
        }
    }
    found.truncate(MOST_FOUND);
    drop_contents(&mut found);
    keep_told(&mut found);
    drop_overviews(&mut found);
    unnumber(&mut found);
    let links = || blocks.iter().flat_map(|block| &block.links);
    Issue {
        stories: without_doubles(found),
        // Most lead to the reader's own copy: those are nobody else's.
        in_browser: links()
            .find(|link| letter::says_online(&link.words))
            .and_then(|link| link.url.clone())
            .filter(|url| !holds_token(url)),
        links: links().filter_map(|link| link.url.clone()).collect(),
        leaving: links().filter(|link| leaves(link)).filter_map(|link| link.url.clone()).collect(),
        hidden: links().filter(|link| link.url.is_none() && leads_on(&link.words)).count(),
        is_letter: false,
    }
}

/// Splits the blocks of a message. A letter that tells one thing is named by its subject: so is
/// one in which only a bold word stands out.
pub(in crate::source) fn split_message(blocks: &[Block], subject: &str) -> Issue {
    let issue = split(blocks);
    let is_headed = |story: &Story| story.look.is_heading || story.look.weight == 0;
    if issue.stories.len() > 1 || issue.stories.iter().any(is_headed) {
        return issue;
    }
    match whole(blocks, subject) {
        Some(whole) => Issue { stories: vec![whole], is_letter: true, ..issue },
        None => issue,
    }
}

fn whole(blocks: &[Block], subject: &str) -> Option<Story> {
    // What a machine sends greets nobody.
    let from = blocks.iter().position(|block| letter::greets(&block.text))? + 1;
    let ends = |block: &Block| is_foot(block) || letter::signs_off(&block.text);
    let until = blocks.iter().skip(from).position(ends).map_or(blocks.len(), |at| from + at);
    let (full, subject) = (subject, bare_subject(subject));
    let is_own =
        letter::heads_no_story(&subject) || letter::is_of_account(full) || !is_title(&subject);
    let blocks = blocks.get(from..until)?;
    if is_own || blocks.iter().any(|block| letter::is_of_account(&block.text)) {
        return None;
    }
    let leading: HashSet<&str> = blocks
        .iter()
        .flat_map(|block| &block.links)
        .filter(|link| is_usable(link) && (link.is_alone || letter::begins_leading(&link.words)))
        .filter_map(|link| link.url.as_deref())
        .collect();
    if leading.len() > 1 {
        return None;
    }
    let title = Block { text: subject, ..Block::default() };
    let story = story(&[&[title], blocks].concat(), 0, blocks.len() + 1)?;
    Some(story).filter(|story| story.link.is_some() && story.told() >= LEAST_TOLD)
}

/// Returns a subject without what a list, an answer or a forwarder put before it.
pub(in crate::source) fn bare_subject(subject: &str) -> String {
    let mut bare = subject.trim();
    let of_list = |bare: &str| Some(bare.strip_prefix('[')?.split_once(']')?.1.len());
    let of_mail = |bare: &str| {
        let marks = ["Re:", "AW:", "Fwd:", "WG:", "FW:"];
        marks.iter().find_map(|mark| bare.strip_prefix(mark)).map(str::len)
    };
    while let Some(left) = of_list(bare).or_else(|| of_mail(bare)) {
        bare = bare[bare.len() - left..].trim();
    }
    bare.to_owned()
}

/// The stories of some blocks.
fn stories(blocks: &[Block], roles: &[Role], from: usize, end: usize) -> Vec<Story> {
    let is_paid = |at: usize| at > 0 && letter::is_advert(&blocks[at - 1].text);
    let ends = |at: &usize| roles[*at] != Role::Text || letter::is_advert(&blocks[*at].text);
    (from..end)
        .filter(|at| !is_paid(*at))
        .filter_map(|at| {
            let Role::Title(look) = roles[at] else { return None };
            let until = (at + 1..end).find(ends).unwrap_or(end);
            Some(Story { look, ..story(blocks, at, until)? })
        })
        .collect()
}

/// Returns where the stories end: what says so is the end if no story follows that looks like
/// those before it. An editorial is signed too, and some newsletters begin with their foot.
fn end(blocks: &[Block], roles: &[Role]) -> usize {
    let is_title = |role: &Role| matches!(role, Role::Title(_));
    let Some(first) = roles.iter().position(is_title) else { return blocks.len() };
    let says_so = |at: &usize| is_foot(&blocks[*at]) || letter::signs_off(&blocks[*at].text);
    let looks = |from: usize, end: usize| -> HashSet<Look> {
        let linked = stories(blocks, roles, from, end).into_iter();
        linked.filter(|story| story.link.is_some()).map(|story| story.look).collect()
    };
    let is_end = |at: &usize| {
        let (before, after) = (looks(0, *at), looks(*at, blocks.len()));
        if before.is_empty() { after.is_empty() } else { before.is_disjoint(&after) }
    };
    let mut ends = (first + 1..blocks.len()).filter(says_so).take(MOST_ENDS);
    ends.find(is_end).unwrap_or(blocks.len())
}

/// Leaves out lists of contents: their lines name the other stories.
fn drop_contents(found: &mut Vec<Story>) {
    let titles: HashSet<String> = found.iter().map(|story| fold(&story.title)).collect();
    found.retain(|story| {
        let lines = || story.text.iter().flat_map(|text| text.lines());
        let named = lines().filter(|line| titles.contains(&fold(line))).count();
        named < 2 || named * 2 < lines().count()
    });
}

/// Keeps what has a link; without one what looks like that, or all if nothing has one.
fn keep_told(found: &mut Vec<Story>) {
    let linked: HashSet<Look> =
        found.iter().filter(|story| story.link.is_some()).map(|story| story.look).collect();
    found.retain(|story| {
        story.link.is_some()
            || story.is_hidden && !story.text.is_empty()
            || story.told() >= LEAST_TOLD && (linked.is_empty() || linked.contains(&story.look))
    });
}

/// Leaves out links to the list that the other stories lie below.
fn drop_overviews(found: &mut Vec<Story>) {
    let links: Vec<String> = found.iter().filter_map(|story| story.link.clone()).collect();
    let is_above = |link: &str| {
        let list = link.trim_end_matches('/');
        let below = |other: &&String| {
            other.strip_prefix(list).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'))
        };
        links.iter().filter(below).count() >= 2
    };
    found.retain(|story| !(story.text.is_empty() && story.link.as_deref().is_some_and(is_above)));
}

fn story(blocks: &[Block], at: usize, until: usize) -> Option<Story> {
    let title = &blocks[at];
    let body: Vec<&Block> =
        blocks[at + 1..until].iter().filter(|block| block.mark != Mark::Picture).collect();
    if letter::greets(&title.text) {
        return None;
    }
    let usable = |link: &&Link| link.url.is_some() && is_usable(link);
    let of_title = title.links.iter().find(usable);
    let inside = || body.iter().flat_map(|block| &block.links).filter(usable);
    // The page of a story before its file.
    let is_file =
        |link: &&Link| link.url.as_deref().is_some_and(|url| url.to_lowercase().ends_with(".pdf"));
    let leading =
        || inside().filter(|link| letter::begins_leading(&link.words)).min_by_key(is_file);
    let alone = || inside().rfind(|link| link.is_alone);
    let lone = || {
        let mut all: Vec<&Link> = inside().collect();
        all.dedup_by_key(|link| link.url.clone());
        if let [one] = all[..] { Some(one) } else { None }
    };
    let own = of_title.or_else(leading).or_else(alone);
    // An editorial has no link of its own.
    if own.is_none() && body.first().is_some_and(|first| letter::greets(&first.text)) {
        return None;
    }
    let link = own.or_else(lone);
    let text: Vec<String> = body
        .iter()
        .filter(|block| {
            let is_lone_link = block.is_linked && block.text.split_whitespace().count() <= 5;
            !(is_lone_link
                || leads_on(&block.text)
                || letter::heads_no_story(&block.text)
                || is_button(block)
                || is_address(&block.text))
        })
        .map(|block| block.text.clone())
        .collect();
    Some(Story {
        title: without_day(&title.text.replace('\n', " ")).to_owned(),
        link: link.and_then(|link| link.url.clone()),
        text,
        look: Look::default(),
        is_hidden: body.iter().flat_map(|block| &block.links).any(is_usable),
    })
}

/// Takes the numbers off titles that are counted from one; `4. Gemeinsame Sitzung` alone keeps its.
fn unnumber(stories: &mut [Story]) {
    fn apart(title: &str) -> Option<(usize, &str)> {
        let title = title.trim_start_matches('[');
        let digits = title.bytes().take_while(u8::is_ascii_digit).count();
        let rest = title.get(digits..)?;
        let ends = [". ", ") ", "] "];
        let rest = ends.iter().find_map(|end| rest.strip_prefix(end))?;
        Some((title.get(..digits)?.parse().ok()?, rest.trim_start()))
    }
    let numbers: Vec<usize> =
        stories.iter().filter_map(|story| apart(&story.title)).map(|(number, _)| number).collect();
    let is_counted = numbers.len() > 1
        && numbers.len() == stories.len()
        && numbers.iter().zip(1..).filter(|(number, count)| *number == count).count() * 2
            > numbers.len();
    for story in stories.iter_mut().filter(|_| is_counted) {
        if let Some((_, rest)) = apart(&story.title) {
            story.title = rest.to_owned();
        }
    }
}

/// One story stands once, where most of it is told.
fn without_doubles(found: Vec<Story>) -> Vec<Story> {
    let mut kept: Vec<Story> = Vec::new();
    for story in found {
        let is_full = kept.len() == MOST;
        let same = kept.iter_mut().find(|known| {
            fold(&known.title) == fold(&story.title)
                || known.link.is_some() && known.link == story.link
        });
        match same {
            Some(known) if story.told() > known.told() => {
                let link = story.link.clone().or_else(|| known.link.take());
                *known = Story { link, ..story };
            }
            Some(known) => known.link = known.link.take().or(story.link),
            None if is_full => break,
            None => kept.push(story),
        }
    }
    kept
}
