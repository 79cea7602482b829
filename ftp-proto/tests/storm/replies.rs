//! Which reply is whose.

use super::lines::{permits, takes_time, transfers, verb_of};
use super::world::Reply;

/// Lays the replies beside the lines and counts the lines that were answered. The greeting comes first, and a session
/// may end in a 421 that nobody asked for. NOOP and STAT may be answered while something runs that takes its time, if
/// nothing waits in between.
///
/// # Errors
/// A reply that is nobody's, or not one that its line may have.
pub(crate) fn assign(lines: &[Vec<u8>], replies: &[Reply]) -> Result<usize, String> {
    let mut answered = vec![false; lines.len()];
    let mut now = 0;
    let mut announced = false;
    for (place, reply) in replies.iter().enumerate() {
        if reply.code == 421 && place + 1 == replies.len() {
            break;
        }
        if place == 0 {
            expect(reply.code == 220, || format!("greeted by {:?}", reply.text()))?;
            continue;
        }
        while answered.get(now) == Some(&true) {
            (now, announced) = (now + 1, false);
        }
        let Some(line) = lines.get(now) else { return Err(format!("nobody asked for {:?}", reply.text())) };
        let told = || format!("{:?}: {:?}", line.escape_ascii().to_string(), reply.text());
        match reply.code {
            110 => expect(announced && transfers(line), told)?,
            100..200 => {
                expect(!announced && transfers(line) && reply.code == 150, told)?;
                announced = true;
            }
            _ if is_quick(reply) && !is_asked_for(line, reply) => {
                let later = (now + 1..lines.len()).find(|at| !answered[*at]);
                let later = later.filter(|at| takes_time(line) && is_asked_for(&lines[*at], reply));
                answered[later.ok_or_else(told)?] = true;
            }
            _ => {
                expect(permits(line, reply.code), told)?;
                answered[now] = true;
            }
        }
    }
    Ok(answered.iter().filter(|answered| **answered).count())
}

fn expect(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

fn is_quick(reply: &Reply) -> bool {
    reply.text() == "200 OK." || reply.lines[0] == "211-Status:"
}

fn is_asked_for(line: &[u8], reply: &Reply) -> bool {
    verb_of(line) == if reply.code == 200 { "NOOP" } else { "STAT" }
}
