//! What the engine takes from the heap, in counts and bytes: these never depend on the machine.

#[path = "../benches/counting/mod.rs"]
mod counting;
#[path = "../benches/world/mod.rs"]
mod world;

use std::sync::Arc;

use ftp_proto::config::Config;
use ftp_proto::server::Session;

use self::counting::{allocations, held};
use self::world::World;

#[test]
fn a_noop_takes_nothing_from_the_heap() {
    let mut world = warm();
    assert_eq!(allocations(|| world.noop()), 0);
}

/// Nothing for each of them: one buffer for the replies that leave together.
#[test]
fn a_pipeline_of_noops_takes_one_growing_buffer() {
    let mut world = warm();
    let lines = b"NOOP\r\n".repeat(64);
    let taken = allocations(|| world.say(&lines, b"200 "));
    assert!(taken <= PIPELINE, "{taken} allocations");
}

/// Its name as it was sent and as a path, the transfer, two replies with numbers in them, two notices, the queue of actions
/// and the ledger.
#[test]
fn the_control_work_of_a_download_takes_a_few_allocations() {
    let mut world = warm();
    let taken = allocations(|| world.retrieve());
    assert!(taken <= DOWNLOAD, "{taken} allocations");
}

#[test]
fn what_a_command_takes_it_gives_back() {
    let mut world = warm();
    let held = held(|| {
        for _ in 0..100 {
            world.retrieve();
            world.noop();
        }
    });
    assert_eq!(held, 0);
}

#[test]
fn an_idle_session_costs_at_most_a_kibibyte() {
    let config = Arc::new(Config::default());
    let mut sessions = Vec::with_capacity(SESSIONS);
    let held = held(|| sessions.extend((0..SESSIONS).map(|_| World::logged_in(&config).into_session())));
    let each = size_of::<Session>() + usize::try_from(held).expect("sessions hold memory") / SESSIONS;
    eprintln!("an idle session: {} bytes and {} on the heap", size_of::<Session>(), each - size_of::<Session>());
    assert!(each <= 1024, "{each} bytes");
}

const PIPELINE: u64 = 3;
const DOWNLOAD: u64 = 9;
const SESSIONS: usize = 1000;

/// A logged-in session that has done each thing once.
fn warm() -> World {
    let mut world = World::logged_in(&Arc::default());
    world.retrieve();
    world.noop();
    world
}
