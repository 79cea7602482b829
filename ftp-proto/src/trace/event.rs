//! Events as lines, but for what the client says, which is redacted before.

use core::fmt::{self, Write};

use super::action::Style;
use super::text::{Line, Literal, Seconds, Value};
use crate::config::Switch;
use crate::event::{Admission, ControlEnd, Event};
use crate::outcome::Received;
use crate::ticket::{Answer, Completion};

/// Writes the event; `said` is what it is to have received.
pub(super) fn write(event: &Event<'_>, said: &[u8], style: &impl Style, line: &mut Line) -> fmt::Result {
    let out = &mut line.text;
    match event {
        Event::Connected { local, peer, admission, implicit_tls } => {
            write!(out, "connected local={local} peer={peer}")?;
            let (admission, implicit_tls): (&Admission, &Switch) = (admission, implicit_tls);
            write!(out, " admission={} implicit_tls={}", Value(admission), Value(implicit_tls))
        }
        Event::Received(_) => write!(out, "received {}", Literal(said)),
        Event::Sent(bytes) => write!(out, "sent {bytes}"),
        Event::ControlEnded(end) => {
            let end: &ControlEnd = end;
            write!(out, "control-ended {}", Value(end))
        }
        Event::Done(completion) => answer(completion, style, line),
        Event::Progress { id, bytes } => write!(out, "progress {id} {bytes}"),
        Event::Timeout => out.write_str("timeout"),
        Event::Drain { deadline } => write!(out, "drain {}", Seconds(*deadline)),
    }
}

fn answer(completion: &Completion, style: &impl Style, line: &mut Line) -> fmt::Result {
    let out = &mut line.text;
    let id = completion.id;
    match &completion.result {
        Err(failure) => write!(out, "failed {id} {}", Value(failure)),
        Ok(Answer::Received(Received { bytes, end })) => {
            write!(out, "done {id} Received ")?;
            style.payload(bytes, out)?;
            write!(out, " end={}", Value(end))
        }
        Ok(Answer::Chunk(bytes)) => {
            write!(out, "done {id} Chunk ")?;
            style.payload(bytes, out)
        }
        Ok(answer) => write!(out, "done {id} {}", Value(answer)),
    }
}
