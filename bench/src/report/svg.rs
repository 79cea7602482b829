//! A picture as text, readable on light and on dark: colours stand in classes, which follow the reader's scheme.

use std::fmt::{Display, Write};

/// A picture under way. Text is escaped; numbers are in pixels.
#[derive(Debug)]
pub(crate) struct Picture {
    width: f64,
    height: f64,
    body: String,
}

impl Picture {
    /// An empty one.
    pub(crate) fn new(width: f64, height: f64) -> Self {
        Self { width, height, body: String::new() }
    }

    /// Text that begins (`start`), ends (`end`) or has its middle (`middle`) there.
    pub(crate) fn text(&mut self, (x, y): (f64, f64), anchor: &str, class: &str, text: impl Display) {
        let text = escaped(&text.to_string());
        let _ = writeln!(self.body, "<text x='{x:.1}' y='{y:.1}' text-anchor='{anchor}' class='{class}'>{text}</text>");
    }

    /// A box.
    pub(crate) fn bar(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), class: &str) {
        let (width, height) = (width.max(0.0), height.max(0.0));
        let _ = writeln!(
            self.body,
            "<rect x='{x:.1}' y='{y:.1}' width='{width:.1}' height='{height:.1}' class='{class}'/>"
        );
    }

    /// A line through points.
    pub(crate) fn line(&mut self, points: &[(f64, f64)], class: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(self.body, "<polyline points='{}' class='{class}'/>", points.join(" "));
    }

    /// A point.
    pub(crate) fn dot(&mut self, (x, y): (f64, f64), class: &str) {
        let _ = writeln!(self.body, "<circle cx='{x:.1}' cy='{y:.1}' r='3' class='{class}'/>");
    }

    /// The picture.
    pub(crate) fn finish(self) -> String {
        let Self { width, height, body } = self;
        format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='{width:.0}' height='{height:.0}' \
             viewBox='0 0 {width:.0} {height:.0}'>\n{STYLE}{body}</svg>\n"
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&apos;").replace('"', "&quot;")
}

/// Colours that can be told apart by those who see few, on both grounds.
const STYLE: &str = "\
<style>
  text { font: 12px system-ui, sans-serif; fill: #222; }
  .title { font-size: 14px; font-weight: 600; } .small { font-size: 10px; fill: #666; }
  .ground { fill: #fff; } .axis { stroke: #bbb; fill: none; } rect.ours { fill: #0072b2; } rect.peer { fill: #b0b0b0; }
  rect.ceiling { fill: #e69f00; } .spread { stroke: #222; fill: none; }
  polyline { fill: none; stroke-width: 1.5; }
  .s0 { stroke: #0072b2; } .s1 { stroke: #56b4e9; } .s2 { stroke: #d55e00; } .s3 { stroke: #009e73; }
  .s4 { stroke: #cc79a7; } .s5 { stroke: #b39b00; } .s6 { stroke: #777; }
  circle { fill: none; } circle.s0 { fill: #0072b2; } circle.s1 { fill: #56b4e9; }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd; } .small { fill: #999; } .ground { fill: #0d1117; } .axis { stroke: #444; } .spread { stroke: #eee; }
    rect.ours { fill: #4aa8e0; } rect.peer { fill: #666; }
    .s0 { stroke: #4aa8e0; } .s6 { stroke: #aaa; } circle.s0 { fill: #4aa8e0; }
  }
</style>
<rect width='100%' height='100%' class='ground'/>
";
