//! Findings ranked by real run time: profiles that real profilers wrote, from the file to the report.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::world::World;
use crate::world::repository::Repository;

/// Where the profiles lie, with the programs that they are of.
fn profiled() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/profile/tests/profiles")
}

fn source(path: &str) -> String {
    std::fs::read_to_string(profiled().join(path)).expect("a program")
}

/// A branch that adds the two files of the profiled program, one with little time first by name or line.
fn program(extension: &str, settings: &str) -> Repository {
    let names = format!("shop/names.{extension}");
    let orders = format!("shop/orders.{extension}");
    let unrelated = format!("shop/a.{extension}");
    let code = source(&orders).replace("load", "never_called");
    Repository::with_branch(
        &[(".eco-coder.yml", settings), ("README.md", "# Shop\n")],
        &[(&unrelated, &code), (&orders, &source(&orders)), (&names, &source(&names))],
    )
}

async fn reviewed(repository: &Repository, profile: &str, format: &str) -> String {
    let world = World::new().await;
    let profile = profiled().join(profile).display().to_string();
    let arguments = ["review", "--profile", &profile, "--format", format];
    let ended = world.run_in(&repository.path(), &arguments);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{}", ended.stdout);
    ended.stdout
}

/// The rows of the table on the first screen.
fn rows(report: &str) -> String {
    let rows: Vec<_> = report
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains("`shop/"))
        .filter(|line| {
            ["rule |", "| measured:", "profiled"].iter().any(|grade| line.contains(grade))
        })
        .collect();
    rows.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_of_a_python_program_are_ranked_by_what_cprofile_measured() {
    let report = reviewed(&program("py", ""), "cprofile.pstats", "markdown").await;

    insta::assert_snapshot!(rows(&report), @"
    | 🔴 High | `shop/names.py:4` | Database query inside a loop (`query-in-loop`) | profiled: its function takes 71.2 % of the time; measured: 13x on CPython 3.11, n=1000 |
    | 🔴 High | `shop/orders.py:4` | Database query inside a loop (`query-in-loop`) | profiled: its function takes 18 % of the time; measured: 13x on CPython 3.11, n=1000 |
    | 🔴 High | `shop/a.py:4` | Database query inside a loop (`query-in-loop`) | measured: 13x on CPython 3.11, n=1000 |
    ");
    assert!(report.contains("cprofile.pstats (Python cProfile)"), "{report}");
    assert!(report.contains("cProfile measures elapsed time"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_of_a_node_program_say_what_their_own_lines_take() {
    let report = reviewed(&program("js", ""), "node.cpuprofile", "markdown").await;

    insta::assert_snapshot!(rows(&report), @"
    | 🟠 Medium | `shop/names.js:4` | Regular expression compiled inside a loop (`regex-compiled-in-loop`) | profiled: this line itself takes 7.96 % of the time, its function 49 %; measured: 3.1x on Node.js 20.20, n=10^4 |
    | 🟠 Medium | `shop/orders.js:4` | Regular expression compiled inside a loop (`regex-compiled-in-loop`) | profiled: this line itself takes 3.78 % of the time, its function 16.6 %; measured: 3.1x on Node.js 20.20, n=10^4 |
    | 🟠 Medium | `shop/a.js:4` | Regular expression compiled inside a loop (`regex-compiled-in-loop`) | measured: 3.1x on Node.js 20.20, n=10^4 |
    ");
    assert!(report.contains("node.cpuprofile (V8 cpuprofile)"), "{report}");
    assert!(report.contains("shares of lines hold as far as"), "{report}");
}

#[cfg(feature = "odbl-data")]
#[tokio::test(flavor = "multi_thread")]
async fn the_fleets_year_is_told_for_each_profiled_finding_with_its_assumptions() {
    let fleet =
        "fleet: {cpu_hours_per_year: 120000, aws_region: eu-west-1, usd_per_cpu_hour: 0.04}\n";
    let repository = program("py", fleet);

    let report = reviewed(&repository, "cprofile.pstats", "markdown").await;

    insta::assert_snapshot!(rows(&report), @"
    | 🔴 High | `shop/names.py:4` | Database query inside a loop (`query-in-loop`) | profiled: its function takes 71.2 % of the time: about 268 kWh, 122 kg CO2e (90 % interval 63.1 to 234) and $3,417 a year over the fleet; measured: 13x on CPython 3.11, n=1000 |
    | 🔴 High | `shop/orders.py:4` | Database query inside a loop (`query-in-loop`) | profiled: its function takes 18 % of the time: about 67.7 kWh, 30.7 kg CO2e (90 % interval 15.9 to 59.2) and $863 a year over the fleet; measured: 13x on CPython 3.11, n=1000 |
    | 🔴 High | `shop/a.py:4` | Database query inside a loop (`query-in-loop`) | measured: 13x on CPython 3.11, n=1000 |
    ");
    let folded = report.split("How the fleet's figures came about").nth(1).expect("the basis");
    let folded = folded.split("</details>").next().expect("an end");
    insta::assert_snapshot!(folded, @"
    </summary>

    Footprint = (energy of the processor + memory beside it) x PUE 1.11 x grid intensity 301 gCO2e/kWh + a share of making the hardware. The energy is of tier T2: the processor is not known: mean of 12 server families, 2.83 W per busy vCPU. The grid: eu-west-1 is fed by the grid zone IE (Ireland), 2025. Equivalents are US EPA figures.

    - the fleet takes 120000 CPU-hours a year in eu-west-1, as `fleet` in `.eco-coder.yml` says; a CPU-hour is one vCPU, busy for an hour
    - the fleet spends its CPU time as the profile does; the interval does not include how far the two differ
    - a function's part includes what it calls: it is what there is to save at most, not what a change saves
    - one execution of the carbon model stands for one CPU-hour here
    - a CPU-hour costs 0.04 US dollars, as the settings say
    - times, memory and counters are those of one execution
    - the processor is not known: mean of 12 server families
    - the wall time is not known: 1 vCPU, busy all the time
    - eu-west-1 is fed by the grid zone IE (Ireland), 2025
    - making the server: 1/96 of an m5.metal (1,611 kg CO2e over four years) per vCPU; Boavizta's figures are 1.7 to 3.4 times lower
    - location-based yearly average: certificates and the hour of the day are left out; storage and network are not counted
    - grid intensity of IE (Ireland): 301.0 g CO2e/kWh (Electricity Maps yearly zone average (consumption; life cycle) via CO2.js 0.19.0, 2025)
    - PUE of eu-west-1: 1.11 kWh/kWh (Amazon: AWS power usage effectiveness by region (sustainability.aboutamazon.com), quoted second-hand, 2024)
    - power of a busy vCPU, mean of 12 server families: 2.8277583333333336 W/vCPU (power.csv: ccf-coefficients b0032d9 (2026-04-24); EPYC 4th and 5th Gen recomputed from SPECpower results, 2026)
    - power of an idle vCPU, mean of 12 server families: 0.60525 W/vCPU (power.csv: ccf-coefficients b0032d9 (2026-04-24); EPYC 4th and 5th Gen recomputed from SPECpower results, 2026)
    - power of memory above what watts per vCPU include: 0.392 W/GB (Cloud Carbon Footprint methodology (0.000392 kWh per GB-hour), 2024)
    - memory that the watts of a vCPU include, mean of 12 server families: 1.3730729166666666 GB/vCPU (power.csv: ccf-coefficients b0032d9 (2026-04-24); EPYC 4th and 5th Gen recomputed from SPECpower results, 2026)
    - vCPUs that share one chip's memory baseline: 96.0 vCPU (Cloud Carbon Footprint methodology (chips = ceil(vCPUs / 96)), 2024)
    - life of the default server (four years): 35040.0 h (Cloud Carbon Footprint methodology, 2024)
    - making the default server: m5.metal with two sockets and 384 GB: 1610790.0 g CO2e (ccf-coefficients b0032d9 (2026-04-24): 1000 kg + memory 510.79 kg + second socket 100 kg, 2026)
    - vCPUs of the default server: 96.0 vCPU (ccf-coefficients b0032d9 (2026-04-24): m5.metal, 2026)
    - one full charge of a smartphone: 12.4 g CO2e (US EPA Greenhouse Gas Equivalencies (1.24e-5 t per charge, eGRID2022), page dated 2026-08-04, quoted second-hand, 2026)
    - one kilometer in an average US gasoline car: 244.19887854927222 g CO2e (US EPA Greenhouse Gas Equivalencies (393 g per mile, 1.609344 km per mile), page dated 2026-08-04, quoted second-hand, 2026)
    - one hour of growth of an urban tree seedling: 0.6844626967830253 g CO2e (US EPA Greenhouse Gas Equivalencies (60 kg per seedling over 10 years, 8766 h per year), page dated 2026-08-04, quoted second-hand, 2026)
    ");

    let report: Value =
        serde_json::from_str(&reviewed(&repository, "cprofile.pstats", "json").await)
            .expect("JSON");
    let year = &report["findings"][0]["fleet_year"];
    let evidence = year["energy"]["evidence"].as_str().expect("a place");
    assert!(
        evidence.contains("#/bottlenecks/") && evidence.ends_with("/fleet_year/energy_kwh"),
        "{year}"
    );
    assert_eq!(report["findings"][2].get("fleet_year"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_of_a_fleet_without_settings_and_no_dollars_without_a_price() {
    let report = reviewed(&program("py", ""), "cprofile.pstats", "markdown").await;
    assert!(!report.contains("fleet"), "{report}");

    let fleet = "fleet: {cpu_hours_per_year: 120000, aws_region: eu-west-1}\n";
    let report = reviewed(&program("py", fleet), "cprofile.pstats", "markdown").await;
    assert!(report.contains("a year over the fleet"), "{report}");
    assert!(!rows(&report).contains('$') && !report.contains("dollars"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_in_a_region_that_nobody_knows_is_not_guessed() {
    let fleet = "fleet: {cpu_hours_per_year: 120000, aws_region: mars-1}\n";

    let report = reviewed(&program("py", fleet), "cprofile.pstats", "markdown").await;

    assert!(!report.contains("a year over the fleet"), "{report}");
    let note = report.lines().find(|line| line.contains("the fleet's year")).expect("a note");
    insta::assert_snapshot!(note, @r#"- what the fleet's year stands for cannot be told: unknown AWS region "mars-1"; the nearest known ones are ca-west-1, sa-east-1, me-south-1"#);
}
