//! The reference model: a tree, a login, a few parameters; which replies REPLIES permits, and what each does.
//!
//! It shares nothing with the engine. It is told what was answered and says whether that may be.

use std::collections::BTreeMap;

use crate::steps::Step;
use crate::world::Reply;

/// What one command was answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) preliminary: bool,
    pub(crate) last: Option<Reply>,
}

/// The world as the model knows it.
#[derive(Debug)]
pub(crate) struct Model {
    /// Paths to contents; `None` is a directory.
    pub(crate) tree: BTreeMap<String, Option<Vec<u8>>>,
    named: Option<&'static str>,
    logged_in: bool,
    /// Whether it is the account that may only read.
    reads_only: bool,
    failures: u32,
    cwd: String,
    ascii: bool,
    epsv_all: bool,
    setup: bool,
    rest: u64,
    rename: Option<String>,
    /// What clients send on every data connection.
    payload: Vec<u8>,
}

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum At {
    File(Vec<u8>),
    Directory,
    Nothing,
    /// Nothing, and its parent is no directory either.
    Nowhere,
    /// Nothing, as what should be a directory on the way is a file.
    BehindAFile,
}

/// What is right now: the code, and whether a 150 comes before it.
struct Right {
    code: u16,
    preliminary: bool,
}

const fn plain(code: u16) -> Right {
    Right { code, preliminary: false }
}

const fn moved(code: u16) -> Right {
    Right { code, preliminary: true }
}

/// How strictly to judge: what else went on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circumstances {
    /// Host actions may have failed, connections may have broken.
    pub(crate) faults: bool,
    /// An ABOR was sent behind this command.
    pub(crate) aborted: bool,
}

impl Model {
    pub(crate) fn new(payload: &[u8]) -> Self {
        let mut tree = BTreeMap::new();
        for directory in ["/", "/dir", "/dir/sub"] {
            tree.insert(directory.into(), None);
        }
        tree.insert("/a.txt".into(), Some(b"hello\nworld\n".to_vec()));
        tree.insert("/empty".into(), Some(Vec::new()));
        tree.insert("/dir/b.bin".into(), Some((0..=255).collect()));
        Self {
            tree,
            named: None,
            logged_in: false,
            reads_only: false,
            failures: 0,
            cwd: "/".into(),
            ascii: true,
            epsv_all: false,
            setup: false,
            rest: 0,
            rename: None,
            payload: payload.into(),
        }
    }

    /// Judges one answer and does what it says was done.
    pub(crate) fn judge(&mut self, step: &Step, answer: &Answer, circumstances: Circumstances) -> Result<(), String> {
        let Some(reply) = &answer.last else { return Err("no final reply".into()) };
        let rename = self.rename.take();
        let rest = self.rest;
        if !self.keeps_rest(step) {
            self.rest = 0;
        }
        let right = self.right(step, rename.as_deref(), rest);
        let as_it_should = reply.code == right.code && answer.preliminary == right.preliminary;
        // ALLO says 202 where the storage cannot tell its room.
        let may_fail = circumstances.faults && (reply.code >= 400 || *step == Step::Fixed("ALLO 5", 200, true));
        let cut = circumstances.aborted && step.transfers() && reply.code == 426;
        if !(as_it_should || may_fail || cut) {
            let expected = if right.preliminary { "150, then " } else { "" };
            return Err(format!("expected {expected}{}, got {:?}", right.code, answer));
        }
        // Without its TLS a data connection is used up before the 150.
        if answer.preliminary || reply.code == 522 || (cut && !as_it_should) {
            self.setup = false;
        }
        if matches!(step, Step::Setup(..)) && reply.code == 425 {
            self.setup = false;
        }
        match step {
            Step::Pass(_) if reply.code == 530 => {
                self.named = None;
                self.failures += 1;
            }
            _ if reply.code < 400 => self.done(step, reply, rename, rest)?,
            _ => {}
        }
        Ok(())
    }

    pub(crate) const fn failures(&self) -> u32 {
        self.failures
    }

    pub(crate) const fn is_logged_in(&self) -> bool {
        self.logged_in
    }

    const fn keeps_rest(&self, step: &Step) -> bool {
        match step {
            Step::Setup(..) | Step::EpsvAll | Step::Type(_) | Step::Rest(_) | Step::Fixed(_, _, true) => true,
            Step::Bare(verb) => matches!(verb.as_bytes(), b"NOOP"),
            _ => false,
        }
    }

    /// What is to be answered when nothing fails.
    fn right(&self, step: &Step, rename: Option<&str>, rest: u64) -> Right {
        match step {
            Step::User(_) => return plain(331),
            Step::Pass(password) => {
                return plain(match self.named {
                    None => 503,
                    Some("alice" | "reader") if *password == "secret" => 230,
                    Some(_) => 530,
                });
            }
            Step::Fixed("NONSENSE" | "AUTH TLS" | "RETR" | "TYPE X" | "REST x" | "RNTO" | "MODE X", code, _) => {
                return plain(*code);
            }
            Step::Fixed("OPTS UTF8 ON" | "CLNT model", code, _) => return plain(*code),
            Step::Fixed("ACCT x", ..) if !self.logged_in => return plain(503),
            Step::Bare(verb) => match *verb {
                "SYST" => return plain(215),
                "FEAT" | "STAT" => return plain(211),
                "HELP" => return plain(214),
                "NOOP" => return plain(200),
                "REIN" => return plain(220),
                "ABOR" => return plain(226),
                "QUIT" => return plain(221),
                _ => {}
            },
            _ => {}
        }
        if !self.logged_in {
            return plain(530);
        }
        if self.reads_only && changes(step) {
            return plain(550);
        }
        match step {
            Step::Type(_) | Step::EpsvAll => plain(200),
            Step::Rest(_) => plain(350),
            Step::Fixed(_, code, _) => plain(*code),
            Step::Setup(line, _) if self.epsv_all && *line != "EPSV" => plain(503),
            Step::Setup(_, code) => plain(*code),
            Step::Bare("PWD") => plain(257),
            Step::Bare("CDUP") => plain(if self.at("..") == At::Directory { 250 } else { 550 }),
            Step::Bare(_) if rest != 0 => plain(554),
            Step::Bare(_) if !self.setup => plain(425),
            Step::Bare(_) => {
                if self.at(".") == At::Directory {
                    moved(226)
                } else {
                    plain(550)
                }
            }
            Step::ListHere(_) if !self.setup => plain(425),
            Step::ListHere(_) => {
                if self.at(".") == At::Directory {
                    moved(226)
                } else {
                    plain(550)
                }
            }
            Step::Path(verb, path) if step.transfers() => self.right_transfer(verb, &self.at(path), rest),
            Step::Path(verb, path) => plain(self.right_path(verb, path, rename)),
            Step::User(_) | Step::Pass(_) => unreachable!("answered above"),
        }
    }

    fn right_path(&self, verb: &str, path: &str, rename: Option<&str>) -> u16 {
        let at = self.at(path);
        let whole = self.resolve(path);
        match (verb, &at) {
            ("CWD", At::Directory) => 250,
            ("MKD", At::Nothing) => 257,
            ("RMD", At::Directory) if whole != "/" && !self.holds_something(&whole) => 250,
            ("DELE", At::File(_)) => 250,
            ("RNFR", At::File(_) | At::Directory) if whole != "/" => 350,
            ("RNTO", _) => match (rename, &at) {
                (None, _) => 503,
                (Some(from), _) if whole == "/" || whole.starts_with(&format!("{from}/")) => 553,
                (Some(from), _) if whole == from => 250,
                (_, At::Directory) => 553,
                (_, At::Nowhere | At::BehindAFile) => 550,
                _ => 250,
            },
            ("SIZE", At::File(_)) if !self.ascii => 213,
            ("MDTM", At::File(_) | At::Directory) => 213,
            ("MLST", At::File(_) | At::Directory) => 250,
            ("STAT", At::File(_) | At::Directory) => 213,
            _ => 550,
        }
    }

    fn right_transfer(&self, verb: &str, at: &At, rest: u64) -> Right {
        let uploads = matches!(verb, "STOR" | "APPE");
        if uploads && rest != 0 && self.ascii {
            return plain(554);
        }
        if !self.setup {
            return plain(425);
        }
        match (verb, at) {
            ("RETR", At::File(content)) if self.ascii && rest > encode(content).len() as u64 => moved(551),
            ("RETR", At::File(content)) if !self.ascii && rest > content.len() as u64 => plain(554),
            ("STOR" | "APPE", At::File(content)) if rest > content.len() as u64 => plain(554),
            ("STOR" | "APPE", At::Nothing) if rest != 0 => plain(550),
            ("STOR" | "APPE", At::Nothing) => moved(226),
            ("MLSD", At::File(_)) => plain(501),
            ("LIST" | "NLST" | "MLSD", At::Directory) => moved(226),
            (_, At::File(_)) => moved(226),
            ("MLSD", At::BehindAFile) => plain(501),
            _ => plain(550),
        }
    }

    /// Does what a positive reply says.
    fn done(&mut self, step: &Step, reply: &Reply, rename: Option<String>, rest: u64) -> Result<(), String> {
        match step {
            Step::User(name) => {
                self.log_out();
                self.named = Some(name);
            }
            Step::Pass(_) => {
                self.reads_only = self.named == Some("reader");
                (self.logged_in, self.named, self.failures) = (true, None, 0);
            }
            Step::Type(letter) => self.ascii = letter.starts_with('A'),
            Step::Rest(offset) => self.rest = *offset,
            Step::EpsvAll => self.epsv_all = true,
            Step::Setup(..) => self.setup = true,
            Step::Bare("REIN") => {
                self.log_out();
                (self.ascii, self.epsv_all) = (true, false);
            }
            Step::Bare("ABOR") => self.setup = false,
            Step::Bare("CDUP") => self.cwd = self.resolve(".."),
            Step::Bare("PWD") => {
                let told = reply.text();
                if !told.starts_with(&format!("257 \"{}\"", self.cwd)) {
                    return Err(format!("expected {:?}, told {told:?}", self.cwd));
                }
            }
            Step::Bare("STOU") => {
                let text = reply.text();
                let name = text.strip_prefix("226 FILE: ").ok_or("STOU told no name")?;
                let path = self.resolve(name);
                if self.tree.insert(path, Some(self.received())).is_some() {
                    return Err("STOU took a name that was taken".into());
                }
            }
            Step::Path(verb, path) => self.done_path(verb, path, reply, rename, rest)?,
            Step::Bare(_) | Step::ListHere(_) | Step::Fixed(..) => {}
        }
        Ok(())
    }

    fn done_path(
        &mut self,
        verb: &str,
        path: &str,
        reply: &Reply,
        rename: Option<String>,
        rest: u64,
    ) -> Result<(), String> {
        let whole = self.resolve(path);
        match verb {
            "CWD" => self.cwd = whole,
            "MKD" => {
                self.tree.insert(whole, None);
            }
            "RMD" | "DELE" => {
                self.tree.remove(&whole);
            }
            "RNFR" => self.rename = Some(whole),
            "RNTO" => self.rename(&rename.ok_or("RNTO without RNFR")?, &whole),
            "SIZE" => {
                let size = self.tree[&whole].as_ref().map_or(0, Vec::len);
                if reply.text() != format!("213 {size}") {
                    return Err(format!("expected {size}, told {:?}", reply.text()));
                }
            }
            "STOR" | "APPE" => {
                let received = self.received();
                let before = self.tree.get(&whole).cloned().flatten().unwrap_or_default();
                let content = match (verb, rest) {
                    ("STOR", 0) => received,
                    ("APPE", 0) => [before, received].concat(),
                    (_, rest) => {
                        let rest = rest as usize;
                        let behind = before.get(rest + received.len()..).unwrap_or_default();
                        [&before[..rest], &received, behind].concat()
                    }
                };
                self.tree.insert(whole, Some(content));
            }
            _ => {}
        }
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) {
        if from == to {
            return;
        }
        let within = format!("{from}/");
        let moved: Vec<String> =
            self.tree.keys().filter(|path| *path == from || path.starts_with(&within)).cloned().collect();
        for path in moved {
            if let Some(node) = self.tree.remove(&path) {
                self.tree.insert(format!("{to}{}", &path[from.len()..]), node);
            }
        }
    }

    fn log_out(&mut self) {
        (self.logged_in, self.named, self.setup, self.rest) = (false, None, false, 0);
        self.cwd = "/".into();
    }

    /// What a download of this file brings.
    pub(crate) fn download(&self, path: &str, rest: u64) -> Option<Vec<u8>> {
        let At::File(content) = self.at(path) else { return None };
        let wire = if self.ascii { encode(&content) } else { content };
        Some(wire.get(rest as usize..)?.to_vec())
    }

    pub(crate) const fn rest(&self) -> u64 {
        self.rest
    }

    /// What an upload leaves of the payload.
    fn received(&self) -> Vec<u8> {
        if !self.ascii {
            return self.payload.clone();
        }
        let text = String::from_utf8(self.payload.clone()).expect("the payload is text");
        text.replace("\r\n", "\n").into_bytes()
    }

    fn holds_something(&self, path: &str) -> bool {
        let within = format!("{path}/");
        self.tree.keys().any(|path| path.starts_with(&within))
    }

    fn at(&self, path: &str) -> At {
        let whole = self.resolve(path);
        match self.tree.get(&whole) {
            Some(Some(content)) => At::File(content.clone()),
            Some(None) => At::Directory,
            None => {
                let mut above = parent(&whole);
                if self.tree.get(above) == Some(&None) {
                    return At::Nothing;
                }
                while !self.tree.contains_key(above) {
                    above = parent(above);
                }
                if self.tree[above].is_some() { At::BehindAFile } else { At::Nowhere }
            }
        }
    }

    fn resolve(&self, path: &str) -> String {
        let whole = if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", self.cwd) };
        let mut parts = Vec::new();
        for part in whole.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        format!("/{}", parts.join("/"))
    }
}

/// Whether this changes the tree, or means to.
fn changes(step: &Step) -> bool {
    match step {
        Step::Path(verb, _) => matches!(*verb, "STOR" | "APPE" | "DELE" | "RMD" | "MKD" | "RNFR" | "RNTO"),
        Step::Bare(verb) => *verb == "STOU",
        Step::Fixed(line, ..) => *line == "ALLO 5",
        _ => false,
    }
}

fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((parent, _)) => parent,
    }
}

/// LF to CR LF; the contents here hold CR only before LF.
fn encode(content: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    for (at, byte) in content.iter().enumerate() {
        if *byte == b'\n' && (at == 0 || content[at - 1] != b'\r') {
            wire.push(b'\r');
        }
        wire.push(*byte);
    }
    wire
}
