//! Measures a slow and a fast way of doing the same.
#![allow(warnings)]

@@SETUP@@

mod slow {
    use super::*;
@@SLOW@@
}

mod fast {
    use super::*;
@@FAST@@
}

fn main() {
    measuring::measure(setup);
}

mod measuring {
    use std::fmt::Debug;
    use std::hint::black_box;
    use std::time::{Duration, Instant};

    use super::{Input, fast, slow};

    macro_rules! time {
        ($run:path, $input:expr, $calls:expr) => {{
            let begin = Instant::now();
            for _ in 0..$calls {
                black_box($run(black_box($input)));
            }
            begin.elapsed()
        }};
    }

    macro_rules! calls_per_sample {
        ($run:path, $input:expr, $sample:expr, $warm:expr) => {{
            let (mut calls, begin) = (1_u64, Instant::now());
            loop {
                if time!($run, $input, calls) < $sample {
                    calls *= 2;
                } else if begin.elapsed() >= $warm {
                    break calls;
                }
            }
        }};
    }

    pub fn measure(setup: fn(usize) -> Input) {
        let arguments: Vec<String> = std::env::args().collect();
        let number = |index: usize| arguments[index].parse::<u64>().unwrap();
        let duration = |index: usize| Duration::from_nanos(number(index));
        let (sample, warm, limit) = (duration(3), duration(4), duration(5));
        let input = setup(number(1) as usize);
        check(slow::run(&input), fast::run(&input));
        let slow_calls = calls_per_sample!(slow::run, &input, sample, warm);
        let fast_calls = calls_per_sample!(fast::run, &input, sample, warm);
        let begin = Instant::now();
        for (done, first) in arguments[2].chars().enumerate() {
            if done >= 2 && begin.elapsed() > limit {
                break;
            }
            let (slow, fast);
            if first == 's' {
                slow = time!(slow::run, &input, slow_calls);
                fast = time!(fast::run, &input, fast_calls);
            } else {
                fast = time!(fast::run, &input, fast_calls);
                slow = time!(slow::run, &input, slow_calls);
            }
            let per_call = |took: Duration, calls: u64| took.as_nanos() as f64 / calls as f64;
            let (slow, fast) = (per_call(slow, slow_calls), per_call(fast, fast_calls));
            println!("{{\"slow_ns\":{slow},\"fast_ns\":{fast}}}");
        }
        check(slow::run(&input), fast::run(&input));
    }

    fn check<T: PartialEq + Debug>(slow: T, fast: T) {
        if slow == fast {
            return;
        }
        let quoted = |value: &T| {
            let text = format!("{value:?}");
            let plain = text.chars().map(|letter| match letter {
                '"' | '\\' => '?',
                letter if letter.is_control() => '?',
                letter => letter,
            });
            plain.take(200).collect::<String>()
        };
        println!("{{\"slow\":\"{}\",\"fast\":\"{}\"}}", quoted(&slow), quoted(&fast));
        std::process::exit(0);
    }
}
