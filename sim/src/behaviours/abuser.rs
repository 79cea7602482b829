//! Clients that want what they must not have.

use std::time::Duration;

use super::{Guest, Layer};
use crate::client::{Ftp, Gone};

/// What an abuser does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abuse {
    /// Asks for long replies without end, and takes none.
    Deaf,
    /// Says thousands of NOOPs before it takes the first reply.
    Flood,
    /// Wants the server to connect to others, and to ports of the system.
    Bounce,
    /// Wants out of the root.
    Escape,
    /// Guesses passwords.
    Guess,
}

impl Abuse {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Deaf, Self::Flood, Self::Bounce, Self::Escape, Self::Guess];
}

/// Does what `abuse` says, once, and leaves.
pub async fn abuser(mut ftp: Ftp, guest: Guest, abuse: Abuse) {
    // Thrown out is what it deserves.
    let _ = match abuse {
        Abuse::Deaf => deaf(&mut ftp, &guest).await,
        Abuse::Flood => flood(&mut ftp, &guest).await,
        Abuse::Bounce => bounce(&mut ftp, &guest).await,
        Abuse::Escape => escape(&mut ftp, &guest).await,
        Abuse::Guess => guess(&mut ftp, &guest).await,
    };
    ftp.vanish();
}

/// The session has to end some day all the same, and nothing may grow meanwhile: that is for the books.
async fn deaf(ftp: &mut Ftp, guest: &Guest) -> Result<(), Gone> {
    if guest.enter(ftp).await? {
        ftp.turn_deaf();
        ftp.set_patience(Duration::from_secs(1200));
        let mut lines: &[&str] = &["HELP", "FEAT", "STAT", "NOOP", "HELP STOR"];
        if ftp.below(3) > 0 {
            // A transfer that nobody comes for: these are answered while it waits.
            lines = &["STAT", "STAT", "NOOP"];
            ftp.say("EPSV").await?;
            ftp.say("LIST").await?;
            ftp.sleep(Duration::from_secs(1)).await;
        }
        for _ in 0..2_000 {
            let line = *ftp.pick(lines);
            ftp.say(line).await?;
        }
        ftp.sleep(Duration::from_secs(600)).await;
    }
    Ok(())
}

async fn flood(ftp: &mut Ftp, guest: &Guest) -> Result<(), Gone> {
    if guest.enter(ftp).await? {
        // As much as the network holds by itself; where it holds less, the server waits in vain for replies to be taken.
        if ftp.window() < 64 * 1024 {
            ftp.turn_deaf();
        }
        for _ in 0..30 {
            ftp.say_bytes(b"NOOP\r\n".repeat(100)).await?;
        }
        ftp.settle().await?;
        ftp.quit().await?;
    }
    Ok(())
}

async fn bounce(ftp: &mut Ftp, guest: &Guest) -> Result<(), Gone> {
    const TARGETS: [&str; 7] = [
        "PORT 192,0,2,77,200,2",
        "PORT 127,0,0,1,200,2",
        "PORT 10,255,0,1,0,25",
        "EPRT |1|192.0.2.77|2000|",
        "EPRT |2|2001:db8::77|2000|",
        "LPRT 4,4,192,0,2,77,2,200,2",
        "PORT 192,0,2,1,0,21",
    ];
    if !guest.enter(ftp).await? {
        return Ok(());
    }
    for target in TARGETS {
        let reply = ftp.ask(target).await?;
        if reply.code < 400 {
            ftp.accuse(format!("\"{target}\" is answered \"{}\"", reply.text()));
        }
        ftp.say("LIST").await?;
        let reply = ftp.reply().await?;
        if reply.is_preliminary() {
            ftp.accuse(format!("behind \"{target}\", LIST is answered \"{}\"", reply.text()));
        }
    }
    ftp.quit().await
}

async fn escape(ftp: &mut Ftp, guest: &Guest) -> Result<(), Gone> {
    const WAYS: [&str; 6] = ["../../../../etc", "/../../etc", "..\\..\\etc", "/etc", "./.././../etc", "//../..//etc"];
    if !guest.enter(ftp).await? {
        return Ok(());
    }
    for way in WAYS {
        for line in [
            format!("CWD {way}"),
            format!("SIZE {way}/passwd"),
            format!("MLST {way}/passwd"),
            format!("STAT {way}/passwd"),
            format!("RNFR {way}/passwd"),
            format!("DELE {way}/passwd"),
            format!("RMD {way}"),
        ] {
            let reply = ftp.ask(&line).await?;
            if reply.code < 400 {
                ftp.accuse(format!("there is no /etc in this world, and \"{line}\" is answered \"{}\"", reply.text()));
            }
        }
        // Whatever was said, it is somewhere beneath the root, and the dialogue's model knows where.
        for line in ["CWD ../../..", "PWD", "CDUP", "PWD"] {
            ftp.ask(line).await?;
        }
    }
    ftp.quit().await
}

async fn guess(ftp: &mut Ftp, guest: &Guest) -> Result<(), Gone> {
    if ftp.connect().await?.code != 220 || guest.layer == Layer::Tls && !ftp.secure().await? {
        return Ok(());
    }
    for number in 0..100 {
        let name = if number % 2 == 0 { &guest.name } else { "somebody" };
        if ftp.ask(format!("USER {name}")).await?.code == 421 {
            break;
        }
        let asked = ftp.now();
        let reply = ftp.ask(format!("PASS wrong{number}")).await?;
        if reply.is_good() {
            ftp.accuse(format!("a wrong password is answered \"{}\"", reply.text()));
        }
        if reply.code == 530 && ftp.now().since(asked) < DELAY {
            ftp.accuse("a wrong password is refused without delay");
        }
        if reply.code == 421 {
            break;
        }
        // Where it must begin TLS first, it guesses nothing.
        if number == 99 && reply.code != 534 {
            ftp.accuse("it may guess for ever");
        }
    }
    ftp.wait_for_end().await
}

/// Guessing is slow (RFC 2577 §5).
const DELAY: Duration = Duration::from_millis(900);
