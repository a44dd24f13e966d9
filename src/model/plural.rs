//! English for operators.

/// Returns a number with its noun: `1 mail`, `7 mails`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
