//! Dialogues between a client and the engine, by theme. Each reads as a transcript.

#[path = "../world/mod.rs"]
mod world;

mod abort;
mod checksums;
mod closing;
mod data_setup;
mod listings;
mod login;
mod long_work;
mod misuse;
mod navigation;
mod pipelining;
mod restart;
mod site_more;
mod timers;
mod transfers;
mod wire;
