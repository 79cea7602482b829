//! Who connects, and what there is for them.

mod small;

use std::time::Duration;

use super::words::{Behaviour, Tls};
use crate::behaviours::{
    Abuse, Chaos, Guest, Mirror, Moods, Step, Uploads, Watch, Writing, abuser, chaos, fickle, mirror, monitor, script,
    uploader, writer,
};
use crate::client::{Ftp, Gone};
use crate::content::Content;

type Account = (&'static str, &'static str, &'static str);

/// Names, passwords and homes.
pub(super) const ACCOUNTS: &[Account] = &[ANNA, BEN, CARL];

const ANNA: Account = ("anna", "secret", "/anna");
const BEN: Account = ("ben", "word", "/ben");

/// Those whose files are their own.
const OWNERS: &[Account] = &[ANNA, BEN];

/// Whose files nobody counts on.
const CARL: Account = ("carl", "chaos", "/carl");

/// Where nobody is judged.
pub(super) const LAWLESS: &str = "/carl";

/// Where nobody changes anything.
const PUBLIC: &str = "/shared/pub";

/// How large the files are that lie there at first, each in `/anna/pub` under its size.
const SIZES: &[usize] = &[0, 1, 700, 1500, 9000, 40_000];

/// What lies on the disk at first.
pub(super) fn files() -> Vec<(String, Vec<u8>)> {
    let anna = SIZES.iter().map(|size| format!("/anna/pub/{size}.bin"));
    let others = anna.chain(["/ben/note.txt", "/carl/900.bin"].map(String::from));
    others.map(|path| (path.clone(), content_of(&path))).chain(certain()).collect()
}

/// Files that nobody changes, of contents that say what they are.
fn certain() -> impl Iterator<Item = (String, Vec<u8>)> {
    let names = ["a", "b c", "deep/down/x.bin", "-la"];
    (1..)
        .zip(names.into_iter().zip([0, 33, 3_000, 20_001]))
        .map(|(author, (name, len))| (format!("{PUBLIC}/{name}"), Content { author, len }.whole()))
}

/// What a file is at first. Each is another.
fn content_of(path: &str) -> Vec<u8> {
    let digits: String = path.chars().filter(char::is_ascii_digit).collect();
    let size = digits.parse().unwrap_or(300);
    (0..size).map(|at: usize| (at * 31 + size) as u8).collect()
}

/// Plays a client to its end. A monitor stays so long, where that is told.
pub(super) async fn play(mut ftp: Ftp, behaviour: Behaviour, tls: Tls, stay: Option<Duration>) {
    ftp.set_patience(Duration::from_secs(7200));
    match behaviour {
        Behaviour::Monitor => {
            let every = Duration::from_secs(5 + ftp.below(100));
            let watch = Watch {
                polls: stay.map_or_else(|| 1 + ftp.below(20) as u32, |stay| stay.div_duration_f64(every) as u32),
                every,
                directory: "/anna/pub".into(),
                file: "/anna/pub/700.bin".into(),
            };
            let guest = guest(&ftp, ANNA, tls);
            monitor(ftp, guest, watch).await;
        }
        Behaviour::Chaos => {
            let what = Chaos { steps: 5 + ftp.below(60) as u32, directory: "/carl".into() };
            let guest = guest(&ftp, CARL, tls);
            chaos(ftp, guest, what).await;
        }
        Behaviour::Abuser => {
            let abuse = *ftp.pick(&Abuse::ALL);
            let guest = guest(&ftp, CARL, tls);
            abuser(ftp, guest, abuse).await;
        }
        Behaviour::Script => {
            let text = *ftp.pick(SCRIPTS);
            let steps = Step::from_text(text);
            let steps = if ftp.permille(300) { trickled(steps) } else { steps };
            script(ftp, steps).await;
        }
        Behaviour::Uploader => {
            let account = OWNERS[ftp.number() % OWNERS.len()];
            let mut uploads = Uploads::usual(account.2);
            // Large ones take most of the time.
            if ftp.permille(700) {
                uploads.sizes.retain(|size| *size < 10_000);
            }
            let guest = guest(&ftp, account, tls);
            uploader(ftp, guest, uploads).await;
        }
        Behaviour::Fickle => {
            let account = OWNERS[ftp.number() % OWNERS.len()];
            let moods = Moods { directory: account.2.into(), rounds: 1 + ftp.below(20) as u32 };
            let guest = guest(&ftp, account, tls);
            fickle(ftp, guest, moods).await;
        }
        Behaviour::Mirror => {
            let what = Mirror { root: PUBLIC.into(), certain: certain().map(|(path, _)| path).collect() };
            let guest = guest(&ftp, BEN, tls);
            mirror(ftp, guest, what).await;
        }
        Behaviour::Writer => {
            let writing = Writing::usual(1 + ftp.below(30) as u32);
            let guest = guest(&ftp, OWNERS[ftp.number() % OWNERS.len()], tls);
            writer(ftp, guest, writing).await;
        }
        _ => small::play(&mut ftp, behaviour, tls).await,
    }
}

fn guest(ftp: &Ftp, (name, password, _): Account, tls: Tls) -> Guest {
    let guest = Guest::new(name, password);
    if secures(ftp, tls) { guest.over_tls() } else { guest }
}

fn secures(ftp: &Ftp, tls: Tls) -> bool {
    match tls {
        Tls::Off => false,
        Tls::Optional => ftp.permille(500),
        Tls::Required | Tls::Reuse => true,
    }
}

/// The same, but byte by byte.
fn trickled(steps: Vec<Step>) -> Vec<Step> {
    let trickle = |step| match step {
        Step::Say(line) => Step::Trickle([&*line, b"\r\n"].concat(), Duration::from_millis(7)),
        step => step,
    };
    steps.into_iter().map(trickle).collect()
}

/// What scripts say; `...` hears all replies.
const SCRIPTS: &[&str] = &[
    "USER ben\nPASS word\nPWD\nSYST\nFEAT\nNOOP\nQUIT",
    "USER ben\nPASS word\n...\nCWD /ben\nMLST note.txt\nSIZE note.txt\nMDTM note.txt\n...\nREIN\nUSER ben\nQUIT",
    "USER carl\nPASS chaos\nTYPE I\nMKD d\nRNFR d\nRNTO e\nRMD e\nSTAT\nHELP\nQUIT",
    "PASS word\nUSER nobody\nPASS x\n...\nUSER ben\nPASS wrong\nPASS word\nFOO\nQUIT",
    "USER ben\nPASS word\nEPSV\nEPSV\nPASV\nREST 10\nABOR\nEPSV ALL\nPORT 1,2,3,4,5,6\nQUIT\nNOOP",
];

/// Connects and logs in: whether that went well.
async fn begin(ftp: &mut Ftp, (name, password, _): Account, tls: Tls) -> Result<bool, Gone> {
    if !ftp.connect().await?.is_good() {
        return Ok(false);
    }
    if secures(ftp, tls) && !ftp.secure().await? {
        return Ok(false);
    }
    Ok(ftp.log_in(name, password).await? && ftp.ask("TYPE I").await?.is_good())
}
