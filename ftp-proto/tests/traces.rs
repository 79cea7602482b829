//! Traces: what is in them and what is not, what their replay finds, and what it does with nonsense.

mod world;

use std::sync::Arc;

use ftp_proto::config::{Config, CustomVerb, Switch};
use ftp_proto::event::{Admission, ControlEnd};
use ftp_proto::outcome::DataEnd;
use ftp_proto::server::Misuse;
use ftp_proto::storage::{Account, Permissions};
use ftp_proto::time::{Instant, UnixTime};
use ftp_proto::trace::{self, Payloads, Recorded, Recorder, Secrets, Verdict};
use ftp_proto::verb::{Verb, VerbSet};
use ftp_proto::{Action, Completion, Event, HostAction};
use proptest::prelude::*;

use self::world::{LOCAL, PEER, SEED, STARTED, Tape, World, address};

/// A connected client whose session is recorded in any case.
fn taped(configure: impl FnOnce(&mut Config)) -> World {
    let mut config = Config::default();
    configure(&mut config);
    let tape = Tape::new(&config, SEED, STARTED);
    let mut world = World::of(Arc::new(config));
    world.tape = tape;
    world.connect_from(LOCAL, PEER);
    world.expect("220");
    world
}

/// A session with a login, a listing, a download, an upload and a farewell.
fn usual() -> World {
    let mut world = taped(|_| {});
    world.log_in("alice");
    world.fetch("MLSD");
    world.fetch("RETR dir/b.bin");
    world.store("STOR new", b"what an upload holds");
    world.ask("QUIT", "221");
    world
}

fn differs(text: &str) -> trace::Difference {
    match trace::replay(text).expect("a trace").verdict {
        Verdict::Differs(difference) => difference,
        verdict => panic!("{verdict:?}"),
    }
}

#[test]
fn payloads_that_pass_as_they_are_are_compared_by_their_hash() {
    let mut world = usual();
    let text = world.tape.short_text();
    assert!(!text.contains("what an upload holds"), "{text}");
    let report = trace::replay(&text).unwrap();
    assert!(report.is_same() && report.unknown_payloads == 0, "{report}");
    // Another hash where the upload is written, the download sent, or the listing, which nobody gave the engine.
    let handed_on: Vec<&str> = text.lines().filter(|line| line.starts_with("< ") && line.contains("bytes=#")).collect();
    assert_eq!(handed_on.len(), 3);
    for line in handed_on {
        let (before, hash) = line.split_once("bytes=").unwrap();
        let (length, _) = hash.split_once(':').unwrap();
        let other = format!("{before}bytes={length}:00000000");
        assert_eq!(differs(&text.replace(line, &other)).recorded.unwrap(), other);
    }
}

#[test]
fn whole_payloads_are_there_to_be_read() {
    let mut world = usual();
    let text = world.tape.text();
    assert!(text.contains(r#"Received b"what an upload holds" end="#), "{text}");
    assert!(trace::replay(&text).unwrap().is_same());
}

/// Lengths change with the content in these: nothing false is said of them, and nothing is hidden either.
#[test]
fn payloads_behind_a_coding_are_passed_over() {
    for settings in [&["TYPE A"][..], &["MODE B"], &["MODE C"], &["MODE Z"], &["STRU R"], &["TYPE A", "MODE Z"]] {
        let mut world = taped(|_| {});
        world.log_in("alice");
        settings.iter().for_each(|setting| drop(world.ask(setting, "200")));
        world.fetch("RETR a.txt");
        let link = world.passive();
        world.ask("STOR new", "150");
        world.give(link, b"\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\0\x06\x2c\x02\x15 or so\r\n");
        world.end(link, DataEnd::Clean);
        world.next_reply();
        world.ask("QUIT", "221");
        let text = world.tape.short_text();
        let report = trace::replay(&text).unwrap();
        assert!(!matches!(report.verdict, Verdict::Differs(_)), "{settings:?}: {report}");
        if let Verdict::Unknown(_) = report.verdict {
            assert!(report.to_string().contains("payloads that were not recorded"), "{report}");
        } else {
            assert!(report.unknown_payloads > 0, "{settings:?}");
        }
        // What comes before them is compared as ever.
        assert!(differs(&text.replace("331 Password", "331 A password")).line < 15);
        let whole = trace::replay(&world.tape.text()).unwrap();
        assert!(whole.is_same() && whole.unknown_payloads == 0, "{settings:?}: {whole}");
    }
}

#[test]
fn every_changed_action_is_found_at_its_line() {
    let text = usual().tape.text();
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("< ")) {
        let mut changed = lines.clone();
        let other = format!("{line} more");
        changed[at] = &other;
        let difference = differs(&format!("{}\n", changed.join("\n")));
        assert_eq!(difference.line, at + 1);
        assert_eq!((difference.recorded.as_ref(), difference.now.as_deref()), (Some(&other), Some(*line)));
        let (number, before) = difference.context.last().unwrap();
        assert!(*number == at && lines[at - 1].starts_with(before.trim_end_matches("...")), "{before}");
    }
}

#[test]
fn every_missing_action_is_found_at_its_line() {
    let text = usual().tape.text();
    let lines: Vec<&str> = text.lines().collect();
    for at in (0..lines.len()).filter(|at| lines[*at].starts_with("< ")) {
        let mut changed = lines.clone();
        changed.remove(at);
        assert_eq!(differs(&format!("{}\n", changed.join("\n"))).line, at + 1);
    }
}

#[test]
fn an_action_too_many_is_found_at_its_line() {
    let text = usual().tape.text();
    let (head, last) = text.trim_end().rsplit_once('\n').unwrap();
    let more = format!("{head}\n{last}\n< Cancel a1\n");
    let difference = differs(&more);
    assert_eq!((difference.line, difference.now), (more.lines().count(), None));
    assert!(trace::replay(&more).unwrap().to_string().contains("now   (nothing)"));
}

#[test]
fn a_trace_that_ends_early_says_what_is_missing() {
    let text = usual().tape.text();
    let (head, last) = text.trim_end().rsplit_once('\n').unwrap();
    let difference = differs(&format!("{head}\n"));
    assert_eq!((difference.recorded, difference.now.as_deref()), (None, Some(last)));
    let cut = trace::replay(head).unwrap_err();
    assert_eq!(cut.to_string(), format!("line {}: the last line is cut short", head.lines().count()));
}

/// What is shown of it fits a screen; the report holds all of it.
#[test]
fn a_difference_in_a_long_line_is_shown_where_it_is() {
    let mut world = taped(|_| {});
    world.log_in("alice");
    let longest = "x".repeat(3000);
    world.ask(&format!("MKD {longest}yz"), "257");
    let text = world.tape.text();
    let report = trace::replay(
        &text.replace("xyz", "xyyz").replace("> 0.000000000 received b\"MKD", "> 0.000000000 received b\"mkd"),
    )
    .unwrap();
    assert!(report.is_same(), "{report}");
    let (before, behind) = text.rsplit_once("xyz").unwrap();
    let report = trace::replay(&format!("{before}xxz{behind}")).unwrap();
    let shown = report.to_string();
    assert!(shown.lines().all(|line| line.len() < 400) && shown.contains("xxxz") && shown.contains("xxyz"), "{shown}");
    assert!(differs(&format!("{before}xxz{behind}")).now.unwrap().len() > 3000);
}

#[test]
fn notes_and_blank_lines_are_passed_over() {
    let text = usual().tape.text();
    let noted: String = text.lines().flat_map(|line| ["# a note\n\n", line, "\n"]).collect();
    let report = trace::replay(&noted).unwrap();
    assert!(report.is_same(), "{report}");
}

#[test]
fn what_is_no_trace_is_told_with_its_line() {
    let text = usual().tape.text();
    let told = |text: &str| trace::replay(text).unwrap_err().to_string();
    assert!(told("").contains("line 1: the trace ends here"));
    assert!(told("hello\n").contains("this is not a trace"));
    assert!(told("ftp-trace 7\n").contains("version 7"));
    assert!(told("ftp-trace 1\nconfig ()\n").contains("line 3: the trace ends here, where `seed`"));
    assert!(told("ftp-trace 1\nconfig (limit:4)\n").contains("line 2: not a configuration"));
    // What an escape in a string stands for gets to no terminal either.
    for config in [
        r#"(limits:(line:"\u{1b}[31m"))"#,
        r#"("\u{1b}[31m":4)"#,
        r#"(disabled:["\u{1b}[31m"])"#,
        r#"(active_mode:"\u{9b}31m")"#,
    ] {
        let told = told(&format!("ftp-trace 1\nconfig {config}\n"));
        assert!(told.starts_with("line 2: not a configuration") && !told.contains(char::is_control), "{told:?}");
    }
    assert!(told("ftp-trace 1\nconfig (limits:(chunk:99999999999))\n").contains("limit of the configuration"));
    assert!(told(&text.replace("seed 07", "seed 7")).contains("line 3: `seed ...` is expected"));
    assert!(told(&text.replace("payloads whole", "payloads some")).contains("line 5"));
    assert!(told(&text.replace("received b", "received c")).contains("not an event"));
    assert!(told(&text.replace("> 0.000000000 received", "> 0.0 received")).contains("not an event"));
    assert!(told(&format!("{text}~ 1\n")).contains("not a count"));
    assert!(told(&format!("{text}< Cancel \x1b[31m\n")).contains("a control character"));
    assert!(told(&format!("{text}hello\n")).contains("neither an event"));
    assert!(told(&format!("{text}> 0.000000000 done a1 Chunk #5:00000000\n")).contains("in short"));
}

/// In whatever form a client sends them, and in whatever the engine makes of them.
#[test]
fn no_secret_gets_into_a_trace() {
    let said: &[&[u8]] = &[
        b"USER alice\r\nPASS hunter2\r\nPASS hunter2\r\nACCT hunter2\r\nADAT hunter2\r\n",
        b"\xFF\xF4\xFF\xF2pass hunter2\r\n",
        b"PaS\xFF\xF1s hunter2\r\n",
        b"PASS\thunter2\r\n PASS hunter2\r\nPASS \xFFhunter2\r\n",
        b"PASS \xFF\xFAhunter2\xFF\xF0\r\n",
        b"USER coded\r\nPASS hunter2\r\n",
        b"ACCT hunter2\r\n",
        b"XLOGIN hunter2\r\nSITE PSWD hunter2 hunter2\r\n",
    ];
    for disabled in [VerbSet::EMPTY, VerbSet::of(Verb::Pass), VerbSet::of(Verb::Acct) | VerbSet::of(Verb::Adat)] {
        for cut in [usize::MAX, 1, 3] {
            let verb = |name: &str| CustomVerb {
                name: name.into(),
                syntax: "<sp> secret".into(),
                needs_login: false,
                in_feat: false,
            };
            let mut config = Config::default();
            config.tls.offered = Switch::On;
            config.disabled = disabled;
            config.custom = ["PASS", "ACCT", "ADAT", "XLOGIN", "SITE PSWD"].map(verb).into();
            config.limits.violations = 1000;
            config.limits.login_attempts = 1000;
            let config = Arc::new(config);
            let recorder = Recorder::new(String::new(), &config, SEED, STARTED, Payloads::Whole);
            let recorder = recorder.hiding("XLOGIN").hiding("site Pswd");
            let mut session = Recorded::with(recorder, config, SEED, STARTED);
            let answered = drive(&mut session, said, cut);
            assert!(answered > 3, "{answered}");
            let text = session.into_recorder().into_inner().unwrap();
            assert!(!text.contains("unter2") && !text.contains("hunte"), "{text}");
            assert_eq!(cut == usize::MAX, !text.contains("received b\"*\""));
            if cut == usize::MAX {
                assert!(text.contains(r#"received b"USER alice\r\nPASS ***\r\nPASS ***\r\nACCT ***\r\nADAT ***\r\n""#));
                assert!(text.contains(r#"verb="XLOGIN" argument=*** cwd="#));
            }
            let report = trace::replay(&text).unwrap();
            assert!(report.is_same(), "{report}");
        }
    }
}

/// Says all this, answers what is asked, and counts the answers.
fn drive(session: &mut Recorded<String>, said: &[&[u8]], cut: usize) -> usize {
    let (local, peer) = (address(LOCAL), address(PEER));
    let mut now = Instant::START;
    let mut answered = 0;
    let mut handle = |session: &mut Recorded<String>, event: Event<'_>| {
        let mut answers: Vec<Completion> = Vec::new();
        let mut written = 0;
        for action in session.handle(now, event).expect("no misuse") {
            match action {
                Action::Write(bytes) => written += bytes.len(),
                Action::Host(HostAction::Authenticate { ticket, credentials }) => {
                    let coded = &*credentials.user == b"coded" && credentials.account.is_none();
                    let failure = ftp_proto::Failure::AccountRequired;
                    let account = Account::new("alice", Permissions::READ_ONLY);
                    answers.push(if coded { ticket.fail(failure) } else { ticket.done(account) });
                }
                Action::Host(action) => answers.extend(action.fail(ftp_proto::Failure::Unsupported)),
                _ => {}
            }
        }
        answered += answers.len();
        let more: Vec<Event<'static>> = answers.into_iter().map(Event::Done).collect();
        (written, more)
    };
    let mut events = vec![Event::Connected { local, peer, admission: Admission::Welcome, implicit_tls: Switch::Off }];
    for piece in [&b""[..]].into_iter().chain(said.iter().flat_map(|said| said.chunks(cut.min(said.len())))) {
        if !piece.is_empty() {
            let (written, more) = handle(session, Event::Received(piece));
            events.push(Event::Sent(written));
            events.extend(more);
        }
        while let Some(event) = events.pop() {
            let (written, more) = handle(session, event);
            events.extend(more);
            if written > 0 {
                events.push(Event::Sent(written));
            }
        }
    }
    now = now + std::time::Duration::from_secs(1);
    let _ = session.handle(now, Event::ControlEnded(ControlEnd::Reset)).expect("no misuse").count();
    answered
}

fn recorded() -> Recorded<String> {
    Recorded::new(String::new(), Arc::new(Config::default()), SEED, STARTED, Payloads::Hashed)
}

fn connected() -> Event<'static> {
    let (local, peer) = (address(LOCAL), address(PEER));
    Event::Connected { local, peer, admission: Admission::Welcome, implicit_tls: Switch::Off }
}

#[test]
fn what_the_session_refuses_is_recorded_too() {
    let mut session = recorded();
    assert_eq!(session.handle(Instant::START, Event::Timeout).err(), Some(Misuse::NotConnected));
    assert_eq!(session.handle(Instant::START, connected()).unwrap().count(), 1);
    assert_eq!(session.handle(Instant::START, Event::Sent(9999)).err(), Some(Misuse::CreditTooLarge));
    let mut other = World::new();
    other.hold("Authenticate");
    other.send("USER alice\r\nPASS secret");
    other.flows = false;
    other.release();
    let foreign = other.ready.pop().unwrap();
    assert_eq!(session.handle(Instant::START, Event::Done(foreign)).err(), Some(Misuse::UnknownAction));
    let text = session.into_recorder().into_inner().unwrap();
    assert!(text.contains("> 0.000000000 timeout\n! NotConnected\n"), "{text}");
    assert!(text.contains("> 0.000000000 sent 9999\n! CreditTooLarge\n"), "{text}");
    assert!(trace::replay(&text).unwrap().is_same());
    let difference = differs(&text.replace("! NotConnected", "! Closed"));
    assert_eq!(difference.recorded.as_deref(), Some("! Closed"));
    let difference = differs(&text.replace("! NotConnected\n", ""));
    assert_eq!((difference.recorded, difference.now.as_deref()), (None, Some("! NotConnected")));
    // The seed makes the session: with another, the completion is of another session, and is refused so.
    let foreign = text.replace("! UnknownAction", "! ForeignCompletion");
    assert!(trace::replay(&foreign).unwrap().is_same());
}

#[test]
fn actions_that_were_not_taken_are_recorded_as_left() {
    let mut session = recorded();
    drop(session.handle(Instant::START, connected()).unwrap());
    assert_eq!(session.handle(Instant::START, Event::Timeout).unwrap().count(), 1);
    let text = session.into_recorder().into_inner().unwrap();
    assert!(text.contains("\n~ 1 left\n> 0.000000000 timeout\n< Write b\"220"), "{text}");
    assert!(trace::replay(&text).unwrap().is_same());
    assert!(matches!(trace::replay(&text.replace("~ 1", "~ 2")).unwrap().verdict, Verdict::Differs(_)));
}

#[test]
fn times_and_configuration_come_back() {
    let mut config = Config::default();
    config.greeting = vec!["one \u{e9} \n".into(), "two \"quoted\" \\".into()];
    config.passive_ports = Some(5..=6);
    config.disabled = VerbSet::of(Verb::Site) | VerbSet::of(Verb::Hash);
    let started = UnixTime { secs: -5, nanos: 7 };
    let recorder = Recorder::new(String::new(), &config, SEED, started, Payloads::Hashed);
    let mut session = Recorded::with(recorder, Arc::new(config.clone()), SEED, started);
    let late = Instant(u64::MAX);
    assert_eq!(session.handle(late, connected()).unwrap().count(), 1);
    let text = session.into_recorder().into_inner().unwrap();
    assert!(text.contains("started -5.000000007\n") && text.contains("> 18446744073.709551615 connected"), "{text}");
    assert_eq!(format!("{:?}", trace::parse(&text).unwrap().config()), format!("{config:?}"));
    assert!(trace::replay(&text).unwrap().is_same());
}

/// One line for each event and action, printable ASCII wherever the client or the storage chose the bytes.
#[test]
fn a_trace_is_lines_of_text() {
    let mut world = taped(|_| {});
    world.log_in("alice");
    world.send_bytes(b"CWD \xE9\x1B[2J\x07\r\nNOOP \x85\r\n");
    world.next_reply();
    world.next_reply();
    world.tree.put("/\u{1b}[31m", b"\n\x1b");
    world.fetch("MLSD");
    let text = world.tape.text();
    assert!(text.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)), "{text}");
    assert!(text.lines().skip(5).all(|line| line.starts_with("> ") || line.starts_with("< ")), "{text}");
}

#[test]
fn the_dialogue_is_told() {
    let mut world = usual();
    insta::assert_snapshot!("dialogue", trace::dialogue(&world.tape.text()).unwrap());
    assert_eq!(trace::dialogue(&world.tape.text()), trace::dialogue(&world.tape.short_text()));
    let mut world = World::of(Arc::new(Config::default()));
    world.tape = Tape::default();
    assert!(trace::dialogue("hello\n").is_err());
}

/// A client may say anything, and the operator's terminal must not obey it.
#[test]
fn a_dialogue_shows_hostile_bytes_and_does_not_send_them() {
    let mut world = taped(|_| {});
    world.log_in("alice");
    world.ask("CWD \u{1b}[2J\u{9b}31m\u{202e}txt.exe\u{2066}\u{200f}", "550");
    world.ask("NOOP \x07\x08", "");
    let told = trace::dialogue(&world.tape.text()).unwrap();
    assert!(told.contains(r"C: CWD \u{1b}[2J\u{9b}31m\u{202e}txt.exe\u{2066}\u{200f}"), "{told}");
    let harmless = |c: char| c == '\n' || !c.is_control() && !"\u{202e}\u{2066}\u{200f}".contains(c);
    assert!(told.chars().all(harmless), "{told:?}");
}

#[test]
fn a_dialogue_under_tls_is_told() {
    let mut world = taped(|config| config.tls.offered = Switch::On);
    world.ask("AUTH TLS", "234");
    world.log_in("alice");
    world.ask("PBSZ 0", "200");
    world.ask("PROT P", "200");
    world.fetch("RETR a.txt");
    world.ask("PORT 198,51,100,7,0,1", "504");
    world.send_bytes(b"NO\x1B[2JOP\r\n");
    world.next_reply();
    world.break_control();
    insta::assert_snapshot!("dialogue_under_tls", trace::dialogue(&world.tape.text()).unwrap());
}

#[test]
fn measured_secrets_are_as_long_as_they_are() {
    let config = Config::default();
    let recorder = Recorder::new(String::new(), &config, SEED, STARTED, Payloads::Hashed).showing(Secrets::Measured);
    let mut session = Recorded::with(recorder, Arc::new(config), SEED, STARTED);
    assert_eq!(session.handle(Instant::START, connected()).unwrap().count(), 1);
    assert!(session.handle(Instant::START, Event::Received(b"PASS hunter2\r\n")).unwrap().count() > 0);
    assert!(session.into_recorder().take().contains(r#"received b"PASS *******\r\n""#));
}

/// What becomes of a trace that was written over by chance.
fn spoiled() -> impl Strategy<Value = Vec<(usize, usize, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0..6_usize, b' '..=b'~'), 1..6)
        .prop_map(|changes| changes.into_iter().map(|(at, how, byte)| (at.index(1 << 20), how, byte)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 400 } else { 20_000 }))]

    /// It is told what is wrong, or what differs; nothing panics, and nothing takes more memory than the trace allows.
    #[test]
    fn nonsense_is_survived(changes in spoiled()) {
        thread_local!(static TEXTS: [String; 2] = {
            let mut world = usual();
            [world.tape.text(), world.tape.short_text()]
        });
        for text in TEXTS.with(Clone::clone) {
            let mut lines: Vec<Vec<u8>> = text.lines().map(|line| line.as_bytes().to_vec()).collect();
            for (at, how, byte) in &changes {
                let line = at % lines.len();
                let column = (at / 7) % lines[line].len().max(1); // 0 in an empty line.
                match how {
                    0 => lines[line].truncate(column),
                    1 => drop(lines.remove(line)),
                    2 => lines.insert(line, lines[(at / 3) % lines.len()].clone()),
                    3 => lines[line].insert(column, *byte),
                    _ if lines[line].is_empty() => {}
                    4 => lines[line][column] = b'9',
                    _ => lines[line][column] = *byte,
                }
            }
            let text = String::from_utf8(lines.join(&b'\n')).unwrap() + "\n";
            let _ = trace::replay(&text);
            let _ = trace::dialogue(&text);
        }
    }

    #[test]
    fn a_trace_cut_anywhere_is_survived(at in any::<prop::sample::Index>()) {
        thread_local!(static TEXT: String = usual().tape.short_text());
        let text = TEXT.with(Clone::clone);
        let cut = &text[..at.index(text.len())];
        let whole_lines = cut.is_empty() || cut.ends_with('\n');
        prop_assert!(trace::replay(cut).is_err() || whole_lines);
    }
}
