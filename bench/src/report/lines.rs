//! A family of rows as lines: what one unit costs the server, by size. Both axes are logarithms.

use super::svg::Picture;
use super::{RowResult, figure};
use crate::peers::Peer;
use crate::rows::Sample;

/// The picture; `None` where there are too few sizes for a line.
#[must_use]
pub(crate) fn picture(rows: &[&RowResult]) -> Option<String> {
    if rows.len() < 3 {
        return None;
    }
    let unit = rows.first()?.unit.cost();
    let series: Vec<(Peer, Vec<(f64, f64)>)> = Peer::ALL.into_iter().map(|peer| (peer, points(rows, peer))).collect();
    let all = || series.iter().flat_map(|(_, points)| points);
    let (left, right) = bounds(all().map(|point| point.0))?;
    let (low, high) = bounds(all().map(|point| point.1))?;
    let mut picture = Picture::new(LEFT + WIDTH + 120.0, TOP + HEIGHT + 40.0);
    picture.text((LEFT, 20.0), "start", "title", format!("{}: {}, by size", rows.first()?.family, unit.0));
    let place = |(x, y): (f64, f64)| {
        let across = (x.log10() - left) / (right - left).max(f64::MIN_POSITIVE);
        let up = (y.log10() - low) / (high - low).max(f64::MIN_POSITIVE);
        (LEFT + across * WIDTH, TOP + (1.0 - up) * HEIGHT)
    };
    let mut power = low;
    while power <= high {
        let (_, y) = place((10_f64.powf(left), 10_f64.powf(power)));
        picture.line(&[(LEFT, y), (LEFT + WIDTH, y)], "axis");
        picture.text((LEFT - 6.0, y + 4.0), "end", "small", label(10_f64.powf(power)));
        power += 1.0;
    }
    for row in rows {
        let (x, _) = place((row.size as f64, 10_f64.powf(low)));
        picture.text((x, TOP + HEIGHT + 18.0), "middle", "small", size(row));
    }
    let drawn = series.iter().enumerate().filter(|(_, (_, points))| !points.is_empty());
    for (line, (index, (peer, points))) in drawn.enumerate() {
        draw(&mut picture, (index, line), *peer, &points.iter().map(|point| place(*point)).collect::<Vec<_>>());
    }
    Some(picture.finish())
}

/// One server's line, in the colour that is always its own; `line` says where its name stands.
fn draw(picture: &mut Picture, (index, line): (usize, usize), peer: Peer, points: &[(f64, f64)]) {
    let class = format!("s{}", index.min(6));
    picture.line(points, &class);
    for point in points {
        picture.dot(*point, &class);
    }
    // The names stand in their own order, as in the tables: ends of lines may lie on each other.
    let y = TOP + 12.0 + line as f64 * 18.0;
    picture.line(&[(LEFT + WIDTH + 12.0, y - 4.0), (LEFT + WIDTH + 30.0, y - 4.0)], &class);
    picture.text((LEFT + WIDTH + 36.0, y), "start", "", peer.name());
}

/// What one server needs at each size; nothing where it needed too little to be counted.
fn points(rows: &[&RowResult], peer: Peer) -> Vec<(f64, f64)> {
    let of = |row: &&RowResult| {
        let server = row.servers.iter().find(|server| server.peer == peer)?;
        let cost = server.spread(Sample::cost)?.median * row.unit.cost().1;
        (cost > 0.0).then_some((row.size as f64, cost))
    };
    rows.iter().filter_map(of).collect()
}

/// The powers of ten around them.
fn bounds(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    (high > 0.0).then(|| (low.log10().floor(), high.log10().ceil().max(low.log10().floor() + 1.0)))
}

fn size(row: &RowResult) -> String {
    if row.family.ends_with("size-file") { crate::rows::bytes(row.size) } else { label(row.size as f64) }
}

/// A power of ten, or a count: without a fraction where it has none.
pub(crate) fn label(value: f64) -> String {
    let text = figure(value);
    if text.contains('.') && value >= 1.0 && value.fract() < 1e-9 { format!("{value:.0}") } else { text }
}

const LEFT: f64 = 70.0;
const WIDTH: f64 = 480.0;
const TOP: f64 = 36.0;
const HEIGHT: f64 = 260.0;
