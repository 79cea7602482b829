//! A client that stays logged in and looks every few seconds, for long.

use std::time::Duration;

use super::{Attempts, Guest, expect};
use crate::client::{Ftp, Gone};

/// What a monitor looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// How often.
    pub polls: u32,
    /// So long after each other; less than the server lets anybody idle.
    pub every: Duration,
    /// The directory that it lists.
    pub directory: String,
    /// The file that it asks for; it may be missing.
    pub file: String,
}

/// Looks as often as `watch` says, and says goodbye.
pub async fn monitor(mut ftp: Ftp, guest: Guest, watch: Watch) {
    let mut attempts = Attempts::new(20);
    let mut polls = 0;
    loop {
        match attend(&mut ftp, &guest, &watch, &mut polls).await {
            Ok(true) => return,
            Ok(false) if attempts.again(&mut ftp, "the monitor cannot log in").await => {}
            Err(gone) if attempts.again(&mut ftp, &format!("the monitor is thrown out: {gone:?}")).await => {}
            Ok(false) | Err(_) => return,
        }
    }
}

async fn attend(ftp: &mut Ftp, guest: &Guest, watch: &Watch, polls: &mut u32) -> Result<bool, Gone> {
    if !guest.enter(ftp).await? {
        return Ok(false);
    }
    while *polls < watch.polls {
        poll(ftp, watch, *polls).await?;
        *polls += 1;
        ftp.sleep(watch.every).await;
    }
    ftp.quit().await?;
    Ok(true)
}

async fn poll(ftp: &mut Ftp, watch: &Watch, number: u32) -> Result<(), Gone> {
    let Watch { directory, file, .. } = watch;
    match number % 6 {
        0 => {
            let reply = ftp.ask("NOOP").await?;
            expect(ftp, "NOOP", &reply, &[200]);
        }
        1 => {
            let reply = ftp.ask("STAT").await?;
            expect(ftp, "STAT", &reply, &[211]);
        }
        2 => {
            let reply = ftp.ask(format!("SIZE {file}")).await?;
            expect(ftp, "SIZE", &reply, &[213, 550]);
        }
        3 => {
            let reply = ftp.ask(format!("MDTM {file}")).await?;
            expect(ftp, "MDTM", &reply, &[213, 550]);
        }
        4 => {
            let reply = ftp.ask(format!("STAT {directory}")).await?;
            expect(ftp, "STAT of a directory", &reply, &[212, 213]);
        }
        _ => list(ftp, directory).await?,
    }
    Ok(())
}

async fn list(ftp: &mut Ftp, directory: &str) -> Result<(), Gone> {
    let Some(plan) = ftp.any_data().await? else {
        if ftp.is_calm() {
            ftp.accuse("there is no data connection to be had");
        }
        return Ok(());
    };
    match ftp.fetch(plan, &format!("LIST {directory}")).await? {
        Ok(download) => {
            if ftp.is_calm() && !download.is_whole() {
                ftp.accuse(format!("LIST ends in \"{}\"", download.reply.text()));
            }
        }
        Err(reply) => expect(ftp, "LIST", &reply, &[]),
    }
    Ok(())
}
