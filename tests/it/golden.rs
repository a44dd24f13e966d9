//! Bytes in, bytes out: pairs of documents and what becomes of them.
