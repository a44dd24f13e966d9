//! amtsbote: municipal IT news, polled, recognised, tagged and mailed as digests.
//!
//! This file is the map: the modules stand in the order the data takes. Small
//! letters are pure, CAPITALS touch the world.
//!
//! ```text
//! source ─▶ FETCH ─▶ extract ─▶ normalize ─▶ dedup ─▶ topic ─▶ STORE ─▶ digest ─▶ outbox ─▶ STORE ─▶ DELIVER
//!    ▲  Request  Response  RawItem    Item    Verdict  Tagging    │       Rendered   Payload             │
//!    └────── schedule ◀────────── cursor, next poll ◀─────────────┘           State ◀────── outbox ◀──────┘
//! ```

pub mod model;

pub mod text;

pub mod source;

pub mod fetch;

pub mod answer;

pub mod extract;

pub mod normalize;

pub mod dedup;

pub mod agenda;

pub mod topic;

pub mod store;

pub mod page;

pub mod digest;

pub mod subscriber;

pub mod outbox;

pub mod deliver;

pub mod bounce;

pub mod clock;

pub mod schedule;

pub mod health;

pub mod pipeline;

pub mod config;

pub mod desk;

pub mod daemon;

pub mod web;

pub mod cli;

pub mod demo;
