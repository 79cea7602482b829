//! What a reader has to know of a figure so as not to take it for something else.

use super::RowResult;
use crate::peers::Peer;

/// What stands below the table of a row.
pub(crate) fn of(row: &RowResult) -> Vec<String> {
    let family = row.family.strip_prefix("tls-").unwrap_or(&row.family);
    let is_private = family.len() < row.family.len();
    let has = |peer: Peer| row.servers.iter().any(|server| server.peer == peer);
    let mut notes = Vec::new();
    let small = matches!(family, "small-retr" | "small-stor");
    if has(Peer::Libunftp) && (small || matches!(family, "pipelined") || family == "size-file" && row.size <= 64 << 10)
    {
        notes.push(LIBUNFTP_WAITS);
    }
    if has(Peer::Libunftp) && is_private {
        notes.push(LIBUNFTP_RACES);
    }
    if has(Peer::Proftpd) && family == "login" {
        notes.push(PROFTPD_WAITS);
    }
    notes.into_iter().map(str::to_owned).collect()
}

const LIBUNFTP_WAITS: &str = "\
libunftp does not set TCP_NODELAY, so Nagle's algorithm holds its second reply in a row (226 behind 150, or the next of many) \
until the client has acknowledged the first, which a client that has nothing to say does after 40 ms: about 22 transfers a \
second in a session. The ratio of rates says that, and nothing else; look at the processor time.";

const LIBUNFTP_RACES: &str = "\
libunftp sends 234 before it has stopped to read commands: a handshake that comes at once is taken for a command, and is \
answered in the clear (\"received corrupt message\"). Sessions are begun again until it works; logins, where they are \
measured, fail.";

const PROFTPD_WAITS: &str = "\
ProFTPD's main process sleeps for 200 ms when the process of a session has ended, before it accepts again: one login after the \
other comes to 5 a second. The ratio of rates says that; look at the processor time.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::ServerResult;
    use crate::rows::{Channel, Row, Work};

    #[test]
    fn notes_stand_where_they_explain_something() {
        let peers = [Peer::FtpdMio, Peer::Libunftp, Peer::Proftpd];
        let servers = || peers.map(|peer| ServerResult { peer, samples: Vec::new(), missing: None }).to_vec();
        let notes = |work, channel| of(&RowResult::new(&Row { work, channel }, servers()));
        assert_eq!(notes(Work::SmallRetrieve(8), Channel::Clear), [LIBUNFTP_WAITS]);
        assert_eq!(notes(Work::Login(1), Channel::Tls), [LIBUNFTP_RACES, PROFTPD_WAITS]);
        assert_eq!(notes(Work::Sized(1 << 10), Channel::Clear), [LIBUNFTP_WAITS]);
        assert!(notes(Work::Sized(1 << 30), Channel::Clear).is_empty());
        assert!(notes(Work::Retrieve(1), Channel::Clear).is_empty());
    }
}
