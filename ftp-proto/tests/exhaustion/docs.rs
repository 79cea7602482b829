//! `docs/states.md` and its pictures are what was seen. `UPDATE_DOCS=1` writes them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use ftp_proto::event::EventKind;
use ftp_proto::server::state::Machine;

use super::evidence::{Evidence, SOURCES, docs, every_cell};
use super::explore::Findings;
use super::{findings, is_usual, matrix};

fn updates() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

#[test]
fn the_page_of_states_and_its_pictures_are_true() {
    let findings = findings();
    if !is_usual() {
        return;
    }
    let mut evidence = Evidence::read();
    let told = evidence.reached[0].clone();
    evidence.reached[0].extend(&findings.cells);
    let mut files = vec![("states.md".to_owned(), page(findings, &evidence))];
    for machine in Machine::ALL {
        files.push((format!("states/{}.svg", machine.name()), matrix::picture(*machine, &evidence)));
    }
    if updates() {
        let lines: Vec<String> =
            evidence.reached[0].iter().map(|cell| format!("{} {} {}\n", cell.0, cell.1, cell.2)).collect();
        let mut lines = lines;
        lines.sort();
        std::fs::write(docs().join("states/cells/tests.txt"), lines.concat()).expect("docs can be written");
        for (name, content) in &files {
            std::fs::write(docs().join(name), content).expect("docs can be written");
        }
    } else {
        let untold: Vec<_> = findings.cells.difference(&told).collect();
        assert!(untold.is_empty(), "docs/states/cells/tests.txt does not tell of {untold:?}; UPDATE_DOCS=1 does");
    }
    for (name, content) in files {
        let written = std::fs::read_to_string(docs().join(&name)).unwrap_or_default();
        let wrong = written.lines().zip(content.lines()).find(|(written, told)| written != told);
        assert_eq!(wrong, None, "docs/{name} is not what was seen; UPDATE_DOCS=1 writes it");
        assert_eq!(written.len(), content.len(), "docs/{name} is not what was seen; UPDATE_DOCS=1 writes it");
    }
}

#[test]
fn every_cell_is_reached_or_cannot_be() {
    let mut evidence = Evidence::read();
    if is_usual() {
        evidence.reached[0].extend(&findings().cells);
    }
    let mut wrong = Vec::new();
    for cell in every_cell() {
        match (evidence.is_reached(&cell), evidence.unreachable.contains_key(&cell)) {
            (true, true) => wrong.push(format!("{cell:?} is listed in docs/states/unreachable.txt, and was reached")),
            (false, false) => {
                wrong.push(format!("{cell:?} was not reached, and is not in docs/states/unreachable.txt"))
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn page(findings: &Findings, evidence: &Evidence) -> String {
    let mut page = String::from(BEGINNING);
    let every: Vec<_> = every_cell().collect();
    let counts = evidence.reached.each_ref().map(BTreeSet::len);
    writeln!(
        page,
        "Of {} cells {} cannot be reached. {}.\n",
        every.len(),
        evidence.unreachable.len(),
        SOURCES
            .iter()
            .zip(counts)
            .map(|(source, count)| format!("By {source}: {count}"))
            .collect::<Vec<_>>()
            .join(". "),
    )
    .expect("a string takes all");
    for machine in Machine::ALL {
        let (title, about) = about(*machine);
        write!(page, "\n## {title}\n\n{about}\n\n").expect("a string takes all");
        diagram(&mut page, *machine, findings);
        transitions(&mut page, *machine, findings);
        write!(page, "\n![{} by kind of event: which cells were reached](states/{}.svg)\n", title, machine.name())
            .expect("a string takes all");
        table(&mut page, *machine, evidence);
    }
    page.push_str("\n## What cannot be\n\n");
    for (number, reason) in evidence.reasons.iter().enumerate() {
        let cells = evidence.unreachable.values().filter(|of| **of == number).count();
        writeln!(page, "{}. {reason} ({cells} cells)", number + 1).expect("a string takes all");
    }
    page.push_str(EXPLORED);
    let mut all = 0;
    for (name, counts) in &findings.worlds {
        all += counts.sequences;
        writeln!(page, "| {name} | {} | {} |", counts.depth, grouped(counts.sequences)).expect("a string takes all");
    }
    writeln!(page, "| all | | {} |", grouped(all)).expect("a string takes all");
    page
}

/// Edges, with what makes each of them: at most so many labels, the table has the rest.
fn diagram(page: &mut String, machine: Machine, findings: &Findings) {
    const SHOWN: usize = 4;
    page.push_str("```mermaid\nstateDiagram-v2\n");
    for state in machine.states() {
        writeln!(page, "    state \"{}\" as {}", state.replace('-', " "), name(state)).expect("a string takes all");
    }
    writeln!(page, "    [*] --> {}", name(machine.states()[0])).expect("a string takes all");
    for (from, to, labels, _) in edges(machine, findings) {
        if labels.is_empty() {
            continue;
        }
        let mut shown: Vec<String> = labels.iter().take(SHOWN).cloned().collect();
        if labels.len() > SHOWN {
            shown.push(format!("and {} more", labels.len() - SHOWN));
        }
        writeln!(page, "    {} --> {} : {}", name(from), name(to), shown.join("<br/>")).expect("a string takes all");
    }
    if machine == Machine::End {
        page.push_str("    closed --> [*]\n");
    }
    page.push_str("```\n");
}

fn transitions(page: &mut String, machine: Machine, findings: &Findings) {
    page.push_str("\n<details><summary>Every transition that was seen</summary>\n\n");
    page.push_str(
        "| from | to | by | where a command had waited, or the session was ending, also by |\n|---|---|---|---|\n",
    );
    for (from, to, labels, others) in edges(machine, findings) {
        writeln!(page, "| {from} | {to} | {} | {} |", labels.join(", "), others.join(", "))
            .expect("a string takes all");
    }
    page.push_str("\n</details>\n");
}

fn table(page: &mut String, machine: Machine, evidence: &Evidence) {
    page.push_str("\n<details><summary>The same as a table</summary>\n\n| |");
    for event in EventKind::ALL {
        write!(page, " {} |", event.name()).expect("a string takes all");
    }
    page.push_str("\n|---|");
    page.push_str(&"---|".repeat(EventKind::ALL.len()));
    page.push('\n');
    for state in machine.states() {
        write!(page, "| {state} |").expect("a string takes all");
        for event in EventKind::ALL {
            let cell = (machine.name(), *state, event.name());
            let reached = SOURCES.iter().zip(&evidence.reached).filter(|(_, reached)| reached.contains(&cell));
            let mut letters: String = reached.filter_map(|(source, _)| source.chars().next()).collect();
            if let Some(reason) = evidence.unreachable.get(&cell) {
                letters = format!("– ({})", reason + 1);
            }
            write!(page, " {letters} |").expect("a string takes all");
        }
        page.push('\n');
    }
    page.push_str("\n</details>\n");
}

/// From, to, by what alone, and by what else, in the order of the states.
fn edges(machine: Machine, findings: &Findings) -> Vec<(&'static str, &'static str, Vec<String>, Vec<String>)> {
    let place = |state: &str| machine.states().iter().position(|known| *known == state);
    let of_machine = findings.edges.iter().filter(|((of, ..), _)| *of == machine);
    let mut edges: Vec<_> = of_machine
        .map(|((_, from, to), labels)| {
            let by =
                |direct| labels.iter().filter(move |(_, alone)| **alone == direct).map(|(label, _)| label.as_str());
            (*from, *to, labels_of(by(true)), labels_of(by(false)))
        })
        .collect();
    edges.sort_by_key(|(from, to, ..)| (place(from), place(to)));
    edges
}

/// Commands first; answers of one action together.
fn labels_of<'a>(labels: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut commands = Vec::new();
    let mut others = Vec::new();
    let mut answers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for label in labels {
        match label.split_once(' ') {
            Some((action, ending)) if ENDINGS.contains(&ending) => answers.entry(action).or_default().push(ending),
            _ if label.starts_with(|first: char| first.is_ascii_uppercase()) => commands.push(label.to_owned()),
            _ => others.push(label.to_owned()),
        }
    }
    let answers = answers.into_iter().map(|(action, endings)| {
        let all = ["done", "failed", "cancelled"].iter().all(|ending| endings.contains(ending));
        let mut endings = endings;
        endings.sort_by_key(|ending| ENDINGS.iter().position(|known| known == ending));
        if all { format!("{action} answered") } else { format!("{action} {}", endings.join(" or ")) }
    });
    let answers: Vec<String> = answers.collect();
    commands.into_iter().chain(answers).chain(others).collect()
}

const ENDINGS: [&str; 9] =
    ["done", "ended", "cut", "by a stranger", "not resumed", "wants ACCT", "name taken", "failed", "cancelled"];

fn name(state: &str) -> String {
    state.replace('-', "_")
}

fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let grouped = digits.as_bytes().rchunks(3).rev().map(|three| String::from_utf8_lossy(three).into_owned());
    grouped.collect::<Vec<_>>().join(",")
}

const fn about(machine: Machine) -> (&'static str, &'static str) {
    match machine {
        Machine::Login => (
            "Login",
            "Who is there (RFC 959 §4.1.1). A failed login is answered after a delay; nothing else runs meanwhile.",
        ),
        Machine::Layer => (
            "Control connection",
            "In the clear or under TLS (RFC 4217). Between the two nothing is said, and whatever comes in is no command.",
        ),
        Machine::Data => (
            "Data setup",
            "How the next data connection will come about (RFC 959 §3.2). A 150 uses it up: from there on the connection \
             is the transfer's.",
        ),
        Machine::Work => ("Work", "What the running command waits for. One command runs at a time."),
        Machine::Transfer => (
            "Transfer",
            "From the command to its final reply (RFC 959 §5). Before its 150 it is refused, and the data setup stays; \
             behind it, it ends or is broken off, and is answered once everything is closed.",
        ),
        Machine::End => (
            "End of the session",
            "A session closes when nothing is open and its last reply has left. No event is taken any more then.",
        ),
        _ => panic!("a machine of which nothing is told here"),
    }
}

const BEGINNING: &str = "\
# States

A session is one state machine, but it is read more easily as six small ones. `Session::state` names the state of each,
`Event::kind` the kind of an event; nothing is kept for them.

This page is made from running code. `ftp-proto/tests/exhaustion/` lets every sequence of a few events happen to real
sessions, over small alphabets, and writes down what each session went from and to. A test compares; `UPDATE_DOCS=1 cargo
test -p ftp-proto --test exhaustion` writes it anew.

- **A diagram** shows the transitions of one machine that were seen, and what made each: a command (`RETR`), the answer
  to an action (`OpenRead done`; *answered* where every answer does it), a timer, or another event. Where a state stays
  the same there is no arrow. A command that waited its turn begins when something else ends, in one step: such
  transitions stand in the table beneath, not in the diagram. So do several commands that came in one segment (`A+B`), and
  what a session goes through that is ending already.
- **A picture** shows every state (down) by every kind of event (across). A mark in a cell says that such an event came in
  such a state, and was no misuse: by *tests* (these sequences, the dialogues, the storm), by *simulation*, by *fuzzing*.
- **A cell without a mark** is named in `docs/states/unreachable.txt`, with the reason. A test fails where a cell is
  neither reached nor named, and where one is named and reached all the same.

Evidence is text: `docs/states/cells/tests.txt`, `simulation.txt` and `fuzzing.txt` hold one cell a line, `machine state
event`, sorted. Where `FTP_CELLS` names a file (by its whole path), a program that watches sessions appends the cells it
reaches; the tests of the engine do:

```text
FTP_CELLS=/tmp/cells cargo test -p ftp-proto
sort -u /tmp/cells docs/states/cells/tests.txt -o docs/states/cells/tests.txt
UPDATE_DOCS=1 cargo test -p ftp-proto --test exhaustion
```

";

const EXPLORED: &str = "
## What was explored

Every sequence of up to so many events behind the beginnings of each world. Two sequences that lead to the same session
(but for the names of ids and the time of day) are continued once, and counted as two. From every state that was come to,
illegal events are refused and change nothing, and the session can be brought to its end. `FTP_DEEPER=1` makes all
sequences an event longer.

Framing, parsing, PORT, EPRT and the ASCII codec are explored by `ftp-proto/tests/short_inputs.rs`: all short inputs over
what is special to them, against simple references. Neither Kani nor Miri is used: neither comes with the toolchains that
this is built with, and the engine has no unsafe code that Miri could judge.

| world | events | sequences |
|---|---|---|
";
