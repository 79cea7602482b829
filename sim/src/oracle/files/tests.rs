//! Each rule with a history that keeps it, and one that breaks it.

use ftp_proto::VirtualPath;

use super::{Account, Extent, Files, OpId, Outcome, Partial, What};
use crate::content::Content;
use crate::storage::{Durability, Held};

const DONE: Outcome = Outcome::Acknowledged;

fn at(path: &str) -> VirtualPath {
    VirtualPath::parse(path.as_bytes()).unwrap()
}

/// An oracle, somebody in it, and four contents of theirs.
struct World {
    files: Files,
    ann: Account,
    own: [Content; 4],
}

fn world_of(durability: Durability, partial: Partial) -> World {
    let mut files = Files::new(durability, partial);
    let ann = files.account("ann");
    files.present_dir(&at("/ann"));
    let own = [(); 4].map(|()| files.content(ann, 1000));
    World { files, ann, own }
}

fn world() -> World {
    world_of(Durability::OnCommit, Partial::Discarded)
}

impl World {
    fn begin(&mut self, path: &str, what: What) -> OpId {
        self.files.begin(self.ann, &at(path), what)
    }

    fn did(&mut self, path: &str, what: What, outcome: Outcome) -> Result<(), String> {
        let op = self.begin(path, what);
        self.files.end(op, outcome)
    }

    /// Stores it, and is told so.
    fn store(&mut self, path: &str, content: Content) {
        self.did(path, What::Store(content), DONE).unwrap();
    }

    /// Reads all of the file, and gets `bytes`.
    fn saw(&mut self, path: &str, bytes: &[u8]) -> Result<(), String> {
        let since = self.files.mark();
        self.files.saw(self.ann, since, &at(path), 0, bytes, Extent::Complete)
    }

    fn missed(&mut self, path: &str) -> Result<(), String> {
        let since = self.files.mark();
        self.files.missed(since, &at(path))
    }

    /// The tree holds these files, and the directories that there always are.
    fn check(&mut self, files: &[(&str, &[u8])]) -> Result<(), String> {
        self.check_with(files, &[])
    }

    fn check_with(&mut self, files: &[(&str, &[u8])], dirs: &[&str]) -> Result<(), String> {
        let dirs = ["/", "/ann"].iter().chain(dirs).map(|dir| (at(dir), Held::Directory));
        self.files
            .check(dirs.chain(files.iter().map(|(path, bytes)| (at(path), Held::File(bytes)))).collect::<Vec<_>>())
    }
}

fn mixed(one: Content, other: Content) -> Vec<u8> {
    [one.bytes(0..500), other.bytes(500..1000)].concat()
}

#[test]
fn a_download_is_the_version_that_was_there() {
    let mut world = world();
    let [a, b, ..] = world.own;
    world.store("/ann/f", a);
    world.saw("/ann/f", &a.whole()).unwrap();
    world.store("/ann/f", b);
    world.saw("/ann/f", &b.whole()).unwrap();
    world.saw("/ann/f", &a.whole()).unwrap_err();
    world.saw("/ann/f", &mixed(b, a)).unwrap_err();
    world.saw("/ann/f", &b.bytes(0..999)).unwrap_err();
    world.saw("/ann/f", b"").unwrap_err();
    world.saw("/ann/g", &b.whole()).unwrap_err();
    let mut torn = b.whole();
    torn[777] = 0;
    world.saw("/ann/f", &torn).unwrap_err();
}

#[test]
fn whoever_looks_while_it_changes_sees_old_or_new() {
    for seen in [0, 1] {
        let mut world = world();
        let [a, b, c, _] = world.own;
        world.store("/ann/f", c);
        world.store("/ann/f", a);
        let op = world.begin("/ann/f", What::Store(b));
        world.saw("/ann/f", &[a, b][seen].whole()).unwrap();
        // What is over is over, and what was seen does not become unseen.
        world.saw("/ann/f", &c.whole()).unwrap_err();
        assert_eq!(world.saw("/ann/f", &a.whole()).is_ok(), seen == 0);
        world.files.end(op, DONE).unwrap();
        world.saw("/ann/f", &a.whole()).unwrap_err();
    }
}

#[test]
fn a_slow_download_may_be_of_any_version_in_its_time() {
    let mut world = world();
    let [a, b, c, d] = world.own;
    world.store("/ann/f", a);
    world.store("/ann/f", b);
    let since = world.files.mark();
    world.store("/ann/f", c);
    world.store("/ann/f", d);
    for (content, legal) in [(a, false), (b, true), (c, true), (d, true)] {
        let saw = world.files.saw(world.ann, since, &at("/ann/f"), 0, &content.whole(), Extent::Complete);
        assert_eq!(saw.is_ok(), legal, "{content:?}: {saw:?}");
    }
}

#[test]
fn a_part_is_a_part_of_a_version() {
    let mut world = world();
    let [a, b, ..] = world.own;
    world.store("/ann/f", a);
    let since = world.files.mark();
    let mut saw = |from, bytes: &[u8], extent| world.files.saw(world.ann, since, &at("/ann/f"), from, bytes, extent);
    saw(0, &a.bytes(0..3), Extent::Partial).unwrap();
    saw(100, &a.bytes(100..300), Extent::Partial).unwrap();
    saw(100, &a.bytes(100..1000), Extent::Complete).unwrap();
    saw(1000, b"", Extent::Complete).unwrap();
    saw(100, &a.bytes(100..300), Extent::Complete).unwrap_err();
    saw(100, &a.bytes(101..300), Extent::Partial).unwrap_err();
    saw(0, &b.bytes(0..100), Extent::Partial).unwrap_err();
    saw(999, &a.bytes(998..1000), Extent::Partial).unwrap_err();
    saw(1001, b"", Extent::Complete).unwrap_err();
}

#[test]
fn what_was_refused_has_not_happened() {
    let mut world = world();
    let [a, b, ..] = world.own;
    world.store("/ann/f", a);
    world.did("/ann/f", What::Store(b), Outcome::Refused).unwrap();
    world.saw("/ann/f", &a.whole()).unwrap();
    world.check(&[("/ann/f", &a.whole())]).unwrap();
    world.saw("/ann/f", &b.whole()).unwrap_err();
    world.check(&[("/ann/f", &b.whole())]).unwrap_err();
    // Nor was it there meanwhile.
    let op = world.begin("/ann/f", What::Store(b));
    world.saw("/ann/f", &b.whole()).unwrap();
    world.files.end(op, Outcome::Refused).unwrap_err();
    assert!(world.files.end(op, DONE).is_err());
}

#[test]
fn a_partial_upload_is_kept_only_where_that_is_so_and_the_name_is_free() {
    for (partial, legal) in [(Partial::Kept, true), (Partial::Discarded, false)] {
        let mut world = world_of(Durability::OnCommit, partial);
        let [a, b, ..] = world.own;
        world.did("/ann/f", What::Store(a), Outcome::Refused).unwrap();
        assert_eq!(world.check(&[("/ann/f", &a.bytes(0..70))]).is_ok(), legal);
        world.check(&[]).unwrap();
        world.store("/ann/f", a);
        world.did("/ann/f", What::Store(b), Outcome::Refused).unwrap();
        world.check(&[("/ann/f", &b.bytes(0..70))]).unwrap_err();
        world.check(&[("/ann/f", &a.whole())]).unwrap();
    }
}

#[test]
fn what_nobody_knows_may_be_either_until_it_is_seen() {
    let mut world = world();
    let [a, b, ..] = world.own;
    world.store("/ann/f", a);
    let op = world.begin("/ann/f", What::Store(b));
    world.files.end(op, Outcome::Unknown).unwrap();
    world.check(&[("/ann/f", &a.whole())]).unwrap();
    world.saw("/ann/f", &a.whole()).unwrap();
    world.saw("/ann/f", &mixed(a, b)).unwrap_err();
    world.saw("/ann/f", &b.whole()).unwrap();
    world.saw("/ann/f", &a.whole()).unwrap_err();
    world.check(&[("/ann/f", &a.whole())]).unwrap_err();
}

#[test]
fn what_was_settled_does_not_happen_later() {
    let [settled, not] = [true, false].map(|settle| {
        let mut world = world();
        let [a, b, c, _] = world.own;
        world.store("/ann/f", a);
        let op = world.begin("/ann/f", What::Store(b));
        world.files.end(op, Outcome::Unknown).unwrap();
        if settle {
            world.files.settle(op);
        }
        world.store("/ann/f", c);
        world.saw("/ann/f", &b.whole())
    });
    assert!(settled.is_err() && not.is_ok());
}

#[test]
fn what_was_deleted_is_gone() {
    let mut world = world();
    let [a, ..] = world.own;
    world.missed("/ann/f").unwrap();
    world.store("/ann/f", a);
    world.missed("/ann/f").unwrap_err();
    world.did("/ann/f", What::Delete, Outcome::Refused).unwrap();
    world.check(&[]).unwrap_err();
    world.did("/ann/f", What::Delete, DONE).unwrap();
    world.missed("/ann/f").unwrap();
    world.saw("/ann/f", &a.whole()).unwrap_err();
    world.check(&[("/ann/f", &a.whole())]).unwrap_err();
    world.check(&[]).unwrap();
    world.did("/ann/f", What::Delete, DONE).unwrap_err();
}

#[test]
fn a_file_is_renamed_as_it_is() {
    let mut world = world();
    let [a, b, ..] = world.own;
    world.store("/ann/f", a);
    world.store("/ann/g", b);
    world.did("/ann/f", What::Rename { to: at("/ann/g") }, DONE).unwrap();
    world.saw("/ann/g", &a.whole()).unwrap();
    world.missed("/ann/f").unwrap();
    world.saw("/ann/g", &b.whole()).unwrap_err();
    world.saw("/ann/f", &a.whole()).unwrap_err();
    world.check(&[("/ann/g", &a.whole())]).unwrap();
    world.did("/ann/f", What::Rename { to: at("/ann/h") }, DONE).unwrap_err();
    world.did("/ann/g", What::Rename { to: at("/ann/h") }, Outcome::Refused).unwrap();
    world.check(&[("/ann/h", &a.whole())]).unwrap_err();
}

/// Found where a session was held up: the upload that nobody knows of was taken for what the rename had made.
#[test]
fn what_is_renamed_to_its_own_name_stays_what_it_is() {
    let mut world = world();
    let [first, second, ..] = world.own;
    world.store("/ann/a", first);
    let rename = world.begin("/ann/a", What::Rename { to: at("/ann/a") });
    world.did("/ann/a", What::Store(second), Outcome::Unknown).unwrap();
    world.files.end(rename, DONE).unwrap();
    world.saw("/ann/a", &first.whole()).unwrap();
    world.saw("/ann/a", &second.whole()).unwrap();
    world.saw("/ann/a", &mixed(first, second)).unwrap_err();
}

#[test]
fn a_rename_to_itself_changes_nothing_of_what_is_under_way() {
    let mut world = world();
    let [a, b, ..] = world.own;
    world.store("/ann/f", a);
    let rename = world.begin("/ann/f", What::Rename { to: at("/ann/f") });
    let store = world.begin("/ann/f", What::Store(b));
    world.files.end(rename, DONE).unwrap();
    world.saw("/ann/f", &a.whole()).unwrap();
    world.files.end(store, DONE).unwrap();
    world.saw("/ann/f", &b.whole()).unwrap();
}

#[test]
fn what_was_kept_of_an_upload_that_nobody_knows_of_goes_with_a_rename() {
    let mut world = world_of(Durability::OnCommit, Partial::Kept);
    let [a, ..] = world.own;
    let store = world.begin("/ann/f", What::Store(a));
    world.files.end(store, Outcome::Unknown).unwrap();
    world.did("/ann/f", What::Rename { to: at("/ann/g") }, DONE).unwrap();
    world.saw("/ann/g", &a.bytes(0..599)).unwrap();
}

#[test]
fn a_rename_that_nobody_knows_of_has_happened_at_both_ends_or_none() {
    let mut world = world();
    let [a, ..] = world.own;
    let bytes = a.whole();
    world.store("/ann/f", a);
    let op = world.begin("/ann/f", What::Rename { to: at("/ann/g") });
    world.files.end(op, Outcome::Unknown).unwrap();
    world.files.settle(op);
    world.check(&[("/ann/f", &bytes)]).unwrap();
    world.check(&[("/ann/g", &bytes)]).unwrap();
    assert!(world.check(&[]).unwrap_err().contains("lost"));
    assert!(world.check(&[("/ann/f", &bytes), ("/ann/g", &bytes)]).unwrap_err().contains("both"));
    world.saw("/ann/g", &bytes).unwrap();
    world.missed("/ann/f").unwrap();
}

#[test]
fn a_directory_takes_along_what_is_in_it() {
    let mut world = world();
    let [a, b, ..] = world.own;
    world.did("/ann/d", What::MakeDir, DONE).unwrap();
    world.store("/ann/d/f", a);
    world.store("/ann/d!", b);
    world.did("/ann/d", What::Rename { to: at("/ann/e") }, DONE).unwrap();
    world.saw("/ann/e/f", &a.whole()).unwrap();
    world.saw("/ann/d/f", &a.whole()).unwrap_err();
    world.check_with(&[("/ann/e/f", &a.whole()), ("/ann/d!", &b.whole())], &["/ann/e"]).unwrap();
    world.check_with(&[("/ann/d!", &b.whole())], &["/ann/e"]).unwrap_err();
    world.check_with(&[("/ann/d/f", &a.whole()), ("/ann/d!", &b.whole())], &["/ann/d"]).unwrap_err();
}

#[test]
fn directories_are_made_once_and_removed_empty() {
    let mut world = world();
    let [a, ..] = world.own;
    world.did("/ann/d", What::MakeDir, DONE).unwrap();
    world.check(&[]).unwrap_err();
    world.check_with(&[], &["/ann/d"]).unwrap();
    world.did("/ann/d/f", What::Store(a), Outcome::Unknown).unwrap();
    world.did("/ann/d", What::RemoveDir, DONE).unwrap();
    world.did("/ann/d", What::RemoveDir, DONE).unwrap_err();
    world.did("/ann/x", What::MakeDir, DONE).unwrap();
    world.did("/ann/x", What::MakeDir, DONE).unwrap_err();
    world.did("/ann/e", What::MakeDir, DONE).unwrap();
    world.store("/ann/e/f", a);
    assert!(world.did("/ann/e", What::RemoveDir, DONE).unwrap_err().contains("was in it"));
}

#[test]
fn what_is_appended_stands_behind_what_was_there() {
    let mut world = world();
    let [a, b, c, _] = world.own;
    world.did("/ann/f", What::Append(a), DONE).unwrap();
    let op = world.begin("/ann/f", What::Append(b));
    // Half done, for whoever looks.
    world.saw("/ann/f", &[a.whole(), b.bytes(0..99)].concat()).unwrap();
    world.files.end(op, DONE).unwrap();
    let both = [a.whole(), b.whole()].concat();
    world.saw("/ann/f", &both).unwrap();
    world.saw("/ann/f", &both[..1500]).unwrap_err();
    world.saw("/ann/f", &b.whole()).unwrap_err();
    // Taken off again.
    world.did("/ann/f", What::Append(c), Outcome::Refused).unwrap();
    world.check(&[("/ann/f", &both)]).unwrap();
    world.check(&[("/ann/f", &[&both[..], &c.bytes(0..16)].concat())]).unwrap_err();
}

#[test]
fn an_upload_that_is_resumed_becomes_whole() {
    let mut world = world_of(Durability::OnCommit, Partial::Kept);
    let [a, b, ..] = world.own;
    world.did("/ann/f", What::Store(a), Outcome::Refused).unwrap();
    world.did("/ann/f", What::Resume { content: a, from: 304 }, DONE).unwrap();
    world.saw("/ann/f", &a.whole()).unwrap();
    world.saw("/ann/f", &a.bytes(0..304)).unwrap_err();
    let wrong_offset = [a.bytes(0..320), a.bytes(304..1000)].concat();
    world.saw("/ann/f", &wrong_offset).unwrap_err();
    // Over what is there, and the rest stays.
    let short = Content { len: 700, ..b };
    world.did("/ann/f", What::Resume { content: short, from: 500 }, DONE).unwrap();
    world.saw("/ann/f", &[a.bytes(0..500), b.bytes(500..700), a.bytes(700..1000)].concat()).unwrap();
    world.saw("/ann/f", &[a.bytes(0..500), b.bytes(500..700)].concat()).unwrap_err();
    world.did("/ann/none", What::Resume { content: b, from: 5 }, DONE).unwrap_err();
}

#[test]
fn what_was_resumed_and_refused_keeps_its_length() {
    let mut world = world();
    let [a, b, ..] = world.own;
    let longer = Content { len: 2000, ..b };
    world.store("/ann/f", a);
    world.did("/ann/f", What::Resume { content: longer, from: 500 }, Outcome::Refused).unwrap();
    for written in [500, 600, 1000] {
        let left = [a.bytes(0..500), longer.bytes(500..written), a.bytes(written..1000)].concat();
        world.check(&[("/ann/f", &left)]).unwrap();
    }
    world.check(&[("/ann/f", &[a.bytes(0..500), longer.bytes(500..1500)].concat())]).unwrap_err();
    world.check(&[("/ann/f", &[b.bytes(0..500), a.bytes(500..1000)].concat())]).unwrap_err();
}

#[test]
fn nothing_is_there_that_nobody_made() {
    let mut world = world();
    let [a, ..] = world.own;
    world.check(&[]).unwrap();
    world.check(&[("/ann/.part", &a.bytes(0..5))]).unwrap_err();
    world.check_with(&[], &["/ann/x"]).unwrap_err();
}

#[test]
fn a_unique_name_is_told_or_found() {
    let mut world = world();
    let [a, b, ..] = world.own;
    let told = world.begin("/ann", What::StoreUnique(a));
    world.files.named(told, &at("/ann/u1"));
    world.files.end(told, DONE).unwrap();
    world.saw("/ann/u1", &a.whole()).unwrap();
    world.did("/ann", What::StoreUnique(b), Outcome::Unknown).unwrap();
    world.check(&[("/ann/u1", &a.whole()), ("/ann/u2", &b.whole())]).unwrap();
    world.check(&[("/ann/u1", &a.whole())]).unwrap();
    world.check(&[("/ann/u1", &a.whole()), ("/ann/u2", &b.bytes(0..9))]).unwrap_err();
    world.check(&[("/ann/u2", &b.whole())]).unwrap_err();
}

#[test]
fn what_is_anothers_is_neither_seen_nor_changed() {
    let mut world = world();
    let [a, ..] = world.own;
    let bob = world.files.account("bob");
    let theirs = world.files.content(bob, 50);
    world.files.present_dir(&at("/bob"));
    world.files.present(&at("/bob/f"), theirs);
    world.files.present(&at("/shared/f"), theirs);
    world.saw("/shared/f", &theirs.whole()).unwrap();
    assert!(world.saw("/bob/f", &theirs.whole()).unwrap_err().contains("not its own"));
    assert!(world.did("/bob/g", What::Store(a), DONE).unwrap_err().contains("not its own"));
    world.did("/bob/g", What::Store(a), Outcome::Refused).unwrap();
    world.did("/shared/f", What::Rename { to: at("/bob/h") }, DONE).unwrap_err();
    // Anothers' bytes in one's own file.
    world.store("/ann/f", a);
    assert!(world.saw("/ann/f", &theirs.whole()).unwrap_err().contains("00200001"));
}

#[test]
fn what_was_acknowledged_outlasts_the_power() {
    let [a, b, c, d] = world().own;
    let before = || {
        let mut world = world();
        world.store("/ann/f", a);
        world.store("/ann/f", b);
        world.begin("/ann/f", What::Store(c));
        world.store("/ann/g", d);
        world.begin("/ann/g", What::Append(c));
        world.files.power_lost();
        world
    };
    let torn = [d.whole(), c.bytes(0..100), vec![0; 30], c.bytes(130..140)].concat();
    let good = d.whole();
    for (f, g, legal) in [
        (&b.whole(), &good, true),
        (&c.whole(), &torn, true),
        (&a.whole(), &good, false),
        (&mixed(b, c), &good, false),
        (&b.whole(), &d.bytes(0..900), false),
        (&b.whole(), &[d.whole(), a.bytes(0..9)].concat(), false),
    ] {
        let mut again = before();
        assert_eq!(again.check(&[("/ann/f", f), ("/ann/g", g)]).is_ok(), legal);
        if legal {
            // What was left is what there is.
            again.saw("/ann/f", f).unwrap();
            again.saw("/ann/g", g).unwrap();
            again.saw("/ann/f", &a.whole()).unwrap_err();
            assert_eq!(again.saw("/ann/f", &b.whole()).is_ok(), *f == b.whole());
            again.did("/ann/g", What::Append(a), DONE).unwrap();
            again.saw("/ann/g", &[&g[..], &a.whole()].concat()).unwrap();
            again.saw("/ann/g", &[&good[..], &b.whole()].concat()).unwrap_err();
        }
    }
}

#[test]
fn what_is_made_durable_later_may_be_older_but_is_whole() {
    let mut world = world_of(Durability::Later, Partial::Discarded);
    let [a, b, c, d] = world.own;
    world.store("/ann/f", a);
    world.store("/ann/f", b);
    world.files.flushed();
    world.store("/ann/f", c);
    world.store("/ann/g", d);
    world.did("/ann/f", What::Rename { to: at("/ann/h") }, DONE).unwrap();
    world.check(&[("/ann/h", &c.whole()), ("/ann/g", &d.whole())]).unwrap();
    world.check(&[("/ann/f", &c.whole()), ("/ann/g", &d.whole())]).unwrap_err();
    world.files.power_lost();
    for (content, legal) in [(a.whole(), false), (mixed(b, c), false), (c.whole(), true), (b.whole(), true)] {
        assert_eq!(world.check(&[("/ann/f", &content)]).is_ok(), legal);
        if legal {
            break;
        }
    }
    world.missed("/ann/g").unwrap();
    world.saw("/ann/f", &b.whole()).unwrap_err();
}

#[test]
fn what_can_no_longer_matter_is_forgotten() {
    let mut world = world();
    let [a, ..] = world.own;
    let stuck = world.begin("/ann/stuck", What::Store(a));
    world.files.end(stuck, Outcome::Unknown).unwrap();
    for round in 0..10_000 {
        let path = format!("/ann/{}", round % 500);
        world.store(&path, a);
        let content = world.files.content(world.ann, 10);
        world.did(&path, What::Append(content), Outcome::Refused).unwrap();
        world.did(&path, What::Resume { content, from: 3 }, Outcome::Refused).unwrap();
        world.did(&path, What::Append(content), Outcome::Unknown).unwrap();
        let last = *world.files.operations.last_key_value().unwrap().0;
        world.files.settle(last);
        world.did(&path, What::Delete, DONE).unwrap();
        let now = world.files.mark();
        world.files.forget(now);
    }
    assert!(world.files.remembered() < 500, "{}", world.files.remembered());
}

#[test]
fn many_uncertain_changes_become_one() {
    let mut world = world();
    let [a, b, ..] = world.own;
    for _ in 0..50 {
        let op = world.begin("/ann/f", What::Append(a));
        world.files.end(op, Outcome::Unknown).unwrap();
        world.files.settle(op);
    }
    assert!(world.files.paths[&at("/ann/f")].0.iter().all(|entry| entry.states.len() <= 10));
    let now = world.files.mark();
    world.files.forget(now);
    world.saw("/ann/f", &a.whole().repeat(20)).unwrap();
    world.saw("/ann/f", &b.whole()).unwrap_err();
}

#[test]
fn a_rename_onto_itself_takes_nothing_along() {
    let mut world = world();
    let [old, new, ..] = world.own;
    world.store("/ann/a", old);
    let rename = world.begin("/ann/a", What::Rename { to: at("/ann/a") });
    let store = world.begin("/ann/a", What::Store(new));
    world.files.end(rename, DONE).unwrap();
    world.files.end(store, Outcome::Unknown).unwrap();
    world.saw("/ann/a", &old.whole()).unwrap();
}
