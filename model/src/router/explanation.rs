//! A decision, for the reader.

use std::fmt;

use super::{Considered, Decision, QUALITY_OF_A_SECOND};

impl Decision {
    /// Why the first is asked, in one sentence; `None` where nobody can be.
    pub fn reason(&self) -> Option<String> {
        let (first, others) = self.order.split_first()?;
        let chose = format!("The router chose {}", first.model_id);
        if self.explored {
            return Some(format!("{chose} to try out how well it does"));
        }
        // Of equals, the settings' first.
        let better = others
            .iter()
            .filter(|other| other.quality > first.quality)
            .max_by(|one, other| one.quality.total_cmp(&other.quality));
        Some(match better {
            Some(better) => format!("{chose}: {}", self.instead_of(first, better)),
            None if others.is_empty() => format!("{chose}: no other model could be asked"),
            None => {
                let complexity = self.complexity.as_str();
                format!(
                    "{chose}: of {} models, the best answers to a {complexity} change are expected of it",
                    self.order.len()
                )
            }
        })
    }

    /// What made up for the quality that is given up: whichever of money and time weighed more.
    fn instead_of(&self, first: &Considered, better: &Considered) -> String {
        let usd = |considered: &Considered| considered.cost_usd.unwrap_or_default();
        let saved = self.quality_per_usd * (usd(better) - usd(first));
        let sooner = QUALITY_OF_A_SECOND * (better.latency_seconds - first.latency_seconds);
        let made_up = if saved >= sooner {
            format!("about ${:.4} instead of ${:.4}", usd(first), usd(better))
        } else {
            let (own, other) = (first.latency_seconds, better.latency_seconds);
            format!("about {own:.0} s instead of {other:.0} s")
        };
        let (own, other) = (first.quality, better.quality);
        format!(
            "it takes {made_up}, which makes up for an expected quality of {own:.2} instead of {}'s {other:.2}",
            better.model_id
        )
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            text,
            "{} change; a US dollar costs {:.3} of quality",
            self.complexity.as_str(),
            self.quality_per_usd
        )?;
        for (index, considered) in self.order.iter().enumerate() {
            writeln!(text, "{}. {considered}", index + 1)?;
        }
        for out in &self.out {
            writeln!(text, "out: {}: {}", out.model_id, out.reason)?;
        }
        Ok(())
    }
}

impl fmt::Display for Considered {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "{}: value {:.3}, quality {:.3}, ", self.model_id, self.value, self.quality)?;
        match self.cost_usd {
            Some(usd) => write!(text, "${usd:.4}, ")?,
            None => write!(text, "price not known, ")?,
        }
        write!(text, "{:.1} s", self.latency_seconds)?;
        if let Some(p90) = self.latency_p90_seconds {
            write!(text, " (nine of ten within {p90} s)")?;
        }
        match self.outcomes {
            0 if self.judged == 0 => return write!(text, ", nothing seen of it yet"),
            1 => write!(text, ", 1 outcome, {} failed", self.failures)?,
            outcomes => write!(text, ", {outcomes} outcomes, {} failed", self.failures)?,
        }
        match self.judged {
            0 => write!(text, ", none judged"),
            judged => write!(text, ", {judged} judged"),
        }
    }
}
