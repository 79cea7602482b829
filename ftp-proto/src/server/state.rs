//! Where a session is: a few small machines, each in one state at any moment.
//!
//! Nothing is kept for it: [`Session::state`] reads it off. It is for those who watch: tests, simulators, traces and the
//! pictures in `docs/states.md`, which are drawn from the transitions that running sessions really made.
//!
//! ```
//! use ftp_proto::server::{Session, state::{LoginState, Machine}};
//! use ftp_proto::time::UnixTime;
//!
//! let session = Session::new(Default::default(), [7; 32], UnixTime::from_secs(0));
//! assert_eq!(session.state().login, LoginState::Nobody);
//! assert_eq!(session.state().of(Machine::End), "unconnected");
//! ```

use super::data::{DataSetup, Link, LinkTls};
use super::question::Question;
use super::{Phase, Session, Work};

macro_rules! machines {
    ($(
        $(#[$doc:meta])*
        $machine:ident $field:ident $name:ident {
            $($(#[$state_doc:meta])* $state:ident = $text:literal,)*
        }
    )*) => {
        /// The machines that a session is made of. Each has its own diagram.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Machine {
            $($(#[$doc])* $machine,)*
        }

        impl Machine {
            /// Every machine.
            pub const ALL: &[Self] = &[$(Self::$machine,)*];

            /// Its name, which stays: one word in lower case.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$machine => stringify!($field),)* }
            }

            /// The names of all its states; the first is the one that it begins in.
            #[must_use]
            pub const fn states(self) -> &'static [&'static str] {
                match self { $(Self::$machine => &[$($text,)*],)* }
            }
        }

        /// Where a session is, machine by machine.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub struct State {
            $($(#[$doc])* pub $field: $name,)*
        }

        impl State {
            /// The name of the state that `machine` is in.
            #[must_use]
            pub const fn of(self, machine: Machine) -> &'static str {
                match machine { $(Machine::$machine => self.$field.name(),)* }
            }
        }

        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            #[non_exhaustive]
            pub enum $name {
                $($(#[$state_doc])* $state,)*
            }

            impl $name {
                /// Its name, which stays: one word in lower case, or two with a hyphen.
                #[must_use]
                pub const fn name(self) -> &'static str {
                    match self { $(Self::$state => $text,)* }
                }
            }
        )*
    };
}

machines! {
    /// Who is there (RFC 959 §4.1.1).
    Login login LoginState {
        /// Nobody, or nobody any more.
        Nobody = "nobody",
        /// USER was said: a password must follow.
        Named = "named",
        /// The accounts are being asked.
        Judging = "judging",
        /// The login failed, and is answered after a delay.
        Delayed = "delayed",
        /// Name and password are right: ACCT must follow.
        NeedsAccount = "needs-account",
        /// By a password.
        LoggedIn = "logged-in",
        /// By the client's certificate alone.
        Certified = "certified",
    }
    /// The control connection's layer (RFC 4217).
    Layer layer LayerState {
        /// In the clear.
        Clear = "clear",
        /// TLS begins: nothing can be said.
        Securing = "securing",
        /// Under TLS.
        Secured = "secured",
        /// TLS ends, by CCC or REIN: nothing can be said.
        Unsecuring = "unsecuring",
        /// In the clear again, by CCC.
        Cleared = "cleared",
    }
    /// How the next data connection will come about (RFC 959 §3.2). A 150 uses it up.
    Data data DataState {
        /// It will not: 425.
        Nothing = "nothing",
        /// A listener is being bound (PASV, EPSV, LPSV, CPSV).
        Binding = "binding",
        /// The client is to connect.
        Listening = "listening",
        /// It has connected, ahead of its command.
        Accepted = "accepted",
        /// It has connected, and TLS begins.
        Securing = "securing",
        /// It has connected, and TLS is on.
        Secured = "secured",
        /// It had connected, and TLS was not to be had: 522.
        Refused = "refused",
        /// We are to connect (PORT, EPRT, LPRT).
        AddressSet = "address-set",
    }
    /// What the running command waits for.
    Work work WorkState {
        /// No command runs.
        Idle = "idle",
        /// One answer of the host.
        Question = "question",
        /// One answer of the host that may take long.
        Long = "long",
        /// The delay before a failed login is answered.
        LoginDelay = "login-delay",
        /// TLS on the control connection.
        Securing = "securing",
        /// The end of TLS on the control connection.
        Unsecuring = "unsecuring",
        /// The end of a transfer.
        Transfer = "transfer",
        /// The end of a listing on the control connection (STAT).
        Status = "status",
    }
    /// The running transfer (RFC 959 §5, RFC 1123 §4.1.2).
    Transfer transfer TransferState {
        /// None runs.
        Nothing = "nothing",
        /// What is to be moved is found out and opened; nothing was said yet.
        Opening = "opening",
        /// Refused before its 150; what was opened is closed again.
        Refusing = "refusing",
        /// Active mode: the 150 was said, and must leave before we connect.
        Announced = "announced",
        /// Behind the 150; the data connection is still to come.
        Connecting = "connecting",
        /// The data connection is there, and TLS begins on it.
        Securing = "securing",
        /// Bytes move.
        Moving = "moving",
        /// Complete: the data connection is closed, an upload is committed.
        Ending = "ending",
        /// Broken off, by ABOR, a failure, a timer or the end of the session: what is open was asked to end.
        BreakingOff = "breaking-off",
        /// Broken off, and nothing moves any more: the data connection is closed, an upload is discarded or kept.
        ClearingUp = "clearing-up",
    }
    /// How far the session is from its end.
    End end EndState {
        /// `Connected` has not come yet.
        Unconnected = "unconnected",
        /// Working.
        Open = "open",
        /// The client closed its side: what it asked before is still answered.
        HalfClosed = "half-closed",
        /// The server is to end: what runs may finish.
        Draining = "draining",
        /// Ending: what is open is waited for.
        Closing = "closing",
        /// Nothing is open: the last replies are still to leave.
        Lingering = "lingering",
        /// Ended: no event is taken any more.
        Closed = "closed",
    }
}

impl Session {
    /// Where the session is.
    #[must_use]
    pub fn state(&self) -> State {
        State {
            login: self.login_state(),
            layer: self.layer_state(),
            data: self.data_state(),
            work: self.work_state(),
            transfer: match &self.work {
                Work::Transfer(transfer) => transfer.state(),
                _ => TransferState::Nothing,
            },
            end: self.end_state(),
        }
    }

    const fn login_state(&self) -> LoginState {
        match self.work {
            Work::Question(Question::Login(_)) => LoginState::Judging,
            Work::LoginDelay => LoginState::Delayed,
            _ => self.login.state(),
        }
    }

    fn layer_state(&self) -> LayerState {
        match self.work {
            Work::Securing(_) => LayerState::Securing,
            Work::Unsecuring => LayerState::Unsecuring,
            _ => self.security.as_ref().map_or(LayerState::Clear, |security| security.state()),
        }
    }

    const fn data_state(&self) -> DataState {
        if matches!(self.work, Work::Question(Question::Listen(..))) {
            return DataState::Binding;
        }
        match self.data {
            DataSetup::None => DataState::Nothing,
            DataSetup::Listening(_) => DataState::Listening,
            DataSetup::Connected(Link { tls: LinkTls::Clear, .. }) => DataState::Accepted,
            DataSetup::Connected(Link { tls: LinkTls::Securing, .. }) => DataState::Securing,
            DataSetup::Connected(Link { tls: LinkTls::Secured, .. }) => DataState::Secured,
            DataSetup::Refused(_) => DataState::Refused,
            DataSetup::Active(_) => DataState::AddressSet,
        }
    }

    const fn work_state(&self) -> WorkState {
        match self.work {
            Work::Idle => WorkState::Idle,
            Work::Question(_) => WorkState::Question,
            Work::Long(_) => WorkState::Long,
            Work::LoginDelay => WorkState::LoginDelay,
            Work::Securing(_) => WorkState::Securing,
            Work::Unsecuring => WorkState::Unsecuring,
            Work::Transfer(_) => WorkState::Transfer,
            Work::Status(_) => WorkState::Status,
        }
    }

    fn end_state(&self) -> EndState {
        match (self.phase, self.ending) {
            (Phase::Closed(_), _) => EndState::Closed,
            (_, Some(_)) if self.is_idle() && self.ledger.is_empty() => EndState::Lingering,
            (_, Some(_)) => EndState::Closing,
            _ if !self.connected => EndState::Unconnected,
            _ if self.draining => EndState::Draining,
            _ if self.half_closed => EndState::HalfClosed,
            _ => EndState::Open,
        }
    }
}
