//! The calls of DynamoDB for one item of the table.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure as OnRefusal,
};

use super::StoreError;
use super::aws_calls::{self, failed};
use super::dynamodb_item::{Attributes, Item, Key, names_in};

/// DynamoDB answers in milliseconds or has lost the request.
const ATTEMPT: Duration = Duration::from_secs(3);

#[derive(Clone)]
pub(super) struct Table {
    pub(super) client: Client,
    pub(super) name: String,
    pub(super) arn: String,
}

/// A condition. Names are written as `#name`, values as `:name`.
pub(super) struct Condition {
    pub(super) expression: &'static str,
    pub(super) values: Vec<(&'static str, AttributeValue)>,
}

/// What became of a conditional write, with the item as it was.
#[derive(Debug)]
pub(super) enum Written {
    Done(Option<Item>),
    Refused(Option<Item>),
}

impl Table {
    pub(super) fn new(sdk: &SdkConfig, name: String) -> Self {
        let config = aws_sdk_dynamodb::config::Builder::from(sdk)
            .timeout_config(aws_calls::timeouts(ATTEMPT))
            .retry_config(aws_calls::retries())
            .build();
        let region = sdk.region().map_or("*", AsRef::as_ref);
        let arn = format!("arn:aws:dynamodb:{region}:*:table/{name}");
        Self { client: Client::from_conf(config), name, arn }
    }

    pub(super) async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        let call = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .send();
        let answer = call.await.map_err(|error| failed("dynamodb:GetItem", &self.arn, &error))?;
        Ok(answer.item.map(Item::from))
    }

    /// Returns the item that stood in its place.
    pub(super) async fn put(&self, item: Item) -> Result<Option<Item>, StoreError> {
        let call = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item.attributes))
            .return_values(ReturnValue::AllOld)
            .send();
        let answer = call.await.map_err(|error| failed("dynamodb:PutItem", &self.arn, &error))?;
        Ok(answer.attributes.map(Item::from))
    }

    pub(super) async fn put_if(
        &self,
        item: Item,
        condition: Condition,
    ) -> Result<Written, StoreError> {
        let call = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item.attributes))
            .set_expression_attribute_names(Some(names_in(condition.expression)))
            .set_expression_attribute_values(values(condition.values))
            .condition_expression(condition.expression)
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(OnRefusal::AllOld)
            .send();
        match call.await {
            Ok(answer) => Ok(Written::Done(answer.attributes.map(Item::from))),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                    Ok(Written::Refused(refused.item.clone().map(Item::from)))
                }
                _ => Err(failed("dynamodb:PutItem", &self.arn, &error).into()),
            },
        }
    }

    /// Returns whether the condition held. `update` uses the condition's values too.
    pub(super) async fn update_if(
        &self,
        key: &Key,
        update: &'static str,
        condition: Condition,
    ) -> Result<bool, StoreError> {
        let names = names_in(update).into_iter().chain(names_in(condition.expression)).collect();
        let call = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(values(condition.values))
            .update_expression(update)
            .condition_expression(condition.expression)
            .send();
        match call.await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(failed("dynamodb:UpdateItem", &self.arn, &error).into()),
            },
        }
    }

    /// Returns whether the condition held.
    pub(super) async fn delete_if(
        &self,
        key: &Key,
        condition: Condition,
    ) -> Result<bool, StoreError> {
        let call = self
            .client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .set_expression_attribute_names(Some(names_in(condition.expression)))
            .set_expression_attribute_values(values(condition.values))
            .condition_expression(condition.expression)
            .send();
        match call.await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(failed("dynamodb:DeleteItem", &self.arn, &error).into()),
            },
        }
    }
}

fn values(values: Vec<(&'static str, AttributeValue)>) -> Option<Attributes> {
    // An empty map is refused.
    let values: Attributes =
        values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    (!values.is_empty()).then_some(values)
}
