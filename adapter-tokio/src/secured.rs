//! Moving bytes over a secured data connection: what `offload` does in the clear.
//!
//! The layer is locked for one step at a time, and never while something is waited for.

use ftp_host::adapter::{Halt, Layer, Range, Taken, socket};
use ftp_proto::Failure;
use ftp_proto::action::CloseHow;
use ftp_proto::outcome::{Closed, DataEnd, Done, Moved, Received, Secured};
use tokio::task::yield_now;

use crate::guard::Cancel;
use crate::link::Link;
use crate::offload::{BUFFER, read, write_first};

/// What a step may wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    ToRead,
    ToWrite,
}

/// Makes the handshake.
///
/// Not cancel-safe: dropped half-way, it cannot be taken up again.
pub(crate) async fn handshake(link: &Link, cancel: &mut Cancel) -> Result<Secured, Failure> {
    loop {
        let step = step(link, |layer| match layer.handshake(link) {
            Err(Halt::Later) if layer.wants_write() => Ok(Err(Wait::ToWrite)),
            Err(Halt::Later) => Ok(Err(Wait::ToRead)),
            Err(Halt::Failed(failure)) => Err(failure),
            Ok(secured) => Ok(Ok(secured)),
        });
        match step? {
            Ok(secured) => return Ok(secured),
            Err(wait) => wait_for(link, wait, cancel).await?,
        }
    }
}

/// Sends `bytes`, until the kernel has taken all of them.
///
/// Not cancel-safe: dropped half-way, how much was sent is lost.
pub(crate) async fn send_all(
    link: &Link,
    bytes: &[u8],
    cancel: &mut Cancel,
    mut progress: impl FnMut(u64),
) -> Result<Done, Failure> {
    let mut sent = 0;
    while let Some(rest @ [_, ..]) = bytes.get(sent..) {
        match later(step(link, |layer| Ok(layer.write(link, rest)))?)? {
            Some(count) => {
                sent += count;
                progress(sent as u64);
                // A fast peer leaves nothing to wait for, and this is work; others want the thread too.
                yield_now().await;
            }
            None => wait_for(link, Wait::ToWrite, cancel).await?,
        }
    }
    while later(step(link, |layer| Ok(layer.flush(link)))?)?.is_none() {
        wait_for(link, Wait::ToWrite, cancel).await?;
    }
    Ok(Done)
}

/// Receives at least one byte and at most `max`, unless the stream ends.
///
/// Cancel-safe: nothing is taken before it returns.
pub(crate) async fn receive(link: &Link, max: usize, cancel: &mut Cancel) -> Result<Received, Failure> {
    loop {
        if let Some(received) = receive_now(link, max)? {
            return Ok(received);
        }
        wait_for(link, Wait::ToRead, cancel).await?;
    }
}

/// Receives what is there now, at most `max` bytes; `None` when nothing is: then no buffer waits either.
fn receive_now(link: &Link, max: usize) -> Result<Option<Received>, Failure> {
    let mut buffer = vec![0; max];
    let taken = later(step(link, |layer| Ok(layer.read(link, &mut buffer)))?)?;
    Ok(taken.map(|taken| match taken {
        Taken::Bytes(count) => {
            buffer.truncate(count);
            Received { bytes: buffer.into(), end: None }
        }
        Taken::End(end) => Received { bytes: bytes::Bytes::new(), end: Some(end) },
    }))
}

/// Moves `range` of a file to the connection; less only at the end of the file.
///
/// Not cancel-safe: dropped half-way, how much was sent is lost.
pub(crate) async fn file_to_socket(
    mut range: Range,
    link: &Link,
    cancel: &mut Cancel,
    mut progress: impl FnMut(u64),
) -> Result<Moved, Failure> {
    let mut buffer = vec![0; range.room(BUFFER)];
    while range.left() > 0 {
        // The disk is not read before there is room.
        wait_for(link, Wait::ToWrite, cancel).await?;
        let (filled, count) = read(&range, buffer).await?;
        buffer = filled;
        let Some(chunk @ [_, ..]) = buffer.get(..count) else { return Ok(range.ended()) };
        let before = range.moved();
        send_all(link, chunk, cancel, |sent| progress(before + sent)).await?;
        range.advance(count);
    }
    Ok(range.whole())
}

/// Moves bytes from the connection to `range` of a file; less only at the end of the stream.
///
/// What arrived before the stream broke is written before the failure is told. Not cancel-safe: dropped half-way, a
/// write may still be under way.
pub(crate) async fn socket_to_file(
    mut range: Range,
    link: &Link,
    cancel: &mut Cancel,
    mut progress: impl FnMut(u64),
) -> Result<Moved, Failure> {
    let mut buffer = vec![0; range.room(BUFFER)];
    while range.left() > 0 {
        let room = buffer.get_mut(..range.room(BUFFER)).unwrap_or_default();
        let (count, stop) = step(link, |layer| Ok(fill(layer, link, room)))?;
        if count > 0 {
            (range, buffer) = write_first(range, buffer, count).await?;
            progress(range.moved());
        }
        match stop {
            None => {}
            Some(Stop::Nothing) => wait_for(link, Wait::ToRead, cancel).await?,
            Some(Stop::At(end)) => return Ok(Moved { bytes: range.moved(), end: Some(end) }),
            Some(Stop::Broken(failure)) => return Err(failure),
        }
    }
    Ok(range.whole())
}

/// Closes in an orderly way: not before the last byte, and the word that it was the last, are on their way.
///
/// Not cancel-safe: dropped half-way, the connection is cut.
pub(crate) async fn close(link: &Link, cancel: &mut Cancel) -> Result<Closed, Failure> {
    loop {
        match later(step(link, |layer| Ok(layer.finish(link)))?) {
            Ok(Some(())) => return Ok(Closed),
            Ok(None) => {
                if let Err(cancelled) = wait_for(link, Wait::ToWrite, cancel).await {
                    // Its end is not to look like one.
                    let _ = socket::close(link, CloseHow::Abort);
                    return Err(cancelled);
                }
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// Why `fill` stopped, where there is no more now.
enum Stop {
    /// Nothing more is there now.
    Nothing,
    At(DataEnd),
    Broken(Failure),
}

/// Reads what is there now, until `buffer` is full or it is enough at once: how many bytes.
fn fill(layer: &mut Layer, link: &Link, buffer: &mut [u8]) -> (usize, Option<Stop>) {
    let mut count = 0;
    for _ in 0..Layer::READS {
        let Some(rest @ [_, ..]) = buffer.get_mut(count..) else { break };
        match layer.read(link, rest) {
            Ok(Taken::Bytes(more)) => count += more,
            Ok(Taken::End(end)) => return (count, Some(Stop::At(end))),
            Err(Halt::Later) => return (count, Some(Stop::Nothing)),
            Err(Halt::Failed(failure)) => return (count, Some(Stop::Broken(failure))),
        }
    }
    (count, None)
}

/// One step, under the lock.
fn step<T>(link: &Link, step: impl FnOnce(&mut Layer) -> Result<T, Failure>) -> Result<T, Failure> {
    let mut layer = link.layer().ok_or(Failure::Tls)?;
    step(&mut layer)
}

/// None where it goes on later.
fn later<T>(result: Result<T, Halt>) -> Result<Option<T>, Failure> {
    match result {
        Ok(outcome) => Ok(Some(outcome)),
        Err(Halt::Later) => Ok(None),
        Err(Halt::Failed(failure)) => Err(failure),
    }
}

async fn wait_for(link: &Link, wait: Wait, cancel: &mut Cancel) -> Result<(), Failure> {
    let stream = link.stream();
    match wait {
        Wait::ToRead => cancel.or(stream.readable()).await,
        Wait::ToWrite => cancel.or(stream.writable()).await,
    }
}

#[cfg(test)]
mod tests;
