//! What a client that is logged in and does nothing costs the server: engine, adapter and host together.
//!
//! The allocator's count decides; the process's size is told for those who read it.

#![cfg(target_os = "linux")]

use ftp_tests::{Adapter, CountedServer, TlsClient, TlsVersion, raise_file_limit};

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

#[test]
fn an_idle_session_under_tls_is_bounded() {
    let allowed = raise_file_limit().unwrap();
    assert!(allowed > 1100, "{allowed} open files are too few");
    let adapter = Adapter::of_this_program();
    for version in TlsVersion::ALL {
        let mut server = CountedServer::start_with_tls(env!("CARGO_BIN_EXE_counted_server"), adapter);
        let tls = TlsClient::new().version(version);
        let first = server.log_in_over_tls(0..WARM_UP, &tls);
        let before = server.holding();
        let sessions = server.log_in_over_tls(WARM_UP..WARM_UP + 200, &tls);
        let after = server.holding();
        let heap = (after.heap - before.heap) / sessions.len();
        let pss = after.pss.saturating_sub(before.pss) / sessions.len();
        eprintln!("an idle session under {version:?} on {}: {heap} bytes of heap, {pss} bytes of PSS", adapter.name());
        assert!(heap <= LIMIT_UNDER_TLS, "{heap} bytes of heap");
        drop((first, sessions));
    }
}

/// Mostly rustls's connection and its settings; held so that nothing grows unseen.
const LIMIT_UNDER_TLS: usize = 16 * 1024;
const WARM_UP: u32 = 8;
