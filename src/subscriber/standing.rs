//! Where a subscriber can go from where they stand.

use crate::model::Standing;

/// What happened to a subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// They pressed the button behind the confirmation link, or the operator recorded their
    /// consent.
    Confirmed,
    /// Returned mail reached the limit.
    Undeliverable,
    /// They or the operator took delivery up again.
    Resumed,
    /// They left, complained, or were forgotten; or the sign-up expired unconfirmed.
    Left,
    /// They asked for the newsletter (again).
    SignedUp,
}

/// What to do about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The new standing.
    To(Standing),
    /// Nothing changes; happening twice is no error.
    Stay,
    /// It cannot happen from here, for example a confirmation after leaving.
    Refused,
}

/// Returns the step that `event` means for someone who stands at `standing`.
///
/// A pending address that bounces is dropped at once: nobody confirmed that it
/// exists. Leaving is possible from everywhere and final; signing up again
/// after leaving is a new subscriber with a new proof.
pub const fn after(standing: Standing, event: Event) -> Step {
    use Standing::{Active, Left, Pending, Suspended};
    match (standing, event) {
        (Pending, Event::Confirmed) | (Suspended, Event::Resumed | Event::Confirmed) => {
            Step::To(Active)
        }
        (Active, Event::Undeliverable) => Step::To(Suspended),
        (Pending, Event::Undeliverable | Event::Left) | (Active | Suspended, Event::Left) => {
            Step::To(Left)
        }
        (Active, Event::Confirmed | Event::Resumed | Event::SignedUp)
        | (Pending | Suspended, Event::SignedUp)
        | (Suspended, Event::Undeliverable)
        | (Left, Event::Left | Event::Undeliverable) => Step::Stay,
        (Pending, Event::Resumed) | (Left, Event::Confirmed | Event::Resumed | Event::SignedUp) => {
            Step::Refused
        }
    }
}

/// Returns whether digests go to someone who stands there.
pub const fn gets_digests(standing: Standing) -> bool {
    matches!(standing, Standing::Active)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_confirmation_makes_a_sign_up_active() {
        assert_eq!(after(Standing::Pending, Event::Confirmed), Step::To(Standing::Active));
        for event in [Event::Resumed, Event::SignedUp, Event::Undeliverable, Event::Left] {
            assert_ne!(after(Standing::Pending, event), Step::To(Standing::Active), "{event:?}");
        }
    }

    #[test]
    fn who_left_stays_away_whatever_arrives_late() {
        for event in [Event::Confirmed, Event::Resumed, Event::SignedUp, Event::Undeliverable] {
            assert!(!matches!(after(Standing::Left, event), Step::To(_)), "{event:?}");
        }
        assert!(!gets_digests(Standing::Left));
    }

    #[test]
    fn leaving_twice_is_no_error() {
        for standing in [Standing::Pending, Standing::Active, Standing::Suspended] {
            assert_eq!(after(standing, Event::Left), Step::To(Standing::Left));
        }
        assert_eq!(after(Standing::Left, Event::Left), Step::Stay);
    }

    #[test]
    fn a_pending_address_that_bounces_is_dropped_at_once() {
        assert_eq!(after(Standing::Pending, Event::Undeliverable), Step::To(Standing::Left));
        assert_eq!(after(Standing::Active, Event::Undeliverable), Step::To(Standing::Suspended));
    }
}
