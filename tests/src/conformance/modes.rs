//! MODE B, C and Z, STRU R, TYPE E: what a server may leave out, and how it is to do what it has. The client's side is
//! the kit's own ([`crate::codecs`]).

use std::io::{Read, Write};

use super::context::optional_any;
use super::{Check, Context, may, must, should};
use crate::codecs::{Mode, Piece, content, deflate, ebcdic, inflate, markers, split};
use crate::{Link, Way, Wire, pattern};

pub(super) const CHECKS: &[Check] = &[
    must("mode-b.download", "RFC 959 §3.4.2", "In MODE B a file comes in blocks, the last of which says so", |c| {
        downloads(c, "MODE B", Mode::Block);
    }),
    must("mode-b.upload", "RFC 959 §3.4.2", "In MODE B an upload is over with its last block", |c| {
        uploads(c, "MODE B", Mode::Block);
    }),
    must("mode-b.cut", "RFC 959 §3.4.2", "In MODE B an upload without a last block is not taken", |c| {
        cut(c, "MODE B", &Mode::Block.encode(&[Piece::Data(b"half".to_vec())]), &[426, 451]);
    }),
    must("mode-b.nonsense", "RFC 959 §3.4.2", "What breaks off within a block is not taken", |c| {
        cut(c, "MODE B", b"\x00\x00\x09half", &[426, 451]);
    }),
    must("mode-b.listing", "RFC 959 §3.4.2", "In MODE B a listing comes in blocks, too", |c| {
        c.put("a", b"");
        let mut wire = offered(c, &["MODE B"]);
        assert_eq!(content(&fetch(&mut wire, "NLST", Mode::Block)), b"a\r\n");
    }),
    must("mode-b.ascii", "RFC 959 §3.1.1.1", "TYPE A is the same in blocks", |c| {
        c.put("a", b"one\ntwo\n");
        let mut wire = offered(c, &["MODE B", "TYPE A"]);
        assert_eq!(content(&fetch(&mut wire, "RETR a", Mode::Block)), b"one\r\ntwo\r\n");
    }),
    should("mode-b.marker", "RFC 959 §3.5", "A marker in an upload is answered: 110 MARK theirs = ours", |c| {
        let mut wire = offered(c, &["MODE B"]);
        let mut data = begun(&mut wire, "STOR a");
        let row = [data_of(b"one"), Piece::Marker(b"m1".to_vec()), data_of(b"two"), Piece::EndOfFile];
        data.write_all(&Mode::Block.encode(&row)).expect("the server takes it");
        let reply = wire.expect(110);
        let text = reply.text();
        assert!(text.starts_with("MARK m1 = "), "{}", reply.show());
        wire.expect_any(&[226, 250]);
        assert_eq!(c.content("a"), b"onetwo");
    }),
    should("mode-b.restart-download", "RFC 959 §3.5", "REST with a marker from a download takes it up there", |c| {
        let file = pattern(3 << 20);
        c.put("a", &file);
        let mut wire = offered(c, &["MODE B"]);
        let row = fetch(&mut wire, "RETR a", Mode::Block);
        assert_eq!(content(&row), file);
        let found = markers(&row);
        let Some((at, marker)) = found.get(found.len() / 2) else { c.skip("no markers are sent") };
        wire.ask(&format!("REST {}", String::from_utf8_lossy(marker)), 350);
        assert_eq!(content(&fetch(&mut wire, "RETR a", Mode::Block)), &file[*at..]);
    }),
    should(
        "mode-b.restart-upload",
        "RFC 959 §3.5",
        "REST with the server's own marker takes up an upload there",
        |c| {
            c.put("a", b"onetwo");
            let mut wire = offered(c, &["MODE B"]);
            let mut data = begun(&mut wire, "STOR b");
            let row = [data_of(b"one"), Piece::Marker(b"m1".to_vec()), data_of(b"two"), Piece::EndOfFile];
            data.write_all(&Mode::Block.encode(&row)).expect("the server takes it");
            let reply = wire.expect(110);
            wire.expect_any(&[226, 250]);
            let text = reply.text();
            let ours = text.rsplit(" = ").next().unwrap_or_default();
            wire.ask(&format!("REST {ours}"), 350);
            let mut data = begun(&mut wire, "STOR b");
            data.write_all(&Mode::Block.encode(&[data_of(b"TWO"), Piece::EndOfFile])).expect("the server takes it");
            wire.expect_any(&[226, 250]);
            assert_eq!(c.content("b"), b"oneTWO");
        },
    ),
    must("mode-b.back-to-stream", "RFC 959 §3.4", "MODE S is the stream again", |c| {
        c.put("a", b"content");
        let mut wire = offered(c, &["MODE B"]);
        wire.ask("MODE S", 200);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
    }),
    must("mode-b.rein", "RFC 959 §4.1.1", "After REIN the mode is S again", |c| {
        c.put("a", b"content");
        let command = format!("RETR {}", c.path("a"));
        let (user, pass) = (c.user(), c.pass());
        let mut wire = offered(c, &["MODE B"]);
        optional_any(&mut wire, "REIN", &[220]);
        wire.ask(&user, 331);
        wire.ask(&pass, 230);
        wire.ask("TYPE I", 200);
        assert_eq!(wire.fetch(Way::Epsv, &command), b"content");
    }),
    must(
        "mode-c.download",
        "RFC 959 §3.4.3",
        "In MODE C a file comes in strings and runs, and says where it ends",
        |c| {
            downloads(c, "MODE C", Mode::Compressed(0));
        },
    ),
    must("mode-c.upload", "RFC 959 §3.4.3", "In MODE C an upload is over where it says so", |c| {
        uploads(c, "MODE C", Mode::Compressed(0));
    }),
    must("mode-c.filler", "RFC 959 §3.4.3", "In TYPE A the filler is a blank", |c| {
        let text = format!("one{}two\n", " ".repeat(200));
        let mut wire = offered(c, &["MODE C", "TYPE A"]);
        let sent = text.replace('\n', "\r\n");
        store(&mut wire, "STOR a", Mode::Compressed(b' '), &[data_of(sent.as_bytes()), Piece::EndOfFile]);
        assert_eq!(c.content("a"), text.as_bytes());
        let row = fetch(&mut wire, "RETR a", Mode::Compressed(b' '));
        assert_eq!(content(&row), sent.as_bytes());
    }),
    must("mode-c.cut", "RFC 959 §3.4.3", "What breaks off within a string is not taken", |c| {
        cut(c, "MODE C", b"\x09half", &[426, 451]);
    }),
    must("mode-z.download", "draft-preston-ftpext-deflate §3", "In MODE Z a file comes in the zlib format", |c| {
        for length in [0, 1, 100_000] {
            c.put("a", &pattern(length));
            let mut wire = offered(c, &["MODE Z"]);
            let bytes = wire.fetch(Way::Epsv, "RETR a");
            assert_eq!(inflate(&bytes).expect("a zlib stream, whole"), pattern(length));
        }
    }),
    must("mode-z.upload", "draft-preston-ftpext-deflate §3", "In MODE Z an upload comes in the zlib format", |c| {
        for level in [0, 1, 9] {
            for length in [0, 1, 100_000] {
                let mut wire = offered(c, &["MODE Z"]);
                wire.store(Way::Epsv, "STOR a", &deflate(&pattern(length), level));
                assert_eq!(c.content("a"), pattern(length), "{level}");
            }
        }
    }),
    must("mode-z.compresses", "draft-preston-ftpext-deflate §1", "What compresses well is short on its way", |c| {
        c.put("a", &vec![b'a'; 1 << 20]);
        let mut wire = offered(c, &["MODE Z"]);
        assert!(wire.fetch(Way::Epsv, "RETR a").len() < 1 << 16);
    }),
    must("mode-z.listing", "draft-preston-ftpext-deflate §3", "In MODE Z a listing comes so, too", |c| {
        c.put("a", b"");
        let mut wire = offered(c, &["MODE Z"]);
        assert_eq!(inflate(&wire.fetch(Way::Epsv, "NLST")).expect("a zlib stream"), b"a\r\n");
    }),
    must("mode-z.cut", "draft-preston-ftpext-deflate §3", "A zlib stream that is cut is not taken", |c| {
        let whole = deflate(&pattern(10_000), 6);
        cut(c, "MODE Z", &whole[..whole.len() - 1], &[426, 451]);
        cut(c, "MODE Z", &whole[..whole.len() / 2], &[426, 451]);
    }),
    must("mode-z.nonsense", "draft-preston-ftpext-deflate §3", "What is no zlib stream is not taken", |c| {
        cut(c, "MODE Z", b"this is no zlib stream", &[426, 451, 501, 550, 551, 554]);
        let mut raw = deflate(&pattern(1000), 6);
        raw.drain(..2);
        cut(c, "MODE Z", &raw, &[426, 451, 501, 550, 551, 554]);
        let mut wrong = deflate(&pattern(1000), 6);
        *wrong.last_mut().expect("a checksum") ^= 1;
        cut(c, "MODE Z", &wrong, &[426, 451, 501, 550, 551, 554]);
    }),
    may("mode-z.level", "draft-preston-ftpext-deflate §4", "OPTS MODE Z LEVEL sets how hard it tries", |c| {
        c.put("a", &pattern(10_000));
        let mut wire = offered(c, &["MODE Z"]);
        for level in [1, 9] {
            optional_any(&mut wire, &format!("OPTS MODE Z LEVEL {level}"), &[200]);
            assert_eq!(inflate(&wire.fetch(Way::Epsv, "RETR a")).expect("a zlib stream"), pattern(10_000));
        }
        wire.ask_any("OPTS MODE Z LEVEL 99", &[501, 504]);
        wire.ask_any("OPTS MODE Z LEVEL x", &[501, 504]);
    }),
    should("mode-z.feature", "RFC 2389 §3.2", "FEAT lists MODE Z exactly where it is there", |c| {
        let mut wire = c.login();
        let there = wire.ask_any("MODE Z", &[200, 500, 501, 502, 504]).code == 200;
        let told = wire.ask_any("FEAT", &[211, 500, 502]).body();
        assert_eq!(told.iter().any(|line| line.to_ascii_uppercase().starts_with("MODE Z")), there, "{told:?}");
    }),
    must(
        "mode.refused-changes-nothing",
        "RFC 959 §5.4",
        "A mode that does not exist is refused, and the one there was stays",
        |c| {
            c.put("a", b"content");
            let mut wire = c.login();
            for line in ["MODE X", "MODE", "MODE SB"] {
                wire.ask_any(line, &[501, 504]);
            }
            assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
        },
    ),
    must("stru-r.download", "RFC 959 §3.4.1", "STRU R marks the ends of records in the stream", |c| {
        c.put("a", b"one\n\nthree\n");
        let mut wire = offered(c, &["TYPE A", "STRU R"]);
        let row = fetch(&mut wire, "RETR a", Mode::Records);
        assert_eq!(split(&row), [&b"one"[..], b"", b"three"]);
        assert_eq!(row.last(), Some(&Piece::EndOfFile));
    }),
    must("stru-r.upload", "RFC 959 §3.4.1", "Records that come become lines", |c| {
        let mut wire = offered(c, &["TYPE A", "STRU R"]);
        let row = [data_of(b"one"), Piece::EndOfRecord, data_of(b"two"), Piece::EndOfRecord, Piece::EndOfFile];
        store(&mut wire, "STOR a", Mode::Records, &row);
        assert_eq!(c.content("a"), b"one\ntwo\n");
    }),
    must("stru-r.escape", "RFC 959 §3.4.1", "A byte 0xFF comes twice", |c| {
        c.put("a", b"\xFF\x01\xFF");
        let mut wire = offered(c, &["STRU R"]);
        assert_eq!(content(&fetch(&mut wire, "RETR a", Mode::Records)), b"\xFF\x01\xFF");
    }),
    must("stru-r.nonsense", "RFC 959 §3.4.1", "A code that does not exist is not taken", |c| {
        c.put("a", b"before");
        let mut wire = offered(c, &["STRU R"]);
        let mut data = begun(&mut wire, "STOR a");
        let _ = data.write_all(b"x\xFF\x07y").and_then(|()| data.finish());
        wire.expect_any(&[426, 451, 501, 550, 551, 554]);
        assert_eq!(c.content("a"), b"before");
    }),
    must("stru-r.in-blocks", "RFC 959 §3.4.2", "In MODE B the blocks say where records end", |c| {
        c.put("a", b"one\ntwo\n");
        let mut wire = offered(c, &["TYPE A", "STRU R", "MODE B"]);
        assert_eq!(split(&fetch(&mut wire, "RETR a", Mode::Block)), [b"one", b"two"]);
    }),
    must("type-e.download", "RFC 959 §3.1.1.2", "In TYPE E text comes in EBCDIC, its lines end in NL", |c| {
        c.put("a", b"Hello, [World]\n");
        let mut wire = offered(c, &["TYPE E"]);
        let expected = [ebcdic::from_latin(b"Hello, [World]"), vec![ebcdic::NL]].concat();
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), expected);
    }),
    must("type-e.upload", "RFC 959 §3.1.1.2", "In TYPE E text comes back from EBCDIC", |c| {
        let mut wire = offered(c, &["TYPE E"]);
        let sent = [ebcdic::from_latin(b"Hello, [World]"), vec![ebcdic::NL]].concat();
        wire.store(Way::Epsv, "STOR a", &sent);
        assert_eq!(c.content("a"), b"Hello, [World]\n");
    }),
    may("type-e.form", "RFC 959 §5.4", "TYPE E N is the same", |c| {
        offered(c, &["TYPE E N"]);
    }),
    must("mode-b.sequence", "RFC 959 §3.4.2", "One transfer after another in MODE B, each with its own EPSV", |c| {
        let mut wire = offered(c, &["MODE B"]);
        for round in 0..3 {
            let file = pattern(1000 * round);
            store(&mut wire, "STOR a", Mode::Block, &[data_of(&file), Piece::EndOfFile]);
            assert_eq!(content(&fetch(&mut wire, "RETR a", Mode::Block)), file);
        }
    }),
];

const LENGTHS: [usize; 5] = [0, 1, 127, 70_000, 1 << 20];

fn data_of(bytes: &[u8]) -> Piece {
    Piece::Data(bytes.to_vec())
}

/// Logged in, with these parameters; left out where the server has not all of them.
#[track_caller]
fn offered(c: &mut Context<'_>, lines: &[&str]) -> Wire {
    let mut wire = c.login();
    for line in lines {
        optional_any(&mut wire, line, &[200]);
    }
    wire
}

#[track_caller]
fn begun(wire: &mut Wire, command: &str) -> Link {
    let opened = wire.open(Way::Epsv);
    wire.ask_any(command, &[125, 150]);
    opened.connection()
}

/// A download up to where it says that it ends.
#[track_caller]
fn fetch(wire: &mut Wire, command: &str, mode: Mode) -> Vec<Piece> {
    let mut data = begun(wire, command);
    let row = mode.decode(&mut std::io::BufReader::new(&mut data)).expect("pieces in order");
    wire.expect_any(&[226, 250]);
    row
}

/// An upload whose connection stays open: it is over where it says so.
#[track_caller]
fn store(wire: &mut Wire, command: &str, mode: Mode, row: &[Piece]) {
    let mut data = begun(wire, command);
    data.write_all(&mode.encode(row)).and_then(|()| data.flush()).expect("the server takes it");
    wire.expect_any(&[226, 250]);
}

#[track_caller]
fn downloads(c: &mut Context<'_>, line: &str, mode: Mode) {
    for length in LENGTHS {
        c.put("a", &file(length));
        let mut wire = offered(c, &[line]);
        let row = fetch(&mut wire, "RETR a", mode);
        assert!(content(&row) == file(length), "{length} bytes come back as others");
        assert_eq!(row.last(), Some(&Piece::EndOfFile), "it says where it ends");
    }
}

#[track_caller]
fn uploads(c: &mut Context<'_>, line: &str, mode: Mode) {
    for length in LENGTHS {
        let mut wire = offered(c, &[line]);
        store(&mut wire, "STOR a", mode, &[data_of(&file(length)), Piece::EndOfFile]);
        assert!(c.content("a") == file(length), "{length} bytes come back as others");
    }
}

/// Runs of zeros and of others among what is no run.
fn file(length: usize) -> Vec<u8> {
    let mut bytes = pattern(length);
    for (at, byte) in bytes.iter_mut().enumerate() {
        match at / 300 % 4 {
            1 => *byte = 0,
            2 => *byte = b'x',
            _ => {}
        }
    }
    bytes
}

/// An upload that ends like this is told so, and changes nothing.
#[track_caller]
fn cut(c: &mut Context<'_>, line: &str, bytes: &[u8], codes: &[u16]) {
    c.put("a", b"before");
    let mut wire = offered(c, &[line]);
    let mut data = begun(&mut wire, "STOR a");
    // A server that has seen enough may close first.
    let _ = data.write_all(bytes).and_then(|()| data.finish());
    let _ = data.read_to_end(&mut Vec::new());
    wire.expect_any(codes);
    wire.ask("NOOP", 200);
    assert_eq!(c.content("a"), b"before");
}
