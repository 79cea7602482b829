//! The world that a scenario describes.

use std::time::Duration;

use ftp_proto::VirtualPath;
use ftp_proto::config::{Config, Demand, Switch};
use ftp_proto::limits::Limits;
use ftp_proto::outcome::Offload;

use super::crew;
use super::scenario::{Scenario, Source, split};
use super::words::{Behaviour, Parts, Pipe, Size, Sync, Tls, Way};
use crate::builder::Builder;
use crate::chance::Chance;
use crate::faults::Fault;
use crate::scene::Weather;
use crate::storage::{Disk, Durability};
use crate::time::Moment;
use crate::world::World;

/// What is kept of a run besides its counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    Nothing,
    Log,
    /// How many faults could strike at each site.
    Choices,
}

pub(super) fn build(scenario: &Scenario, keep: Keep) -> World<Disk> {
    let (builder, mut chance) = match &scenario.source {
        Source::Seed(seed) => (Builder::from_seed(*seed), Chance::from_seed(*seed, 3)),
        Source::Bytes(bytes) => {
            let (options, world) = split(bytes);
            (Builder::from_bytes(world), Chance::from_bytes(options.into()))
        }
    };
    let disk = disk(scenario, &mut chance);
    let mut builder = builder
        .faults(scenario.plan.clone())
        .weather(weather(scenario.way))
        .config(config(scenario))
        .reloads(other_config(scenario))
        .operator(scenario.operator)
        .most_steps(scenario.steps);
    for fault in Fault::ALL {
        builder = builder.rate(*fault, scenario.rates.0.get(fault).copied().unwrap_or(0));
    }
    for (name, password, home) in crew::ACCOUNTS {
        builder = builder.account(name, password, home);
    }
    builder = match keep {
        Keep::Nothing => builder,
        Keep::Log => builder.keep_log(),
        Keep::Choices => builder.watch(),
    };
    let mut world = builder.build(disk);
    let tls = scenario.tls;
    // Of a crowd all are there for the whole time.
    let stay = (scenario.clients.len() >= CROWD).then_some(scenario.length);
    // The others look for themselves.
    if scenario.clients.0.keys().all(|behaviour| Behaviour::SOCIABLE.contains(behaviour)) {
        world.judge_files(&[crew::LAWLESS]);
    }
    for (behaviour, count) in &scenario.clients.0 {
        for _ in 0..*count {
            let delay = chance.time(&(Duration::ZERO..Duration::from_secs(5)));
            // Who is alone need not be waited for.
            let begins = Moment::START + if scenario.clients.len() > 1 { delay } else { Duration::ZERO };
            let behaviour = *behaviour;
            world.add_client(begins, move |ftp| crew::play(ftp, behaviour, tls, stay));
        }
    }
    world
}

/// More clients than any seed draws.
const CROWD: u32 = 20;

fn disk(scenario: &Scenario, chance: &mut Chance) -> Disk {
    let durability = match scenario.sync {
        Sync::On => Durability::OnCommit,
        Sync::Off => Durability::Later,
    };
    let offload = match scenario.pipe {
        Pipe::Engine => Offload::Impossible,
        Pipe::Offload => Offload::Possible,
    };
    let power = match &scenario.source {
        Source::Seed(seed) => Chance::from_seed(*seed, 4),
        Source::Bytes(_) => Chance::from_bytes(chance.seed().into()),
    };
    let mut disk = Disk::new(durability, power).with_offload(offload);
    if scenario.room > 0 {
        disk = disk.with_capacity(scenario.room);
    }
    for (path, content) in crew::files() {
        if let Ok(path) = VirtualPath::parse(path.as_bytes()) {
            // Where it has no room for them, they are not there.
            let _ = disk.put_file(&path, content);
        }
    }
    disk
}

fn weather(way: Way) -> Weather {
    let millis = Duration::from_millis;
    let usual = Weather::default();
    match way {
        Way::Usual => usual,
        Way::Near => Weather {
            latency: Duration::from_micros(10)..Duration::from_micros(200),
            login: millis(1)..millis(5),
            ..usual
        },
        Way::Far => Weather { latency: millis(80)..millis(300), window: 4096, ..usual },
    }
}

fn config(scenario: &Scenario) -> Config {
    let mut config = Config::default();
    if scenario.limits == Size::Small {
        config.limits = small();
    }
    if scenario.partial == Parts::Kept {
        config.keep_partial = Switch::On;
    }
    if scenario.tls != Tls::Off {
        config.tls.offered = Switch::On;
    }
    if matches!(scenario.tls, Tls::Required | Tls::Reuse) {
        config.tls.login = Demand::Required;
        config.tls.data = Demand::Required;
    }
    if scenario.tls == Tls::Reuse {
        config.tls.data_reuse = Demand::Required;
    }
    config
}

/// What a reload brings: other bounds, and the same promises.
fn other_config(scenario: &Scenario) -> Config {
    let mut config = config(scenario);
    config.limits = match scenario.limits {
        Size::Usual => small(),
        Size::Small => Limits::default(),
    };
    config.greeting = vec!["Another greeting.".into(), "Of two lines.".into()];
    config
}

/// Hardly room for anything, so that every bound is met.
fn small() -> Limits {
    Limits {
        line: 300,
        path: 200,
        queued_commands: 3,
        queued_bytes: 256,
        look_ahead: 2,
        unsent_replies: 512,
        reply_lines: 20,
        chunk: 700,
        range: 5000,
        marker_interval: 1000,
        directory_page: 3,
        sorted_entries: 5,
        recursion: 4,
        strangers: 2,
        ..Limits::default()
    }
}
