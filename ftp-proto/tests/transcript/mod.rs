//! Reads a transcript and replays it in the world. What its lines mean stands in `clients.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ftp_proto::config::{Config, Demand, Switch};
use ftp_proto::event::Admission;
use ftp_proto::outcome::DataEnd;
use ftp_proto::server::Phase;
use ftp_proto::verb::{Verb, VerbSet};

use crate::world::{LOCAL, Layer, PEER, World};

/// How what the client says is cut into segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Lines that follow one another come together.
    Lines,
    /// Each byte comes alone.
    Bytes,
}

/// A file of lines.
#[derive(Debug)]
pub(crate) struct Transcript {
    name: String,
    text: String,
}

/// A replay, and where it has got to.
struct Replay {
    world: World,
    at: String,
    cut: Cut,
    /// What the client has to say and has not said yet.
    unsaid: Vec<u8>,
    /// The lines of the last reply.
    lines: Vec<String>,
    /// The last data connection.
    link: Option<usize>,
    names: BTreeMap<String, String>,
}

impl Transcript {
    #[track_caller]
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { name: path.file_name().expect("a file").to_string_lossy().into_owned(), text }
    }

    pub(crate) fn replay(&self, cut: Cut) {
        let settings: Vec<&str> = self.text.lines().filter_map(|line| line.strip_prefix("% ")).collect();
        let mut world = World::before_connection(|config| settings.iter().for_each(|setting| set(config, setting)));
        if settings.contains(&"implicit tls") {
            world.connect_implicitly(Admission::Welcome);
        } else {
            world.connect_from(LOCAL, PEER);
        }
        world.expect("220");
        let mut replay = Replay {
            world,
            at: String::new(),
            cut,
            unsaid: Vec::new(),
            lines: Vec::new(),
            link: None,
            names: BTreeMap::new(),
        };
        for (number, line) in self.text.lines().enumerate() {
            replay.at = format!("{}:{} ({cut:?}): {line}", self.name, number + 1);
            replay.line(line);
        }
        replay.at = format!("{} ({cut:?}): at the end", self.name);
        replay.speak();
        if let Some(reply) = replay.world.next_reply() {
            replay.fail(&format!("nobody has asked for {:?}", reply.text()));
        }
        // For `recorded.rs`.
        if let (Ok(folder), Cut::Lines) = (std::env::var("FTP_RECORD"), cut) {
            let path = Path::new(&folder).join(format!("transcript_{}", self.name)).with_extension("trace");
            fs::write(path, replay.world.tape.text()).expect("the trace is written");
        }
    }
}

fn set(config: &mut Config, setting: &str) {
    match setting {
        "tls" => config.tls.offered = Switch::On,
        "tls for login" => config.tls.login = Demand::Required,
        "tls for data" => config.tls.data = Demand::Required,
        "ccc" => config.tls.clear_control = Switch::On,
        // Said when it connects.
        "implicit tls" => {}
        _ => {
            let verb = setting.strip_prefix("without ").and_then(|verb| Verb::from_word(verb.as_bytes()));
            config.disabled = VerbSet::of(verb.unwrap_or_else(|| panic!("no setting: {setting}")));
        }
    }
}

impl Replay {
    fn line(&mut self, line: &str) {
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        if kind != ">" {
            self.speak();
        }
        match kind {
            "" | "#" | "%" => {}
            ">" => {
                let said = self.bytes(rest);
                self.unsaid.extend_from_slice(&said);
                self.unsaid.extend_from_slice(b"\r\n");
            }
            "<" => self.reply(rest),
            "<~" => {
                let beginning = format!(" {rest}");
                if !self.lines.iter().any(|line| line.starts_with(&beginning)) {
                    self.fail(&format!("not in {:?}", self.lines));
                }
            }
            "<?" => {
                if !self.lines.iter().any(|line| line.contains(rest)) {
                    self.fail(&format!("not in {:?}", self.lines));
                }
            }
            "*" => self.act(rest),
            _ => self.fail("no line of a transcript"),
        }
    }

    fn speak(&mut self) {
        let said = std::mem::take(&mut self.unsaid);
        match self.cut {
            Cut::Lines if !said.is_empty() => self.world.send_bytes(&said),
            Cut::Lines => {}
            Cut::Bytes => said.iter().for_each(|byte| self.world.send_bytes(&[*byte])),
        }
    }

    fn reply(&mut self, expected: &str) {
        let Some(reply) = self.world.next_reply() else { self.fail("there is no reply") };
        let text = reply.text();
        let (expected, name) = expected.split_once('$').unwrap_or((expected, ""));
        let Some(beginning) = expected.split('|').find(|one| text.starts_with(*one)) else {
            self.fail(&format!("the reply is {text:?}"))
        };
        if !name.is_empty() {
            self.names.insert(format!("${name}"), text[beginning.len()..].to_owned());
        }
        self.lines = reply.lines;
    }

    fn act(&mut self, what: &str) {
        if let Some(text) = what.strip_prefix("sends ") {
            let (link, bytes) = (self.link(), self.bytes(text));
            return self.world.upload(link, &bytes);
        }
        if let Some(text) = what.strip_prefix("gives ") {
            let (link, bytes) = (self.link(), self.bytes(text));
            return self.world.give(link, &bytes);
        }
        if let Some(text) = what.strip_prefix("will send ") {
            self.world.preloaded = self.bytes(text);
            self.world.preloaded_end = Some(DataEnd::Clean);
            return;
        }
        if let Some(text) = what.strip_prefix("got ~ ") {
            let wanted = self.bytes(text);
            let link = self.link();
            let received = &self.world.link(link).received;
            if !received.windows(wanted.len()).any(|part| part == wanted) {
                self.fail(&format!("it got \"{}\"", received.escape_ascii()));
            }
            return;
        }
        if let Some(text) = what.strip_prefix("got ") {
            let wanted = self.bytes(text);
            let link = self.link();
            let received = self.world.link(link).received.clone();
            let right = if text == "some" { !received.is_empty() } else { received == wanted };
            if !right {
                self.fail(&format!("it got \"{}\"", received.escape_ascii()));
            }
            return;
        }
        if let Some(path) = what.strip_prefix("no file ") {
            if self.world.tree.has(&self.named(path)) {
                self.fail("there is one");
            }
            return;
        }
        if let Some((path, text)) = what.strip_prefix("file ").and_then(|rest| rest.split_once(" = ")) {
            let (path, content) = (self.named(path), self.bytes(text));
            if self.world.tree.file(&path) != Some(&content) {
                let content = self.world.tree.file(&path).map(|content| content.escape_ascii().to_string());
                self.fail(&format!("it is {content:?}"));
            }
            return;
        }
        if let Some(reason) = what.strip_prefix("closed ") {
            match self.world.session.phase() {
                Phase::Closed(closed) if format!("{closed:?}") == reason => return,
                phase => self.fail(&format!("the session is {phase:?}")),
            }
        }
        if let Some(seconds) = what.strip_prefix("waits ") {
            return self.world.wait_seconds(seconds.parse().expect("a number of seconds"));
        }
        match what {
            "connect" => self.link = Some(self.world.connect()),
            "stops reading" => {
                let link = self.link();
                self.world.read(link, false);
            }
            "reads" => {
                let link = self.link();
                self.world.read(link, true);
            }
            "resets" => {
                let link = self.link();
                self.world.reset(link);
            }
            "secured" if self.world.tls.layer == Layer::Secured => {}
            "clear" if self.world.tls.layer == Layer::Clear => {}
            "data secured" if self.world.link(self.link()).tls.is_some() => {}
            "data clear" if self.world.link(self.link()).tls.is_none() => {}
            "secured" | "clear" | "data secured" | "data clear" => self.fail("it is not"),
            "hangs up" => self.world.hang_up(),
            "breaks off" => self.world.break_control(),
            _ => self.fail("nothing that can be done"),
        }
    }

    /// The last connection that was made, by either side.
    fn link(&self) -> usize {
        match self.world.links.len() {
            0 => self.fail("there is no data connection"),
            count => self.link.unwrap_or_default().max(count - 1),
        }
    }

    fn named(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// A text with `\r`, `\n`, `\\` and `\xFF` in it.
    fn bytes(&self, text: &str) -> Vec<u8> {
        let text = self.named(text);
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((first, behind)) = rest.split_first() {
            rest = behind;
            let (byte, used) = match (first, behind) {
                (b'\\', [b'r', ..]) => (b'\r', 1),
                (b'\\', [b'n', ..]) => (b'\n', 1),
                (b'\\', [b'\\', ..]) => (b'\\', 1),
                (b'\\', [b'x', high, low, ..]) => {
                    let digits = [*high, *low];
                    let digits = std::str::from_utf8(&digits).ok();
                    let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
                    (byte.unwrap_or_else(|| self.fail("two hexadecimal digits")), 3)
                }
                (b'\\', _) => self.fail("no escape"),
                (byte, _) => (*byte, 0),
            };
            bytes.push(byte);
            rest = &rest[used..];
        }
        bytes
    }

    fn fail(&self, why: &str) -> ! {
        panic!("{}\n    {why}", self.at)
    }
}
