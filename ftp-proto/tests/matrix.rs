//! Every verb in every situation: what is answered at once, and what is asked of the world. The table is committed;
//! a change of it is a change of behaviour.

mod world;

use std::fmt::Write;

use ftp_proto::config::{Config, Network, Switch};
use ftp_proto::verb::TABLE;

use self::world::World;

/// A situation, and how to get there.
type Situation = (&'static str, fn() -> World);

const SITUATIONS: &[Situation] = &[
    ("connected", World::new),
    ("named", || {
        let mut world = World::new();
        world.ask("USER alice", "331");
        world
    }),
    ("logged in", World::logged_in),
    ("listening", || {
        let mut world = World::logged_in();
        world.ask("EPSV", "229");
        world
    }),
    ("data open", || {
        let mut world = World::logged_in();
        world.passive();
        world
    }),
    ("address set", || {
        let mut world = World::logged_in();
        world.ask("PORT 198,51,100,7,200,1", "200");
        world
    }),
    ("opening", || {
        let mut world = World::logged_in();
        world.passive();
        world.hold("OpenWrite");
        world.send("STOR upload");
        world
    }),
    ("moving", || {
        let mut world = World::logged_in();
        world.passive();
        world.ask("STOR upload", "150");
        world
    }),
    ("TLS offered", || World::with_tls(everything_of_tls)),
    ("securing", || {
        let mut world = World::with_tls(everything_of_tls);
        world.tls.holds_control = true;
        world.ask("AUTH TLS", "234");
        world
    }),
    ("secured", || World::secured_with(everything_of_tls)),
    ("private", || World::private_with(everything_of_tls)),
    ("private open", || {
        let mut world = World::private_with(everything_of_tls);
        world.passive();
        world
    }),
    ("in handshake", || {
        let mut world = World::private_with(everything_of_tls);
        world.tls.holds_data = true;
        world.passive();
        world
    }),
    ("cleared", || {
        let mut world = World::private_with(everything_of_tls);
        world.ask("CCC", "200");
        world
    }),
    ("closing", || {
        let mut world = World::logged_in();
        world.credits = false;
        world.ask("QUIT", "221");
        world
    }),
];

fn everything_of_tls(config: &mut Config) {
    config.tls.clear_control = Switch::On;
    config.fxp = vec![Network { address: "203.0.113.0".parse().expect("an address"), prefix: 24 }];
}

/// A line in which the verb does what it is for.
fn line(verb: &str) -> String {
    let argument = match verb {
        "USER" => "alice",
        "PASS" => "secret",
        "CWD" | "MLSD" => "dir",
        "PORT" => "198,51,100,7,200,2",
        "EPRT" => "|1|198.51.100.7|2000|",
        "LPRT" => "4,4,198,51,100,7,2,200,2",
        "TYPE" => "I",
        "STRU" => "F",
        "MODE" => "S",
        "STOR" | "APPE" | "MKD" => "new",
        "ALLO" | "REST" => "5",
        "RMD" => "dir/sub",
        "MFMT" | "MFCT" => "20200102030405 a.txt",
        "MFF" => "Modify=20200102030405; a.txt",
        "SITE" => "UMASK 022",
        "OPTS" => "UTF8 ON",
        "ACCT" | "CLNT" | "SMNT" | "CSID" | "ADAT" | "MIC" | "CONF" | "ENC" | "PRET" | "RANG" | "COMB" => "x",
        "HOST" => "one.example",
        "AUTH" => "TLS",
        "PBSZ" => "0",
        "PROT" => "P",
        "SSCN" => "ON",
        "RETR" | "RNFR" | "RNTO" | "DELE" | "SIZE" | "MDTM" | "HASH" | "XCRC" | "XMD5" | "XSHA" | "XSHA1"
        | "XSHA256" | "XSHA512" | "MD5" | "MMD5" => "a.txt",
        _ => return verb.into(),
    };
    format!("{verb} {argument}")
}

/// Codes of replies, then the actions that were asked for; `-` for a command that waits.
fn cell(situation: fn() -> World, line: &str) -> String {
    let mut world = situation();
    world.logs = true;
    world.send(line);
    let mut cell: Vec<String> = std::iter::from_fn(|| world.next_reply()).map(|reply| reply.code.to_string()).collect();
    let mut asked: Vec<String> = world.actions().iter().filter_map(|action| name(action)).collect();
    asked.dedup();
    cell.extend(asked);
    if cell.is_empty() { "-".into() } else { cell.join(" ") }
}

/// The action's own name; `None` for what every command does.
fn name(action: &str) -> Option<String> {
    let words = action.split(['(', ' ', '{', ')']).filter(|word| !word.is_empty());
    let name = words.into_iter().find(|word| !matches!(*word, "Host" | "Storage" | "Data"))?;
    (!matches!(name, "Write" | "Notify")).then(|| name.to_owned())
}

#[test]
fn every_verb_in_every_situation() {
    let mut table = String::new();
    for info in TABLE {
        let line = line(info.name);
        writeln!(table, "{line}").expect("a string takes all");
        let mut cells: Vec<(Vec<&str>, String)> = Vec::new();
        for (situation, make) in SITUATIONS {
            let cell = cell(*make, &line);
            match cells.iter_mut().find(|(_, known)| *known == cell) {
                Some((situations, _)) => situations.push(situation),
                None => cells.push((vec![situation], cell)),
            }
        }
        for (situations, cell) in cells {
            writeln!(table, "    {cell:<40} {}", situations.join(", ")).expect("a string takes all");
        }
    }
    insta::assert_snapshot!(table);
}
