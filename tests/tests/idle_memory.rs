//! What a client that is logged in and does nothing costs the server: engine, adapter and host together.
//!
//! The allocator's count decides; the process's size is told for those who read it.

#![cfg(target_os = "linux")]

use ftp_tests::{Adapter, CountedServer, raise_file_limit};

#[test]
fn an_idle_session_costs_at_most_six_kibibytes() {
    let allowed = raise_file_limit().unwrap();
    assert!(allowed > 1100, "{allowed} open files are too few");
    let adapter = Adapter::of_this_program();
    let mut server = CountedServer::start(env!("CARGO_BIN_EXE_counted_server"), adapter);
    // What the first session brings with it, such as the pool's threads, is no session's cost.
    let first = server.log_in(0..WARM_UP);
    let before = server.holding();
    let sessions = server.log_in(WARM_UP..WARM_UP + 1000);
    let after = server.holding();
    let heap = (after.heap - before.heap) / sessions.len();
    let pss = after.pss.saturating_sub(before.pss) / sessions.len();
    eprintln!("an idle session on {}: {heap} bytes of heap, {pss} bytes of PSS", adapter.name());
    assert!(heap <= 6 * 1024, "{heap} bytes of heap");
    drop((first, sessions));
}

const WARM_UP: u32 = 8;
