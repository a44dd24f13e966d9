//! Regular expressions for days as pages write them, for those who look where in a
//! text a date stands. What the day is, `parse` says.

/// A name of a month, German or English, whole or abbreviated.
pub const MONTH: &str =
    r"(?:jan|feb|mär|maer|mrz|apr|mai|jun|jul|aug|sep|okt|nov|dez|march|may|oct|dec)[a-zä]*";

/// Returns the pattern of a day with its year and the time behind it, without groups
/// that capture; to be used without regard to case.
pub fn whole_day() -> String {
    const TIME: &str = r"(?:\s*(?:,|-|–|um|\|)?\s*\d{1,2}[:.]\d{2}(?:\s+Uhr)?)?";
    [
        r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?"
            .to_owned(),
        format!(r"\d{{1,2}}\.\s?\d{{1,2}}\.\s?(?:\d{{4}}|\d{{2}})\b{TIME}"),
        r"\d{1,2}[-/]\d{1,2}[-/]\d{4}\b".to_owned(),
        r"\d{1,2}\s?\|\s?\d{1,2}\s?\|\s?\d{4}\b".to_owned(),
        format!(r"\d{{1,2}}\.?\s*{MONTH}\.?,?\s+(?:\d{{4}}|['’]\d{{2}}){TIME}"),
        format!(r"{MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}\b{TIME}"),
    ]
    .join("|")
}
