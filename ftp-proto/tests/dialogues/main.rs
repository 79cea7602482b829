//! Dialogues between a client and the engine, by theme. Each reads as a transcript.

#[path = "../world/mod.rs"]
mod world;

mod abort;
mod closing;
mod data_setup;
mod listings;
mod login;
mod misuse;
#[cfg(feature = "mode-z")]
mod modes;
mod navigation;
mod pipelining;
mod representations;
mod restart;
mod timers;
mod transfers;
mod wire;
