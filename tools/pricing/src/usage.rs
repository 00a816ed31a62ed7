//! What a review uses, counted in the units that AWS bills.

use std::collections::BTreeMap;

use super::Item;

const GIB: f64 = 1_073_741_824.0;
const DAYS_PER_MONTH: f64 = 365.0 / 12.0;

/// Amounts by item, and what the model took.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Use {
    pub amounts: BTreeMap<Item, f64>,
    /// Priced by whoever knows the model.
    pub model_usd: f64,
}

impl Use {
    #[must_use]
    pub fn with(mut self, item: Item, amount: f64) -> Self {
        *self.amounts.entry(item).or_default() += amount;
        self
    }

    pub fn add(&mut self, other: &Self) {
        for (item, amount) in &other.amounts {
            *self.amounts.entry(*item).or_default() += amount;
        }
        self.model_usd += other.model_usd;
    }

    #[must_use]
    pub fn times(&self, factor: f64) -> Self {
        let amounts = self.amounts.iter().map(|(item, amount)| (*item, amount * factor)).collect();
        Self { amounts, model_usd: self.model_usd * factor }
    }
}

/// What runs the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    LambdaArm64,
    LambdaX86,
    /// Bills CPU time that is used, and memory.
    AgentCore,
}

/// What one review was seen to take.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Review {
    pub seconds: f64,
    pub cpu_seconds: f64,
    /// Report as it is kept, all its forms.
    pub report_bytes: f64,
    pub model_usd: f64,
}

/// How the service is set up, and what the design spends on each review besides running it. These are the design's own
/// counts, not measurements.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployment {
    pub host: Host,
    pub memory_mb: f64,
    /// Deliveries that arrive for each one that leads to a review: labels, comments, assignments.
    pub deliveries_per_review: f64,
    pub ingress_memory_mb: f64,
    pub ingress_seconds: f64,
    /// Send, receive and delete.
    pub queue_requests: f64,
    /// Of one write unit each: delivery seen, job, lease, run finished.
    pub small_writes: f64,
    /// Each writes the whole state of the run, which holds little besides what the report holds.
    pub checkpoints: f64,
    pub table_reads: f64,
    pub log_bytes: f64,
    pub kept_days: f64,
    pub traces: f64,
    pub secret_reads: f64,
    pub key_requests: f64,
}

impl Default for Deployment {
    fn default() -> Self {
        Self {
            host: Host::LambdaArm64,
            memory_mb: 1024.0,
            deliveries_per_review: 3.0,
            ingress_memory_mb: 256.0,
            ingress_seconds: 0.05,
            queue_requests: 3.0,
            small_writes: 6.0,
            checkpoints: 6.0,
            table_reads: 10.0,
            log_bytes: 16_384.0,
            kept_days: 90.0,
            traces: 1.0,
            secret_reads: 0.1,
            key_requests: 2.0,
        }
    }
}

impl Deployment {
    /// What one review uses, from the delivery to what is kept of it.
    pub fn uses(&self, review: &Review) -> Use {
        let months_kept = self.kept_days / DAYS_PER_MONTH;
        let report_gib = review.report_bytes / GIB;
        // A write unit is 1 KB, started ones count.
        let state_units = (review.report_bytes / 1024.0).ceil().max(1.0);
        let log_gib = self.log_bytes / GIB;
        let used = self.worker(review);
        Use { model_usd: review.model_usd, ..used }
            .with(
                self.lambda_seconds(),
                self.deliveries_per_review * self.ingress_memory_mb / 1024.0 * self.ingress_seconds,
            )
            .with(Item::LambdaRequests, self.deliveries_per_review)
            .with(Item::QueueRequests, self.queue_requests)
            .with(
                Item::TableWrites,
                self.deliveries_per_review + self.small_writes + self.checkpoints * state_units,
            )
            .with(Item::TableReads, self.table_reads)
            .with(Item::TableStorage, report_gib * months_kept)
            .with(Item::TableBackup, report_gib * months_kept)
            .with(Item::ObjectWrites, 1.0)
            .with(Item::ObjectStorage, report_gib * months_kept)
            .with(Item::LogsIngested, log_gib)
            .with(Item::LogsStored, log_gib * months_kept)
            .with(Item::SecretReads, self.secret_reads)
            .with(Item::KeyRequests, self.key_requests)
            .with(Item::Traces, self.traces)
            .with(Item::TransferOut, report_gib)
    }

    /// What is paid each month although nothing is reviewed.
    pub fn standing() -> Use {
        // Credentials and the webhook's secret; three dashboards; an alarm for each condition; the call every quarter of
        // an hour that asks GitHub for deliveries that failed.
        Use::default()
            .with(Item::Secrets, 2.0)
            .with(Item::Keys, 1.0)
            .with(Item::Metrics, 30.0)
            .with(Item::Dashboards, 3.0)
            .with(Item::Alarms, 8.0)
            .with(Item::Schedules, 4.0 * 24.0 * DAYS_PER_MONTH)
    }

    fn worker(&self, review: &Review) -> Use {
        let gb = self.memory_mb / 1024.0;
        match self.host {
            Host::AgentCore => Use::default()
                .with(Item::AgentVcpu, review.cpu_seconds / 3600.0)
                .with(Item::AgentMemory, gb * review.seconds / 3600.0),
            Host::LambdaArm64 | Host::LambdaX86 => Use::default()
                .with(self.lambda_seconds(), gb * review.seconds)
                .with(Item::LambdaRequests, 1.0),
        }
    }

    fn lambda_seconds(&self) -> Item {
        match self.host {
            Host::LambdaX86 => Item::LambdaX86,
            Host::LambdaArm64 | Host::AgentCore => Item::LambdaArm64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REVIEW: Review =
        Review { seconds: 30.0, cpu_seconds: 2.0, report_bytes: 20_480.0, model_usd: 0.03 };

    /// In millionths, so that amounts compare exactly.
    fn millionths(used: &Use, item: Item) -> u64 {
        (used.amounts.get(&item).copied().unwrap_or_default() * 1e6).round() as u64
    }

    #[test]
    fn a_worker_on_lambda_is_billed_for_the_time_that_it_waits_and_on_agentcore_is_not() {
        let lambda = Deployment { ingress_seconds: 0.0, ..Deployment::default() };
        assert_eq!(millionths(&lambda.uses(&REVIEW), Item::LambdaArm64), 30_000_000);
        let agent_core = Deployment { host: Host::AgentCore, ..lambda };
        let used = agent_core.uses(&REVIEW);
        assert_eq!(millionths(&used, Item::AgentVcpu), 556, "2 s of an hour");
        assert_eq!(millionths(&used, Item::AgentMemory), 8333, "1 GB for 30 s of an hour");
        assert_eq!(millionths(&used, Item::LambdaArm64), 0);
    }

    #[test]
    fn every_checkpoint_pays_for_the_whole_state() {
        let deployment = Deployment {
            deliveries_per_review: 1.0,
            small_writes: 4.0,
            checkpoints: 5.0,
            ..Deployment::default()
        };
        assert_eq!(millionths(&deployment.uses(&REVIEW), Item::TableWrites), 105_000_000);
    }

    #[test]
    fn a_sum_is_what_its_parts_are() {
        let deployment = Deployment::default();
        let one = deployment.uses(&REVIEW);
        let mut three = one.clone();
        three.add(&one.times(2.0));
        assert!((three.model_usd - 0.09).abs() < 1e-12);
        for (item, amount) in &three.amounts {
            assert!((amount - one.amounts[item] * 3.0).abs() < 1e-9, "{item:?}");
        }
    }
}
