//! Benchmarks on the runtimes of this machine.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Duration;

use analyzer::measure::{
    Effort, Machine, MeasureError, Measurement, Occasion, Toolchain, program, write_machine,
    write_rows,
};
use analyzer::{Benchmark, Evidence, Host, Runtime};

/// Enough to see what takes ten times as long as something else.
const QUICK: Effort = Effort { rounds: 6, budget: Duration::from_millis(600) };

fn benchmark(runtime: Runtime, setup: &str, slow: &str, fast: &str) -> Benchmark {
    let [setup, slow, fast] = [setup, slow, fast].map(ToOwned::to_owned);
    Benchmark { runtime, sizes: vec![size(runtime)], setup, slow, fast }
}

/// Enough for milliseconds a call, which even a busy machine can tell from microseconds.
fn size(runtime: Runtime) -> u64 {
    match runtime.host() {
        Host::Python | Host::Ruby | Host::Php => 300,
        _ => 3_000,
    }
}

/// Both sides count the pairs of equal numbers, with a helper of the same name and an import of their own.
fn example(runtime: Runtime) -> Benchmark {
    let (setup, slow, fast) = match runtime.host() {
        Host::Python => (
            "import random\ndef setup(n):\n    return [item % 7 for item in range(n)]\n",
            "import math\ndef pairs(items):\n    return sum(1 for one in items for other in items if one == other)\ndef run(items):\n    return pairs(items)\n",
            "from collections import Counter\ndef pairs(items):\n    return sum(count * count for count in Counter(items).values())\ndef run(items):\n    return pairs(items)\n",
        ),
        Host::Node => (
            "const util = require('node:util');\nfunction setup(n) {\n  return Array.from({ length: n }, (_, item) => item % 7);\n}\n",
            "function pairs(items) {\n  let count = 0;\n  for (const one of items) for (const other of items) if (one === other) count++;\n  return count;\n}\nasync function run(items) {\n  return pairs(items);\n}\n",
            "function pairs(items) {\n  const counts = new Map();\n  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);\n  return [...counts.values()].reduce((sum, count) => sum + count * count, 0);\n}\nasync function run(items) {\n  return pairs(items);\n}\n",
        ),
        Host::Java => (
            "import java.util.concurrent.ThreadLocalRandom;\nstatic Object setup(int n) {\n  return IntStream.range(0, n).mapToObj(item -> item % 7).collect(Collectors.toList());\n}\n",
            "static long pairs(List<Integer> items) {\n  long count = 0;\n  for (Integer one : items) for (Integer other : items) if (one.equals(other)) count++;\n  return count;\n}\nstatic Object run(Object input) { return pairs((List<Integer>) input); }\n",
            "import java.util.HashMap;\nstatic long pairs(List<Integer> items) {\n  Map<Integer, Long> counts = new HashMap<>();\n  for (Integer item : items) counts.merge(item, 1L, Long::sum);\n  return counts.values().stream().mapToLong(count -> count * count).sum();\n}\nstatic Object run(Object input) { return pairs((List<Integer>) input); }\n",
        ),
        Host::Go => (
            "import \"sort\"\n\ntype Input = []item\n\ntype item struct{ value int }\n\nfunc setup(n int) Input {\n\titems := make(Input, n)\n\tfor index := range items {\n\t\titems[index] = item{index % 7}\n\t}\n\tsort.SliceStable(items, func(one, other int) bool { return false })\n\treturn items\n}\n",
            "import \"sort\"\n\nfunc run(input Input) any {\n\tcount := 0\n\tsort.IntsAreSorted(nil)\n\tfor _, one := range input {\n\t\tfor _, other := range input {\n\t\t\tif one == other {\n\t\t\t\tcount++\n\t\t\t}\n\t\t}\n\t}\n\treturn item{count}\n}\n",
            "import (\n\t\"math\"\n)\n\nfunc run(input Input) any {\n\tcounts := map[item]int{}\n\tfor _, item := range input {\n\t\tcounts[item]++\n\t}\n\tsum := 0.0\n\tfor _, count := range counts {\n\t\tsum += math.Pow(float64(count), 2)\n\t}\n\treturn item{int(sum)}\n}\n",
        ),
        Host::Rust => (
            "use std::collections::HashMap;\ntype Input = Vec<usize>;\nfn setup(n: usize) -> Input {\n    (0..n).map(|item| item % 7).collect()\n}\n",
            "fn pairs(items: &[usize]) -> usize {\n    items.iter().map(|one| items.iter().filter(|other| one == *other).count()).sum()\n}\nfn run(input: &Input) -> usize {\n    pairs(input)\n}\n",
            "use std::collections::BTreeMap;\nfn run(input: &Input) -> usize {\n    let mut counts = HashMap::new();\n    let _: BTreeMap<u8, u8> = BTreeMap::new();\n    for item in input {\n        *counts.entry(*item).or_insert(0) += 1;\n    }\n    counts.values().map(|count| count * count).sum()\n}\n",
        ),
        Host::Ruby => (
            "Item = Struct.new(:value)\ndef setup(n)\n  (0...n).map { |item| Item.new(item % 7) }\nend\n",
            "def pairs(items)\n  items.sum { |one| items.count { |other| one == other } }\nend\ndef run(items)\n  Item.new(pairs(items))\nend\n",
            "require 'set'\ndef pairs(items)\n  items.tally.values.sum { |count| count * count }\nend\ndef run(items)\n  Item.new(pairs(items))\nend\n",
        ),
        Host::Php => (
            "function setup($n) {\n  return array_map(fn($item) => $item % 7, range(0, $n - 1));\n}\n",
            "<?php\nfunction pairs($items) {\n  $count = 0;\n  foreach ($items as $one) foreach ($items as $other) if ($one === $other) $count++;\n  return $count;\n}\nfunction run($items) {\n  return pairs($items);\n}\n",
            "function pairs($items) {\n  return array_sum(array_map(fn($count) => $count * $count, array_count_values($items)));\n}\nfunction run($items) {\n  return pairs($items);\n}\n",
        ),
        Host::Kotlin => (
            "import java.util.Random\nval random = Random(0)\nfun setup(n: Int): Any = List(n) { it % 7 }\n",
            "fun pairs(items: List<Int>): Int {\n    var count = 0\n    for (one in items) for (other in items) if (one == other) count++\n    return count\n}\nfun run(input: Any): Any? = pairs(input as List<Int>)\n",
            "import java.util.TreeMap\nfun pairs(items: List<Int>): Int {\n    val counts = TreeMap<Int, Int>()\n    for (item in items) counts.merge(item, 1, Int::plus)\n    return counts.values.sumBy { count -> count * count }\n}\nfun run(input: Any): Any? = pairs(input as List<Int>)\n",
        ),
        Host::Cpp => (
            "#include <numeric>\nusing Input = std::vector<int>;\nInput setup(std::size_t n) {\n  Input items(n);\n  for (std::size_t item = 0; item < n; item++) items[item] = static_cast<int>(item % 7);\n  return items;\n}\n",
            "long pairs(const Input& items) {\n  long count = 0;\n  for (int one : items) for (int other : items) if (one == other) count++;\n  return count;\n}\nauto run(const Input& input) { return pairs(input); }\n",
            "#include <unordered_map>\nlong pairs(const Input& items) {\n  long counts[7] = {}, sum = 0;\n  for (int item : items) counts[item]++;\n  for (long count : counts) sum += count * count;\n  return sum;\n}\nauto run(const Input& input) { return pairs(input); }\n",
        ),
    };
    benchmark(runtime, setup, slow, fast)
}

async fn measure(benchmark: &Benchmark) -> Result<Vec<Evidence>, MeasureError> {
    let toolchain = Toolchain::find(benchmark.runtime).await.unwrap();
    let occasion = Occasion { day: "2026-11-21".into(), machine: "here".into() };
    let measurement = Measurement {
        rule_id: "pairs-counted-by-pairs",
        benchmark,
        toolchain: &toolchain,
        effort: QUICK,
        occasion: &occasion,
    };
    measurement.run(|_| {}).await
}

#[tokio::test]
async fn every_runtime_on_this_machine_measures_a_quadratic_loop() {
    let mut measured = Vec::new();
    for runtime in Runtime::ALL {
        if Toolchain::find(runtime).await.is_none() {
            continue;
        }
        let rows = measure(&example(runtime)).await;
        let rows = rows.unwrap_or_else(|error| panic!("{}: {error}", runtime.name()));
        let [row] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((row.runtime, row.n, row.rounds), (runtime, size(runtime), 6), "{row:?}");
        assert!(row.ratio > 2.0 && !row.is_weak(), "{row:?}");
        measured.push(runtime);
    }
    assert!(measured.contains(&Runtime::Rust), "only {measured:?}");
}

#[tokio::test]
async fn sides_that_differ_are_refused_on_every_runtime() {
    for runtime in Runtime::ALL {
        if Toolchain::find(runtime).await.is_none() {
            continue;
        }
        let mut wrong = example(runtime);
        wrong.fast = match runtime {
            Runtime::Go => wrong.fast.replace("int(sum)", "int(sum) + 1"),
            Runtime::Php => wrong.fast.replace("* $count", "* $count + 1"),
            _ => wrong.fast.replace("count * count", "count * count + 1"),
        };
        let error = measure(&wrong).await.unwrap_err();
        assert!(matches!(error, MeasureError::Differ { .. }), "{error}");
        let said = error.to_string();
        assert!(said.contains("`pairs-counted-by-pairs`"), "{said}");
    }
}

#[tokio::test]
async fn code_that_cannot_be_built_or_run_says_what_the_runtime_said() {
    let setup = "type Input = usize;\nfn setup(n: usize) -> Input { n }\n";
    let broken =
        benchmark(Runtime::Rust, setup, "fn run(input: &Input) -> u8 { 1 }\n", "fn run() {}\n");
    let error = measure(&broken).await.unwrap_err().to_string();
    assert!(error.contains("cannot be built") && error.contains("error[E"), "{error}");
    let panics = benchmark(
        Runtime::Rust,
        setup,
        "fn run(input: &Input) -> u8 { panic!(\"not today\") }\n",
        "fn run(input: &Input) -> u8 { 1 }\n",
    );
    let error = measure(&panics).await.unwrap_err().to_string();
    assert!(error.contains("with n=3000 cannot be run") && error.contains("not today"), "{error}");
}

#[test]
fn a_program_can_be_read() {
    let files = program(&example(Runtime::Python));
    let names: Vec<_> = files.iter().map(|file| file.name).collect();
    assert_eq!(names, ["main.py", "setup.py", "slow.py", "fast.py"]);
    for runtime in Runtime::ALL {
        let left = program(&example(runtime)).into_iter().find(|file| file.text.contains("@@"));
        assert_eq!(left, None);
    }
}

#[test]
fn rows_replace_those_of_their_rule_and_stay_sorted() {
    let folder = tempfile::tempdir().unwrap();
    let row = |rule_id: &str, n, ratio| Evidence {
        rule_id: rule_id.into(),
        runtime: Runtime::Python,
        version: "CPython 3.11.9".into(),
        n,
        ratio,
        low: ratio - 0.5,
        high: ratio + 0.5,
        rounds: 30,
        slow_ns: 100.0 * ratio,
        fast_ns: 100.0,
        measured_on: "2026-11-21".into(),
        machine: "here".into(),
        benchmark: "0123abcd".into(),
    };
    let write = |rows: &[Evidence]| write_rows(folder.path(), Runtime::Python, rows).unwrap();
    write(&[row("b", 10, 2.0), row("b", 1000, 3.0)]);
    write(&[row("a", 10, 4.0)]);
    write(&[row("b", 100, 5.0)]);
    let text = std::fs::read_to_string(folder.path().join("python.csv")).unwrap();
    insta::assert_snapshot!(text, @"
    rule_id,runtime,version,n,ratio,low,high,rounds,slow_ns,fast_ns,measured_on,machine,benchmark
    a,python,CPython 3.11.9,10,4.0,3.5,4.5,30,400.0,100.0,2026-11-21,here,0123abcd
    b,python,CPython 3.11.9,100,5.0,4.5,5.5,30,500.0,100.0,2026-11-21,here,0123abcd
    ");

    let machine = Machine::here("2026-11-21", "");
    write_machine(folder.path(), &machine).unwrap();
    write_machine(folder.path(), &Machine { date: "2026-11-22".into(), ..machine.clone() })
        .unwrap();
    let text = std::fs::read_to_string(folder.path().join("machines.csv")).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.starts_with("machine,cpu,cores,memory_gb,os,date,notes\n"), "{text}");
}
