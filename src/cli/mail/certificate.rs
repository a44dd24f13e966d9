//! Until when a certificate holds (RFC 5280 4.1), read out of its DER. The handshake has found it
//! valid for its name before; nothing else of it is asked.

use chrono::NaiveDateTime;

use crate::model::Timestamp;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Returns the end of its validity; nothing if it is not a certificate.
pub(super) fn valid_until(der: &[u8]) -> Option<Timestamp> {
    let (certificate, _) = take(der, SEQUENCE)?;
    let (mut rest, _) = take(certificate, SEQUENCE)?;
    if let Some((_, after)) = take(rest, VERSION) {
        rest = after;
    }
    // Serial number, algorithm, issuer.
    for _ in 0..3 {
        (_, _, rest) = element(rest)?;
    }
    let (validity, _) = take(rest, SEQUENCE)?;
    let (_, _, not_after) = element(validity)?;
    let (kind, value, _) = element(not_after)?;
    let text = std::str::from_utf8(value).ok()?;
    let whole = match kind {
        // Two digits of the year, from 1950 to 2049.
        UTC_TIME if text.get(..2)? < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let time = NaiveDateTime::parse_from_str(&whole, "%Y%m%d%H%M%SZ").ok()?;
    Some(Timestamp(time.and_utc().timestamp_millis()))
}

/// Returns the content of the element of that kind at the beginning, and what follows it.
fn take(bytes: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = element(bytes)?;
    (found == kind).then_some((content, rest))
}

/// Returns kind and content of the first element, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[kind, first], rest) = bytes.split_first_chunk()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        // So many bytes of length follow; no certificate needs more than three.
        let count = usize::from(first & 0x7f);
        let (digits, rest) = rest.split_at_checked(count).filter(|_| (1..=3).contains(&count))?;
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((kind, content, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn made(until: (i32, u8, u8)) -> Vec<u8> {
        let mut parameters = rcgen::CertificateParams::new(["mail.stadt.test".to_owned()]).unwrap();
        parameters.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
        let key = rcgen::KeyPair::generate().unwrap();
        parameters.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn the_end_is_read_in_both_forms_of_time() {
        let day = |der: &[u8]| valid_until(der).unwrap().utc().format("%Y-%m-%d").to_string();
        assert_eq!(day(&made((2027, 2, 28))), "2027-02-28");
        assert_eq!(day(&made((2060, 1, 1))), "2060-01-01");
    }

    #[test]
    fn torn_and_other_bytes_are_no_certificate() {
        let whole = made((2027, 2, 28));
        assert!((0..whole.len()).all(|length| valid_until(&whole[..length]).is_none()));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            valid_until(&bytes);
        }
    }
}
