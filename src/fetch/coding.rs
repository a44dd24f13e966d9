//! Bodies in encodings that servers label in their own ways (RFC 9110 8.4).
//!
//! The client unpacks what is labelled as the standard says. Here is what comes
//! back after a second request without compression: labels in any case,
//! `x-gzip`, lists with `identity`, and `deflate` without its zlib frame, as
//! old servers send it.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// Codings that may be stacked; more are an attack.
const MAX_CODINGS: usize = 3;

/// Returns the codings that a label names, without `identity`, in lower case.
pub(super) fn codings(label: &str) -> Vec<String> {
    let names = label.split(',').map(|name| name.trim().to_ascii_lowercase());
    names.filter(|name| !name.is_empty() && name != "identity").collect()
}

/// Returns the body unpacked, at most `limit` bytes, and whether it was cut there.
///
/// # Errors
/// Fails with a reason if a coding is unknown or the body is not in it.
pub(super) fn unpack(label: &str, body: Vec<u8>, limit: usize) -> Result<(Vec<u8>, bool), String> {
    let codings = codings(label);
    if codings.len() > MAX_CODINGS {
        return Err(format!("it is encoded {} times over", codings.len()));
    }
    let mut unpacked = (body, false);
    // They are listed in the order in which they were applied.
    for coding in codings.iter().rev() {
        let packed = unpacked.0;
        unpacked = match coding.as_str() {
            "gzip" | "x-gzip" => read(MultiGzDecoder::new(packed.as_slice()), limit),
            "deflate" => read(ZlibDecoder::new(packed.as_slice()), limit)
                .or_else(|_| read(DeflateDecoder::new(packed.as_slice()), limit)),
            _ => return Err(format!("it is encoded as `{coding}`, unknown here")),
        }
        .map_err(|_| "its body is not in the encoding that it claims".to_owned())?;
    }
    Ok(unpacked)
}

fn read(decoder: impl Read, limit: usize) -> std::io::Result<(Vec<u8>, bool)> {
    let mut body = Vec::new();
    let room = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    decoder.take(room).read_to_end(&mut body)?;
    let is_cut = body.len() > limit;
    body.truncate(limit);
    Ok((body, is_cut))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const FEED: &[u8] = b"<rss><channel><item><title>Neues</title></item></channel></rss>";

    macro_rules! packed {
        ($encoder:ident, $body:expr) => {{
            let mut encoder = $encoder::new(Vec::new(), Compression::best());
            encoder.write_all($body).unwrap();
            encoder.finish().unwrap()
        }};
    }

    #[test]
    fn labels_of_every_kind_are_understood() {
        let gzip = packed!(GzEncoder, FEED);
        for (label, body) in [
            ("GZIP", gzip.clone()),
            ("x-gzip", gzip.clone()),
            ("identity, gzip, identity", gzip.clone()),
            ("deflate", packed!(ZlibEncoder, FEED)),
            ("Deflate", packed!(DeflateEncoder, FEED)),
            ("gzip, gzip", packed!(GzEncoder, &gzip)),
            ("identity", FEED.to_vec()),
        ] {
            assert_eq!(unpack(label, body, 1000), Ok((FEED.to_vec(), false)), "{label}");
        }
    }

    #[test]
    fn no_body_grows_beyond_its_limit() {
        let bomb = packed!(GzEncoder, &vec![b'a'; 1 << 20]);
        let (body, is_cut) = unpack("gzip", bomb, 1000).unwrap();
        assert_eq!((body.len(), is_cut), (1000, true));
        assert!(unpack("gzip, gzip, gzip, gzip", Vec::new(), 1000).is_err());
        assert!(unpack("x-evil", FEED.to_vec(), 1000).is_err());
        assert!(unpack("gzip", FEED.to_vec(), 1000).is_err());
    }
}
