//! Blocks that recur on the pages of a source are no text of its items: words of welcome,
//! imprints, appeals. They are learnt from page to page and kept with the cursor.

use crate::extract::html::text_of;
use crate::model::Cursor;
use crate::text::{fold, hash64};

/// Mark of the blocks that were seen: `block page page`, hexadecimal, newest last.
const MARK: &str = "poll.blocks";
/// Most blocks that are kept: those of about twenty pages.
const MOST: usize = 200;
/// Other pages on which a block must have stood. On one it may be a quotation.
const OTHERS: usize = 2;
/// Least letters of a block that says something of its own.
const LEAST: usize = 30;

/// The blocks that were seen, each with the pages it stood on, at most one more than needed.
pub(super) struct Blocks(Vec<(u32, Vec<u32>)>);

impl Blocks {
    /// Returns what the cursor remembers.
    pub(super) fn of(cursor: &Cursor) -> Self {
        let number = |word: &str| u32::from_str_radix(word, 16).ok();
        let block = |line: &str| {
            let mut words = line.split(' ').map_while(number);
            Some((words.next()?, words.collect()))
        };
        let kept = cursor.values.get(MARK).map_or("", String::as_str);
        Self(kept.split(';').filter_map(block).collect())
    }

    /// Learns the blocks of a page.
    pub(super) fn learn(&mut self, url: &str, html: &str) {
        let page = short(url);
        for block in html.lines().filter_map(block) {
            let at = self.0.iter().position(|(known, _)| *known == block);
            let mut pages = at.map_or_else(Vec::new, |at| self.0.remove(at).1);
            if !pages.contains(&page) && pages.len() <= OTHERS {
                pages.push(page);
            }
            self.0.push((block, pages));
        }
        let surplus = self.0.len().saturating_sub(MOST);
        self.0.drain(..surplus);
    }

    /// Returns the page's blocks that stand on no two other pages; all if nothing would be left.
    pub(super) fn without(&self, url: &str, html: String) -> String {
        let page = short(url);
        let recurs = |line: &str| {
            let block = block(line);
            self.0.iter().any(|(known, pages)| {
                Some(*known) == block
                    && pages.iter().filter(|other| **other != page).count() >= OTHERS
            })
        };
        let own: Vec<&str> = html.lines().filter(|line| !recurs(line)).collect();
        if own.is_empty() { html } else { own.join("\n") }
    }

    /// Keeps them with the cursor.
    pub(super) fn keep(self, cursor: &mut Cursor) {
        let line = |(block, pages): (u32, Vec<u32>)| {
            let numbers = std::iter::once(block).chain(pages);
            numbers.map(|number| format!("{number:x}")).collect::<Vec<_>>().join(" ")
        };
        let lines: Vec<String> = self.0.into_iter().map(line).collect();
        cursor.values.insert(MARK.to_owned(), lines.join(";"));
    }
}

/// Returns what a line of an article's text is known by, if it says something of its own.
fn block(line: &str) -> Option<u32> {
    let words = fold(&text_of(line));
    (words.chars().count() >= LEAST).then(|| short(&words))
}

fn short(text: &str) -> u32 {
    // The upper half of a good hash is as good.
    (hash64(text.as_bytes()) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELCOME: &str =
        "<p>Grußwort: Das Onlinezugangsgesetz verändert den Alltag in allen Rathäusern.</p>";

    fn page(n: u32) -> String {
        format!(
            "<p>Die Meldung Nummer {n} handelt von etwas, das nur sie erzählt.</p>\n{WELCOME}\n<p>Mehr</p>\n"
        )
    }

    #[test]
    fn what_stands_on_two_other_pages_is_no_text() {
        let mut cursor = Cursor::default();
        let read = |cursor: &mut Cursor, url: &str, n: u32| {
            let mut blocks = Blocks::of(cursor);
            blocks.learn(url, &page(n));
            let text = blocks.without(url, page(n));
            blocks.keep(cursor);
            text.contains("Grußwort")
        };
        assert!(read(&mut cursor, "/1", 1));
        assert!(read(&mut cursor, "/1", 1), "the same page read again");
        assert!(read(&mut cursor, "/2", 2));
        assert!(!read(&mut cursor, "/3", 3));
        assert!(!read(&mut cursor, "/1", 1));
        let mut other = Blocks::of(&cursor);
        (0..400).for_each(|n| other.learn(&format!("/{n}"), &page(n)));
        other.keep(&mut cursor);
        assert!(cursor.values[MARK].len() < 12_000);
        assert_eq!(Blocks::of(&cursor).without("/9", WELCOME.to_owned()), WELCOME, "nothing else");
    }
}
