//! Clients of small worlds: each does one thing, and looks afterwards whether it was done or not.
//!
//! Whatever went wrong, a file is old or new and never a mixture, and what was promised is there.

use std::time::Duration;

use super::{ACCOUNTS, begin, content_of};
use crate::client::{Ftp, Gone, Plan};
use crate::run::words::{Behaviour, Tls};

/// Does what `behaviour` says, once, and looks what came of it.
pub(super) async fn play(ftp: &mut Ftp, behaviour: Behaviour, tls: Tls) {
    let promised = visit(ftp, behaviour, tls).await.unwrap_or(Promised::Nothing);
    ftp.vanish();
    // Faults may last for a while, and the server may turn clients away.
    for _ in 0..TRIES {
        ftp.sleep(Duration::from_millis(10)).await;
        if look(ftp, behaviour, tls, promised).await == Ok(true) {
            return;
        }
        ftp.vanish();
        ftp.sleep(Duration::from_secs(60)).await;
    }
    ftp.accuse(format!("{TRIES} times it could not look what had come of its {behaviour}"));
}

/// What the server said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promised {
    /// It is done.
    All,
    /// No word of success.
    Nothing,
}

fn promised(by: bool) -> Promised {
    if by { Promised::All } else { Promised::Nothing }
}

async fn visit(ftp: &mut Ftp, behaviour: Behaviour, tls: Tls) -> Result<Promised, Gone> {
    if !begin(ftp, ACCOUNTS[0], tls).await? {
        return Ok(Promised::Nothing);
    }
    let done = match behaviour {
        Behaviour::Upload | Behaviour::Active => {
            let plan = if behaviour == Behaviour::Active { ftp.active().await? } else { ftp.passive().await? };
            match plan {
                Some(plan) => ftp.store(plan, &format!("STOR {TARGET}"), new_content()).await?.is_good(),
                None => false,
            }
        }
        Behaviour::Rename => {
            ftp.ask(format!("RNFR {OTHER}")).await?.code == 350 && ftp.ask(format!("RNTO {TARGET}")).await?.is_good()
        }
        Behaviour::List => list(ftp).await?,
        Behaviour::Abort => abort(ftp).await?,
        _ => fetch(ftp, OTHER).await?.is_some(),
    };
    let promised = promised(done);
    // A session that ends badly takes nothing back.
    let _ = ftp.quit().await;
    Ok(promised)
}

/// The content of a file; `None` where it is not had whole.
async fn fetch(ftp: &mut Ftp, path: &str) -> Result<Option<Vec<u8>>, Gone> {
    let Some(plan) = ftp.passive().await? else { return Ok(None) };
    let Ok(download) = ftp.fetch(plan, &format!("RETR {path}")).await? else { return Ok(None) };
    Ok(download.is_whole().then_some(download.bytes))
}

async fn list(ftp: &mut Ftp) -> Result<bool, Gone> {
    let Some(plan) = ftp.passive().await? else { return Ok(false) };
    let Ok(listing) = ftp.fetch(plan, "MLSD /anna/pub").await? else { return Ok(false) };
    if listing.is_whole() {
        let text = String::from_utf8_lossy(&listing.bytes).into_owned();
        let files = text.lines().filter(|line| line.contains("type=file;")).count();
        if files != super::SIZES.len() {
            ftp.accuse(format!("a whole listing has {files} files: {text}"));
        }
    }
    Ok(listing.is_whole())
}

/// ABOR in the middle of a download of which little is read: two replies, and the session goes on.
async fn abort(ftp: &mut Ftp) -> Result<bool, Gone> {
    let Some(plan @ Plan::Passive(_)) = ftp.passive().await? else { return Ok(false) };
    ftp.say(format!("RETR {LARGE}")).await?;
    let socket = ftp.data(plan).await;
    if !ftp.reply().await?.is_preliminary() {
        return Ok(false);
    }
    if let Some(socket) = &socket {
        let _ = socket.read(100, ftp.now() + Duration::from_secs(20)).await;
    }
    ftp.say("ABOR").await?;
    let transfer = ftp.final_reply().await?;
    let abort = ftp.final_reply().await?;
    // A server that is drained says so in the place of the second.
    if !abort.is_good() && abort.code != 421 {
        ftp.accuse(format!("ABOR is answered {:?} and {:?}", transfer.text(), abort.text()));
    }
    drop(socket);
    Ok(abort.is_good() && ftp.ask("NOOP").await?.is_good())
}

/// Looks what came of it: whether that could be seen.
async fn look(ftp: &mut Ftp, behaviour: Behaviour, tls: Tls, promised: Promised) -> Result<bool, Gone> {
    if !begin(ftp, ACCOUNTS[0], tls).await? {
        return Ok(false);
    }
    let seen = match behaviour {
        Behaviour::Upload | Behaviour::Active => match fetch(ftp, TARGET).await? {
            Some(found) => {
                let new = found == new_content();
                if !new && (promised == Promised::All || found != content_of(TARGET)) {
                    ftp.accuse(format!("an upload, promised: {promised:?}, leaves a file of {} bytes", found.len()));
                }
                true
            }
            None => false,
        },
        Behaviour::Rename => match fetch(ftp, TARGET).await? {
            Some(found) => {
                let old = ftp.ask(format!("SIZE {OTHER}")).await?;
                let renamed = found == content_of(OTHER) && old.code == 550;
                let not = found == content_of(TARGET) && old.code == 213;
                // A SIZE that says neither was a fault's.
                let known = matches!(old.code, 550 | 213) && !old.text().contains("error");
                if known && !renamed && (promised == Promised::All || !not) {
                    let text = old.text();
                    ftp.accuse(format!("a rename, promised: {promised:?}, leaves {} bytes and {text}", found.len()));
                }
                known
            }
            None => false,
        },
        _ => match fetch(ftp, OTHER).await? {
            Some(found) => {
                if found != content_of(OTHER) {
                    ftp.accuse(format!("{OTHER} is another file"));
                }
                true
            }
            None => false,
        },
    };
    if seen {
        let _ = ftp.quit().await;
    }
    Ok(seen)
}

fn new_content() -> Vec<u8> {
    (0..1600_u32).map(|at| (at % 251) as u8 ^ 0x55).collect()
}

const TARGET: &str = "/anna/pub/700.bin";
const OTHER: &str = "/anna/pub/1500.bin";
const LARGE: &str = "/anna/pub/40000.bin";
const TRIES: u32 = 20;
