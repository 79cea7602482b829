//! Who connects, and what there is for them.

use std::time::Duration;

use super::words::{Behaviour, Tls};
use crate::client::{Ftp, Gone, Plan};

/// Names, passwords and homes.
pub(super) const ACCOUNTS: &[(&str, &str, &str)] = &[("anna", "secret", "/anna"), ("ben", "word", "/ben")];

/// What lies on the disk at first.
pub(super) fn files() -> Vec<(String, Vec<u8>)> {
    let sizes = [0, 1, 700, 1500, 9000, 40_000];
    let file = |name: String, size: usize| (name, (0..size).map(|at| (at * 31 + size) as u8).collect());
    let anna = sizes.iter().map(|size| file(format!("/anna/pub/{size}.bin"), *size));
    anna.chain([file("/ben/note.txt".into(), 300)]).collect()
}

/// Plays a client to its end.
pub(super) async fn play(mut ftp: Ftp, behaviour: Behaviour, tls: Tls) {
    ftp.set_patience(Duration::from_secs(600));
    for visit in 0..1 + ftp.below(4) {
        // Whoever is cut off comes again.
        let _ = visit_once(&mut ftp, behaviour, tls, visit).await;
        ftp.vanish();
        let pause = ftp.below(30);
        ftp.sleep(Duration::from_secs(pause)).await;
    }
}

async fn visit_once(ftp: &mut Ftp, behaviour: Behaviour, tls: Tls, visit: u64) -> Result<(), Gone> {
    if !ftp.connect().await?.is_good() {
        return Ok(());
    }
    let secures = match tls {
        Tls::Off => false,
        Tls::Optional => ftp.permille(500),
        Tls::Required | Tls::Reuse => true,
    };
    if secures && !ftp.secure().await? {
        return ftp.quit().await;
    }
    let (name, password, _) = ACCOUNTS[ftp.number() % ACCOUNTS.len()];
    if ftp.log_in(name, password).await? {
        ftp.ask("TYPE I").await?;
        match behaviour {
            Behaviour::Uploader => upload(ftp, visit).await?,
            Behaviour::Monitor => monitor(ftp).await?,
            Behaviour::Mirror => mirror(ftp).await?,
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
