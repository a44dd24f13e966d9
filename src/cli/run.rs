//! `run`: the daemon.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::{Exit, Global, session};
use crate::clock::SystemClock;
use crate::config;
use crate::daemon::{self, Signal, Start};

pub(super) async fn run(global: &Global) -> anyhow::Result<Exit> {
    let config = config::load(&global.config_path(), &global.environment)?;
    if !global.quiet {
        session::warn(&config);
    }
    let (path, environment) = (global.config_path(), global.environment.clone());
    let start = Start {
        config,
        reload: Box::new(move || config::load(&path, &environment)),
        clock: Arc::new(SystemClock),
    };
    let (sender, receiver) = mpsc::channel(4);
    listen(SignalKind::hangup(), Signal::Reload, sender.clone())?;
    listen(SignalKind::terminate(), Signal::Stop, sender.clone())?;
    listen(SignalKind::interrupt(), Signal::Stop, sender)?;
    daemon::run(start, receiver).await?;
    Ok(Exit::Done)
}

fn listen(kind: SignalKind, means: Signal, to: mpsc::Sender<Signal>) -> std::io::Result<()> {
    let mut arrivals = signal(kind)?;
    tokio::spawn(async move {
        while arrivals.recv().await.is_some() {
            if to.send(means).await.is_err() {
                break;
            }
        }
    });
    Ok(())
}
