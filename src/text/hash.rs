//! A hash that may be kept in a database.

use sha2::{Digest as _, Sha256};

/// The first eight bytes of SHA-256 as a big-endian number: the same for the
/// same bytes on any machine, in any release.
pub fn hash64(bytes: &[u8]) -> u64 {
    let digest = Sha256::digest(bytes);
    digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_head_of_sha_256() {
        assert_eq!(hash64(b"abc"), 0xba78_16bf_8f01_cfea);
        assert_ne!(hash64(b"abc"), hash64(b"abd"));
    }
}
