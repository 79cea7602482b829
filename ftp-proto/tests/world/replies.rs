//! What the client reads on the control connection: bytes to replies, each judged by its form (RFC 959 §4.2).

use super::Layer;

/// One whole reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    /// Its lines without CR LF, codes and all.
    pub(crate) lines: Vec<String>,
    /// Where in the stream it ends.
    pub(crate) end: usize,
    /// Whether it came under TLS.
    pub(crate) secured: bool,
}

impl Reply {
    pub(crate) fn is_preliminary(&self) -> bool {
        self.code < 200
    }

    /// All of it, as one text.
    pub(crate) fn text(&self) -> String {
        self.lines.join("\n")
    }
}

/// Everything that was written to the control connection, and how far the client has read.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    pub(crate) bytes: Vec<u8>,
    parsed: usize,
    pub(crate) replies: Vec<Reply>,
    pub(crate) read: usize,
    /// Answers to Telnet options, which are no part of any reply.
    pub(crate) telnet: Vec<[u8; 3]>,
    secured: bool,
    /// How many bytes the kernel took.
    pub(crate) credited: usize,
}

impl Wire {
    pub(crate) fn write(&mut self, bytes: &[u8], layer: Layer) {
        assert!(matches!(layer, Layer::Clear | Layer::Secured), "written between two layers");
        self.secured = layer == Layer::Secured;
        self.bytes.extend_from_slice(bytes);
        while let Some(reply) = self.parse() {
            self.replies.push(reply);
        }
    }

    pub(crate) fn uncredited(&self) -> usize {
        self.bytes.len() - self.credited
    }

    /// Whether all that was written was whole replies.
    pub(crate) fn is_whole(&self) -> bool {
        self.parsed == self.bytes.len()
    }

    fn parse(&mut self) -> Option<Reply> {
        while let [0xFF, verb @ (252 | 254), option, ..] = self.bytes[self.parsed..] {
            self.telnet.push([0xFF, verb, option]);
            self.parsed += 3;
        }
        let first = self.line()?;
        let code: u16 = first.get(..3).and_then(|code| code.parse().ok()).expect("a reply begins with its code");
        assert!((100..600).contains(&code), "no code of a reply: {first}");
        let mut lines = vec![first];
        if lines[0].as_bytes()[3] == b'-' {
            loop {
                let line = self.line().expect("a reply is written whole");
                let last = line.starts_with(&format!("{code} "));
                assert!(last || line.starts_with(' '), "a line in between could be taken for the last: {line:?}");
                lines.push(line);
                if last {
                    break;
                }
            }
        } else {
            assert_eq!(lines[0].as_bytes()[3], b' ', "{}", lines[0]);
        }
        Some(Reply { code, lines, end: self.parsed, secured: self.secured })
    }

    fn line(&mut self) -> Option<String> {
        let rest = &self.bytes[self.parsed..];
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = rest[..end].strip_suffix(b"\r").expect("a line ends in CR LF");
        assert!(line.iter().all(|byte| *byte >= b' ' && *byte != 127), "a control byte in a reply: {line:?}");
        self.parsed += end + 1;
        Some(String::from_utf8_lossy(line).into_owned())
    }
}
