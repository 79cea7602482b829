//! FEAT and HELP list exactly what is on: every switch is turned, and what is told is held against what is answered.
//!
//! What a switch turns off is written down here, apart from the engine's own tables.

use std::collections::BTreeSet;

use ftp_proto::config::{Config, CustomVerb, Demand, Network, Switch};
use ftp_proto::event::Admission;
use ftp_proto::storage::{HashAlgorithm, HashAlgorithms};
use ftp_proto::verb::{TABLE, Verb, VerbSet};

use crate::world::World;

/// A switch, and what there is then that was not there before, and no more that was.
struct Flip {
    name: String,
    turn: Box<dyn Fn(&mut Config)>,
    on: Vec<Verb>,
    off: Vec<Verb>,
}

fn flip(name: impl Into<String>, on: &[Verb], off: &[Verb], turn: impl Fn(&mut Config) + 'static) -> Flip {
    Flip { name: name.into(), turn: Box::new(turn), on: on.into(), off: off.into() }
}

/// Only there where TLS is.
const OF_TLS: [Verb; 7] = [Verb::Auth, Verb::Adat, Verb::Pbsz, Verb::Prot, Verb::Mic, Verb::Conf, Verb::Enc];
const ACTIVE: [Verb; 3] = [Verb::Port, Verb::Eprt, Verb::Lprt];
const BOTH_LISTINGS: [Verb; 2] = [Verb::Mlst, Verb::Mlsd];
const BETWEEN_SERVERS: [Verb; 2] = [Verb::Cpsv, Verb::Sscn];
/// Which algorithm each verb stands for.
const DIGESTS: [(Verb, HashAlgorithm); 8] = [
    (Verb::Xcrc, HashAlgorithm::Crc32),
    (Verb::Xmd5, HashAlgorithm::Md5),
    (Verb::Md5, HashAlgorithm::Md5),
    (Verb::Mmd5, HashAlgorithm::Md5),
    (Verb::Xsha, HashAlgorithm::Sha1),
    (Verb::Xsha1, HashAlgorithm::Sha1),
    (Verb::Xsha256, HashAlgorithm::Sha256),
    (Verb::Xsha512, HashAlgorithm::Sha512),
];

/// What FEAT has a line for, if it is on: extensions of RFC 959 that a client could not know of else.
const TOLD: [Verb; 32] = [
    Verb::Eprt,
    Verb::Epsv,
    Verb::Rest,
    Verb::Mlst,
    Verb::Size,
    Verb::Mdtm,
    Verb::Mfmt,
    Verb::Mfct,
    Verb::Mff,
    Verb::Clnt,
    Verb::Host,
    Verb::Auth,
    Verb::Pbsz,
    Verb::Prot,
    Verb::Ccc,
    Verb::Cpsv,
    Verb::Sscn,
    Verb::Csid,
    Verb::Lang,
    Verb::Pret,
    Verb::Hash,
    Verb::Xcrc,
    Verb::Xmd5,
    Verb::Xsha,
    Verb::Xsha1,
    Verb::Xsha256,
    Verb::Xsha512,
    Verb::Md5,
    Verb::Mmd5,
    Verb::Avbl,
    Verb::Dsiz,
    Verb::Comb,
];

fn flips() -> Vec<Flip> {
    let mut flips = vec![
        flip("nothing", &[], &[], |_| {}),
        flip("active_mode", &[], &ACTIVE, |config| config.active_mode = Switch::Off),
        flip("structure_mount", &[Verb::Smnt], &[], |config| config.structure_mount = Switch::On),
        flip("clear_control", &[Verb::Ccc], &[], |config| config.tls.clear_control = Switch::On),
        flip("fxp", &BETWEEN_SERVERS, &[], |config| {
            config.fxp = vec![Network { address: "203.0.113.0".parse().expect("an address"), prefix: 24 }];
        }),
        flip("mode_z", &[], &[], |config| config.mode_z = Switch::Off),
        flip("ascii_size", &[], &[], |config| config.ascii_size = Switch::On),
        flip("keep_partial", &[], &[], |config| config.keep_partial = Switch::On),
        flip("rename_replaces", &[], &[], |config| config.rename_replaces = Switch::Off),
        flip("passive_ports", &[], &[], |config| config.passive_ports = Some(50_000..=50_010)),
        flip("login", &[], &[], |config| config.tls.login = Demand::Required),
        flip("data", &[], &[], |config| config.tls.data = Demand::Required),
        flip("data_reuse", &[], &[], |config| config.tls.data_reuse = Demand::Required),
        flip("fxp and data_reuse", &[], &[], |config| {
            config.fxp = vec![Network { address: "203.0.113.0".parse().expect("an address"), prefix: 24 }];
            config.tls.data_reuse = Demand::Required;
        }),
        flip("strict_end", &[], &[], |config| config.tls.strict_end = Switch::Off),
        flip("all that was off", &[Verb::Smnt, Verb::Ccc, Verb::Cpsv, Verb::Sscn], &[], |config| {
            (config.structure_mount, config.tls.clear_control) = (Switch::On, Switch::On);
            config.fxp = vec![Network { address: "203.0.113.0".parse().expect("an address"), prefix: 24 }];
        }),
    ];
    flips.extend(TABLE.iter().map(|row| {
        let verb = row.verb;
        flip(row.name, &[], &[verb], move |config| config.disabled = VerbSet::of(verb))
    }));
    flips.push(flip("MLST and MLSD", &[], &BOTH_LISTINGS, |config| {
        config.disabled = BOTH_LISTINGS.into_iter().collect()
    }));
    let without = |hashes: HashAlgorithms| {
        let mut off: Vec<Verb> =
            DIGESTS.into_iter().filter(|(_, of)| !hashes.contains(*of)).map(|(verb, _)| verb).collect();
        if hashes == HashAlgorithms::NONE {
            off.extend([Verb::Hash, Verb::Rang]);
        }
        flip(format!("{hashes:?}"), &[], &off, move |config| config.hashes = hashes)
    };
    flips.push(without(HashAlgorithms::NONE));
    for algorithm in HashAlgorithm::ALL {
        flips.push(without(HashAlgorithms::of(algorithm)));
        flips.push(without(HashAlgorithms::ALL.without(HashAlgorithms::of(algorithm))));
    }
    flips
}

/// Where the client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Situation {
    offered: bool,
    secured: bool,
    logged_in: bool,
}

const SITUATIONS: [Situation; 6] = [
    Situation { offered: false, secured: false, logged_in: false },
    Situation { offered: false, secured: false, logged_in: true },
    Situation { offered: true, secured: false, logged_in: false },
    Situation { offered: true, secured: false, logged_in: true },
    Situation { offered: true, secured: true, logged_in: false },
    Situation { offered: true, secured: true, logged_in: true },
];

impl Flip {
    fn allows(&self, situation: Situation, verb: Verb) -> bool {
        let usual = match verb {
            Verb::Smnt | Verb::Ccc | Verb::Cpsv | Verb::Sscn => self.on.contains(&verb),
            _ => !self.off.contains(&verb),
        };
        let of_tls = OF_TLS.contains(&verb) || BETWEEN_SERVERS.contains(&verb) || verb == Verb::Ccc;
        usual && (!of_tls || situation.offered)
    }

    /// A client in this situation; `None` where nobody comes into it.
    fn world(&self, situation: Situation) -> Option<World> {
        let mut world = World::before_connection(|config| {
            config.tls.offered = if situation.offered { Switch::On } else { Switch::Off };
            (self.turn)(config);
        });
        world.tls.hosts.insert("example.com".into(), Vec::new());
        if situation.secured {
            // Also where AUTH is off.
            world.connect_implicitly(Admission::Welcome);
        } else {
            world.connect_from(crate::world::LOCAL, crate::world::PEER);
        }
        world.expect("220");
        if situation.logged_in {
            if self.off.contains(&Verb::User) || self.off.contains(&Verb::Pass) {
                return None;
            }
            world.send("USER alice");
            if world.next_reply()?.code != 331 {
                assert_eq!(self.name, "login");
                return None;
            }
            world.ask("PASS secret", "230");
        }
        Some(world)
    }
}

/// The verb with an argument that there is nothing against.
fn sample(verb: Verb) -> String {
    let argument = match verb {
        Verb::User => "alice",
        Verb::Pass => "secret",
        Verb::Acct | Verb::Smnt | Verb::Clnt | Verb::Rnto => "x",
        Verb::Cwd | Verb::Avbl | Verb::Dsiz => "/",
        Verb::Port => "198,51,100,7,200,1",
        Verb::Eprt => "|1|198.51.100.7|51201|",
        Verb::Lprt => "4,4,198,51,100,7,2,200,1",
        Verb::Type => "I",
        Verb::Stru => "F",
        Verb::Mode => "S",
        Verb::Stor | Verb::Mkd => "new",
        Verb::Rmd => "dir",
        Verb::Allo | Verb::Rest | Verb::Pbsz => "0",
        Verb::Mfmt | Verb::Mfct => "20200101000000 a.txt",
        Verb::Mff => "UNIX.mode=0644; a.txt",
        Verb::Site => "UMASK",
        Verb::Opts => "UTF8 ON",
        Verb::Host => "example.com",
        Verb::Auth => "TLS",
        Verb::Adat | Verb::Mic | Verb::Conf | Verb::Enc => "eA==",
        Verb::Prot => "P",
        Verb::Csid => "Name=x;",
        Verb::Lang => "EN",
        // Not one that may be off itself.
        Verb::Pret => "STOR new",
        Verb::Rang => "0 1",
        Verb::Comb => "new a.txt",
        Verb::Retr | Verb::Appe | Verb::Rnfr | Verb::Dele | Verb::Size | Verb::Mdtm | Verb::Hash => "a.txt",
        Verb::Xcrc | Verb::Xmd5 | Verb::Xsha | Verb::Xsha1 | Verb::Xsha256 | Verb::Xsha512 => "a.txt",
        Verb::Md5 | Verb::Mmd5 => "a.txt",
        _ => return verb.name().into(),
    };
    format!("{} {argument}", verb.name())
}

/// The code of the reply to a line; of the first, where there are more.
fn code(flip: &Flip, situation: Situation, line: &str) -> Option<u16> {
    let mut world = flip.world(situation)?;
    world.send(line);
    Some(world.next_reply().expect("every line is answered").code)
}

/// The lines of FEAT, without the first and the last and the blank before each.
fn features(world: &mut World) -> Vec<String> {
    world.send("FEAT");
    let reply = world.next_reply().expect("FEAT is answered");
    if reply.code != 211 {
        return Vec::new();
    }
    let lines = &reply.lines[1..reply.lines.len() - 1];
    lines.iter().map(|line| line.strip_prefix(' ').expect("a blank before each").to_owned()).collect()
}

fn words(world: &mut World) -> Vec<String> {
    let reply = world.ask("HELP", "214");
    let lines = &reply.lines[1..reply.lines.len() - 1];
    lines.iter().flat_map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn each(mut check: impl FnMut(&Flip, Situation, &str)) {
    for flip in flips() {
        for situation in SITUATIONS {
            if flip.world(situation).is_some() {
                check(&flip, situation, &format!("{} flipped, {situation:?}", flip.name));
            }
        }
    }
}

/// Each verb that is on does something, or says what is wrong with it; each that is off is 502, or 504 where it is its
/// algorithm that is off.
#[test]
fn what_is_on_is_answered_and_what_is_off_is_not() {
    each(|flip, situation, told| {
        for row in TABLE {
            let line = sample(row.verb);
            let code = code(flip, situation, &line).expect("someone is there");
            let digest = row.verb.algorithm().is_some() || matches!(row.verb, Verb::Hash | Verb::Rang);
            let by_algorithm = digest && !flip.off.contains(&row.verb) || flip.name.starts_with("HashAlgorithms");
            if flip.allows(situation, row.verb) {
                // PRET of a transfer that is off is a parameter that is off, and so is the mode of one.
                let about_another = row.verb == Verb::Pret && flip.off == [Verb::Stor];
                // This storage has no times of creation.
                let by_storage = row.verb == Verb::Mfct;
                assert!(
                    ![500, 502, 504].contains(&code) || (about_another || by_storage) && code == 504,
                    "{told}: {line}: {code}"
                );
            } else {
                assert!(code == 502 || code == 504 && by_algorithm, "{told}: {line}: {code}");
                let bare = self::code(flip, situation, row.name).expect("someone is there");
                assert!([502, 504].contains(&bare), "{told}: {}: {bare}", row.name);
            }
        }
    });
}

#[test]
fn feat_lists_what_is_on_and_nothing_else() {
    each(|flip, situation, told| {
        let mut world = flip.world(situation).expect("someone is there");
        let listed = features(&mut world);
        if flip.off.contains(&Verb::Feat) {
            return assert!(listed.is_empty());
        }
        assert!(listed.is_sorted(), "{told}: {listed:?}");
        let mut wanted: BTreeSet<&str> =
            TOLD.into_iter().filter(|verb| flip.allows(situation, *verb)).map(Verb::name).collect();
        // MLST stands for both (RFC 3659 §7.8).
        if !flip.allows(situation, Verb::Mlsd) {
            wanted.remove("MLST");
        }
        if cfg!(feature = "mode-z") && flip.name != "mode_z" && flip.allows(situation, Verb::Mode) {
            wanted.insert("MODE");
        }
        wanted.extend(["TVFS", "UTF8"]);
        let names: Vec<&str> = listed.iter().map(|line| line.split(' ').next().unwrap_or_default()).collect();
        assert_eq!(names, wanted.into_iter().collect::<Vec<_>>(), "{told}");
    });
}

#[test]
fn help_lists_what_is_on_and_nothing_else() {
    each(|flip, situation, told| {
        if flip.off.contains(&Verb::Help) {
            return;
        }
        let mut world = flip.world(situation).expect("someone is there");
        let on: Vec<&str> = TABLE.iter().filter(|row| flip.allows(situation, row.verb)).map(|row| row.name).collect();
        assert_eq!(words(&mut world), on, "{told}");
        for row in TABLE {
            let code = if on.contains(&row.name) { "214" } else { "502" };
            world.ask(&format!("HELP {}", row.name), code);
        }
    });
}

/// What FEAT says behind a verb is true of its parameters.
#[test]
fn parameters_are_taken_where_feat_lists_them() {
    each(|flip, situation, told| {
        let listed = features(&mut flip.world(situation).expect("someone is there"));
        if flip.off.contains(&Verb::Feat) || !situation.logged_in {
            return;
        }
        let line =
            |verb: &str| listed.iter().find_map(|line| line.strip_prefix(verb)?.strip_prefix(' ')).unwrap_or_default();
        let takes = |command: &str, success: u16, wanted: bool| {
            let code = code(flip, situation, command).expect("someone is there");
            assert!(
                if wanted { code == success } else { [501, 502, 504].contains(&code) },
                "{told}: {command}: {code}"
            );
        };
        let mode_z = line("MODE") == "Z";
        takes("MODE Z", 200, mode_z);
        let opts = !flip.off.contains(&Verb::Opts);
        takes("OPTS MODE Z LEVEL 3", 200, mode_z && opts);
        for algorithm in HashAlgorithm::ALL {
            let told = line("HASH").split(';').any(|name| name.trim_end_matches('*') == algorithm.name());
            takes(&format!("OPTS HASH {}", algorithm.name()), 200, told && opts);
        }
        // Either of them alone has facts too.
        let facts = opts && flip.off != BOTH_LISTINGS;
        takes("OPTS MLST size;", 200, facts);
        for fact in line("MLST").split_terminator(';').map(|name| name.trim_end_matches('*')) {
            let mut world = flip.world(situation).expect("someone is there");
            world.send(&format!("OPTS MLST {fact};"));
            let reply = world.next_reply().expect("every line is answered");
            assert_eq!(reply.text() == format!("200 MLST OPTS {fact};"), opts, "{told}: {}", reply.text());
        }
        for (fact, value) in [("Modify", "20200101000000"), ("UNIX.mode", "0644")] {
            let told = line("MFF").split(';').any(|name| name == fact);
            takes(&format!("MFF {fact}={value}; a.txt"), 213, told);
        }
        assert_eq!(line("MFF").contains("Create"), ![Verb::Mff, Verb::Mfct].iter().any(|verb| flip.off.contains(verb)));
        takes("REST 3", 350, line("REST") == "STREAM");
        takes("LANG EN", 200, line("LANG") == "EN*");
        for (name, switched) in [("RETR a.txt", Verb::Retr), ("STOR new", Verb::Stor), ("LIST", Verb::List)] {
            takes(&format!("PRET {name}"), 200, listed.contains(&"PRET".into()) && !flip.off.contains(&switched));
        }
        let mut world = flip.world(situation).expect("someone is there");
        if ![Verb::Type, Verb::Size].into_iter().any(|verb| flip.off.contains(&verb)) {
            world.ask("TYPE A", "200");
            world.ask("SIZE a.txt", if flip.name == "ascii_size" { "213" } else { "550" });
        }
    });
}

/// A verb of the program is told once, and stands in for a built-in one only where that is off.
#[test]
fn verbs_of_the_program_are_told_once() {
    let custom = |name: &str, in_feat: bool| CustomVerb {
        name: name.into(),
        syntax: "<sp> word".into(),
        needs_login: false,
        in_feat,
    };
    for (off, in_feat) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut world = World::with(|config| {
            config.custom = vec![custom("SIZE", in_feat), custom("XHELLO", in_feat), custom("SITE ECHO", false)];
            config.disabled = if off { VerbSet::of(Verb::Size) } else { VerbSet::EMPTY };
        });
        let listed = features(&mut world);
        let told = |name: &str| listed.iter().filter(|line| *line == name).count();
        assert_eq!((told("SIZE"), told("XHELLO")), (usize::from(!off || in_feat), usize::from(in_feat)), "{listed:?}");
        let words = words(&mut world);
        let told = |name: &str| words.iter().filter(|word| *word == name).count();
        assert_eq!((told("SIZE"), told("XHELLO"), told("ECHO")), (1, 1, 0), "{words:?}");
        world.ask("SIZE a.txt", if off { "200 SIZE [a.txt]" } else { "530" });
        world.ask("XHELLO x", "200");
        world.ask("HELP XHELLO", "214");
        world.ask("HELP SIZE", "214");
    }
}
