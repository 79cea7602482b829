//! Looks at the bytes of a row's work, before and outside the clock.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::thread;

use super::measure::{Bench, Member, members};
use super::{Row, Work};
use crate::client::load::{Sink, drain, send};
use crate::client::{Control, Link, Login};
use crate::fault;
use crate::fixture::{entry, hash_of, small};

/// Does the row's work once in as many sessions as it has, and compares what came with what there is.
///
/// # Errors
/// Where something is not as it must be, or the server does not do it.
pub fn verify(row: &Row, bench: &Bench<'_>) -> io::Result<()> {
    if bench.is_ceiling {
        return ceiling(row, bench);
    }
    let login = bench.login(row);
    match row.work {
        Work::Retrieve(1) => each(&login, 1, |member, _| fetched(bench, member, "large.bin")),
        Work::Retrieve(streams) => each(&login, streams, |member, _| fetched(bench, member, "verify.bin")),
        Work::Store(1) => each(&login, 1, |member, index| stored(bench, member, "large.bin", index)),
        Work::Store(streams) => each(&login, streams, |member, index| stored(bench, member, "verify.bin", index)),
        Work::SmallRetrieve(sessions) => {
            let count = bench.fixture.sizes.small;
            each(&login, sessions, |member, index| {
                (index..count).step_by(7).take(20).try_for_each(|file| fetched(bench, member, &small(file)))
            })
        }
        Work::SmallStore(sessions) => {
            let count = bench.fixture.sizes.small;
            each(&login, sessions, |member, index| {
                (0..4).try_for_each(|file| stored(bench, member, &small((index + file) % count), index))
            })
        }
        Work::Sized(bytes) if bytes <= MOST => {
            let name = bench.fixture.sparse(bytes)?;
            each(&login, 1, |member, _| fetched(bench, member, &name))
        }
        Work::List(entries) => listed(bench, &login, "LIST", entries),
        Work::Mlsd(entries) => listed(bench, &login, "MLSD", entries),
        // Codes of replies and counts of bytes are looked at while the clock runs.
        _ => Ok(()),
    }
}

/// Every session in a thread of its own, all at once.
fn each(login: &Login, sessions: u64, work: impl Fn(&mut Member, u64) -> io::Result<()> + Sync) -> io::Result<()> {
    let mut members = members(login, sessions)?;
    thread::scope(|scope| {
        let work = &work;
        let started: Vec<_> =
            members.iter_mut().zip(0..).map(|(member, index)| scope.spawn(move || work(member, index))).collect();
        let done = started.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(fault("a thread panicked"))));
        done.collect::<Vec<_>>().into_iter().collect::<io::Result<()>>()
    })?;
    members.into_iter().try_for_each(|member| member.control.quit())
}

/// The file comes as it is.
fn fetched(bench: &Bench<'_>, member: &mut Member, name: &str) -> io::Result<()> {
    let mut hasher = blake3::Hasher::new();
    let length = member.control.fetch(&format!("RETR {name}"), Sink::Hash(&mut hasher))?;
    same((hasher.finalize(), length), hash_of(&bench.fixture.path(name))?, name)
}

/// The file arrives as it is.
fn stored(bench: &Bench<'_>, member: &mut Member, name: &str, index: u64) -> io::Result<()> {
    let path = bench.fixture.path(name);
    let target = format!("incoming/verified-{index}");
    member.control.store(&target, &File::open(&path)?, &mut member.buffer)?;
    let arrived = bench.fixture.path(&target);
    same(hash_of(&arrived)?, hash_of(&path)?, name)?;
    std::fs::remove_file(arrived)
}

fn same(came: (blake3::Hash, u64), is: (blake3::Hash, u64), name: &str) -> io::Result<()> {
    if came == is {
        return Ok(());
    }
    Err(fault(format!("{name} came with other bytes: {} of {}", came.1, is.1)))
}

/// Every entry is named once.
fn listed(bench: &Bench<'_>, login: &Login, verb: &str, entries: u64) -> io::Result<()> {
    let directory = bench.fixture.list(entries)?;
    let mut control = Control::ready(login)?;
    let mut text = Vec::new();
    control.fetch(&format!("{verb} {directory}"), Sink::Keep(&mut text))?;
    control.quit()?;
    let text = String::from_utf8_lossy(&text);
    // "total 0", and in machine listings the directory itself and the one above, are no entries.
    let named: Vec<&str> =
        text.lines().filter_map(|line| line.rsplit(' ').next()).filter(|name| name.ends_with(".dat")).collect();
    let wanted: BTreeSet<String> = (0..entries).map(entry).collect();
    let found: BTreeSet<String> = named.iter().map(|name| (*name).to_owned()).collect();
    if named.len() as u64 == entries && found == wanted {
        return Ok(());
    }
    Err(fault(format!("{verb}: {} names for {entries} entries", named.len())))
}

fn ceiling(row: &Row, bench: &Bench<'_>) -> io::Result<()> {
    let large = bench.fixture.path("large.bin");
    let connect = || Ok::<_, io::Error>(Link::Clear(std::net::TcpStream::connect(bench.login.address)?));
    match row.work {
        Work::Retrieve(_) => {
            let mut hasher = blake3::Hasher::new();
            let length = drain(&mut connect()?, Sink::Hash(&mut hasher))?;
            same((hasher.finalize(), length), hash_of(&large)?, "large.bin")
        }
        Work::Store(_) => {
            bench.fixture.clear()?;
            let mut link = connect()?;
            send(&mut link, &File::open(&large)?, &mut [])?;
            link.socket().shutdown(std::net::Shutdown::Write)?;
            drain(&mut link, Sink::Keep(&mut Vec::new()))?;
            let mut arrived = std::fs::read_dir(bench.fixture.path("incoming"))?;
            let path = arrived.next().ok_or_else(|| fault("nothing arrived"))??.path();
            same(hash_of(&path)?, hash_of(&large)?, "large.bin")?;
            bench.fixture.clear()
        }
        _ => Ok(()),
    }
}

/// Files of more bytes than this are only counted.
const MOST: u64 = 16 << 20;
