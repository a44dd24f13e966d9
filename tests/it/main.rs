//! One binary for all journeys, since linking is what costs on two cores.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should say where"
)]

mod support;

mod agenda;
mod architecture;
mod bounces;
mod channels;
mod circles;
mod cli;
mod crash;
mod daemon;
mod dkim;
mod docs;
mod drafts;
mod editor;
mod etiquette;
mod foreign_text;
mod golden;
mod hostile;
mod http;
mod identity;
mod in_flight;
mod mails;
mod morning;
mod people;
mod poison;
mod poll;
mod probes;
mod queue;
mod queue_model;
mod restore;
mod retention;
mod sending_news;
mod signals;
mod smtp;
mod sources;
mod store;
mod stories;
mod sweep;
mod topics;
mod web;
