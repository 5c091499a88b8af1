//! Draws inline SVG that fills the width of its container. Text keeps its size on a phone.

use std::fmt::Write as _;

use crate::report::escape::html;

/// The part of a text that is at the given position.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A drawing under construction: x in hundredths of its width, y in pixels.
pub(super) struct Drawing {
    body: String,
    height: f64,
}

impl Drawing {
    pub(super) fn new(height: f64) -> Self {
        Self { body: String::new(), height }
    }

    pub(super) fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) {
        let (x, width) = (across(x), across(width));
        let _ = write!(
            self.body,
            r#"<rect class="{class}" x="{x}%" y="{}" width="{width}%" height="{}"/>"#,
            down(y),
            down(height)
        );
    }

    pub(super) fn line(&mut self, class: &str, (x, y): (f64, f64), (to_x, to_y): (f64, f64)) {
        let _ = write!(
            self.body,
            r#"<line class="{class}" x1="{}%" y1="{}" x2="{}%" y2="{}"/>"#,
            across(x),
            down(y),
            across(to_x),
            down(to_y)
        );
    }

    pub(super) fn dot(&mut self, class: &str, (x, y): (f64, f64), radius: f64) {
        let _ = write!(
            self.body,
            r#"<circle class="{class}" cx="{}%" cy="{}" r="{}"/>"#,
            across(x),
            down(y),
            down(radius)
        );
    }

    pub(super) fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y, text) = (across(x), down(y), html(text));
        let _ = write!(
            self.body,
            r#"<text class="{class}" x="{x}%" y="{y}" text-anchor="{anchor}">{text}</text>"#
        );
    }

    /// The drawing, with a title and a description for screen readers.
    pub(super) fn finish(self, title: &str, description: &str) -> String {
        let Self { body, height } = self;
        let (title, description) = (html(title), html(description));
        let description =
            if description.is_empty() { description } else { format!("<desc>{description}</desc>") };
        format!(
            r#"<svg role="img" width="100%" height="{}"><title>{title}</title>{description}{body}</svg>"#,
            down(height)
        )
    }

    /// The drawing, hidden from screen readers because the text next to it has the same content.
    pub(super) fn ornament(self) -> String {
        let Self { body, height } = self;
        format!(r#"<svg aria-hidden="true" width="100%" height="{}">{body}</svg>"#, down(height))
    }
}

/// Limits a horizontal position to the drawing.
fn across(x: f64) -> f64 {
    let x = if x.is_finite() { x.clamp(0.0, 100.0) } else { 0.0 };
    (x * 100.0).round() / 100.0
}

fn down(y: f64) -> f64 {
    let y = if y.is_finite() { y.clamp(0.0, 2000.0) } else { 0.0 };
    (y * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_or_text_breaks_a_drawing() {
        let mut drawing = Drawing::new(20.0);
        drawing.rect("a", (f64::NAN, -3.0), (f64::INFINITY, 1e300));
        drawing.text("b", (12.345, 5.0), Anchor::End, "</svg><script>");
        let svg = drawing.finish("<t>", "");
        assert!(svg.contains(r#"x="0%" y="0" width="0%" height="2000""#), "{svg}");
        assert!(svg.contains(r#"x="12.35%" y="5" text-anchor="end">&lt;/svg&gt;&lt;script&gt;<"#), "{svg}");
        assert!(svg.contains("<title>&lt;t&gt;</title><rect"), "{svg}");
    }
}
