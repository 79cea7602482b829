//! Names that the engine gives to what the adapter holds for it.
//!
//! The engine mints these; the adapter keeps the table from an id to a socket, a file or a directory.
//! An id is never used twice in a session.

use core::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $letter:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) u64);

        impl $name {
            /// The number itself: unique in its session and its kind, counting from 1.
            #[must_use]
            pub const fn number(self) -> u64 {
                self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($letter, "{}"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self, f)
            }
        }
    )*};
}

ids! {
    /// One action that has an outcome.
    ActionId = "a";
    /// One data connection (RFC 959 §3.2), from `Accept` or `Connect` to `Close`.
    DataId = "d";
    /// One passive listener, from `Listen` to `CloseListener`.
    ListenerId = "l";
    /// One open file, from `OpenFile` to `Finish` or `CloseFile`.
    FileId = "f";
    /// One open directory, from `OpenDir` to `CloseDir`.
    DirId = "r";
}
