//! What a session is thrown into: a configuration, a world, and what happens next.

use std::sync::Arc;
use std::time::Duration;

use ftp_proto::config::{Config, CustomVerb, Demand, Network, Switch};
use ftp_proto::event::Admission;
use ftp_proto::line::Framer;
use ftp_proto::outcome::{DataEnd, Secured};
use ftp_proto::storage::HashAlgorithms;
use ftp_proto::verb::TABLE;
use ftp_proto::{Event, Failure};

use super::world::{Dice, LOCAL, Layer, PEER, SEED, STARTED, STRANGER, Tape, World};
use super::{Cut, Storm, lines};

/// What may be held back, or fail next.
const KINDS: &[&str] = &[
    "Authenticate",
    "Custom",
    "SelectHost",
    "Stat",
    "OpenDir",
    "ReadDir",
    "OpenRead",
    "OpenWrite",
    "Read",
    "Write",
    "Finish",
    "Hash",
    "TreeSize",
    "Combine",
    "Copy",
    "RemoveTree",
    "Prepare",
    "Space",
    "Rename",
    "MakeDir",
];

const FAILURES: &[Failure] = &[
    Failure::NotFound,
    Failure::Exists,
    Failure::BadOffset,
    Failure::AccountRequired,
    Failure::LoginIncorrect,
    Failure::TimedOut,
    Failure::Tls,
    Failure::Reset,
    Failure::Refused,
    Failure::NameNotAllowed,
    Failure::Unsupported,
    Failure::Vetoed,
    Failure::OverQuota,
    Failure::NoSpace,
];

/// What clients send on data connections: text, blocks, compressed strings, deflated bytes, and nothing.
const PAYLOADS: &[&[u8]] = &[
    b"",
    b"one\r\ntwo\r\n",
    b"\x10\0\x015\0\0\x03one\x40\0\x03two",
    b"\x03one\0\x40\x03two",
    b"\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\0\x06\x2c\x02\x15",
    b"\xFF\x01one\xFF\x02",
];

fn switch(dice: &mut Dice, percent: usize) -> Switch {
    if dice.chance(percent) { Switch::On } else { Switch::Off }
}

fn demand(dice: &mut Dice, percent: usize) -> Demand {
    if dice.chance(percent) { Demand::Required } else { Demand::Optional }
}

fn configuration(dice: &mut Dice) -> Config {
    let mut config = Config::default();
    config.tls.offered = switch(dice, 70);
    config.tls.login = demand(dice, 10);
    config.tls.data = demand(dice, 10);
    config.tls.data_reuse = demand(dice, 15);
    config.tls.strict_end = switch(dice, 70);
    config.tls.clear_control = switch(dice, 50);
    config.keep_partial = switch(dice, 50);
    config.active_mode = switch(dice, 90);
    config.ascii_size = switch(dice, 50);
    config.structure_mount = switch(dice, 50);
    if dice.chance(40) {
        config.fxp = vec![Network { address: "203.0.113.0".parse().expect("an address"), prefix: 24 }];
    }
    if dice.chance(10) {
        config.hashes = HashAlgorithms::NONE;
    }
    if dice.chance(20) {
        config.disabled =
            [TABLE[dice.below(TABLE.len())].verb, TABLE[dice.below(TABLE.len())].verb].into_iter().collect();
    }
    if dice.chance(40) {
        let limits = &mut config.limits;
        (limits.queued_commands, limits.queued_bytes, limits.look_ahead, limits.unsent_replies) = (2, 40, 2, 200);
        (limits.chunk, limits.range, limits.directory_page, limits.marker_interval) = (5, 7, 1, 4);
        (limits.strangers, limits.reply_lines) = (1, 4);
    }
    let verb =
        |name: &str, needs_login| CustomVerb { name: name.into(), syntax: String::new(), needs_login, in_feat: true };
    config.custom = vec![
        verb("SITE FETCH", dice.chance(80)),
        verb("SITE PUT", true),
        verb("SITE OPEN", false),
        verb("XOPEN", false),
        verb("XCLOSED", true),
    ];
    config
}

impl Storm {
    pub(super) fn new(seed: u64, cut: Cut) -> Self {
        let mut dice = Dice::new(seed ^ 0x5708);
        let config = configuration(&mut dice);
        let framer = Framer::new(config.limits.line);
        let implicit = config.tls.offered.is_on() && dice.chance(30);
        // The same ones each time, however threads share them.
        let taped = seed.is_multiple_of(16) || Tape::of_all();
        let tape = if taped { Tape::new(&config, SEED, STARTED) } else { Tape::default() };
        let mut world = World::of(Arc::new(config));
        world.tape = tape;
        world.logs = true;
        world.dice = Dice::new(seed ^ 0xABCD);
        world.shuffles = dice.chance(50);
        world.offloads = dice.chance(40);
        world.late = dice.chance(30);
        world.deaf = dice.chance(5);
        world.fault_rate = if dice.chance(50) { dice.below(20) } else { 0 };
        world.cut = 1 + dice.below(16);
        world.custom_code = [200, 200, 250, 150, 350, 0][dice.below(6)];
        world.node = dice.chance(50).then(|| "192.0.2.77".parse().expect("an address"));
        world.tls.hosts.insert("one.example".into(), vec!["one".into()]);
        world.tls.codes.insert("reader", "blue");
        world.tls.data = Secured { resumed: dice.chance(70), ..Secured::default() };
        let names = [None, None, Some("one.example".into()), Some("who.example".into())];
        world.tls.control = Secured {
            sni: names[dice.below(4)].clone(),
            peer_certificate: dice.chance(20).then(|| b"certificate"[..].into()),
            ..Secured::default()
        };
        world.tls.certified = vec!["alice"];
        let slow = world.deaf;
        let scissors = Dice::new(seed ^ 0xC07);
        if implicit {
            world.connect_implicitly(Admission::Welcome);
        } else {
            world.connect_from(LOCAL, PEER);
        }
        let mut this = Self { world, dice, scissors, cut, framer, lines: Vec::new(), slow, half_closed: false };
        if this.dice.chance(85) {
            this.log_in();
        }
        this
    }

    fn log_in(&mut self) {
        let lines: &[&[u8]] = match self.dice.below(3) {
            0 => &[b"AUTH TLS\r\n", b"USER alice\r\n", b"PASS secret\r\n", b"PBSZ 0\r\n", b"PROT P\r\n"],
            1 => &[b"USER alice\r\nPASS secret\r\nTYPE I\r\n", b"PBSZ 0\r\nPROT P\r\n"],
            _ => &[b"USER alice\r\n", b"PASS secret\r\n"],
        };
        for line in lines {
            if !self.is_closed() {
                self.send(line);
            }
        }
    }

    /// One thing happens.
    pub(super) fn blow(&mut self) {
        match self.dice.below(100) {
            0..45 => self.say(),
            45..58 => {
                self.world.deliver_one();
            }
            58..66 => self.turn(),
            66..76 => self.connect(),
            76..82 => self.touch_link(),
            82..86 => {
                self.slow |= !self.world.ready.is_empty();
                self.world.jump();
            }
            86..88 => {
                self.slow |= !self.world.ready.is_empty();
                let time = Duration::from_millis(100 + self.dice.below(5_000) as u64);
                self.world.wait(time);
            }
            88..92 => self.world.hold(KINDS[self.dice.below(KINDS.len())]),
            92..94 => self.world.release(),
            94..97 => {
                let failure = FAILURES[self.dice.below(FAILURES.len())];
                let kind = ["Listen", "Connect", "Secure", "Unsecure", "SecureData"];
                let at = self.dice.below(KINDS.len() + kind.len());
                let kind = KINDS.get(at).or_else(|| kind.get(at - KINDS.len())).expect("one of both");
                self.world.fail_next(kind, failure);
            }
            97 => {
                self.half_closed = true;
                self.world.hang_up();
            }
            98 => self.world.event(Event::Drain { deadline: self.world.now + Duration::from_secs(20) }),
            _ if self.dice.chance(30) => self.world.break_control(),
            _ => self.world.event(Event::Timeout),
        }
    }

    /// The client says something, once it is listened to; now and then without waiting for that.
    fn say(&mut self) {
        let between = matches!(self.world.tls.layer, Layer::Securing | Layer::Unsecuring);
        let hears = self.world.session.interest().control && !between;
        if self.half_closed || (!hears && self.dice.chance(if between { 98 } else { 70 })) {
            return;
        }
        let mut bytes = Vec::new();
        for _ in 0..1 + self.dice.below(4) {
            let line = lines::throw(&mut self.dice);
            // Whether bytes behind AUTH come with it or after it does make a difference.
            let alone = line.starts_with(b"AUTH");
            if !alone || bytes.is_empty() {
                bytes.extend(line);
            }
            if alone {
                break;
            }
        }
        self.send(&bytes);
    }

    /// The world changes its ways.
    fn turn(&mut self) {
        match self.dice.below(7) {
            0 => self.world.flows = !self.world.flows,
            1 => self.world.credits = !self.world.credits,
            2 => self.world.tls.holds_control = self.dice.chance(50),
            3 => self.world.tls.holds_data = self.dice.chance(50),
            4 => self.world.finish_handshakes(),
            5 => self.world.fail_handshakes(Failure::Tls),
            _ => self.world.reads = self.dice.chance(70),
        }
        self.world.settle();
    }

    /// A client connects, or takes a connection.
    fn connect(&mut self) {
        self.world.preloaded = PAYLOADS[self.dice.below(PAYLOADS.len())].to_vec();
        self.world.preloaded_end =
            [Some(DataEnd::Clean), Some(DataEnd::Clean), Some(DataEnd::Truncated), None][self.dice.below(4)];
        self.world.answers_dials = self.dice.chance(70);
        if self.dice.chance(30) {
            self.world.answer_dial();
            self.world.settle();
        }
        if !self.world.listeners.is_empty() {
            self.world.connect_as(if self.dice.chance(80) { PEER } else { STRANGER });
        }
    }

    /// Something happens on a data connection.
    fn touch_link(&mut self) {
        let Some(link) = self.world.links.len().checked_sub(1) else { return };
        match self.dice.below(4) {
            0 => self.world.reset(link),
            1 => self.world.end(link, DataEnd::Clean),
            2 => self.world.give(link, b"more"),
            _ => self.world.read(link, true),
        }
    }
}

impl World {
    /// Everything goes its way again.
    pub(super) fn clear_up(&mut self) {
        (self.flows, self.credits, self.deaf, self.reads) = (true, true, false, true);
        self.answers_dials = true;
        self.fault_rate = 0;
        self.finish_handshakes();
        self.answer_dial();
        self.release();
        for link in 0..self.links.len() {
            self.read(link, true);
        }
        self.settle();
    }
}
