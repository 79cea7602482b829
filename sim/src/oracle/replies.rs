//! What holds on every control connection: the lines that the client said beside the replies that came.
//!
//! ```text
//! 220 ──► line, line, line … ──► each 1yz* (2|3|4|5)yz, in order ──► 221 or 421, and then nothing
//! ```
//!
//! It sits in every client and knows nothing of the engine: it is made from the RFCs' tables and from what the client
//! itself said. Time is used for one thing only: whether a line must have arrived when the server says that nobody spoke.
//!
//! | file | what |
//! |---|---|
//! | `lines` | bytes to lines, as a server has to read them |
//! | `table` | which replies a verb may have |
//! | `model` | login and working directory, as the replies tell them |

mod lines;
mod model;
mod table;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use self::lines::Lines;
pub(crate) use self::lines::unescape;
use self::model::Model;
use crate::client::Reply;
use crate::time::Moment;

/// One control connection, as its client sees it.
#[derive(Debug)]
pub(crate) struct Dialogue {
    lines: Lines,
    /// Lines from the first that is not answered on.
    waiting: VecDeque<Line>,
    /// Whether the first of them has had its 150.
    announced: bool,
    greeted: bool,
    /// The last word was heard.
    over: bool,
    model: Model,
    /// Whether TLS is on.
    tls: bool,
    /// From the 234 of an AUTH, or from where TLS is to end, to the first reply behind that.
    changes: bool,
    /// The client does what a server need not answer with a last word.
    excused: bool,
}

/// A line that was said.
#[derive(Debug)]
struct Line {
    text: Vec<u8>,
    said: Moment,
    answered: bool,
}

impl Dialogue {
    /// A connection from `address` that was just made.
    pub(crate) fn new(address: IpAddr) -> Self {
        Self {
            lines: Lines::default(),
            waiting: VecDeque::new(),
            announced: false,
            greeted: false,
            over: false,
            model: Model::new(address),
            tls: false,
            changes: false,
            excused: false,
        }
    }

    /// The client says these bytes.
    pub(crate) fn said(&mut self, bytes: &[u8], now: Moment) {
        for text in self.lines.take(bytes) {
            self.waiting.push_back(Line { text, said: now, answered: false });
        }
    }

    /// TLS is on.
    pub(crate) fn secured(&mut self) {
        self.excused |= self.said_more();
        // Until it answers, the server may not know yet, and give the handshake up without a word.
        (self.tls, self.changes) = (true, true);
        self.model.secured();
    }

    /// TLS is over, as far as the client is concerned.
    pub(crate) fn cleared(&mut self) {
        // What was said before came where the server waits for the end of TLS.
        self.excused |= self.said_more();
        // Here too: our end of TLS may still be on its way when it gives that up.
        (self.tls, self.changes) = (false, true);
    }

    /// Whether anything was said behind the last line that was answered, be it the beginning of one.
    fn said_more(&self) -> bool {
        !self.waiting.is_empty() || self.lines.more()
    }

    /// The client has ended its side, or takes no replies: it need not be told why the server closes.
    pub(crate) fn excuse(&mut self) {
        self.excused = true;
    }

    /// What the server owes a reply to; `None` when it owes nothing.
    pub(crate) fn owed(&self) -> Option<String> {
        if self.over {
            return None;
        }
        if !self.greeted {
            return Some("the greeting".into());
        }
        let line = self.waiting.iter().find(|line| !line.answered)?;
        Some(format!("the reply to \"{}\"", shown(&line.text)))
    }

    /// How many lines are not answered yet.
    pub(crate) fn unanswered(&self) -> usize {
        self.waiting.iter().filter(|line| !line.answered).count()
    }

    /// A reply came in at `arrived`. What was said more than `margin` before was heard before the server wrote it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn heard(&mut self, reply: &Reply, arrived: Moment, margin: Duration) -> Result<(), String> {
        if self.over {
            return Err(format!("behind the last word comes \"{}\"", reply.text()));
        }
        self.changes = false;
        if reply.code == 421 {
            self.over = true;
            return self.last_word(reply, arrived, margin);
        }
        if !self.greeted {
            self.greeted = reply.code == 220;
            return ensure(matches!(reply.code, 220 | 120), || format!("greeted by \"{}\"", reply.text()));
        }
        while self.waiting.front().is_some_and(|line| line.answered) {
            self.waiting.pop_front();
            self.announced = false;
        }
        let Some(line) = self.waiting.front() else {
            // A line that is too long is refused before its end.
            let early = reply.code == 500 && self.lines.poison();
            return ensure(early, || format!("nobody asked for \"{}\"", reply.text()));
        };
        let text = line.text.clone();
        let wrong = |why: &str| Err(format!("to \"{}\" comes \"{}\": {why}", shown(&text), reply.text()));
        match reply.code {
            110 if self.announced => Ok(()),
            100..200 if self.announced => wrong("it was announced before"),
            125 | 150 if table::transfers(&text) => {
                self.announced = true;
                self.model.preliminary(&text).or_else(|why| wrong(&why))
            }
            100..200 => wrong("no reply of that kind may come first"),
            _ if is_quick(reply) && !is_asked_for(&text, reply) => {
                // What runs must be seen to run: by its 150, or by taking long.
                let runs = if table::transfers(&text) { self.announced } else { table::takes_time(&text) };
                let later = self.waiting.iter_mut().skip(1).find(|line| !line.answered);
                match later.filter(|line| runs && is_asked_for(&line.text, reply)) {
                    Some(line) => {
                        line.answered = true;
                        self.model.answered(&line.text.clone(), reply).or_else(|why| wrong(&why))
                    }
                    None => wrong("it is the reply of another command"),
                }
            }
            code if !table::permits(&text, code, self.announced) => wrong("the command may not have it"),
            _ => {
                if table::transfers(&text) && reply.is_good() && !self.announced {
                    return wrong("no 150 came before");
                }
                self.waiting.pop_front();
                self.announced = false;
                self.over = reply.code == 221;
                // Something was said behind AUTH, in the clear: that is refused, and the connection closed.
                self.excused |= table::verb_of(&text) == "AUTH" && reply.code == 503 && self.said_more();
                self.changes |= reply.code < 400 && self.changes_layer(&text);
                self.model.answered(&text, reply).or_else(|why| wrong(&why))
            }
        }
    }

    /// The server has closed the connection in order.
    ///
    /// # Errors
    /// Where it did so without a word.
    pub(crate) fn ended(&self) -> Result<(), String> {
        // Where TLS begins or ends there may be nobody to tell.
        let changes = self.changes || self.waiting.iter().any(|line| self.changes_layer(&line.text));
        let excused = self.excused || changes || self.over;
        ensure(excused, || match self.owed() {
            Some(what) => format!("the server closes without a word, and owes {what}"),
            None => "the server closes without a word".into(),
        })
    }

    fn changes_layer(&self, line: &[u8]) -> bool {
        match table::verb_of(line).as_str() {
            "AUTH" => true,
            "REIN" | "CCC" => self.tls,
            _ => false,
        }
    }

    /// 421 may come at any time, but nobody is idle who has said something.
    fn last_word(&self, reply: &Reply, arrived: Moment, margin: Duration) -> Result<(), String> {
        let idle = reply.text().to_ascii_lowercase().contains("idle");
        let unheard = self.waiting.iter().find(|line| !line.answered && line.said + margin < arrived);
        match unheard.filter(|_| idle) {
            Some(line) => Err(format!("\"{}\", while \"{}\" was not answered", reply.text(), shown(&line.text))),
            None => Ok(()),
        }
    }
}

fn ensure(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

/// A line for a message: only its beginning, since some are long, and no password.
fn shown(line: &[u8]) -> String {
    if table::verb_of(line) == "PASS" {
        return "PASS ...".into();
    }
    line.get(..80).unwrap_or(line).escape_ascii().to_string()
}

/// Whether it may overtake what runs: NOOP's and STAT's replies, told apart from those of the commands that take long.
fn is_quick(reply: &Reply) -> bool {
    reply.text() == "200 OK." || reply.lines.first().is_some_and(|line| line == b"211-Status:")
}

fn is_asked_for(line: &[u8], reply: &Reply) -> bool {
    table::verb_of(line) == if reply.code == 200 { "NOOP" } else { "STAT" }
}

#[cfg(test)]
mod tests;
