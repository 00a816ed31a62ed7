//! Changes of items on conditions: of one, or of several together.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::error::TransactionCanceledException;
use aws_sdk_dynamodb::types::{
    Put, ReturnValue, ReturnValuesOnConditionCheckFailure as OnRefusal, TransactWriteItem, Update,
};

use super::StoreError;
use super::aws_calls::{Fault, failed};
use super::dynamodb_item::{Attributes, Item, Key, names_in};
use super::dynamodb_table::Table;

/// A change of an item, and the condition for it. Names are written as `#name`, values as `:name`.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) key: Key,
    pub(super) update: String,
    pub(super) condition: String,
    pub(super) values: Attributes,
}

/// What became of a change.
#[derive(Debug)]
pub(super) enum Changed {
    /// With the item as it is now.
    Done(Item),
    /// With the item as it is, if there is one.
    Refused(Option<Item>),
    /// A transaction had the item at the same moment.
    Busy,
}

/// What became of several changes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ChangedAll {
    Done,
    /// They were made before: the mark is there.
    Marked,
    /// A condition did not hold.
    Refused,
    /// Others had one of the items at the same moment, or the table is too busy.
    Busy,
}

impl Table {
    pub(super) async fn change(&self, change: Change) -> Result<Changed, StoreError> {
        let names = change.names();
        let call = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(change.key.attributes()))
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(change.values))
            .update_expression(change.update)
            .condition_expression(change.condition)
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(OnRefusal::AllOld)
            .send();
        match call.await {
            Ok(answer) => Ok(Changed::Done(answer.attributes.unwrap_or_default().into())),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                    Ok(Changed::Refused(refused.item.clone().map(Item::from)))
                }
                Some(UpdateItemError::TransactionConflictException(_)) => Ok(Changed::Busy),
                _ => Err(failed("dynamodb:UpdateItem", &self.arn, &error).into()),
            },
        }
    }

    /// All of them or none, and only while `mark` is not in the table, where it then is. At most 99.
    pub(super) async fn change_all(
        &self,
        mark: Item,
        changes: Vec<Change>,
    ) -> Result<ChangedAll, StoreError> {
        let mut items = vec![self.put_mark(mark)?];
        for change in changes {
            items.push(self.part_of_all(change)?);
        }
        match self.client.transact_write_items().set_transact_items(Some(items)).send().await {
            Ok(_) => Ok(ChangedAll::Done),
            Err(error) => self.not_changed(&error),
        }
    }

    fn put_mark(&self, mark: Item) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(mark.attributes))
            .condition_expression("attribute_not_exists(pk)");
        let put = put.build().map_err(|error| StoreError::Unavailable(error.into()))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn part_of_all(&self, change: Change) -> Result<TransactWriteItem, StoreError> {
        let names = change.names();
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(change.key.attributes()))
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(change.values))
            .update_expression(change.update)
            .condition_expression(change.condition);
        let update = update.build().map_err(|error| StoreError::Unavailable(error.into()))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn not_changed<R: std::fmt::Debug>(
        &self,
        error: &SdkError<TransactWriteItemsError, R>,
    ) -> Result<ChangedAll, StoreError> {
        /// A transaction needs the permissions of its parts.
        const ACTIONS: &str = "dynamodb:PutItem and dynamodb:UpdateItem";
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => why(canceled)
                .map_err(|problem| {
                    let resource = self.arn.clone();
                    Fault::Call { action: ACTIONS, resource, problem }.into()
                }),
            // The SDK has repeated what was not answered, and the first is under way.
            Some(TransactWriteItemsError::TransactionInProgressException(_)) => {
                Ok(ChangedAll::Busy)
            }
            _ => Err(failed(ACTIONS, &self.arn, error).into()),
        }
    }
}

impl Change {
    fn names(&self) -> std::collections::HashMap<String, String> {
        names_in(&self.update).into_iter().chain(names_in(&self.condition)).collect()
    }
}

/// A reason for each item, in their order; the mark is the first. Or a reason that no repetition helps against.
fn why(canceled: &TransactionCanceledException) -> Result<ChangedAll, String> {
    let reasons = canceled.cancellation_reasons();
    let code = |at: usize| reasons.get(at).and_then(|reason| reason.code()).unwrap_or("None");
    if code(0) == "ConditionalCheckFailed" {
        return Ok(ChangedAll::Marked);
    }
    let mut why = ChangedAll::Refused;
    for at in 0..reasons.len() {
        match code(at) {
            "None" | "ConditionalCheckFailed" => {}
            "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded" => {
                why = ChangedAll::Busy;
            }
            code => {
                let said = reasons.get(at).and_then(|reason| reason.message()).unwrap_or_default();
                return Err(format!("{code} ({said})"));
            }
        }
    }
    Ok(why)
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::CancellationReason;

    use super::*;

    fn after(codes: &[&str]) -> Result<ChangedAll, String> {
        let reason = |code: &&str| CancellationReason::builder().code(*code).message("why").build();
        let reasons = codes.iter().map(reason).collect();
        why(&TransactionCanceledException::builder()
            .set_cancellation_reasons(Some(reasons))
            .build())
    }

    #[test]
    fn a_transaction_that_was_canceled_says_whether_to_repeat_it() {
        assert_eq!(after(&["ConditionalCheckFailed", "None"]), Ok(ChangedAll::Marked));
        assert_eq!(after(&["None", "ConditionalCheckFailed"]), Ok(ChangedAll::Refused));
        for busy in ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"] {
            assert_eq!(after(&["None", "ConditionalCheckFailed", busy]), Ok(ChangedAll::Busy));
        }
        assert_eq!(after(&["None", "ValidationError"]), Err("ValidationError (why)".to_owned()));
    }
}
