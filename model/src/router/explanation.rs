//! A decision, for the reader.

use std::fmt;

use super::{Considered, Decision};

impl fmt::Display for Decision {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        let complexity = format!("{:?}", self.complexity).to_lowercase();
        writeln!(
            text,
            "{complexity} change; a US dollar costs {:.3} of quality",
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
            0 => write!(text, ", nothing seen of it yet"),
            1 => write!(text, ", 1 outcome, {} failed", self.failures),
            outcomes => write!(text, ", {outcomes} outcomes, {} failed", self.failures),
        }
    }
}
