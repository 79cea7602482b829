//! Engines with a fault in them, at the seam where anybody may put one: each is seen by an oracle, and the engine itself by
//! none. The bugs that are planted in the sources are in `planted/`.

use std::path::Path;
use std::time::Duration;

use ftp_proto::action::{DataAction, HostAction, StorageAction};
use ftp_proto::server::state::State;
use ftp_proto::server::{Deadline, Interest, Misuse, Phase, Session};
use ftp_proto::storage::FinishHow;
use ftp_proto::time::Instant;
use ftp_proto::{Action, Event};
use ftp_sim::{Builder, Chance, Disk, Durability, Engine, Ftp, Gone, Moment, Plan, Report};

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sabotage {
    Nothing,
    /// The reply to PASS is not written.
    LosesAReply,
    /// The same is written twice.
    DoublesAReply,
    /// What is written counts as sent at once.
    CreditsEarly,
    KeepsListeners,
    KeepsFiles,
    /// Of its deadlines it tells none.
    ForgetsDeadlines,
    /// Downloads leave the first byte out.
    ShiftsOffsets,
    /// What is to be discarded is committed.
    CommitsAnything,
    /// Something is asked for behind the end.
    GoesOnBehindTheEnd,
}

struct Sabotaged {
    inner: Session,
    how: Sabotage,
}

impl Sabotaged {
    fn change(&self, action: Action, into: &mut Vec<Action>) {
        use Sabotage as S;
        let action = match (self.how, action) {
            (S::LosesAReply, Action::Write(bytes)) if bytes.starts_with(b"230") => return,
            (S::DoublesAReply, Action::Write(bytes)) if bytes.starts_with(b"230") => {
                into.push(Action::Write(bytes.clone()));
                Action::Write(bytes)
            }
            (S::KeepsListeners, Action::Data(DataAction::CloseListener(_))) => return,
            (S::KeepsFiles, Action::Host(HostAction::Storage(StorageAction::CloseFile(_)))) => return,
            (S::ShiftsOffsets, Action::Host(HostAction::Storage(StorageAction::Read { ticket, file, at: 0, max }))) => {
                Action::Host(HostAction::Storage(StorageAction::Read { ticket, file, at: 1, max }))
            }
            (S::CommitsAnything, Action::Host(HostAction::Storage(StorageAction::Finish { ticket, file, .. }))) => {
                Action::Host(HostAction::Storage(StorageAction::Finish { ticket, file, how: FinishHow::Commit }))
            }
            (S::GoesOnBehindTheEnd, Action::Shutdown) => {
                into.push(Action::Shutdown);
                Action::Shutdown
            }
            (_, action) => action,
        };
        into.push(action);
    }
}

impl Engine for Sabotaged {
    fn handle(&mut self, now: Instant, event: Event<'_>) -> Result<Vec<Action>, Misuse> {
        let early = self.how == Sabotage::CreditsEarly;
        if early && matches!(event, Event::Sent(_)) {
            return Ok(Vec::new());
        }
        let mut actions = Vec::new();
        let mut asked: Vec<Action> = self.inner.handle(now, event)?.collect();
        while !asked.is_empty() {
            let written = asked.iter().map(|action| if let Action::Write(bytes) = action { bytes.len() } else { 0 });
            let written: usize = written.sum();
            asked.into_iter().for_each(|action| self.change(action, &mut actions));
            asked = Vec::new();
            if early && written > 0 && !matches!(self.inner.phase(), Phase::Closed(_)) {
                asked = self.inner.handle(now, Event::Sent(written))?.collect();
            }
        }
        Ok(actions)
    }

    fn next_deadline(&self) -> Option<Deadline> {
        self.inner.next_deadline().filter(|_| self.how != Sabotage::ForgetsDeadlines)
    }

    fn interest(&self) -> Interest {
        self.inner.interest()
    }

    fn phase(&self) -> Phase {
        self.inner.phase()
    }

    fn open_actions(&self) -> usize {
        self.inner.open_actions()
    }

    fn state(&self) -> State {
        self.inner.state()
    }
}

/// Stores a file each way, replaces it, and looks whether it is there.
async fn client(mut ftp: Ftp) {
    for attempt in 0..4 {
        let visit = visit(&mut ftp, attempt).await;
        if visit.is_ok() {
            return;
        }
        ftp.vanish();
        ftp.sleep(Duration::from_secs(10)).await;
    }
}

async fn visit(ftp: &mut Ftp, attempt: u8) -> Result<(), Gone> {
    ftp.connect().await?;
    if !ftp.log_in("alice", "secret").await? {
        return ftp.quit().await;
    }
    ftp.ask("TYPE I").await?;
    let name = format!("file{}", ftp.number());
    for round in 0..4_u8 {
        // Two lengths, each of bytes of its own: no part of one is the other.
        let content = vec![attempt * 16 + round + 1; 40_000 + usize::from(round) * 777];
        let plan = if round % 2 == 0 { ftp.passive().await? } else { ftp.active().await? };
        let Some(plan) = plan else { continue };
        let stored = ftp.store(plan, &format!("STOR {name}"), content.clone()).await?;
        let plan = if round % 2 == 0 { ftp.active().await? } else { ftp.passive().await? };
        let Some(plan) = plan else { continue };
        let Ok(download) = ftp.fetch(plan, &format!("RETR {name}")).await? else { continue };
        if download.is_whole() {
            let whole = download.bytes.len() >= 40_000 && download.bytes.windows(2).all(|two| two[0] == two[1]);
            if !whole || stored.is_good() && download.bytes != content {
                ftp.accuse(format!("{name} holds what was never stored"));
            }
        }
    }
    ftp.quit().await
}

fn run(seed: u64, how: Sabotage) -> Report {
    let builder = Builder::from_seed(seed).faults(Plan::Chance).account("alice", "secret", "/");
    let builder = builder.engine(move |inner| Sabotaged { inner, how });
    let mut world = builder.build(Disk::new(Durability::OnCommit, Chance::from_seed(seed, 2)));
    for _ in 0..3 {
        world.add_client(Moment::START, client);
    }
    world.run(Duration::from_secs(1800))
}

/// The seeds until it is seen, and what is seen then.
fn seen(how: Sabotage) -> (u64, String) {
    for seed in 0..200 {
        if let Some(violation) = run(seed, how).violations.first() {
            return (seed + 1, violation.clone());
        }
    }
    panic!("{how:?} is not seen in 200 seeds");
}

fn assert_seen(how: Sabotage, as_what: &[&str]) {
    let (seeds, violation) = seen(how);
    assert!(as_what.iter().any(|what| violation.contains(what)), "{how:?} after {seeds} seeds: {violation}");
}

#[test]
fn without_sabotage_nothing_is_seen() {
    for seed in 0..40 {
        assert_eq!(run(seed, Sabotage::Nothing).violations, Vec::<String>::new(), "seed {seed}");
    }
}

#[test]
fn a_lost_reply_is_seen() {
    assert_seen(Sabotage::LosesAReply, &["was not answered", "waits in vain", "without a word"]);
}

#[test]
fn a_doubled_reply_is_seen() {
    assert_seen(Sabotage::DoublesAReply, &["more bytes were credited than written", "nobody asked for"]);
}

#[test]
fn early_credit_is_seen() {
    assert_seen(Sabotage::CreditsEarly, &["it dialled before the 150 had left"]);
}

#[test]
fn a_listener_left_open_is_seen() {
    assert_seen(Sabotage::KeepsListeners, &["open at the end: listeners"]);
}

#[test]
fn a_file_left_open_is_seen() {
    assert_seen(Sabotage::KeepsFiles, &[" files"]);
}

#[test]
fn a_session_without_deadlines_is_seen() {
    assert_seen(Sabotage::ForgetsDeadlines, &["waits for nothing"]);
}

#[test]
fn a_wrong_offset_is_seen() {
    assert_seen(Sabotage::ShiftsOffsets, &["what was never stored"]);
}

#[test]
fn a_commit_of_a_part_is_seen() {
    assert_seen(Sabotage::CommitsAnything, &["what was never stored"]);
}

#[test]
fn a_second_shutdown_is_seen() {
    assert_seen(Sabotage::GoesOnBehindTheEnd, &["behind Shutdown comes"]);
}

/// `sim/planted/run` takes minutes; that its patches still fit is seen here.
#[test]
fn every_patch_fits_the_sources() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let patches =
        std::fs::read_dir(root.join("sim/planted")).expect("the patches").map(|entry| entry.expect("one").path());
    let patches: Vec<_> = patches.filter(|path| path.extension().is_some_and(|it| it == "patch")).collect();
    assert!(patches.len() >= 20);
    for patch in patches {
        let text = std::fs::read_to_string(&patch).expect("a text");
        let mut source = String::new();
        for part in text.split("\n@@ ") {
            let (head, hunk) = part.split_once('\n').expect("lines");
            if head.contains(" @@") {
                let old =
                    hunk.lines().take_while(|line| line.starts_with([' ', '-', '+']) && !line.starts_with("--- "));
                let old = old.filter(|line| !line.starts_with('+')).map(|line| line[1..].to_owned() + "\n");
                let old: String = old.collect();
                assert!(!old.is_empty() && source.contains(&old), "{} does not fit any more:\n{old}", patch.display());
            }
            // The last of a part's files is that of the hunks that follow.
            if let Some(file) = part.lines().filter_map(|line| line.strip_prefix("--- a/")).next_back() {
                source = std::fs::read_to_string(root.join(file)).expect("a source");
            }
        }
    }
}
