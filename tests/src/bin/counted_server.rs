//! A server that tells what its sessions cost: a test starts it as `CountedServer`, and asks.
//!
//! Its argument is the adapter, `tokio` or `mio`; `tls` behind it offers TLS. It prints its address, and then for every line on standard input
//! `heap pss sessions`: bytes that the heap holds, the process's proportional set size, and how many sessions there are.

#![allow(clippy::print_stdout, reason = "it is what this is for")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::env;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ftp_host::adapter::socket::listen_for_clients;
use ftp_host::tls::Tls;
use ftp_host::{Host, MemoryDisk, Password, Pooled, Users};
use ftp_proto::config::{Config, Switch};
use ftp_proto::storage::Permissions;
use ftp_tests::{Adapter, Credential, identity, pattern, raise_file_limit};
use tokio::runtime::Runtime;

fn main() -> io::Result<()> {
    let name = env::args().nth(1).unwrap_or_default();
    let adapter = Adapter::ALL.into_iter().find(|adapter| adapter.name() == name);
    let adapter = adapter.ok_or_else(|| io::Error::other("the adapter is missing: tokio or mio"))?;
    raise_file_limit()?;
    let disk = Arc::new(MemoryDisk::new().with_file("/small", pattern(1024)));
    let users = Users::new().user("alice", Password::plain("secret"), Permissions::READ_WRITE, disk);
    let host = Arc::new(Pooled::new(Arc::new(users)));
    let listener = listen_for_clients((own_address(), 0).into())?;
    println!("{}", listener.local_addr()?);
    let mut config = Config::default();
    let tls = match env::args().nth(2).as_deref() {
        Some("tls") => Some(tls()?),
        _ => None,
    };
    if tls.is_some() {
        config.tls.offered = Switch::On;
    }
    match adapter {
        Adapter::Tokio => serve_on_tokio(host, listener, config, tls),
        Adapter::Mio => serve_on_mio(host, listener, config, tls),
    }
}

fn tls() -> io::Result<Tls> {
    Tls::builder(identity(&Credential::self_signed(&["localhost"]))).build().map_err(io::Error::other)
}

/// A loopback address that no other server has: each download leaves one of the address's ports in TIME_WAIT for a
/// minute, and thousands of them would be missing elsewhere.
fn own_address() -> Ipv4Addr {
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, 1, high, low)
}

fn serve_on_tokio(host: Arc<dyn Host>, listener: TcpListener, config: Config, tls: Option<Tls>) -> io::Result<()> {
    let mut server = ftp_adapter_tokio::Server::builder(host).max_sessions(usize::MAX).config(config);
    if let Some(tls) = tls {
        server = server.tls(tls);
    }
    let server = server.build();
    let handle = server.handle();
    answer(move || handle.sessions());
    listener.set_nonblocking(true)?;
    Runtime::new()?.block_on(async { server.serve(tokio::net::TcpListener::from_std(listener)?).await })
}

fn serve_on_mio(host: Arc<dyn Host>, listener: TcpListener, config: Config, tls: Option<Tls>) -> io::Result<()> {
    let mut server = ftp_adapter_mio::Server::builder(host).max_sessions(usize::MAX).config(config);
    if let Some(tls) = tls {
        server = server.tls(tls);
    }
    let server = server.build();
    let handle = server.handle();
    answer(move || handle.sessions());
    server.serve(listener)
}

/// Answers on a thread of its own until nobody asks any more; then there is nothing left to serve for.
fn answer(sessions: impl Fn() -> usize + Send + 'static) {
    let answer = move || -> io::Result<()> {
        for line in io::stdin().lines() {
            line?;
            println!("{} {} {}", LIVE.load(Ordering::SeqCst), proportional_set_size()?, sessions());
        }
        Ok(())
    };
    thread::spawn(move || std::process::exit(i32::from(answer().is_err())));
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
