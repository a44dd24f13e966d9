//! Quoted-printable (RFC 2045 6.7).

/// Longest encoded line, with its soft break.
const MAX_LINE: usize = 76;

/// Appends `text` with CRLF line ends; ends with a line end. Line breaks of
/// any kind become CRLF, so no bare CR or LF reaches the wire.
pub(super) fn encode(text: &str, out: &mut String) {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    for line in text.strip_suffix('\n').unwrap_or(&text).split('\n') {
        encode_line(line, out);
        out.push_str("\r\n");
    }
}

fn encode_line(line: &str, out: &mut String) {
    let bytes = line.as_bytes();
    let (mut at, mut width) = (0, 0);
    while at < bytes.len() {
        // Most of a line needs no thought and is copied at once.
        let room = (MAX_LINE - 1 - width).min(bytes.len() - 1 - at);
        let plain = bytes[at..at + room].iter().take_while(|byte| is_plain(**byte)).count();
        if plain > 0 {
            out.push_str(&line[at..at + plain]);
            at += plain;
            width += plain;
        }
        let byte = bytes[at];
        let is_last = at + 1 == bytes.len();
        let is_literal = match byte {
            // At a line's end white space gets lost on the way.
            b' ' | b'\t' => !is_last,
            b'=' => false,
            // A lone dot ends a message in careless servers, and mbox files
            // change `From `: neither may begin a line, be it a broken one.
            b'.' => width > 0,
            b'F' => width > 0 || !begins_from(&bytes[at..]),
            _ => byte.is_ascii_graphic(),
        };
        at += 1;
        let needed = if is_literal { 1 } else { 3 };
        // One column is kept for the soft break unless the line ends here.
        if width + needed > MAX_LINE - usize::from(!is_last) {
            out.push_str("=\r\n");
            width = 0;
            // A new line begins: dots and `From ` count again.
            let at_start = byte == b'.' || begins_from(&bytes[at - 1..]);
            if is_literal && at_start {
                push_encoded(byte, out);
                width += 3;
                continue;
            }
        }
        if is_literal {
            out.push(char::from(byte));
        } else {
            push_encoded(byte, out);
        }
        width += needed;
    }
}

/// Stands for itself wherever it stands, if more follows on the line.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' ' | b'!'..=b'~') && !matches!(byte, b'=' | b'.' | b'F')
}

fn begins_from(rest: &[u8]) -> bool {
    rest.starts_with(b"From ")
}

/// Appends `=XX`.
pub(super) fn push_encoded(byte: u8, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push('=');
    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
    out.push(char::from(DIGITS[usize::from(byte & 15)]));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str) -> String {
        let mut out = String::new();
        encode(text, &mut out);
        out
    }

    fn decoded(text: &str) -> String {
        let joined = text.replace("=\r\n", "");
        let mut bytes = Vec::new();
        let mut rest = joined.as_bytes();
        while let Some((&first, tail)) = rest.split_first() {
            if first == b'=' {
                let hex = std::str::from_utf8(&tail[..2]).unwrap();
                bytes.push(u8::from_str_radix(hex, 16).unwrap());
                rest = &tail[2..];
            } else {
                bytes.push(first);
                rest = tail;
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn what_is_dangerous_at_a_line_start_or_end_is_encoded() {
        assert_eq!(encoded("a=b \n.\nFrom x\n-- \n"), "a=3Db=20\r\n=2E\r\n=46rom x\r\n--=20\r\n");
        assert_eq!(encoded("\t\n"), "=09\r\n");
        assert_eq!(encoded("a\rb\r\nc"), "a\r\nb\r\nc\r\n");
    }

    #[test]
    fn long_lines_break_softly_and_decode_to_what_they_were() {
        let texts = [
            "ä".repeat(200),
            "x".repeat(75) + "." + &"y".repeat(80),
            "x".repeat(75) + "From here " + &"z".repeat(70),
            "x".repeat(76),
            "x".repeat(77),
            "🏛️ = .\t".repeat(100),
        ];
        for text in texts {
            let out = encoded(&text);
            for line in out.split("\r\n") {
                assert!(line.len() <= 76, "{line}");
                assert!(!line.starts_with('.') && !line.starts_with("From "), "{line}");
            }
            assert_eq!(decoded(&out), format!("{text}\r\n"));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_decodes_to_itself(text in "[ -~äöü🏛️\t\n]{0,300}") {
            let out = encoded(&text);
            proptest::prop_assert!(out.split("\r\n").all(|line| line.len() <= MAX_LINE));
            let expected = format!("{}\r\n", text.strip_suffix('\n').unwrap_or(&text).replace('\n', "\r\n"));
            proptest::prop_assert_eq!(decoded(&out), expected);
        }
    }
}
