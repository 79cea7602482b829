//! Dialogues between a client and the engine, by theme. Each reads as a transcript.

#[path = "../world/mod.rs"]
mod world;

mod abort;
mod certificates;
mod closing;
mod data_setup;
mod fxp;
mod handshakes;
mod hosts;
mod listings;
mod login;
mod misuse;
mod navigation;
mod pipelining;
mod protection;
mod restart;
mod timers;
mod tls;
mod transfers;
mod wire;
