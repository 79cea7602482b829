//! One connection of a client, and the listener of an active transfer.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;

use bytes::{Buf, Bytes};
use ftp_proto::outcome::DataEnd;

use super::{Gone, wait};
use crate::network::{Dialled, End, Hello, Read};
use crate::time::{Actor, Moment};
use crate::world::Core;

/// One connection of a client. Dropped, it is broken; [`close`](Self::close) ends it in order.
#[derive(Debug)]
pub struct Socket {
    core: Rc<RefCell<Core>>,
    who: Actor,
    end: End,
    left: bool,
    arrived: Cell<Moment>,
}

impl Socket {
    pub(super) async fn dial(
        core: &Rc<RefCell<Core>>,
        who: Actor,
        (from, to): (SocketAddr, SocketAddr),
        until: Moment,
    ) -> Result<Self, Gone> {
        let end = {
            let Core { scene, network, .. } = &mut *core.borrow_mut();
            network.dial(scene, who, from, to)
        };
        let this = Self { core: Rc::clone(core), who, end, left: false, arrived: Cell::default() };
        let dialled = this.wait(until, |core| match core.network.dialled(&core.scene, end) {
            Dialled::Waiting => None,
            Dialled::Open => Some(true),
            Dialled::Failed(_) => Some(false),
        });
        if dialled.await.ok_or(Gone::Impatient)? { Ok(this) } else { Err(Gone::Refused) }
    }

    pub(super) fn accepted(core: &Rc<RefCell<Core>>, who: Actor, end: End) -> Self {
        Self { core: Rc::clone(core), who, end, left: false, arrived: Cell::default() }
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// [`Gone::Reset`], or [`Gone::Impatient`] at `until`.
    pub async fn write(&self, bytes: impl Into<Bytes>, until: Moment) -> Result<(), Gone> {
        let (mut rest, end) = (bytes.into(), self.end);
        while !rest.is_empty() {
            let written = self.wait(until, |core| {
                let written = core.network.write(&mut core.scene, end, &rest);
                (written != Ok(0)).then_some(written)
            });
            rest.advance(written.await.ok_or(Gone::Impatient)?.map_err(|_| Gone::Reset)?);
        }
        Ok(())
    }

    /// Reads what there is, at most `max` bytes; then how the stream ended.
    ///
    /// # Errors
    /// [`Gone::Reset`], or [`Gone::Impatient`] at `until`.
    pub async fn read(&self, max: usize, until: Moment) -> Result<Result<Bytes, DataEnd>, Gone> {
        let end = self.end;
        let read = self.wait(until, |core| {
            self.arrived.set(core.network.arrived(end).unwrap_or_default());
            match core.network.read(&mut core.scene, end, max) {
                Read::Nothing => None,
                Read::Bytes(bytes) => Some(Ok(Ok(bytes))),
                Read::End(end) => Some(Ok(Err(end))),
                Read::Reset => Some(Err(Gone::Reset)),
            }
        });
        read.await.unwrap_or(Err(Gone::Impatient))
    }

    /// When that arrived which was read last.
    pub(super) fn arrived(&self) -> Moment {
        self.arrived.get()
    }

    /// Begins TLS: the peer's hello.
    ///
    /// # Errors
    /// [`Gone::Reset`] where the handshake fails, or [`Gone::Impatient`] at `until`.
    pub async fn secure(&self, hello: Hello, until: Moment) -> Result<Hello, Gone> {
        let end = self.end;
        {
            let Core { scene, network, .. } = &mut *self.core.borrow_mut();
            network.secure(scene, end, hello);
        }
        let hello = self.wait(until, |core| core.network.handshake(&mut core.scene, end));
        hello.await.ok_or(Gone::Impatient)?.map_err(|_| Gone::Reset)
    }

    /// Says that nothing more comes under TLS.
    pub fn farewell(&self) {
        let Core { scene, network, .. } = &mut *self.core.borrow_mut();
        network.farewell(scene, self.end);
    }

    /// Ends TLS, and goes on in the clear.
    ///
    /// # Errors
    /// [`Gone::Reset`] where the peer does not end it, or [`Gone::Impatient`] at `until`.
    pub async fn unsecure(&self, until: Moment) -> Result<(), Gone> {
        self.farewell();
        let end = self.end;
        let ended = self.wait(until, |core| core.network.unsecured(&mut core.scene, end));
        ended.await.ok_or(Gone::Impatient)?.map_err(|_| Gone::Reset)
    }

    /// Whether it is under TLS.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        self.core.borrow().network.is_secured(self.end)
    }

    /// Ends our direction, and goes on reading.
    pub fn finish(&self) {
        let Core { scene, network, .. } = &mut *self.core.borrow_mut();
        if network.is_secured(self.end) {
            network.farewell(scene, self.end);
        }
        network.finish(scene, self.end);
    }

    /// Leaves in order: what was written arrives.
    pub fn close(mut self) {
        self.finish();
        self.left = true;
        let Core { scene, network, .. } = &mut *self.core.borrow_mut();
        network.close(scene, self.end);
    }

    async fn wait<T>(&self, until: Moment, look: impl FnMut(&mut Core) -> Option<T>) -> Option<T> {
        wait(&self.core, self.who, until, look).await
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if !self.left {
            let Core { scene, network, .. } = &mut *self.core.borrow_mut();
            network.reset(scene, self.end);
        }
    }
}

/// Where a client waits for the server to dial.
#[derive(Debug)]
pub struct Listener {
    core: Rc<RefCell<Core>>,
    who: Actor,
    address: SocketAddr,
}

impl Listener {
    pub(super) fn open(core: &Rc<RefCell<Core>>, who: Actor, address: SocketAddr) -> Self {
        core.borrow_mut().network.open(who, address);
        Self { core: Rc::clone(core), who, address }
    }

    /// Takes the server's connection.
    ///
    /// # Errors
    /// [`Gone::Impatient`] at `until`.
    pub(crate) async fn accept(&self, until: Moment) -> Result<Socket, Gone> {
        let (who, address) = (self.who, self.address);
        let accepted = wait(&self.core, who, until, |core| core.network.accept(&core.scene, address, who));
        let (end, _) = accepted.await.ok_or(Gone::Impatient)?;
        Ok(Socket::accepted(&self.core, who, end))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let Core { scene, network, .. } = &mut *self.core.borrow_mut();
        network.unlisten(scene, self.address);
    }
}
