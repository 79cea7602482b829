//! One connection: two directions, each a queue of pieces that arrive at their moments.

use std::collections::VecDeque;
use std::net::SocketAddr;

use bytes::Bytes;
use ftp_proto::Failure;
use ftp_proto::outcome::DataEnd;

use super::{Dialled, Side};
use crate::faults::Fault;
use crate::scene::Scene;
use crate::time::{Actor, Moment};

/// What a side says to begin TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// The TLS session that is resumed, or offered: any number, the same on both sides.
    pub session: Option<u64>,
    /// The host that the client names (SNI).
    pub host: Option<String>,
    /// The client's certificate.
    pub certificate: Option<Vec<u8>>,
}

/// What reading comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// Bytes, at least one.
    Bytes(Bytes),
    /// Nothing yet: the owner is woken when there is.
    Nothing,
    /// The peer's direction has ended.
    End(DataEnd),
    /// The connection is broken.
    Reset,
}

#[derive(Clone, Debug)]
pub(super) enum Piece {
    Bytes(Bytes),
    Hello(Hello),
    Farewell,
    End,
}

/// What one side knows of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Layer {
    #[default]
    Clear,
    Greeting,
    Secured,
    /// The peer has said farewell: its end is a clean one.
    Parted,
}

/// One direction, named for its reader.
#[derive(Debug, Default)]
struct Direction {
    pieces: VecDeque<(Moment, Piece)>,
    /// Bytes in `pieces`.
    held: usize,
    /// When the last piece arrives.
    last: Moment,
    /// Whether the writer waits for room.
    blocked: bool,
    finished: bool,
    /// From when on the reader sees a reset.
    reset: Option<Moment>,
}

#[derive(Debug)]
pub(super) struct Connection {
    addresses: (SocketAddr, SocketAddr),
    answered: Moment,
    failure: Option<Failure>,
    owners: [Option<Actor>; 2],
    left: [bool; 2],
    layers: [Layer; 2],
    /// By reader.
    directions: [Direction; 2],
}

impl Connection {
    pub(super) fn new(
        owner: Actor,
        addresses: (SocketAddr, SocketAddr),
        answered: Moment,
        failure: Option<Failure>,
    ) -> Self {
        let refused = failure.is_some();
        Self {
            addresses,
            answered,
            failure,
            owners: [Some(owner), None],
            left: [false, refused],
            layers: Default::default(),
            directions: Default::default(),
        }
    }

    pub(super) fn dialled(&self, now: Moment) -> Dialled {
        match self.failure {
            _ if now < self.answered => Dialled::Waiting,
            Some(failure) => Dialled::Failed(failure),
            None => Dialled::Open,
        }
    }

    pub(super) fn dialler(&self) -> SocketAddr {
        self.addresses.0
    }

    pub(super) fn adopt(&mut self, owner: Actor) {
        self.owners[Side::Accepted as usize] = Some(owner);
    }

    /// Whether nobody holds it any more.
    pub(super) fn leave(&mut self, side: Side) -> bool {
        self.left[side as usize] = true;
        self.owners[side as usize] = None;
        self.left.iter().all(|left| *left)
    }

    pub(super) fn write(&mut self, scene: &mut Scene, side: Side, bytes: &Bytes) -> Result<usize, Failure> {
        if self.is_reset(scene, side) {
            return Err(Failure::Reset);
        }
        let fault = scene.strike(&[Fault::Reset, Fault::ShortWrite]);
        if fault == Some(Fault::Reset) {
            self.break_both(scene);
            return Err(Failure::Reset);
        }
        if self.left[side.other() as usize] {
            // Nobody is there: the first bytes are answered by a reset.
            let at = scene.now + scene.latency();
            self.reset_at(scene, side, at);
            return Ok(bytes.len());
        }
        let direction = &mut self.directions[side.other() as usize];
        let room = scene.weather.window.saturating_sub(direction.held).min(bytes.len());
        if room == 0 {
            direction.blocked = !bytes.is_empty();
            return Ok(0);
        }
        let count = if fault.is_some() { scene.chance.part(room) } else { room };
        self.push(scene, side, Piece::Bytes(bytes.slice(..count)));
        if count < bytes.len()
            && let Some(owner) = self.owners[side as usize]
        {
            let at = scene.now + scene.latency();
            scene.wake(owner, at);
        }
        Ok(count)
    }

    pub(super) fn has_room(&mut self, scene: &Scene, side: Side) -> bool {
        let left = self.left[side.other() as usize];
        let direction = &mut self.directions[side.other() as usize];
        let room = left || direction.held <= scene.weather.window / 2;
        direction.blocked |= !room;
        room
    }

    /// Sends one piece on its way.
    pub(super) fn push(&mut self, scene: &mut Scene, side: Side, piece: Piece) {
        if self.directions.iter().any(|direction| direction.reset.is_some()) {
            // It is broken, whether or not both sides know: the reset is what comes next.
            return;
        }
        let direction = &mut self.directions[side.other() as usize];
        if direction.finished {
            return;
        }
        let mut takes = scene.latency();
        if matches!(piece, Piece::Bytes(_)) && scene.strike(&[Fault::Stall]).is_some() {
            takes += scene.chance.time(&scene.weather.stall.clone());
        }
        let arrives = direction.last.max(scene.now + takes).max(self.answered);
        direction.last = arrives;
        match &piece {
            Piece::Bytes(bytes) => direction.held += bytes.len(),
            Piece::End => direction.finished = true,
            Piece::Hello(_) | Piece::Farewell => {}
        }
        direction.pieces.push_back((arrives, piece));
        if let Some(owner) = self.owners[side.other() as usize] {
            scene.wake(owner, arrives);
        }
    }

    pub(super) fn read(&mut self, scene: &mut Scene, side: Side, max: usize) -> Read {
        if self.is_reset(scene, side) {
            return Read::Reset;
        }
        let layer = self.layers[side as usize];
        let direction = &mut self.directions[side as usize];
        let now = scene.now;
        match direction.pieces.front_mut() {
            Some((arrives, _)) if *arrives > now => {
                let at = *arrives;
                if let Some(owner) = self.owners[side as usize] {
                    scene.wake(owner, at);
                }
                Read::Nothing
            }
            None => Read::Nothing,
            Some((_, Piece::Bytes(_))) if max == 0 => Read::Nothing,
            Some((_, Piece::Bytes(bytes))) => {
                let mut count = bytes.len().min(max);
                if scene.strike(&[Fault::ShortRead]).is_some() {
                    count = scene.chance.part(count);
                    // The rest is there at once.
                    if let Some(owner) = self.owners[side as usize] {
                        scene.wake(owner, now);
                    }
                }
                let taken = bytes.split_to(count);
                let empty = bytes.is_empty();
                direction.held -= count;
                if empty {
                    direction.pieces.pop_front();
                }
                if std::mem::take(&mut direction.blocked) {
                    let at = now + scene.latency();
                    if let Some(owner) = self.owners[side.other() as usize] {
                        scene.wake(owner, at);
                    }
                }
                Read::Bytes(taken)
            }
            Some((_, Piece::End)) => Read::End(match layer {
                Layer::Clear | Layer::Parted => DataEnd::Clean,
                Layer::Greeting | Layer::Secured => DataEnd::Truncated,
            }),
            Some((_, Piece::Farewell)) if layer == Layer::Secured => {
                direction.pieces.pop_front();
                self.layers[side as usize] = Layer::Parted;
                self.read(scene, side, max)
            }
            Some((_, Piece::Hello(_) | Piece::Farewell)) => {
                // Read in the clear, a record is no text.
                direction.pieces.pop_front();
                Read::Bytes(Bytes::from_static(b"\x16\x03\x01\x00\xFF\x01"))
            }
        }
    }

    pub(super) fn arrived(&self, side: Side) -> Option<Moment> {
        self.directions[side as usize].pieces.front().map(|(arrives, _)| *arrives)
    }

    pub(super) fn finish(&mut self, scene: &mut Scene, side: Side) {
        self.push(scene, side, Piece::End);
    }

    /// Our side breaks it.
    pub(super) fn reset(&mut self, scene: &mut Scene, side: Side) {
        let (now, at) = (scene.now, scene.now + scene.latency());
        self.reset_at(scene, side, now);
        self.reset_at(scene, side.other(), at);
    }

    pub(super) fn secure(&mut self, scene: &mut Scene, side: Side, hello: Hello) {
        // Who answers a hello has seen it already.
        let layer = &mut self.layers[side as usize];
        if *layer == Layer::Clear {
            *layer = Layer::Greeting;
        }
        self.push(scene, side, Piece::Hello(hello));
    }

    pub(super) fn handshake(&mut self, scene: &mut Scene, side: Side) -> Option<Result<Hello, Failure>> {
        if self.is_reset(scene, side) {
            return Some(Err(Failure::Reset));
        }
        let direction = &mut self.directions[side as usize];
        match direction.pieces.front() {
            Some((arrives, Piece::Hello(_))) if *arrives <= scene.now => {
                if scene.strike(&[Fault::Handshake]).is_some() {
                    return Some(Err(Failure::Tls));
                }
                let Some((_, Piece::Hello(hello))) = direction.pieces.pop_front() else { return None };
                self.layers[side as usize] = Layer::Secured;
                Some(Ok(hello))
            }
            Some((arrives, _)) if *arrives <= scene.now => Some(Err(Failure::Tls)),
            next => {
                // It may have been sent before anybody owned this side.
                if let (Some((arrives, _)), Some(owner)) = (next, self.owners[side as usize]) {
                    scene.wake(owner, *arrives);
                }
                None
            }
        }
    }

    pub(super) fn unsecured(&mut self, scene: &mut Scene, side: Side) -> Option<Result<(), Failure>> {
        if self.is_reset(scene, side) {
            return Some(Err(Failure::Reset));
        }
        let direction = &mut self.directions[side as usize];
        match direction.pieces.front() {
            Some((arrives, Piece::Farewell)) if *arrives <= scene.now => {
                direction.pieces.pop_front();
                self.layers[side as usize] = Layer::Clear;
                Some(Ok(()))
            }
            Some((arrives, _)) if *arrives <= scene.now => Some(Err(Failure::Tls)),
            next => {
                // It may have been sent before anybody owned this side.
                if let (Some((arrives, _)), Some(owner)) = (next, self.owners[side as usize]) {
                    scene.wake(owner, *arrives);
                }
                None
            }
        }
    }

    pub(super) fn is_secured(&self, side: Side) -> bool {
        matches!(self.layers[side as usize], Layer::Secured | Layer::Parted)
    }

    fn is_reset(&self, scene: &Scene, side: Side) -> bool {
        self.failure.is_some() || self.directions[side as usize].reset.is_some_and(|at| at <= scene.now)
    }

    fn break_both(&mut self, scene: &mut Scene) {
        for side in [Side::Dialled, Side::Accepted] {
            let at = scene.now + scene.latency();
            self.reset_at(scene, side, at);
        }
    }

    fn reset_at(&mut self, scene: &mut Scene, side: Side, at: Moment) {
        let direction = &mut self.directions[side as usize];
        direction.reset = Some(direction.reset.map_or(at, |known| known.min(at)));
        if let Some(owner) = self.owners[side as usize] {
            scene.wake(owner, at);
        }
    }
}
