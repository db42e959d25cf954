use crate::{Measured, Than};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// A line for each row: how many times as fast as the best peer, tungstenite and the floor we are.
///
/// # Errors
///
/// What plotters says.
pub fn ratios(title: &str, all: &[Measured]) -> Result<String, String> {
    let mut svg = String::new();
    draw(&mut svg, title, all).map_err(|error| error.to_string())?;
    Ok(svg)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

fn draw(svg: &mut String, title: &str, all: &[Measured]) -> Drawn {
    let height = TOP + ROW_HEIGHT * i32::try_from(all.len())? + BOTTOM;
    let root =
        SVGBackend::with_string(svg, (u32::try_from(WIDTH)?, u32::try_from(height)?)).into_drawing_area();
    root.fill(&WHITE)?;
    let ratios =
        all.iter().flat_map(|measured| [Than::BestPeer, Than::Tungstenite].map(|than| measured.ratio(than)));
    let most = ratios.flatten().fold(2.0, f64::max);
    // Powers of two at both ends.
    let (low, high) = (0.25, 2_f64.powf(most.log2().ceil()));
    let x = |ratio: f64| {
        let part = (ratio.clamp(low, high) / low).ln() / (high / low).ln();
        LEFT + (part * f64::from(WIDTH - LEFT - RIGHT)).round() as i32
    };
    let bottom = height - BOTTOM;
    write(&root, title, (WIDTH / 2, 14), 17, HPos::Center)?;
    legend(&root)?;
    let mut mark = low;
    while mark <= high {
        let colour = if mark == 1.0 { BLACK } else { RGBColor(220, 220, 220) };
        root.draw(&PathElement::new([(x(mark), TOP), (x(mark), bottom)], colour))?;
        write(&root, &format!("{mark}×"), (x(mark), bottom + 12), 13, HPos::Center)?;
        mark *= 2.0;
    }
    for (at, measured) in all.iter().enumerate() {
        let y = TOP + ROW_HEIGHT * i32::try_from(at)? + ROW_HEIGHT / 2;
        write(&root, &format!("{}: {}", measured.group, measured.row), (LEFT - 8, y), 13, HPos::Right)?;
        if let Some(ratio) = measured.ratio(Than::BestPeer) {
            let colour = if ratio >= 1.0 { AHEAD } else { BEHIND };
            let (from, to) = (x(1.0).min(x(ratio)), x(1.0).max(x(ratio)));
            root.draw(&Rectangle::new([(from, y - 6), (to, y + 6)], colour.filled()))?;
        }
        if let Some(ratio) = measured.ratio(Than::Tungstenite) {
            root.draw(&Circle::new((x(ratio), y), 4, TUNGSTENITE.filled()))?;
        }
        if let Some(ratio) = measured.ratio(Than::Floor) {
            root.draw(&TriangleMarker::new((x(ratio), y), 5, FLOOR.filled()))?;
        }
        for target in measured.targets.iter().filter(|target| target.than == Than::BestPeer) {
            let x = x(target.at_least);
            root.draw(&PathElement::new([(x, y - 8), (x, y + 8)], BLACK.stroke_width(2)))?;
        }
    }
    root.present()?;
    Ok(())
}

fn legend(root: &Area<'_>) -> Drawn {
    let y = 38;
    let at = |column: usize| [20, 320, 500, 720][column];
    root.draw(&Rectangle::new([(at(0), y - 6), (at(0) + 18, y + 6)], AHEAD.filled()))?;
    write(root, "the best peer's time / ours; red: less than ours", (at(0) + 24, y), 13, HPos::Left)?;
    root.draw(&PathElement::new([(at(1) + 5, y - 8), (at(1) + 5, y + 8)], BLACK.stroke_width(2)))?;
    write(root, "what we want at least", (at(1) + 14, y), 13, HPos::Left)?;
    root.draw(&Circle::new((at(2) + 5, y), 4, TUNGSTENITE.filled()))?;
    write(root, "tungstenite's time / ours", (at(2) + 14, y), 13, HPos::Left)?;
    root.draw(&TriangleMarker::new((at(3) + 5, y), 5, FLOOR.filled()))?;
    write(root, "the floor's time / ours", (at(3) + 14, y), 13, HPos::Left)
}

fn write(root: &Area<'_>, text: &str, at: (i32, i32), size: i32, anchor: HPos) -> Drawn {
    let style = ("sans-serif", size).into_font().color(&BLACK).pos(Pos::new(anchor, VPos::Center));
    root.draw(&Text::new(text.to_owned(), at, style))?;
    Ok(())
}

const WIDTH: i32 = 960;
const LEFT: i32 = 330;
const RIGHT: i32 = 30;
const TOP: i32 = 58;
const BOTTOM: i32 = 26;
const ROW_HEIGHT: i32 = 20;
const AHEAD: RGBColor = RGBColor(112, 173, 130);
const BEHIND: RGBColor = RGBColor(205, 92, 92);
const TUNGSTENITE: RGBColor = RGBColor(90, 90, 90);
const FLOOR: RGBColor = RGBColor(65, 105, 190);
