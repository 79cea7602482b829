//! Where the client's bytes are cut means nothing: whole, byte by byte and in pieces, a session does the same.
//!
//! Input: that of `control`, behind four lengths of pieces.

use ftp_proto::Event;
use ftp_proto::config::Switch;

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
    for segment in data.split_inclusive(|byte| matches!(*byte, ANSWER | WAIT)) {
        let (said, waits) = match segment {
            [said @ .., mark @ (ANSWER | WAIT)] => (said, *mark == WAIT),
            _ => (segment, false),
        };
        for piece in pieces(said, cuts) {
            if !driver.is_closed() {
                driver.event(Event::Received(piece));
            }
        }
        driver.settle();
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
