//! Hashes that may be kept in a database: the same for the same bytes on any
//! machine, in any release.

use sha2::{Digest as _, Sha256};
use twox_hash::XxHash3_64;

/// Returns the first eight bytes of SHA-256 as a big-endian number.
pub fn hash64(bytes: &[u8]) -> u64 {
    let digest = Sha256::digest(bytes);
    digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

/// Returns whether bytes are those of last time (XXH3, 64 bits). Good against chance and
/// many times as fast as [`hash64`] on processors that do not help with SHA-256;
/// not for names, since who wants to can make two texts of one sum.
pub fn checksum64(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_head_of_sha_256() {
        assert_eq!(hash64(b"abc"), 0xba78_16bf_8f01_cfea);
        assert_ne!(hash64(b"abc"), hash64(b"abd"));
    }
    #[test]
    fn the_checksum_is_xxh3() {
        assert_eq!(checksum64(b""), 0x2d06_8005_38d3_94c2);
        assert_ne!(checksum64(b"abc"), checksum64(b"abd"));
    }
}
