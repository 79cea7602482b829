//! A network for each sample: a name space with a loopback interface and nothing else, which goes with its last process.
//!
//! Many short connections leave tens of thousands of sockets in TIME_WAIT, for a minute. Whoever then asks the kernel for
//! a free port has it search among them: a server would pay for those who were measured before it. In a name space of its
//! own it meets those of its own sample, and no others.

use std::fs;
use std::io;

use nix::sched::{CloneFlags, unshare};
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, recv, sendto, socket};
use serde::{Deserialize, Serialize};

/// Which network samples have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// Each its own.
    Own,
    /// That of the machine: where no name space can be made.
    Shared,
}

impl Network {
    /// What can be had.
    #[must_use]
    pub fn possible() -> Self {
        match std::thread::spawn(enter).join() {
            Ok(Ok(())) => Self::Own,
            _ => Self::Shared,
        }
    }

    /// The same in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Own => "loopback, in a name space of its own for each sample: nobody meets the TIME_WAIT of others",
            Self::Shared => {
                "loopback of the machine, as not root: whoever is measured later meets the TIME_WAIT of others"
            }
        }
    }

    /// Runs `work` on a thread of its own that has this network; so have all threads and processes that it starts.
    ///
    /// # Errors
    /// Those of `work`, and where the network cannot be had.
    pub fn run<T: Send>(self, work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
        std::thread::scope(|scope| {
            let done = scope.spawn(|| {
                if self == Self::Own {
                    enter()?;
                }
                work()
            });
            done.join().unwrap_or_else(|_| Err(crate::fault("a sample panicked")))
        })
    }
}

/// Gives this thread a network of its own, with loopback up, and with the machine's settings.
fn enter() -> io::Result<()> {
    let settings = SETTINGS.map(|path| (path, fs::read_to_string(path)));
    unshare(CloneFlags::CLONE_NEWNET)?;
    for (path, value) in settings {
        // What cannot be had has the kernel's own value.
        if let Ok(value) = value {
            let _ = fs::write(path, value);
        }
    }
    raise_loopback()
}

/// Sets loopback up, by a message to the kernel (rtnetlink): it is down in a new name space.
fn raise_loopback() -> io::Result<()> {
    let kernel = socket(AddressFamily::NETLINK, SocketType::RAW, None)?;
    sendto(&kernel, &request(), SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
    let mut answer = [0; 256];
    let (length, _) = recv(&kernel, &mut answer[..], RecvFlags::empty())?;
    // A header of 16 bytes, then a number: 0, or an error below it.
    match answer.get(..length).and_then(|answer| answer.get(16..20)).and_then(|code| <[u8; 4]>::try_from(code).ok()) {
        Some([0, 0, 0, 0]) => Ok(()),
        Some(code) => Err(io::Error::from_raw_os_error(-i32::from_ne_bytes(code))),
        None => Err(crate::fault("the kernel says nothing about loopback")),
    }
}

/// `struct nlmsghdr` and `struct ifinfomsg`: RTM_NEWLINK for interface 1, which is loopback.
fn request() -> Vec<u8> {
    let (newlink, request_and_acknowledge, up): (u16, u16, u32) = (16, 1 | 4, 1);
    let parts: [&[u8]; 9] = [
        &32_u32.to_ne_bytes(),
        &newlink.to_ne_bytes(),
        &request_and_acknowledge.to_ne_bytes(),
        &1_u32.to_ne_bytes(),
        &0_u32.to_ne_bytes(),
        // Family, padding and type: any.
        &[0; 4],
        &1_i32.to_ne_bytes(),
        // The flags, and which of them change.
        &up.to_ne_bytes(),
        &up.to_ne_bytes(),
    ];
    parts.concat()
}

/// Those that a new name space does not take over: how many connections may wait at a listener, and which ports are given.
const SETTINGS: [&str; 3] = [
    "/proc/sys/net/core/somaxconn",
    "/proc/sys/net/ipv4/ip_local_port_range",
    "/proc/sys/net/ipv4/tcp_max_syn_backlog",
];

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    use super::*;

    #[test]
    fn nobody_outside_reaches_what_listens_inside() {
        let network = Network::possible();
        let done = network.run(|| {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            let address = listener.local_addr()?;
            // A thread that was started inside is inside.
            let answered = std::thread::spawn(move || -> io::Result<u8> {
                let mut answer = [0];
                TcpStream::connect(address)?.read_exact(&mut answer)?;
                Ok(answer[0])
            });
            listener.accept()?.0.write_all(b"!")?;
            assert_eq!(answered.join().unwrap()?, b'!');
            Ok((listener, address))
        });
        let (_listener, address) = done.unwrap();
        assert_eq!(TcpStream::connect(address).is_err(), network == Network::Own);
    }

    #[test]
    fn what_fails_inside_is_told() {
        let failed = Network::possible().run(|| Err::<(), _>(crate::fault("away")));
        assert_eq!(failed.unwrap_err().to_string(), "away");
    }
}
