//! Whole clients: each alone in a calm world, and all together in calm ones and under faults.

use std::time::Duration;

use ftp_proto::VirtualPath;
use ftp_proto::config::{Config, Switch};
use ftp_proto::outcome::Offload;
use ftp_sim::behaviours::{Abuse, Chaos, Guest, Step, Watch, abuser, chaos, monitor, script};
use ftp_sim::{Builder, Chance, Disk, Durability, Moment, Plan, Report, World};

fn path(text: &str) -> VirtualPath {
    VirtualPath::parse(text.as_bytes()).expect("a path")
}

fn disk(seed: u64) -> Disk {
    let offload = if seed % 3 == 0 { Offload::Impossible } else { Offload::Possible };
    let mut disk = Disk::new(Durability::OnCommit, Chance::from_seed(seed, 2)).with_offload(offload);
    for directory in ["/alice", "/bob", "/shared", "/chaos/dir"] {
        disk.put_dir(&path(directory)).expect("there is room");
    }
    disk.put_file(&path("/chaos/a.txt"), b"hello\nworld\n".repeat(500)).expect("there is room");
    disk.put_file(&path("/chaos/b.bin"), (0..=255).cycle().take(200_000).collect()).expect("there is room");
    disk
}

fn config() -> Config {
    let mut config = Config::default();
    config.tls.offered = Switch::On;
    config
}

fn world(seed: u64, plan: Plan) -> World<Disk> {
    let builder = Builder::from_seed(seed).faults(plan).config(config()).reloads(Config::default());
    let builder = builder.account("alice", "secret", "/alice").account("bob", "hidden", "/bob");
    builder.account("chaos", "chaos", "/chaos").build(disk(seed))
}

fn alice() -> Guest {
    Guest::new("alice", "secret")
}

fn guest_of(number: u64) -> Guest {
    let guest = if number % 2 == 0 { alice() } else { Guest::new("bob", "hidden") };
    if number % 3 == 0 { guest.over_tls() } else { guest }
}

fn sound(report: &Report, what: impl std::fmt::Display) {
    assert_eq!(report.violations, Vec::<String>::new(), "{what}: {report:?}");
}

fn run(world: World<Disk>) -> Report {
    world.run(Duration::from_secs(2 * 3600))
}

fn storm(steps: u32) -> Chaos {
    Chaos { steps, directory: "/chaos".into() }
}

fn watch(polls: u32) -> Watch {
    Watch { polls, every: Duration::from_secs(7), directory: "/shared".into(), file: "/shared/one".into() }
}

/// How many seeds are played: more where somebody asks for it.
fn seeds(usual: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().expect("a number"));
    let first = number("FTP_SIM_SEED").unwrap_or(0);
    first..first + number("FTP_SIM_RUNS").unwrap_or(usual)
}

#[test]
fn a_script() {
    let mut world = world(1, Plan::None);
    let steps = Step::from_text("USER alice\nPASS secret\n...\nPWD\nCWD ..\nPWD\nNOOP\nSTAT\nFEAT\nHELP\nQUIT");
    world.add_client(Moment::START, |ftp| script(ftp, steps));
    let pieces = vec![
        Step::Trickle(b"\xFF\xF4NO\xFF\xFBxOP\r\nSYST\r".to_vec(), Duration::from_secs(1)),
        Step::Pause(Duration::from_secs(5)),
        Step::Bytes(b"\nSTAT\r\nQUIT\r\n".to_vec()),
    ];
    world.add_client(Moment::START, |ftp| script(ftp, pieces));
    let report = run(world);
    sound(&report, "scripts");
    assert_eq!(report.endings.get("Quit"), Some(&2), "{report:?}");
}

#[test]
fn a_monitor_stays() {
    for seed in seeds(10) {
        let mut world = world(seed, Plan::None);
        world.add_client(Moment::START, |ftp| monitor(ftp, guest_of(seed), watch(600)));
        let report = run(world);
        sound(&report, seed);
        assert_eq!(report.endings.get("Quit"), Some(&1), "{report:?}");
        assert_eq!(report.sessions, 1);
    }
}

#[test]
fn abusers_get_nothing() {
    for seed in seeds(4) {
        for abuse in Abuse::ALL {
            let mut world = world(seed, Plan::None);
            world.add_client(Moment::START, |ftp| abuser(ftp, guest_of(seed), abuse));
            sound(&run(world), format_args!("seed {seed}, {abuse:?}"));
        }
    }
}

#[test]
fn chaos_in_a_calm_world() {
    for seed in seeds(60) {
        let mut world = world(seed, Plan::None);
        for number in 0..3 {
            let guest = Guest::new("chaos", "chaos");
            let guest = if number == 2 { guest.over_tls() } else { guest };
            world.add_client(Moment::START, |ftp| chaos(ftp, guest, storm(150)));
        }
        sound(&run(world), format_args!("seed {seed}"));
    }
}
