//! Replies of a mail server (RFC 5321 4.2), and which ones each state may get.

/// One whole reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// Three digits, the first of them 2 to 5.
    pub(super) code: u16,
    /// The text of each line, without code.
    pub(super) lines: Vec<String>,
}

impl Reply {
    /// Returns the text in one line.
    pub(super) fn text(&self) -> String {
        self.lines.join(" ").trim().to_owned()
    }

    /// Returns whether it refuses, for now or for good.
    pub(super) const fn refuses(&self) -> bool {
        self.code >= 400
    }
}

/// Takes the first reply off the front of `buffer`. Returns none while it is not
/// complete; fails on bytes that are no reply. Looks at each byte once: `scanned`
/// is how many were looked at before, and is kept up.
pub(super) fn take(buffer: &mut Vec<u8>, scanned: &mut usize) -> Result<Option<Reply>, String> {
    let mut start = *scanned;
    while let Some(length) = buffer[start..].iter().position(|byte| *byte == b'\n') {
        let end = start + length + 1;
        let (code, is_last) = line_code(&buffer[start..end])?;
        if is_last {
            let bytes: Vec<u8> = buffer.drain(..end).collect();
            *scanned = 0;
            return whole(&bytes, code).map(Some);
        }
        start = end;
    }
    // Whole lines are never looked at again; the rest of the last one is short.
    *scanned = start;
    Ok(None)
}

fn whole(bytes: &[u8], code: u16) -> Result<Reply, String> {
    let mut lines = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line_code(line)?.0 != code {
            return Err("its lines have different codes".to_owned());
        }
        let text = String::from_utf8_lossy(line.get(4..).unwrap_or_default());
        lines.push(text.trim_end_matches(['\r', '\n']).to_owned());
    }
    Ok(Reply { code, lines })
}

/// Returns the code of a line, and whether the reply ends with it.
fn line_code(line: &[u8]) -> Result<(u16, bool), String> {
    let no_reply = || "it is no SMTP reply".to_owned();
    let digits = line.get(..3).filter(|digits| digits.iter().all(u8::is_ascii_digit));
    let code = digits
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .and_then(|digits| digits.parse::<u16>().ok())
        .filter(|code| (200..600).contains(code))
        .ok_or_else(no_reply)?;
    match line.get(3) {
        Some(b'-') => Ok((code, false)),
        Some(b' ' | b'\r' | b'\n') => Ok((code, true)),
        _ => Err(no_reply()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Result<Vec<(u16, String)>, String> {
        let (mut buffer, mut scanned, mut found) = (bytes.to_vec(), 0, Vec::new());
        while let Some(reply) = take(&mut buffer, &mut scanned)? {
            found.push((reply.code, reply.text()));
        }
        Ok(found)
    }

    #[test]
    fn replies_are_read_line_by_line_and_one_at_a_time() {
        assert_eq!(all(b"250 ok\r\n").unwrap(), [(250, "ok".to_owned())]);
        assert_eq!(all(b"250-a\r\n250 b\r\n").unwrap(), [(250, "a b".to_owned())]);
        assert_eq!(all(b"354\r\n").unwrap(), [(354, String::new())]);
        assert_eq!(all(b"250 ok\r\n550 no\r\n").unwrap().len(), 2);
        assert_eq!(all(b"250-a\r\n250").unwrap(), []);
        assert_eq!(all(b"250 ok\n").unwrap().len(), 1);
    }

    #[test]
    fn what_is_no_reply_is_an_error() {
        for bytes in [
            "hallo\r\n",
            "2\r\n",
            "99999 x\r\n",
            "150 x\r\n",
            "2500\r\n",
            "\r\n",
            "250-a\r\n550 b\r\n",
        ] {
            assert!(all(bytes.as_bytes()).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn a_reply_in_pieces_is_the_same_reply() {
        let bytes = b"250-first\r\n250-second\r\n250 third\r\n";
        let (mut buffer, mut scanned) = (Vec::new(), 0);
        for byte in &bytes[..bytes.len() - 1] {
            buffer.push(*byte);
            assert_eq!(take(&mut buffer, &mut scanned), Ok(None));
        }
        buffer.push(b'\n');
        let reply = take(&mut buffer, &mut scanned).unwrap().unwrap();
        assert_eq!(reply.lines, ["first", "second", "third"]);
    }
}
