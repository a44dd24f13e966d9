//! The stories of a newsletter: a title that stands out, what follows up to the next one, and
//! the link that leads on.

use std::collections::HashMap;

use super::address::holds_token;
use super::blocks::{Block, Link};
use super::plain::is_title_line;
use crate::source::page::is_title;
use crate::text::{MONTHS, fold, leads_on, letter, words};

/// Most stories of one message.
const MOST: usize = 100;
/// Longest title, and longest line that is one only because all of it is a link.
const LONGEST_TITLE: usize = 200;
const LONGEST_LINKED: usize = 130;
/// The weight of text where no size is said: 15 pixels.
const UNSAID: u16 = 30;
/// By how much a weight is clearly larger.
const LARGER: u16 = 4;
/// Fewest characters of a story that has no link.
const LEAST_TOLD: usize = 80;

/// A story.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::source) struct Story {
    pub(in crate::source) title: String,
    pub(in crate::source) link: Option<String>,
    /// Its paragraphs.
    pub(in crate::source) text: Vec<String>,
    pub(in crate::source) weight: u16,
}

/// What a newsletter holds.
#[derive(Debug, Default)]
pub(in crate::source) struct Issue {
    pub(in crate::source) stories: Vec<Story>,
    /// Where it can be seen in a browser.
    pub(in crate::source) in_browser: Option<String>,
    /// Where all of its links lead.
    pub(in crate::source) links: Vec<String>,
    /// Links that only its mailer can resolve.
    pub(in crate::source) hidden: usize,
}

/// Splits the blocks of a newsletter.
pub(in crate::source) fn split(blocks: &[Block]) -> Issue {
    let mut blocks: Vec<Block> = blocks.iter().map(entry).collect();
    let usual = match usual_weight(&blocks) {
        unsaid @ 0..=1 => UNSAID + unsaid,
        said => said,
    };
    // Text of which no size is said is as large as most.
    for block in blocks.iter_mut().filter(|block| block.weight <= 1) {
        block.weight += usual & !1;
    }
    let blocks: &[Block] = &blocks.into_iter().flat_map(headed).collect::<Vec<_>>();
    let titles: Vec<usize> =
        (0..blocks.len()).filter(|at| is_headline(&blocks[*at], usual)).collect();
    // An editorial ends with a greeting too, but stories follow it.
    let ends = |at: &usize| {
        letter::is_foot(&blocks[*at].text)
            || letter::signs_off(&blocks[*at].text) && titles.last().is_some_and(|last| last < at)
    };
    let end = titles
        .first()
        .and_then(|first| (first + 1..blocks.len()).find(ends))
        .unwrap_or(blocks.len());
    let links = || blocks.iter().flat_map(|block| &block.links);
    let mut found: Vec<Story> = Vec::new();
    for (nth, at) in titles.iter().enumerate().filter(|(_, at)| **at < end) {
        let until = titles.get(nth + 1).copied().unwrap_or(end).min(end);
        found.extend(story(blocks, *at, until));
    }
    let is_told = |story: &Story| {
        story.text.iter().map(|text| text.chars().count()).sum::<usize>() >= LEAST_TOLD
    };
    // Without a link it is a story if it looks like those with one; or if none has one.
    let mut weights: HashMap<u16, usize> = HashMap::new();
    for story in found.iter().filter(|story| story.link.is_some()) {
        *weights.entry(story.weight).or_default() += 1;
    }
    let any_linked = !weights.is_empty();
    found.retain(|story| {
        story.link.is_some()
            || is_told(story) && (!any_linked || weights.contains_key(&story.weight))
    });
    unnumber(&mut found);
    Issue {
        stories: without_doubles(found),
        // Most lead to the reader's own copy: those are nobody else's.
        in_browser: links()
            .find(|link| letter::says_online(&link.words))
            .and_then(|link| link.url.clone())
            .filter(|url| !holds_token(url)),
        links: links().filter_map(|link| link.url.clone()).collect(),
        hidden: links().filter(|link| link.url.is_none() && leads_on(&link.words)).count(),
    }
}

/// Returns a line of a list as its link alone: beside it stand a date and the kind of a file,
/// and nothing else.
fn entry(block: &Block) -> Block {
    let [link] = block.links.as_slice() else { return block.clone() };
    let Some((before, after)) = block.text.split_once(&link.words) else { return block.clone() };
    let says_more = [before, after].into_iter().flat_map(words).any(|(_, word)| {
        let word = fold(word);
        let is_month = || MONTHS.iter().any(|month| fold(month) == word);
        !word.contains(|c: char| c.is_ascii_digit())
            && !PARTICULARS.contains(&&*word)
            && !is_month()
    });
    if says_more || link.url.is_none() || !is_title(&link.words) {
        return block.clone();
    }
    Block { text: link.words.clone(), is_linked: true, ..block.clone() }
}

/// Words beside the link of a list that tell no more than when and how much, folded; months too.
const PARTICULARS: &[&str] = &[
    "pdf", "docx", "xlsx", "kb", "mb", "kib", "mib", "am", "vom", "den", "uhr", "stand", "neu",
    "mo", "di", "mi", "do", "fr", "sa", "so", "seite", "seiten",
];

/// Parts a first line that heads the lines below it: `Titel<br>Ein Satz.<br>https://…`.
fn headed(block: Block) -> Vec<Block> {
    let Some((head, below)) = block.text.split_once('\n') else { return vec![block] };
    let lines: Vec<&str> = below.lines().collect();
    if block.is_heading || !is_title_line(head, &lines) {
        return vec![block];
    }
    let (own, links) =
        block.links.iter().cloned().partition(|link| head.contains(link.words.as_str()));
    let title = Block { text: head.to_owned(), links: own, weight: block.weight + LARGER, ..block };
    let text = Block { text: below.to_owned(), links, weight: block.weight, ..Block::default() };
    vec![Block { is_linked: false, ..title }, text]
}

/// The weight of most of the running text.
fn usual_weight(blocks: &[Block]) -> u16 {
    let mut counted: HashMap<u16, usize> = HashMap::new();
    for block in blocks.iter().filter(|block| !block.is_heading && !block.is_linked) {
        let length = block.text.chars().count();
        // Lines do not tell; paragraphs do.
        *counted.entry(block.weight).or_default() += if length > 60 { length } else { length / 4 };
    }
    let most =
        counted.into_iter().max_by_key(|(weight, count)| (*count, std::cmp::Reverse(*weight)));
    most.map_or(0, |(weight, _)| weight)
}

fn is_headline(block: &Block, usual: u16) -> bool {
    let length = block.text.chars().count();
    let words = block.text.split_whitespace().count();
    if length > LONGEST_TITLE
        || !is_title(&block.text)
        || is_address(&block.text)
        || letter::heads_no_story(&block.text, if block.is_heading { 1 } else { 3 })
        || letter::is_foot(&block.text)
        || is_button(block)
    {
        return false;
    }
    let is_sentence =
        block.text.ends_with(['.', ':', ';']) && words > 8 || block.text.ends_with(':');
    let stands_out = block.is_heading || is_heavier(block.weight, usual) && !is_sentence;
    let is_link = block.is_linked
        && length <= LONGEST_LINKED
        && !is_sentence
        && words > 1
        && block.links.iter().all(|link| !is_furniture(link));
    stands_out && !leads_on(&block.text) || is_link
}

/// Returns whether a weight is that of bold words among others, or of clearly larger ones.
const fn is_heavier(weight: u16, usual: u16) -> bool {
    weight >= usual + LARGER || weight > usual && weight % 2 > usual % 2
}

fn story(blocks: &[Block], at: usize, until: usize) -> Option<Story> {
    let title = &blocks[at];
    let body = &blocks[at + 1..until];
    if letter::greets(&title.text) {
        return None;
    }
    let usable =
        |link: &&Link| link.url.as_deref().is_some_and(|url| !is_home(url)) && !is_furniture(link);
    let of_title = title.links.iter().find(usable);
    let inside = || body.iter().flat_map(|block| &block.links).filter(usable);
    let leading =
        || inside().find(|link| leads_on(&link.words) || letter::begins_leading(&link.words));
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
            !(leads_on(&block.text) || letter::heads_no_story(&block.text, 3) || is_button(block))
        })
        .map(|block| block.text.clone())
        .collect();
    Some(Story {
        title: title.text.replace('\n', " "),
        link: link.and_then(|link| link.url.clone()),
        text,
        weight: title.weight,
    })
}

/// Returns whether an address is a whole site and no page of it.
fn is_home(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| url.path() == "/" && url.query().is_none())
}

/// Returns whether a text is nothing but an address.
fn is_address(text: &str) -> bool {
    let is_one = !text.trim().contains(char::is_whitespace);
    is_one && (text.contains("://") || text.starts_with("www."))
}

/// Returns whether a block is only a link that leads on: `Zum vollständigen Artikel`.
fn is_button(block: &Block) -> bool {
    let ends = [" lesen", " ansehen", " erfahren", " weiterlesen", " öffnen"];
    block.is_linked
        && block.text.split_whitespace().count() <= 5
        && (letter::begins_leading(&block.text) || ends.iter().any(|end| block.text.ends_with(end)))
}

/// Takes the numbers off titles that are counted from one; `4. Gemeinsame Sitzung` alone keeps its.
fn unnumber(stories: &mut [Story]) {
    fn apart(title: &str) -> Option<(usize, &str)> {
        let digits = title.bytes().take_while(u8::is_ascii_digit).count();
        let rest = title.get(digits..)?;
        let rest = rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "))?;
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
        let told = |story: &Story| story.text.iter().map(String::len).sum::<usize>();
        let is_full = kept.len() == MOST;
        let same = kept.iter_mut().find(|known| {
            fold(&known.title) == fold(&story.title)
                || known.link.is_some() && known.link == story.link
        });
        match same {
            Some(known) if told(&story) > told(known) => {
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

/// Returns whether a link belongs to the newsletter itself or to a network.
fn is_furniture(link: &Link) -> bool {
    let url = link.url.as_deref().unwrap_or_default().to_lowercase();
    let leads = [
        "unsubscribe",
        "abmelde",
        "abbestell",
        "facebook.",
        "instagram.",
        "linkedin.",
        "twitter.",
        "//x.com",
        "youtube.",
        "xing.",
        "mastodon",
        "whatsapp",
    ];
    letter::says_online(&link.words)
        || letter::is_own_link(&link.words)
        || leads.iter().any(|part| url.contains(part))
        || link.is_picture && fold(&link.words).contains("logo")
}
