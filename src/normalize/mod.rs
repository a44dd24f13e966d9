//! `RawItem` → `Item`: identity, canonical URLs, clean text.
