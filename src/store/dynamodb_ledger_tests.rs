//! The ledger on DynamoDB, as an AWS that others wrote has it.

use std::sync::Arc;

use emulators::{Emulators, Stack, sdk};
use model::budget::{Batch, LEASE_LASTS, Ledger, Nanodollars, Scope, Settlement};

use super::dynamodb::REPORTS_LAST;
use super::dynamodb_account::{Account, key};
use super::dynamodb_item::Item;
use super::dynamodb_table::Table;
use super::ledger_contract_tests::{START, batch, day, settlement, standing, wish};
use super::lost_answers_tests::losing_the_first_answer;
use super::{DynamoLedger, ledger_contract_tests};

ledger_contract_tests::holds_for!(500, {
    let stack = Emulators::shared().stack();
    move || -> Arc<dyn Ledger> { Arc::new(ledger(&stack)) }
});

fn ledger(stack: &Stack) -> DynamoLedger {
    DynamoLedger::new(&sdk(&Emulators::shared().aws_url), stack.table.clone())
}

fn table(stack: &Stack) -> Table {
    Table::new(&sdk(&Emulators::shared().aws_url), stack.table.clone())
}

async fn losing(stack: &Stack, operation: &'static str) -> DynamoLedger {
    DynamoLedger::new(&sdk(&losing_the_first_answer(operation).await), stack.table.clone())
}

#[tokio::test]
async fn a_lease_whose_answer_is_lost_is_granted_once() {
    let stack = Emulators::shared().stack();
    let granted = losing(&stack, "UpdateItem").await.lease(&wish(1, START)).await.unwrap();
    assert_eq!((granted.amount, granted.account), (Some(Nanodollars(60)), standing(0, 60)));
    assert_eq!(ledger(&stack).spent(&day(), START).await.unwrap(), standing(0, 60));
}

#[tokio::test]
async fn a_batch_whose_answer_is_lost_is_booked_once() {
    let stack = Emulators::shared().stack();
    let ledger = ledger(&stack);
    ledger.lease(&wish(1, START)).await.unwrap();
    let losing = losing(&stack, "TransactWriteItems").await;
    losing.settle(&batch([settlement(1, 5, 10)]), START).await.unwrap();
    assert_eq!(ledger.spent(&day(), START).await.unwrap(), standing(5, 45));
}

#[tokio::test]
async fn where_one_account_cannot_be_read_none_is_booked() {
    let stack = Emulators::shared().stack();
    let other = Scope::Task("other".into());
    table(&stack)
        .put(Item::new(&key(&other), START, REPORTS_LAST).text("spent", "much"))
        .await
        .unwrap();
    let both = [settlement(1, 5, 0), Settlement { scope: other, ..settlement(1, 5, 0) }];
    let error = ledger(&stack).settle(&batch(both), START).await.unwrap_err();
    insta::assert_snapshot!(error, @"the item budget#task:other (account) has no `spent` that this version can read; run the version that wrote it, or delete the item");
    assert_eq!(ledger(&stack).spent(&day(), START).await.unwrap(), standing(0, 0));
}

#[tokio::test]
async fn a_batch_of_which_the_table_refuses_a_part_is_booked_not_at_all() {
    let stack = Emulators::shared().stack();
    let too_many = (0..100).map(|number| Settlement {
        scope: Scope::Task(format!("task-{number}")),
        ..settlement(1, 5, 0)
    });
    let too_many = Batch { id: 1, settlements: too_many.collect() };
    assert!(ledger(&stack).settle(&too_many, START).await.is_err());
    let first = Scope::Task("task-0".into());
    assert_eq!(ledger(&stack).spent(&first, START).await.unwrap(), standing(0, 0));
}

#[tokio::test]
async fn leases_of_those_that_crashed_leave_the_item() {
    let stack = Emulators::shared().stack();
    let ledger = ledger(&stack);
    for lease in 1..=10 {
        let mut small = wish(lease, START);
        (small.least, small.wish) = (Nanodollars(1), Nanodollars(1));
        ledger.lease(&small).await.unwrap();
    }
    let later = START + LEASE_LASTS;
    let granted = ledger.lease(&wish(11, later)).await.unwrap();
    assert_eq!((granted.amount, granted.account), (Some(Nanodollars(60)), standing(0, 60)));
    let item = table(&stack).get(&key(&day())).await.unwrap().unwrap();
    let leases = item.attributes.keys().filter(|name| name.starts_with("held_")).count();
    assert_eq!((leases, item.read_number("taken").unwrap()), (1, 60));
    assert_eq!(Account::read(&item).unwrap().standing(later), standing(0, 60));
}

#[tokio::test]
async fn a_table_that_does_not_exist_is_named() {
    let ledger = DynamoLedger::new(&sdk(&Emulators::shared().aws_url), "nowhere".into());
    let error = ledger.lease(&wish(1, START)).await.unwrap_err();
    insta::assert_snapshot!(error, @"dynamodb:UpdateItem on arn:aws:dynamodb:us-east-1:*:table/nowhere: it does not exist in this region and account; make it, or name another (Requested resource not found)");
    let error = ledger.settle(&batch([settlement(1, 5, 0)]), START).await.unwrap_err();
    insta::assert_snapshot!(error, @"dynamodb:BatchGetItem on arn:aws:dynamodb:us-east-1:*:table/nowhere: it does not exist in this region and account; make it, or name another (Requested resource not found)");
}
