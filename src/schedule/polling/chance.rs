//! Chance that is none: what differs between sources and days, and only there.

use std::time::Duration;

use crate::model::{SourceId, Timestamp};

/// Returns a part of the span that depends on source and day alone.
pub(super) fn share_of(span: Duration, source: &SourceId, now: Timestamp) -> Duration {
    let day = now.seconds().div_euclid(86_400);
    // FNV-1a, its bits mixed once more since only the upper ones are good
    let seed = source
        .as_str()
        .bytes()
        .chain(day.to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let mixed = (seed ^ (seed >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 44;
    let share = u32::try_from(mixed).unwrap_or(0);
    // 20 bits of chance: span · share / 2^20 in two steps that cannot overflow
    span / 1024 * (share / 1024) + span / 1024 / 1024 * (share % 1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::polling::DAY;
    use crate::schedule::polling::tests::now;

    #[test]
    fn chance_is_the_same_for_a_source_and_day_and_spreads_sources_evenly() {
        let span = Duration::from_mins(10);
        let shares: Vec<_> = (0..1000)
            .map(|n| share_of(span, &SourceId::new(format!("source-{n}")), now()))
            .collect();
        for tenth in 0..10_u32 {
            let part = span / 10 * tenth..span / 10 * (tenth + 1);
            let count = shares.iter().filter(|share| part.contains(*share)).count();
            assert!((60..=140).contains(&count), "{count} of 1000 in the {tenth}. tenth");
        }
        let one = SourceId::from("kitu");
        assert_ne!(share_of(span, &one, now()), share_of(span, &one, now().after(DAY)));
    }
}
