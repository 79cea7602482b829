//! Whole clients: what they want, how they go about it, and what they accuse the server of.
//!
//! Each is an `async` function over an [`Ftp`], to be used as it is or read as an example:
//!
//! | file | who |
//! |---|---|
//! | `script` | says what it is told to, line by line or in pieces |
//! | `uploader` | uploads files until they are there, and resumes |
//! | `mirror` | fetches a whole tree |
//! | `writer` | replaces, renames and deletes what others replace, rename and delete |
//! | `monitor` | stays logged in and asks every few seconds |
//! | `chaos` | says and does anything, in any order |
//! | `abuser` | floods, guesses, bounces, escapes, and takes no replies |
//!
//! None of them panics, whatever happens, and each comes to its end in bounded virtual time. In a world where nothing goes
//! wrong, they accuse the server of whatever fails.

mod abuser;
mod chaos;
mod mirror;
mod monitor;
mod script;
mod uploader;
mod writer;

use std::time::Duration;

pub use self::abuser::{Abuse, abuser};
pub use self::chaos::{Chaos, chaos};
pub use self::mirror::{Mirror, mirror};
pub use self::monitor::{Watch, monitor};
pub use self::script::{Step, script};
pub use self::uploader::{Uploads, uploader};
pub use self::writer::{Writing, writer};
use crate::client::{Ftp, Gone, Reply};

/// Who a client is, and how it logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// The name for USER. In a world that is judged, its directory is `/name`.
    pub name: String,
    /// The password for PASS.
    pub password: String,
    /// Whether it begins with AUTH TLS.
    pub layer: Layer,
}

/// What a client's connections are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// In the clear.
    Clear,
    /// AUTH TLS and PROT P.
    Tls,
}

impl Guest {
    /// Somebody who comes in the clear.
    #[must_use]
    pub fn new(name: impl Into<String>, password: impl Into<String>) -> Self {
        Self { name: name.into(), password: password.into(), layer: Layer::Clear }
    }

    /// The same over TLS.
    #[must_use]
    pub fn over_tls(mut self) -> Self {
        self.layer = Layer::Tls;
        self
    }

    /// Connects and logs in, and says TYPE I: whether all that went well.
    ///
    /// # Errors
    /// When there is no connection, or none any more.
    pub async fn enter(&self, ftp: &mut Ftp) -> Result<bool, Gone> {
        Ok(ftp.connect().await?.code == 220
            && (self.layer == Layer::Clear || ftp.secure().await?)
            && ftp.log_in(&self.name, &self.password).await?
            && ftp.ask("TYPE I").await?.code == 200)
    }
}

/// How often somebody tries again.
#[derive(Debug)]
struct Attempts {
    left: u32,
    /// Of those in a world where nothing goes wrong any more.
    healed: u32,
}

impl Attempts {
    const fn new(left: u32) -> Self {
        Self { left, healed: 6 }
    }

    /// As often as it takes, until nothing goes wrong any more; then a few times.
    const fn endless() -> Self {
        Self::new(u32::MAX)
    }

    /// An attempt has failed: waits for the next, if there is to be one.
    async fn again(&mut self, ftp: &mut Ftp, why: &str) -> bool {
        if ftp.is_calm() {
            ftp.accuse(format!("in a world where nothing goes wrong: {why}"));
        }
        ftp.vanish();
        let left = if ftp.is_healed() { &mut self.healed } else { &mut self.left };
        *left = left.saturating_sub(1);
        if *left > 0 {
            let wait = 10 + ftp.below(60);
            ftp.sleep(Duration::from_secs(wait)).await;
        }
        *left > 0
    }
}

/// In a calm world a reply other than this is an accusation.
fn expect(ftp: &Ftp, what: &str, reply: &Reply, codes: &[u16]) {
    if ftp.is_calm() && !codes.contains(&reply.code) {
        ftp.accuse(format!("in a world where nothing goes wrong, {what} is answered \"{}\"", reply.text()));
    }
}
