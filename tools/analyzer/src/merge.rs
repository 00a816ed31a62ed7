//! Several reviewers' answers to one.

use contract::{CodeReview, Recommendation, ReviewError};

use crate::findings::SOURCE;
use crate::review::{COMPLETED, PARTIAL, sort};

/// Joins reviews, the first ones first: a finding that a later reviewer repeats counts once. A reviewer that failed leaves a
/// note.
pub(crate) fn merge(reviews: Vec<Result<CodeReview, ReviewError>>) -> CodeReview {
    let mut merged = CodeReview { status: COMPLETED.into(), ..CodeReview::default() };
    for review in own_first(reviews) {
        match review {
            Ok(review) => add(&mut merged, review),
            Err(error) => {
                merged.status = PARTIAL.into();
                merged.notes.push(format!("a reviewer had nothing to give: {error}"));
            }
        }
    }
    sort(&mut merged.recommendations);
    sort(&mut merged.fixed);
    merged.total_recommendations = merged.recommendations.len();
    merged
}

/// The own analyzer knows the exact lines and what was there before, so its word stands.
fn own_first(
    mut reviews: Vec<Result<CodeReview, ReviewError>>,
) -> Vec<Result<CodeReview, ReviewError>> {
    reviews.sort_by_key(|review| {
        !review.as_ref().is_ok_and(|review| review.review_id.starts_with(SOURCE))
    });
    reviews
}

fn add(merged: &mut CodeReview, review: CodeReview) {
    if review.status != COMPLETED {
        merged.status = PARTIAL.into();
    }
    if merged.review_id.is_empty() {
        merged.review_id = review.review_id;
    }
    let others = merged.recommendations.len();
    for found in review.recommendations {
        let known =
            merged.recommendations.iter_mut().take(others).find(|known| is_same(known, &found));
        match known {
            Some(known) => known.description.extend([" ", &found.source, " agrees."]),
            None => merged.recommendations.push(found),
        }
    }
    merged.fixed.extend(review.fixed);
    merged.existing += review.existing;
    merged.suppressed += review.suppressed;
    // Reviewers look at the same files, so the most that one of them reviewed is what was reviewed.
    merged.files_reviewed = merged.files_reviewed.max(review.files_reviewed);
    for skipped in review.skipped {
        if !merged.skipped.iter().any(|known| known.path == skipped.path) {
            merged.skipped.push(skipped);
        }
    }
    merged.notes.extend(review.notes);
}

fn is_same(one: &Recommendation, other: &Recommendation) -> bool {
    one.file_path == other.file_path
        && one.category == other.category
        && one.source != other.source
        && one.start_line <= other.end_line
        && other.start_line <= one.end_line
}
