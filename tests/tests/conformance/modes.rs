//! MODE, STRU and TYPE over sockets: what is sent comes back, on every kind of server.

use std::io::{Read, Write};

use ftp_proto::coding::{Coding, Decoder, Encoder, Mode, Representation, Step, Structure};
use ftp_tests::{Link, Setup, Way, Wire};

use crate::servers;

const MODES: [(&str, Mode); 4] =
    [("S", Mode::Stream), ("B", Mode::Block), ("C", Mode::Compressed), ("Z", Mode::Deflate)];
const STRUCTURES: [(&str, Structure); 2] = [("F", Structure::File), ("R", Structure::Record)];
const TYPES: [(&str, Representation); 3] =
    [("A", Representation::Ascii), ("E", Representation::Ebcdic), ("I", Representation::Image)];

/// Text and anything else, of more than a mebibyte: the usual distance of markers.
fn content() -> Vec<u8> {
    let lines = (0..100_000_u32).flat_map(|number| format!("line {number}\n").into_bytes());
    lines
        .chain((0..300_000_u32).map(|number| (number.wrapping_mul(number) >> 7) as u8).filter(|byte| *byte != b'\r'))
        .collect()
}

fn encode(coding: &Coding, restart: u64, rest: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    Encoder::new(coding, restart).finish(rest, &mut stream);
    stream
}

/// The file in a stream that may have been cut, and its last marker: text, and how much of the file came before.
fn decode(coding: &Coding, mut stream: &[u8]) -> (Vec<u8>, Option<(String, usize)>) {
    let (mut decoder, mut file, mut marker) = (Decoder::new(coding), Vec::new(), None);
    loop {
        match decoder.decode(&mut stream, &mut file, usize::MAX).expect("a stream in order") {
            Step::Marker(text) => marker = Some((String::from_utf8_lossy(&text).into_owned(), file.len())),
            Step::Hungry | Step::End => return (file, marker),
            Step::Full => {}
        }
    }
}

fn set(wire: &mut Wire, kind: &str, structure: &str, mode: &str) {
    for line in [format!("TYPE {kind}"), format!("STRU {structure}"), format!("MODE {mode}")] {
        wire.ask(&line, 200);
    }
}

fn send(wire: &mut Wire, command: &str, stream: &[u8]) -> Link {
    let opened = wire.open(Way::Epsv);
    wire.ask(command, 150);
    let mut data = opened.connection();
    data.write_all(stream).expect("the server takes it");
    data
}

#[test]
fn files_come_back_in_every_type_structure_and_mode() {
    // Both the text and the rest of it, and several chunks.
    let file = &content()[1_000_000..1_200_000];
    for server in servers() {
        let mut wire = server.login();
        for (kind, representation) in TYPES {
            for (letter, structure) in STRUCTURES {
                for (mode_letter, mode) in MODES {
                    let told = format!("TYPE {kind}, STRU {letter}, MODE {mode_letter}");
                    set(&mut wire, kind, letter, mode_letter);
                    let coding = Coding { representation, structure, mode, level: 6, marker_interval: 0 };
                    drop(send(&mut wire, "STOR a", &encode(&coding, 0, file)));
                    wire.expect(226);
                    assert!(server.content("a").unwrap() == file, "{told}");
                    assert!(decode(&coding, &wire.fetch(Way::Epsv, "RETR a")).0 == file, "{told}");
                }
            }
        }
    }
}

#[test]
fn a_block_that_ends_the_file_is_answered_without_a_close() {
    for server in servers() {
        let mut wire = server.login();
        wire.ask("MODE B", 200);
        let mut data = send(&mut wire, "STOR a", b"\0\0\x03one\x40\0\x03two");
        wire.expect(226);
        assert_eq!(server.content("a").unwrap(), b"onetwo");
        assert_eq!(data.read(&mut [0; 1]).unwrap(), 0, "the server closes in order");
        drop(send(&mut wire, "STOR b", b"\0\0\x03one"));
        wire.expect(426);
        assert_eq!(server.content("b"), None);
    }
}

#[test]
fn a_download_in_blocks_resumes_at_a_marker_after_a_cut() {
    let file = content();
    for server in servers() {
        server.put("a", &file);
        let mut wire = server.login();
        set(&mut wire, "A", "F", "B");
        let opened = wire.open(Way::Epsv);
        wire.ask("RETR a", 150);
        let mut data = opened.connection();
        let mut half = vec![0; file.len()];
        data.read_exact(&mut half).expect("that much is sent");
        ftp_tests::reset(data);
        wire.expect_any(&[226, 426]);
        let coding = Coding {
            representation: Representation::Ascii,
            structure: Structure::File,
            mode: Mode::Block,
            level: 6,
            marker_interval: 0,
        };
        let (mut got, marker) = decode(&coding, &half);
        let (marker, at) = marker.expect("a marker came");
        got.truncate(at);
        wire.ask(&format!("REST {marker}"), 350);
        got.extend(decode(&coding, &wire.fetch(Way::Epsv, "RETR a")).0);
        assert!(got == file);
    }
}

#[test]
fn an_upload_in_blocks_resumes_at_a_marker_after_a_cut() {
    let file = content();
    let server = Setup::new().config(|config| config.keep_partial = ftp_proto::config::Switch::On).start();
    let mut wire = server.login();
    set(&mut wire, "A", "F", "B");
    let coding = Coding {
        representation: Representation::Ascii,
        structure: Structure::File,
        mode: Mode::Block,
        level: 6,
        marker_interval: 100_000,
    };
    let stream = encode(&coding, 0, &file);
    let data = send(&mut wire, "STOR a", &stream[..stream.len() / 2]);
    // The stream holds a marker for each 100,000 bytes; the client waits for the fifth and breaks off.
    let mut last = String::new();
    for _ in 0..5 {
        last = wire.expect(110).text().to_owned();
    }
    ftp_tests::reset(data);
    while wire.expect_any(&[110, 426]).code == 110 {}
    let (theirs, ours) = last.strip_prefix("MARK ").and_then(|marks| marks.split_once(" = ")).expect("two markers");
    assert_eq!((theirs, ours), ("500000", "500000"));
    wire.ask(&format!("REST {ours}"), 350);
    let _data = send(&mut wire, "STOR a", &encode(&coding, 500_000, &file[500_000..]));
    while wire.expect_any(&[110, 226]).code == 110 {}
    assert!(server.content("a").unwrap() == file);
}

#[test]
fn what_is_no_stream_of_the_mode_is_refused() {
    for server in servers() {
        let mut wire = server.login();
        for mode in ["B", "Z"] {
            wire.ask(&format!("MODE {mode}"), 200);
            drop(send(&mut wire, "STOR a", b"this is none"));
            wire.expect(451);
            assert_eq!(server.content("a"), None);
        }
    }
}
