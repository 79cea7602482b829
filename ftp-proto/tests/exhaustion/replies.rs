//! What the client reads: each command is answered by `1yz* (2|3|4|5)yz`, in order, with a code that its verb may have.

use std::collections::VecDeque;

/// Commands that were said, and what was answered.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    written: usize,
    /// Where the last 150 ended.
    announced: Option<usize>,
    /// Commands without their final reply. The greeting is asked for by connecting.
    waiting: VecDeque<String>,
    /// Whether the first of them has had its 150.
    begun: bool,
    /// What came in this step.
    fresh: Vec<(u16, usize)>,
    /// A 421 that nobody asked for has come: nothing may follow.
    farewell: bool,
    connected: bool,
    reset: bool,
    silent: bool,
}

impl Replies {
    pub(crate) const fn written(&self) -> usize {
        self.written
    }

    pub(crate) const fn announced(&self) -> Option<usize> {
        self.announced
    }

    /// Whether nobody has connected.
    pub(crate) const fn is_new(&self) -> bool {
        !self.connected
    }

    pub(crate) const fn is_reset(&self) -> bool {
        self.reset
    }

    /// Whoever expects TLS is not told that there is no room.
    pub(crate) const fn mute_greeting(&mut self) {
        self.silent = true;
    }

    pub(crate) const fn reset(&mut self) {
        self.reset = true;
    }

    pub(crate) fn greet(&mut self) {
        self.connected = true;
        self.waiting.push_back("CONNECT".into());
    }

    pub(crate) fn asked(&mut self, lines: &str) {
        self.waiting.extend(lines.split_terminator("\r\n").map(str::to_owned));
    }

    /// How many commands have not had their final reply.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn all_answered(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes what was written: whole replies.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        assert!(!bytes.is_empty(), "an empty Write");
        assert!(!self.reset, "written behind a reset");
        let text = std::str::from_utf8(bytes).expect("replies are text");
        let text = text.strip_suffix("\r\n").expect("a line ends in CR LF");
        let mut at = self.written;
        let mut open: Option<&str> = None;
        for line in text.split("\r\n") {
            at += line.len() + 2;
            let (code, rest) = line.split_at_checked(3).expect("a reply begins with its code");
            match open {
                Some(first) if code == first && rest.starts_with(' ') => open = None,
                Some(_) => {
                    assert!(line.starts_with(' '), "a line in between could be taken for the last: {line}");
                    continue;
                }
                None if rest.starts_with('-') => {
                    open = Some(code);
                    continue;
                }
                None => assert!(rest.starts_with(' '), "{line}"),
            }
            let code = code.parse().expect("a code is a number");
            if code == 150 {
                self.announced = Some(at);
            }
            self.fresh.push((code, at));
        }
        assert_eq!(open, None, "half a reply was written");
        self.written += bytes.len();
    }

    /// Lays what came beside what was asked. `goes_on`: whether the session is not ending.
    pub(crate) fn check(&mut self, goes_on: bool) {
        let fresh = std::mem::take(&mut self.fresh);
        let last = fresh.len().saturating_sub(1);
        for (place, (code, _)) in fresh.into_iter().enumerate() {
            assert!(!self.farewell, "{code} comes behind the last word");
            if code == 421 && !goes_on && place == last {
                self.farewell = true;
                self.waiting.clear();
                return;
            }
            self.answer(code);
        }
        if !goes_on && self.silent {
            self.waiting.retain(|line| line != "CONNECT");
        }
    }

    fn answer(&mut self, code: u16) {
        let first = self.waiting.front().unwrap_or_else(|| panic!("nobody asked for {code}"));
        let transfers = codes(first).starts_with(TRANSFER);
        if code < 200 {
            assert!(transfers && code == 150 && !self.begun, "{first}: {code}");
            self.begun = true;
            return;
        }
        // NOOP and STAT are answered at once while something runs.
        let quick = match code {
            200 => "NOOP",
            211 => "STAT",
            _ => "",
        };
        let at_once = (transfers && self.begun) || first.starts_with("HASH");
        if at_once && first != quick && self.waiting.get(1).is_some_and(|next| next == quick) {
            self.waiting.remove(1);
            return;
        }
        assert!(codes(first).contains(&code), "{first}: {code}");
        self.waiting.pop_front();
        self.begun = false;
    }

    /// What the rest depends on.
    pub(crate) fn key(&self) -> impl std::fmt::Debug + '_ {
        (&self.waiting, self.begun, self.farewell, self.connected, self.reset, self.silent)
    }
}

const TRANSFER: &[u16] = &[226, 425, 426];

/// What a line may be answered.
fn codes(line: &str) -> &'static [u16] {
    match line.split(' ').next().unwrap_or_default() {
        "CONNECT" | "REIN" => &[220],
        "USER" => &[331, 232, 332, 530, 534],
        "PASS" => &[230, 202, 332, 503, 530, 534],
        "ACCT" => &[230, 202, 503, 530, 534],
        "QUIT" => &[221],
        "NOOP" | "TYPE" => &[200],
        "ABOR" => &[226],
        "EPSV" => &[229, 425, 530],
        "PORT" => &[200, 530],
        "PBSZ" => &[200, 503],
        "PROT" => &[200, 503],
        "AUTH" => &[234, 503],
        "CCC" => &[200, 533],
        "STAT" if line.len() > 4 => &[213, 450, 451, 530, 550],
        "STAT" => &[211],
        "HASH" => &[213, 451, 530, 550],
        "RETR" | "STOR" | "STOU" | "LIST" => &[226, 425, 426, 450, 451, 452, 521, 522, 530, 550, 551, 552, 553, 554],
        other => panic!("what may {other} be answered?"),
    }
}
