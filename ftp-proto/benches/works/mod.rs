//! What is measured: every piece of work, once, for all the benches. Time, instructions and allocations are of the same
//! things and go by the same names.

use std::fmt;
use std::hint::black_box;
use std::sync::Arc;

use ftp_proto::VirtualPath;
use ftp_proto::ascii::{Decoder, Encoder};
use ftp_proto::command;
use ftp_proto::listing::{self, Facts, ListOptions, MlsxRole};
use ftp_proto::reply::Reply;
use ftp_proto::storage::{Entry, Metadata, Permissions};
use ftp_proto::time::UnixTime;

use crate::world::World;

/// One piece of work.
#[derive(Clone, Copy)]
pub(crate) struct Work {
    pub(crate) name: &'static str,
    pub(crate) amount: Amount,
    /// Makes all that it needs, and gives what is to be measured.
    pub(crate) prepare: fn() -> Box<dyn FnMut()>,
}

/// How much is done by one call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Amount {
    /// One thing.
    One,
    /// So many small things.
    Items(u32),
    /// So many bytes.
    #[allow(dead_code, reason = "only times are told for each")]
    Bytes(u32),
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

const fn work(name: &'static str, amount: Amount, prepare: fn() -> Box<dyn FnMut()>) -> Work {
    Work { name, amount, prepare }
}

/// All of it, sorted by name. In a session each is a command with its reply, and everything in between but the bytes of
/// files; the stub that answers the session is measured with it.
pub(crate) const WORKS: &[Work] = &[
    work("ascii-decode-64k", Amount::Bytes(TEXT), ascii_decode),
    work("ascii-encode-64k", Amount::Bytes(TEXT), ascii_encode),
    work("cwd", Amount::One, || in_session(|world| world.say(b"CWD pictures\r\nCWD /\r\n", b"250 "))),
    work("epsv", Amount::One, || in_session(|world| world.say(b"EPSV\r\n", b"229 "))),
    work("glob", Amount::One, glob),
    work("list-10000", Amount::Items(ENTRIES), list),
    work("login", Amount::One, || in_session(World::log_in)),
    work("mdtm", Amount::One, || in_session(|world| world.say(b"MDTM pictures/holiday.jpeg\r\n", b"213 "))),
    work("mlsd-10000", Amount::Items(ENTRIES), mlsd),
    work("nlst-10000", Amount::Items(ENTRIES), nlst),
    work("noop", Amount::One, || in_session(World::noop)),
    work("noop-64", Amount::Items(64), noops),
    work("parse", Amount::Items(LINES.len() as u32), parse),
    work("pasv", Amount::One, || in_session(|world| world.say(b"PASV\r\n", b"227 "))),
    work("path-absolute", Amount::One, || resolve("/srv//a/./b/../c/d.tar.gz")),
    work("path-name", Amount::One, || resolve("file.txt")),
    work("path-up", Amount::One, || resolve("../other/file.txt")),
    work("pwd", Amount::One, || in_session(|world| world.say(b"PWD\r\n", b"257 "))),
    work("reply", Amount::One, reply),
    work("retr", Amount::One, || in_session(World::retrieve)),
    work("size", Amount::One, || in_session(|world| world.say(b"SIZE pictures/holiday.jpeg\r\n", b"213 "))),
    work("stor", Amount::One, || in_session(World::store)),
    work("type", Amount::One, || in_session(|world| world.say(b"TYPE I\r\n", b"200 "))),
];

/// Work in a session that is logged in.
fn in_session(mut work: impl FnMut(&mut World) + 'static) -> Box<dyn FnMut()> {
    let mut world = World::logged_in(&Arc::default());
    Box::new(move || work(&mut world))
}

fn noops() -> Box<dyn FnMut()> {
    let lines = b"NOOP\r\n".repeat(64);
    in_session(move |world| world.say(&lines, b"200 "))
}

/// What clients say, each line once.
const LINES: [&[u8]; 16] = [
    b"USER alice",
    b"PASS correct horse battery staple",
    b"SYST",
    b"FEAT",
    b"OPTS UTF8 ON",
    b"PWD",
    b"CWD /home/alice/pictures",
    b"TYPE I",
    b"SIZE holiday.jpeg",
    b"MDTM holiday.jpeg",
    b"PASV",
    b"EPSV",
    b"PORT 192,0,2,2,195,80",
    b"REST 1048576",
    b"RETR holiday.jpeg",
    b"MLSD",
];

fn parse() -> Box<dyn FnMut()> {
    Box::new(|| {
        for line in LINES {
            black_box(command::parse(black_box(line)).is_ok());
        }
    })
}

fn reply() -> Box<dyn FnMut()> {
    Box::new(|| {
        let parts: [&[u8]; 3] = [b"Opening BINARY mode data connection (", b"1048576", b" bytes)."];
        black_box(Reply::line(150, black_box(&parts)));
    })
}

fn resolve(argument: &'static str) -> Box<dyn FnMut()> {
    let directory = VirtualPath::parse(b"/home/alice/pictures").expect("a path");
    Box::new(move || {
        black_box(directory.resolve(black_box(argument.as_bytes()), 4096).is_ok());
    })
}

fn glob() -> Box<dyn FnMut()> {
    Box::new(|| {
        black_box(listing::glob_matches(black_box(b"*pic*[0-9].jp?g"), black_box(b"holiday picture 00042.jpeg")));
    })
}

/// 2024-01-02T15:04:05Z.
const NOW: UnixTime = UnixTime::from_secs(1_704_207_845);

const ENTRIES: u32 = 10_000;

/// A directory as a storage would list it, a tenth of it directories, half of it old.
fn entries() -> Vec<Entry> {
    let entry = |number: u32| {
        let modified = UnixTime::from_secs(NOW.secs - i64::from(number) * 3_000);
        let shape = if number.is_multiple_of(10) {
            Metadata::directory(modified)
        } else {
            Metadata::file(u64::from(number) * 4_099, modified)
        };
        let metadata = Metadata {
            owner: Some("alice".into()),
            group: Some("users".into()),
            unique: Some((0x801, u64::from(number) + 1_000_000)),
            ..shape
        };
        Entry { name: format!("holiday picture {number:05}.jpeg").into_bytes().into(), metadata }
    };
    (0..ENTRIES).map(entry).collect()
}

/// A listing of all of them, line by line, into one buffer.
fn listing(line: fn(&mut Vec<u8>, &Entry)) -> Box<dyn FnMut()> {
    let (entries, mut out) = (entries(), Vec::new());
    Box::new(move || {
        out.clear();
        entries.iter().for_each(|entry| line(&mut out, entry));
        black_box(out.len());
    })
}

fn list() -> Box<dyn FnMut()> {
    listing(|out, entry| listing::write_list_line(out, &entry.name, &entry.metadata, NOW, ListOptions::default()))
}

fn mlsd() -> Box<dyn FnMut()> {
    listing(|out, entry| {
        let permissions = Permissions::READ_WRITE;
        listing::write_mlsx(out, &entry.name, &entry.metadata, Facts::ALL, MlsxRole::Entry, permissions);
        out.extend_from_slice(b"\r\n");
    })
}

fn nlst() -> Box<dyn FnMut()> {
    listing(|out, entry| listing::write_name_line(out, b"", &entry.name, &entry.metadata, ListOptions::default()))
}

const TEXT: u32 = 64 << 10;

/// Text in lines of 64 bytes, as Unix has it.
fn text() -> Vec<u8> {
    let mut line = [b'x'; 64];
    line[63] = b'\n';
    line.repeat(TEXT as usize / line.len())
}

fn ascii_encode() -> Box<dyn FnMut()> {
    let (text, mut out) = (text(), Vec::new());
    Box::new(move || {
        out.clear();
        Encoder::default().encode(black_box(&text), &mut out);
        black_box(out.len());
    })
}

fn ascii_decode() -> Box<dyn FnMut()> {
    let (mut network, mut out) = (Vec::new(), Vec::new());
    Encoder::default().encode(&text(), &mut network);
    Box::new(move || {
        out.clear();
        Decoder::default().decode(black_box(&network), &mut out);
        black_box(out.len());
    })
}
