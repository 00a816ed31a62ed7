//! The report as GitHub Markdown: one screen first, details folded.

use std::fmt::Write;

use contract::Severity;

use super::text::{
    amount, cell, cell_code, code, code_block, count, one_line, prose, short_sha, shorten,
};
use super::{
    Carbon, CarbonFigures, Figure, Finding, Fixed, Report, State, Subject, fixes, ledger, skipped,
};

/// Finds our comment again, together with its author.
pub const MARKER: &str = "<!-- eco-coder:v1 -->";
/// Rows of the first screen; the rest is folded.
const TOP_FINDINGS: usize = 5;
/// Findings with their details; what is beyond is counted.
const MOST_FINDINGS: usize = 50;
const MOST_SKIPPED: usize = 100;
/// Models whose choice is explained.
const MOST_CHOSEN: usize = 3;

impl Report {
    /// The report for a reader of Markdown, without the hidden blocks of a comment.
    pub fn to_markdown(&self) -> String {
        let mut page = format!("### Eco-Coder: {}\n\n", self.verdict());
        if !self.words.text.is_empty() && !self.says_nothing() {
            let _ = writeln!(page, "{}\n", self.words.text);
        }
        self.write_top(&mut page);
        self.write_measured(&mut page);
        self.write_carbon_line(&mut page);
        self.write_findings(&mut page);
        self.write_seldom(&mut page);
        self.write_fixed(&mut page);
        self.write_carbon_details(&mut page);
        self.write_profile(&mut page);
        self.write_fleet(&mut page);
        self.write_coverage(&mut page);
        let _ = writeln!(page, "<sub>{}</sub>", self.footer());
        page
    }

    /// The whole comment: the report, the boxes that dismiss findings, and the hidden blocks.
    pub fn to_comment(&self) -> String {
        let mut page = self.to_markdown();
        self.write_boxes(&mut page);
        let _ = write!(page, "\n{MARKER}\n{}\n", self.ledger.to_comment());
        page
    }

    /// Nothing found and nothing to add: the title says it all.
    fn says_nothing(&self) -> bool {
        self.findings.is_empty()
            && self.fixed.is_empty()
            && self.profile.is_none()
            && self.measured.is_none()
            && self.cost.led_by.starts_with("embedded")
    }

    fn write_top(&self, page: &mut String) {
        let (leading, _) = self.by_weight();
        if leading.is_empty() {
            return;
        }
        page.push_str("| | Where | What | Evidence |\n|---|---|---|---|\n");
        for finding in leading.iter().take(TOP_FINDINGS) {
            let found = &finding.recommendation;
            let _ = writeln!(
                page,
                "| {} | {} | {}{} ({}) | {} |",
                severity(found.severity),
                self.link(&found.file_path, found.start_line, true),
                cell(&found.title),
                if finding.state == State::Open { " <sub>still open</sub>" } else { "" },
                cell_code(&found.rule_id),
                evidence(finding),
            );
        }
        if let Some(more) = leading.len().checked_sub(TOP_FINDINGS).filter(|more| *more > 0) {
            let _ = writeln!(page, "\n…and {more} more below.");
        }
        page.push('\n');
    }

    fn write_carbon_line(&self, page: &mut String) {
        match &self.carbon {
            Carbon::Known(carbon) => {
                let _ = writeln!(page, "**Carbon:** {}\n", carbon_line(carbon));
            }
            Carbon::CannotTell { why } if !self.findings.is_empty() && !self.subject.is_scan() => {
                let _ = writeln!(
                    page,
                    "**Carbon:** cannot tell: {}.\n",
                    prose(&one_line(why)).trim_end_matches('.')
                );
            }
            Carbon::CannotTell { .. } => {}
        }
    }

    fn write_findings(&self, page: &mut String) {
        let (leading, _) = self.by_weight();
        if leading.is_empty() {
            return;
        }
        let _ =
            writeln!(page, "<details><summary>Why it matters, and what to do instead</summary>\n");
        let mut explained: Vec<&str> = Vec::new();
        for finding in leading.iter().take(MOST_FINDINGS) {
            let found = &finding.recommendation;
            let _ = writeln!(
                page,
                "#### {} · {}\n",
                self.link(&found.file_path, found.start_line, false),
                code(&found.rule_id)
            );
            if let Some(fix) = &found.fix {
                let _ = writeln!(page, "{}\n", code_block(&fixes::diff(fix), "diff"));
            } else if !found.excerpt.is_empty() {
                let language = highlighting(&found.file_path);
                let _ = writeln!(page, "{}\n", code_block(&found.excerpt, language));
            }
            // A rule explains itself once; its other places show their code only.
            if explained.contains(&found.rule_id.as_str()) && found.source == "analyzer" {
                continue;
            }
            explained.push(&found.rule_id);
            let _ = writeln!(page, "{}\n", prose(&found.description));
            if !found.recommendation.is_empty() {
                let _ = writeln!(page, "**Instead:** {}\n", prose(&found.recommendation));
            }
            let links: Vec<String> = found
                .references
                .iter()
                .map(|url| format!("<{}>", one_line(url).replace(['<', '>', ' '], "")))
                .collect();
            if !links.is_empty() {
                let _ = writeln!(page, "{}\n", links.join(" · "));
            }
        }
        if let Some(more) = leading.len().checked_sub(MOST_FINDINGS).filter(|more| *more > 0) {
            let _ = writeln!(page, "…and {more} more, left out here.\n");
        }
        page.push_str("</details>\n\n");
    }

    fn write_fixed(&self, page: &mut String) {
        if self.fixed.is_empty() {
            return;
        }
        let _ = writeln!(
            page,
            "<details><summary>Fixed: {}</summary>\n",
            count(self.fixed.len(), "finding")
        );
        let is_same_kind = |one: &&Fixed, other: &&Fixed| {
            one.rule_id == other.rule_id && one.file_path == other.file_path
        };
        let mut fixed: Vec<&Fixed> = self.fixed.iter().collect();
        fixed.sort_by_key(|fixed| (&fixed.file_path, &fixed.rule_id));
        for equal in fixed.chunk_by(is_same_kind).take(MOST_FINDINGS) {
            let Some(first) = equal.first() else { continue };
            let times =
                if equal.len() > 1 { format!(", {} times", equal.len()) } else { String::new() };
            let _ = writeln!(
                page,
                "- {} ({}) in {}{times}",
                prose(&one_line(&first.title)),
                code(&first.rule_id),
                code(&first.file_path)
            );
        }
        page.push_str("\n</details>\n\n");
    }

    fn write_carbon_details(&self, page: &mut String) {
        let Carbon::Known(carbon) = &self.carbon else { return };
        page.push_str("<details><summary>How the carbon figure came about</summary>\n\n");
        let _ = writeln!(page, "{}\n", prose(&carbon.methodology));
        let _ = writeln!(
            page,
            "Energy {} kWh, grid intensity {} gCO2e/kWh.\n",
            amount(carbon.energy.value),
            amount(carbon.intensity.value)
        );
        if let Some(other) = &carbon.codecarbon {
            let other = amount(other.value);
            let _ = writeln!(page, "CodeCarbon 3.3.2 would say {other} gCO2e per execution.\n");
        }
        if !carbon.equivalents.is_empty() {
            let of = |name: &str, noun: &str| {
                carbon
                    .equivalents
                    .get(name)
                    .map(|figure| format!("{} {noun}", amount(figure.value)))
            };
            let parts = [
                of("smartphone_charges", "smartphone charges"),
                of("km_driven", "km driven"),
                of("tree_hours", "tree-hours of uptake"),
            ];
            let _ = writeln!(
                page,
                "Equivalent to {}.\n",
                parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
            );
        }
        for line in carbon.assumptions.iter().chain(&carbon.sources) {
            let _ = writeln!(page, "- {}", prose(&one_line(line)));
        }
        page.push_str("\n</details>\n\n");
    }

    fn write_profile(&self, page: &mut String) {
        let Some(profile) = self.profile.as_ref().filter(|profile| !profile.bottlenecks.is_empty())
        else {
            return;
        };
        let _ = writeln!(
            page,
            "<details><summary>Profile: where the time goes</summary>\n\nFrom {}.\n",
            code(&profile.source)
        );
        page.push_str("| Function | Where | Time | Self |\n|---|---|--:|--:|\n");
        for hot in profile.bottlenecks.iter().take(10) {
            let place = hot
                .file_path
                .as_deref()
                .map(|path| {
                    cell_code(
                        &hot.line_number
                            .map_or_else(|| path.to_owned(), |line| format!("{path}:{line}")),
                    )
                })
                .unwrap_or_default();
            let own = hot.self_time_ms.map(|ms| format!("{} ms", amount(ms))).unwrap_or_default();
            let _ = writeln!(
                page,
                "| {} | {place} | {} % | {own} |",
                cell_code(&shorten(&hot.function_name, 80)),
                amount(hot.cpu_percentage)
            );
        }
        page.push('\n');
        if let Some(url) =
            profile.flame_graph_url.as_deref().filter(|url| url.starts_with("https://"))
        {
            let _ = writeln!(page, "[Flame graph]({})\n", url.replace([')', ' '], ""));
        }
        for note in &profile.notes {
            let _ = writeln!(page, "- {}", prose(&one_line(note)));
        }
        if self.findings.iter().any(|finding| finding.line_share.is_some()) {
            let _ = writeln!(
                page,
                "- shares of lines hold as far as the profile is of the reviewed commit: lines may have moved since"
            );
        }
        page.push_str("\n</details>\n\n");
    }

    fn write_fleet(&self, page: &mut String) {
        let shown = self.findings.iter().any(|finding| finding.fleet_year.is_some());
        let fleet = self.profile.as_ref().and_then(|profile| profile.fleet.as_ref());
        let Some(fleet) = fleet.filter(|_| shown) else { return };
        let _ = writeln!(
            page,
            "<details><summary>How the fleet's figures came about</summary>\n\n{}\n",
            prose(&fleet.methodology)
        );
        for line in fleet.assumptions.iter().chain(&fleet.sources) {
            let _ = writeln!(page, "- {}", prose(&one_line(line)));
        }
        page.push_str("\n</details>\n\n");
    }

    fn write_coverage(&self, page: &mut String) {
        let coverage = &self.coverage;
        if coverage.skipped.is_empty()
            && coverage.notes.is_empty()
            && self.existing + self.suppressed + self.dismissed + self.unwanted.len() == 0
        {
            return;
        }
        let _ = writeln!(page, "<details><summary>Coverage: {}</summary>\n", self.coverage_line());
        for (number, what) in [
            (self.existing, "on lines that this change does not touch"),
            (self.suppressed, "silenced by a comment in the code"),
            (self.dismissed, "dismissed"),
        ] {
            if number > 0 {
                let _ = writeln!(page, "- {} {what}", count(number, "finding"));
            }
        }
        for finding in self.unwanted.iter().take(MOST_FINDINGS) {
            let found = &finding.recommendation;
            let times = finding.history.unwrap_or_default().dismissed_on;
            let _ = writeln!(
                page,
                "- {} ({}) is set aside: maintainers dismissed this rule on {} and never fixed it",
                self.link(&found.file_path, found.start_line, true),
                code(&found.rule_id),
                count(usize::try_from(times).unwrap_or(usize::MAX), "earlier pull request"),
            );
        }
        for note in &coverage.notes {
            let _ = writeln!(page, "- {}", prose(&one_line(note)));
        }
        if !coverage.skipped.is_empty() {
            page.push_str("\n| Skipped | Why |\n|---|---|\n");
        }
        let (rows, more) = skipped::rows(&coverage.skipped, MOST_SKIPPED);
        for row in rows {
            let path = match row.files {
                1 => cell_code(row.path),
                files => format!("{files} files in {}", cell_code(row.path)),
            };
            let _ = writeln!(page, "| {path} | {} |", cell(row.reason));
        }
        if more > 0 {
            let _ = writeln!(page, "| …and {more} more | |");
        }
        page.push_str("\n</details>\n\n");
    }

    fn write_boxes(&self, page: &mut String) {
        let dismissed = self.ledger.entries.iter().filter(|entry| entry.state == State::Dismissed);
        let boxes: Vec<String> = self
            .findings
            .iter()
            .take(MOST_FINDINGS)
            .map(|finding| &finding.recommendation)
            .map(|found| {
                ledger::tick_box(
                    &found.fingerprint,
                    &format!("{} in {}", code(&found.rule_id), code(&found.file_path)),
                    false,
                )
            })
            .chain(dismissed.map(|entry| {
                ledger::tick_box(
                    &entry.fingerprint,
                    &format!("{} in {}", code(&entry.rule_id), code(&entry.file_path)),
                    true,
                )
            }))
            .collect();
        if !boxes.is_empty() {
            let _ = writeln!(
                page,
                "\n<details><summary>Dismiss findings</summary>\n\nA ticked finding stays out of later reviews of this pull request.\n\n{}\n\n</details>",
                boxes.join("\n")
            );
        }
    }

    pub(super) fn coverage_line(&self) -> String {
        let coverage = &self.coverage;
        let mut parts = if self.subject.is_scan() {
            vec![format!("{} scanned", count(coverage.files_reviewed, "file"))]
        } else {
            let changed = count(coverage.files_changed, "changed file");
            vec![format!("{} of {changed} reviewed", coverage.files_reviewed)]
        };
        if !coverage.skipped.is_empty() {
            parts.push(format!("{} skipped", coverage.skipped.len()));
        }
        if coverage.status == "Partial" {
            parts.push("partial".into());
        }
        parts.join(", ")
    }

    /// Who reviewed what, and what that cost.
    pub(super) fn footer(&self) -> String {
        let cost = &self.cost;
        let is_scan = self.subject.is_scan();
        let mut parts = if is_scan {
            vec![self.subject.repository.clone()]
        } else {
            let Subject { head_sha, base_sha, .. } = &self.subject;
            let commits = format!("{} against {}", short_sha(head_sha), short_sha(base_sha));
            vec![commits, cost.led_by.clone()]
        };
        if cost.tokens > 0 {
            parts.push(format!("{} tokens", cost.tokens));
        }
        if !is_scan {
            parts.push(cost.usd.map_or_else(|| "price unknown".into(), dollars));
        }
        parts.push(format!("{} s", amount(cost.seconds)));
        if let Some(span) = cost.co2e_grams {
            let grams = if (span.high - span.low).abs() < f64::EPSILON {
                amount(span.low)
            } else {
                format!("{}–{}", amount(span.low), amount(span.high))
            };
            parts.push(format!(
                "{grams} gCO2e{}",
                if cost.co2e_note.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", cost.co2e_note)
                }
            ));
        }
        let did = if is_scan { "Scanned" } else { "Reviewed" };
        let mut footer = format!("{did} {}.", prose(&one_line(&parts.join(" · "))));
        for why in cost.chosen.iter().take(MOST_CHOSEN) {
            let _ = write!(footer, " {}.", prose(&one_line(why)));
        }
        if let Some(why) = &cost.handed_over {
            let _ = write!(
                footer,
                " The embedded planner finished the review: {}.",
                prose(&one_line(why))
            );
        }
        if self.words.removed > 0 {
            let _ =
                write!(footer, " {} without evidence removed.", count(self.words.removed, "claim"));
        }
        footer
    }

    pub(super) fn link(&self, path: &str, line: u32, in_table: bool) -> String {
        let place = format!("{path}:{line}");
        let label = if in_table { cell_code(&place) } else { code(&place) };
        match &self.subject.blob_url {
            Some(blob) => format!("[{label}]({blob}/{}#L{line})", escape_path(path)),
            None => label,
        }
    }
}

/// Cents where there are any, four digits where they are smaller.
fn dollars(usd: f64) -> String {
    if usd == 0.0 {
        "$0".into()
    } else if usd < 0.01 {
        format!("${usd:.4}")
    } else {
        format!("${usd:.2}")
    }
}

pub(super) fn carbon_line(carbon: &CarbonFigures) -> String {
    let mut line = format!("{} gCO2e per execution", amount(carbon.per_execution.value));
    if let (Some(low), Some(high)) = (&carbon.low, &carbon.high) {
        let executions = carbon.executions.value.max(1.0);
        let _ = write!(
            line,
            " (90 % interval {} to {})",
            amount(low.value / executions),
            amount(high.value / executions)
        );
    }
    if carbon.executions.value > 1.0 {
        let _ = write!(
            line,
            ", {} gCO2e for {} executions",
            amount(carbon.total.value),
            carbon.executions.value
        );
    }
    line
}

pub(super) fn grade(finding: &Finding) -> String {
    let profiled = finding.run_time_share.as_ref().map(|share| profiled(finding, share));
    let measured = finding.recommendation.measured.as_ref();
    let measured = measured.map(|measured| format!("measured: {}", one_line(&measured.text)));
    let here = finding.measured_here.as_ref();
    let here =
        here.map(|here| format!("measured here: {} in {}", here.text, one_line(&here.benchmark)));
    let parts: Vec<String> = here.into_iter().chain(profiled).chain(measured).collect();
    if parts.is_empty() { "rule".into() } else { parts.join("; ") }
}

fn profiled(finding: &Finding, share: &Figure) -> String {
    let function = amount(share.value);
    let mut grade = match &finding.line_share {
        Some(line) => {
            let itself = if line.with_callees { "" } else { " itself" };
            let line = amount(line.figure.value);
            format!(
                "profiled: this line{itself} takes {line} % of the time, its function {function} %"
            )
        }
        None => format!("profiled: its function takes {function} % of the time"),
    };
    if let Some(year) = &finding.fleet_year {
        let _ = write!(grade, ": {}", year.line());
    }
    grade
}

fn evidence(finding: &Finding) -> String {
    let grade = cell(&grade(finding));
    if finding.recommendation.source == "analyzer" {
        grade
    } else {
        format!("{grade} ({})", cell(&finding.recommendation.source))
    }
}

/// What GitHub calls the language, for colors.
fn highlighting(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("py" | "pyi") => "python",
        Some("js" | "jsx" | "mjs" | "cjs") => "javascript",
        Some("ts" | "mts" | "cts") => "typescript",
        Some("tsx") => "tsx",
        Some("java") => "java",
        Some("go") => "go",
        Some("rs") => "rust",
        _ => "",
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "🟣 Critical",
        Severity::High => "🔴 High",
        Severity::Medium => "🟠 Medium",
        Severity::Low => "⚪ Low",
    }
}

/// Percent-encodes all but what a path in a URL may hold.
pub(super) fn escape_path(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
