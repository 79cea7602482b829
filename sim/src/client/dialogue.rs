//! Lines and replies.

use std::time::Duration;

use bytes::Bytes;

use super::{Ftp, Gone, Socket};
use crate::faults::Fault;
use crate::network::Hello;
use crate::oracle::replies::{Dialogue, unescape};

/// A reply of the server, read by this crate's own reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its three digits.
    pub code: u16,
    /// Its lines, without their ends.
    pub lines: Vec<Vec<u8>>,
}

impl Reply {
    /// Whether it says that something begins.
    #[must_use]
    pub const fn is_preliminary(&self) -> bool {
        self.code < 200
    }

    /// Whether it says that something was done.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.code / 100 == 2
    }

    /// All of it, as text.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines.iter().map(|line| String::from_utf8_lossy(line)).collect::<Vec<_>>().join("\n")
    }

    /// What stands behind the code in a reply of one line.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        self.lines.first().and_then(|line| line.get(4..)).unwrap_or_default()
    }
}

impl Ftp {
    /// Connects, and hears the greeting.
    ///
    /// # Errors
    /// When there is no connection, or none any more.
    pub async fn connect(&mut self) -> Result<Reply, Gone> {
        self.dial().await?;
        self.reply().await
    }

    /// Connects, and hears nothing yet.
    ///
    /// # Errors
    /// When there is no connection.
    pub async fn dial(&mut self) -> Result<(), Gone> {
        self.leave();
        let (from, until) = (self.next_address(), self.until());
        self.control = Some(Socket::dial(&self.core, self.actor(), (from, self.server), until).await?);
        self.dialogue = Dialogue::new(self.address);
        Ok(())
    }

    /// Whether there is a control connection, as far as this side knows.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        self.control.is_some()
    }

    /// Says one line, to which CRLF is added, and waits for nothing.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn say(&mut self, line: impl AsRef<[u8]>) -> Result<(), Gone> {
        self.say_bytes([line.as_ref(), b"\r\n"].concat()).await
    }

    /// Says just these bytes.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn say_bytes(&mut self, bytes: impl Into<Bytes>) -> Result<(), Gone> {
        let (bytes, until) = (bytes.into(), self.until());
        let control = self.control.as_ref().ok_or(Gone::Closed)?;
        self.dialogue.said(&bytes, self.core.borrow().scene.now);
        control.write(bytes, until).await?;
        let half = self.core.borrow_mut().scene.strike(&[Fault::HalfClose]).is_some();
        if half {
            self.half_close();
        }
        Ok(())
    }

    /// Hears the next reply.
    ///
    /// Where none comes within the client's patience, and that is an hour or more, that is a violation.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn reply(&mut self) -> Result<Reply, Gone> {
        let until = self.until();
        loop {
            if let Some(reply) = self.take_reply()? {
                return Ok(reply);
            }
            let control = self.control.as_ref().ok_or(Gone::Closed)?;
            match control.read(4096, until).await {
                Ok(Ok(bytes)) => {
                    self.arrived = control.arrived();
                    self.raw.extend_from_slice(&bytes);
                    let used = unescape(&self.raw, &mut self.heard);
                    self.raw.drain(..used);
                }
                Ok(Err(_)) => {
                    if let Err(why) = self.dialogue.ended() {
                        self.accuse(why);
                    }
                    return Err(Gone::Closed);
                }
                Err(Gone::Impatient) => {
                    if let Some(what) = self.dialogue.owed().filter(|_| self.patience >= LONG) {
                        self.accuse(format!("it waits in vain for {what}"));
                    }
                    return Err(Gone::Impatient);
                }
                Err(gone) => return Err(gone),
            }
        }
    }

    /// The same, but waits no longer than this, which is less than an hour: `None` where nothing has come.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn reply_within(&mut self, patience: Duration) -> Result<Option<Reply>, Gone> {
        let usual = std::mem::replace(&mut self.patience, patience.min(LONG / 2));
        let heard = self.reply().await;
        self.patience = usual;
        match heard {
            Err(Gone::Impatient) => Ok(None),
            heard => heard.map(Some),
        }
    }

    /// Hears replies until the server owes none, or says goodbye: the last of them.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn settle(&mut self) -> Result<Option<Reply>, Gone> {
        let mut last = None;
        while self.dialogue.owed().is_some() {
            last = Some(self.reply().await?);
        }
        Ok(last)
    }

    /// Whether the server owes anything: the greeting, or a reply.
    #[must_use]
    pub fn owes(&self) -> bool {
        self.dialogue.owed().is_some()
    }

    /// How many lines are not answered yet.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.dialogue.unanswered()
    }

    /// Says a line and hears the next reply, which may be a preliminary one.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn ask(&mut self, line: impl AsRef<[u8]>) -> Result<Reply, Gone> {
        self.say(line).await?;
        self.reply().await
    }

    /// Hears replies until one is final.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn final_reply(&mut self) -> Result<Reply, Gone> {
        loop {
            let reply = self.reply().await?;
            if !reply.is_preliminary() {
                return Ok(reply);
            }
        }
    }

    /// Logs in: whether that went well.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn log_in(&mut self, name: &str, password: &str) -> Result<bool, Gone> {
        let mut reply = self.ask(format!("USER {name}")).await?;
        if reply.code == 331 {
            reply = self.ask(format!("PASS {password}")).await?;
        }
        let good = reply.code == 230;
        if good {
            let core = self.core.borrow();
            self.account = core.judge.as_ref().and_then(|judge| judge.account(name.as_bytes()));
        }
        Ok(good)
    }

    /// AUTH TLS, PBSZ and PROT P: whether that went well.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn secure(&mut self) -> Result<bool, Gone> {
        if self.ask("AUTH TLS").await?.code != 234 {
            return Ok(false);
        }
        let session = self.shake_hands().await?;
        let private = self.ask("PBSZ 0").await?.is_good() && self.ask("PROT P").await?.is_good();
        self.tls = session.filter(|_| private);
        Ok(private)
    }

    /// The handshake behind a 234: the TLS session that data connections may resume.
    ///
    /// # Errors
    /// When it fails: the server may close.
    pub async fn shake_hands(&mut self) -> Result<Option<u64>, Gone> {
        let until = self.until();
        let control = self.control.as_ref().ok_or(Gone::Closed)?;
        let hello = control.secure(Hello::default(), until).await?;
        self.dialogue.secured();
        Ok(hello.session)
    }

    /// Ends TLS behind the 220 of a REIN, or the 200 of a CCC, and goes on in the clear (RFC 4217 §5).
    ///
    /// # Errors
    /// When the server does not.
    pub async fn end_tls(&mut self) -> Result<(), Gone> {
        let until = self.until();
        self.control.as_ref().ok_or(Gone::Closed)?.unsecure(until).await?;
        self.dialogue.cleared();
        Ok(())
    }

    /// Whether TLS is on.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        self.control.as_ref().is_some_and(Socket::is_secured)
    }

    /// Whether data connections begin with a handshake from here on, and which TLS session they resume.
    pub const fn protect_data(&mut self, session: Option<u64>) {
        self.tls = session;
    }

    /// QUIT, and waits for the server to close.
    ///
    /// # Errors
    /// When the connection is gone before.
    pub async fn quit(&mut self) -> Result<(), Gone> {
        self.say("QUIT").await?;
        while !matches!(self.reply().await?.code, 221 | 421) {}
        self.wait_for_end().await
    }

    /// Waits for the server to close, which has said its last word.
    ///
    /// # Errors
    /// When the connection breaks before.
    pub async fn wait_for_end(&mut self) -> Result<(), Gone> {
        match self.reply().await {
            Ok(_) | Err(Gone::Closed) => {}
            Err(gone) => {
                if gone == Gone::Impatient && self.patience >= LONG {
                    self.accuse("the server said its last word and does not close");
                }
                return Err(gone);
            }
        }
        self.leave();
        Ok(())
    }

    /// Ends this side of the control connection, and goes on reading.
    pub fn half_close(&mut self) {
        if let Some(control) = &self.control {
            control.finish();
            self.dialogue.excuse();
        }
    }

    /// From here on this client takes no replies: the server may close without a word.
    pub fn turn_deaf(&mut self) {
        self.dialogue.excuse();
    }

    /// Closes the control connection, if there is one, and says nothing.
    pub fn leave(&mut self) {
        self.heard.clear();
        self.raw.clear();
        self.tls = None;
        if let Some(control) = self.control.take() {
            control.close();
        }
    }

    /// Breaks the control connection.
    pub fn vanish(&mut self) {
        self.heard.clear();
        self.raw.clear();
        self.tls = None;
        self.control = None;
    }

    /// A whole reply of what was heard so far.
    fn take_reply(&mut self) -> Result<Option<Reply>, Gone> {
        let mut ends = self.heard.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
        let Some(mut end) = ends.next() else { return Ok(None) };
        let first = &self.heard[..end];
        let Some(code) = code_of(first) else {
            self.accuse(format!("no reply begins with \"{}\"", first.escape_ascii()));
            return Err(Gone::Closed);
        };
        if first.get(3) == Some(&b'-') {
            let last = [&first[..3], b" "].concat();
            loop {
                let begin = end;
                match ends.next() {
                    None => return Ok(None),
                    Some(next) => end = next,
                }
                if self.heard[begin..end].starts_with(&last) {
                    break;
                }
            }
        }
        let bytes: Vec<u8> = self.heard.drain(..end).collect();
        let mut lines = Vec::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some(line) = line.strip_suffix(b"\r\n") else {
                self.accuse("a line of a reply does not end in CRLF");
                return Err(Gone::Closed);
            };
            lines.push(line.to_vec());
        }
        let reply = Reply { code, lines };
        if let Err(why) = self.dialogue.heard(&reply, self.arrived, self.margin()) {
            self.accuse(why);
        }
        Ok(Some(reply))
    }

    /// How long before a reply arrives a line can have been said that the server had not heard when it wrote it.
    fn margin(&self) -> Duration {
        let weather = &self.core.borrow().scene.weather;
        (weather.latency.end + weather.stall.end + weather.late.end) * 2
    }
}

/// The code of a reply that begins with this line.
fn code_of(line: &[u8]) -> Option<u16> {
    let digits = std::str::from_utf8(line.get(..3)?).ok()?;
    let fits = matches!(line.get(3), Some(b' ' | b'-'));
    digits.parse().ok().filter(|code| fits && (100..600).contains(code))
}

/// Longer than a server needs for anything.
const LONG: Duration = Duration::from_secs(3600);
