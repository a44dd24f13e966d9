//! Which of several items are one story.
//!
//! The outcome is a function of the items and not of the order in which they came:
//! the strongest bonds are made first, and equals are told apart by what the items
//! say. Stories that were told stay as they are.

use std::cmp::Reverse;

use super::story::{Member, Tie, judge_pair};

/// A bond between two members; the strongest sorts first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Bond {
    strength: Reverse<(Tie, u32)>,
    /// What both say, as one number without a direction.
    content: (u64, u64),
    pair: (usize, usize),
}

/// Returns for each member the first member of its story.
///
/// No story holds two items of one source unless one is the other again, nor two
/// items that refute each other, nor items of two told stories.
pub fn partition(members: &[Member]) -> Vec<usize> {
    let mut bonds = Vec::new();
    let mut may_join = vec![vec![true; members.len()]; members.len()];
    for (at, one) in members.iter().enumerate() {
        for (place, other) in members.iter().enumerate().skip(at + 1) {
            let is_bound = if one.told.is_some() && one.told == other.told {
                bonds.push(bond(Tie::Alias, u32::MAX, (at, place), members));
                true
            } else {
                let found = judge_pair(one, other);
                if found.tie >= Tie::Copy {
                    let share = (found.overlap.containment() * 10_000.0).round();
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "0 to 10,000"
                    )]
                    bonds.push(bond(found.tie, share as u32, (at, place), members));
                    true
                } else {
                    !found.is_refuted() && one.source != other.source
                }
            };
            let are_told_apart =
                one.told.is_some() && other.told.is_some() && one.told != other.told;
            may_join[at][place] = is_bound && !are_told_apart;
        }
    }
    bonds.sort_unstable();
    let mut groups: Vec<Vec<usize>> = (0..members.len()).map(|at| vec![at]).collect();
    let mut group_of: Vec<usize> = (0..members.len()).collect();
    for Bond { pair: (one, other), .. } in bonds {
        let (left, right) = (group_of[one], group_of[other]);
        let agree = |a: usize, b: usize| may_join[a.min(b)][a.max(b)];
        let fits = groups[left].iter().all(|a| groups[right].iter().all(|b| agree(*a, *b)));
        if left == right || !fits {
            continue;
        }
        let moved = std::mem::take(&mut groups[right]);
        for at in &moved {
            group_of[*at] = left;
        }
        groups[left].extend(moved);
    }
    group_of.iter().map(|group| groups[*group].iter().copied().min().unwrap_or(*group)).collect()
}

fn bond(tie: Tie, share: u32, pair: (usize, usize), members: &[Member]) -> Bond {
    let said = |at: usize| members[at].traces.whole;
    let (one, other) = (said(pair.0), said(pair.1));
    Bond { strength: Reverse((tie, share)), content: (one.min(other), one.max(other)), pair }
}
