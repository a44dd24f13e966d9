//! The documents of one poll: the first, and those that a walk leads to. Asks for none itself.

use std::fmt::Display;

use super::{MARK, Source, Walk};
use crate::model::{Cursor, RawItem, Response};

/// The documents of a poll while they are asked for.
pub struct Documents<'a> {
    walk: Option<Box<dyn Walk + 'a>>,
    next: Option<String>,
    /// What was answered; the first document first.
    pub answers: Vec<Response>,
    /// Why a document is missing.
    pub notes: Vec<String>,
}

/// The documents of a poll that has come to its end.
pub struct Walked {
    /// What was answered; the first document first.
    pub answers: Vec<Response>,
    /// Marks of the kind, under their names in the cursor.
    pub marks: Vec<(String, String)>,
    /// Items of documents that could not be had.
    pub items: Vec<RawItem>,
    /// Why a document is missing, and what else the operator should know.
    pub notes: Vec<String>,
}

impl<'a> Documents<'a> {
    /// Begins the walk of `source` after its last one left `cursor`.
    pub fn new(source: &'a dyn Source, cursor: &Cursor, first: Response) -> Self {
        let mut walk = source.walk(cursor);
        let next = walk.as_mut().and_then(|walk| walk.next(Some(&first)));
        Self { walk, next, answers: vec![first], notes: Vec::new() }
    }

    /// Returns the address of the next document.
    pub fn next_url(&self) -> Option<String> {
        self.next.clone()
    }

    /// Takes the answer to the next document.
    pub fn take(&mut self, answer: Result<Response, impl Display>) {
        let url = self.next.take().unwrap_or_default();
        let answer = match answer {
            Ok(answer) => {
                self.answers.push(answer);
                self.answers.last()
            }
            Err(failure) => {
                self.notes.push(format!("{url} was not read: {failure}"));
                None
            }
        };
        self.next = self.walk.as_mut().and_then(|walk| walk.next(answer));
    }

    /// Ends the walk, whether or not it leads on.
    pub fn end(self) -> Walked {
        let Self { walk, answers, mut notes, .. } = self;
        let end = walk.map(|walk| walk.end()).unwrap_or_default();
        notes.extend(end.notes);
        let marked = |(name, mark)| (format!("{MARK}{name}"), mark);
        Walked {
            answers,
            marks: end.marks.into_iter().map(marked).collect(),
            items: end.items,
            notes,
        }
    }
}
