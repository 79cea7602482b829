//! Where the client's bytes are cut means nothing: whole, byte by byte and in random pieces, a session does the same.

mod world;

use ftp_proto::Event;
use ftp_proto::config::{Network, Switch};
use ftp_proto::event::Admission;
use ftp_proto::outcome::DataEnd;
use ftp_proto::verb::TABLE;
use proptest::prelude::*;

use self::world::{LOCAL, PEER, World};

/// Arguments: good, odd and bad.
const ARGUMENTS: &[&str] = &[
    "",
    " ",
    " a.txt",
    " dir",
    "  a.txt ",
    " missing/x",
    " /",
    " ..",
    " -la",
    " -la dir",
    " *.txt",
    " alice",
    " secret",
    " wrong",
    " A",
    " I",
    " L 8",
    " E",
    " F",
    " S",
    " Z",
    " 6",
    " 0",
    " -1",
    " 99999999999999999999",
    " ALL",
    " 1",
    " 2",
    " 198,51,100,7,200,1",
    " 203,0,113,9,200,1",
    " 1,2,3",
    " |1|198.51.100.7|2000|",
    " |2|::1|2000|",
    " |9|x|1|",
    " 4,4,198,51,100,7,2,200,1",
    " 20200102030405 a.txt",
    " Modify=20200102030405; a.txt",
    " 20201399000000 a.txt",
    " UTF8 ON",
    " MLST size;type;",
    " HELP",
    " CHMOD 600 a.txt",
    " IDLE 5",
    " UMASK 9",
    " NONSENSE x",
    " a\rb",
    " a\0b",
    " \u{fc}ml\u{e4}ut",
    " HTTP/1.1",
    " x HTTP/1.1",
    " \"quoted\"",
    " TLS",
    " P",
    " C",
    " ON",
    " OFF",
    " one.example",
];

/// What stands where a command should, or around one.
const NOISE: &[&[u8]] = &[
    b"",
    b"\r\n",
    b"GET / HTTP/1.1\r\n",
    b"NONSENSE\r\n",
    b"\xFF\xF4\xFF\xF2",
    b"\xFF\xF1",
    b"\xFF\xFB\x01",
    b"\xFF\xFD\x03",
    b"\xFF\xFA\x18\x01\xFF\xF0",
    b"\xFF",
    b"\xFF\xFF\r\n",
    b"\0\r\n",
    b"\r",
    b"\x16\x03\x01\r\n",
    b"Host: x\r\n",
    b"ABOR\r\n",
    b"NOOP\r\n",
    b"STAT\r\n",
    b"EPSV\r\nSTOR new\r\n",
    b"EPSV\r\nRETR a.txt\r\n",
    b"PORT 198,51,100,7,200,1\r\nLIST\r\n",
    b"RNFR a.txt\r\nRNTO b.txt\r\n",
    b"QUIT\r\n",
    b"REIN\r\nUSER alice\r\nPASS secret\r\n",
];

const ENDS: &[&[u8]] = &[b"\r\n", b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r\0\r\n", b"\r\r\n", b""];

fn command() -> impl Strategy<Value = Vec<u8>> {
    let verb = (0..TABLE.len(), any::<bool>()).prop_map(|(at, upper)| {
        let name = TABLE[at].name;
        if upper { name.to_owned() } else { name.to_ascii_lowercase() }
    });
    let usual = (verb, prop::sample::select(ARGUMENTS), prop::sample::select(ENDS))
        .prop_map(|(verb, argument, end)| [verb.as_bytes(), argument.as_bytes(), end].concat());
    let noise = prop::sample::select(NOISE).prop_map(<[u8]>::to_vec);
    let long = (90..120_usize).prop_map(|length| [vec![b'x'; length], b"\r\n".to_vec()].concat());
    prop_oneof![12 => usual, 5 => noise, 1 => long]
}

/// How a session is before it is tried. AUTH is left to the dialogues: there it does matter whether bytes come in
/// before or after TLS is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beginning {
    Connected,
    LoggedIn,
    /// Logged in, with TLS from the first byte on both connections.
    Secured,
}

fn beginning() -> impl Strategy<Value = Beginning> {
    prop_oneof![1 => Just(Beginning::Connected), 2 => Just(Beginning::LoggedIn), 2 => Just(Beginning::Secured)]
}

/// A world that takes commands of at most 100 bytes, few at a time, so that its bounds are met.
fn world(beginning: Beginning) -> World {
    let mut world = World::before_connection(|config| {
        config.limits.line = 100;
        config.limits.queued_commands = 4;
        config.limits.look_ahead = 3;
        config.limits.queued_bytes = 200;
        config.limits.unsent_replies = 600;
        if beginning == Beginning::Secured {
            config.tls.offered = Switch::On;
            config.fxp = vec![Network { address: "203.0.113.0".parse().expect("an address"), prefix: 24 }];
        }
    });
    if beginning == Beginning::Secured {
        world.connect_implicitly(Admission::Welcome);
    } else {
        world.connect_from(LOCAL, PEER);
    }
    world.expect("220");
    if beginning != Beginning::Connected {
        world.log_in("alice");
    }
    world.preloaded = b"one\r\ntwo".to_vec();
    world.preloaded_end = Some(DataEnd::Clean);
    world.logs = true;
    world
}

/// Feeds each segment in pieces; answers come behind each whole segment.
fn play(beginning: Beginning, segments: &[Vec<u8>], mut cut: impl FnMut(usize) -> usize) -> (Vec<String>, String) {
    let mut world = world(beginning);
    for segment in segments {
        world.flows = false;
        let mut rest = &segment[..];
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(cut(rest.len()).clamp(1, rest.len()));
            if world.step(Event::Received(piece)).is_err() {
                break;
            }
            rest = behind;
        }
        world.flows = true;
        world.settle();
        // The client connects where it was asked to; or time passes, as behind a failed login.
        if world.listeners.is_empty() {
            world.jump();
        } else {
            world.connect();
        }
    }
    (world.actions(), format!("{:?} {:?}", world.session.phase(), world.session.next_deadline()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cuts_mean_nothing(
        beginning in beginning(),
        segments in prop::collection::vec(prop::collection::vec(command(), 1..6).prop_map(|lines| lines.concat()), 1..4),
        cuts in prop::collection::vec(1..20_usize, 1..8),
    ) {
        let whole = play(beginning, &segments, |length| length);
        prop_assert_eq!(&play(beginning, &segments, |_| 1), &whole, "byte by byte");
        let mut at = 0;
        let random = play(beginning, &segments, |_| {
            at += 1;
            cuts[at % cuts.len()]
        });
        prop_assert_eq!(&random, &whole, "in pieces of {:?}", cuts);
        // And a second time, to the letter.
        prop_assert_eq!(&play(beginning, &segments, |length| length), &whole);
    }
}
