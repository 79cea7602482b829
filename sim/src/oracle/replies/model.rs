//! Login and working directory, as the replies tell them: what is told later has to agree.

use std::net::IpAddr;

use super::table::{argument_of, needs_login, verb_of};
use crate::client::Reply;

/// What a client knows of its session.
#[derive(Debug)]
pub(super) struct Model {
    address: IpAddr,
    /// The last name that USER took.
    named: Option<Vec<u8>>,
    login: Login,
    /// `None` while nothing is known.
    cwd: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Login {
    No,
    Yes,
    /// What was answered may be either.
    Unknown,
}

impl Model {
    pub(super) const fn new(address: IpAddr) -> Self {
        Self { address, named: None, login: Login::No, cwd: None }
    }

    /// TLS is on: who was logged in is so no more.
    pub(super) fn secured(&mut self) {
        self.log_out();
    }

    /// A transfer begins.
    pub(super) fn preliminary(&self, line: &[u8]) -> Result<(), String> {
        self.is_allowed(line)
    }

    /// A line was answered.
    pub(super) fn answered(&mut self, line: &[u8], reply: &Reply) -> Result<(), String> {
        if reply.code >= 400 {
            self.refused(line);
            return Ok(());
        }
        self.is_allowed(line)?;
        let argument = argument_of(line);
        match verb_of(line).as_str() {
            "USER" => {
                self.log_out();
                self.named = Some(argument.to_vec());
                if matches!(reply.code, 230 | 232) {
                    self.login = Login::Yes;
                }
            }
            "PASS" | "ACCT" if reply.code == 230 => (self.login, self.cwd) = (Login::Yes, None),
            "REIN" | "HOST" | "AUTH" => self.log_out(),
            "CWD" => self.cwd = self.resolve(argument),
            "CDUP" => self.cwd = self.resolve(b".."),
            "PWD" => {
                let told = quoted(reply).ok_or("there is no path in it")?;
                if let Some(known) = &self.cwd
                    && *known != told
                {
                    return Err(format!("it is in \"{}\"", known.escape_ascii()));
                }
                self.cwd = Some(told).filter(|path| is_plain(path));
            }
            "MKD" => {
                let told = quoted(reply).ok_or("there is no path in it")?;
                if let Some(made) = self.resolve(argument)
                    && made != told
                {
                    return Err(format!("it is to make \"{}\"", made.escape_ascii()));
                }
            }
            "STAT" if argument.is_empty() => return self.status(reply),
            _ => {}
        }
        Ok(())
    }

    /// A login that was refused may have ended the one before, or not.
    fn refused(&mut self, line: &[u8]) {
        if matches!(verb_of(line).as_str(), "USER" | "PASS" | "ACCT" | "REIN" | "AUTH" | "HOST")
            && self.login == Login::Yes
        {
            self.login = Login::Unknown;
            self.cwd = None;
        }
    }

    fn log_out(&mut self) {
        (self.named, self.login, self.cwd) = (None, Login::No, None);
    }

    fn is_allowed(&self, line: &[u8]) -> Result<(), String> {
        if self.login == Login::No && needs_login(line) { Err("nobody is logged in".into()) } else { Ok(()) }
    }

    /// STAT tells whose session this is.
    fn status(&self, reply: &Reply) -> Result<(), String> {
        for line in reply.text().lines().map(str::trim) {
            if let Some(address) = line.strip_prefix("Connected from ")
                && address != self.address.to_string()
            {
                return Err(format!("this is {}", self.address));
            }
            if let Some(name) = line.strip_prefix("Logged in as ") {
                let named = self.named.as_deref().map(String::from_utf8_lossy);
                if self.login == Login::No || named.is_some_and(|named| named != name) {
                    return Err("this is somebody else".into());
                }
            }
            if line == "Not logged in" && self.login == Login::Yes {
                return Err("it is logged in".into());
            }
        }
        Ok(())
    }

    /// The path that `argument` names, as far as that is known.
    fn resolve(&self, argument: &[u8]) -> Option<Vec<u8>> {
        if !is_plain(argument) || argument.is_empty() {
            return None;
        }
        let mut parts: Vec<&[u8]> = Vec::new();
        let from: &[u8] = if argument.starts_with(b"/") { b"" } else { self.cwd.as_deref()? };
        for part in from.split(|byte| *byte == b'/').chain(argument.split(|byte| *byte == b'/')) {
            match part {
                b"" | b"." => {}
                b".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        Some([b"/", &*parts.join(&b'/')].concat())
    }
}

/// Whether a reply shows these bytes as they are.
fn is_plain(path: &[u8]) -> bool {
    path.iter().all(|byte| (b' '..0x7F).contains(byte))
}

/// The path of a 257, its quotes single again (RFC 959, appendix II).
fn quoted(reply: &Reply) -> Option<Vec<u8>> {
    let line = reply.lines.last()?;
    let mut rest = line.strip_prefix(b"257 \"")?.iter().copied().peekable();
    let mut path = Vec::new();
    loop {
        match rest.next()? {
            b'"' if rest.peek() == Some(&b'"') => path.extend(rest.next()),
            b'"' => return Some(path),
            byte => path.push(byte),
        }
    }
}
