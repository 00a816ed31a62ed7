//! Real worktrees and real commands: what is measured, what is said when it cannot be, and what is left behind.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use measure::{
    Benchmark, Callgrind, EnergySource, FrozenFactors, MeasureError, Metric, Progress, Report,
    Request, Side, Verdict, measure,
};

/// A repository with two commits; `work.sh` runs so many steps at base and so many at head.
struct World {
    folder: tempfile::TempDir,
    repository: PathBuf,
    state: PathBuf,
}

impl World {
    fn new(base: &str, head: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (repository, state) = (folder.path().join("repository"), folder.path().join("state"));
        fs::create_dir(&repository).unwrap();
        let world = Self { folder, repository, state };
        world.git(&["init", "--quiet", "--initial-branch=main"]);
        world.commit(base);
        world.commit(head);
        world
    }

    fn commit(&self, script: &str) {
        fs::write(self.repository.join("work.sh"), script).unwrap();
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "work"]);
    }

    fn git(&self, arguments: &[&str]) -> String {
        let identity =
            ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
        let mut git = Command::new("git");
        let output =
            git.current_dir(&self.repository).args(identity).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn request(&self) -> Request {
        let mut request = Request::new(&self.repository, &self.state);
        request.benchmarks.push(benchmark("work", &["sh", "./work.sh"]));
        request.effort.least_pairs = 8;
        request.effort.most_pairs = 8;
        request.effort.warm_ups = 1;
        request
    }

    /// Worktrees that git knows beside the repository itself, and files in the state folder.
    fn left_behind(&self) -> (usize, usize) {
        let worktrees = self.git(&["worktree", "list"]).lines().count() - 1;
        (worktrees, fs::read_dir(&self.state).map_or(0, Iterator::count))
    }
}

fn benchmark(name: &str, command: &[&str]) -> Benchmark {
    let command = command.iter().map(|&word| word.to_owned()).collect();
    Benchmark { name: name.to_owned(), command, setup: None }
}

fn run(request: &Request) -> Result<Report, MeasureError> {
    measure(request, &mut |_| {})
}

fn steps(count: u32) -> String {
    format!("i=0; while [ $i -lt {count} ]; do i=$((i+1)); done\n")
}

/// Processes whose folder lies below this one.
fn processes_in(folder: &Path) -> usize {
    let folder = folder.canonicalize().unwrap();
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let places = entries.filter_map(|entry| fs::read_link(entry.path().join("cwd")).ok());
    places.filter(|place| place.starts_with(&folder)).count()
}

#[test]
fn twice_the_work_is_a_regression_and_half_of_it_an_improvement() {
    let world = World::new(&steps(10_000), &steps(30_000));
    let mut request = world.request();
    let report = run(&request).unwrap();
    assert_eq!(report.benchmarks[0].verdict, Verdict::Regressed, "{}", report.table());
    let cpu = report.benchmarks[0].comparison(Metric::CpuSeconds).unwrap();
    assert!(cpu.change.value > 0.5 && cpu.head_median > 0.002, "{cpu:?}");
    std::mem::swap(&mut request.base, &mut request.head);
    let report = run(&request).unwrap();
    assert_eq!(report.benchmarks[0].verdict, Verdict::Improved, "{}", report.table());
    assert_eq!(world.left_behind(), (0, 0));
}

#[test]
fn each_order_comes_as_often_as_the_other_and_the_seed_decides_which_is_next() {
    let world = World::new("exit 0", "exit 0");
    let orders = |seed| {
        let mut request = world.request();
        request.effort.seed = seed;
        let report = run(&request).unwrap();
        report.benchmarks[0].pairs.iter().map(|pair| pair.base_first).collect::<Vec<_>>()
    };
    let first = orders(1);
    assert_eq!(first.iter().filter(|base_first| **base_first).count(), 4);
    assert_eq!(first, orders(1));
    assert!((2..6).any(|seed| orders(seed) != first));
}

#[test]
fn what_children_of_the_command_do_is_counted() {
    let alone = World::new(&steps(20_000), &format!("({}); exit 0", steps(20_000)));
    let report = run(&alone.request()).unwrap();
    let cpu = report.benchmarks[0].comparison(Metric::CpuSeconds).unwrap();
    assert!(cpu.head_median > 0.5 * cpu.base_median, "{cpu:?}");
    let piped = World::new("exit 0", "head -c 3000000 /dev/zero | cat > /dev/null");
    let report = run(&piped.request()).unwrap();
    let written = report.benchmarks[0].pairs[0].head.get(Metric::BytesWritten);
    assert!(written.is_none_or(|bytes| bytes >= 6_000_000.0), "{written:?}");
}

#[test]
fn energy_is_converted_once_for_both_sides() {
    let world = World::new(&steps(10_000), &steps(30_000));
    let mut request = world.request();
    let sources = vec!["test".to_owned()];
    request.factors = Some(FrozenFactors {
        watts_per_cpu: 4.0,
        power_usage_effectiveness: 1.0,
        grams_per_kwh: 400.0,
        sources,
    });
    let report = run(&request).unwrap();
    let (found, energy) = (&report.benchmarks[0], report.benchmarks[0].energy.as_ref().unwrap());
    let cpu = found.comparison(Metric::CpuSeconds).unwrap();
    if energy.source == EnergySource::CpuTime {
        assert!((energy.joules.value - 4.0 * cpu.base_median * cpu.change.value).abs() < 1e-9);
    }
    assert!((energy.grams_co2e.value / energy.joules.value - 400.0 / 3.6e6).abs() < 1e-9);
}

#[test]
fn a_command_that_fails_on_one_side_is_named_with_what_it_said() {
    let world = World::new("echo cannot find the data >&2; exit 3", "exit 0");
    let error = run(&world.request()).unwrap_err();
    insta::assert_snapshot!(error, @r#"
    benchmark "work" fails on base with exit status: 3; it printed last:
    cannot find the data
    "#);
    assert_eq!(world.left_behind(), (0, 0));
}

#[test]
fn a_missing_command_and_an_unknown_revision_are_told_apart() {
    let world = World::new("exit 0", "exit 0");
    let mut request = world.request();
    request.benchmarks = vec![benchmark("work", &["no-such-program-here"])];
    insta::assert_snapshot!(run(&request).unwrap_err(), @r#"benchmark "work" on base: there is no program "no-such-program-here" (install it, or correct the command)"#);
    request.head = "no-such-branch".to_owned();
    let error = run(&request).unwrap_err();
    assert!(
        matches!(&error, MeasureError::UnknownRevision { side: Side::Head, revision, .. } if revision == "no-such-branch"),
        "{error}"
    );
    request.repository = world.folder.path().to_path_buf();
    assert!(matches!(run(&request).unwrap_err(), MeasureError::NoRepository { .. }));
    assert_eq!(world.left_behind(), (0, 0));
}

#[test]
fn a_build_that_fails_on_head_says_so() {
    let world = World::new("exit 0", "exit 7");
    let mut request = world.request();
    request.build = Some(vec!["sh".to_owned(), "work.sh".to_owned()]);
    insta::assert_snapshot!(run(&request).unwrap_err(), @"the build fails on head with exit status: 7; it printed nothing");
}

#[test]
fn one_benchmark_that_fails_does_not_take_the_others_with_it() {
    let world = World::new("exit 0", "exit 0");
    let mut request = world.request();
    request.benchmarks.push(benchmark("broken", &["sh", "-c", "exit 1"]));
    let report = run(&request).unwrap();
    assert_eq!(report.benchmarks.len(), 1);
    assert_eq!(report.failed[0].name, "broken");
}

#[test]
fn a_command_that_hangs_is_stopped_with_its_children() {
    let world = World::new("sleep 600 & echo started; sleep 600", "exit 0");
    let mut request = world.request();
    request.limits.run = Duration::from_millis(300);
    let start = Instant::now();
    let error = run(&request).unwrap_err();
    assert!(
        matches!(&error, MeasureError::TooLong { output, .. } if output == "started"),
        "{error}"
    );
    assert!(start.elapsed() < Duration::from_mins(1));
    assert_eq!(world.left_behind(), (0, 0));
}

#[test]
fn a_process_that_leaves_its_group_is_ended_with_the_measurement() {
    let world = World::new("setsid sleep 600 & exit 0", "exit 0");
    assert!(run(&world.request()).is_ok());
    assert_eq!(processes_in(&world.state), 0);
    assert_eq!(world.left_behind(), (0, 0));
}

#[test]
fn folders_in_which_nothing_may_be_removed_are_removed() {
    let world = World::new("mkdir -p locked/deep; chmod 500 locked/deep locked", "exit 0");
    assert!(run(&world.request()).is_ok());
    assert_eq!(world.left_behind(), (0, 0));
}

#[test]
fn callgrind_counts_the_same_work_as_the_same() {
    let world = World::new(&steps(2_000), &steps(3_000));
    let mut request = world.request();
    request.callgrind = true;
    let report = run(&request).unwrap();
    match report.benchmarks[0].callgrind.as_ref().unwrap() {
        Callgrind::Counted { base, change, .. } => {
            assert!(*base > 100_000.0 && *change > 0.1, "{base} {change}");
        }
        Callgrind::Missing { why } => assert_eq!(why, "valgrind is not installed"),
    }
}

#[test]
fn requests_that_cannot_be_met_are_refused_before_anything_is_run() {
    let world = World::new("exit 0", "exit 0");
    let refused = |change: fn(&mut Request)| {
        let mut request = world.request();
        change(&mut request);
        run(&request).unwrap_err().to_string()
    };
    let answers = [
        refused(|request| request.benchmarks.clear()),
        refused(|request| request.benchmarks[0].command.clear()),
        refused(|request| request.benchmarks.push(request.benchmarks[0].clone())),
        refused(|request| request.effort.effect = 0.01),
        refused(|request| request.effort.power = f64::NAN),
        refused(|request| request.effort.least_pairs = 2),
        refused(|request| request.effort.budget = Duration::ZERO),
    ];
    insta::assert_snapshot!(answers.join("\n"), @r#"
    there is no benchmark: give a command after `--`, or name some in the settings
    a command is empty
    two benchmarks are named "work"
    a change of 1 % cannot be found while changes below 2 % count as none: ask for a larger effect or lower the threshold
    effect, threshold and power are shares between 0 and 1
    pairs must be at least 8 and at most 10000, and the most not below the least
    there may be 1000 warm-ups, and the time budget must be more than nothing
    "#);
}

#[test]
fn an_interruption_ends_it_and_cleans_up() {
    let world = World::new("sleep 600", "sleep 600");
    let request = world.request();
    let interrupt = request.interrupt.clone();
    let error = measure(&request, &mut |progress| {
        if matches!(progress, Progress::WarmingUp { .. }) {
            let interrupt = interrupt.clone();
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(100));
                interrupt.set();
            });
        }
    });
    assert!(matches!(error, Err(MeasureError::Interrupted)));
    assert_eq!(world.left_behind(), (0, 0));
}

#[test]
fn what_is_not_committed_is_not_measured_and_that_is_said() {
    let world = World::new("exit 0", "exit 0");
    fs::write(world.repository.join("work.sh"), "exit 1").unwrap();
    let report = run(&world.request()).unwrap();
    insta::assert_snapshot!(report.warnings.join("\n"), @"1 file has changes that are not committed: not measured, as only commits are (commit or stash them)");
}

#[test]
fn secrets_are_hidden_from_commands() {
    let world = World::new(
        r#"[ -z "${PATH_TO_SECRET+set}" ] && [ -n "$HOME" ]"#,
        r#"[ -z "${CARGO_PKG_NAME+set}" ]"#,
    );
    let mut request = world.request();
    // Cargo sets it for every test.
    assert!(run(&request).is_err());
    request.hidden_variables = vec!["CARGO_PKG_NAME".to_owned()];
    assert!(run(&request).is_ok());
}

#[test]
fn base_against_itself_is_measured_on_request() {
    let world = World::new(&steps(5_000), "exit 1");
    let mut request = world.request();
    request.self_check = true;
    let report = run(&request).unwrap();
    assert_eq!(report.base.commit, report.head.commit);
    assert!(report.table().contains("against itself"));
}

#[test]
fn the_report_survives_json_and_fits_its_schema() {
    let world = World::new(&steps(1_000), &steps(1_000));
    let report = run(&world.request()).unwrap();
    let read: Report = serde_json::from_str(&report.json().unwrap()).unwrap();
    // Reasons for missing values stand once for each benchmark, not in each run.
    for (one, other) in read.benchmarks[0].comparisons.iter().zip(&report.benchmarks[0].comparisons)
    {
        assert_eq!((one.metric, one.pairs), (other.metric, other.pairs));
        assert!((one.change.value - other.change.value).abs() < 1e-12);
    }
    assert_eq!(read.benchmarks[0].verdict, report.benchmarks[0].verdict);
    assert_eq!(read.benchmarks[0].missing, report.benchmarks[0].missing);
    let found = &read.benchmarks[0];
    let told =
        |metric: &Metric| found.comparison(*metric).is_some() != found.missing.contains_key(metric);
    assert!(Metric::ALL.iter().all(told), "{}", report.table());
    assert!(Report::schema()["properties"]["benchmarks"].is_object());
}

#[test]
fn the_page_has_plots_and_neither_script_nor_foreign_markup() {
    let world = World::new(&steps(1_000), &steps(1_000));
    let mut request = world.request();
    request.benchmarks[0].name = "<script>alert(1)</script>".to_owned();
    let page = run(&request).unwrap().html();
    assert_eq!(page.matches("<svg").count(), 2);
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;"));
    assert!(!page.contains("http") && !page.contains("NaN"));
}

/// The measuring process is killed in the middle of a run; the next start removes what it left.
#[test]
fn a_killed_measurement_leaves_no_worktree_behind_at_the_next_start() {
    let world = World::new("touch started; sleep 60", "exit 0");
    let itself = std::env::current_exe().unwrap();
    let mut killed = Command::new(itself);
    killed.args(["--exact", "a_process_to_be_killed", "--ignored", "--nocapture"]);
    killed.current_dir(world.folder.path());
    let mut killed = killed.stdout(std::process::Stdio::null()).spawn().unwrap();
    let has_started = || {
        let folders = fs::read_dir(&world.state).into_iter().flatten().flatten();
        folders.map(|entry| entry.path().join("base/started")).any(|file| file.exists())
    };
    let start = Instant::now();
    while !has_started() {
        assert!(start.elapsed() < Duration::from_mins(1), "no run has begun");
        thread::sleep(Duration::from_millis(20));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(processes_in(&world.state) > 0);
    assert_eq!(world.left_behind(), (2, 2));
    let mut request = world.request();
    request.benchmarks = vec![benchmark("quick", &["true"])];
    let mut swept = 0;
    let during = measure(&request, &mut |progress| {
        if let Progress::Swept { measurements } = progress {
            swept = measurements;
        }
    });
    assert!(during.is_ok(), "{during:?}");
    assert_eq!((swept, world.left_behind()), (1, (0, 0)));
    assert_eq!(processes_in(&world.state), 0);
}

#[test]
fn a_measurement_that_goes_on_is_not_swept_by_another() {
    let world = World::new("exit 0", "exit 0");
    let outer = world.request();
    let mut inner_ran = false;
    let report = measure(&outer, &mut |progress| {
        if matches!(progress, Progress::WarmingUp { .. }) && !inner_ran {
            inner_ran = true;
            let mut inner = world.request();
            inner.benchmarks = vec![benchmark("inner", &["true"])];
            assert!(run(&inner).is_ok());
        }
    });
    assert!(inner_ran && report.is_ok(), "{report:?}");
}

/// Run by the test above, in a process of its own.
#[test]
#[ignore = "a part of another test"]
fn a_process_to_be_killed() {
    let (repository, state) = (Path::new("repository"), Path::new("state"));
    if !repository.exists() {
        return;
    }
    let mut request = Request::new(repository, state);
    request.benchmarks.push(benchmark("work", &["sh", "work.sh"]));
    let _ = run(&request);
}
