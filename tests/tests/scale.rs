//! Ten thousand clients on one server: logged in and idle, then a thousand of them at work at once, then all gone.
//!
//! Where the system lets a process open fewer files there are fewer clients, and it is told. `FTP_SCALE_SESSIONS` asks
//! for another number of them.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test ends where it is surprised")]

use std::env;
use std::io::{Read, Write};
use std::thread;
use std::time::Instant;

use ftp_tests::{Adapter, CountedServer, Link, Way, Wire, eventually, pattern, raise_file_limit};

#[test]
fn ten_thousand_idle_sessions_and_a_thousand_at_work() {
    let adapter = Adapter::of_this_program();
    let wanted = env::var("FTP_SCALE_SESSIONS").map_or(10_000, |count| count.parse().unwrap());
    let fitting = u32::try_from(raise_file_limit().unwrap() - SPARE_FILES).unwrap_or(u32::MAX);
    if fitting < wanted {
        eprintln!("the limit of open files leaves room for {fitting} sessions, not {wanted}");
    }
    let count = wanted.min(fitting);
    let mut server = CountedServer::start(env!("CARGO_BIN_EXE_counted_server"), adapter);
    // What the first session brings with it, such as the pool's threads, is no session's cost.
    let warm_up = server.log_in(0..WARM_UP);
    say_goodbye(warm_up);
    eventually("the first sessions end", || server.holding().sessions == 0);
    let empty = server.holding();

    let begun = Instant::now();
    let mut wires = log_in(&server, count);
    let logged_in = begun.elapsed();
    let full = server.holding();
    assert_eq!(full.sessions, count as usize);
    let heap = (full.heap - empty.heap) / full.sessions;
    let pss = full.pss.saturating_sub(empty.pss) / full.sessions;
    eprintln!(
        "{count} idle sessions on {} in {logged_in:.2?}: {heap} bytes of heap, {pss} of PSS each",
        adapter.name()
    );
    assert!(heap <= 6 * 1024, "{heap} bytes of heap");

    let begun = Instant::now();
    let mut busy: Vec<&mut Wire> = wires.iter_mut().step_by(count.div_ceil(BUSY) as usize).collect();
    share(&mut busy, transfer);
    eprintln!("{} of them did two downloads and an upload each in {:.2?}", busy.len(), begun.elapsed());
    assert_eq!(server.holding().sessions, count as usize, "nobody was lost");

    let begun = Instant::now();
    say_goodbye(wires);
    eventually("no session is left", || server.holding().sessions == 0);
    eventually("no file is left open", || server.holding().files <= empty.files);
    let left = server.holding().heap.saturating_sub(empty.heap);
    eprintln!("all of them left in {:.2?}; {left} bytes of heap stay, uploads included", begun.elapsed());
}

fn log_in(server: &CountedServer, count: u32) -> Vec<Wire> {
    let part = count.div_ceil(THREADS).max(1) as usize;
    let starts = (0..count).step_by(part);
    thread::scope(|scope| {
        let log_in = |start: u32| scope.spawn(move || server.log_in(start..count.min(start + part as u32)));
        let threads: Vec<_> = starts.map(log_in).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

/// A download, an upload, and the upload back; each of them for all at once.
fn transfer(wires: &mut [&mut Wire]) {
    wires.iter_mut().for_each(|wire| drop(wire.ask("TYPE I", 200)));
    download(wires, |_| ("small".into(), pattern(1024)));
    let begun = begin(wires, |wire| format!("STOR {}", own_file(wire).0));
    for (wire, mut data) in wires.iter_mut().zip(begun) {
        wire.expect(150);
        data.write_all(&own_file(wire).1).unwrap();
    }
    wires.iter_mut().for_each(|wire| drop(wire.expect(226)));
    download(wires, own_file);
}

fn download(wires: &mut [&mut Wire], file: impl Fn(&Wire) -> (String, Vec<u8>)) {
    let begun = begin(wires, |wire| format!("RETR {}", file(wire).0));
    for (wire, mut data) in wires.iter_mut().zip(begun) {
        wire.expect(150);
        let mut content = Vec::new();
        data.read_to_end(&mut content).unwrap();
        assert_eq!(content, file(wire).1);
        wire.expect(226);
    }
}

fn begin(wires: &mut [&mut Wire], command: impl Fn(&Wire) -> String) -> Vec<Link> {
    let opened = wires.iter_mut().map(|wire| wire.open(Way::Epsv).connection()).collect();
    wires.iter_mut().for_each(|wire| wire.say(&command(wire)));
    opened
}

/// Name and content, 1 KiB, of the file that is this client's alone.
fn own_file(wire: &Wire) -> (String, Vec<u8>) {
    let own = wire.local();
    let mut content = own.to_string().into_bytes();
    content.extend(pattern(1024 - content.len()));
    (format!("{}-{}", own.ip(), own.port()), content)
}

fn say_goodbye(mut wires: Vec<Wire>) {
    share(&mut wires, |wires| {
        wires.iter_mut().for_each(|wire| wire.say("QUIT"));
        for wire in wires {
            wire.expect(221);
            wire.expect_closed();
        }
    });
}

/// Does `work` on a few threads, on a part each.
fn share<T: Send>(all: &mut [T], work: impl Fn(&mut [T]) + Sync) {
    let part = all.len().div_ceil(THREADS as usize).max(1);
    thread::scope(|scope| {
        let work = &work;
        all.chunks_mut(part).for_each(|part| drop(scope.spawn(move || work(part))));
    });
}

const WARM_UP: u32 = 8;
/// How many clients do something.
const BUSY: u32 = 1000;
/// The clients' threads.
const THREADS: u32 = 4;
/// What else a process has open: a listener and a connection for each of those who do something, and a few more.
const SPARE_FILES: usize = 2500;
