//! Freezes the messages of a digest: some readers in each transaction, and the
//! words once for all readers of a sort.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::super::{PipelineError, outgoing};
use super::Maker;
use crate::model::{Digest, Entry, Rendered, Subscriber, SubscriberId, Timestamp, TopicId};
use crate::store::{Transaction, digests, outbox, subscribers};

/// Subscribers whose messages are frozen in one transaction: few enough that a
/// poll or a mail waits for its turn no longer than a breath.
const CHUNK: usize = 250;

/// Whose links stand in words that many share, until each gets their own: the
/// tokens of nobody. They are as secret as any, so that no feed can carry them
/// and be given a reader's instead.
const NOBODY: SubscriberId = SubscriberId(i64::MIN);

/// Words that are kept at once; more kinds of readers than this are rendered again.
const MOST_WORDS: usize = 64;

/// Whose mails have the same words: the topics they chose, and from when on
/// they read, if that is within the digest.
type Sort = (Vec<TopicId>, Option<Timestamp>);

/// Freezes the messages of one digest, some at a time.
pub(super) struct Freezer {
    maker: Maker,
    digest: Digest,
    candidates: Vec<Entry>,
    /// When the first of the entries came: who is older gets them all.
    earliest: Timestamp,
    words: Mutex<HashMap<Sort, Option<Arc<Rendered>>>>,
}

impl Freezer {
    pub(super) fn new(maker: Maker, digest: Digest, candidates: Vec<Entry>) -> Self {
        let firsts = candidates.iter().flat_map(|entry| {
            [Some(entry.first_seen), entry.update.as_ref().map(|update| update.at)]
        });
        let earliest = firsts.flatten().min().unwrap_or(Timestamp(i64::MIN));
        Self { maker, digest, candidates, earliest, words: Mutex::default() }
    }

    /// One chunk. Answers whether it was the last.
    pub(super) fn freeze_some(&self, tx: &Transaction<'_>) -> Result<bool, PipelineError> {
        let id = &self.digest.id;
        // Another hand may have finished it meanwhile.
        let Some(after) = digests::reached(tx, id)? else { return Ok(true) };
        let chunk = subscribers::active_of(tx, &self.maker.series, after, CHUNK)?;
        for subscriber in &chunk {
            let Some(shared) = self.words_for(subscriber)? else { continue };
            let rendered = self.personal(&shared, subscriber.id);
            let (payload, envelope) = self.maker.bytes(id, subscriber, &rendered)?;
            outgoing::freeze(tx, &envelope, &payload, Some(id), Some(subscriber.id))?;
        }
        let last = chunk.last().map(|subscriber| subscriber.id);
        digests::set_reached(tx, id, last)?;
        if last.is_none() {
            let frozen = outbox::count_of_digest(tx, id)?;
            digests::set_recipients(tx, id, frozen)?;
        }
        Ok(last.is_none())
    }

    /// The words for someone of this sort, with nobody's links; none if there
    /// is nothing for them.
    fn words_for(&self, someone: &Subscriber) -> Result<Option<Arc<Rendered>>, PipelineError> {
        let joined = Some(someone.since).filter(|since| *since >= self.earliest);
        let sort = (someone.topics.clone(), joined);
        let mut known = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(words) = known.get(&sort) {
            return Ok(words.clone());
        }
        let words = match self.maker.sections_for(&self.candidates, someone) {
            None => None,
            Some(sections) => {
                let digest = Digest { sections, ..self.digest.clone() };
                Some(Arc::new(self.maker.words(&digest, &someone.topics, NOBODY)?))
            }
        };
        if known.len() >= MOST_WORDS {
            known.clear();
        }
        known.insert(sort, words.clone());
        Ok(words)
    }

    /// The shared words with this reader's links.
    fn personal(&self, shared: &Rendered, whose: SubscriberId) -> Rendered {
        let tokens = &self.maker.ctx.tokens;
        let own = |text: &str| {
            text.replace(&tokens.settings(NOBODY), &tokens.settings(whose))
                .replace(&tokens.unsubscribe(NOBODY), &tokens.unsubscribe(whose))
        };
        Rendered {
            subject: shared.subject.clone(),
            text: own(&shared.text),
            html: own(&shared.html),
        }
    }
}
