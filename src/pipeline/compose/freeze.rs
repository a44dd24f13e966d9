//! Freezes the messages of a digest: the words once for all readers of a sort,
//! the messages on all cores, some readers in each transaction.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;

use super::super::{PipelineError, outgoing};
use super::maker::{Maker, narrowed};
use crate::model::{
    Digest, Entry, Envelope, Rendered, Subscriber, SubscriberId, Timestamp, TopicId,
};
use crate::store::bodies::{Bytes, Packed, Pattern};
use crate::store::{StoreError, Transaction, digests, outbox, subscribers};

/// Subscribers whose messages are frozen in one transaction: few enough that a
/// poll or a mail waits for its turn no longer than a breath.
const CHUNK: usize = 250;

/// Whose links stand in words that many share, until each gets their own: the
/// tokens of nobody. They are as secret as any, so that no feed can carry them
/// and be given a reader's instead.
const NOBODY: SubscriberId = SubscriberId(i64::MIN);

/// Sorts of readers whose words are kept at once; those of more are rendered again.
const MOST_SORTS: usize = 64;

/// Readers whose mails have the same words: the topics they chose, those of their keywords
/// that the digest holds, and from when on they read, if that is within the digest.
type Sort = (Vec<TopicId>, Vec<String>, Option<Timestamp>);

/// What the mails to readers of one sort have in common.
struct Shared {
    /// The words, with nobody's links.
    words: Rendered,
    /// A mail of these words to nobody.
    pattern: Pattern,
}

/// A message that is ready to be frozen.
struct Made {
    subscriber: SubscriberId,
    envelope: Envelope,
    shared: Arc<Shared>,
    packed: Packed,
}

/// Freezes the messages of one digest, some at a time.
pub(super) struct Freezer {
    maker: Maker,
    digest: Digest,
    candidates: Vec<Entry>,
    /// What the series sent before.
    earlier: Vec<Digest>,
    /// The keywords that the entries hold.
    keywords: HashSet<String>,
    /// When the first of the entries came: who is older gets them all.
    earliest: Timestamp,
    shared: Mutex<HashMap<Sort, Option<Arc<Shared>>>>,
}

impl Freezer {
    pub(super) fn new(
        maker: Maker,
        digest: Digest,
        candidates: Vec<Entry>,
        earlier: Vec<Digest>,
    ) -> Self {
        let firsts = candidates.iter().flat_map(|entry| {
            [Some(entry.first_seen), entry.update.as_ref().map(|update| update.at)]
        });
        let earliest = firsts.flatten().min().unwrap_or(Timestamp(i64::MAX));
        let keywords = candidates.iter().flat_map(|entry| entry.keywords.iter().cloned()).collect();
        Self { maker, digest, candidates, earlier, keywords, earliest, shared: Mutex::default() }
    }

    /// Freezes one chunk. Returns whether it was the last.
    pub(super) async fn freeze_some(self: &Arc<Self>) -> Result<bool, PipelineError> {
        let store = &self.maker.ctx.store;
        let this = Arc::clone(self);
        let Some((after, chunk)) = store.read(move |tx| this.next(tx)).await? else {
            return Ok(true);
        };
        let made = self.make_all(&chunk).await?;
        let this = Arc::clone(self);
        store.try_write(move |tx| this.keep(tx, after, &chunk, &made)).await
    }

    /// Returns up to whom messages are frozen, and the readers after them; none if
    /// another hand has finished it meanwhile.
    fn next(
        &self,
        tx: &Transaction<'_>,
    ) -> Result<Option<(SubscriberId, Vec<Subscriber>)>, StoreError> {
        let Some(after) = digests::reached(tx, &self.digest.id)? else { return Ok(None) };
        Ok(Some((after, subscribers::active_of(tx, &self.maker.series, after, CHUNK)?)))
    }

    /// Returns the messages of a chunk, made on all cores while the database is free.
    async fn make_all(self: &Arc<Self>, chunk: &[Subscriber]) -> Result<Vec<Made>, PipelineError> {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let hands = chunk.chunks(chunk.len().div_ceil(cores).max(1)).map(|share| {
            let (this, share) = (Arc::clone(self), share.to_vec());
            tokio::task::spawn_blocking(move || {
                let made = share.iter().map(|subscriber| this.make(subscriber));
                made.filter_map(Result::transpose).collect::<Result<Vec<Made>, _>>()
            })
        });
        let mut all = Vec::with_capacity(chunk.len());
        for hand in join_all(hands).await {
            match hand.map_err(tokio::task::JoinError::try_into_panic) {
                Ok(made) => all.extend(made?),
                Err(Ok(panic)) => std::panic::resume_unwind(panic),
                // The runtime ends; what is not frozen is made again.
                Err(Err(_)) => return Err(StoreError::Busy.into()),
            }
        }
        Ok(all)
    }

    /// Returns the message to one reader; none if there is nothing for them.
    fn make(&self, subscriber: &Subscriber) -> Result<Option<Made>, PipelineError> {
        let Some(shared) = self.shared_with(subscriber)? else { return Ok(None) };
        let words = self.personal(&shared.words, subscriber.id);
        let (payload, envelope) = self.maker.bytes(&self.digest.id, subscriber, &words)?;
        let packed = shared.pattern.pack(&payload)?;
        Ok(Some(Made { subscriber: subscriber.id, envelope, shared, packed }))
    }

    /// Writes a chunk and how far it reaches, if the readers are still who they
    /// were: who left or chose otherwise while their mail was made gets none of
    /// it, and the chunk is made anew.
    fn keep(
        &self,
        tx: &Transaction<'_>,
        after: SubscriberId,
        chunk: &[Subscriber],
        made: &[Made],
    ) -> Result<bool, PipelineError> {
        let id = &self.digest.id;
        match self.next(tx)? {
            None => return Ok(true),
            Some((reached, readers)) if reached == after && readers == chunk => {}
            Some(_) => return Ok(false),
        }
        let is_held = digests::is_held(tx, id)?;
        for Made { subscriber, envelope, shared, packed } in made {
            let bytes = Bytes::Like(&shared.pattern, packed);
            outgoing::freeze(tx, envelope, bytes, Some(id), Some(*subscriber))?;
            if is_held {
                outbox::hold_new(tx, &envelope.message_id)?;
            }
        }
        let last = chunk.last().map(|subscriber| subscriber.id);
        digests::set_reached(tx, id, last)?;
        if last.is_none() {
            let frozen = outbox::count_of_digest(tx, id)?;
            digests::set_recipients(tx, id, frozen)?;
        }
        Ok(last.is_none())
    }

    /// Returns when they joined, if that changes their words: to the instant where it
    /// decides what they get, else to the minute that the words name.
    fn joined(&self, since: Timestamp) -> Option<Timestamp> {
        const MINUTE: i64 = 60_000;
        let minute = Timestamp(since.0 - since.0.rem_euclid(MINUTE));
        if since >= self.earliest {
            Some(since)
        } else {
            (since > self.digest.window.from).then_some(minute)
        }
    }

    /// Returns what is shared by the mails to everyone of this reader's sort; none if
    /// there is nothing for them.
    fn shared_with(&self, someone: &Subscriber) -> Result<Option<Arc<Shared>>, PipelineError> {
        let joined = self.joined(someone.since);
        let keywords = someone.keywords.iter().filter(|word| self.keywords.contains(*word));
        let keywords: Vec<String> = keywords.cloned().collect();
        let someone = &Subscriber { keywords, ..someone.clone() };
        let sort = (someone.topics.clone(), someone.keywords.clone(), joined);
        let mut known = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = known.get(&sort) {
            return Ok(shared.clone());
        }
        let shared = match self.maker.digest_for(&self.digest, &self.candidates, someone) {
            None => None,
            Some(digest) => {
                let digest = narrowed(digest, joined);
                let words = self.maker.words(&digest, &self.earlier, someone, NOBODY)?;
                let nobody = Subscriber { id: NOBODY, ..self.maker.anyone() };
                let (message, _) = self.maker.bytes(&digest.id, &nobody, &words)?;
                Some(Arc::new(Shared { words, pattern: Pattern::new(message) }))
            }
        };
        if known.len() >= MOST_SORTS {
            known.clear();
        }
        known.insert(sort, shared.clone());
        Ok(shared)
    }

    /// Returns the shared words with this reader's links.
    fn personal(&self, shared: &Rendered, whose: SubscriberId) -> Rendered {
        let (tokens, now) = (&self.maker.ctx.tokens, self.maker.now);
        let own = |text: &str| {
            text.replace(&tokens.settings(NOBODY, now), &tokens.settings(whose, now))
                .replace(&tokens.unsubscribe(NOBODY), &tokens.unsubscribe(whose))
        };
        Rendered {
            subject: shared.subject.clone(),
            text: own(&shared.text),
            html: own(&shared.html),
        }
    }
}
