//! The statistics against `SciPy` 1.17.1, and what must hold for any data.

use measure::statistics::{
    benjamini_hochberg, bootstrap, mean, median, normal_cdf, normal_quantile, signed_rank,
};
use proptest::prelude::*;

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-11 * other.abs().max(1e-3)
}

#[test]
fn the_normal_distribution_is_that_of_scipy() {
    let points = [-8.0, -3.0, -1.5, -0.1, 0.0, 0.7, 2.4999, 2.5, 4.0, 6.0];
    let shares = [
        6.220_960_574_271_74e-16,
        0.001_349_898_031_630_093_3,
        0.066_807_201_268_858_07,
        0.460_172_162_722_971,
        0.5,
        0.758_036_347_776_927,
        0.993_788_581_625_055_5,
        0.993_790_334_674_223_8,
        0.999_968_328_758_166_9,
        0.999_999_999_013_412_3,
    ];
    for (point, share) in points.into_iter().zip(shares) {
        assert!((normal_cdf(point) / share - 1.0).abs() < 1e-11, "{point}: {}", normal_cdf(point));
    }
    let quantiles = [
        (1e-10, -6.361_340_902_404_056),
        (0.001, -3.090_232_306_167_813),
        (0.025, -1.959_963_984_540_054),
        (0.2, -0.841_621_233_572_914_2),
        (0.975, 1.959_963_984_540_054),
        (0.995, 2.575_829_303_548_900_4),
    ];
    for (share, point) in quantiles {
        assert!(close(normal_quantile(share), point), "{share}: {}", normal_quantile(share));
    }
}

#[test]
fn the_signed_rank_test_is_exact_for_few_differences() {
    let ten = [0.021, -0.013, 0.034, 0.055, -0.002, 0.018, 0.041, -0.027, 0.009, 0.03];
    assert!(close(signed_rank(&ten), 0.083_984_375));
    let fifty: Vec<f64> =
        (1..=50_i32).map(|step| f64::from((step * step * 7919) % 1009 - 400) / 1000.0).collect();
    assert!(close(signed_rank(&fifty), 0.049_446_406_800_601_75), "{}", signed_rank(&fifty));
}

/// `SciPy`'s `PermutationMethod(n_resamples=inf)`.
#[test]
fn the_signed_rank_test_is_exact_with_ties() {
    let tied = [1.0, 2.0, 2.0, -1.0, 3.0, 3.0, -2.0, 5.0, 4.0, -1.0, 2.0, 6.0];
    assert!(close(signed_rank(&tied), 0.018_554_687_5), "{}", signed_rank(&tied));
}

/// `SciPy`'s `method="asymptotic"` without correction for continuity.
#[test]
fn the_signed_rank_test_of_many_differences_is_normal_and_knows_ties_and_zeros() {
    let many: Vec<f64> = (0..80_i32).map(|step| f64::from((step * 37) % 101 - 45) / 10.0).collect();
    assert!(close(signed_rank(&many), 0.143_935_733_219_78), "{}", signed_rank(&many));
    let tied: Vec<f64> = (0..60_i32).map(|step| f64::from((step * 37) % 23 - 9)).collect();
    assert!(close(signed_rank(&tied), 0.043_532_055_762_795_01), "{}", signed_rank(&tied));
}

#[test]
fn adjusting_for_many_tests_is_that_of_scipy() {
    let adjusted = benjamini_hochberg(&[0.001, 0.04, 0.03, 0.2, 0.008, 0.9, 0.04]);
    let expected = [0.007, 0.056, 0.056, 0.233_333_333_333_333_36, 0.028, 0.9, 0.056];
    assert!(adjusted.iter().zip(expected).all(|(one, other)| close(*one, other)), "{adjusted:?}");
}

/// `SciPy`'s `bootstrap(method="percentile")` with 200 000 resamples; the tolerance is what 10 000 resamples scatter by.
#[test]
fn the_bootstrap_interval_is_that_of_scipy() {
    let values = [
        0.012, 0.05, -0.02, 0.033, 0.041, 0.007, 0.028, -0.011, 0.019, 0.064, 0.022, 0.015, 0.03,
        -0.004, 0.038,
    ];
    let by_median = bootstrap(&values, |resample| median(resample));
    assert!(
        (by_median.low - 0.007).abs() < 1e-9 && (by_median.high - 0.038).abs() < 1e-9,
        "{by_median:?}"
    );
    let by_mean = bootstrap(&values, |resample| mean(resample));
    assert!(
        (by_mean.low - 0.0104).abs() < 4e-4 && (by_mean.high - 0.032_666_67).abs() < 4e-4,
        "{by_mean:?}"
    );
    assert!((by_mean.standard_error / 0.005_692_1 - 1.0).abs() < 0.03, "{by_mean:?}");
}

#[test]
fn no_difference_is_no_evidence() {
    assert!(close(signed_rank(&[]), 1.0) && close(signed_rank(&[0.0, 0.0, f64::NAN]), 1.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_signed_rank_test_treats_both_sides_alike(values in prop::collection::vec(-1.0..1.0_f64, 1..120)) {
        let p_value = signed_rank(&values);
        let turned: Vec<f64> = values.iter().map(|value| -value).collect();
        prop_assert!((0.0..=1.0).contains(&p_value));
        prop_assert!((p_value - signed_rank(&turned)).abs() < 1e-9);
    }

    #[test]
    fn an_interval_holds_its_estimate_and_moves_with_the_values(
        values in prop::collection::vec(-1.0..1.0_f64, 3..40),
        shift in -10.0..10.0_f64,
    ) {
        let interval = bootstrap(&values, |resample| median(resample));
        let middle = median(&values);
        prop_assert!(interval.low <= middle && middle <= interval.high);
        prop_assert!(interval.standard_error >= 0.0);
        let shifted: Vec<f64> = values.iter().map(|value| value + shift).collect();
        let moved = bootstrap(&shifted, |resample| median(resample));
        prop_assert!((moved.low - interval.low - shift).abs() < 1e-9);
    }

    #[test]
    fn adjusted_p_values_are_never_smaller_and_keep_their_order(values in prop::collection::vec(0.0..1.0_f64, 1..30)) {
        let adjusted = benjamini_hochberg(&values);
        for (index, (raw, after)) in values.iter().zip(&adjusted).enumerate() {
            prop_assert!(*after >= *raw - 1e-12 && *after <= 1.0);
            for (other_raw, other_after) in values.iter().zip(&adjusted).skip(index) {
                prop_assert!(raw > other_raw || after <= other_after || (raw - other_raw).abs() < 1e-15);
            }
        }
    }

    #[test]
    fn the_quantile_undoes_the_distribution(share in 1e-6..0.999_999_f64) {
        prop_assert!((normal_cdf(normal_quantile(share)) - share).abs() < 1e-12);
    }
}
