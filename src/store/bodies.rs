//! The bytes of frozen messages.
//!
//! The mails of a digest differ in some hundred bytes of many thousand: address,
//! Message-ID, links of their own. Such mails are kept as what differs from a
//! pattern, and the pattern once: zstd (RFC 8878) with the pattern as raw
//! dictionary, a content checksum on top, so that what comes out is what went in
//! or an error.

use std::io;
use std::sync::{Mutex, PoisonError};

use rusqlite::Transaction;
use sha2::{Digest as _, Sha256};
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::CParameter;

use super::StoreError;
use super::query::{Query, column};
use crate::model::{OutboxId, Payload};

/// One long match is all there is to find: the fastest level finds it.
const LEVEL: i32 = 1;

/// A message comes out no larger than this, whatever the file says.
const MOST_BYTES: usize = 16 << 20;

/// What the mails of a digest to readers of one sort have in common.
pub struct Pattern {
    bytes: Vec<u8>,
    hash: [u8; 32],
    /// Those at rest: one is dear to make, and as many are used as there are cores.
    compressors: Mutex<Vec<Compressor<'static>>>,
}

impl Pattern {
    /// Returns a message like those to come; nobody's, so that nothing personal is shared.
    pub fn new(message: Payload) -> Self {
        let hash = Sha256::digest(&message.0).into();
        Self { bytes: message.0, hash, compressors: Mutex::default() }
    }

    /// Returns what of the message is its own. Pure work, for outside the transaction.
    pub fn pack(&self, message: &Payload) -> Result<Packed, StoreError> {
        let unpackable = |error| StoreError::Value(format!("a message cannot be packed: {error}"));
        let at_rest = || self.compressors.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = at_rest().pop();
        let mut compressor = match waiting {
            Some(compressor) => compressor,
            None => self.compressor().map_err(unpackable)?,
        };
        let bytes = compressor.compress(&message.0).map_err(unpackable)?;
        at_rest().push(compressor);
        Ok(Packed { bytes, hash: Sha256::digest(&message.0).into() })
    }

    fn compressor(&self) -> io::Result<Compressor<'static>> {
        let mut compressor = Compressor::with_dictionary(LEVEL, &self.bytes)?;
        compressor.set_parameter(CParameter::ChecksumFlag(true))?;
        Ok(compressor)
    }

    fn keep(&self, tx: &Transaction<'_>) -> Result<i64, StoreError> {
        const KNOWN: &str = "select id from outbox_patterns where hash = ?1";
        const INSERT: &str = "insert into outbox_patterns (hash, bytes) values (?1, ?2)";
        let known = tx.one(KNOWN, [&self.hash], column)?;
        if let Some(id) = known {
            return Ok(id);
        }
        Ok(tx.prepare_cached(INSERT)?.insert((&self.hash, &self.bytes))?)
    }
}

/// What of a message differs from its pattern.
#[derive(Debug, Clone)]
pub struct Packed {
    bytes: Vec<u8>,
    /// SHA-256 of the whole message.
    hash: [u8; 32],
}

/// How the bytes of a message are kept.
#[derive(Clone, Copy)]
pub enum Bytes<'a> {
    /// As they are.
    Whole(&'a Payload),
    /// As their difference from a pattern.
    Like(&'a Pattern, &'a Packed),
}

impl Bytes<'_> {
    /// Returns the SHA-256 of the message.
    pub(super) fn hash(&self) -> [u8; 32] {
        match self {
            Self::Whole(payload) => hash_of(payload),
            Self::Like(_, packed) => packed.hash,
        }
    }
}

/// Returns the SHA-256 of a message.
pub(super) fn hash_of(payload: &Payload) -> [u8; 32] {
    Sha256::digest(&payload.0).into()
}

pub(super) fn insert(
    tx: &Transaction<'_>,
    id: OutboxId,
    bytes: Bytes<'_>,
) -> Result<(), StoreError> {
    const INSERT: &str = "insert into outbox_bodies (id, bytes, pattern) values (?1, ?2, ?3)";
    let mut insert = tx.prepare_cached(INSERT)?;
    match bytes {
        Bytes::Whole(payload) => insert.execute((id, &payload.0, None::<i64>))?,
        Bytes::Like(pattern, packed) => insert.execute((id, &packed.bytes, pattern.keep(tx)?))?,
    };
    Ok(())
}

/// Returns the message out of its two columns.
pub(super) fn unpack(bytes: Vec<u8>, pattern: Option<&[u8]>) -> Result<Payload, String> {
    let Some(pattern) = pattern else { return Ok(Payload(bytes)) };
    let unpacked = Decompressor::with_dictionary(pattern)
        .and_then(|mut zstd| zstd.decompress(&bytes, MOST_BYTES));
    unpacked.map(Payload).map_err(|error| format!("a message cannot be unpacked: {error}"))
}

/// Patterns go with the last message that is like them.
pub(super) fn prune_patterns(tx: &Transaction<'_>) -> Result<(), StoreError> {
    const PRUNE: &str = "
        delete from outbox_patterns where not exists (
            select 1 from outbox_bodies where pattern = outbox_patterns.id)";
    tx.run(PRUNE, [])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(whose: &str) -> Payload {
        let line = "Eine Zeile, die in allen Mails dieses Tages steht, Nummer";
        let mut text = format!("To: {whose}@stadt.example\r\n\r\n");
        for number in 0..600 {
            text.push_str(&format!("{line} {}\r\n", number * 7919 % 9973));
        }
        text.push_str(&format!("https://meldungen.example/a/{whose}\r\n"));
        Payload(text.into_bytes())
    }

    #[test]
    fn what_is_packed_like_another_comes_out_to_the_byte_and_is_small() {
        let pattern = Pattern::new(message("niemand"));
        for whose in ["petra", "ein.sehr.langer.name.mit.vielen.teilen", ""] {
            let message = message(whose);
            let packed = pattern.pack(&message).unwrap().bytes;
            assert!(packed.len() < 200, "{} of {}", packed.len(), message.0.len());
            assert_eq!(unpack(packed, Some(&pattern.bytes)).unwrap(), message);
        }
        let unlike = Payload(vec![7; 100_000]);
        let packed = pattern.pack(&unlike).unwrap().bytes;
        assert_eq!(unpack(packed, Some(&pattern.bytes)).unwrap(), unlike);
    }

    #[test]
    fn another_pattern_or_a_broken_byte_is_an_error_and_never_another_mail() {
        let pattern = Pattern::new(message("niemand"));
        let packed = pattern.pack(&message("petra")).unwrap().bytes;
        assert!(unpack(packed.clone(), Some(&message("jemand anders").0)).is_err());
        for at in 0..packed.len() {
            let mut broken = packed.clone();
            broken[at] ^= 1;
            let out = unpack(broken, Some(&pattern.bytes));
            assert!(out.is_err() || out.unwrap() == message("petra"), "byte {at}");
        }
    }
}
