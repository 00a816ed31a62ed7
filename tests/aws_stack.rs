//! The stack that stories stand on, beside what is faked.

use aws_sdk_bedrockruntime::types::{ContentBlock, ConversationRole, Message};
use aws_sdk_dynamodb::types::AttributeValue;
use emulators::{Emulators, Stack};

use crate::world::aws::{FakeAws, Scripted, says, sdk};

#[tokio::test]
async fn fake_and_emulator_answer_on_one_address() {
    let emulators = Emulators::shared();
    let Stack { table, .. } = emulators.stack();
    let aws = FakeAws::beside(emulators).await;
    aws.script(vec![Scripted::Reply(says("Hello."))]);
    let dynamodb = aws_sdk_dynamodb::Client::new(&sdk(aws.url()));
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = dynamodb.put_item().table_name(&table).item("pk", text("1")).item("sk", text("a"));
    put.send().await.unwrap();
    let get = dynamodb.get_item().table_name(&table).key("pk", text("1")).key("sk", text("a"));
    assert!(get.send().await.unwrap().item.is_some());
    let bedrock = aws_sdk_bedrockruntime::Client::new(&sdk(aws.url()));
    let message = Message::builder().role(ConversationRole::User);
    let message = message.content(ContentBlock::Text("Hello".into())).build().unwrap();
    let reply = bedrock.converse().model_id("us.amazon.nova-2-lite-v1:0").messages(message);
    assert!(reply.send().await.unwrap().output.is_some());
}
