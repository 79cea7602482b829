//! Lines and replies.

use bytes::Bytes;

use super::{Ftp, Gone, Socket};
use crate::faults::Fault;
use crate::network::Hello;

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
}

impl Ftp {
    /// Connects, and hears the greeting.
    ///
    /// # Errors
    /// When there is no connection, or none any more.
    pub async fn connect(&mut self) -> Result<Reply, Gone> {
        self.leave();
        let (from, until) = (self.next_address(), self.until());
        self.control = Some(Socket::dial(&self.core, self.actor(), (from, self.server), until).await?);
        self.reply().await
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
        let until = self.until();
        let control = self.control.as_ref().ok_or(Gone::Closed)?;
        control.write(bytes, until).await?;
        let half = self.core.borrow_mut().scene.strike(&[Fault::HalfClose]).is_some();
        if half {
            control.finish();
        }
        Ok(())
    }

    /// Hears the next reply.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn reply(&mut self) -> Result<Reply, Gone> {
        let mut lines = vec![self.line().await?];
        let first = lines[0].clone();
        let digits: Option<u16> = first.get(..3).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        let Some(code) = digits.filter(|code| (100..600).contains(code)) else {
            self.accuse(format!("no reply begins with \"{}\"", first.escape_ascii()));
            return Err(Gone::Closed);
        };
        if first.get(3) == Some(&b'-') {
            let last = [&first[..3], b" "].concat();
            while !lines.last().is_some_and(|line| line.starts_with(&last)) {
                lines.push(self.line().await?);
            }
        } else if first.get(3) != Some(&b' ') {
            self.accuse(format!("no reply is \"{}\"", first.escape_ascii()));
        }
        Ok(Reply { code, lines })
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
        Ok(reply.code == 230)
    }

    /// AUTH TLS, PBSZ and PROT P: whether that went well.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn secure(&mut self) -> Result<bool, Gone> {
        if self.ask("AUTH TLS").await?.code != 234 {
            return Ok(false);
        }
        let until = self.until();
        let control = self.control.as_ref().ok_or(Gone::Closed)?;
        let hello = control.secure(Hello::default(), until).await?;
        let private = self.ask("PBSZ 0").await?.is_good() && self.ask("PROT P").await?.is_good();
        self.tls = hello.session.filter(|_| private);
        Ok(private)
    }

    /// QUIT, and waits for the server to close.
    ///
    /// # Errors
    /// When the connection is gone before.
    pub async fn quit(&mut self) -> Result<(), Gone> {
        self.ask("QUIT").await?;
        let until = self.until();
        let control = self.control.as_ref().ok_or(Gone::Closed)?;
        while control.read(4096, until).await?.is_ok() {}
        self.leave();
        Ok(())
    }

    /// Closes the control connection, if there is one, and says nothing.
    pub fn leave(&mut self) {
        self.heard.clear();
        self.tls = None;
        if let Some(control) = self.control.take() {
            control.close();
        }
    }

    /// Breaks the control connection.
    pub fn vanish(&mut self) {
        self.heard.clear();
        self.tls = None;
        self.control = None;
    }

    async fn line(&mut self) -> Result<Vec<u8>, Gone> {
        loop {
            if let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.heard.drain(..=end).collect();
                line.pop();
                if line.pop() != Some(b'\r') {
                    self.accuse("a line of a reply does not end in CRLF");
                }
                return Ok(line);
            }
            let until = self.until();
            let control = self.control.as_ref().ok_or(Gone::Closed)?;
            match control.read(4096, until).await? {
                Ok(bytes) => self.heard.extend_from_slice(&bytes),
                Err(_) => return Err(Gone::Closed),
            }
        }
    }
}
