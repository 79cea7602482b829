//! Who connects, and what there is for them.

mod small;

use std::time::Duration;

use super::words::{Behaviour, Tls};
use crate::behaviours::{Abuse, Chaos, Guest, Step, Watch, abuser, chaos, monitor, script};
use crate::client::{Ftp, Gone, Plan};

type Account = (&'static str, &'static str, &'static str);

/// Names, passwords and homes.
pub(super) const ACCOUNTS: &[Account] = &[ANNA, ("ben", "word", "/ben"), CARL];

const ANNA: Account = ("anna", "secret", "/anna");

/// Whose files nobody counts on.
const CARL: Account = ("carl", "chaos", "/carl");

/// How large the files are that lie there at first, each in `/anna/pub` under its size.
const SIZES: &[usize] = &[0, 1, 700, 1500, 9000, 40_000];

/// What lies on the disk at first.
pub(super) fn files() -> Vec<(String, Vec<u8>)> {
    let anna = SIZES.iter().map(|size| format!("/anna/pub/{size}.bin"));
    anna.chain(["/ben/note.txt".into(), "/carl/900.bin".into()]).map(|path| (path.clone(), content_of(&path))).collect()
}

/// What a file is at first. Each is another.
fn content_of(path: &str) -> Vec<u8> {
    let digits: String = path.chars().filter(char::is_ascii_digit).collect();
    let size = digits.parse().unwrap_or(300);
    (0..size).map(|at: usize| (at * 31 + size) as u8).collect()
}

/// Plays a client to its end.
pub(super) async fn play(mut ftp: Ftp, behaviour: Behaviour, tls: Tls) {
    ftp.set_patience(Duration::from_secs(7200));
    match behaviour {
        Behaviour::Monitor => {
            let watch = Watch {
                polls: 1 + ftp.below(20) as u32,
                every: Duration::from_secs(5 + ftp.below(100)),
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
        Behaviour::Uploader | Behaviour::Mirror => {
            for visit in 0..1 + ftp.below(4) {
                // Whoever is cut off comes again.
                let _ = visit_once(&mut ftp, behaviour, tls, visit).await;
                ftp.vanish();
                let pause = ftp.below(30);
                ftp.sleep(Duration::from_secs(pause)).await;
            }
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
    "USER ben\nPASS word\nTYPE I\nMKD d\nRNFR d\nRNTO e\nRMD e\nSTAT\nHELP\nQUIT",
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

async fn visit_once(ftp: &mut Ftp, behaviour: Behaviour, tls: Tls, visit: u64) -> Result<(), Gone> {
    if begin(ftp, ACCOUNTS[ftp.number() % ACCOUNTS.len()], tls).await? {
        match behaviour {
            Behaviour::Uploader => upload(ftp, visit).await?,
            _ => mirror(ftp).await?,
        }
    }
    ftp.quit().await
}

async fn plan(ftp: &mut Ftp) -> Result<Option<Plan>, Gone> {
    if ftp.permille(300) { ftp.active().await } else { ftp.passive().await }
}

async fn upload(ftp: &mut Ftp, visit: u64) -> Result<(), Gone> {
    let name = format!("up-{}-{visit}", ftp.number());
    let size = ftp.below(20_000) as usize;
    let content: Vec<u8> = (0..size).map(|at| (at * 7 + ftp.number()) as u8).collect();
    if let Some(plan) = plan(ftp).await? {
        ftp.store(plan, &format!("STOR {name}"), content).await?;
    }
    Ok(())
}

async fn mirror(ftp: &mut Ftp) -> Result<(), Gone> {
    for (path, content) in files() {
        if let Some(plan) = plan(ftp).await?
            && let Ok(download) = ftp.fetch(plan, &format!("RETR {path}")).await?
            && download.is_whole()
            && download.bytes != content
        {
            ftp.accuse(format!("{path} is another file"));
        }
    }
    Ok(())
}
