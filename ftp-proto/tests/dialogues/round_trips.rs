//! Whole transfers of random files, through the whole engine: whatever is sent comes back in any type, structure and
//! mode, wherever the network and the storage cut it; and what was cut off is never taken for a file.

use ftp_proto::coding::{Coding, Decoder, Encoder, Mode, Representation, Step, Structure};
use ftp_proto::config::Switch;
use ftp_proto::outcome::DataEnd;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::world::World;

fn codings() -> impl Strategy<Value = Coding> {
    let modes = Vec::from([
        Mode::Stream,
        Mode::Block,
        Mode::Compressed,
        #[cfg(feature = "mode-z")]
        Mode::Deflate,
    ]);
    let representation = select(vec![Representation::Ascii, Representation::Ebcdic, Representation::Image]);
    let structure = select(vec![Structure::File, Structure::Record]);
    (representation, structure, select(modes), 0_u8..=9).prop_map(|(representation, structure, mode, level)| Coding {
        representation,
        structure,
        mode,
        level,
        marker_interval: 0,
    })
}

/// Files in which everything of meaning is frequent. CR LF is not in them: in TYPE A it is the same as LF.
fn files() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        3 => Just(b'\n'),
        2 => Just(b'\r'),
        2 => Just(0xFF_u8),
        1 => 0_u8..4,
        1 => Just(b' '),
        1 => Just(0x85_u8),
        4 => any::<u8>(),
    ];
    let run = (byte, prop_oneof![5 => Just(1_usize), 1 => 1_usize..150]);
    prop::collection::vec(run, 0..50).prop_map(|runs| {
        let mut file: Vec<u8> = runs.into_iter().flat_map(|(byte, count)| vec![byte; count]).collect();
        for at in 1..file.len() {
            if file[at] == b'\n' && file[at - 1] == b'\r' {
                file[at] = b'x';
            }
        }
        file
    })
}

/// How the world behaves: whether the host moves files by itself, how much it brings at once, and how long a chunk is.
fn worlds() -> impl Strategy<Value = (bool, usize, usize, u64)> {
    (any::<bool>(), 1..100_usize, 1..100_usize, select(vec![1_u64, 7, 100, 1 << 20]))
}

fn world((offloads, cut, chunk, range): (bool, usize, usize, u64), private: bool) -> World {
    let configure = |config: &mut ftp_proto::config::Config| {
        (config.limits.chunk, config.limits.range) = (chunk, range);
        config.limits.marker_interval = 50;
    };
    let mut world = if private { World::private_with(configure) } else { World::logged_in_with(configure) };
    (world.offloads, world.cut) = (offloads, cut);
    world
}

fn set(world: &mut World, coding: &Coding) {
    let kind = match coding.representation {
        Representation::Ascii => "A",
        Representation::Ebcdic => "E",
        Representation::Image => "I",
    };
    let structure = if coding.structure == Structure::Record { "R" } else { "F" };
    let mode = match coding.mode {
        Mode::Stream => "S",
        Mode::Block => "B",
        Mode::Compressed => "C",
        #[cfg(feature = "mode-z")]
        Mode::Deflate => "Z",
    };
    for line in [format!("TYPE {kind}"), format!("STRU {structure}"), format!("MODE {mode}")] {
        world.ask(&line, "200");
    }
    if mode == "Z" {
        world.ask(&format!("OPTS MODE Z LEVEL {}", coding.level), "200");
    }
}

fn encode(coding: &Coding, file: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    Encoder::new(coding, 0).finish(file, &mut stream);
    stream
}

/// The file of a stream, and whether it ended by itself; `None` where it breaks off.
fn decode(coding: &Coding, mut stream: &[u8]) -> Option<(Vec<u8>, bool)> {
    let (mut decoder, mut file) = (Decoder::new(coding), Vec::new());
    loop {
        match decoder.decode(&mut stream, &mut file, usize::MAX >> 1).expect("nothing in it is wrong") {
            Step::Marker(_) | Step::Full => {}
            Step::End => return Some((file, true)),
            Step::Hungry => return decoder.finish(&mut file).ok().map(|()| (file, false)),
        }
    }
}

/// Sends `stream` in pieces that end at `cuts`, until the server has closed.
fn give(world: &mut World, link: usize, stream: &[u8], cuts: &[Index]) {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    ends.push(stream.len());
    ends.sort_unstable();
    let mut from = 0;
    for end in ends {
        if world.link(link).closed.is_none() {
            world.give(link, &stream[from..end]);
        }
        from = end;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_file_comes_back(
        behaviour in worlds(), private in any::<bool>(), up in codings(), down in codings(), file in files(),
        cuts in prop::collection::vec(any::<Index>(), 0..10),
    ) {
        let mut world = world(behaviour, private);
        set(&mut world, &up);
        let link = world.passive();
        world.ask("STOR new", "150");
        give(&mut world, link, &encode(&up, &file), &cuts);
        if world.link(link).closed.is_none() {
            world.end(link, DataEnd::Clean);
        }
        world.expect("226");
        prop_assert_eq!(world.tree.file("/new"), Some(&file[..]));
        set(&mut world, &down);
        let stream = world.fetch("RETR new");
        prop_assert_eq!(decode(&down, &stream).map(|(got, _)| got), Some(file));
        world.silent();
        prop_assert!(!world.has_open_files() && world.open_connections() == 0);
    }

    #[test]
    fn what_was_cut_is_no_file(
        behaviour in worlds(), private in any::<bool>(), coding in codings(), file in files(), length in any::<Index>(),
        cuts in prop::collection::vec(any::<Index>(), 0..10), end in 0..3_usize,
    ) {
        let mut world = world(behaviour, private);
        set(&mut world, &coding);
        let whole = encode(&coding, &file);
        let stream = &whole[..length.index(whole.len() + 1)];
        let link = world.passive();
        world.ask("STOR a.txt", "150");
        give(&mut world, link, stream, &cuts);
        // A stream with an end of its own needs nothing behind it.
        let over = world.link(link).closed.is_some();
        match end {
            _ if over => {}
            0 => world.end(link, DataEnd::Clean),
            1 => world.end(link, DataEnd::Truncated),
            _ => world.reset(link),
        }
        let decoded = decode(&coding, stream);
        match decoded {
            Some((content, ended)) if ended || end == 0 => {
                world.expect("226");
                prop_assert_eq!(over, ended);
                prop_assert_eq!(world.tree.file("/a.txt"), Some(&content[..]));
            }
            _ => {
                world.expect("426");
                prop_assert!(!over);
                prop_assert_eq!(world.tree.file("/a.txt"), Some(&b"hello\nworld\n"[..]));
            }
        }
        world.ask("NOOP", "200");
        prop_assert!(!world.has_open_files() && world.open_connections() == 0);
    }

    /// Kept for a later resume is what came, and no more: the file's beginning.
    #[test]
    fn what_is_kept_is_a_beginning(
        behaviour in worlds(), coding in codings(), file in files(), length in any::<Index>(),
        cuts in prop::collection::vec(any::<Index>(), 0..10),
    ) {
        let mut world = World::logged_in_with(|config| {
            (config.limits.chunk, config.limits.range, config.keep_partial) = (behaviour.2, behaviour.3, Switch::On);
        });
        (world.offloads, world.cut) = (behaviour.0, behaviour.1);
        set(&mut world, &coding);
        let whole = encode(&coding, &file);
        let stream = &whole[..length.index(whole.len() + 1)];
        let link = world.passive();
        world.ask("STOR new", "150");
        give(&mut world, link, stream, &cuts);
        let over = world.link(link).closed.is_some();
        if !over {
            world.reset(link);
        }
        world.expect(if over { "226" } else { "426" });
        if let Some(kept) = world.tree.file("/new") {
            prop_assert!(!over || kept == file);
            prop_assert!(file.starts_with(kept), "{} of {}", kept.escape_ascii(), file.escape_ascii());
        }
    }
}
