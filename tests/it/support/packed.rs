//! Compressed bodies made by hand: honest ones, and bombs of any size that cost
//! nothing to make.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test")]

/// The bytes as gzip (RFC 1952), stored rather than compressed. At most 65 535.
pub(crate) fn gzip(plain: &[u8]) -> Vec<u8> {
    let length = u16::try_from(plain.len()).unwrap();
    let mut packed = GZIP_HEAD.to_vec();
    packed.push(1);
    packed.extend_from_slice(&length.to_le_bytes());
    packed.extend_from_slice(&(!length).to_le_bytes());
    packed.extend_from_slice(plain);
    packed.extend_from_slice(&crc32(plain).to_le_bytes());
    packed.extend_from_slice(&u32::from(length).to_le_bytes());
    packed
}

/// The bytes as deflate without a frame (RFC 1951), stored. At most 65 535.
pub(crate) fn raw_deflate(plain: &[u8]) -> Vec<u8> {
    let gzip = gzip(plain);
    gzip[GZIP_HEAD.len()..gzip.len() - 8].to_vec()
}

/// Gzip of at least `size` equal bytes, without an end.
pub(crate) fn gzip_bomb(size: usize) -> Vec<u8> {
    [GZIP_HEAD.to_vec(), repeats(size)].concat()
}

/// The same as zlib (RFC 1950), which HTTP calls deflate.
pub(crate) fn deflate_bomb(size: usize) -> Vec<u8> {
    [vec![0x78, 0x9c], repeats(size)].concat()
}

/// Zstandard (RFC 8878): blocks that repeat one byte 128 KiB long.
pub(crate) fn zstd_bomb(size: usize) -> Vec<u8> {
    const BLOCK: usize = 128 * 1024;
    // magic, no content size, window of 8 MiB
    let mut packed = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x68];
    for _ in 0..size.div_ceil(BLOCK) {
        let head = u32::try_from(BLOCK << 3 | 1 << 1).unwrap();
        packed.extend_from_slice(&head.to_le_bytes()[..3]);
        packed.push(b'x');
    }
    packed
}

/// 64 MiB of zeros in brotli (RFC 7932).
pub(crate) const BROTLI_BOMB: &[u8] = &[
    0xcf, 0xff, 0xff, 0x7f, 0x00, 0x24, 0x00, 0xe2, 0xb1, 0x40, 0x72, 0xef, 0xff, 0xf9, 0xff, 0xff,
    0x0f, 0x80, 0x04, 0x40, 0x1c, 0x16, 0x80, 0xee, 0xfd, 0x3f, 0xff, 0xff, 0xff, 0x01, 0x90, 0x00,
    0x88, 0xc3, 0x02, 0xd0, 0xbd, 0xff, 0xe7, 0xff, 0xff, 0x3f, 0x00, 0x12, 0x00, 0x71, 0x58, 0x00,
    0xba, 0xf7, 0xff, 0x03,
];

const GZIP_HEAD: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// Deflate with fixed codes (RFC 1951 3.2.6): one byte, then "the last byte 258
/// times again" in 13 bits each.
fn repeats(size: usize) -> Vec<u8> {
    let mut bits = vec![true, true, false];
    push_code(&mut bits, 0x30 + u16::from(b'x'), 8);
    for _ in 0..8 * size.div_ceil(258 * 8) {
        push_code(&mut bits, 0b1100_0101, 8);
        push_code(&mut bits, 0, 5);
    }
    bits.chunks(8)
        .map(|byte| byte.iter().rev().fold(0, |value, bit| value << 1 | u8::from(*bit)))
        .collect()
}

/// Codes go in from their highest bit.
fn push_code(bits: &mut Vec<bool>, code: u16, length: u16) {
    bits.extend((0..length).rev().map(|bit| code >> bit & 1 == 1));
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}
