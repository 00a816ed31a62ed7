//! What must hold of the best estimate, tier by tier.

use carbon::CarbonError;
use carbon::best::{Boundary, Estimate, Location, Machine, Report, Tier, Workload};
use carbon::impact_framework::FunctionalUnits;
use carbon::units::{
    CpuSeconds, Executions, Gigabytes, Intensity, Joules, Pue, Seconds, Vcpus, Watts,
};
use proptest::prelude::*;

/// An hour of one vCPU in Frankfurt.
fn hour() -> Workload<'static> {
    Workload { location: Location::Region("eu-central-1"), ..Workload::of(CpuSeconds(3600.0)) }
}

#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn estimate<'a>(workload: &'a Workload<'a>) -> Estimate<'a> {
    Estimate::of(workload).unwrap()
}

#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn report(workload: &Workload) -> Report {
    Estimate::of(workload).unwrap().report().unwrap()
}

fn refused(workload: &Workload) -> String {
    Estimate::of(workload).err().map_or_else(String::new, |error| error.to_string())
}

fn close(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-9 * right.abs().max(1e-12)
}

fn width(workload: &Workload) -> f64 {
    let interval = estimate(workload).interval_90;
    interval.high.0 / interval.low.0
}

#[test]
fn counters_go_before_every_guess() {
    let machine = |boundary| Machine::Measured { joules: Joules(3.6e6), boundary };
    let measured =
        |boundary| Workload { machine: machine(boundary), memory: Gigabytes(2.0), ..hour() };
    let kwh = |boundary| estimate(&measured(boundary)).energy.0;
    // 3.6 MJ are 1 kWh; the PUE of Frankfurt is 1.35, and so is the way from the packages to the socket.
    assert!(close(kwh(Boundary::Wall), 1.35));
    assert!(close(kwh(Boundary::PackagesAndMemory), 1.35 * 1.35));
    assert!(close(kwh(Boundary::Packages), (1.0 + 0.392 * 2.0 / 1000.0) * 1.35 * 1.35));
    assert_eq!(estimate(&measured(Boundary::Wall)).tier, Tier::Measured);
    assert!(width(&measured(Boundary::Wall)) < width(&measured(Boundary::Packages)));
    assert!(width(&measured(Boundary::Packages)) < width(&hour()));
}

#[test]
fn an_instance_goes_by_its_processor_and_the_time_that_it_is_reserved() {
    let machine = Machine::Instance("m6g.large");
    let workload = Workload { machine, wall: Some(Seconds(3600.0)), ..hour() };
    let answer = estimate(&workload);
    assert_eq!(answer.tier, Tier::Processor);
    // One of two vCPUs of Graviton2 busy; 8 GiB, of which two vCPUs' share of 129.78 GB per chip is in the watts.
    let memory = (8.0 * 1.073_741_824 - 2.0 * 129.78 / 96.0) * 0.392;
    let kwh = (1.6930 + 0.4743 + memory) / 1000.0 * 1.35;
    assert!(close(answer.energy.0, kwh), "{} {kwh}", answer.energy.0);
    // Two of 64 vCPUs of a server of 1,333.12 kg, over four years.
    assert!(close(answer.embodied.0, 1_333_120.0 / 64.0 / 35_040.0 * 2.0));
}

#[test]
fn a_function_has_the_vcpus_of_its_memory() {
    let machine = |arm| Machine::Lambda { megabytes: 1769.0, arm };
    let workload = |arm| Workload { machine: machine(arm), wall: Some(Seconds(3600.0)), ..hour() };
    let x86 = workload(false);
    let task = Machine::Fargate {
        vcpus: Vcpus(1.0),
        memory: Gigabytes(1769.0 * 0.001_048_576),
        arm: false,
    };
    let fargate = Workload { machine: task, ..x86.clone() };
    assert!(close(estimate(&x86).total.0, estimate(&fargate).total.0));
    assert!(estimate(&workload(true)).energy < estimate(&x86).energy);
    let too_busy = Workload { machine: Machine::Lambda { megabytes: 128.0, arm: false }, ..x86 };
    assert_eq!(
        refused(&too_busy),
        "`cpu_time` must be no more than the vCPUs can give within the wall time"
    );
}

#[test]
fn a_machine_of_ones_own_goes_by_its_tdp() {
    let machine = Machine::Processor { tdp: Watts(100.0), chips: 1, threads: 8 };
    let busy = Workload {
        machine,
        wall: Some(Seconds(3600.0)),
        vcpus: Some(Vcpus(8.0)),
        memory: Gigabytes(16.0),
        location: Location::Country("FRA"),
        ..Workload::of(CpuSeconds(4.0 * 3600.0))
    };
    let answer = estimate(&busy);
    assert_eq!((answer.tier, answer.pue), (Tier::Fitted, Pue(1.0)));
    let watts = (100.0 * (0.0894 + 0.8103 * 0.447) - 3.938 + 0.2182 * 16.0) * 1.05;
    assert!(close(answer.energy.0, watts / 1000.0), "{:?}", answer.energy);
    assert!(close(answer.intensity.0, 44.18));
    assert_eq!(
        refused(&Workload { vcpus: Some(Vcpus(9.0)), ..busy }),
        "`vcpus` must be no more than the machine has threads; is the CPU time right for the wall time?"
    );
}

#[test]
fn of_nothing_a_wide_answer_is_given_that_says_so() {
    let nothing = Workload::of(CpuSeconds(3600.0));
    let answer = report(&nothing);
    assert_eq!((answer.tier, answer.location_unknown), (Tier::Fallback, true));
    assert!(close(answer.energy_consumed_kwh.0, 0.004));
    assert!(close(answer.carbon_intensity_gco2_per_kwh.0, 472.94));
    assert!(width(&nothing) > 30.0);
    insta::assert_snapshot!(answer.assumptions.join("\n"), @"
    times, memory and counters are those of one execution
    nothing is known of the machine: 4 W per busy thread, which nobody has measured
    the wall time is not known: 1 vCPU, busy all the time
    location unknown: the average of the world's grids, 2024
    the machine stands in no data center (PUE 1)
    making the server: 1/96 of an m5.metal (1,611 kg CO2e over four years) per vCPU; Boavizta's figures are 1.7 to 3.4 times lower
    location-based yearly average: certificates and the hour of the day are left out; storage and network are not counted
    ");
}

#[test]
fn better_knowledge_is_a_narrower_answer() {
    let on = |machine| Workload { machine, wall: Some(Seconds(3600.0)), ..hour() };
    let known = on(Machine::Instance("m6i.large"));
    let unknown = on(Machine::Unknown);
    assert!(width(&known) < width(&unknown));
    assert!(width(&unknown) < width(&hour()));
    let anywhere = Workload { location: Location::Unknown, ..known.clone() };
    let country = Workload { location: Location::Country("DEU"), ..known.clone() };
    assert!(width(&known) < width(&country) && width(&country) < width(&anywhere));
}

#[cfg(feature = "odbl-data")]
#[test]
fn a_region_that_two_zones_claim_has_an_interval_over_both() {
    let oregon = Workload {
        location: Location::Region("us-west-2"),
        machine: Machine::Measured { joules: Joules(3.6e6), boundary: Boundary::Wall },
        ..hour()
    };
    let answer = estimate(&oregon);
    assert!(close(answer.intensity.0, 129.0));
    let ratio = answer.interval_90.high.0 / answer.total.0;
    assert!(ratio > 204.0 / 129.0, "{ratio}");
    assert!(report(&oregon).assumptions.iter().any(|line| line.contains("US-NW-PACW")));
}

#[cfg(not(feature = "odbl-data"))]
#[test]
fn without_the_database_countries_and_states_stand_in() {
    let answer = report(&Workload { location: Location::Region("us-west-2"), ..hour() });
    assert!(close(answer.carbon_intensity_gco2_per_kwh.0, 165.5));
    assert!(answer.sources.iter().all(|source| !source.licence.contains("ODbL")));
}

#[test]
fn certificates_are_told_beside_the_answer_and_never_in_it() {
    let bought = Workload { market_based: Some(Intensity(0.0)), ..hour() };
    let (plain, with) = (report(&hour()), report(&bought));
    assert!(close(with.co2e_grams.0, plain.co2e_grams.0));
    assert_eq!(plain.market_based_grams, None);
    assert!(with.market_based_grams.is_some_and(|grams| close(grams.0, with.embodied_grams.0)));
}

#[test]
fn the_score_is_the_carbon_of_a_unit() {
    let hundred = Workload {
        units_per_execution: FunctionalUnits(100.0),
        executions: Executions(7),
        ..hour()
    };
    let answer = estimate(&hundred);
    assert!(close(answer.sci.0 * 100.0, answer.per_execution.0));
    assert!(close(answer.total.0, answer.per_execution.0 * 7.0));
    let none = Workload { units_per_execution: FunctionalUnits(0.0), ..hour() };
    assert_eq!(
        refused(&none),
        "`functional_units` must be a number above 0: the carbon is shared over them"
    );
}

#[test]
fn every_step_names_sources_that_are_listed() {
    for machine in [
        Machine::Measured { joules: Joules(10.0), boundary: Boundary::Packages },
        Machine::Instance("m6g.large"),
        Machine::Family("ice lake"),
        Machine::Lambda { megabytes: 512.0, arm: true },
        Machine::Processor { tdp: Watts(65.0), chips: 1, threads: 8 },
        Machine::Unknown,
    ] {
        for location in [Location::Region("us-east-1"), Location::Country("JPN"), Location::Unknown]
        {
            let answer = report(&Workload { machine, location, ..hour() });
            let listed: Vec<&str> =
                answer.sources.iter().map(|source| source.id.as_str()).collect();
            for step in &answer.steps {
                for id in &step.sources {
                    assert!(listed.contains(&id.as_str()), "{machine:?}: {id} of {}", step.what);
                }
            }
            assert!(
                answer
                    .sources
                    .iter()
                    .all(|source| !source.source.is_empty() && !source.licence.is_empty())
            );
            assert!(
                !answer.uncertainty.is_empty()
                    && answer.uncertainty.iter().all(|part| part.sigma > 0.0)
            );
        }
    }
}

#[cfg(feature = "odbl-data")]
#[test]
fn an_answer_explains_each_step() {
    let machine = Machine::Instance("m6g.large");
    let answer = report(&Workload { machine, wall: Some(Seconds(3600.0)), ..hour() });
    let steps: Vec<String> = answer
        .steps
        .iter()
        .map(|step| {
            format!(
                "{}: {} = {:.6} {} [{}]",
                step.what,
                step.formula,
                step.value,
                step.unit,
                step.sources.join(", ")
            )
        })
        .collect();
    insta::assert_snapshot!(steps.join("\n"), @"
    energy of the processor: 1.6930 W x 3600 s busy + 0.4743 W x 3600 s idle = 0.002167 kWh [power/family, power/family-idle]
    energy of memory beside it: 5.886 GB x 0.392 W/GB x 3600 s = 0.002307 kWh [memory-power, power/family-memory, threads-per-chip]
    energy with the building: (processor + memory) x 1 x PUE 1.35 = 0.006041 kWh [pue/eu-central-1]
    operational emissions: energy x 342 g/kWh = 2.065962 g CO2e [intensity/DE]
    embodied emissions: 0.5945 g per vCPU-hour x 7200 vCPU-seconds = 1.188927 g CO2e [server-life, making/machine]
    score per functional unit: (operational + embodied) / 1 = 3.254889 g CO2e []
    all executions: one execution x 1 = 3.254889 g CO2e []
    ");
    insta::assert_snapshot!(answer.assumptions.join("\n"), @"
    times, memory and counters are those of one execution
    m6g.large runs on AWS Graviton2 Processor (Graviton2)
    8.59 GB of memory count, because they are reserved
    nobody has measured Graviton2: it is taken to draw what EPYC of the 2nd generation draws
    eu-central-1 is fed by the grid zone DE (Germany), 2025
    making the machine: Cloud Carbon Footprint's formula over four years; Boavizta's figures are 1.7 to 3.4 times lower
    location-based yearly average: certificates and the hour of the day are left out; storage and network are not counted
    ");
    let parts: Vec<String> =
        answer.uncertainty.iter().map(|part| format!("{} {}", part.name, part.sigma)).collect();
    insta::assert_snapshot!(parts.join("\n"), @"
    processor-family 0.3
    intensity-zone 0.18
    intensity-year 0.09
    pue-region 0.02
    embodied 0.45
    ");
}

#[test]
fn codecarbon_overstates_a_small_guest_on_a_large_host() {
    let machine = Machine::Instance("m6a.large");
    let answer = report(&Workload { machine, wall: Some(Seconds(3600.0)), ..hour() });
    // 225 W of EPYC 7R13 over the two vCPUs of the guest, one of them busy; and 10 W for whatever memory.
    assert!(close(answer.codecarbon.cpu_power.0, 112.5), "{:?}", answer.codecarbon);
    assert!(close(answer.codecarbon.memory_power.0, 10.0));
    assert!(close(answer.codecarbon.intensity.0, 380.95));
    assert!(answer.codecarbon.energy.0 > 10.0 * answer.energy_consumed_kwh.0);
}

#[test]
fn what_cannot_be_is_refused() {
    let cases = [
        Workload { cpu_time: CpuSeconds(-1.0), ..hour() },
        Workload { cpu_time: CpuSeconds(f64::NAN), ..hour() },
        Workload { wall: Some(Seconds(f64::INFINITY)), ..hour() },
        Workload { memory: Gigabytes(1e10), ..hour() },
        Workload { vcpus: Some(Vcpus(0.0)), ..hour() },
        Workload { executions: Executions(0), ..hour() },
        Workload { pue: Some(Pue(0.9)), ..hour() },
        Workload { market_based: Some(Intensity(f64::NAN)), ..hour() },
        Workload {
            machine: Machine::Measured { joules: Joules(-1.0), boundary: Boundary::Wall },
            ..hour()
        },
        Workload {
            machine: Machine::Processor { tdp: Watts(0.0), chips: 1, threads: 1 },
            ..hour()
        },
        Workload {
            machine: Machine::Processor { tdp: Watts(9.0), chips: 1, threads: 0 },
            ..hour()
        },
        Workload { machine: Machine::Family("Gravitron2"), ..hour() },
        Workload { location: Location::Region("eu-centarl-1"), ..hour() },
    ];
    let told: Vec<String> = cases.iter().map(refused).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    `cpu_time` must be a number of seconds from 0 to 1e9
    `cpu_time` must be a number of seconds from 0 to 1e9
    `wall` must be a number of seconds from 0 to 1e9
    `memory` must be a number of gigabytes from 0 to 1e9
    `vcpus` must be a number from 1e-6 to 1e9
    `executions` must be a whole number from 1 to 1e15
    `pue` must be a number of 1 or more
    `intensity` must be grams per kWh from 0 to 2000
    `joules` must be a number of joules from 0 to 1e9
    `tdp` must be a number of watts of 1 or more
    `chips, threads` must be whole numbers from 1 to 100000
    unknown processor family "Gravitron2"; the nearest known ones are Graviton2, Graviton3, Graviton4
    unknown AWS region "eu-centarl-1"; the nearest known ones are eu-central-1, eu-central-2, ca-central-1
    "#);
}

prop_compose! {
    fn some_machine()(
        kind in 0..6, joules in 0.0..1e6_f64, megabytes in 128.0..10_240.0_f64, tdp in 5.0..400.0_f64, arm: bool
    ) -> Machine<'static> {
        match kind {
            0 => Machine::Measured { joules: Joules(joules), boundary: Boundary::Packages },
            1 => Machine::Instance("c7g.4xlarge"),
            2 => Machine::Family("Skylake"),
            3 => Machine::Lambda { megabytes, arm },
            4 => Machine::Processor { tdp: Watts(tdp), chips: 2, threads: 64 },
            _ => Machine::Unknown,
        }
    }
}

proptest! {
    #[test]
    fn more_cpu_time_is_never_less_carbon(machine in some_machine(), seconds in 0.0..1e5_f64, more in 0.0..1e4_f64) {
        let of = |cpu_time| Workload { machine, cpu_time: CpuSeconds(cpu_time), ..hour() };
        prop_assert!(estimate(&of(seconds + more)).total >= estimate(&of(seconds)).total);
    }

    #[test]
    fn executions_add_up(machine in some_machine(), some in 1..1_000_000_u64, others in 1..1_000_000_u64) {
        let of = |count| Workload { machine, executions: Executions(count), ..hour() };
        let apart = estimate(&of(some)).total + estimate(&of(others)).total;
        prop_assert!(close(estimate(&of(some + others)).total.0, apart.0));
    }

    #[test]
    fn the_interval_contains_the_value_and_factors_may_change_places(machine in some_machine(), seconds in 0.0..1e6_f64) {
        let workload = Workload { machine, cpu_time: CpuSeconds(seconds), ..hour() };
        let answer = estimate(&workload);
        prop_assert!(answer.interval_90.contains(answer.total));
        // Energy holds the PUE already; the grid first and the building last is the same.
        let before = answer.energy.0 / answer.pue.0;
        prop_assert!(close(before * answer.intensity.0 * answer.pue.0, answer.operational.0));
    }

}

proptest! {
    // Each refusal looks for the nearest of a thousand names.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_name_is_an_answer_or_a_short_refusal(name in "\\PC{0,80}") {
        let on = |machine, location| Workload { machine, location, ..hour() };
        for workload in [
            on(Machine::Instance(&name), Location::Unknown),
            on(Machine::Family(&name), Location::Unknown),
            on(Machine::Unknown, Location::Country(&name)),
        ] {
            prop_assert!(refused(&workload).len() < 800);
        }
    }
}

#[test]
fn an_error_can_be_told_apart() {
    let unknown = Workload { machine: Machine::Instance("m99.huge"), ..hour() };
    assert!(matches!(Estimate::of(&unknown), Err(CarbonError::UnknownMachine { .. })));
}
