//! A server, on `tokio` or `mio`, that tells what its sessions cost: `tests/idle_memory.rs` runs it and asks.
//!
//! It prints its port, and then for every line on standard input `live pss`: bytes that the heap holds, and the
//! process's proportional set size.

#![allow(clippy::print_stdout, reason = "it is what this is for")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::io;
use std::net::TcpListener;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ftp_host::{MemoryDisk, Password, Pooled, Users};
use ftp_proto::storage::Permissions;
use tokio::runtime::Runtime;

fn main() -> io::Result<()> {
    let users =
        Users::new().user("alice", Password::plain("secret"), Permissions::READ_WRITE, Arc::new(MemoryDisk::new()));
    let host = Arc::new(Pooled::new(Arc::new(users)));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    // A thread of its own: it ends with the process, whatever it waits for.
    thread::spawn(|| answer().map(|()| process::exit(0)));
    match std::env::args().nth(1).as_deref() {
        Some("mio") => {
            let builder = ftp_adapter_mio::Server::builder(host);
            builder.max_per_address(usize::MAX).build().serve(listener)
        }
        _ => {
            let builder = ftp_adapter_tokio::Server::builder(host);
            let server = builder.max_per_address(usize::MAX).build();
            listener.set_nonblocking(true)?;
            Runtime::new()?.block_on(async { server.serve(tokio::net::TcpListener::from_std(listener)?).await })
        }
    }
}

/// Answers until nobody asks any more.
fn answer() -> io::Result<()> {
    for line in io::stdin().lines() {
        line?;
        println!("{} {}", LIVE.load(Ordering::SeqCst), proportional_set_size()?);
    }
    Ok(())
}

fn proportional_set_size() -> io::Result<usize> {
    let text = fs::read_to_string("/proc/self/smaps_rollup")?;
    let kibibytes = text.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB")?.parse().ok());
    kibibytes.map(|count: usize| count * 1024).ok_or_else(|| io::Error::other("the kernel tells no Pss"))
}

static LIVE: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static COUNTING: Counting = Counting;

/// The system's allocator, with the bytes that were asked for counted.
struct Counting;

// SAFETY: hands every call on to the system's allocator as it came.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }
}
