//! Nothing posted is lost, and none is kept for a loop that ended.

use std::time::Duration;

use mio::{Events, Poll};

use super::*;

const WAKER: Token = Token(7);

fn poll() -> (Poll, Inbox) {
    let poll = Poll::new().unwrap();
    let inbox = Inbox::new(poll.registry(), WAKER).unwrap();
    (poll, inbox)
}

fn wakes(poll: &mut Poll) -> usize {
    let mut events = Events::with_capacity(8);
    poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
    events.iter().count()
}

#[test]
fn a_loop_with_mail_does_not_sleep() {
    let (_poll, inbox) = poll();
    assert!(inbox.may_sleep());
    inbox.mailbox().stop();
    assert!(!inbox.may_sleep());
    assert!(inbox.take().stop);
    assert!(inbox.may_sleep());
}

#[test]
fn only_a_loop_that_sleeps_is_woken_and_only_once() {
    let (mut poll, inbox) = poll();
    let mailbox = inbox.mailbox();
    mailbox.drain(Instant::now());
    assert_eq!(wakes(&mut poll), 0, "it is awake");
    inbox.take();
    assert!(inbox.may_sleep());
    mailbox.drain(Instant::now());
    assert_eq!(wakes(&mut poll), 1);
    mailbox.drain(Instant::now());
    assert_eq!(wakes(&mut poll), 0, "it was woken already");
    assert!(inbox.take().drain.is_some());
}

#[test]
fn nothing_is_kept_for_a_loop_that_ended() {
    let (_poll, inbox) = poll();
    let mailbox = inbox.mailbox();
    mailbox.stop();
    drop(inbox);
    mailbox.stop();
    let shared = mailbox.lock();
    assert!(!shared.mail.stop && shared.waker.is_none());
}
