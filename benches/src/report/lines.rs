use crate::linear::Series;
use plotters::prelude::*;

/// Total cost over the amount of work, both axes logarithmic: what grows as the work does is a straight line of slope one.
///
/// # Errors
///
/// What plotters says.
pub fn costs(title: &str, all: &[Series]) -> Result<String, String> {
    let mut svg = String::new();
    draw(&mut svg, title, all).map_err(|error| error.to_string())?;
    Ok(svg)
}

fn draw(svg: &mut String, title: &str, all: &[Series]) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(svg, (960, 560)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 17))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(70)
        .build_cartesian_2d((1e2..1e9).log_scale(), (1e2..1e9).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("amount of work")
        .y_desc("nanoseconds in all")
        .light_line_style(WHITE)
        .x_label_formatter(&|amount| format!("{amount:.0e}"))
        .y_label_formatter(&|nanos| format!("{nanos:.0e}"))
        .draw()?;
    for (at, series) in all.iter().enumerate() {
        let colour = Palette99::pick(at).to_rgba();
        let points: Vec<_> =
            series.points.iter().map(|point| (point.nanos / point.unit_nanos(), point.nanos)).collect();
        let label = format!("{} (a unit at the end: {:.2}×)", series.name, series.growth());
        chart
            .draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)).point_size(3))?
            .label(label)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .border_style(RGBColor(220, 220, 220))
        .draw()?;
    root.present()?;
    Ok(())
}
