//! Where the client's bytes are cut means nothing: whole, byte by byte and in pieces, a session does the same. But for
//! AUTH: there it does matter whether more comes with it or behind it, so that nothing comes with it here.
//!
//! Input: that of `control`, behind four lengths of pieces.

use ftp_proto::Event;
use ftp_proto::config::Switch;
use ftp_proto::line::{Frame, Framer};

use crate::control::{ANSWER, WAIT, config};
use crate::pieces::{pieces, take};
use crate::session::{Driver, Manner};

/// The target `split`.
pub fn split(mut data: &[u8]) {
    let cuts: [u8; 4] = take(&mut data);
    let whole = play(data, &[]);
    assert_eq!(play(data, &cuts), whole, "in pieces");
    assert_eq!(play(data, &[0]), whole, "byte by byte");
}

/// Plays a session; answers come behind each whole segment. Gives what was asked for, and how it is at the end.
fn play(mut data: &[u8], cuts: &[u8]) -> Vec<String> {
    let [kind, manner] = take(&mut data);
    let mut driver = Driver::new(config(kind));
    driver.log = Some(Vec::new());
    driver.connect(if kind & 1 != 0 { Switch::On } else { Switch::Off });
    driver.settle();
    let mut framer = Framer::new(config(kind).limits.line);
    for segment in data.split_inclusive(|byte| matches!(*byte, ANSWER | WAIT)) {
        let (said, waits) = match segment {
            [said @ .., mark @ (ANSWER | WAIT)] => (said, *mark == WAIT),
            _ => (segment, false),
        };
        for said in alone(&mut framer, said) {
            for piece in pieces(said, cuts) {
                if !driver.is_closed() {
                    driver.event(Event::Received(piece));
                }
            }
            driver.settle();
        }
        if waits && !driver.is_closed() {
            driver.jump();
            driver.settle();
        }
    }
    driver.finish(Manner::of(manner));
    let mut log = driver.log.unwrap_or_default();
    log.push(format!("{:?}", driver.session.phase()));
    log
}

/// What the client says at once, cut behind each AUTH.
fn alone<'a>(framer: &mut Framer, said: &'a [u8]) -> Vec<&'a [u8]> {
    let (mut parts, mut begun, mut rest) = (Vec::new(), said, said);
    while let Some(frame) = framer.next(&mut rest) {
        let is_auth =
            matches!(frame, Frame::Line(line) if line.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case(b"AUTH")));
        if is_auth {
            parts.push(&begun[..begun.len() - rest.len()]);
            begun = rest;
        }
    }
    parts.push(begun);
    parts
}
