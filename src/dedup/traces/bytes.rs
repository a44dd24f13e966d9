//! The traces of an item as they are kept.

use super::{Marks, Outcomes, Timestamp, Token, Told, Traces, of_words, shingles};

const VERSION: u8 = 2;
/// The version before, whose words were spelt otherwise.
const BEFORE: u8 = 1;

impl Traces {
    /// Returns what is kept of them: all but what is only looked up.
    pub fn to_bytes(&self) -> Vec<u8> {
        let tokens = self.title.len() + self.lead.len();
        let mut bytes = Vec::with_capacity(96 + 4 * tokens + 4 * self.names.len());
        bytes.push(VERSION);
        bytes.push(
            u8::from(self.marks.serial)
                | u8::from(self.marks.round_up) << 1
                | u8::from(self.corrects) << 2,
        );
        bytes.extend(self.published.map_or(i64::MIN, |at| at.0).to_le_bytes());
        bytes.extend(self.whole.to_le_bytes());
        bytes.extend(self.length.to_le_bytes());
        bytes.extend(self.outcomes.opening.0.to_le_bytes());
        bytes.extend(self.outcomes.all.0.to_le_bytes());
        bytes.extend(self.outcomes.bodies.to_le_bytes());
        for list in [&self.title, &self.lead] {
            put_list(&mut bytes, list, |token| token.0.to_le_bytes());
        }
        for list in [&self.names, &self.title_names, &self.numbers, &self.marks.codes] {
            put_list(&mut bytes, list, |value| value.to_le_bytes());
        }
        for list in [&self.aliases, &self.links] {
            put_list(&mut bytes, list, |value| value.to_le_bytes());
        }
        bytes
    }

    /// Reads what [`Traces::to_bytes`] wrote; none if it was another version or
    /// is damaged: such an item is found by nobody.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let [version, flags] = take::<2>(&mut rest)?;
        if version != VERSION {
            return None;
        }
        let published = i64::from_le_bytes(take(&mut rest)?);
        let whole = u64::from_le_bytes(take(&mut rest)?);
        let length = u32::from_le_bytes(take(&mut rest)?);
        let opening = Outcomes(u32::from_le_bytes(take(&mut rest)?));
        let all = Outcomes(u32::from_le_bytes(take(&mut rest)?));
        let bodies = u32::from_le_bytes(take(&mut rest)?);
        let token = |bytes| Token(u32::from_le_bytes(bytes));
        let title = take_list(&mut rest, token)?;
        let lead = take_list(&mut rest, token)?;
        let names = take_list(&mut rest, u32::from_le_bytes)?;
        let title_names = take_list(&mut rest, u32::from_le_bytes)?;
        let numbers = take_list(&mut rest, u32::from_le_bytes)?;
        let codes = take_list(&mut rest, u32::from_le_bytes)?;
        let aliases = take_list(&mut rest, u64::from_le_bytes)?;
        let links = take_list(&mut rest, u64::from_le_bytes)?;
        Some(Self {
            published: (published != i64::MIN).then_some(Timestamp(published)),
            whole,
            length,
            shingles: shingles(&lead),
            title,
            lead,
            outcomes: Told { opening, all, bodies },
            corrects: flags & 4 != 0,
            bands: Vec::new(),
            aliases,
            links,
            names,
            title_names,
            numbers,
            picked: Vec::new(),
            marks: Marks { codes, serial: flags & 1 != 0, round_up: flags & 2 != 0 },
        })
    }

    /// Returns the traces of an item whose kept ones are of the version before: its
    /// words are read again, its names and links are taken over. None if they are of
    /// today's version or damaged.
    pub fn renewed(bytes: &[u8], title: &str, text: &str) -> Option<Self> {
        let mut rest = bytes;
        let [version, _] = take::<2>(&mut rest)?;
        if version != BEFORE {
            return None;
        }
        let published = i64::from_le_bytes(take(&mut rest)?);
        let _: [u8; 12] = take(&mut rest)?;
        for _ in 0..5 {
            take_list(&mut rest, u32::from_le_bytes)?;
        }
        let aliases = take_list(&mut rest, u64::from_le_bytes)?;
        let links = take_list(&mut rest, u64::from_le_bytes)?;
        let published = (published != i64::MIN).then_some(Timestamp(published));
        Some(Self { published, aliases, links, ..of_words(title, text) })
    }
}

fn put_list<T, const N: usize>(bytes: &mut Vec<u8>, list: &[T], write: impl Fn(&T) -> [u8; N]) {
    let length = u16::try_from(list.len()).unwrap_or(u16::MAX);
    bytes.extend(length.to_le_bytes());
    bytes.extend(list.iter().take(usize::from(length)).flat_map(write));
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*head)
}

fn take_list<const N: usize, T>(bytes: &mut &[u8], read: fn([u8; N]) -> T) -> Option<Vec<T>> {
    let length = usize::from(u16::from_le_bytes(take(bytes)?)) * N;
    let (head, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(head.as_chunks::<N>().0.iter().map(|chunk| read(*chunk)).collect())
}
