//! Which of the blocks that may be titles are: those of the looks that part the newsletter best
//! into stories with one link each.

use std::collections::HashMap;

use super::blocks::{Block, Mark};
use super::sayings::{is_foot, is_usable};
use super::titles::{By, Look, Role};
use crate::text::letter;

/// Most blocks that are looked at, and links between two titles that are counted.
const MOST_BLOCKS: usize = 5_000;
const MOST_LINKS: usize = 6;
/// Most looks that are tried with each other.
const MOST_LOOKS: usize = 8;
/// What a story with a title, text and one link is worth.
const STORY: i32 = 100;
/// Fewest characters of a text, and of one that tells a story without a link.
const LEAST_TEXT: usize = 20;
const LEAST_TOLD: usize = 80;

/// A block as far as choosing needs it; links by their number.
#[derive(Debug, Default)]
struct Part {
    /// Which of the looks it is of.
    look: Option<usize>,
    /// How heavy it is, if it stands out.
    heavy: Option<u16>,
    is_section: bool,
    greets: bool,
    is_picture: bool,
    told: usize,
    own: Vec<usize>,
    /// Those that stand alone or say that they lead on.
    alone: Vec<usize>,
    inside: Vec<usize>,
}

/// Returns what the blocks are, of that what they can be.
pub(super) fn choose(blocks: &[Block], can_be: &[Role]) -> Vec<Role> {
    let looks = looks(can_be);
    let scope = scope(blocks, can_be);
    let (parts, links) = parts(&blocks[..scope], can_be, &looks);
    let sets = 1..1_usize << looks.len();
    // Of two titles of a letter with one story the heavier is the title.
    let alone = |set: usize| {
        let is_one = can_be.iter().filter(|role| is_title(role, &looks, set)).count() == 1;
        if is_one { lightest(&looks, set) } else { 0 }
    };
    let best = sets
        .map(|set| (worth(&parts, links, &looks, set), set))
        .max_by_key(|(worth, set)| (*worth, std::cmp::Reverse(set.count_ones()), alone(*set)))
        .filter(|(worth, _)| *worth > 0);
    let Some((_, set)) = best else {
        return vec![Role::Text; blocks.len()];
    };
    let lightest = lightest(&looks, set);
    let role = |role: &Role| match role {
        _ if is_title(role, &looks, set) => *role,
        Role::Title(look) if heads(look) && look.weight >= lightest => Role::Section,
        Role::Section => Role::Section,
        _ => Role::Text,
    };
    can_be.iter().map(role).collect()
}

/// The looks that titles may have, the most frequent first. A line that is a link, or in
/// capitals, is a title only if others look like it.
fn looks(can_be: &[Role]) -> Vec<Look> {
    let mut counted: Vec<(Look, usize)> = Vec::new();
    for role in can_be {
        let Role::Title(look) = role else { continue };
        match counted.iter_mut().find(|(known, _)| known == look) {
            Some((_, count)) => *count += 1,
            None => counted.push((*look, 1)),
        }
    }
    counted.retain(|(look, count)| look.by == By::StandingOut || *count > 1);
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counted.into_iter().map(|(look, _)| look).take(MOST_LOOKS).collect()
}

fn is_in(looks: &[Look], set: usize, look: &Look) -> bool {
    looks.iter().position(|known| known == look).is_some_and(|at| set & 1 << at != 0)
}

/// Returns whether what looks so heads a section if it heads no story; numbers count steps too, and
/// the first line of a paragraph may be one of its own.
fn heads(look: &Look) -> bool {
    look.by == By::StandingOut && !matches!(look.mark, Mark::Number | Mark::First)
}

fn is_title(role: &Role, looks: &[Look], set: usize) -> bool {
    matches!(role, Role::Title(look) if is_in(looks, set, look))
}

/// The least weight of titles that stand out; what is heavier heads sections.
fn lightest(looks: &[Look], set: usize) -> u16 {
    let chosen = looks.iter().enumerate().filter(|(at, _)| set & 1 << at != 0);
    let weights =
        chosen.filter(|(_, look)| look.by == By::StandingOut).map(|(_, look)| look.weight);
    weights.min().unwrap_or_default()
}

/// Returns where the foot begins, about.
fn scope(blocks: &[Block], can_be: &[Role]) -> usize {
    let first = can_be.iter().position(|role| matches!(role, Role::Title(_))).unwrap_or_default();
    let least = first.max(blocks.len() / 3) + 1;
    let end = blocks.len().min(MOST_BLOCKS);
    (least..end).find(|at| is_foot(&blocks[*at])).unwrap_or(end)
}

/// The blocks as parts, and how many places their links lead to.
fn parts(blocks: &[Block], can_be: &[Role], looks: &[Look]) -> (Vec<Part>, usize) {
    let mut known: HashMap<&str, usize> = HashMap::new();
    let mut count = 0;
    let mut parts = Vec::new();
    for (block, role) in blocks.iter().zip(can_be) {
        let mut part = Part {
            greets: letter::greets(&block.text),
            is_picture: block.mark == Mark::Picture,
            ..Part::default()
        };
        match role {
            Role::Title(look) => {
                part.look = looks.iter().position(|known| known == look);
                part.heavy = heads(look).then_some(look.weight);
            }
            Role::Section => part.is_section = true,
            Role::Text => {}
        }
        if !letter::begins_leading(&block.text) {
            part.told = block.text.chars().count();
        }
        for link in block.links.iter().filter(|link| is_usable(link)) {
            let number = match &link.url {
                Some(url) => *known.entry(url).or_insert(count),
                // Where it leads only its mailer knows; that it leads on is seen.
                None => count,
            };
            count += usize::from(number == count);
            part.own.push(number);
            if link.is_alone || letter::begins_leading(&link.words) {
                part.alone.push(number);
            } else {
                part.inside.push(number);
            }
        }
        parts.push(part);
    }
    (parts, count)
}

/// What stands between two titles.
#[derive(Default)]
struct Stretch {
    is_story: bool,
    is_editorial: bool,
    blocks: usize,
    told: usize,
    own: Option<usize>,
    alone: Vec<usize>,
    inside: Vec<usize>,
}

impl Stretch {
    fn add(&mut self, part: &Part) {
        self.is_editorial |= self.blocks == 0 && part.greets;
        self.blocks += 1;
        self.told += part.told;
        for (all, of_part) in [(&mut self.alone, &part.alone), (&mut self.inside, &part.inside)] {
            for link in of_part.iter().take(MOST_LINKS) {
                if all.len() < MOST_LINKS && !all.contains(link) {
                    all.push(*link);
                }
            }
        }
    }
}

/// What a newsletter is worth whose titles are of these looks.
fn worth(parts: &[Part], links: usize, looks: &[Look], set: usize) -> i32 {
    let lightest = lightest(looks, set);
    // Of each link the best story, and whether it stands outside of one.
    let (mut best, mut lost) = (vec![0; links], vec![false; links]);
    let mut worth = -i32::try_from(set.count_ones()).unwrap_or_default();
    let mut open = Stretch::default();
    let mut close = |stretch: Stretch| -> i32 {
        if !stretch.is_story {
            for link in stretch.alone {
                lost[link] = true;
            }
            return 0;
        }
        if stretch.is_editorial && stretch.own.is_none() && stretch.alone.is_empty() {
            return 0;
        }
        let full = if stretch.told >= LEAST_TEXT { STORY } else { STORY / 2 };
        let many = i32::try_from(stretch.alone.len()).unwrap_or(i32::MAX);
        let (link, value) = match (stretch.own, stretch.alone.as_slice(), stretch.inside.as_slice())
        {
            (Some(link), ..) => (link, full),
            // The more links stand alone, the more stories are taken for one.
            (None, [link, ..], _) => (*link, full - (many - 1) * full * 15 / 100),
            (None, [], [link]) => (*link, full * 8 / 10),
            _ if stretch.told < LEAST_TOLD => return -STORY / 10,
            _ if links == 0 => return STORY / 5,
            _ => return -STORY * 3 / 10,
        };
        best[link] = value.max(best[link]);
        0
    };
    for part in parts {
        let is_title = part.look.is_some_and(|look| set & 1 << look != 0);
        if is_title || part.is_section || part.heavy.is_some_and(|weight| weight >= lightest) {
            let own = part.own.first().copied().filter(|_| is_title);
            let next = Stretch { is_story: is_title, own, ..Stretch::default() };
            worth += close(std::mem::replace(&mut open, next));
            let little = part.look.is_some_and(|look| {
                looks[look].by != By::StandingOut
                    || matches!(looks[look].mark, Mark::First | Mark::Line)
            });
            worth -= if is_title && little { STORY / 50 } else { 0 };
        } else if !part.is_picture {
            open.add(part);
        }
    }
    worth += close(open);
    let of_links = best.iter().zip(&lost);
    worth
        + of_links
            .map(|(best, lost)| if *lost && *best == 0 { -STORY / 2 } else { *best })
            .sum::<i32>()
}
