//! A call as arguments, switches and standard input of the program.

use crate::call::Call;
use crate::conversation::{Conversation, Message, Role};
use crate::error::{Cause, ModelError};
use crate::reply::Change;

/// Linux takes no argument of more than 128 KiB: `MAX_ARG_STRLEN` of execve(2).
const LONGEST_ARGUMENT: usize = 120 << 10;

/// What to start, and what to tell it.
#[derive(Debug, PartialEq)]
pub(super) struct Command {
    pub(super) arguments: Vec<String>,
    pub(super) switches: Vec<(&'static str, String)>,
    pub(super) input: String,
    pub(super) normalized: Vec<Change>,
}

pub(super) fn of(call: &Call, model: Option<&str>) -> Result<Command, ModelError> {
    let conversation = &call.conversation;
    refuse_tools(conversation)?;
    let (system, before) = match conversation.system.as_str() {
        long if long.len() > LONGEST_ARGUMENT => ("", format!("{long}\n\n")),
        system => (system, String::new()),
    };
    let mut normalized = left_out(call);
    if !before.is_empty() {
        let reason = "an argument of a program is at most 128 KiB, so it is told first instead";
        normalized.push(Change {
            parameter: "system".to_owned(),
            from: before.len().into(),
            to: 0.into(),
            reason: reason.to_owned(),
        });
    }
    let mut arguments = ARGUMENTS.map(str::to_owned).to_vec();
    arguments.extend(["--system-prompt".to_owned(), system.to_owned()]);
    if let Some(model) = model {
        // After `=`, a name that begins with a hyphen is no option.
        arguments.push(format!("--model={model}"));
    }
    let mut switches = SWITCHES.map(|(name, value)| (name, value.to_owned())).to_vec();
    if let Some(most) = call.parameters.max_tokens {
        switches.push(("CLAUDE_CODE_MAX_OUTPUT_TOKENS", most.to_string()));
    }
    // Were a slash the first character, the program would take the prompt for a command of its own.
    let input = format!("\n{before}{}", prompt(&conversation.messages));
    Ok(Command { arguments, switches, input, normalized })
}

/// One turn without tools, servers, settings, skills or a trace of it on the disk.
const ARGUMENTS: [&str; 14] = [
    "-p",
    "--output-format",
    "stream-json",
    "--verbose",
    "--include-partial-messages",
    "--max-turns",
    "1",
    "--tools",
    "",
    "--strict-mcp-config",
    "--setting-sources",
    "",
    "--disable-slash-commands",
    "--no-session-persistence",
];

/// One attempt, and nothing of this machine in what is told.
const SWITCHES: [(&str, &str); 8] = [
    // Without it, `@/a/path` in a prompt puts that file into it, also where no tool is allowed.
    ("CLAUDE_CODE_DISABLE_ATTACHMENTS", "1"),
    ("CLAUDE_CODE_DISABLE_CLAUDE_MDS", "1"),
    ("CLAUDE_CODE_DISABLE_AUTO_MEMORY", "1"),
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK", "1"),
    ("CLAUDE_CODE_DISABLE_TERMINAL_TITLE", "1"),
    ("CLAUDE_CODE_MAX_RETRIES", "0"),
    ("DISABLE_AUTOUPDATER", "1"),
];

fn refuse_tools(conversation: &Conversation) -> Result<(), ModelError> {
    if conversation.tools.is_empty() && !conversation.speaks_of_tools() {
        return Ok(());
    }
    let message =
        "`claude_cli` cannot pass tools on; ask `anthropic`, `bedrock` or `openai` instead";
    Err(ModelError::new(Cause::BadRequest, message))
}

/// What the program has no option for.
fn left_out(call: &Call) -> Vec<Change> {
    let parameters = &call.parameters;
    let stops = &parameters.stop_sequences;
    let given = [
        ("temperature", parameters.temperature.map(serde_json::Value::from)),
        ("top_p", parameters.top_p.map(serde_json::Value::from)),
        ("stop_sequences", (!stops.is_empty()).then(|| stops.clone().into())),
    ];
    let left_out = given.into_iter().filter_map(|(parameter, from)| {
        Some(Change {
            parameter: parameter.to_owned(),
            from: from?,
            to: serde_json::Value::Null,
            reason: "the program `claude` has no option for it".to_owned(),
        })
    });
    left_out.collect()
}

/// A single message as it is; of several, who said what.
fn prompt(messages: &[Message]) -> String {
    if let [message] = messages {
        return message.text();
    }
    let said = messages.iter().map(|message| {
        let who = match message.role {
            Role::User => "User",
            Role::Assistant => "Assistant",
        };
        format!("{who}:\n{}", message.text())
    });
    said.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use contract::ToolSpec;

    use super::*;
    use crate::Block;

    fn call(messages: Vec<Message>) -> Call {
        let conversation =
            Conversation { system: "Be brief.".to_owned(), messages, tools: Vec::new() };
        Call::new(conversation, Duration::from_secs(1))
    }

    #[test]
    fn a_prompt_can_be_neither_a_command_nor_an_option() {
        let command = of(&call(vec![Message::user("/clear")]), Some("--help")).unwrap();
        assert_eq!(command.input, "\n/clear");
        insta::assert_snapshot!(command.arguments.join(" "), @"-p --output-format stream-json --verbose --include-partial-messages --max-turns 1 --tools  --strict-mcp-config --setting-sources  --disable-slash-commands --no-session-persistence --system-prompt Be brief. --model=--help");
        assert!(command.switches.contains(&("CLAUDE_CODE_DISABLE_ATTACHMENTS", "1".to_owned())));
    }

    #[test]
    fn several_messages_are_told_with_who_said_them() {
        let answer = Message { role: Role::Assistant, content: vec![Block::Text("Four.".into())] };
        let messages = vec![Message::user("2 + 2?"), answer, Message::user("Sure?")];
        insta::assert_snapshot!(of(&call(messages), None).unwrap().input.trim_start(), @"
        User:
        2 + 2?

        Assistant:
        Four.

        User:
        Sure?
        ");
    }

    #[test]
    fn what_the_program_cannot_be_told_is_said() {
        let mut told = call(vec![Message::user("Hello")]);
        told.parameters.temperature = Some(0.5);
        told.parameters.stop_sequences = vec!["END".to_owned()];
        told.parameters.max_tokens = Some(77);
        let command = of(&told, None).unwrap();
        let changed: Vec<_> =
            command.normalized.iter().map(|change| change.parameter.as_str()).collect();
        assert_eq!(changed, ["temperature", "stop_sequences"]);
        assert!(command.switches.contains(&("CLAUDE_CODE_MAX_OUTPUT_TOKENS", "77".to_owned())));

        let mut conversation = (*call(vec![Message::user("Hello")]).conversation).clone();
        conversation.system = "é".repeat(LONGEST_ARGUMENT);
        let command = of(&Call::new(conversation.clone(), Duration::ZERO), None).unwrap();
        assert_eq!(command.arguments.last().map(String::as_str), Some(""));
        assert!(command.input.len() > LONGEST_ARGUMENT && command.input.ends_with("\n\nHello"));
        assert_eq!(command.normalized[0].parameter, "system");

        conversation.tools = vec![ToolSpec {
            name: "look".to_owned(),
            description: String::new(),
            input_schema: serde_json::json!({"type": "object"}),
        }];
        let refused = of(&Call::new(conversation, Duration::ZERO), None).unwrap_err();
        assert_eq!(refused.cause, Cause::BadRequest);
        assert!(refused.message.contains("tools"), "{refused}");
    }
}
