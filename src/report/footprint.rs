//! A footprint for a terminal, in short or with each step.

use std::fmt::Write;

use carbon::best::Report;

use super::text::{amount, count, one_line};

/// The answer, and with `explain` how it came about.
pub fn page(report: &Report, explain: bool) -> String {
    let mut page = String::new();
    // Writing to a string does not fail.
    let _ = write_answer(&mut page, report);
    if explain {
        let _ = write_steps(&mut page, report);
        let _ = write_basis(&mut page, report);
    } else {
        let assumed = count(report.assumptions.len(), "assumption");
        let sources = count(report.sources.len(), "source");
        let _ = writeln!(page, "\n{assumed}, {sources}: see them with --explain");
    }
    page
}

fn write_answer(page: &mut String, report: &Report) -> std::fmt::Result {
    let executions = report.executions.0 as f64;
    let each = |grams: f64| amount(grams / executions);
    let interval = &report.interval_90;
    writeln!(
        page,
        "{} gCO2e per execution, 90 % interval {} to {}",
        amount(report.co2e_per_execution.0),
        each(interval.low.0),
        each(interval.high.0)
    )?;
    if report.executions.0 > 1 {
        writeln!(
            page,
            "{} gCO2e for {} executions, {} to {}",
            amount(report.co2e_grams.0),
            report.executions.0,
            amount(interval.low.0),
            amount(interval.high.0)
        )?;
    }
    let row = |page: &mut String, name: &str, text: String| writeln!(page, "  {name:<12} {text}");
    page.push('\n');
    let energy = each(report.energy_consumed_kwh.0);
    let tier = report.tier.number();
    row(
        page,
        "energy",
        format!("{energy} kWh per execution ({tier}), PUE {}", amount(report.pue.0)),
    )?;
    let place =
        if report.location_unknown { ", the world's: nobody said where it runs" } else { "" };
    let intensity = amount(report.carbon_intensity_gco2_per_kwh.0);
    row(page, "grid", format!("{intensity} gCO2e/kWh{place}"))?;
    row(
        page,
        "hardware",
        format!("{} gCO2e per execution of making it", each(report.embodied_grams.0)),
    )?;
    row(
        page,
        "SCI",
        format!("{} gCO2e per functional unit (ISO/IEC 21031)", amount(report.sci_grams.0)),
    )?;
    if let Some(market) = report.market_based_grams {
        row(page, "market-based", format!("{} gCO2e per execution", each(market.0)))?;
    }
    if let Some(why) = &report.live_failure {
        row(page, "live", format!("the bundled intensity counts: {}", one_line(why)))?;
    }
    let equal = &report.equivalents;
    let equal = [
        format!("{} smartphone charges", each(equal.smartphone_charges)),
        format!("{} km driven", each(equal.km_driven)),
        format!("{} tree-hours of uptake", each(equal.tree_hours)),
    ];
    row(page, "equals", equal.join(", "))?;
    let other = report.codecarbon.co2e_grams.0;
    row(
        page,
        "CodeCarbon",
        format!("{} gCO2e per execution, by the rules of its version 3.3.2", amount(other)),
    )
}

fn write_steps(page: &mut String, report: &Report) -> std::fmt::Result {
    page.push_str("\nSteps, of one execution\n");
    for step in &report.steps {
        writeln!(page, "  {}: {} {}", step.what, amount(step.value), step.unit)?;
        writeln!(page, "    = {}", step.formula)?;
        if !step.sources.is_empty() {
            writeln!(page, "    from {}", step.sources.join(", "))?;
        }
    }
    Ok(())
}

fn write_basis(page: &mut String, report: &Report) -> std::fmt::Result {
    page.push_str("\nSources\n");
    for source in &report.sources {
        let year = source.year.map(|year| format!(", {year}")).unwrap_or_default();
        writeln!(
            page,
            "  {}: {} {} ({})\n    {}{year}; {}",
            source.id,
            amount(source.value),
            source.unit,
            source.what,
            source.source,
            source.licence
        )?;
    }
    page.push_str("\nWhy it may be off (standard deviation of the logarithm)\n");
    for reason in &report.uncertainty {
        writeln!(page, "  {}: {} ({})", reason.name, amount(reason.sigma), reason.basis)?;
    }
    page.push_str("\nTaken for granted\n");
    for assumption in &report.assumptions {
        writeln!(page, "  - {assumption}")?;
    }
    Ok(())
}
