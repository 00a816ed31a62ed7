//! A benchmark as one page with plots, which needs nothing from elsewhere and runs no script.

use std::fmt::Write;

use plot::{escaped, page};

use super::plot::{latencies, quality_by_cost};
use super::report::Report;
use super::table::{HEADINGS, cells, errors, percent};

const STYLE: &str = include_str!("style.css");

impl Report {
    /// A whole page, in the reader's choice of light or dark.
    pub fn html(&self) -> String {
        let mut body = String::new();
        // Writing to a string does not fail.
        let _ = self.write_body(&mut body);
        page(&format!("Models on {}", self.suite), STYLE, &body)
    }

    fn write_body(&self, body: &mut String) -> std::fmt::Result {
        writeln!(body, "<h1>Models on {}</h1>", escaped(&self.suite))?;
        for said in [&self.about, &self.course()].into_iter().filter(|said| !said.is_empty()) {
            writeln!(body, "<p class=\"note\">{}</p>", escaped(said))?;
        }
        self.write_table(body)?;
        for note in self.notes() {
            writeln!(body, "<p class=\"failed\">{}</p>", escaped(&note))?;
        }
        for difference in self.differences() {
            writeln!(body, "<p class=\"clear\">{}</p>", escaped(&difference))?;
        }
        self.write_plots(body)?;
        self.write_groups(body)?;
        for said in self.own_said().into_iter().chain([self.explained()]) {
            writeln!(body, "<p class=\"note\">{}</p>", escaped(&said))?;
        }
        Ok(())
    }

    fn write_table(&self, body: &mut String) -> std::fmt::Result {
        write!(body, "<div class=\"scroll\"><table>\n<tr><th></th>")?;
        for heading in HEADINGS.iter().chain(&["failed"]) {
            write!(body, "<th>{heading}</th>")?;
        }
        writeln!(body, "</tr>")?;
        for (at, row) in self.models.iter().enumerate() {
            write!(body, "<tr><td>{}</td>", at + 1)?;
            for cell in cells(row) {
                write!(body, "<td>{}</td>", escaped(&cell))?;
            }
            let class = if row.errors.is_empty() { "" } else { " class=\"failed\"" };
            writeln!(body, "<td{class}>{}</td></tr>", escaped(&errors(row)))?;
        }
        writeln!(body, "</table></div>")
    }

    fn write_plots(&self, body: &mut String) -> std::fmt::Result {
        let quality = quality_by_cost(&self.models);
        if !quality.is_empty() {
            writeln!(body, "<h2>Quality against cost</h2>")?;
            let mut caption = "Each model by its number in the table, with the 95 % interval of its quality; those that cost nearly the same stand side by side.".to_owned();
            let left_out =
                self.models.iter().any(|row| row.tasks > 0 && row.usd_per_thousand().is_none());
            if left_out {
                caption += " A model whose price is not known is not drawn.";
            }
            writeln!(body, "<figure>{quality}<figcaption>{caption}</figcaption></figure>")?;
        }
        let latency = latencies(&self.models);
        if !latency.is_empty() {
            writeln!(body, "<h2>Time to the answer</h2>")?;
            writeln!(
                body,
                "<figure>{latency}<figcaption>Number: half of the answers had ended; ring: 95 %; bar: 99 %. Diamond below: half of the answers had begun.</figcaption></figure>"
            )?;
        }
        Ok(())
    }

    fn write_groups(&self, body: &mut String) -> std::fmt::Result {
        if self.groups().is_none() {
            return Ok(());
        }
        writeln!(body, "<h2>Quality by kind of task</h2>")?;
        write!(body, "<div class=\"scroll\"><table>\n<tr><th></th><th>model</th>")?;
        for group in &self.asked.groups {
            write!(body, "<th>{}</th>", escaped(group))?;
        }
        writeln!(body, "</tr>")?;
        for (at, row) in self.models.iter().enumerate() {
            write!(body, "<tr><td>{}</td><td>{}</td>", at + 1, escaped(&row.model))?;
            for group in &self.asked.groups {
                match row.groups.iter().find(|found| found.group == *group) {
                    None => write!(body, "<td>–</td>")?,
                    // The stronger the color, the better; never so strong that the figure cannot be read.
                    Some(found) => write!(
                        body,
                        "<td style=\"background: color-mix(in srgb, var(--good) {:.0}%, transparent)\" title=\"{} tasks\">{}</td>",
                        found.quality * 45.0,
                        found.tasks,
                        percent(found.quality)
                    )?,
                }
            }
            writeln!(body, "</tr>")?;
        }
        writeln!(body, "</table></div>")
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::report;

    #[tokio::test(start_paused = true)]
    async fn the_page_stands_alone_and_takes_names_as_text() {
        let page = report().await.html();
        let (_, body) = page.split_once("<body>").unwrap();
        let text =
            |line: &&str| !line.contains("<svg") && !line.contains("<td") && !line.is_empty();
        insta::assert_snapshot!(body.lines().filter(text).collect::<Vec<_>>().join("\n"), @r#"
        <h1>Models on letters</h1>
        <p class="note">30 tasks of &quot;letters&quot;, each asked once of every model, 3 calls at a time, in an order by seed 0; begun 2026-11-22T10:00:00Z.</p>
        <div class="scroll"><table>
        <tr><th></th><th>model</th><th>quality</th><th>95 %</th><th>tasks</th><th>p50 s</th><th>p95 s</th><th>p99 s</th><th>first s</th><th>tokens in / out</th><th>US dollars</th><th>gCO2e</th><th>failed</th></tr>
        </table></div>
        <p class="failed">shaky: the last failure: the model did not answer in time: &lt;no&gt; [31m</p>
        <p class="failed">absent: asked 0 of 30 tasks: no key &lt;x&gt;</p>
        <p class="clear">good|model scores 67 points more than poor (45 to 81, on 30 tasks)</p>
        <p class="clear">good|model scores 20 points more than shaky (5 to 37, on 30 tasks)</p>
        <p class="clear">shaky scores 47 points more than poor (22 to 64, on 30 tasks)</p>
        <h2>Quality against cost</h2>
        <h2>Time to the answer</h2>
        <h2>Quality by kind of task</h2>
        <div class="scroll"><table>
        <tr><th></th><th>model</th><th>even</th><th>odd</th></tr>
        </table></div>
        <p class="note">Quality: the mean score, a failed call counting as wrong, with Wilson's 95 % interval over tasks. Seconds: of answered calls, retries included; with fewer than 100 calls p99 is the longest. First: up to the first piece, where answers came in pieces. gCO2e: of the answers' tokens, by EcoLogits' method; what reading the prompts takes is not in it. Differences are by Newcombe's paired interval, each by itself: of twenty pairs of equal models one looks different.</p>
        </body>
        </html>
        "#);
        // Each model that answered stands in both plots, and only those.
        assert_eq!(
            (page.matches("<svg").count(), page.matches("class=\"number\"").count()),
            (2, 6)
        );
        assert_eq!(page.matches("class=\"first\"").count(), 3);
        assert!(!page.contains("NaN") && !page.contains("<script") && !page.contains("<x>"));
    }
}
