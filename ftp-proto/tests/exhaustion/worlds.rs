//! The worlds that are explored: beginnings and small alphabets, a few for each machine.

use ftp_proto::config::{Config, Demand, Switch};
use ftp_proto::event::Admission;

use super::answers::Ending::{Badly, Badly2, Cancelled, Cut, Last, Otherwise, Well};
use super::explore::World;
use super::host::Letter::{self, Connect, Drain, Eof, Newest, Oldest, Progress, Reset, Say, SentAll, SentOne, Timeout};

const CONNECT: Letter = Connect(Admission::Welcome, Switch::Off);

/// What may happen anywhere.
macro_rules! letters {
    ($($letter:expr),* $(,)?) => {
        &[$($letter,)* SentAll, Timeout, Eof, Reset, Drain]
    };
}

/// A beginning that is logged in, in TYPE I.
macro_rules! logged_in {
    ($($letter:expr),* $(,)?) => {
        &[CONNECT, Say("USER a\r\nPASS p\r\n"), Oldest(Well), Say("TYPE I\r\n"), SentAll $(, $letter)*]
    };
}

/// The same with private data connections.
macro_rules! private {
    ($($letter:expr),* $(,)?) => {
        &[
            CONNECT,
            SentAll,
            Say("AUTH TLS-P\r\n"),
            SentAll,
            Oldest(Well),
            Say("USER a\r\n"),
            Oldest(Badly),
            Say("PASS p\r\n"),
            Oldest(Well),
            Say("TYPE I\r\n"),
            SentAll
            $(, $letter)*
        ]
    };
}

const fn nothing(_: &mut Config) {}

fn tls(config: &mut Config) {
    config.tls.offered = Switch::On;
    config.tls.clear_control = Switch::On;
    config.tls.data_reuse = Demand::Required;
}

const LISTEN: Letter = Say("EPSV\r\n");
const PORT: Letter = Say("PORT 198,51,100,7,200,1\r\n");

pub(crate) const WORLDS: &[World] = &[
    World {
        name: "beginning",
        configure: tls,
        offloads: false,
        beginnings: &[&[]],
        letters: letters![
            CONNECT,
            Connect(Admission::ServerFull, Switch::Off),
            Connect(Admission::Welcome, Switch::On),
            Connect(Admission::Draining, Switch::On),
            Say("NOOP\r\n"),
            Say("QUIT\r\n"),
            SentOne,
            Oldest(Well),
            Oldest(Badly),
            Oldest(Cancelled),
        ],
        depth: 8,
    },
    World {
        name: "login",
        configure: nothing,
        offloads: false,
        beginnings: &[&[CONNECT]],
        letters: letters![
            Say("USER a\r\n"),
            Say("PASS p\r\n"),
            Say("ACCT x\r\n"),
            Say("REIN\r\n"),
            Say("NOOP\r\n"),
            Say("QUIT\r\n"),
            Oldest(Well),
            Oldest(Badly),
            Oldest(Badly2),
            Oldest(Cancelled),
        ],
        depth: 8,
    },
    World {
        name: "another login",
        configure: nothing,
        offloads: false,
        beginnings: &[logged_in![LISTEN, Oldest(Well)]],
        letters: letters![
            Say("USER a\r\n"),
            Say("PASS p\r\n"),
            Say("ACCT x\r\n"),
            Oldest(Well),
            Oldest(Badly),
            Oldest(Cancelled),
            Newest(Well),
            Newest(Badly),
            Newest(Badly2),
        ],
        depth: 6,
    },
    World {
        name: "login by certificate",
        configure: tls,
        offloads: false,
        beginnings: &[
            &[CONNECT, Say("AUTH TLS\r\n"), Oldest(Well), SentAll],
            &[CONNECT, Say("AUTH TLS\r\n"), Oldest(Well), SentAll, Say("USER a\r\n"), Oldest(Well), LISTEN],
        ],
        letters: letters![
            Say("USER a\r\n"),
            Say("PASS p\r\n"),
            Say("ACCT x\r\n"),
            Say("REIN\r\n"),
            Oldest(Well),
            Oldest(Badly),
            Oldest(Badly2),
            Oldest(Cancelled),
        ],
        depth: 6,
    },
    World {
        name: "control layer",
        configure: tls,
        offloads: false,
        beginnings: &[&[CONNECT, SentAll]],
        letters: letters![
            Say("AUTH TLS\r\n"),
            Say("AUTH TLS\r\nNOOP\r\n"),
            Say("CCC\r\n"),
            Say("CCC\r\nNOOP\r\n"),
            Say("REIN\r\n"),
            Say("NOOP\r\n"),
            Say("PROT P\r\n"),
            Oldest(Well),
            Oldest(Badly),
            Oldest(Cancelled),
        ],
        depth: 6,
    },
    World {
        name: "control layer, behind CCC",
        configure: tls,
        offloads: false,
        beginnings: &[private![LISTEN, Oldest(Well), Say("CCC\r\n"), Newest(Well)]],
        letters: letters![
            Say("AUTH TLS\r\n"),
            Say("CCC\r\n"),
            Say("REIN\r\n"),
            Say("PROT C\r\n"),
            Oldest(Well),
            Oldest(Badly),
            Oldest(Cancelled),
            Newest(Well),
            Newest(Badly),
        ],
        depth: 6,
    },
    World {
        name: "data setup",
        configure: nothing,
        offloads: false,
        beginnings: &[logged_in![]],
        letters: letters![
            LISTEN,
            PORT,
            Say("ABOR\r\n"),
            Say("RETR f\r\n"),
            Say("REIN\r\n"),
            Oldest(Well),
            Oldest(Otherwise),
            Oldest(Badly),
            Oldest(Cancelled),
            Newest(Well),
            Newest(Badly),
        ],
        depth: 6,
    },
    World {
        name: "private data setup",
        configure: tls,
        offloads: false,
        beginnings: &[private![LISTEN, Oldest(Well)]],
        letters: letters![
            LISTEN,
            Say("PROT C\r\n"),
            Say("PROT P\r\n"),
            Say("RETR f\r\n"),
            Say("ABOR\r\n"),
            Oldest(Well),
            Oldest(Otherwise),
            Oldest(Badly),
            Oldest(Cancelled),
            Newest(Well),
        ],
        depth: 5,
    },
    World {
        name: "download",
        configure: nothing,
        offloads: false,
        beginnings: &[
            logged_in![LISTEN, Oldest(Well), Say("RETR f\r\n")],
            logged_in![LISTEN, Oldest(Well), Oldest(Well), Say("RETR f\r\n"), Oldest(Well)],
            logged_in![LISTEN, Oldest(Well), Oldest(Well), SentAll, Say("LIST\r\n")],
        ],
        letters: letters![
            Oldest(Well),
            Oldest(Otherwise),
            Oldest(Badly),
            Oldest(Cancelled),
            Newest(Well),
            Newest(Badly),
            Newest(Cancelled),
            Progress,
        ],
        depth: 6,
    },
    World {
        name: "download by the kernel",
        configure: nothing,
        offloads: true,
        beginnings: &[logged_in![LISTEN, Oldest(Well), Oldest(Well), Say("RETR f\r\n")]],
        letters: letters![Oldest(Well), Oldest(Badly), Oldest(Cancelled), Progress, Say("ABOR\r\n"), Say("STAT\r\n"),],
        depth: 6,
    },
    World {
        name: "upload",
        configure: nothing,
        offloads: false,
        beginnings: &[
            logged_in![LISTEN, Oldest(Well), Oldest(Well), Say("STOR f\r\n")],
            logged_in![LISTEN, Oldest(Well), SentAll, Say("STOU\r\n")],
        ],
        letters: letters![
            Oldest(Well),
            Oldest(Last),
            Oldest(Cut),
            Oldest(Badly),
            Oldest(Badly2),
            Oldest(Cancelled),
            Newest(Well),
            Newest(Last),
            Newest(Badly),
            Progress,
        ],
        depth: 6,
    },
    World {
        name: "upload by the kernel",
        configure: |config| config.keep_partial = Switch::On,
        offloads: true,
        beginnings: &[logged_in![LISTEN, Oldest(Well), Oldest(Well), Say("STOR f\r\n")]],
        letters: letters![
            Oldest(Well),
            Oldest(Last),
            Oldest(Cut),
            Oldest(Badly),
            Oldest(Cancelled),
            Progress,
            Say("ABOR\r\n"),
            Say("QUIT\r\n"),
        ],
        depth: 6,
    },
    World {
        name: "active transfer",
        configure: nothing,
        offloads: false,
        beginnings: &[logged_in![PORT, SentAll, Say("RETR f\r\n")], logged_in![PORT, SentAll, Say("STOR f\r\n")]],
        letters: letters![
            Oldest(Well),
            Oldest(Last),
            Oldest(Badly),
            Oldest(Cancelled),
            Newest(Well),
            SentOne,
            Progress,
            Say("ABOR\r\n"),
            PORT,
        ],
        depth: 6,
    },
    World {
        name: "private transfer",
        configure: tls,
        offloads: false,
        beginnings: &[
            private![LISTEN, Oldest(Well), Oldest(Well), Say("RETR f\r\n")],
            private![LISTEN, Oldest(Well), Say("STOR f\r\n")],
            private![PORT, SentAll, Say("STOR f\r\n")],
        ],
        letters: letters![
            Oldest(Well),
            Oldest(Otherwise),
            Oldest(Last),
            Oldest(Cut),
            Oldest(Badly),
            Oldest(Cancelled),
            Newest(Well),
            Progress,
            Say("ABOR\r\n"),
        ],
        depth: 6,
    },
    World {
        name: "abort",
        configure: nothing,
        offloads: false,
        beginnings: &[
            logged_in![LISTEN, Oldest(Well), Oldest(Well), Say("RETR f\r\n"), Oldest(Well)],
            logged_in![LISTEN, Oldest(Well), Oldest(Well), Say("STOR f\r\n"), Oldest(Well)],
            logged_in![PORT, SentAll, Say("RETR f\r\n"), Oldest(Well)],
        ],
        letters: letters![
            Say("ABOR\r\n"),
            Say("NOOP\r\n"),
            Say("STAT\r\n"),
            Say("QUIT\r\n"),
            Oldest(Well),
            Oldest(Last),
            Oldest(Badly),
            Oldest(Cancelled),
            Newest(Well),
        ],
        depth: 6,
    },
    World {
        name: "pipelined abort",
        configure: nothing,
        offloads: false,
        beginnings: &[logged_in![LISTEN, Oldest(Well), SentAll]],
        letters: letters![
            Say("RETR f\r\nABOR\r\n"),
            Say("STOR f\r\nNOOP\r\nABOR\r\nQUIT\r\n"),
            Say("NOOP\r\nNOOP\r\nNOOP\r\n"),
            Say("ABOR\r\n"),
            LISTEN,
            Oldest(Well),
            Oldest(Badly),
            Oldest(Cancelled),
            Newest(Well),
            Newest(Cancelled),
        ],
        depth: 6,
    },
    World {
        name: "long work",
        configure: nothing,
        offloads: false,
        beginnings: &[logged_in![]],
        letters: letters![
            Say("HASH f\r\n"),
            Say("HASH f\r\nABOR\r\n"),
            Say("STAT /\r\n"),
            Say("ABOR\r\n"),
            Say("STAT\r\n"),
            Say("QUIT\r\n"),
            LISTEN,
            Oldest(Well),
            Oldest(Badly),
            Oldest(Cancelled),
        ],
        depth: 6,
    },
];
