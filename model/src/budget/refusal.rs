//! What a caller is told whose call a budget does not allow: which cap, what is left, when it renews, how to raise it.

use std::fmt::Write as _;
use std::time::Duration;

use contract::Timestamp;

use super::account::Room;
use super::caps::{Caps, Unpriced};
use super::ledger::LedgerError;
use super::money::Nanodollars;
use super::quote::Quote;
use super::scope::Line;
use crate::error::{Cause, ModelError};

/// Where the rest of a cap is only reserved, calls under way soon give most of it back.
const SOON: Duration = Duration::from_secs(1);

/// What the call may cost, where its own caps and its price allow it at all.
pub(super) fn admissible(caps: &Caps, quote: &Quote) -> Result<Nanodollars, ModelError> {
    let tokens = quote.tokens();
    if let Some(most) = caps.request_tokens.filter(|most| tokens > *most) {
        return Err(refused(format!(
            "a call may take {most} tokens, and this one may take {tokens} ({}); lower its max_tokens, shorten what it is told, or raise `request_tokens`",
            split(quote)
        )));
    }
    let Some(amount) = quote.most else {
        return if caps.in_dollars() && caps.unpriced == Unpriced::Refuse {
            Err(refused(unpriced(quote)))
        } else {
            Ok(Nanodollars::ZERO)
        };
    };
    let request = caps.request_usd.map(Nanodollars::of_usd);
    if let Some(most) = request.filter(|most| amount > *most) {
        return Err(refused(format!(
            "a call may cost {most}, and this one may cost {amount} ({}); lower its max_tokens, ask a cheaper model, or raise `request_usd`",
            split(quote)
        )));
    }
    Ok(amount)
}

/// No account would have enough for the call if nothing were spent, so there is nothing to wait for.
pub(super) fn check_fits(
    lines: &[Line],
    amount: Nanodollars,
    quote: &Quote,
) -> Result<(), ModelError> {
    let Some(Line { scope, cap }) = lines.iter().find(|line| amount > line.cap) else {
        return Ok(());
    };
    Err(refused(format!(
        "{} may cost {cap}, and this call alone may cost {amount} ({}); lower its max_tokens, shorten what it is told, ask a cheaper model, or raise `{}`",
        scope.said(),
        split(quote),
        scope.setting()
    )))
}

/// An account has not so much left.
pub(super) fn short(line: &Line, quote: &Quote, room: Room, now: Timestamp) -> ModelError {
    let Line { scope, cap } = line;
    let amount = quote.most.unwrap_or_default();
    let mut message = format!(
        "{} may cost {cap}, {} of it is left, and this call may cost {amount} ({})",
        scope.said(),
        room.left_of(*cap),
        split(quote)
    );
    for (taken, by) in [
        (room.under_way, "is reserved by calls under way"),
        (room.elsewhere, "is held by other processes, which give back what they do not use"),
    ] {
        if taken > Nanodollars::ZERO {
            // Writing to a text cannot fail.
            let _ = write!(message, "; {taken} of it {by}");
        }
    }
    let setting = scope.setting();
    // What is reserved is given back in part, and may then be enough.
    if room.spent + amount <= *cap {
        return refused(format!("{message}; try again, or raise `{setting}`")).retry_after(SOON);
    }
    let Some(renews) = scope.renews() else {
        return refused(format!("{message}; raise `{setting}`"));
    };
    let message = format!("{message}; it renews at {}, or raise `{setting}`", renews.rfc3339());
    refused(message).retry_after(renews.since(now))
}

/// The ledger did not answer, so nothing more is spent.
pub(super) fn ledger(error: &LedgerError) -> ModelError {
    let message = format!("the ledger of budgets cannot be asked, so nothing is spent: {error}");
    refused(message).retry_after(SOON)
}

/// Not before the call's deadline.
pub(super) fn too_late() -> ModelError {
    let message = "the ledger of budgets did not answer before the call's deadline, so nothing is spent; give the call more time";
    refused(message).retry_after(SOON)
}

/// More tasks at a time than accounts are kept for, or more calls than the accounts can serve.
pub(super) fn crowded() -> ModelError {
    let message = "too many calls ask for money at once; try again";
    ModelError::new(Cause::Overloaded, message).retry_after(SOON)
}

fn unpriced(quote: &Quote) -> String {
    let model = &quote.model_id;
    if quote.output_tokens.is_none() {
        return format!(
            "nothing bounds the answer of {model:?}, and so its cost: give the call max_tokens, or set `unpriced = \"allow\"`"
        );
    }
    format!(
        "the price of {model:?} is not known, and dollars are capped: give its price in the settings, ask another model, or set `unpriced = \"allow\"`"
    )
}

fn split(quote: &Quote) -> String {
    let output = quote.output_tokens.unwrap_or(0);
    format!("{} tokens in, at most {output} out", quote.input_tokens)
}

fn refused(message: impl Into<String>) -> ModelError {
    ModelError::new(Cause::Budget, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::scope;
    use crate::call::Metadata;

    fn quote(most: Option<f64>) -> Quote {
        Quote {
            model_id: "some.model".into(),
            input_tokens: 1200,
            output_tokens: Some(4096),
            most: most.map(Nanodollars::of_usd),
        }
    }

    fn said(caps: &Caps, quote: &Quote) -> String {
        admissible(caps, quote).map_or_else(|error| error.to_string(), |amount| amount.to_string())
    }

    #[test]
    fn a_call_that_is_too_large_by_itself_is_told_which_cap_it_passes() {
        let caps = Caps { request_usd: Some(0.05), request_tokens: Some(5000), ..Caps::default() };
        let said = [
            said(&caps, &quote(Some(0.01))),
            said(&Caps { request_tokens: None, ..caps.clone() }, &quote(Some(0.06))),
            said(&Caps { request_tokens: None, ..caps.clone() }, &quote(None)),
            said(
                &Caps { request_tokens: None, ..caps },
                &Quote { output_tokens: None, ..quote(None) },
            ),
        ];
        insta::assert_snapshot!(said.join("\n"), @r#"
        the budget does not allow this call: a call may take 5000 tokens, and this one may take 5296 (1200 tokens in, at most 4096 out); lower its max_tokens, shorten what it is told, or raise `request_tokens`
        the budget does not allow this call: a call may cost 0.0500 US dollars, and this one may cost 0.0600 US dollars (1200 tokens in, at most 4096 out); lower its max_tokens, ask a cheaper model, or raise `request_usd`
        the budget does not allow this call: the price of "some.model" is not known, and dollars are capped: give its price in the settings, ask another model, or set `unpriced = "allow"`
        the budget does not allow this call: nothing bounds the answer of "some.model", and so its cost: give the call max_tokens, or set `unpriced = "allow"`
        "#);
    }

    #[test]
    fn without_a_price_nothing_is_capped_where_the_settings_allow_it() {
        let capped = Caps { day_usd: Some(1.0), ..Caps::default() };
        assert!(admissible(&capped, &quote(None)).is_err());
        let allowed = Caps { unpriced: Unpriced::Allow, ..capped };
        assert_eq!(admissible(&allowed, &quote(None)).unwrap(), Nanodollars::ZERO);
        assert_eq!(admissible(&Caps::default(), &quote(None)).unwrap(), Nanodollars::ZERO);
    }

    #[test]
    fn a_call_that_is_dearer_than_a_whole_cap_is_told_nothing_of_waiting() {
        let caps = Caps { agent_usd: Some(5.0), day_usd: Some(0.05), ..Caps::default() };
        let lines = scope::lines(&caps, &Metadata::default(), Timestamp(1_795_262_400_000));
        let check = |usd| {
            let quote = quote(Some(usd));
            check_fits(&lines, quote.most.unwrap(), &quote)
        };
        assert!(check(0.05).is_ok());
        let error = check(0.11).unwrap_err();
        assert_eq!(error.retry_after, None);
        insta::assert_snapshot!(error, @"the budget does not allow this call: the day 2026-11-21 may cost 0.0500 US dollars, and this call alone may cost 0.1100 US dollars (1200 tokens in, at most 4096 out); lower its max_tokens, shorten what it is told, ask a cheaper model, or raise `day_usd`");
    }

    #[test]
    fn a_spent_account_says_what_is_left_when_it_renews_and_how_to_raise_it() {
        let caps = Caps { task_usd: Some(1.0), day_usd: Some(1.0), ..Caps::default() };
        let metadata = Metadata { task_id: Some("pr-7".into()), ..Metadata::default() };
        let now = Timestamp::parse_rfc3339("2026-11-21T23:00:00Z").unwrap();
        let lines = scope::lines(&caps, &metadata, now);
        let said = |line: &Line, taken: [f64; 3]| {
            let [spent, under_way, elsewhere] = taken.map(Nanodollars::of_usd);
            let room = Room { spent, under_way, elsewhere };
            let error = short(line, &quote(Some(0.3)), room, now);
            format!("{error}\n  {:?} {:?}", error.kind(), error.retry_after)
        };
        let all = [
            said(&lines[0], [0.9, 0.0, 0.0]),
            said(&lines[1], [0.9, 0.02, 0.0]),
            said(&lines[1], [0.1, 0.6, 0.25]),
        ];
        insta::assert_snapshot!(all.join("\n"), @"
        the budget does not allow this call: the task pr-7 may cost 1.0000 US dollars, 0.1000 US dollars of it is left, and this call may cost 0.3000 US dollars (1200 tokens in, at most 4096 out); raise `task_usd`
          QuotaExceeded None
        the budget does not allow this call: the day 2026-11-21 may cost 1.0000 US dollars, 0.0800 US dollars of it is left, and this call may cost 0.3000 US dollars (1200 tokens in, at most 4096 out); 0.0200 US dollars of it is reserved by calls under way; it renews at 2026-11-22T00:00:00Z, or raise `day_usd`
          QuotaExceeded Some(3600s)
        the budget does not allow this call: the day 2026-11-21 may cost 1.0000 US dollars, 0.0500 US dollars of it is left, and this call may cost 0.3000 US dollars (1200 tokens in, at most 4096 out); 0.6000 US dollars of it is reserved by calls under way; 0.2500 US dollars of it is held by other processes, which give back what they do not use; try again, or raise `day_usd`
          QuotaExceeded Some(1s)
        ");
    }
}
