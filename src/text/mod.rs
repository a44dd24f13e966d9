//! German text, shared by all below: folding, tokens, sentences, cleaning of control and bidi characters.

/// Lower case for comparison.
pub fn fold(text: &str) -> String {
    text.to_lowercase()
}
