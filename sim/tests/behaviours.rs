//! Whole clients: each alone in a calm world, and all together in calm ones and under faults.

use std::time::Duration;

use ftp_proto::VirtualPath;
use ftp_proto::config::{Config, Switch};
use ftp_proto::outcome::Offload;
use ftp_sim::behaviours::{
    Abuse, Chaos, Guest, Mirror, Step, Uploads, Watch, Writing, abuser, chaos, mirror, monitor, script, uploader,
    writer,
};
use ftp_sim::{Builder, Chance, Content, Disk, Durability, Moment, Plan, Report, World};

fn path(text: &str) -> VirtualPath {
    VirtualPath::parse(text.as_bytes()).expect("a path")
}

fn disk(seed: u64) -> Disk {
    let offload = if seed.is_multiple_of(3) { Offload::Impossible } else { Offload::Possible };
    let mut disk = Disk::new(Durability::OnCommit, Chance::from_seed(seed, 2)).with_offload(offload);
    for directory in ["/alice", "/bob", "/shared", "/chaos/dir"] {
        disk.put_dir(&path(directory)).expect("there is room");
    }
    disk.put_file(&path("/chaos/a.txt"), b"hello\nworld\n".repeat(500)).expect("there is room");
    disk.put_file(&path("/chaos/b.bin"), (0..=255).cycle().take(200_000).collect()).expect("there is room");
    for (number, certain) in CERTAIN.iter().enumerate() {
        let content = Content { author: 1 + number as u32, len: [0, 33, 3_000, 150_001][number % 4] };
        disk.put_file(&path(certain), content.whole()).expect("there is room");
    }
    disk
}

/// Files that nobody changes.
const CERTAIN: [&str; 5] =
    ["/shared/pub/a", "/shared/pub/b c", "/shared/pub/deep/down/x.bin", "/shared/pub/-la", "/shared/pub/deep/y"];

fn config() -> Config {
    let mut config = Config::default();
    config.tls.offered = Switch::On;
    config
}

/// What a reload brings: little room, and the same promises.
fn other_config() -> Config {
    let mut config = config();
    config.limits.queued_commands = 2;
    config.limits.look_ahead = 1;
    config.limits.unsent_replies = 500;
    config.limits.chunk = 1_000;
    config.limits.range = 10_000;
    config.limits.directory_page = 2;
    config
}

fn world(seed: u64, plan: Plan) -> World<Disk> {
    let builder = Builder::from_seed(seed).faults(plan).config(config()).reloads(other_config());
    let builder = builder.account("alice", "secret", "/alice").account("bob", "hidden", "/bob");
    let mut world = builder.account("chaos", "chaos", "/chaos").build(disk(seed));
    world.judge_files(&["/chaos"]);
    world
}

fn alice() -> Guest {
    Guest::new("alice", "secret")
}

fn guest_of(number: u64) -> Guest {
    let guest = if number.is_multiple_of(2) { alice() } else { Guest::new("bob", "hidden") };
    if number.is_multiple_of(3) { guest.over_tls() } else { guest }
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

fn uploads(number: u64) -> Uploads {
    Uploads::usual(if number.is_multiple_of(2) { "/alice" } else { "/bob" })
}

fn mirrors() -> Mirror {
    Mirror { root: "/shared".into(), certain: CERTAIN.map(String::from).to_vec() }
}

/// Everybody at once.
fn crowd(world: &mut World<Disk>, seed: u64) {
    for number in 0..10 {
        let begins = Moment::from_secs(number);
        let guest = guest_of(number);
        match number % 5 {
            0 => world.add_client(begins, move |ftp| uploader(ftp, guest, uploads(number))),
            1 | 2 => world.add_client(begins, move |ftp| writer(ftp, guest, Writing::usual(40))),
            3 => world.add_client(begins, move |ftp| mirror(ftp, guest, mirrors())),
            _ => world.add_client(begins, move |ftp| monitor(ftp, guest, watch(60))),
        }
    }
    let abuse = Abuse::ALL[seed as usize % Abuse::ALL.len()];
    world.add_client(Moment::from_secs(3), move |ftp| abuser(ftp, alice(), abuse));
    for number in 0..2 {
        let guest = Guest::new("chaos", "chaos");
        let guest = if number == 1 { guest.over_tls() } else { guest };
        world.add_client(Moment::START, |ftp| chaos(ftp, guest, storm(100)));
    }
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

#[test]
fn an_uploader_uploads() {
    for seed in seeds(10) {
        let mut world = world(seed, Plan::None);
        world.add_client(Moment::START, |ftp| uploader(ftp, guest_of(seed), uploads(seed)));
        let report = run(world);
        sound(&report, seed);
        assert_eq!(report.sessions, 1);
    }
}

#[test]
fn an_uploader_succeeds_in_the_end() {
    for seed in seeds(40) {
        let mut world = world(seed, Plan::Chance);
        world.add_client(Moment::START, |ftp| uploader(ftp, guest_of(seed), uploads(seed)));
        sound(&run(world), seed);
    }
}

#[test]
fn a_mirror_fetches_all() {
    for seed in seeds(10) {
        let mut world = world(seed, Plan::None);
        world.add_client(Moment::START, |ftp| mirror(ftp, guest_of(seed), mirrors()));
        let report = run(world);
        sound(&report, seed);
        assert_eq!(report.sessions, 1);
    }
}

#[test]
fn writers_share_files() {
    for seed in seeds(20) {
        let mut world = world(seed, Plan::None);
        for number in 0..4 {
            world.add_client(Moment::START, |ftp| writer(ftp, guest_of(seed + number), Writing::usual(60)));
        }
        sound(&run(world), seed);
    }
}

#[test]
fn everybody_in_a_calm_world() {
    for seed in seeds(20) {
        let mut world = world(seed, Plan::None);
        crowd(&mut world, seed);
        sound(&run(world), seed);
    }
}

#[test]
fn everybody_under_faults() {
    for seed in seeds(40) {
        let play = || {
            let mut world = world(seed, Plan::Chance);
            crowd(&mut world, seed);
            run(world)
        };
        let report = play();
        sound(&report, seed);
        assert_eq!(report, play(), "seed {seed} is two worlds");
    }
}
