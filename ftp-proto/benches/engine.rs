//! What the engine's hot paths cost: `cargo bench -p ftp-proto`.

use std::hint::black_box;
use std::sync::Arc;

use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher};
use ftp_proto::VirtualPath;
use ftp_proto::ascii::{Decoder, Encoder};
use ftp_proto::listing::{self, Facts, ListOptions, MlsxRole};
use ftp_proto::storage::{Entry, Metadata, Permissions};
use ftp_proto::time::UnixTime;

use self::world::World;

mod world;

/// Counts what each bench allocates.
#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// NOOP, from its bytes to the reply's credit.
#[divan::bench]
fn noop(bencher: Bencher<'_, '_>) {
    let mut world = warm();
    bencher.bench_local(|| world.noop());
}

#[divan::bench]
fn noop_64_pipelined(bencher: Bencher<'_, '_>) {
    let mut world = warm();
    let lines = b"NOOP\r\n".repeat(64);
    bencher.counter(ItemsCount::new(64_u32)).bench_local(|| world.say(&lines, b"200 "));
}

/// PASV and RETR with an offload, all but the bytes of the file.
#[divan::bench]
fn retrieve(bencher: Bencher<'_, '_>) {
    let mut world = warm();
    bencher.bench_local(|| world.retrieve());
}

#[divan::bench]
fn log_in(bencher: Bencher<'_, '_>) {
    let mut world = warm();
    bencher.bench_local(|| world.log_in());
}

/// A logged-in session that has done each thing once.
fn warm() -> World {
    let mut world = World::logged_in(&Arc::default());
    world.retrieve();
    world.noop();
    world
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

#[divan::bench]
fn list_10_000(bencher: Bencher<'_, '_>) {
    let entries = entries();
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(ENTRIES)).bench_local(|| {
        out.clear();
        for entry in &entries {
            listing::write_list_line(&mut out, &entry.name, &entry.metadata, NOW, ListOptions::default());
        }
        black_box(out.len())
    });
}

#[divan::bench]
fn mlsd_10_000(bencher: Bencher<'_, '_>) {
    let entries = entries();
    let mut out = Vec::new();
    let permissions = Permissions::READ_WRITE;
    bencher.counter(ItemsCount::new(ENTRIES)).bench_local(|| {
        out.clear();
        for entry in &entries {
            listing::write_mlsx(&mut out, &entry.name, &entry.metadata, Facts::ALL, MlsxRole::Entry, permissions);
            out.extend_from_slice(b"\r\n");
        }
        black_box(out.len())
    });
}

#[divan::bench]
fn nlst_10_000(bencher: Bencher<'_, '_>) {
    let entries = entries();
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(ENTRIES)).bench_local(|| {
        out.clear();
        for entry in &entries {
            listing::write_name_line(&mut out, b"", &entry.name, &entry.metadata, ListOptions::default());
        }
        black_box(out.len())
    });
}

/// A megabyte of text in lines of 64 bytes.
fn unix_text() -> Vec<u8> {
    let mut line = [b'x'; 64];
    line[63] = b'\n';
    line.repeat(16_384)
}

#[divan::bench]
fn ascii_encode_1_mib(bencher: Bencher<'_, '_>) {
    let text = unix_text();
    let mut out = Vec::new();
    bencher.counter(BytesCount::of_slice(&text)).bench_local(|| {
        out.clear();
        Encoder::default().encode(black_box(&text), &mut out);
        black_box(out.len())
    });
}

#[divan::bench]
fn ascii_decode_1_mib(bencher: Bencher<'_, '_>) {
    let mut network = Vec::new();
    Encoder::default().encode(&unix_text(), &mut network);
    let mut out = Vec::new();
    bencher.counter(BytesCount::of_slice(&network)).bench_local(|| {
        out.clear();
        Decoder::default().decode(black_box(&network), &mut out);
        black_box(out.len())
    });
}

#[divan::bench]
fn glob_match(bencher: Bencher<'_, '_>) {
    bencher.bench(|| listing::glob_matches(black_box(b"*pic*[0-9].jp?g"), black_box(b"holiday picture 00042.jpeg")));
}

#[divan::bench(args = ["file.txt", "../other/file.txt", "/srv//a/./b/../c/d.tar.gz"])]
fn resolve_path(bencher: Bencher<'_, '_>, argument: &str) {
    let Ok(directory) = VirtualPath::parse(b"/home/alice/pictures") else { return };
    bencher.bench(|| black_box(&directory).resolve(black_box(argument.as_bytes()), 4096));
}
