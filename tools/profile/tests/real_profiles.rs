//! Files that real profilers wrote, whole and spoiled.

#![expect(clippy::expect_used, reason = "helpers of tests")]

use std::path::Path;

use profile::{Bottleneck, find, functions, read};

const FILES: [&str; 5] = [
    "cprofile.pstats",
    "python-2.7.18.pstats",
    "python-3.8.18.pstats",
    "python-3.13.0.pstats",
    "node.cpuprofile",
];

fn bytes(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/profiles");
    std::fs::read(folder.join(name)).expect("a profile")
}

fn profiled(name: &str) -> Vec<Bottleneck> {
    functions(&read(name, &bytes(name)).expect("a profile that can be read"))
}

fn share(functions: &[Bottleneck], function: &str, file: &str, line: u32) -> Option<f64> {
    find(functions, function, Some(file), Some(line)).map(|found| found.cpu_percentage)
}

#[test]
fn cprofile_says_what_pstats_says() {
    let functions = profiled("cprofile.pstats");
    let told: Vec<String> = functions
        .iter()
        .filter(|function| function.file_path.as_deref().is_some_and(|file| !file.contains('<')))
        .map(|hot| {
            format!(
                "{} at {:?}: {} %, self {:?} ms, total {:?} ms, {} calls",
                hot.function_name,
                hot.defined_at_line,
                hot.cpu_percentage,
                hot.self_time_ms,
                hot.total_time_ms,
                hot.invocation_count
            )
        })
        .take(6)
        .collect();
    // `python3 -m pstats cprofile.pstats`, `sort tottime`, `stats`.
    insta::assert_snapshot!(told.join("\n"), @"
    <lambda> at Some(18): 2.83 %, self Some(17.81) ms, total Some(17.81) ms, 100000 calls
    load at Some(1): 71.19 %, self Some(2.76) ms, total Some(448.25) ms, 1 calls
    execute at Some(9): 87.88 %, self Some(2.41) ms, total Some(553.32) ms, 1500 calls
    main at Some(21): 99.68 %, self Some(1.19) ms, total Some(627.62) ms, 1 calls
    load at Some(1): 17.98 %, self Some(0.51) ms, total Some(113.21) ms, 1 calls
    fetchone at Some(12): 0.08 %, self Some(0.49) ms, total Some(0.49) ms, 1500 calls
    ");
}

#[test]
fn functions_of_one_name_are_told_apart_by_file_and_line() {
    for name in &FILES[..4] {
        let functions = profiled(name);
        let names = share(&functions, "load", "shop/names.py", 4).expect("names.load");
        let orders = share(&functions, "load", "shop/orders.py", 4).expect("orders.load");
        let report = share(&functions, "load", "run.py", 18).expect("Report.load");
        assert!(names > 2.0 * orders && orders > report, "{name}: {names} {orders} {report}");
        assert_eq!(share(&functions, "load", "shop/missing.py", 4), None, "{name}");
    }
}

#[test]
fn a_cpuprofile_says_time_of_functions_and_of_their_lines() {
    let samples = read("node.cpuprofile", &bytes("node.cpuprofile")).unwrap();
    let functions = functions(&samples);
    let load = find(&functions, "load", Some("shop/names.js"), Some(4)).unwrap();
    let lines: Vec<_> =
        load.lines.iter().map(|line| (line.line_number, line.cpu_percentage)).collect();
    insta::assert_snapshot!(format!("{} % {lines:?}", load.cpu_percentage), @"48.98 % [(5, 33.36), (4, 7.96), (8, 3.79)]");
    assert!(load.lines.iter().all(|line| !line.with_callees));
    assert!(functions.iter().all(|hot| hot.function_name != "(idle)"));
    insta::assert_snapshot!(samples.notes.join("\n"), @"
    V8 samples elapsed time of one thread; 27 ms in which it had nothing to do are left out
    shares of lines are those of the lines themselves: V8 does not say from which line a function was called
    ");
}

#[test]
fn a_file_that_ends_early_is_refused_by_the_name_of_its_format() {
    for name in FILES {
        let whole = bytes(name);
        let format = if name.contains("cpuprofile") { "V8 cpuprofile" } else { "Python cProfile" };
        // The beginning, and then a sample of the rest.
        for length in (1..200).chain((200..whole.len()).step_by(97)) {
            let error = read(name, &whole[..length]).expect_err("an error").to_string();
            let expected = format!("{name}: the {format} profile is malformed at ");
            assert!(error.starts_with(&expected), "{length}: {error}");
        }
    }
}

#[test]
fn a_flipped_bit_is_an_error_or_another_figure_and_nothing_worse() {
    for name in FILES {
        let whole = bytes(name);
        for at in (0..whole.len() * 8).step_by(103) {
            let mut spoiled = whole.clone();
            spoiled[at / 8] ^= 1 << (at % 8);
            if let Ok(samples) = read(name, &spoiled) {
                for hot in functions(&samples) {
                    assert!((0.0..=100.0).contains(&hot.cpu_percentage), "{name} {at}: {hot:?}");
                }
            }
        }
    }
}

#[test]
fn what_is_wrong_with_a_cpuprofile_is_said_with_its_place() {
    let node = |id: u32, children: &str| {
        format!(
            r#"{{"id":{id},"callFrame":{{"functionName":"f","url":"","lineNumber":0}},"children":[{children}]}}"#
        )
    };
    let file = |nodes: &[String], rest: &str| {
        format!(r#"{{"nodes":[{}],"startTime":0,"endTime":9{rest}}}"#, nodes.join(","))
    };
    let cases = [
        (file(&[node(1, ""), node(1, "")], ""), "nodes: two have the same id"),
        (file(&[node(1, "7")], ""), "node 1: names node 7, which is not there"),
        (
            file(&[node(1, "3"), node(2, "3"), node(3, "")], ""),
            "node 2: node 3 has another parent too",
        ),
        (
            file(&[node(1, ""), node(2, "3"), node(3, "2")], ""),
            "nodes: some are their own ancestors",
        ),
        (file(&[node(1, "1")], ""), "nodes: some are their own ancestors"),
        (
            file(&[node(1, "")], r#","samples":[4],"timeDeltas":[1]"#),
            "sample 0: names node 4, which is not there",
        ),
        (
            file(&[node(1, "")], r#","samples":[1],"timeDeltas":[]"#),
            "timeDeltas: 0 times for 1 samples",
        ),
    ];
    for (file, expected) in cases {
        let error = read("x", file.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(&format!("malformed at {expected}")), "{error}");
    }
}

#[test]
fn a_cpuprofile_without_samples_counts_hits_and_runs_backwards_without_harm() {
    let frame = r#""callFrame":{"functionName":"f","url":"http://localhost/src/app.js?v=3#x","lineNumber":4}"#;
    let nodes = format!(r#""nodes":[{{"id":1,"hitCount":3,{frame}}}],"startTime":0,"endTime":30"#);
    let counted = read("x", format!("{{{nodes}}}").as_bytes()).unwrap();
    assert_eq!((counted.ms_per_weight, counted.stacks[0].weight), (None, 3.0));
    let f = &functions(&counted)[0];
    assert_eq!(
        (f.file_path.as_deref(), f.line_number),
        (Some("http://localhost/src/app.js"), Some(5))
    );

    let backwards = format!(r#"{{{nodes},"samples":[1,1,1],"timeDeltas":[10,10,-15]}}"#);
    let timed = read("x", backwards.as_bytes()).unwrap();
    assert_eq!((timed.ms_per_weight, timed.stacks[0].weight), (Some(1e-3), 25.0));
}

#[test]
fn a_recording_of_java_is_refused_with_the_way_out() {
    let error = read("hot.jfr", b"FLR\0\0\x02\0\0").unwrap_err();
    insta::assert_snapshot!(error, @"hot.jfr: recordings of Java Flight Recorder are not read; `jfrconv --cpu recording.jfr cpu.pb.gz` of async-profiler makes a pprof profile of one (formats that are read: pprof, collapsed stacks, speedscope, perf script, Python cProfile, V8 cpuprofile)");
}

#[test]
fn profiles_of_a_program_that_called_nothing_are_read() {
    assert_eq!(read("empty.pstats", b"{0").unwrap().functions, []);
    assert!(read("more.pstats", b"{0x").unwrap_err().to_string().contains("malformed at byte 2"));
}
