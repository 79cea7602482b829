//! Files, as a client changes and sees them: thin methods that tell the oracle what was begun, and what came of it.
//!
//! Whoever is to be judged changes files by these alone. Paths are absolute.

use std::time::Duration;

use bytes::Bytes;
use ftp_proto::VirtualPath;

use super::{Ftp, Gone, Plan, Reply};
use crate::content::Content;
use crate::oracle::{Extent, Files, Mark, OpId, Outcome, What};

/// How a content is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upload {
    /// STOR: it replaces what is there.
    Whole(Content),
    /// APPE: behind what is there.
    Behind(Content),
    /// REST and STOR: what the content has from there on, to the same place.
    From(Content, u64),
}

/// What came of a change, and the reply, where there was one that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// What the client knows.
    pub outcome: Outcome,
    /// The final reply.
    pub reply: Reply,
}

/// How a client breaks off what it has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// By ABOR.
    Abort,
    /// Its control connection breaks, and then the other.
    Vanish,
}

/// What came of a look at a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Got {
    /// All of it from the offset on, with single line ends.
    Whole(Vec<u8>),
    /// A part: the transfer failed.
    Part(Reply),
    /// The server refused at once.
    Refused(Reply),
}

/// How bytes are on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// TYPE I, as after [`enter`](crate::behaviours::Guest::enter).
    Image,
    /// TYPE A, for this transfer.
    Ascii,
}

impl Ftp {
    /// A content that nobody else has, of so many bytes.
    pub fn new_content(&mut self, len: u64) -> Content {
        if let Some(account) = self.account
            && let Some(judge) = &mut self.core.borrow_mut().judge
        {
            return judge.files.content(account, len);
        }
        self.contents += 1;
        Content { author: 1 << 31 | (self.number as u32) << 16 | self.contents, len }
    }

    /// Uploads.
    ///
    /// # Errors
    /// When the control connection is gone, or there is no data connection to be had.
    pub async fn put(&mut self, path: &str, upload: Upload, how: Type) -> Result<Changed, Gone> {
        let (what, verb) = match upload {
            Upload::Whole(content) => (What::Store(content), "STOR"),
            Upload::Behind(content) => (What::Append(content), "APPE"),
            Upload::From(content, from) => (What::Resume { content, from }, "STOR"),
        };
        let (content, from) = match upload {
            Upload::Whole(content) | Upload::Behind(content) => (content, 0),
            Upload::From(content, from) => (content, from),
        };
        let bytes = match how {
            Type::Image => content.bytes(from..content.len),
            Type::Ascii => content.text(from..content.len),
        };
        if let Some(reply) = self.set_type(how).await? {
            return Ok(Changed { outcome: Outcome::Refused, reply });
        }
        let Some(plan) = self.any_data().await? else { return self.no_data().await };
        if from > 0 {
            let reply = self.ask(format!("REST {from}")).await?;
            if reply.code != 350 {
                return Ok(Changed { outcome: Outcome::Refused, reply });
            }
        }
        let change = self.begin(path, what);
        let stored = self.store_bytes(plan, &format!("{verb} {path}"), Bytes::from(bytes)).await;
        let outcome = match &stored {
            Ok(stored) if stored.reply.is_good() => {
                if !stored.sent {
                    self.accuse(format!("{verb} {path}: not all was sent, and \"{}\" comes", stored.reply.text()));
                }
                Outcome::Acknowledged
            }
            // Behind a 150 something may have been kept, and its commit may have run.
            Ok(stored) if !stored.begun && is_refusal(&stored.reply) => Outcome::Refused,
            _ => Outcome::Unknown,
        };
        self.end(change, outcome);
        let reply = stored?.reply;
        self.unset_type(how).await?;
        Ok(Changed { outcome, reply })
    }

    /// Begins to upload a file, sends half of it, and breaks off.
    ///
    /// # Errors
    /// When the control connection is gone before.
    pub async fn put_half(&mut self, path: &str, content: Content, how: Break) -> Result<(), Gone> {
        let Some(plan) = self.any_data().await? else { return Ok(()) };
        let change = self.begin(path, What::Store(content));
        let broken = self.send_half(plan, path, content, how).await;
        self.end(change, Outcome::Unknown);
        broken
    }

    async fn send_half(&mut self, plan: Plan, path: &str, content: Content, how: Break) -> Result<(), Gone> {
        self.say(format!("STOR {path}")).await?;
        let socket = self.data(plan).await;
        if let Some(socket) = &socket {
            let until = self.now() + Duration::from_secs(60);
            let _ = socket.write(content.bytes(0..content.len / 2), until).await;
            let wait = self.below(300);
            self.sleep(Duration::from_millis(wait)).await;
        }
        match how {
            Break::Abort => {
                self.say("ABOR").await?;
                self.settle().await?;
            }
            Break::Vanish => {
                self.vanish();
                self.sleep(Duration::from_secs(1)).await;
            }
        }
        Ok(())
    }

    /// Downloads from an offset on.
    ///
    /// # Errors
    /// When the control connection is gone.
    pub async fn get(&mut self, path: &str, from: u64, how: Type) -> Result<Got, Gone> {
        if let Some(reply) = self.set_type(how).await? {
            return Ok(Got::Refused(reply));
        }
        let Some(plan) = self.any_data().await? else {
            return self.no_data().await.map(|changed| Got::Refused(changed.reply));
        };
        if from > 0 {
            let reply = self.ask(format!("REST {from}")).await?;
            if reply.code != 350 {
                return Ok(Got::Refused(reply));
            }
        }
        let looked = self.look();
        let mut bytes = Vec::new();
        let fetched = self.fetch_into(plan, &format!("RETR {path}"), &mut bytes).await;
        // The server cannot know what the network lost behind its last byte.
        let whole = matches!(&fetched, Ok(Ok((end, reply))) if reply.is_good() && end.is_whole());
        let extent = if whole { Extent::Complete } else { Extent::Partial };
        if how == Type::Ascii {
            bytes = single_ends(&bytes, extent);
        }
        match &fetched {
            Ok(Err(reply)) if reply.code == 550 => self.missed(looked, path),
            Ok(Err(_)) => self.looked(looked),
            _ => self.saw(looked, path, from, &bytes, extent),
        }
        let got = match fetched? {
            Err(reply) => Got::Refused(reply),
            Ok(_) if whole => Got::Whole(bytes),
            Ok((_, reply)) => Got::Part(reply),
        };
        self.unset_type(how).await?;
        Ok(got)
    }

    /// DELE.
    ///
    /// # Errors
    /// When the control connection is gone.
    pub async fn delete(&mut self, path: &str) -> Result<Changed, Gone> {
        self.change(path, What::Delete, format!("DELE {path}")).await
    }

    /// MKD.
    ///
    /// # Errors
    /// When the control connection is gone.
    pub async fn make_dir(&mut self, path: &str) -> Result<Changed, Gone> {
        self.change(path, What::MakeDir, format!("MKD {path}")).await
    }

    /// RMD.
    ///
    /// # Errors
    /// When the control connection is gone.
    pub async fn remove_dir(&mut self, path: &str) -> Result<Changed, Gone> {
        self.change(path, What::RemoveDir, format!("RMD {path}")).await
    }

    /// RNFR and RNTO.
    ///
    /// # Errors
    /// When the control connection is gone.
    pub async fn rename(&mut self, from: &str, to: &str) -> Result<Changed, Gone> {
        let reply = self.ask(format!("RNFR {from}")).await?;
        if reply.code != 350 {
            return Ok(Changed { outcome: Outcome::Refused, reply });
        }
        let to_path = self.parse(to);
        self.change(from, What::Rename { to: to_path }, format!("RNTO {to}")).await
    }

    /// SIZE: `None` where there is no file.
    ///
    /// # Errors
    /// When the control connection is gone; the reply where it says neither.
    pub async fn size(&mut self, path: &str) -> Result<Result<Option<u64>, Reply>, Gone> {
        let reply = self.ask(format!("SIZE {path}")).await?;
        let told = std::str::from_utf8(reply.value()).ok().and_then(|digits| digits.parse().ok());
        Ok(match (reply.code, told) {
            (213, Some(size)) => Ok(Some(size)),
            (550, _) => Ok(None),
            _ => Err(reply),
        })
    }

    async fn change(&mut self, path: &str, what: What, line: String) -> Result<Changed, Gone> {
        let change = self.begin(path, what);
        let reply = self.ask(line).await;
        let outcome = match &reply {
            Ok(reply) if reply.is_good() => Outcome::Acknowledged,
            Ok(reply) if is_refusal(reply) => Outcome::Refused,
            _ => Outcome::Unknown,
        };
        self.end(change, outcome);
        Ok(Changed { outcome, reply: reply? })
    }

    async fn set_type(&mut self, how: Type) -> Result<Option<Reply>, Gone> {
        if how == Type::Image {
            return Ok(None);
        }
        Ok(Some(self.ask("TYPE A").await?).filter(|reply| reply.code != 200))
    }

    async fn unset_type(&mut self, how: Type) -> Result<(), Gone> {
        if how == Type::Ascii && self.ask("TYPE I").await?.code != 200 {
            return Err(Gone::Refused);
        }
        Ok(())
    }

    /// There is no data connection to be had, for now.
    async fn no_data(&mut self) -> Result<Changed, Gone> {
        if self.is_calm() {
            self.accuse("there is no data connection to be had");
        }
        Err(Gone::Refused)
    }
}

/// What is told to the oracle, where there is one.
impl Ftp {
    fn parse(&self, path: &str) -> VirtualPath {
        VirtualPath::parse(path.as_bytes()).unwrap_or_else(|_| VirtualPath::root())
    }

    fn begin(&self, path: &str, what: What) -> Option<OpId> {
        let account = self.account?;
        let path = self.parse(path);
        self.core.borrow_mut().judge.as_mut().map(|judge| judge.start(account, &path, what))
    }

    fn end(&self, change: Option<OpId>, outcome: Outcome) {
        let Some(change) = change else { return };
        let judged = self.core.borrow_mut().judge.as_mut().map(|judge| judge.end(change, outcome));
        self.judged(judged);
    }

    fn look(&self) -> Option<Mark> {
        self.core.borrow_mut().judge.as_mut().map(|judge| judge.look())
    }

    fn saw(&self, looked: Option<Mark>, path: &str, from: u64, bytes: &[u8], extent: Extent) {
        if let (Some(looked), Some(account)) = (looked, self.account) {
            let path = self.parse(path);
            let saw = |files: &mut Files| files.saw(account, looked, &path, from, bytes, extent);
            let judged = self.core.borrow_mut().judge.as_mut().map(|judge| judge.looked(looked, saw));
            self.judged(judged);
        }
    }

    fn missed(&self, looked: Option<Mark>, path: &str) {
        let Some(looked) = looked else { return };
        let path = self.parse(path);
        let missed = |files: &mut Files| files.missed(looked, &path);
        let judged = self.core.borrow_mut().judge.as_mut().map(|judge| judge.looked(looked, missed));
        self.judged(judged);
    }

    fn looked(&self, looked: Option<Mark>) {
        let Some(looked) = looked else { return };
        let judged = self.core.borrow_mut().judge.as_mut().map(|judge| judge.looked(looked, |_| Ok(())));
        self.judged(judged);
    }

    fn judged(&self, judged: Option<Result<(), String>>) {
        if let Some(Err(why)) = judged {
            self.accuse(why);
        }
    }
}

/// Whether nothing was done for sure. A local error may hide that it was, all but the answer.
const fn is_refusal(reply: &Reply) -> bool {
    reply.code >= 400 && !matches!(reply.code, 421 | 426 | 451)
}

/// CRLF to LF. Where a part ends in a CR, its LF may be what is missing: such a CR tells nothing.
fn single_ends(bytes: &[u8], extent: Extent) -> Vec<u8> {
    let bytes = if extent == Extent::Partial { bytes.strip_suffix(b"\r").unwrap_or(bytes) } else { bytes };
    let mut out = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
            out.push(*byte);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found where a download broke off between the two bytes of a line end.
    #[test]
    fn half_a_line_end_is_none_of_the_files_bytes() {
        assert_eq!(single_ends(b"a\r\nb\r", Extent::Partial), b"a\nb");
        assert_eq!(single_ends(b"a\r\nb\r", Extent::Complete), b"a\nb\r");
        assert_eq!(single_ends(b"a\r\r\n", Extent::Partial), b"a\r\n");
    }
}
