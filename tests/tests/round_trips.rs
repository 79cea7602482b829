//! Whatever is sent comes back: random files, in every protection, type, structure and mode, in pieces cut anywhere.
//! And what was cut off is never taken for a file.
//!
//! The client's codecs are written apart from the engine. A failure prints its seed: `FTP_TRIPS_SEED=... cargo test`
//! plays the same cases again.

#![allow(clippy::unwrap_used)] // Also in what tests share, which clippy does not take for a test.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Write;
use std::sync::OnceLock;

use ftp_host::adapter::Offload;
use ftp_tests::codecs::{Mode, Piece, deflate, ebcdic, inflate};
use ftp_tests::{Files, Harness, Link, Security, Setup, TlsClient, TlsVersion, Way, Wire};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// So many that a debug build needs less than half a minute.
const CASES: u32 = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Protection {
    Plain,
    Tls(u8),
}

/// TYPE, STRU and MODE, and how hard MODE Z tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form {
    kind: char,
    structure: char,
    mode: char,
    level: u32,
}

/// How the client's side of a data connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// As it should.
    Orderly,
    /// By a bare FIN: in the clear, that is as it should be.
    Fin,
    Reset,
}

fn protections() -> impl Strategy<Value = Protection> {
    select(vec![Protection::Plain, Protection::Tls(2), Protection::Tls(3)])
}

fn forms() -> impl Strategy<Value = Form> {
    (select(vec!['I', 'A', 'E']), select(vec!['F', 'R']), select(vec!['S', 'B', 'C', 'Z']), 0_u32..=9)
        .prop_map(|(kind, structure, mode, level)| Form { kind, structure, mode, level })
}

/// Files in which everything of meaning is frequent. CR LF is not in them: in TYPE A it is the same as LF.
fn files() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        3 => Just(b'\n'),
        2 => Just(b'\r'),
        2 => Just(0xFF_u8),
        1 => 0_u8..4,
        1 => Just(b' '),
        1 => Just(0x40_u8),
        1 => Just(0x85_u8),
        4 => any::<u8>(),
    ];
    // Now and then more than a chunk of the server's.
    let run = (byte, prop_oneof![80 => Just(1_usize), 19 => 1_usize..200, 1 => 1_usize..70_000]);
    proptest::collection::vec(run, 0..60).prop_map(|runs| {
        let mut file: Vec<u8> = runs.into_iter().flat_map(|(byte, count)| vec![byte; count]).collect();
        for at in 1..file.len() {
            if file[at] == b'\n' && file[at - 1] == b'\r' {
                file[at] = b'x';
            }
        }
        file
    })
}

fn cuts() -> impl Strategy<Value = Vec<Index>> {
    proptest::collection::vec(any::<Index>(), 0..8)
}

/// `bytes` in pieces that end at `cuts`.
fn pieces<'a>(bytes: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    let mut from = 0;
    ends.into_iter()
        .map(|end| &bytes[std::mem::replace(&mut from, end)..end])
        .filter(|piece| !piece.is_empty())
        .collect()
}

/// NEL and LF change places: a line ends in NL of EBCDIC, which is NEL (see the codec).
fn swap_ends(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .map(|byte| match byte {
            b'\n' => 0x85,
            0x85 => b'\n',
            other => *other,
        })
        .collect()
}

impl Form {
    fn codec(self) -> Option<Mode> {
        match (self.mode, self.structure, self.kind) {
            ('B', ..) => Some(Mode::Block),
            ('C', _, 'I') => Some(Mode::Compressed(0)),
            ('C', _, 'A') => Some(Mode::Compressed(b' ')),
            // A blank of EBCDIC.
            ('C', ..) => Some(Mode::Compressed(0x40)),
            (_, 'R', _) => Some(Mode::Records),
            _ => None,
        }
    }

    /// Text as the network has it; lines of a file, where they are no records.
    fn onto_network(self, text: &[u8]) -> Vec<u8> {
        match self.kind {
            'I' => text.to_vec(),
            'E' => {
                static TABLE: OnceLock<Vec<u8>> = OnceLock::new();
                let table = TABLE.get_or_init(|| ebcdic::from_latin(&swap_ends(&(0..=255).collect::<Vec<_>>())));
                text.iter().map(|byte| table[usize::from(*byte)]).collect()
            }
            _ => {
                let mut out = Vec::new();
                for byte in text {
                    out.extend_from_slice(if *byte == b'\n' { b"\r\n" } else { std::slice::from_ref(byte) });
                }
                out
            }
        }
    }

    fn off_network(self, bytes: &[u8]) -> Vec<u8> {
        match self.kind {
            'I' => bytes.to_vec(),
            'E' => swap_ends(&ebcdic::to_latin(bytes)),
            _ => {
                let mut out: Vec<u8> = Vec::new();
                for byte in bytes {
                    if *byte == b'\n' && out.last() == Some(&b'\r') {
                        out.pop();
                    }
                    out.push(*byte);
                }
                out
            }
        }
    }

    /// The file's stream; where nothing else decides it, cut into blocks and records at `cuts`.
    fn encode(self, file: &[u8], cuts: &[Index]) -> Vec<u8> {
        let mut row = Vec::new();
        if self.structure == 'R' && self.kind != 'I' {
            for line in file.split_inclusive(|byte| *byte == b'\n') {
                let text = line.strip_suffix(b"\n").unwrap_or(line);
                row.extend(pieces(&self.onto_network(text), cuts).into_iter().map(|piece| Piece::Data(piece.to_vec())));
                if text.len() < line.len() {
                    row.push(Piece::EndOfRecord);
                }
            }
        } else {
            for piece in pieces(&self.onto_network(file), cuts) {
                row.push(Piece::Data(piece.to_vec()));
                if self.structure == 'R' {
                    row.push(Piece::EndOfRecord);
                }
            }
        }
        row.push(Piece::EndOfFile);
        let plain = match self.codec() {
            Some(codec) => codec.encode(&row),
            None => self.onto_network(file),
        };
        if self.mode == 'Z' { deflate(&plain, self.level) } else { plain }
    }

    /// The file of a stream, and whether the stream itself says that it has ended; `None` where it breaks off.
    fn decode(self, stream: &[u8]) -> Option<(Vec<u8>, bool)> {
        let inflated = if self.mode == 'Z' { inflate(stream).ok()? } else { stream.to_vec() };
        let Some(codec) = self.codec() else { return Some((self.off_network(&inflated), false)) };
        let row = codec.decode(&mut &inflated[..]).ok()?;
        let over = row.last() == Some(&Piece::EndOfFile);
        if self.mode == 'B' && !over {
            return None;
        }
        let (mut file, mut data) = (Vec::new(), Vec::new());
        for piece in row {
            match piece {
                Piece::Data(bytes) => data.extend(bytes),
                Piece::EndOfRecord if self.structure == 'R' && self.kind != 'I' => {
                    file.extend(self.off_network(&std::mem::take(&mut data)));
                    file.push(b'\n');
                }
                Piece::EndOfRecord | Piece::EndOfFile | Piece::Marker(_) => {}
            }
        }
        file.extend(self.off_network(&data));
        // Around MODE Z, the stream is whole only with its checksum.
        Some((file, over && self.mode != 'Z'))
    }

    fn set(self, wire: &mut Wire) {
        for line in [format!("TYPE {}", self.kind), format!("STRU {}", self.structure), format!("MODE {}", self.mode)] {
            wire.ask(&line, 200);
        }
        if self.mode == 'Z' {
            wire.ask(&format!("OPTS MODE Z LEVEL {}", self.level), 200);
        }
    }
}

/// A server, and the clients that are logged in to it. One whose case failed is not used again.
struct Stage {
    // Before the server: its end is looked over.
    wires: RefCell<HashMap<Protection, Wire>>,
    server: Harness,
}

impl Stage {
    fn with_wire<T>(&self, protection: Protection, play: impl FnOnce(&mut Wire) -> T) -> T {
        let kept = self.wires.borrow_mut().remove(&protection);
        let mut wire = kept.unwrap_or_else(|| {
            self.server.login_over(&match protection {
                Protection::Plain => Security::Plain,
                Protection::Tls(2) => Security::Explicit(TlsClient::new().version(TlsVersion::V1_2)),
                Protection::Tls(_) => Security::Implicit(TlsClient::new().version(TlsVersion::V1_3)),
            })
        });
        let outcome = play(&mut wire);
        self.wires.borrow_mut().insert(protection, wire);
        outcome
    }
}

/// Every kind of server, one behind the other.
fn stages() -> impl Iterator<Item = Stage> {
    let kinds: [fn(Setup) -> Setup; 3] = [
        |setup| setup.offload(Offload::Kernel),
        |setup| setup.offload(Offload::Buffered),
        // A small chunk meets every edge.
        |setup| setup.files(Files::Memory(64 << 20)).config(|config| config.limits.chunk = 61),
    ];
    kinds.into_iter().map(|kind| Stage { wires: RefCell::default(), server: kind(Setup::new().tls()).start() })
}

/// Plays `CASES` cases on each.
#[allow(clippy::print_stdout, reason = "the seed of whatever goes wrong")]
fn play<S: Strategy>(strategy: S, case: impl Fn(&Stage, S::Value)) {
    let seed = std::env::var("FTP_TRIPS_SEED")
        .map_or_else(|_| std::process::id().into(), |seed| seed.parse::<u64>().expect("FTP_TRIPS_SEED is a number"));
    println!("FTP_TRIPS_SEED={seed}");
    for (number, stage) in stages().enumerate() {
        let mut key = [number as u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let config = Config { cases: CASES, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &key));
        let outcome = runner.run(&strategy, |value| {
            case(&stage, value);
            Ok(())
        });
        if let Err(failure) = outcome {
            panic!("FTP_TRIPS_SEED={seed}, server {number}: {failure}");
        }
    }
}

/// Sends `stream` in pieces, as far as the server takes it: behind an end mark it may close.
fn send(data: &mut Link, stream: &[u8], cuts: &[Index]) {
    for piece in pieces(stream, cuts) {
        if data.write_all(piece).and_then(|()| data.flush()).is_err() {
            return;
        }
    }
}

#[test]
fn every_file_comes_back() {
    let case = ((protections(), forms(), cuts()), (protections(), forms()), files(), cuts());
    play(case, |stage, ((protection, form, records), (other_protection, other_form), file, cuts)| {
        stage.with_wire(protection, |wire| {
            form.set(wire);
            let stream = form.encode(&file, &records);
            let opened = wire.open(Way::Epsv);
            wire.ask("STOR a", 150);
            let mut data = opened.connection();
            send(&mut data, &stream, &cuts);
            let _ = data.finish();
            wire.expect(226);
        });
        let stored = stage.server.content("a").unwrap();
        assert!(stored == file, "stored {}", stored.escape_ascii());
        stage.with_wire(other_protection, |wire| {
            other_form.set(wire);
            let stream = wire.fetch(Way::Epsv, "RETR a");
            let (got, over) = other_form.decode(&stream).expect("a whole stream");
            assert!(got == file, "fetched {}", stream.escape_ascii());
            // Where there is a mark for the end, it is set.
            let marked = other_form.mode == 'B' || other_form.structure == 'R' && other_form.mode == 'S';
            assert!(over || !marked);
        });
    });
}

#[test]
fn what_was_cut_is_no_file() {
    let end = select(vec![End::Orderly, End::Fin, End::Reset]);
    let case = (protections(), forms(), (files(), cuts()), (any::<Index>(), cuts(), end));
    play(case, |stage, (protection, form, (file, records), (length, cuts, end))| {
        const BEFORE: &[u8] = b"what was there before";
        stage.server.put("a", BEFORE);
        let whole = form.encode(&file, &records);
        let stream = &whole[..length.index(whole.len() + 1)];
        let code = stage.with_wire(protection, |wire| {
            form.set(wire);
            let opened = wire.open(Way::Epsv);
            wire.ask("STOR a", 150);
            let mut data = opened.connection();
            send(&mut data, stream, &cuts);
            // Where the server has closed behind an end mark, nothing more can be said.
            match end {
                End::Orderly => drop(data.finish()),
                End::Fin => drop(data.cut()),
                End::Reset => data.reset(),
            }
            let code = wire.expect_any(&[226, 426]).code;
            wire.ask("NOOP", 200);
            code
        });
        let decoded = form.decode(stream);
        let stored = stage.server.content("a").unwrap();
        if code == 426 {
            assert!(stored == BEFORE, "stored {}", stored.escape_ascii());
        } else {
            let (content, _) = decoded.as_ref().expect("half a file was taken");
            assert!(stored == *content, "stored {}", stored.escape_ascii());
        }
        // The mark is the very last. In MODE C all but its last byte can be read at an orderly end, and only there.
        let over = decoded.as_ref().is_some_and(|(_, over)| *over) && stream.len() == whole.len();
        let orderly = end == End::Orderly || end == End::Fin && protection == Protection::Plain;
        match (&decoded, end) {
            (None, _) => assert_eq!(code, 426),
            (Some(_), _) if orderly => assert_eq!(code, 226),
            // An end mark that has come needs nothing behind it; a reset may have come first.
            (Some(_), End::Fin) => assert_eq!(code, if over { 226 } else { 426 }),
            (Some(_), _) => assert!(code == 426 || over, "a reset is the end of no file"),
        }
    });
}
