//! A client that changes its mind: aborts what it has just begun, leaves in the middle, asks for what is not there and tries
//! again, and wants to be somebody else for a moment. What it has in its own file is there all the same.

use std::time::Duration;

use super::{Attempts, Guest};
use crate::client::{Break, Ftp, Gone, Got, Type, Upload};

/// What a fickle client has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moods {
    /// The directory, which is there: an absolute path. No other client touches `fickle-N` there, where N is this one's
    /// number.
    pub directory: String,
    /// How often it changes its mind.
    pub rounds: u32,
}

/// Changes its mind so often, and says goodbye.
pub async fn fickle(mut ftp: Ftp, guest: Guest, moods: Moods) {
    let path = format!("{}/fickle-{}", moods.directory.trim_end_matches('/'), ftp.number());
    let mut attempts = Attempts::new(20);
    let mut left = moods.rounds;
    loop {
        match visit(&mut ftp, &guest, &path, &mut left).await {
            Ok(Visit::Over) => return,
            // It left by itself.
            Ok(Visit::Left) => ftp.sleep(Duration::from_secs(5)).await,
            Ok(Visit::Refused) if attempts.again(&mut ftp, "the fickle one cannot log in").await => {}
            Err(gone) if attempts.again(&mut ftp, &format!("the fickle one is thrown out: {gone:?}")).await => {}
            Ok(Visit::Refused) | Err(_) => return,
        }
    }
}

/// How a visit ends.
enum Visit {
    Over,
    Left,
    Refused,
}

async fn visit(ftp: &mut Ftp, guest: &Guest, path: &str, left: &mut u32) -> Result<Visit, Gone> {
    if !guest.enter(ftp).await? {
        return Ok(Visit::Refused);
    }
    while *left > 0 {
        *left -= 1;
        match ftp.below(12) {
            0..3 => {
                let content = new_content(ftp);
                let _ = ftp.put(path, Upload::Whole(content), Type::Image).await?;
            }
            3..5 => {
                let content = new_content(ftp);
                ftp.put_half(path, content, Break::Abort).await?;
                in_step(ftp).await?;
            }
            5 => {
                let content = new_content(ftp);
                ftp.put_half(path, content, Break::Vanish).await?;
                return Ok(Visit::Left);
            }
            6..9 => {
                abort(ftp, path).await?;
                in_step(ftp).await?;
            }
            9 => start_again(ftp, path).await?,
            10 => {
                ftp.say("EPSV").await?;
                ftp.vanish();
                return Ok(Visit::Left);
            }
            _ => {
                // Nobody is logged in meanwhile: what each line may get is for the replies' oracle.
                for line in ["USER somebody", "PWD", "PASS wrong", "PWD"] {
                    ftp.ask(line).await?;
                }
                if !ftp.log_in(&guest.name, &guest.password).await? || ftp.ask("TYPE I").await?.code != 200 {
                    return Err(Gone::Refused);
                }
            }
        }
    }
    ftp.quit().await?;
    Ok(Visit::Over)
}

fn new_content(ftp: &mut Ftp) -> crate::content::Content {
    let len = *ftp.pick(&[40, 3_000, 30_000, 150_000]);
    ftp.new_content(len)
}

/// RETR, and ABOR behind it: at once, or once some has come.
async fn abort(ftp: &mut Ftp, path: &str) -> Result<(), Gone> {
    let Some(plan) = ftp.any_data().await? else { return Ok(()) };
    ftp.say(format!("RETR {path}")).await?;
    let socket = if ftp.below(3) > 0 { ftp.data(plan).await } else { None };
    match (&socket, ftp.below(2)) {
        (Some(socket), 0) => {
            let until = ftp.now() + Duration::from_secs(20);
            let _ = socket.read(1 + ftp.below(20_000) as usize, until).await;
        }
        _ => {
            let wait = ftp.below(60);
            ftp.sleep(Duration::from_millis(wait)).await;
        }
    }
    ftp.say("ABOR").await?;
    ftp.settle().await?;
    Ok(())
}

/// What is asked for from some offset on and is not there leaves no trace on what is asked for next.
async fn start_again(ftp: &mut Ftp, path: &str) -> Result<(), Gone> {
    if let Some(plan) = ftp.any_data().await? {
        if ftp.ask("REST 7").await?.code != 350 {
            return Ok(());
        }
        let missing = ftp.fetch(plan, &format!("RETR {path}.missing")).await?;
        if missing.is_ok() {
            ftp.accuse(format!("{path}.missing was never there, and comes"));
        }
    }
    match ftp.get(path, 0, Type::Image).await? {
        Got::Whole(_) | Got::Part(_) | Got::Refused(_) => Ok(()),
    }
}

/// Behind ABOR each reply is still that of its command.
async fn in_step(ftp: &mut Ftp) -> Result<(), Gone> {
    let reply = ftp.ask("NOOP").await?;
    if !matches!(reply.code, 200 | 421) {
        ftp.accuse(format!("behind ABOR, NOOP is answered \"{}\"", reply.text()));
    }
    Ok(())
}
