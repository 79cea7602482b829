//! Dialogues between a client and the engine, by theme. Each reads as a transcript.

#[path = "../world/mod.rs"]
mod world;

mod abort;
mod certificates;
mod checksums;
mod closing;
#[cfg(feature = "mode-z")]
mod commands_page;
mod custom;
mod data_setup;
mod features;
mod fxp;
mod handshakes;
mod hosts;
mod listings;
mod login;
mod long_work;
mod misuse;
#[cfg(feature = "mode-z")]
mod modes;
mod navigation;
mod pipelining;
mod protection;
mod representations;
mod restart;
mod round_trips;
mod seams;
mod site_more;
mod timers;
mod tls;
mod transfers;
mod wire;
