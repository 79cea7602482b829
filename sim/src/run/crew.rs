//! Who connects, and what there is for them.

mod small;

use std::time::Duration;

use super::words::{Behaviour, Tls};
use crate::client::{Ftp, Gone, Plan};

type Account = (&'static str, &'static str, &'static str);

/// Names, passwords and homes.
pub(super) const ACCOUNTS: &[Account] = &[("anna", "secret", "/anna"), ("ben", "word", "/ben")];

/// How large the files are that lie there at first, each in `/anna/pub` under its size.
const SIZES: &[usize] = &[0, 1, 700, 1500, 9000, 40_000];

/// What lies on the disk at first.
pub(super) fn files() -> Vec<(String, Vec<u8>)> {
    let anna = SIZES.iter().map(|size| format!("/anna/pub/{size}.bin"));
    anna.chain(["/ben/note.txt".into()]).map(|path| (path.clone(), content_of(&path))).collect()
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
        Behaviour::Uploader | Behaviour::Monitor | Behaviour::Mirror => {
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

/// Connects and logs in: whether that went well.
async fn begin(ftp: &mut Ftp, (name, password, _): Account, tls: Tls) -> Result<bool, Gone> {
    if !ftp.connect().await?.is_good() {
        return Ok(false);
    }
    let secures = match tls {
        Tls::Off => false,
        Tls::Optional => ftp.permille(500),
        Tls::Required | Tls::Reuse => true,
    };
    if secures && !ftp.secure().await? {
        return Ok(false);
    }
    Ok(ftp.log_in(name, password).await? && ftp.ask("TYPE I").await?.is_good())
}

async fn visit_once(ftp: &mut Ftp, behaviour: Behaviour, tls: Tls, visit: u64) -> Result<(), Gone> {
    if begin(ftp, ACCOUNTS[ftp.number() % ACCOUNTS.len()], tls).await? {
        match behaviour {
            Behaviour::Uploader => upload(ftp, visit).await?,
            Behaviour::Monitor => monitor(ftp).await?,
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

async fn monitor(ftp: &mut Ftp) -> Result<(), Gone> {
    for _ in 0..3 {
        if let Some(plan) = plan(ftp).await? {
            let _ = ftp.fetch(plan, "MLSD").await?;
        }
        ftp.sleep(Duration::from_secs(20)).await;
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
