//! What systemd is told (`sd_notify(3)`); nothing happens without it.

use std::time::Duration;

use sd_notify::NotifyState;

/// Says that it started, or reloaded. The line for `systemctl status` follows by [`status`].
pub(super) fn ready() {
    send(&[NotifyState::Ready]);
}

/// Says that a reload has begun; systemd wants the monotonic stamp with it.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(stamp) => send(&[NotifyState::Reloading, stamp]),
        Err(_) => send(&[NotifyState::Reloading]),
    }
}

/// Says that the end has begun.
pub(super) fn stopping() {
    send(&[NotifyState::Stopping, NotifyState::Status("finishing what is in hand")]);
}

/// Says that it is not ready yet, for this reason, and worth waiting for so long.
pub(super) fn waiting(line: &str, longest: Duration) {
    let micros = u32::try_from(longest.as_micros()).unwrap_or(u32::MAX);
    send(&[NotifyState::Status(line), NotifyState::ExtendTimeoutUsec(micros)]);
}

/// Says that it lives and makes progress.
pub(super) fn alive() {
    send(&[NotifyState::Watchdog]);
}

/// Sends a line for `systemctl status`.
pub(super) fn status(line: &str) {
    send(&[NotifyState::Status(line)]);
}

fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd was not reached");
    }
}
