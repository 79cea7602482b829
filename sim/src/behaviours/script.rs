//! A client that says what it is told to.

use std::time::Duration;

use crate::client::{Ftp, Gone};

/// What a script does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Says a line, to which CRLF is added, and waits for nothing.
    Say(Vec<u8>),
    /// Says just these bytes.
    Bytes(Vec<u8>),
    /// Says these bytes one by one, so long after each other.
    Trickle(Vec<u8>, Duration),
    /// Waits.
    Pause(Duration),
    /// Hears one reply.
    Hear,
    /// Hears the replies to all that was said.
    Settle,
    /// The handshake behind a 234.
    Handshake,
    /// Ends its side of the connection, and goes on listening.
    HalfClose,
    /// Breaks the connection: the script ends here.
    Vanish,
}

impl Step {
    /// The steps of a text: a line that is `...` hears all replies, every other is said.
    #[must_use]
    pub fn from_text(text: &str) -> Vec<Self> {
        let step = |line: &str| if line == "..." { Self::Settle } else { Self::Say(line.into()) };
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(step).collect()
    }
}

/// Connects, does what `steps` say, hears what is still to be heard, and leaves.
pub async fn script(mut ftp: Ftp, steps: Vec<Step>) {
    // Whoever is gone has nothing more to say.
    let _ = run(&mut ftp, steps).await;
    ftp.leave();
}

async fn run(ftp: &mut Ftp, steps: Vec<Step>) -> Result<(), Gone> {
    ftp.dial().await?;
    for step in steps {
        match step {
            Step::Say(line) => ftp.say(line).await?,
            Step::Bytes(bytes) => ftp.say_bytes(bytes).await?,
            Step::Trickle(bytes, pause) => {
                for byte in bytes {
                    ftp.say_bytes(vec![byte]).await?;
                    ftp.sleep(pause).await;
                }
            }
            Step::Pause(time) => ftp.sleep(time).await,
            Step::Hear => drop(ftp.reply().await?),
            Step::Settle => drop(ftp.settle().await?),
            Step::Handshake => drop(ftp.shake_hands().await?),
            Step::HalfClose => ftp.half_close(),
            Step::Vanish => {
                ftp.vanish();
                return Ok(());
            }
        }
    }
    ftp.settle().await.map(drop)
}
