use super::*;

fn measured() -> Vec<(f64, f64)> {
    vec![(64.0, 1.75), (206.0, 1.679), (440.0, 1.6502), (1024.0, 1.6556), (2398.0, 1.6793)]
}

fn chart() -> Chart {
    Chart::new("Text & spikes", Axis::log("neurons N"), Axis::linear("loss (bits per character)"))
        .with(Series::points("measured", &measured()).errors(&[0.01; 5]))
        .with(Series::line("theory", &measured()).dashed().like(0))
        .mark(440.0, "optimum")
}

#[test]
fn a_chart_is_drawn_with_the_same_small_bytes_each_time() {
    let svg = chart().svg().unwrap();
    assert_eq!(svg, chart().svg().unwrap());
    assert!(svg.len() < 20_000, "{} bytes", svg.len());
    for told in ["Text &amp; spikes", "neurons N", "loss (bits per character)", "measured", "optimum"] {
        assert!(svg.contains(told), "{told} is missing");
    }
    assert!(chart().png().unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn contours_of_a_smooth_function_take_tens_of_kilobytes() {
    let axis: Vec<f64> = (0..48).map(|at| 10f64.powf(1.0 + f64::from(at) / 16.0)).collect();
    let value = |x: f64, y: f64| (x.ln() - 6.0).powi(2) + 2.0 * (y.ln() - 5.0).powi(2);
    let rows: Vec<Vec<f64>> = axis.iter().map(|&y| axis.iter().map(|&x| value(x, y)).collect()).collect();
    let field = Field::contours("loss", &axis, &axis, &rows, 12);
    let svg = Chart::new("surface", Axis::log("N"), Axis::log("k_e")).over(field).svg().unwrap();
    assert!((5_000..90_000).contains(&svg.len()), "{} bytes", svg.len());
}

#[test]
fn numbers_without_a_place_are_named() {
    let said = |chart: Chart| chart.svg().unwrap_err().to_string();
    let axes = || Chart::new("t", Axis::log("N"), Axis::linear("loss"));
    assert_eq!(said(axes()), "chart \"t\" has no point to draw");
    let zero = said(axes().with(Series::points("runs", &[(0.0, 1.0)])));
    assert_eq!(zero, "chart \"t\": \"runs\" has 0 on the axis \"N\", which needs a positive number");
    let infinite = said(axes().with(Series::line("runs", &[(1.0, f64::INFINITY)])));
    assert!(infinite.ends_with("has inf on the axis \"loss\", which needs a finite number"), "{infinite}");
    let short = said(axes().with(Series::points("runs", &measured()).errors(&[0.1])));
    assert_eq!(short, "chart \"t\": \"runs\" has 1 errors for 5");
    let range = said(Chart::new("t", Axis::linear("N").between(2.0, 1.0), Axis::linear("loss")));
    assert_eq!(range, "chart \"t\": the axis \"N\" cannot reach from 2 to 1");
}

#[test]
fn a_single_point_and_equal_points_are_drawn() {
    for points in [vec![(5.0, 2.0)], vec![(5.0, 2.0); 3], vec![(5.0, 0.0)]] {
        let chart =
            Chart::new("t", Axis::log("N"), Axis::linear("loss")).with(Series::points("runs", &points));
        let svg = chart.svg().unwrap();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}

#[test]
fn lines_end_at_a_range_that_is_given() {
    let chart = Chart::new("t", Axis::linear("t (s)").between(0.0, 1.0), Axis::linear("x").between(0.0, 1.0))
        .with(Series::line("", &[(-10.0, -10.0), (10.0, 10.0)]));
    let (svg, frame) = (chart.svg().unwrap(), frame::Frame::of(&chart));
    let [left, right] = [frame.x.start, frame.x.end].map(pen::tenth);
    let ends = format!("M {left} {} L {right} {} ", frame.y.start, frame.y.end);
    assert!(svg.contains(&ends), "{ends} is not in {svg}");
}

#[test]
fn panels_share_their_axis_and_tell_their_series() {
    let x = Axis::linear("time (ms)").between(0.0, 10.0);
    let rows = vec![vec![0.0, 1.0, 0.5, 0.2]; 6];
    let panels = Panels::new("a trial", x)
        .with(
            Panel::new(Axis::linear("input channel"), 100.0)
                .with(Series::dots("", &[(1.0, 3.0), (9.0, 140.0)])),
        )
        .with(Panel::new(Axis::linear("neuron"), 100.0).over(Field::cells(
            "activity",
            [0.0, 10.0],
            [-0.5, 5.5],
            &rows,
        )))
        .with(Panel::new(Axis::linear("memory"), 90.0).with(Series::line("τ 5", &[(0.0, 0.1), (10.0, 0.4)])));
    let svg = panels.svg().unwrap();
    assert_eq!(svg, panels.svg().unwrap());
    for told in ["a trial", "time (ms)", "input channel", "activity", "τ 5"] {
        assert_eq!(svg.matches(&format!(">{told}<")).count(), 1, "{told}");
    }
    let frames = [svg.matches(">10<").count(), svg.matches(">140<").count()];
    assert_eq!(frames[0], 1, "the axis is told once, below the last panel");
    assert!(Panels::new("t", Axis::linear("x")).svg().is_err());
}

#[test]
fn columns_stand_on_zero() {
    let axes = || Chart::new("t", Axis::linear("n"), Axis::linear("loss"));
    let chart = axes().with_histogram("trained", &[0.0, 1.0, 2.0], &[3.0, 1.0]);
    assert_eq!(chart.series[1].points[..4], [(0.0, 0.0), (0.0, 3.0), (1.0, 3.0), (1.0, 0.0)]);
    let svg = axes().with_columns("more loss", [([0.6, 1.4], 0.5), ([1.6, 2.4], -0.1)]).svg().unwrap();
    assert!(svg.contains("more loss") && !svg.contains("NaN"));
    // Where nothing was measured stands nothing, no zero either.
    let apart = axes().with_columns("more loss", [([0.6, 1.4], 0.5), ([1.6, 2.4], 0.5), ([7.6, 8.4], 0.5)]);
    let lines: Vec<_> = apart.series.iter().map(|series| &series.points).filter(|p| p.len() > 4).collect();
    assert_eq!(lines.iter().map(|points| points[points.len() - 1].0).collect::<Vec<_>>(), [2.4, 2.4]);
    assert_eq!(apart.series.iter().filter(|series| series.name == "more loss").count(), 1);
}

#[test]
fn the_colours_of_cells_may_be_those_of_a_given_range() {
    let rows = vec![vec![0.2, 0.3]; 2];
    let drawn = |field: Field| {
        let axes = [Axis::linear("x"), Axis::linear("y")].map(|axis| axis.between(0.0, 8.0));
        let [x, y] = axes;
        Chart::new("t", x, y).over(field).svg().unwrap()
    };
    let cells = || Field::cells("share", [0.0, 8.0], [0.0, 8.0], &rows);
    assert!(drawn(cells().between(0.0, 1.0)).contains(">1.0<"));
    assert!(!drawn(cells()).contains(">1.0<"));
}

#[test]
fn letters_stand_on_the_colour_of_their_share() {
    let letter = |share| Letter { above: "a<".into(), below: "\\x0a".into(), share };
    let text = |letters| Letters::new("A text", ["truth", "likeliest", "probability"], letters);
    let svg = text(vec![letter(0.0), letter(1.0)]).svg().unwrap();
    assert!(svg.contains("a&lt;") && svg.contains("probability") && svg.contains("#440154"), "{svg}");
    assert!(text(vec![letter(f64::NAN)]).svg().is_err() && text(vec![]).svg().is_err());
}

#[test]
fn zero_is_white_on_the_scale_of_both_signs_and_in_its_middle() {
    let field = |rows: &[Vec<f64>]| Field::cells("memory", [0.0, 8.0], [0.0, 2.0], rows).signed();
    assert_eq!(field(&[vec![-0.5, 2.0]]).range, Some([-2.0, 2.0]));
    assert_eq!(field(&[vec![0.0, 0.0]]).range, Some([-1.0, 1.0]));
    let axes = || Chart::new("t", Axis::linear("x"), Axis::linear("y"));
    let drawn = axes().over(field(&[vec![-2.0, 0.0], vec![0.0, 1.0]])).svg().unwrap();
    let fill =
        |cell: &str| drawn.split(cell).nth(1).unwrap().split("fill=").nth(1).unwrap()[1..8].to_string();
    let parts = |colour: &str| [1, 3, 5].map(|at| i32::from_str_radix(&colour[at..at + 2], 16).unwrap());
    let [red, green, blue] = parts(&fill("<path d=\""));
    assert!(red.min(green).min(blue) > 230 && (red - blue).abs() < 12, "{red} {green} {blue}");
}

#[test]
fn places_of_an_axis_may_have_names_and_a_drawing_a_line_below_it() {
    let axis = Axis::whole("τ (ms)").between(-0.5, 1.5).named(vec![(0.0, "5.1".into()), (1.0, "210".into())]);
    let chart = || Chart::new("t", Axis::linear("x"), axis.clone()).with(Series::points("", &[(0.0, 1.0)]));
    let (plain, told) = (chart().svg().unwrap(), chart().captioned("a run, step 5").svg().unwrap());
    assert!(plain.contains(">5.1<") && plain.contains(">210<") && !plain.contains(">0.5<"), "{plain}");
    assert!(told.contains(">a run, step 5<") && told.contains("height=\"482\""), "{told}");
}
