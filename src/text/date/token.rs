//! The pieces of a text that may hold a date: numbers, words, marks.

use crate::text::is_invisible;

/// Characters that are looked at; a date is short, hostile text is not.
const MOST_CHARACTERS: usize = 200;

/// Tokens that are looked at.
const MOST_TOKENS: usize = 64;

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A run of digits.
    Number {
        /// What it stands for.
        value: i64,
        /// How many there are.
        digits: usize,
    },
    /// Lower case, umlauts kept.
    Word(String),
    /// Any other character.
    Mark(char),
    /// White space.
    Blank,
}

/// Returns the tokens of the beginning of `text`.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut characters =
        text.trim_start().chars().take(MOST_CHARACTERS).filter(|c| !is_invisible(*c)).peekable();
    while let Some(character) = characters.next() {
        if tokens.len() >= MOST_TOKENS {
            break;
        }
        if let Some(digit) = character.to_digit(10) {
            let mut value = i64::from(digit);
            let mut digits = 1;
            while let Some(digit) = characters.peek().and_then(|c| c.to_digit(10)) {
                characters.next();
                value = value.saturating_mul(10).saturating_add(i64::from(digit));
                digits += 1;
            }
            tokens.push(Token::Number { value, digits });
        } else if character.is_alphabetic() {
            let mut word: String = character.to_lowercase().collect();
            while let Some(letter) =
                characters.next_if(|c| c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(c))
            {
                word.extend(letter.to_lowercase());
            }
            tokens.push(Token::Word(word));
        } else if character.is_whitespace() {
            if tokens.last() != Some(&Token::Blank) {
                tokens.push(Token::Blank);
            }
        } else {
            let mark = match character {
                '‐' | '‑' | '–' | '—' | '−' => '-',
                '’' | '‘' | '`' | '´' => '\'',
                other => other,
            };
            tokens.push(Token::Mark(mark));
        }
    }
    if tokens.last() == Some(&Token::Blank) {
        tokens.pop();
    }
    tokens
}

/// Returns the number at a place, and how many digits it was written with.
pub(super) fn number(tokens: &[Token], at: usize) -> Option<(i64, usize)> {
    match tokens.get(at) {
        Some(Token::Number { value, digits }) => Some((*value, *digits)),
        _ => None,
    }
}

/// Returns whether that mark stands there.
pub(super) fn is_mark(tokens: &[Token], at: usize, mark: char) -> bool {
    tokens.get(at) == Some(&Token::Mark(mark))
}

/// Returns the word at a place.
pub(super) fn word(tokens: &[Token], at: usize) -> Option<&str> {
    match tokens.get(at) {
        Some(Token::Word(word)) => Some(word),
        _ => None,
    }
}

/// Returns the place itself, or the next if a blank stands there.
pub(super) fn after_blank(tokens: &[Token], at: usize) -> usize {
    at + usize::from(tokens.get(at) == Some(&Token::Blank))
}
