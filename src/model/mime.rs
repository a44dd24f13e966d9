//! Messages of the mail: several as one document, and what it costs to take one apart.

use super::{Budget, Resource};

/// Parts that hold parts. A tree of parts is taken down by recursion, so that its depth
/// must be bounded before it is built; a thread of forwarded mails has some twenty.
const MAX_CONTAINERS: usize = 200;

/// Takes what a message would cost to parse from the budget: its bytes, and its parts by
/// the lines that may begin one. Returns false if that is too much.
pub fn affords_message(bytes: &[u8], budget: &Budget) -> bool {
    let lower = bytes.to_ascii_lowercase();
    let count = |needle: &[u8]| memchr::memmem::find_iter(&lower, needle).count();
    // A part of `multipart/digest` is a message without saying so.
    let containers = count(b"message/") + count(b"multipart/");
    containers <= MAX_CONTAINERS
        && budget.step(bytes.len() * 4).is_ok()
        && budget.spend(Resource::Items, count(b"\n--")).is_ok()
}

/// Most messages of one document.
pub const MOST_MESSAGES: usize = 20;

/// Puts messages together as one document.
pub fn frame_messages<'a>(messages: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut whole = Vec::new();
    for message in messages {
        whole.extend_from_slice(format!("{FRAME}{}\n", message.len()).as_bytes());
        whole.extend_from_slice(message);
        whole.push(b'\n');
    }
    whole
}

const FRAME: &str = "amtsbote-message ";

/// Returns the messages of a document; a document without frames is one.
pub fn framed_messages(body: &[u8]) -> Vec<&[u8]> {
    let mut messages = Vec::new();
    let mut rest = body;
    while let Some(after) = rest.strip_prefix(FRAME.as_bytes()) {
        let line = after.iter().position(|byte| *byte == b'\n').unwrap_or(after.len());
        let length =
            std::str::from_utf8(&after[..line]).ok().and_then(|text| text.parse::<usize>().ok());
        let body = after.get(line + 1..).unwrap_or_default();
        let length = length.unwrap_or(body.len()).min(body.len());
        messages.push(&body[..length]);
        rest = body.get(length + 1..).unwrap_or_default();
        if messages.len() == MOST_MESSAGES {
            break;
        }
    }
    if messages.is_empty() {
        messages.push(body);
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_as_they_were_put_together() {
        let two: [&[u8]; 2] = [b"From: a\n\nx", b""];
        assert_eq!(framed_messages(&frame_messages(two.into_iter())), two);
        assert_eq!(framed_messages(b"From: a\n\nx"), [b"From: a\n\nx"]);
        assert_eq!(framed_messages(b"amtsbote-message 99999\nx"), [b"x"], "cut off");
        assert_eq!(framed_messages(b"amtsbote-message x"), [b""]);
    }
}
