//! The report as one page with plots, which needs nothing from elsewhere and runs no script.

use std::fmt::Write;

use plot::{escaped, page};

use super::plot::{differences, distributions};
use super::table::{percent, short};
use super::{Measurement, Report};
use crate::verdict::{Comparison, Verdict};

const STYLE: &str = include_str!("style.css");

impl Report {
    /// A whole page, in the reader's choice of light or dark.
    pub fn html(&self) -> String {
        let mut body = String::new();
        // Writing to a string does not fail.
        let _ = self.write_body(&mut body);
        let title = format!("{} against {}", self.head.name, self.base.name);
        page(&title, STYLE, &body)
    }

    fn write_body(&self, body: &mut String) -> std::fmt::Result {
        let [base, head] = [&self.base, &self.head].map(|revision| {
            format!("{} <code>{}</code>", escaped(&revision.name), escaped(short(&revision.commit)))
        });
        let heading = if self.self_check {
            format!("{base} against itself")
        } else {
            format!("{head} against {base}")
        };
        writeln!(body, "<h1>{heading}</h1>")?;
        let (processor, counting) =
            (escaped(&self.machine.processor), escaped(&self.machine.counting));
        writeln!(
            body,
            "<p class=\"note\">{processor}, {} processors. Counted: {counting}.</p>",
            self.machine.processors
        )?;
        for warning in &self.warnings {
            writeln!(body, "<p>Warning: {}</p>", escaped(warning))?;
        }
        for benchmark in &self.benchmarks {
            self.write_benchmark(body, benchmark)?;
        }
        for failure in &self.failed {
            writeln!(
                body,
                "<h2>{}</h2>\n<p>Not measured: {}</p>",
                escaped(&failure.name),
                escaped(&failure.error)
            )?;
        }
        Ok(())
    }

    fn write_benchmark(&self, body: &mut String, benchmark: &Measurement) -> std::fmt::Result {
        let class = match benchmark.verdict {
            Verdict::Improved => "improved",
            Verdict::Regressed => "regressed",
            Verdict::NoChangeDetectable => "note",
        };
        writeln!(body, "<h2>{}</h2>", escaped(&benchmark.name))?;
        writeln!(body, "<p><code>{}</code></p>", escaped(&benchmark.command.join(" ")))?;
        writeln!(body, "<p class=\"{class}\">{}</p>", escaped(&self.sentence(benchmark)))?;
        writeln!(body, "<p class=\"note\">{}</p>", escaped(&benchmark.course()))?;
        if let Some(found) = benchmark.comparison(self.effort.metric) {
            benchmark.write_plots(body, found)?;
        }
        benchmark.write_table(body)
    }
}

impl Measurement {
    fn write_plots(&self, body: &mut String, found: &Comparison) -> std::fmt::Result {
        let name = found.metric.name();
        writeln!(
            body,
            "<figure>{}<figcaption>{name} of each run; the line is the median.</figcaption></figure>",
            distributions(found.metric, &self.pairs)
        )?;
        writeln!(
            body,
            "<figure>{}<figcaption>Change of {name} in each pair, in the order of the runs. Line: median; colored band: its 95 % interval; gray band: noise floor.</figcaption></figure>",
            differences(found, &self.pairs)
        )
    }

    fn write_table(&self, body: &mut String) -> std::fmt::Result {
        writeln!(
            body,
            "<div class=\"scroll\"><table>\n<tr><th></th><th>base</th><th>head</th><th>change</th><th>95 % interval</th><th>noise floor</th></tr>"
        )?;
        for found in &self.comparisons {
            let [base, head] =
                [found.base_median, found.head_median].map(|value| found.metric.show(value));
            let [value, low, high] =
                [found.change.value, found.change.low, found.change.high].map(percent);
            let floor = found.noise_floor * 100.0;
            writeln!(
                body,
                "<tr><td>{}</td><td>{base}</td><td>{head}</td><td>{value}</td><td>{low} .. {high}</td><td>{floor:.1} %</td></tr>",
                found.metric.name()
            )?;
        }
        writeln!(body, "</table></div>")?;
        if let Some(energy) = &self.energy {
            writeln!(body, "<p>Energy: {}.</p>", escaped(&energy.sentence()))?;
        }
        if let Some(callgrind) = &self.callgrind {
            writeln!(body, "<p class=\"note\">{}.</p>", escaped(&callgrind.sentence()))?;
        }
        for (metric, why) in &self.missing {
            writeln!(body, "<p class=\"note\">No {}: {}.</p>", metric.name(), escaped(why))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::report;

    #[test]
    fn the_page_stands_alone_and_takes_names_as_text() {
        let page = report().html();
        let (_, body) = page.split_once("<body>").unwrap();
        let plain = |line: &&str| !line.contains("<svg") && !line.is_empty();
        insta::assert_snapshot!(body.lines().filter(plain).collect::<Vec<_>>().join("\n"), @r#"
        <h1>HEAD <code>bbbbbbbbbb</code> against main <code>aaaaaaaaaa</code></h1>
        <p class="note">A &lt;processor&gt;, 2 processors. Counted: all processes.</p>
        <p>Warning: base and head are the same commit</p>
        <h2>parse[31m &lt;b&gt;</h2>
        <p><code>./bench parse</code></p>
        <p class="regressed">regressed: CPU time +10.3 % (+10.0 % .. +10.5 %)</p>
        <p class="note">8 pairs, then the time budget was used up; 16 would be needed</p>
        <div class="scroll"><table>
        <tr><th></th><th>base</th><th>head</th><th>change</th><th>95 % interval</th><th>noise floor</th></tr>
        <tr><td>CPU time</td><td>101.0 ms</td><td>111.2 ms</td><td>+10.3 %</td><td>+10.0 % .. +10.5 %</td><td>2.0 %</td></tr>
        <tr><td>bytes read</td><td>4.000 KiB</td><td>4.000 KiB</td><td>+0.0 %</td><td>+0.0 % .. +0.0 %</td><td>2.0 %</td></tr>
        </table></div>
        <p>Energy: each run of head, from CPU time: +50.00 mJ (+45.00 mJ .. +55.00 mJ); in CO2e +4.583 µg (+4.125 µg .. +5.042 µg).</p>
        <p class="note">no instructions by callgrind: valgrind is not installed.</p>
        <p class="note">No energy: this machine shows no energy meter (RAPL).</p>
        <h2>print</h2>
        <p>Not measured: it fails</p>
        </body>
        </html>
        "#);
        assert_eq!(page.matches("<svg").count(), 2);
        assert_eq!(page.matches("<circle").count(), 24);
        assert!(!page.contains("<b>") && !page.contains("NaN") && !page.contains("<script"));
    }
}
