//! A source whose document costs the process its life: what the next one knows of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use amtsbote::model::{Condition, Extraction, Response, SourceId};
use amtsbote::pipeline::{self, Choice, SourcePlan};
use amtsbote::source::{Configured, Source, SourceError};

use crate::support::desk::{Desk, TOPICS, document, entries, feed_source, feed_url, rss};

const IDS: [&str; 3] = ["amt", "bund", "chor"];

/// A desk that keeps marks, and their folder.
async fn desk() -> (Desk, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let sources: String = IDS.map(|id| feed_source(id, "")).concat();
    let mut desk = Desk::new(&sources).await;
    desk.ctx = desk.ctx.clone().with_data_dir(folder.path().to_owned());
    for id in IDS {
        desk.net.add(&feed_url(id), document(id, &rss(&entries(1..3))));
    }
    (desk, folder)
}

fn marks(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("reading")
}

/// What a process that went down while reading `id` leaves, and what the next one does.
async fn crash(desk: &Desk, folder: &tempfile::TempDir, id: &str) {
    std::fs::write(marks(folder).join(id), []).unwrap();
    pipeline::note_crashes(&desk.ctx).await.unwrap();
}

fn hosts(desk: &Desk, from: usize) -> Vec<String> {
    let host = |asked: String| asked.split(['/', '.']).nth(2).unwrap().to_owned();
    desk.asked(from).into_iter().map(host).collect()
}

#[tokio::test(start_paused = true)]
async fn a_source_is_marked_while_it_is_read_and_no_longer() {
    #[derive(Debug)]
    struct Witness(PathBuf);
    impl Source for Witness {
        fn accept(&self) -> &'static str {
            "*/*"
        }
        fn extract(&self, _: &Response) -> Result<Extraction, SourceError> {
            assert!(self.0.exists(), "no mark while the document is read");
            Ok(Extraction::default())
        }
        fn obeys_robots(&self) -> bool {
            false
        }
    }
    let (mut desk, folder) = desk().await;
    let mark = marks(&folder).join("amt");
    let sources: String = IDS.map(|id| feed_source(id, "")).concat();
    let mut plan = Desk::plan_of(&sources, TOPICS, Arc::clone(&desk.net));
    let amt = Arc::into_inner(plan.sources.remove(0)).unwrap();
    let configured = Configured { source: Box::new(Witness(mark.clone())), ..amt.configured };
    plan.sources.insert(0, Arc::new(SourcePlan::new(configured, amt.fetch)));
    desk.plan = Arc::new(plan);
    let reports = desk.poll().await;
    assert_eq!(reports[0].error, None);
    assert_eq!(std::fs::read_dir(marks(&folder)).unwrap().count(), 0, "a mark was left");
}

#[tokio::test(start_paused = true)]
async fn who_may_have_brought_the_process_down_is_asked_last_and_cleared_by_being_read() {
    let (desk, folder) = desk().await;
    crash(&desk, &folder, "amt").await;
    assert_eq!(desk.state("amt").await.crashes, 0, "unknown to the database: nothing to count");
    desk.poll().await;
    crash(&desk, &folder, "amt").await;
    assert_eq!(desk.state("amt").await.crashes, 1);
    assert_eq!(std::fs::read_dir(marks(&folder)).unwrap().count(), 0, "counted once");
    for id in IDS {
        desk.net.add(&feed_url(id), document(id, &rss(&entries(1..4))));
    }
    let before = desk.asked(0).len();
    let choice = Choice { force: true, ..Choice::default() };
    pipeline::poll(&desk.ctx, &desk.plan, &choice).await.unwrap();
    assert_eq!(hosts(&desk, before).last().unwrap(), "amt");
    assert_eq!(desk.state("amt").await.crashes, 0);
}

#[tokio::test(start_paused = true)]
async fn after_three_crashes_a_source_is_set_aside_until_it_is_released() {
    let (desk, folder) = desk().await;
    desk.poll().await;
    let notices = desk.notices().await;
    for count in 1..=3 {
        assert_ne!(desk.state("amt").await.condition, Condition::Poison, "{count}");
        crash(&desk, &folder, "amt").await;
    }
    let state = desk.state("amt").await;
    assert_eq!(state.condition, Condition::Poison);
    assert_eq!(
        state.last_error.unwrap(),
        "the program went down 3 times while reading it: not asked until `amtsbote source release amt`"
    );
    pipeline::tell_admin(&desk.ctx, &desk.plan).await.unwrap();
    assert_eq!(desk.notices().await, notices + 1, "the admin is told");
    desk.pass(Duration::from_hours(48)).await;
    let before = desk.asked(0).len();
    for id in IDS {
        desk.net.add(&feed_url(id), document(id, &rss(&entries(1..4))));
    }
    let all = Choice { force: true, ..Choice::default() };
    pipeline::poll(&desk.ctx, &desk.plan, &all).await.unwrap();
    assert_eq!(hosts(&desk, before), ["bund", "chor"], "neither by time nor by force");
    pipeline::release(&desk.ctx, &SourceId::from("amt")).await.unwrap();
    let before = desk.asked(0).len();
    pipeline::poll(&desk.ctx, &desk.plan, &Choice::default()).await.unwrap();
    assert_eq!(hosts(&desk, before), ["amt"]);
    assert_eq!(desk.state("amt").await.condition, Condition::Ok);
}
