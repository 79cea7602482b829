//! The words that the options of a scenario are made of: each is printed as it is parsed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use crate::faults::Fault;

/// An enum whose values are words on a command line. The first is the plain one.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$value_doc])* $value,)*
        }

        impl $name {
            /// All of them, the plainest first.
            pub const ALL: &'static [Self] = &[$(Self::$value,)*];

            /// As it is written on a command line.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$value),)*
                    _ => Err(format!("\"{text}\" is none of: {}", [$($word,)*].join(", "))),
                }
            }
        }
    };
}

words! {
    /// What a client does.
    Behaviour {
        /// Uploads files until they are there, and comes back for what was cut.
        Uploader = "uploader",
        /// Replaces, renames, deletes and reads the files that others do it to, too.
        Writer = "writer",
        /// Stays logged in and looks every few seconds.
        Monitor = "monitor",
        /// Downloads all there is.
        Mirror = "mirror",
        /// Aborts, leaves in the middle, and tries again.
        Fickle = "fickle",
        /// Says and does anything, in any order.
        Chaos = "chaos",
        /// Floods, guesses, bounces, escapes, or takes no replies.
        Abuser = "abuser",
        /// Says lines without waiting for their replies, whole or byte by byte.
        Script = "script",
        /// Replaces one file, and looks what came of it.
        Upload = "upload",
        /// Fetches one file, twice.
        Download = "download",
        /// Renames a file over another, and looks what came of it.
        Rename = "rename",
        /// Replaces one file through a connection that the server makes.
        Active = "active",
        /// Lists a directory.
        List = "list",
        /// Breaks a download off in its middle.
        Abort = "abort",
    }
}

impl Behaviour {
    /// Those that bear others beside them. The rest look at what came of what they alone have done.
    pub const SOCIABLE: &'static [Self] = &[
        Self::Uploader,
        Self::Writer,
        Self::Monitor,
        Self::Mirror,
        Self::Fickle,
        Self::Chaos,
        Self::Abuser,
        Self::Script,
    ];
}

words! {
    /// What of TLS there is.
    Tls {
        /// None: the server does not offer it, and nobody asks.
        Off = "off",
        /// Clients begin it, or do not.
        Optional = "optional",
        /// The server asks for it.
        Required = "required",
        /// The server asks for it, and each data connection must resume its session.
        Reuse = "reuse",
    }
}

words! {
    /// How much of everything the server may hold.
    Size {
        /// As a server has it.
        Usual = "usual",
        /// Hardly anything: each bound is met soon.
        Small = "small",
    }
}

words! {
    /// How far the clients are.
    Way {
        /// Some milliseconds, as on the Internet.
        Usual = "usual",
        /// Next to the server.
        Near = "near",
        /// On another continent, by a small window.
        Far = "far",
    }
}

words! {
    /// When an upload outlasts a loss of power.
    Sync {
        /// Before its 226.
        On = "on",
        /// Some time after.
        Off = "off",
    }
}

words! {
    /// What becomes of an upload that is cut.
    Parts {
        /// It is gone.
        Discarded = "discarded",
        /// It stays, for a later resume.
        Kept = "kept",
    }
}

words! {
    /// How bytes of files get to the network.
    Pipe {
        /// The engine reads and writes.
        Engine = "engine",
        /// The host moves them on its own, as `sendfile` does.
        Offload = "offload",
    }
}

/// How many clients there are of each kind: `mirror=1,uploader=3`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crew(pub BTreeMap<Behaviour, u32>);

/// How often each fault strikes, of a thousand places where it may: `reset=2,stall=40`, or `none`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates(pub BTreeMap<Fault, u32>);

/// Some of the places where a fault may strike: `3,14,15`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sites(pub BTreeSet<u64>);

/// At these places, and there the fault of this number of those that may strike: `3:0,14:2`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picks(pub BTreeMap<u64, usize>);

impl Crew {
    /// How many clients that makes.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.0.values().sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<const N: usize> From<[(Behaviour, u32); N]> for Crew {
    fn from(clients: [(Behaviour, u32); N]) -> Self {
        Self(clients.into())
    }
}

/// What is written for an empty list.
const NONE: &str = "none";

fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: impl ExactSizeIterator<Item = T>) -> fmt::Result {
    if items.len() == 0 {
        return f.write_str(NONE);
    }
    for (at, item) in items.enumerate() {
        write!(f, "{}{item}", if at == 0 { "" } else { "," })?;
    }
    Ok(())
}

fn items<T, C: FromIterator<T>>(text: &str, item: impl Fn(&str) -> Result<T, String>) -> Result<C, String> {
    text.split(',').filter(|part| !part.is_empty() && *part != NONE).map(item).collect()
}

/// Two values with `between` between them.
fn pair<A: FromStr, B: FromStr>(text: &str, between: char) -> Result<(A, B), String>
where
    A::Err: fmt::Display,
    B::Err: fmt::Display,
{
    let (left, right) = text.split_once(between).ok_or_else(|| format!("\"{text}\" has no \"{between}\""))?;
    Ok((value(left)?, value(right)?))
}

pub(super) fn value<T: FromStr>(text: &str) -> Result<T, String>
where
    T::Err: fmt::Display,
{
    text.parse().map_err(|error| format!("\"{text}\": {error}"))
}

impl fmt::Display for Crew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let present: Vec<_> = self.0.iter().filter(|(_, count)| **count > 0).collect();
        list(f, present.into_iter().map(|(kind, count)| format!("{kind}={count}")))
    }
}

impl FromStr for Crew {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        items(text, |item| pair(item, '=')).map(Self)
    }
}

/// A fault as it is named on a command line, which is as its `Debug` names it.
struct Named(Fault);

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Fault::ALL.iter().find(|fault| format!("{fault:?}") == text);
        let names = || Fault::ALL.iter().map(|fault| format!("{fault:?}")).collect::<Vec<_>>().join(", ");
        found.map(|fault| Self(*fault)).ok_or_else(|| format!("there is no such fault; there are: {}", names()))
    }
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let present: Vec<_> = self.0.iter().filter(|(_, rate)| **rate > 0).collect();
        list(f, present.into_iter().map(|(fault, rate)| format!("{fault:?}={rate}")))
    }
}

impl FromStr for Rates {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        items(text, |item| pair(item, '=').map(|(Named(fault), rate)| (fault, rate))).map(Self)
    }
}

impl fmt::Display for Sites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, self.0.iter())
    }
}

impl FromStr for Sites {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        items(text, value).map(Self)
    }
}

impl fmt::Display for Picks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, self.0.iter().map(|(site, choice)| format!("{site}:{choice}")))
    }
}

impl FromStr for Picks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        items(text, |item| pair(item, ':')).map(Self)
    }
}
