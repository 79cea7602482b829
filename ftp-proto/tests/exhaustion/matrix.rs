//! The picture of one machine: its states down, the kinds of events across, and in each cell who has reached it. SVG by
//! hand, readable on white and on black.

use std::fmt::Write;

use ftp_proto::event::EventKind;
use ftp_proto::server::state::Machine;

use super::evidence::{Evidence, SOURCES};

const LEFT: usize = 132;
const TOP: usize = 84;
const WIDE: usize = 74;
const HIGH: usize = 28;

/// `docs/states/<machine>.svg`.
pub(crate) fn picture(machine: Machine, evidence: &Evidence) -> String {
    let (states, events) = (machine.states(), EventKind::ALL);
    let (width, height) = (LEFT + events.len() * WIDE + 16, TOP + states.len() * HIGH + 16);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\">\n<title>{}: which events were seen in which states</title>\n{STYLE}\
         <rect class=\"page\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>\n",
        machine.name(),
    );
    text(&mut svg, "name", 16, 28, machine.name());
    legend(&mut svg);
    for (column, event) in events.iter().enumerate() {
        text(&mut svg, "event", LEFT + column * WIDE + WIDE / 2, TOP - 10, event.name());
    }
    for (row, state) in states.iter().enumerate() {
        let y = TOP + row * HIGH;
        text(&mut svg, "state", LEFT - 10, y + 18, state);
        for (column, event) in events.iter().enumerate() {
            let cell = (machine.name(), *state, event.name());
            let x = LEFT + column * WIDE;
            if evidence.unreachable.contains_key(&cell) {
                rectangle(&mut svg, "never", (x + 2, y + 2), (WIDE - 4, HIGH - 4));
                text(&mut svg, "dash", x + WIDE / 2, y + 18, "–");
                continue;
            }
            let reached = evidence.is_reached(&cell);
            rectangle(&mut svg, if reached { "cell" } else { "missing" }, (x + 2, y + 2), (WIDE - 4, HIGH - 4));
            for (place, source) in SOURCES.iter().enumerate() {
                let class = if evidence.reached[place].contains(&cell) { source } else { "not" };
                rectangle(&mut svg, class, (x + 7 + place * 21, y + 9), (18, 10));
            }
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn legend(svg: &mut String) {
    let mut x = LEFT;
    for source in SOURCES {
        rectangle(svg, source, (x, 18), (18, 10));
        text(svg, "legend", x + 24, 28, &format!("by {source}"));
        x += 140;
    }
    rectangle(svg, "not", (x, 18), (18, 10));
    text(svg, "legend", x + 24, 28, "not by it");
    rectangle(svg, "never", (x + 110, 14), (30, 18));
    text(svg, "dash", x + 125, 28, "–");
    text(svg, "legend", x + 148, 28, "cannot be: the page tells why");
}

fn text(svg: &mut String, class: &str, x: usize, y: usize, text: &str) {
    writeln!(svg, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{text}</text>").expect("a string takes all");
}

fn rectangle(svg: &mut String, class: &str, (x, y): (usize, usize), (width, height): (usize, usize)) {
    writeln!(svg, "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"3\"/>")
        .expect("a string takes all");
}

const STYLE: &str = "\
<style>
text { font: 13px system-ui, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328; }
.name { font-size: 17px; font-weight: 600; }
.event, .dash { text-anchor: middle; }
.state { text-anchor: end; }
.page { fill: #ffffff; }
.cell { fill: #f0f3f6; }
.missing { fill: #ffd8d3; stroke: #cf222e; stroke-width: 2; }
.never { fill: none; stroke: #c6ccd3; stroke-dasharray: 3 3; }
.dash { fill: #7a828c; }
.not { fill: none; stroke: #b4bcc5; }
.tests { fill: #1a7f4b; }
.simulation { fill: #0a69da; }
.fuzzing { fill: #bf6a02; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .page { fill: #0d1117; }
  .cell { fill: #1c232c; }
  .missing { fill: #4d1512; stroke: #ff7b72; }
  .never { stroke: #3d4650; }
  .dash { fill: #8b949e; }
  .not { stroke: #4a535e; }
  .tests { fill: #3fb975; }
  .simulation { fill: #58a6ff; }
  .fuzzing { fill: #e3983c; }
}
</style>
";
