//! `eco-coder scan`: what the rules say of a tree as it stands, and fixes where asked for.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::anyhow;
use clap::Args;

use super::Failure;
use super::output::{self, Output};
use crate::app;
use crate::config::Config;
use crate::report::text;
use crate::review::scan::{Scan, ScanRequest};

/// Scan files as they stand, without git, network or model.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Files and folders to scan, of one tree; what its `.gitignore` names is left out.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Make the fixes that were tried and hold: the file still parses, the finding is gone and no other came.
    #[arg(long)]
    fix: bool,
    /// Rules to use in place of those in the repository's `.eco-coder/rules`.
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// Run this rule, and others named so, alone; `eco-coder rules` lists them.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    only: Vec<String>,
    #[command(flatten)]
    output: Output,
}

impl Arguments {
    pub async fn run(self, config: Config) -> Result<(), Failure> {
        let Self { paths, fix, rules, only, output } = self;
        let region = config.aws.region;
        let scanned = tokio::task::spawn_blocking(move || {
            let progress = output::progress();
            progress.set_message("reading the rules");
            let scan = Scan::open(&ScanRequest { paths, rules, only, fix })?;
            let files = AtomicUsize::new(0);
            let on_file = || {
                let files = files.fetch_add(1, Ordering::Relaxed) + 1;
                progress.set_message(format!("scanning, {files} files so far"));
            };
            let scanned = scan.run(region.as_deref(), app::CLOCK, &on_file);
            progress.finish_and_clear();
            anyhow::Ok(scanned)
        });
        let scanned = scanned
            .await
            .map_err(|error| Failure::Outside(anyhow!(error).context("scan")))?
            .map_err(Failure::Usage)?;
        output.write(&scanned.report)?;
        match scanned.unwritten {
            0 => Ok(()),
            files => {
                let files = text::count(files, "file");
                Err(Failure::Outside(anyhow!("fixes of {files} could not be written")))
            }
        }
    }
}
