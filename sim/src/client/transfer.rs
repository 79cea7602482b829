//! Data connections, and whole transfers.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use ftp_proto::outcome::DataEnd;

use super::socket::Listener;
use super::{Ftp, Gone, Reply, Socket};
use crate::faults::Fault;
use crate::network::Hello;
use crate::time::Moment;

/// How the next data connection comes about.
#[derive(Debug)]
pub enum Plan {
    /// EPSV: the client dials.
    Passive(SocketAddr),
    /// EPRT: the server does.
    Active(Listener),
}

/// What came of a download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// What arrived.
    pub bytes: Vec<u8>,
    /// How its stream ended; `None` for a reset.
    pub end: Option<DataEnd>,
    /// The final reply.
    pub reply: Reply,
}

impl Download {
    /// Whether all of it is there, by all that the server says.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.reply.is_good() && self.end == Some(DataEnd::Clean)
    }
}

impl Ftp {
    /// EPSV. `None` where the server cannot.
    ///
    /// # Errors
    /// When the control connection is gone.
    pub async fn passive(&mut self) -> Result<Option<Plan>, Gone> {
        let reply = self.ask("EPSV").await?;
        let address = self.extended_address(&reply.text()).filter(|_| reply.code == 229);
        Ok(address.map(Plan::Passive))
    }

    /// EPRT. `None` where the server will not.
    ///
    /// # Errors
    /// When the control connection is gone.
    pub async fn active(&mut self) -> Result<Option<Plan>, Gone> {
        let (listener, line) = self.listen_somewhere();
        let reply = self.ask(line).await?;
        Ok(reply.is_good().then_some(Plan::Active(listener)))
    }

    /// Either of them, by chance: three times in four the client dials.
    ///
    /// # Errors
    /// When the control connection is gone.
    pub async fn any_data(&mut self) -> Result<Option<Plan>, Gone> {
        if self.below(4) == 0 { self.active().await } else { self.passive().await }
    }

    /// Listens on a port of its own, and the EPRT that tells of it.
    pub(crate) fn listen_somewhere(&mut self) -> (Listener, String) {
        let address = self.next_address();
        let line = format!("EPRT |1|{}|{}|", address.ip(), address.port());
        (Listener::open(&self.core, self.actor(), address), line)
    }

    /// The address in a 227.
    pub(crate) fn passive_address(&self, text: &str) -> Option<SocketAddr> {
        let (_, rest) = text.split_once('(')?;
        let (numbers, _) = rest.split_once(')')?;
        let numbers: Vec<u8> = numbers.split(',').map(|number| number.parse().ok()).collect::<Option<_>>()?;
        let [_, _, _, _, high, low] = *numbers else { return None };
        Some(SocketAddr::new(self.server.ip(), u16::from_be_bytes([high, low])))
    }

    /// The address in a 229.
    pub(crate) fn extended_address(&self, text: &str) -> Option<SocketAddr> {
        let port = text.split("|||").nth(1)?.split('|').next()?.parse().ok()?;
        Some(SocketAddr::new(self.server.ip(), port))
    }

    /// Dials a passive port, from an address of one's own or as somebody else.
    pub(crate) async fn dial_data(
        &mut self,
        to: SocketAddr,
        from: Option<SocketAddr>,
        until: Moment,
    ) -> Result<Socket, Gone> {
        let from = from.unwrap_or_else(|| self.next_address());
        Socket::dial(&self.core, self.actor(), (from, to), until).await
    }

    /// What to begin TLS with on a data connection, where that is wanted.
    pub(crate) fn data_hello(&self) -> Option<Hello> {
        self.tls.map(|session| Hello { session: Some(session), ..Hello::default() })
    }

    /// The data connection that was planned; `None` where there will be none.
    pub async fn data(&mut self, plan: Plan) -> Option<Socket> {
        let late = self.core.borrow_mut().scene.strike(&[Fault::LateData]).is_some();
        if late {
            // Never, in one of four cases.
            let wait = self.below(120);
            self.sleep(Duration::from_secs(wait)).await;
            if wait > 90 {
                return None;
            }
        }
        let until = self.now() + Duration::from_secs(90);
        let socket = match plan {
            Plan::Passive(to) => {
                let from = self.next_address();
                Socket::dial(&self.core, self.actor(), (from, to), until).await
            }
            Plan::Active(listener) => listener.accept(until).await,
        };
        let socket = socket.ok()?;
        if let Some(hello) = self.data_hello() {
            socket.secure(hello, until).await.ok()?;
        }
        Some(socket)
    }

    /// RETR, LIST or whatever else sends something. `Err` where the server refuses at once.
    ///
    /// # Errors
    /// When the control connection is gone.
    pub async fn fetch(&mut self, plan: Plan, command: &str) -> Result<Result<Download, Reply>, Gone> {
        let mut bytes = Vec::new();
        let fetched = self.fetch_into(plan, command, &mut bytes).await?;
        Ok(fetched.map(|(end, reply)| Download { bytes, end: end.0, reply }))
    }

    /// STOR or whatever else takes something: the final reply.
    ///
    /// # Errors
    /// When the control connection is gone.
    pub async fn store(&mut self, plan: Plan, command: &str, content: impl Into<Bytes>) -> Result<Reply, Gone> {
        Ok(self.store_bytes(plan, command, content.into()).await?.reply)
    }

    /// What has come is in `bytes` also where the connection is gone before the end.
    pub(super) async fn fetch_into(
        &mut self,
        plan: Plan,
        command: &str,
        bytes: &mut Vec<u8>,
    ) -> Result<Result<(End, Reply), Reply>, Gone> {
        let socket = match self.begin_transfer(plan, command).await? {
            Ok(socket) => socket,
            Err(reply) => return Ok(Err(reply)),
        };
        let mut end = None;
        if let Some(socket) = socket {
            let until = self.until();
            loop {
                match socket.read(64 * 1024, until).await {
                    Ok(Ok(more)) => bytes.extend_from_slice(&more),
                    Ok(Err(how)) => {
                        end = Some(how);
                        break;
                    }
                    Err(_) => break,
                }
            }
            socket.close();
        }
        let reply = self.final_reply().await?;
        Ok(Ok((End(end), reply)))
    }

    pub(super) async fn store_bytes(&mut self, plan: Plan, command: &str, content: Bytes) -> Result<Stored, Gone> {
        let socket = match self.begin_transfer(plan, command).await? {
            Ok(socket) => socket,
            Err(reply) => return Ok(Stored { begun: false, sent: false, reply }),
        };
        let mut sent = false;
        if let Some(socket) = socket {
            let until = self.until();
            // Whether it arrived is for the server to say.
            sent = socket.write(content, until).await.is_ok();
            if sent {
                socket.close();
            }
        }
        let reply = self.final_reply().await?;
        Ok(Stored { begun: true, sent, reply })
    }

    /// Says the command, and takes the data connection: `None` where there is none, `Err` where the server refuses.
    async fn begin_transfer(&mut self, plan: Plan, command: &str) -> Result<Result<Option<Socket>, Reply>, Gone> {
        self.say(command).await?;
        match plan {
            Plan::Passive(_) => {
                let socket = self.data(plan).await;
                let reply = self.reply().await?;
                Ok(if reply.is_preliminary() { Ok(socket) } else { Err(reply) })
            }
            Plan::Active(_) => {
                let reply = self.reply().await?;
                if !reply.is_preliminary() {
                    return Ok(Err(reply));
                }
                Ok(Ok(self.data(plan).await))
            }
        }
    }
}

/// How a data connection ended, if there was one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End(Option<DataEnd>);

impl End {
    /// Whether all that was sent has arrived.
    pub(super) fn is_whole(self) -> bool {
        self.0 == Some(DataEnd::Clean)
    }
}

/// What came of sending.
#[derive(Debug)]
pub(super) struct Stored {
    /// A 150 came.
    pub(super) begun: bool,
    /// All bytes were written, and the connection closed behind them.
    pub(super) sent: bool,
    pub(super) reply: Reply,
}
