//! Every ticket is answered once, however its task ends.

use std::sync::Arc;

use ftp_proto::config::{Config, Switch};
use ftp_proto::event::Admission;
use ftp_proto::server::Session;
use ftp_proto::storage::{Account, Permissions};
use ftp_proto::time::{Instant as SessionInstant, UnixTime};
use ftp_proto::{Action, Event, HostAction};
use tokio::task::JoinSet;

use super::*;
use crate::mailbox::Inbox;

/// A ticket, the only way that there is one: the engine asks something.
fn ticket() -> Ticket<Account> {
    let address = "127.0.0.1:2121".parse().unwrap();
    let events = [
        Event::Connected { local: address, peer: address, admission: Admission::Welcome, implicit_tls: Switch::Off },
        Event::Received(b"USER alice\r\nPASS secret\r\n"),
    ];
    let mut session = Session::new(Arc::new(Config::default()), [0; 32], UnixTime::default());
    for event in events {
        for action in session.handle(SessionInstant::START, event).unwrap() {
            if let Action::Host(HostAction::Authenticate { ticket, .. }) = action {
                return ticket;
            }
        }
    }
    panic!("a login asks the host");
}

/// The failures in `inbox`; `None` is a success.
fn answers(inbox: &Inbox) -> Vec<Option<Failure>> {
    let answer = |report| match report {
        Report::Done(completion) => completion.failure(),
        other => panic!("{other:?} is no answer"),
    };
    inbox.take().into_iter().map(answer).collect()
}

#[test]
fn an_answered_ticket_is_answered_once() {
    let inbox = Inbox::new();
    Guard::new(ticket(), inbox.mailbox()).settle(Ok(Account::new("alice", Permissions::NONE)));
    Guard::new(ticket(), inbox.mailbox()).settle(Err(Failure::Cancelled));
    assert_eq!(answers(&inbox), [None, Some(Failure::Cancelled)]);
}

#[test]
fn a_dropped_ticket_is_lost() {
    let inbox = Inbox::new();
    drop(Guard::new(ticket(), inbox.mailbox()));
    assert_eq!(answers(&inbox), [Some(Failure::Lost)]);
}

#[tokio::test]
async fn an_aborted_task_loses_its_ticket_whether_it_began_or_not() {
    for begins in [false, true] {
        let inbox = Inbox::new();
        let guard = Guard::new(ticket(), inbox.mailbox());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            std::future::pending::<()>().await;
            guard.settle(Err(Failure::Io));
        });
        if begins {
            tokio::task::yield_now().await;
        }
        tasks.shutdown().await;
        assert_eq!(answers(&inbox), [Some(Failure::Lost)], "begins: {begins}");
    }
}

#[tokio::test]
async fn a_task_that_panics_loses_its_ticket() {
    let inbox = Inbox::new();
    let guard = Guard::new(ticket(), inbox.mailbox());
    let panicked = tokio::spawn(async move {
        assert!(begin().await, "the task panics");
        guard.settle(Err(Failure::Io));
    });
    assert!(panicked.await.unwrap_err().is_panic());
    assert_eq!(answers(&inbox), [Some(Failure::Lost)]);
}

async fn begin() -> bool {
    tokio::task::yield_now().await;
    false
}
