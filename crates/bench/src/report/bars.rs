//! A chart of bars: one panel for each question, one bar for each contender.

use std::fmt::Write as _;

use crate::report::text::Unit;
use crate::results::Contender;

/// One question.
pub(crate) struct Panel {
    /// What is asked.
    pub(crate) title: String,
    /// In what the bars are.
    pub(crate) unit: Unit,
    /// The answers.
    pub(crate) bars: Vec<(Contender, f64)>,
}

const COLUMNS: usize = 3;
const PANEL_WIDTH: usize = 320;
const PANEL_HEIGHT: usize = 150;
const MARGIN: usize = 20;
const BAR_HEIGHT: usize = 20;
const BAR_STEP: usize = 26;
const LABEL_WIDTH: usize = 82;
const BAR_WIDTH: f64 = 140.0;

/// The colour of a contender, on white and on black.
pub(crate) fn colour(contender: Contender) -> &'static str {
    match contender {
        Contender::Headwater => "#2563eb",
        Contender::Embedded => "#0891b2",
        Contender::UmaDb => "#d97706",
        Contender::PostgreSql => "#7c3aed",
        Contender::Disk => "#9ca3af",
    }
}

/// The beginning of a picture of this size.
pub(crate) fn begin(width: usize, height: usize, title: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\" font-family=\"sans-serif\" \
         font-size=\"12\" fill=\"#111827\">\n<title>{title}</title>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    )
}

/// The picture.
pub(crate) fn chart(panels: &[Panel]) -> String {
    let lines = panels.len().div_ceil(COLUMNS);
    let width = COLUMNS * PANEL_WIDTH + 2 * MARGIN;
    let height = lines * PANEL_HEIGHT + 2 * MARGIN;
    let mut out = begin(
        width,
        height,
        "Headwater beside its rivals and the raw disk",
    );
    for (at, panel) in panels.iter().enumerate() {
        let left = MARGIN + at % COLUMNS * PANEL_WIDTH;
        let top = MARGIN + at / COLUMNS * PANEL_HEIGHT;
        draw(&mut out, panel, left, top);
    }
    out.push_str("</svg>\n");
    out
}

fn draw(out: &mut String, panel: &Panel, left: usize, top: usize) {
    let more = match panel.unit.more_is_better() {
        true => "more is better",
        false => "less is better",
    };
    let _ = writeln!(
        out,
        "<text x=\"{left}\" y=\"{}\" font-weight=\"bold\">{}</text>\
         <text x=\"{left}\" y=\"{}\" font-size=\"10\" fill=\"#6b7280\">{more}</text>",
        top + 10,
        panel.title,
        top + 23,
    );
    // The disk alone may be far beyond every database: its bar ends where the longest of theirs
    // does, and its figure says the rest.
    let databases = panel.bars.iter().filter(|(one, _)| *one != Contender::Disk);
    let most = databases.map(|(_, figure)| *figure);
    let most = most.fold(f64::MIN_POSITIVE, f64::max);
    for (at, (contender, figure)) in panel.bars.iter().enumerate() {
        let y = top + 31 + at * BAR_STEP;
        let width = (figure / most * BAR_WIDTH).clamp(1.0, BAR_WIDTH);
        let beyond = if *figure > most { "… " } else { "" };
        let x = left + LABEL_WIDTH;
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\
             <rect x=\"{x}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR_HEIGHT}\" rx=\"2\" fill=\"{}\"/>\
             <text x=\"{:.1}\" y=\"{}\">{beyond}{}</text>",
            x - 6,
            y + 14,
            contender.name(),
            colour(*contender),
            x as f64 + width + 5.0,
            y + 14,
            panel.unit.text(*figure),
        );
    }
}
