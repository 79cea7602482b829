//! Data connections, and whole transfers.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use ftp_proto::outcome::DataEnd;

use super::socket::Listener;
use super::{Ftp, Gone, Reply, Socket};
use crate::faults::Fault;
use crate::network::Hello;

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
        let text = reply.text();
        let port = text.split("|||").nth(1).and_then(|rest| rest.split('|').next()?.parse().ok());
        match port.filter(|_| reply.code == 229) {
            Some(port) => Ok(Some(Plan::Passive(SocketAddr::new(self.server.ip(), port)))),
            None => Ok(None),
        }
    }

    /// EPRT. `None` where the server will not.
    ///
    /// # Errors
    /// When the control connection is gone.
    pub async fn active(&mut self) -> Result<Option<Plan>, Gone> {
        let address = self.next_address();
        let listener = Listener::open(&self.core, self.actor(), address);
        let reply = self.ask(format!("EPRT |1|{}|{}|", address.ip(), address.port())).await?;
        Ok(reply.is_good().then_some(Plan::Active(listener)))
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
        if let Some(session) = self.tls {
            let hello = Hello { session: Some(session), ..Hello::default() };
            socket.secure(hello, until).await.ok()?;
        }
        Some(socket)
    }

    /// RETR, LIST or whatever else sends something. `None` where there is no data connection to be had, or the server
    /// refuses at once.
    ///
    /// # Errors
    /// When the control connection is gone.
    pub async fn fetch(&mut self, plan: Plan, command: &str) -> Result<Result<Download, Reply>, Gone> {
        self.say(command).await?;
        let mut socket = None;
        let mut plan = Some(plan);
        if let Some(passive @ Plan::Passive(_)) = plan.take_if(|plan| matches!(plan, Plan::Passive(_))) {
            socket = self.data(passive).await;
        }
        let reply = self.reply().await?;
        if !reply.is_preliminary() {
            return Ok(Err(reply));
        }
        if let Some(plan) = plan {
            socket = self.data(plan).await;
        }
        let (mut bytes, mut end) = (Vec::new(), None);
        if let Some(socket) = &socket {
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
        }
        if let Some(socket) = socket {
            socket.close();
        }
        let reply = self.final_reply().await?;
        Ok(Ok(Download { bytes, end, reply }))
    }

    /// STOR or whatever else takes something: the final reply.
    ///
    /// # Errors
    /// When the control connection is gone.
    pub async fn store(&mut self, plan: Plan, command: &str, content: impl Into<Bytes>) -> Result<Reply, Gone> {
        self.say(command).await?;
        let mut socket = None;
        let mut plan = Some(plan);
        if let Some(passive @ Plan::Passive(_)) = plan.take_if(|plan| matches!(plan, Plan::Passive(_))) {
            socket = self.data(passive).await;
        }
        let reply = self.reply().await?;
        if !reply.is_preliminary() {
            return Ok(reply);
        }
        if let Some(plan) = plan {
            socket = self.data(plan).await;
        }
        if let Some(socket) = socket {
            let until = self.until();
            // Whether it arrived is for the server to say.
            if socket.write(content, until).await.is_ok() {
                socket.close();
            }
        }
        self.final_reply().await
    }
}
