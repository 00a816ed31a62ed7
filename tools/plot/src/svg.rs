//! The pieces that every plot is drawn with.

use crate::escaped;

/// The beginning of a drawing so many pixels wide and high; `</svg>` ends it.
pub fn open(width: f64, height: f64, title: &str) -> String {
    format!(r#"<svg viewBox="0 0 {width} {height}" role="img"><title>{}</title>"#, escaped(title))
}

/// What a place on an axis stands for; the text is centered at `x`, and `y` is its baseline.
pub fn tick(x: f64, y: f64, text: &str) -> String {
    let text = escaped(text);
    format!(r#"<text class="tick" text-anchor="middle" x="{x:.1}" y="{y:.1}">{text}</text>"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_a_plot_is_text() {
        assert_eq!(
            open(720.0, 320.5, "<CPU>"),
            r#"<svg viewBox="0 0 720 320.5" role="img"><title>&lt;CPU&gt;</title>"#
        );
        assert_eq!(
            tick(1.25, 2.0, "< 1 s"),
            r#"<text class="tick" text-anchor="middle" x="1.2" y="2.0">&lt; 1 s</text>"#
        );
    }
}
