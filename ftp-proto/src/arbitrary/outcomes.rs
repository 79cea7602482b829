//! Every outcome. What an action promises besides is the business of [`settle`](super::settle).

use alloc::sync::Arc;
use core::net::{IpAddr, SocketAddr};

use ::arbitrary::{Arbitrary, Result, Unstructured};
use bytes::Bytes;

use super::pieces::{bytes, number, one_of, several, text};
use crate::outcome::{
    Closed, Connected, CustomAnswer, CustomReply, DataEnd, Digest, Done, Entries, Listening, Moved, Offload, Opened,
    Prepared, Quota, Received, Roster, Secured, Space, TreeSize, VirtualHost,
};

one_of!(DataEnd { Clean, Truncated });
one_of!(Offload { Possible, Impossible });

macro_rules! outcomes {
    ($($type:ty = |$u:ident| $make:expr;)*) => {$(
        impl<'a> Arbitrary<'a> for $type {
            fn arbitrary($u: &mut Unstructured<'a>) -> Result<Self> {
                $make
            }
        }
    )*};
}

outcomes! {
    Done = |_u| Ok(Self);
    Closed = |_u| Ok(Self);
    Listening = |u| Ok(Self { address: u.arbitrary()? });
    Connected = |u| Ok(Self { peer: peer(u)? });
    Received = |u| Ok(Self { bytes: Bytes::from(bytes(u)?), end: u.arbitrary()? });
    Moved = |u| Ok(Self { bytes: number(u)?, end: u.arbitrary()? });
    Secured = |u| Ok(Self {
        resumed: u.arbitrary()?,
        sni: optional_text(u)?,
        alpn: if u.ratio(1, 4)? { Some(bytes(u)?.into()) } else { None },
        peer_certificate: if u.ratio(1, 4)? { Some(bytes(u)?.into()) } else { None },
        parameters: optional_text(u)?,
    });
    VirtualHost = |u| Ok(Self { greeting: several(3, u, |u| text(u).map(Arc::from))? });
    Roster = |u| Ok(Self { lines: several(3, u, |u| text(u).map(Arc::from))? });
    Opened = |u| Ok(Self { size: number(u)?, offload: u.arbitrary()? });
    Entries = |u| Ok(Self { entries: several(4, u, Unstructured::arbitrary)?, last: !u.ratio(1, 4)? });
    Space = |u| Ok(Self { available: number(u)? });
    Quota = |u| Ok(Self {
        used_bytes: number(u)?, bytes: u.arbitrary()?, used_files: number(u)?, files: u.arbitrary()?,
    });
    Digest = |u| Ok(Self { bytes: bytes(u)?.into(), to: number(u)? });
    TreeSize = |u| Ok(Self { bytes: number(u)? });
    Prepared = |u| Ok(Self { address: u.arbitrary::<Option<IpAddr>>()? });
    CustomReply = |u| Ok(Self {
        code: if u.ratio(1, 2)? { u.int_in_range(200..=599)? } else { u.arbitrary()? },
        lines: several(3, u, |u| text(u).map(Arc::from))?,
    });
    CustomAnswer = |u| Ok(match u.int_in_range(0..=2)? {
        0 => Self::Reply(u.arbitrary()?),
        1 => Self::Download(u.arbitrary()?),
        _ => Self::Upload(u.arbitrary()?),
    });
}

fn optional_text(u: &mut Unstructured<'_>) -> Result<Option<Arc<str>>> {
    Ok(if u.ratio(1, 4)? { Some(text(u)?.into()) } else { None })
}

/// Mostly from the address that the documentation's examples, and so many a harness, give the client.
fn peer(u: &mut Unstructured<'_>) -> Result<SocketAddr> {
    if u.ratio(1, 4)? {
        return u.arbitrary();
    }
    Ok(SocketAddr::from(([198, 51, 100, 9], u.arbitrary()?)))
}
