//! Random sessions under TLS: handshakes that hang, fail or come late, in any order with everything else. Judged by the
//! world's books alone, and by one final reply for every command.

use ftp_proto::config::{Config, Demand, Network, Switch};
use ftp_proto::outcome::DataEnd;
use ftp_proto::server::{CloseReason, Phase};
use ftp_proto::{Event, Failure};

use crate::world::{Dice, World};

const SESSIONS: u64 = 20_000;

const LINES: &[&str] = &[
    "AUTH TLS",
    "AUTH SSL",
    "CCC",
    "REIN",
    "PBSZ 0",
    "PROT P",
    "PROT P",
    "PROT P",
    "PROT C",
    "USER alice",
    "PASS secret",
    "HOST one.example",
    "SSCN ON",
    "CPSV",
    "EPSV",
    "EPSV",
    "EPSV",
    "PORT 198,51,100,7,200,1",
    "RETR a.txt",
    "RETR a.txt",
    "STOR new",
    "STOR new",
    "LIST",
    "ABOR",
    "NOOP",
    "STAT",
];

#[test]
fn whatever_handshakes_do_nothing_is_lost() {
    for seed in 0..SESSIONS {
        let outcome = std::panic::catch_unwind(|| play(seed));
        assert!(outcome.is_ok(), "seed {seed}");
    }
}

fn configure(config: &mut Config, dice: &mut Dice) {
    config.tls.clear_control = Switch::On;
    if dice.chance(30) {
        config.tls.data_reuse = Demand::Required;
    }
    if dice.chance(30) {
        config.tls.data = Demand::Required;
    }
    if dice.chance(50) {
        config.fxp = vec![Network { address: "203.0.113.0".parse().expect("an address"), prefix: 24 }];
    }
}

fn play(seed: u64) {
    let mut dice = Dice::new(seed);
    let mut world = World::private_with(|config| configure(config, &mut dice));
    world.dice = Dice::new(seed ^ 0xABCD);
    world.shuffles = dice.chance(50);
    world.late = dice.chance(40);
    world.deaf = dice.chance(5);
    world.offloads = dice.chance(50);
    world.preloaded = b"content".to_vec();
    world.preloaded_end = Some(if dice.chance(80) { DataEnd::Clean } else { DataEnd::Truncated });
    world.tls.hosts.insert("one.example".into(), vec![]);
    let before = world.wire.replies.len();
    let mut sent = 0;
    for _ in 0..20 {
        if is_closed(&world) {
            break;
        }
        sent += usize::from(step(&mut world, &mut dice));
    }
    let quits = !is_closed(&world) && dice.chance(50);
    // Time for whatever is under way; then everything that was asked is answered, or the session has ended.
    for _ in 0..20 {
        if is_closed(&world) || answered(&world, before) >= sent {
            break;
        }
        world.finish_handshakes();
        let _waited = world.jump();
    }
    if quits && !is_closed(&world) {
        assert_eq!(answered(&world, before), sent, "{:?}", world.wire.replies);
        world.send("QUIT");
    } else if !is_closed(&world) {
        world.break_control();
    }
    for _ in 0..20 {
        if !is_closed(&world) {
            let _waited = world.jump();
        }
    }
    let Phase::Closed(reason) = world.session.phase() else { panic!("never closed: {:?}", world.session) };
    assert!(world.deaf || reason != CloseReason::HostStuck);
}

/// Does one thing; whether it was a command.
fn step(world: &mut World, dice: &mut Dice) -> bool {
    match dice.below(10) {
        0 => {
            world.tls.holds_control = dice.chance(20);
            world.tls.holds_data = dice.chance(50);
            world.tls.data.resumed = dice.chance(70);
        }
        1 => world.finish_handshakes(),
        2 => world.fail_handshakes(Failure::Tls),
        3 => world.fail_next("SecureData", Failure::Reset),
        4 if !world.listeners.is_empty() => drop(world.connect()),
        5 if dice.chance(20) => {
            // What the world has answered does not wait for the clock.
            world.settle();
            drop(world.jump());
        }
        _ => {
            let line = format!("{}\r\n", dice.pick(LINES));
            world.flows = dice.chance(80);
            world.event(Event::Received(line.as_bytes()));
            world.flows = true;
            if !is_closed(world) && dice.chance(80) {
                world.settle();
            }
            return true;
        }
    }
    false
}

fn is_closed(world: &World) -> bool {
    matches!(world.session.phase(), Phase::Closed(_))
}

/// How many final replies there were since.
fn answered(world: &World, before: usize) -> usize {
    world.wire.replies[before..].iter().filter(|reply| !reply.is_preliminary()).count()
}
