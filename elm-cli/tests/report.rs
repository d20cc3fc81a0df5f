//! `elm report`: pages of runs and sweeps, and what they look like in a real
//! browser.

mod common;

use common::Place;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A name and a value that would break a page which does not escape them.
const NASTY: &str = "a <b>&\"'";

/// A place with the run `NASTY`, with pictures, and the sweep `s` with a
/// failed run.
fn prepared() -> Place {
    let place = Place::new();
    place.run(&["train", "small.toml", "--out", NASTY, "--max-steps", "10"]).expect(0, &[]);
    place.run(&["train", NASTY, "--resume"]).expect(0, &[]);
    std::fs::create_dir_all(place.path(NASTY).join("plots/inspect")).unwrap();
    // What is drawn may not run.
    let picture = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"90\" height=\"30\">\
        <script>document.title = 'ran'</script><rect width=\"90\" height=\"30\" fill=\"#0072B2\"/></svg>";
    std::fs::write(place.path(NASTY).join("plots/inspect/raster_layer.svg"), picture).unwrap();
    let log = std::fs::read_to_string(place.path(NASTY).join("log.txt")).unwrap();
    std::fs::write(place.path(NASTY).join("log.txt"), log + "warning: <script>alert(1)</script>\n").unwrap();
    let sweep = "config = \"small.toml\"\nseeds = [0, 1]\n[grid]\ntraining.learning_rate = [5e-3, 1e30]\n\
        training.clip_norm = [1.0]\nmodel.neuron.num_memory = [3]\n[figure]\nx = \"training.learning_rate\"\ny = \"test_loss\"\n";
    place.write("sweep.toml", sweep);
    place.run(&["sweep", "sweep.toml", "--out", "s"]).expect(1, &[]);
    place
}

#[test]
fn pages_hold_everything_and_escape_it() {
    let place = prepared();
    place.run(&["report", NASTY]).expect(0, &["report.html"]);
    let page = std::fs::read_to_string(place.path(NASTY).join("report.html")).unwrap();
    for part in [
        "a &lt;b&gt;&amp;&quot;",
        "raster layer",
        "training.<wbr>learning_<wbr>rate",
        "small.toml:",
        "0.005",
        "--resume",
        "Every start",
        "SHA-256",
        "warning: &lt;script&gt;alert(1)",
        "a linear readout of spike counts",
    ] {
        assert!(page.contains(part), "{part} is missing");
    }
    assert!(!page.contains("<script") && !page.contains("<b>&"));
    let addresses = page.split("src=\"").skip(1).chain(page.split("href=\"").skip(1));
    for address in addresses.map(|rest| rest.split(':').next().unwrap()) {
        assert_eq!(address, "data");
    }

    let ran = place.run(&["report", "s", "--out", "pages/deep/sweep.html", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.expect(0, &[]).out).unwrap();
    assert!(report["file"].as_str().unwrap().ends_with("pages/deep/sweep.html"));
    let page = std::fs::read_to_string(place.path("pages/deep/sweep.html")).unwrap();
    assert!(
        page.contains("a sweep of 4 runs")
            && page.contains("diverged (")
            && page.contains(" not finite at step ")
            && page.contains("Means over seeds")
            && page
                .contains("In all runs that have it: model.neuron.num_memory = 3, training.clip_norm = 1.0")
    );
    let link = page.split("<a href=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(link.starts_with("../../s/") && place.path("pages/deep").join(link).is_dir(), "{link}");
}

#[test]
fn what_is_no_run_and_no_place_is_refused() {
    let place = Place::new();
    place.run(&["report", "."]).expect(1, &["neither a run nor a sweep"]);
    place.run(&["report", "nowhere"]).expect(1, &["nowhere: this is the folder of neither"]);
    std::fs::create_dir_all(place.path("new/checkpoints")).unwrap();
    std::fs::copy(place.path("small.toml"), place.path("new/config.toml")).unwrap();
    // Nothing is measured yet: there is a page all the same.
    place.run(&["report", "new"]).expect(0, &["new/report.html"]);
    place.run(&["report", "new", "--out", "new"]).expect(1, &["new: this is a folder; name a file"]);
    place.run(&["report", "new", "--out", "small.toml/page.html"]).expect(1, &["small.toml"]);
}

/// The browser, if there is one.
fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("ELM_CHROMIUM").map(PathBuf::from);
    let known = ["chromium", "chromium-browser", "google-chrome"].map(PathBuf::from);
    let found = named.into_iter().chain(known).find(|name| {
        let asked = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    });
    if found.is_none() {
        // Past the capture of passing tests, so that it is seen.
        let _ = writeln!(std::io::stderr(), "SKIPPED: no Chromium opens the pages; .ci/chromium installs it");
    }
    found
}

/// Opens a page in a window of this width.
fn opened(browser: &PathBuf, place: &Place, page: &str, width: u32, dark: bool, more: &[&str]) -> Output {
    let mut command = Command::new(browser);
    let profile = place.path("profile");
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
    ]);
    command.args(["--enable-logging=stderr", "--v=0", "--no-first-run", "--disable-extensions"]);
    command.arg(format!("--user-data-dir={}", profile.display()));
    command.arg(format!("--window-size={width},1500"));
    command.arg(format!("--blink-settings=preferredColorScheme={}", if dark { 0 } else { 1 }));
    command.args(more).arg(format!("file://{}", place.path(page).canonicalize().unwrap().display()));
    command.output().unwrap()
}

/// What pages wrote on their console.
fn console(ran: &Output) -> Vec<String> {
    let said = String::from_utf8_lossy(&ran.stderr);
    said.lines().filter(|line| line.contains("CONSOLE")).map(String::from).collect()
}

/// A document with both pages next to each other, each as wide as that; no
/// window is narrower than 500 pixels. Each says on its console how wide its
/// content is.
fn side_by_side(place: &Place, width: u32) -> String {
    let mut frames =
        "<!DOCTYPE html><meta name=\"color-scheme\" content=\"light dark\"><body style=\"margin:0\">"
            .to_string();
    for page in ["run", "sweep"] {
        let text = std::fs::read_to_string(place.path(&format!("{page}.html"))).unwrap();
        let text = text.replace("default-src 'none'", "default-src 'none'; script-src 'unsafe-inline'");
        let measure = "<script>console.log(`content ${document.documentElement.scrollWidth} of ${innerWidth}`)</script>";
        place.write(&format!("{page}-measured.html"), text + measure);
        frames += &format!(
            "<iframe src=\"{page}-measured.html\" style=\"border:0;width:{width}px;height:1500px;float:left\"></iframe>"
        );
    }
    let name = format!("both-{width}.html");
    place.write(&name, frames);
    name
}

/// Width of a picture, and the lightness of a pixel near its upper left corner,
/// where nothing but the page is.
fn lightness(png: &PathBuf) -> (u32, u8) {
    let decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(png).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    (frame.width, pixels[frame.line_size * 4 + 4 * frame.color_type.samples()])
}

#[test]
fn a_browser_shows_pages_light_and_dark_narrow_and_wide_without_complaint() {
    let Some(browser) = chromium() else { return };
    let place = prepared();
    place.run(&["report", NASTY, "--out", "run.html"]).expect(0, &[]);
    place.run(&["report", "s", "--out", "sweep.html"]).expect(0, &[]);
    for (width, dark) in [(400, true), (1400, false)] {
        let picture = place.path(&format!("{width}.png"));
        let shot = format!("--screenshot={}", picture.display());
        let ran = opened(&browser, &place, &side_by_side(&place, width), 2 * width, dark, &[&shot]);
        assert!(picture.is_file(), "no screenshot: {}", String::from_utf8_lossy(&ran.stderr));
        // Nothing is wider than the page, and nothing else was said.
        let said = console(&ran);
        let fits =
            said.iter().filter(|line| line.contains(&format!("\"content {width} of {width}\""))).count();
        assert_eq!((fits, said.len()), (2, 2), "{said:#?}");
        let (wide, light) = lightness(&picture);
        assert_eq!((wide, light < 60), (2 * width, dark), "{light}");
    }
    // What a browser makes of a page: everything in its place, nothing run.
    let ran = opened(&browser, &place, "run.html", 1400, false, &["--dump-dom"]);
    assert_eq!(console(&ran), Vec::<String>::new());
    let page = String::from_utf8_lossy(&ran.stdout);
    assert!(page.contains("<title>a &lt;b&gt;&amp;\"' – elm</title>"), "{}", &page[..page.len().min(600)]);
    assert!(page.matches("<figure>").count() >= 4 && page.contains("</html>"));
}
