//! A family of rows as bars: the rate at the left, the server's processor time at the right.

use super::svg::Picture;
use super::{RowResult, figure, markdown};
use crate::rows::Sample;
use crate::statistics::Spread;

/// The picture.
#[must_use]
pub(crate) fn picture(rows: &[&RowResult]) -> String {
    let lines: usize = rows.iter().map(|row| row.servers.len()).sum();
    let height = TOP + rows.len() as f64 * HEADING + lines as f64 * LINE + 8.0;
    let mut picture = Picture::new(LEFT + 2.0 * PANEL, height);
    if let Some(row) = rows.first() {
        picture.text((LEFT, 20.0), "start", "title", format!("{}: more is better", row.unit.rate().0));
        picture.text((LEFT + PANEL, 20.0), "start", "title", format!("{}: less is better", row.unit.cost().0));
    }
    let mut y = TOP;
    for row in rows {
        picture.text((8.0, y + HEADING - 8.0), "start", "title", &row.title);
        y += HEADING;
        panel(&mut picture, row, (LEFT, y), |sample| sample.rate() / row.unit.rate().1);
        panel(&mut picture, row, (LEFT + PANEL, y), |sample| sample.cost() * row.unit.cost().1);
        for server in &row.servers {
            picture.text((LEFT - 8.0, y + 12.0), "end", "", server.peer.name());
            y += LINE;
        }
    }
    picture.finish()
}

/// One figure of all servers, drawn from `origin` down.
fn panel(picture: &mut Picture, row: &RowResult, (x, top): (f64, f64), of: impl Fn(&Sample) -> f64) {
    let spreads: Vec<Option<Spread>> = row.servers.iter().map(|server| server.spread(&of)).collect();
    let most = longest(&spreads);
    let scale = if most > 0.0 { WIDTH / most } else { 0.0 };
    for (index, (server, spread)) in row.servers.iter().zip(spreads).enumerate() {
        let y = top + index as f64 * LINE;
        let Some(Spread { median, min, max }) = spread else {
            picture.text((x + 4.0, y + 12.0), "start", "small", "n/a");
            continue;
        };
        if median > most {
            // Too long to be drawn beside the others: it is cut, and has a gap to show it.
            picture.bar((x, y + 2.0), (WIDTH - 14.0, LINE - 4.0), markdown::class(server.peer));
            picture.bar((x + WIDTH - 10.0, y + 2.0), (10.0, LINE - 4.0), markdown::class(server.peer));
            picture.text((x + WIDTH + 4.0, y + 12.0), "start", "small", figure(median));
            continue;
        }
        let max = max.min(most);
        picture.bar((x, y + 2.0), (median * scale, LINE - 4.0), markdown::class(server.peer));
        let middle = y + LINE / 2.0;
        picture.line(&[(x + min * scale, middle), (x + max * scale, middle)], "spread");
        picture.text((x + max * scale + 4.0, y + 12.0), "start", "small", figure(median));
    }
}

/// What the longest bar stands for: the largest figure, but for those far beyond the middle one, which would leave nothing
/// to be seen of the others.
fn longest(spreads: &[Option<Spread>]) -> f64 {
    let known = || spreads.iter().flatten();
    let middle = Spread::of(known().map(|spread| spread.median)).map_or(0.0, |spread| spread.median);
    let drawn = known().filter(|spread| spread.median <= FAR * middle);
    drawn.map(|spread| spread.max.min(spread.median * 2.0)).fold(0.0, f64::max)
}

/// How many times the middle figure is too far.
const FAR: f64 = 4.0;
/// Where the names end.
const LEFT: f64 = 110.0;
/// From one panel to the next.
const PANEL: f64 = 360.0;
/// The longest bar.
const WIDTH: f64 = 270.0;
/// What stands above all.
const TOP: f64 = 32.0;
/// What stands above a row.
const HEADING: f64 = 32.0;
/// A server.
const LINE: f64 = 16.0;
