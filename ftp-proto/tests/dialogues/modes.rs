//! MODE B, C and Z: what goes over the data connection, restart markers, bombs, and streams that are cut or broken.

use std::time::Duration;

use ftp_proto::Notice;
use ftp_proto::action::CloseHow;
use ftp_proto::coding::{Coding, Decoder, Encoder, Mode, Representation, Step, Structure};
use ftp_proto::config::{Config, Switch};
use ftp_proto::notice::TransferOutcome;
use ftp_proto::outcome::DataEnd;
use ftp_proto::storage::FinishHow;

use crate::world::{Dice, World};

const TEXT: &[u8] = b"hello\nworld\n";

fn set_up(lines: &[&str], configure: impl FnOnce(&mut Config)) -> World {
    let mut world = World::logged_in_with(configure);
    lines.iter().for_each(|line| drop(world.ask(line, "200")));
    world
}

fn in_mode(letter: &str) -> World {
    set_up(&[&format!("MODE {letter}")], |_| {})
}

const fn coding(representation: Representation, structure: Structure, mode: Mode) -> Coding {
    Coding { representation, structure, mode, level: 6, marker_interval: 0 }
}

const IMAGE: Representation = Representation::Image;

fn encode(coding: &Coding, file: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    Encoder::new(coding, 0).finish(file, &mut stream);
    stream
}

/// The file in a stream, and the markers in it: text, and how much of the file came before.
fn decode(coding: &Coding, mut stream: &[u8]) -> (Vec<u8>, Vec<(String, usize)>) {
    let (mut decoder, mut file, mut markers) = (Decoder::new(coding), Vec::new(), Vec::new());
    loop {
        match decoder.decode(&mut stream, &mut file, usize::MAX).expect("a stream in order") {
            Step::Marker(marker) => markers.push((String::from_utf8_lossy(&marker).into_owned(), file.len())),
            Step::Full => {}
            Step::End => break assert!(stream.is_empty(), "nothing comes behind the end"),
            Step::Hungry => break decoder.finish(&mut file).expect("a whole stream"),
        }
    }
    (file, markers)
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(bytes, 6)
}

fn unzlib(bytes: &[u8]) -> Vec<u8> {
    miniz_oxide::inflate::decompress_to_vec_zlib(bytes).expect("a whole zlib stream")
}

impl World {
    /// An upload that ends by itself: the client leaves the connection open.
    #[track_caller]
    fn store_and_wait(&mut self, line: &str, stream: &[u8]) {
        let link = self.passive();
        self.ask(line, "150");
        self.give(link, stream);
        self.expect("226");
        assert_eq!(self.link(link).closed, Some(CloseHow::Graceful));
    }

    /// A whole upload that is answered like this.
    #[track_caller]
    fn store_badly(&mut self, line: &str, stream: &[u8], beginning: &str) {
        let link = self.passive();
        self.ask(line, "150");
        self.give(link, stream);
        if self.link(link).closed.is_none() {
            self.end(link, DataEnd::Clean);
        }
        self.expect(beginning);
        assert_eq!(self.link(link).closed, Some(CloseHow::Abort));
        self.ask("NOOP", "200");
    }
}

// Downloads and uploads.

#[test]
fn blocks_go_both_ways() {
    for offloads in [false, true] {
        let mut world = in_mode("B");
        world.offloads = offloads;
        assert_eq!(world.fetch("RETR a.txt"), b"\x40\0\x0Chello\nworld\n");
        assert_eq!(world.fetch("RETR empty"), b"\x40\0\0");
        world.store_and_wait("STOR new", b"\0\0\x03new\x20\0\x01 \x40\0\x04file");
        assert_eq!(world.tree.file("/new"), Some(&b"new file"[..]));
        world.store_and_wait("APPE new", b"\x40\0\x01!");
        assert_eq!(world.tree.file("/new"), Some(&b"new file!"[..]));
        world.store_and_wait("STOR none", b"\x40\0\0");
        assert_eq!(world.tree.file("/none"), Some(&b""[..]));
        world.ask("TYPE A", "200");
        assert_eq!(world.fetch("RETR a.txt"), b"\x40\0\x0Ehello\r\nworld\r\n");
        world.ask("MODE S", "200");
        assert_eq!(world.fetch("RETR a.txt"), b"hello\r\nworld\r\n");
    }
}

#[test]
fn runs_go_both_ways() {
    let mut world = in_mode("C");
    world.tree.put("/runs", b"one\0\0\0twoooo");
    assert_eq!(world.fetch("RETR runs"), b"\x03one\xC3\x02tw\0\x40\x84o");
    world.store_and_wait("STOR new", b"\x03one\xC3\x02tw\0\x40\x84o");
    assert_eq!(world.tree.file("/new"), Some(&b"one\0\0\0twoooo"[..]));
    world.store("STOR new", b"\x03one\xC3");
    assert_eq!(world.tree.file("/new"), Some(&b"one\0\0\0"[..]), "closing ends the file too");
}

#[test]
fn zlib_goes_both_ways() {
    let mut world = in_mode("Z");
    world.offloads = true;
    assert_eq!(unzlib(&world.fetch("RETR a.txt")), TEXT);
    assert_eq!(unzlib(&world.fetch("RETR empty")), b"");
    world.store("STOR new", &zlib(b"content"));
    assert_eq!(world.tree.file("/new"), Some(&b"content"[..]));
    world.store("STOR none", &zlib(b""));
    assert_eq!(world.tree.file("/none"), Some(&b""[..]));
    world.ask("TYPE A", "200");
    assert_eq!(unzlib(&world.fetch("RETR a.txt")), b"hello\r\nworld\r\n");
    world.store("STOR new", &zlib(b"one\r\ntwo\r\n"));
    assert_eq!(world.tree.file("/new"), Some(&b"one\ntwo\n"[..]));
}

#[test]
fn the_level_of_mode_z_is_an_option() {
    let mut world = in_mode("Z");
    let file: Vec<u8> = (0..60_000_u32).flat_map(|number| (number % 1013).to_le_bytes()).collect();
    world.tree.put("/file", &file);
    let mut sizes = Vec::new();
    for level in 0..=9 {
        world.ask(&format!("OPTS MODE Z LEVEL {level}"), "200");
        let stream = world.fetch("RETR file");
        assert_eq!(unzlib(&stream), file);
        sizes.push(stream.len());
    }
    assert!(sizes[0] > file.len() && sizes[9] < file.len() / 10, "{sizes:?}");
    for bad in ["Z LEVEL 10", "Z LEVEL -1", "Z LEVEL", "Z LEVEL x", "Z ENGINE x", "Z", "B LEVEL 1", ""] {
        world.ask(&format!("OPTS MODE {bad}"), "501");
    }
}

#[test]
fn mode_z_can_be_switched_off() {
    let mut world = World::logged_in();
    assert!(world.ask("FEAT", "211").lines.contains(&" MODE Z".into()));
    let mut world = World::logged_in_with(|config| config.mode_z = Switch::Off);
    world.ask("MODE Z", "504");
    world.ask("OPTS MODE Z LEVEL 5", "501");
    assert!(!world.ask("FEAT", "211").text().contains("MODE"));
    assert_eq!(world.fetch("RETR a.txt"), TEXT, "it is still MODE S");
}

#[test]
fn only_bytes_as_they_are_come_with_their_number() {
    let mut world = World::logged_in();
    for (mode, text) in [("S", "(12 bytes)"), ("B", "BINARY mode data"), ("C", "BINARY"), ("Z", "BINARY")] {
        world.ask(&format!("MODE {mode}"), "200");
        world.passive();
        let reply = world.ask("RETR a.txt", "150").text();
        assert!(reply.contains(text) && (mode == "S" || !reply.contains("bytes")), "{reply}");
        world.expect("226");
        world.ask("SIZE a.txt", "213 12");
    }
    let started = world.notices.iter().filter_map(|notice| match notice {
        Notice::TransferStarted { expected, .. } => Some(*expected),
        _ => None,
    });
    assert_eq!(started.collect::<Vec<_>>(), [Some(12), None, None, None]);
}

#[test]
fn what_is_counted_went_over_the_data_connection() {
    let mut world = in_mode("Z");
    let stream = zlib(&[b'a'; 100_000]);
    world.store("STOR new", &stream);
    let Some(Notice::TransferEnded(summary)) = world.notices.last() else { panic!("no summary") };
    assert_eq!(summary.bytes, stream.len() as u64);
}

#[test]
fn parameters_are_told_by_stat_and_reset_by_rein() {
    let mut world = World::logged_in();
    assert!(world.ask("STAT", "211").text().contains("TYPE I, STRU F, MODE S"));
    for line in ["TYPE E", "STRU R", "MODE Z"] {
        world.ask(line, "200");
    }
    assert!(world.ask("STAT", "211").text().contains("TYPE E, STRU R, MODE Z"));
    for line in ["STRU P", "MODE X", "TYPE X"] {
        world.ask(line, "50");
    }
    assert!(world.ask("STAT", "211").text().contains("TYPE E, STRU R, MODE Z"));
    world.ask("REIN", "220");
    world.ask("USER alice", "331");
    world.ask("PASS secret", "230");
    assert!(world.ask("STAT", "211").text().contains("TYPE A, STRU F, MODE S"));
}

// Listings.

#[test]
fn listings_are_in_the_mode() {
    let mut world = World::logged_in();
    world.tree.put_dir("/none");
    for command in ["LIST", "NLST dir", "MLSD", "LIST none"] {
        world.ask("MODE S", "200");
        let plain = world.fetch(command);
        for (letter, mode) in [("B", Mode::Block), ("C", Mode::Compressed)] {
            world.ask(&format!("MODE {letter}"), "200");
            let stream = world.fetch(command);
            if command == "MLSD" {
                assert_eq!(stream, plain, "RFC 3659 §7.2: MODE S");
            } else {
                assert_eq!(decode(&coding(IMAGE, Structure::File, mode), &stream).0, plain, "{command}");
            }
        }
        world.ask("MODE Z", "200");
        assert_eq!(unzlib(&world.fetch(command)), plain, "{command}");
    }
}

#[test]
fn a_long_listing_is_in_the_mode() {
    let mut world = set_up(&["MODE Z"], |config| {
        config.limits.chunk = 100;
        config.limits.directory_page = 3;
    });
    (0..500).for_each(|number| world.tree.put(&format!("/dir/{number}"), b"x"));
    let stream = world.fetch("NLST dir");
    assert_eq!(unzlib(&stream).split(|byte| *byte == b'\n').count(), 503);
}

// Ends.

#[test]
fn a_stream_that_ends_too_early_is_426() {
    let full = zlib(b"content that is long enough");
    for (mode, stream) in [
        ("B", &b""[..]),
        ("B", b"\0\0\x07content"),
        ("B", b"\x40\0\x08content"),
        ("C", b"\x08content"),
        ("C", b"\x07content\x84"),
        ("Z", b""),
        ("Z", &full[..full.len() - 1]),
        ("Z", &full[..full.len() - 5]),
    ] {
        let mut world = in_mode(mode);
        world.store_badly("STOR a.txt", stream, "426");
        assert_eq!(world.tree.file("/a.txt"), Some(TEXT), "{mode} {stream:?}");
        assert_eq!(world.outcomes(), [TransferOutcome::Truncated]);
        assert_eq!(world.finishes, [FinishHow::Discard]);
    }
}

#[test]
fn a_stream_that_makes_no_sense_is_451_and_nothing_of_it_is_kept() {
    let with_more = [&zlib(b"content")[..], b"more"].concat();
    for (mode, stream) in [
        ("B", &b"\0\0\x01a\x01\0\0"[..]),
        ("B", b"\x10\0\0"),
        ("B", b"\x10\xFF\xFF"),
        ("C", b"\x01a\0\x0F"),
        ("Z", b"this is no zlib stream"),
        ("Z", &with_more),
    ] {
        for cut in [1, usize::MAX] {
            let mut world = set_up(&[&format!("MODE {mode}")], |config| config.keep_partial = Switch::On);
            world.cut = cut;
            world.store_badly("STOR new", stream, "451");
            assert!(!world.tree.has("/new"), "{mode} {stream:?}");
            assert_eq!(world.outcomes(), [TransferOutcome::Malformed]);
            assert_eq!(world.finishes, [FinishHow::Discard]);
        }
    }
}

#[test]
fn what_arrived_of_a_cut_upload_can_be_kept() {
    let mut world = set_up(&["MODE B"], |config| config.keep_partial = Switch::On);
    let link = world.passive();
    world.ask("STOR new", "150");
    world.give(link, b"\0\0\x04half\0\0\x09and");
    world.reset(link);
    world.expect("426");
    world.ask("SIZE new", "213 7");
    world.ask("REST 7", "350");
    world.store_and_wait("STOR new", b"\x40\0\x05 half");
    assert_eq!(world.tree.file("/new"), Some(&b"halfand half"[..]));
}

#[test]
fn what_comes_behind_the_end_is_not_waited_for() {
    for cut in 1..8 {
        let mut world = in_mode("B");
        world.cut = cut;
        world.store_and_wait("STOR new", b"\x40\0\x03new and what is no block at all");
        assert_eq!(world.tree.file("/new"), Some(&b"new"[..]), "cut {cut}");
    }
}

#[test]
fn abor_ends_a_transfer_in_every_mode() {
    for mode in ["B", "C", "Z"] {
        let mut world = set_up(&[&format!("MODE {mode}")], |config| config.limits.chunk = 64);
        let file: Vec<u8> = (0..10_000_u32).flat_map(|number| (number * number).to_le_bytes()).collect();
        world.tree.put("/file", &file);
        let link = world.passive();
        world.read(link, false);
        world.ask("RETR file", "150");
        world.ask("ABOR", "426");
        world.expect("226");
        let stream = match mode {
            "B" => encode(&coding(IMAGE, Structure::File, Mode::Block), &file),
            "C" => encode(&coding(IMAGE, Structure::File, Mode::Compressed), &file),
            _ => zlib(&file),
        };
        world.hold("Write");
        let link = world.passive();
        world.ask("STOR new", "150");
        world.give(link, &stream[..5_000]);
        world.ask("ABOR", "426");
        world.expect("226");
        world.release();
        assert!(!world.tree.has("/new") && !world.has_open_files());
        let link = world.passive();
        world.read(link, false);
        world.ask("LIST", "150");
        world.ask("ABOR", "426");
        world.expect("226");
    }
}

// Bombs.

/// So many writes of a chunk each, one at a time, and no more of the stream taken meanwhile.
fn swells(mode: &str, stream: &[u8], size: usize) {
    const CHUNK: usize = 1024;
    let mut world = set_up(&[&format!("MODE {mode}")], |config| config.limits.chunk = CHUNK);
    let link = world.passive();
    world.ask("STOR new", "150");
    world.hold("Write");
    world.give(link, stream);
    assert_eq!(world.held(), 1, "one write at a time");
    let waits = world.link(link).outgoing.len();
    assert!(waits + CHUNK >= stream.len(), "no more than one chunk of it was taken");
    assert!(world.link(link).waiting.is_empty(), "and no more is asked for");
    world.logs = true;
    world.release();
    world.end(link, DataEnd::Clean);
    world.expect("226");
    assert_eq!(world.tree.file("/new").map(<[u8]>::len), Some(size));
    let writes = world.log.iter().filter(|line| line.starts_with("< Host(Storage(Write")).count();
    assert!(writes + 1 >= size / (CHUNK + 64), "{writes} writes");
}

#[test]
fn a_zlib_bomb_is_written_in_chunks() {
    swells("Z", &zlib(&vec![0; 1_000_000]), 1_000_000);
}

#[test]
fn runs_that_swell_are_written_in_chunks() {
    swells("C", &[0xFF; 10_000], 630_000);
}

/// The client has done its part: the disk takes as long as it takes.
#[test]
fn a_disk_that_is_slow_to_take_what_swells_is_no_stall() {
    for (mode, stream) in [("Z", zlib(&[0; 5_000])), ("C", [0xFF; 80].to_vec())] {
        let mut world = set_up(&[&format!("MODE {mode}")], |config| {
            config.limits.chunk = 1_000;
            config.timeouts.stall = Duration::from_secs(10);
        });
        let link = world.passive();
        world.ask("STOR new", "150");
        world.hold("Write");
        world.give(link, &stream);
        world.end(link, DataEnd::Clean);
        for _ in 0..4 {
            world.wait_seconds(8);
            assert_eq!(world.held(), 1);
            world.flows = false;
            world.release();
            world.hold("Write");
            world.flows = true;
            world.settle();
        }
        world.silent();
        // And that is up to what the host has.
        world.wait_seconds(60);
        world.expect("451");
    }
}

// Restart markers.

#[test]
fn a_download_goes_on_behind_its_last_marker() {
    let file: Vec<u8> = (0..5_000_u32).flat_map(|number| (number * number).to_le_bytes()).collect();
    for (letter, mode) in [("B", Mode::Block), ("C", Mode::Compressed)] {
        for (kind, representation) in [("I", IMAGE), ("E", Representation::Ebcdic), ("A", Representation::Ascii)] {
            for (letter_of_it, structure) in [("F", Structure::File), ("R", Structure::Record)] {
                let lines = [&*format!("MODE {letter}"), &format!("TYPE {kind}"), &format!("STRU {letter_of_it}")];
                let mut world = set_up(&lines, |config| {
                    config.limits.chunk = 700;
                    config.limits.marker_interval = 3_000;
                });
                world.tree.put("/file", &file);
                let coding = coding(representation, structure, mode);
                let (whole, markers) = decode(&coding, &world.fetch("RETR file"));
                assert_eq!(markers.len(), 6);
                for (marker, before) in markers {
                    world.ask(&format!("REST {marker}"), "350");
                    let (rest, _) = decode(&coding, &world.fetch("RETR file"));
                    assert_eq!([&whole[..before], &rest].concat(), whole, "{coding:?} behind {marker}");
                }
            }
        }
    }
}

#[test]
fn a_download_that_was_cut_is_completed() {
    let mut world = set_up(&["MODE B", "TYPE A"], |config| {
        config.limits.chunk = 10;
        config.limits.marker_interval = 25;
    });
    let file = b"a line of text\n".repeat(10);
    world.tree.put("/file", &file);
    let link = world.passive();
    world.ask("RETR file", "150");
    world.expect("226");
    let cut = &world.link(link).received[..100];
    let coding = coding(Representation::Ascii, Structure::File, Mode::Block);
    let (mut decoder, mut half, mut last, mut rest) = (Decoder::new(&coding), Vec::new(), None, cut);
    while let Step::Marker(marker) = decoder.decode(&mut rest, &mut half, usize::MAX).unwrap() {
        last = Some((String::from_utf8(marker.into()).unwrap(), half.len()));
    }
    let (marker, at) = last.expect("a marker came");
    half.truncate(at);
    world.ask(&format!("REST {marker}"), "350");
    half.extend(decode(&coding, &world.fetch("RETR file")).0);
    assert_eq!(half, file);
}

#[test]
fn no_markers_where_none_are_wanted() {
    let mut world = set_up(&["MODE B"], |config| config.limits.marker_interval = 0);
    world.tree.put("/file", &[b'x'; 100_000]);
    let (file, markers) = decode(&coding(IMAGE, Structure::File, Mode::Block), &world.fetch("RETR file"));
    assert_eq!((file.len(), markers.len()), (100_000, 0));
}

#[test]
fn the_clients_markers_are_answered_once_what_is_before_them_is_written() {
    let mut world = set_up(&["MODE B", "TYPE A"], |_| {});
    let link = world.passive();
    world.ask("STOR new", "150");
    world.hold("Write");
    world.give(link, b"\0\0\x05one\r\n\x10\0\x02M1\0\0\x05two\r\n\x10\0\x02M2");
    world.silent();
    world.release();
    world.expect("110 MARK M1 = 4");
    world.expect("110 MARK M2 = 8");
    world.give(link, b"\x40\0\x07three\r\n");
    world.expect("226");
    assert_eq!(world.tree.file("/new"), Some(&b"one\ntwo\nthree\n"[..]));
}

#[test]
fn an_upload_goes_on_behind_its_last_marker() {
    for kind in ["A", "E", "I"] {
        for mode in ["B", "C"] {
            let lines = [&*format!("MODE {mode}"), &format!("TYPE {kind}")];
            let mut world = set_up(&lines, |config| config.keep_partial = Switch::On);
            let coding = Coding {
                marker_interval: 10,
                ..coding(
                    match kind {
                        "A" => Representation::Ascii,
                        "E" => Representation::Ebcdic,
                        _ => IMAGE,
                    },
                    Structure::File,
                    if mode == "B" { Mode::Block } else { Mode::Compressed },
                )
            };
            let file = b"first line\nsecond line\nthird line\n";
            let link = world.passive();
            world.ask("STOR new", "150");
            let stream = encode(&coding, file);
            world.give(link, &stream[..stream.len() - 7]);
            world.reset(link);
            let (mut last, mut next) = (None, world.next_reply().expect("a reply"));
            while next.code == 110 {
                last = Some(next.text());
                next = world.next_reply().expect("a reply");
            }
            assert_eq!(next.code, 426);
            let told = last.expect("a marker was told");
            let (theirs, ours) = told.strip_prefix("110 MARK ").unwrap().split_once(" = ").unwrap();
            assert_eq!(theirs, ours, "the client counts as we do");
            world.ask(&format!("REST {ours}"), "350");
            let (mut encoder, mut rest) = (Encoder::new(&coding, ours.parse().unwrap()), Vec::new());
            encoder.finish(&file[ours.parse::<usize>().unwrap()..], &mut rest);
            let link = world.passive();
            world.ask("STOR new", "150");
            world.give(link, &rest);
            while world.next_reply().expect("a reply").code == 110 {}
            assert_eq!(world.tree.file("/new"), Some(&file[..]), "TYPE {kind} MODE {mode}");
        }
    }
}

#[test]
fn a_client_that_reads_no_replies_gets_no_more_of_them() {
    let mut world = set_up(&["MODE B"], |config| config.limits.unsent_replies = 200);
    let link = world.passive();
    world.ask("STOR new", "150");
    world.credits = false;
    world.give(link, &b"\0\0\x01x\x10\0\x01m".repeat(1_000));
    assert!(world.wire.uncredited() < 300, "{} bytes wait", world.wire.uncredited());
    world.credits = true;
    world.settle();
    world.give(link, b"\x40\0\0");
    for at in 1..=1_000 {
        world.expect(&format!("110 MARK m = {at}"));
    }
    world.expect("226");
}

#[test]
fn restarts_count_bytes_of_the_file_but_in_type_a_without_markers() {
    let mut world = World::logged_in();
    for (mode, kind, wire) in
        [("Z", "I", &TEXT[7..]), ("Z", "A", b"world\r\n"), ("B", "A", b"orld\r\n"), ("C", "I", &TEXT[7..])]
    {
        world.ask(&format!("MODE {mode}"), "200");
        world.ask(&format!("TYPE {kind}"), "200");
        world.ask("REST 7", "350");
        let stream = world.fetch("RETR a.txt");
        let got = match mode {
            "Z" => unzlib(&stream),
            "B" => decode(&coding(IMAGE, Structure::File, Mode::Block), &stream).0,
            _ => decode(&coding(IMAGE, Structure::File, Mode::Compressed), &stream).0,
        };
        assert_eq!(got, wire, "MODE {mode} TYPE {kind}");
        world.passive();
        world.ask("REST 12", "350");
        world.ask("RETR a.txt", "150");
        world.expect("226");
    }
    for (mode, kind, code) in [("Z", "A", "150"), ("Z", "I", "554"), ("B", "A", "554"), ("C", "E", "554")] {
        world.ask(&format!("MODE {mode}"), "200");
        world.ask(&format!("TYPE {kind}"), "200");
        world.passive();
        world.ask("REST 100", "350");
        world.ask("RETR a.txt", code);
        if code == "150" {
            world.expect("551");
        }
    }
    world.ask("REST marker", "501");
    world.ask("MODE Z", "200");
    world.ask("TYPE A", "200");
    world.ask("REST 6", "350");
    world.ask("STOR a.txt", "554");
}

// By chance.

/// Whatever the client sends comes back, in all that can be set, wherever it is cut.
#[test]
fn files_come_back_in_every_type_structure_and_mode() {
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let (kind, representation) =
            [("A", Representation::Ascii), ("E", Representation::Ebcdic), ("I", IMAGE)][dice.below(3)];
        let (structure_letter, structure) = [("F", Structure::File), ("R", Structure::Record)][dice.below(2)];
        let (mode_letter, mode) =
            [("S", Mode::Stream), ("B", Mode::Block), ("C", Mode::Compressed), ("Z", Mode::Deflate)][dice.below(4)];
        let told = format!("seed {seed}: TYPE {kind} STRU {structure_letter} MODE {mode_letter}");
        let chunk = 1 + dice.below(90);
        let interval = dice.below(60) as u64;
        let lines = [&*format!("TYPE {kind}"), &format!("STRU {structure_letter}"), &format!("MODE {mode_letter}")];
        let mut world = set_up(&lines, |config| {
            config.limits.chunk = chunk;
            config.limits.marker_interval = interval;
        });
        world.cut = 1 + dice.below(90);
        world.shuffles = true;
        let mut file = Vec::new();
        for _ in 0..dice.below(60) {
            let byte = [b'\n', 0xFF, 0, b' ', b'a', dice.below(256) as u8][dice.below(6)];
            file.extend(std::iter::repeat_n(byte, 1 + dice.below(3) * dice.below(90)));
        }
        if kind == "A" && structure == Structure::File {
            file.retain(|byte| *byte != b'\r');
        }
        let coding = Coding { marker_interval: dice.below(60) as u64, ..coding(representation, structure, mode) };
        let link = world.passive();
        world.ask("STOR new", "150");
        let stream = encode(&coding, &file);
        let half = dice.below(stream.len() + 1);
        world.give(link, &stream[..half]);
        world.give(link, &stream[half..]);
        if world.link(link).closed.is_none() {
            world.end(link, DataEnd::Clean);
        }
        while let Some(reply) = world.next_reply() {
            assert!(matches!(reply.code, 110 | 226), "{told}: {}", reply.text());
        }
        assert!(world.tree.file("/new") == Some(&file[..]), "{told}");
        let stream = world.fetch("RETR new");
        assert!(decode(&coding, &stream).0 == file, "{told}");
    }
}

/// Whatever the client sends: one outcome, and the session goes on.
#[test]
fn nonsense_ends_in_one_reply() {
    for seed in 0..600 {
        let mut dice = Dice::new(seed);
        let (mode, kind, structure) =
            (["B", "C", "Z", "S"][dice.below(4)], ["A", "E", "I"][dice.below(3)], ["F", "R"][dice.below(2)]);
        let lines = [&*format!("TYPE {kind}"), &format!("STRU {structure}"), &format!("MODE {mode}")];
        let mut world = set_up(&lines, |config| config.limits.chunk = 16);
        world.cut = 1 + dice.below(40);
        let stream: Vec<u8> = (0..dice.below(300))
            .map(|_| [0, 1, 2, 3, 16, 64, 128, 192, 0x78, 0x9C, 0xFF, b'm', dice.below(256) as u8][dice.below(13)])
            .collect();
        let link = world.passive();
        world.ask("STOR new", "150");
        world.give(link, &stream);
        if world.link(link).closed.is_none() {
            world.end(link, DataEnd::Clean);
        }
        let finals = std::iter::from_fn(|| world.next_reply()).filter(|reply| reply.code != 110);
        let finals: Vec<_> = finals.map(|reply| reply.code).collect();
        assert!(matches!(finals[..], [226 | 426 | 451]), "seed {seed}: {finals:?}");
        assert_eq!(world.tree.has("/new"), finals == [226], "seed {seed}");
        world.ask("NOOP", "200");
    }
}

/// Faults of the storage, ABOR, resets and ends at any time: one reply to each command, and nothing stays open.
#[test]
fn accidents_end_in_one_reply() {
    for seed in 0..600 {
        let mut dice = Dice::new(seed);
        let (kind, structure, mode) =
            (["A", "E", "I"][dice.below(3)], ["F", "R"][dice.below(2)], ["S", "B", "C", "Z"][dice.below(4)]);
        let told = format!("seed {seed}: TYPE {kind} STRU {structure} MODE {mode}");
        let lines = [&*format!("TYPE {kind}"), &format!("STRU {structure}"), &format!("MODE {mode}")];
        let mut world = set_up(&lines, |config| {
            config.limits.chunk = 20;
            config.limits.marker_interval = 30;
            config.keep_partial = Switch::On;
        });
        world.tree.put("/file", &b"some text\r\n and more \n".repeat(20));
        (world.cut, world.shuffles, world.reads) = (7, true, dice.chance(60));
        let link = world.passive();
        world.fault_rate = dice.below(12);
        let command = ["STOR new", "RETR file", "LIST", "MLSD", "APPE file"][dice.below(5)];
        let stream: Vec<u8> = match mode {
            "Z" => zlib(&b"sent\r\n".repeat(40)),
            _ => b"\0\0\x06sent\r\n\x10\0\x02m1".repeat(20),
        };
        world.send(command);
        world.give(link, &stream[..dice.below(stream.len())]);
        let aborts = dice.chance(40);
        if aborts {
            world.send("ABOR");
        } else if dice.chance(50) {
            world.reset(link);
        } else {
            world.end(link, DataEnd::Clean);
            world.read(link, true);
        }
        world.wait_seconds(200);
        let finals = std::iter::from_fn(|| world.next_reply()).filter(|reply| !reply.is_preliminary()).count();
        assert_eq!(finals, 1 + usize::from(aborts), "{told}: {command}");
        assert!(!world.has_open_files() && world.open_connections() == 0, "{told}: {command}");
        world.fault_rate = 0;
        world.ask("NOOP", "200");
        world.ask("QUIT", "221");
    }
}
