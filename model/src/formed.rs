//! Answers that were asked for in a form: whatever way a model was asked, its answer is told as a text of JSON.

use futures::{StreamExt, stream};
use serde::de::IgnoredAny;

use crate::conversation::{Block, ToolUse};
use crate::event::{Event, Events};
use crate::reply::{Reply, StopReason};

const FORMLESS: &str = "the model did not answer in the form that `response_format` asks for";

/// How a model was asked for a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// By the service's own parameter.
    Parameter,
    /// By this tool, whose input is the answer.
    Tool(String),
    /// In words.
    Words,
}

impl Asked {
    /// Tells the answer as a text of JSON, and says so where it is none. What calls the caller's own tools is no answer yet.
    pub fn tell(&self, reply: &mut Reply) {
        let mut input = None;
        reply.message.content.retain(|block| match block {
            Block::ToolUse(ToolUse { name, input: called, .. }) if self.is_tool(name) => {
                input.get_or_insert_with(|| called.to_string());
                false
            }
            _ => true,
        });
        if reply.message.tool_uses().next().is_some() {
            return;
        }
        if input.is_some() && reply.stop == StopReason::ToolUse {
            reply.stop = StopReason::EndTurn;
        }
        let said = reply.message.text();
        let answer = input.or_else(|| json(&said).map(str::to_owned));
        match answer {
            Some(answer) if answer == said => {}
            Some(answer) => {
                reply.message.content.retain(|block| !matches!(block, Block::Text(_)));
                reply.message.content.push(Block::Text(answer.into()));
            }
            None => reply.notes.push(FORMLESS.to_owned()),
        }
    }

    /// The same, piece by piece. What is said beside a tool, or may stand around JSON, is held back until the end; empty
    /// pieces show meanwhile that the model is at work.
    pub fn tell_events(&self, events: Events) -> Events {
        let mut telling = Telling { asked: self.clone(), place: None, told: false };
        Box::pin(events.flat_map(move |event| {
            stream::iter(match event {
                Ok(event) => telling.pieces(event).into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            })
        }))
    }

    fn is_tool(&self, name: &str) -> bool {
        matches!(self, Self::Tool(tool) if tool == name)
    }
}

struct Telling {
    asked: Asked,
    /// The index of the tool use that is the answer.
    place: Option<u32>,
    told: bool,
}

impl Telling {
    fn pieces(&mut self, event: Event) -> Vec<Event> {
        let holds_back = self.asked != Asked::Parameter;
        vec![match event {
            Event::Text(_) if holds_back => Event::Text(String::new()),
            Event::ToolUseStarted { index, name, .. } if self.asked.is_tool(&name) => {
                self.place.get_or_insert(index);
                Event::Text(String::new())
            }
            Event::ToolUseInput { index, fragment } if self.place == Some(index) => {
                self.told = true;
                Event::Text(fragment)
            }
            Event::Finished(mut reply) => {
                self.asked.tell(&mut reply);
                let text = reply.message.text();
                if holds_back && !self.told && !text.is_empty() {
                    return vec![Event::Text(text), Event::Finished(reply)];
                }
                Event::Finished(reply)
            }
            other => other,
        }]
    }
}

/// Whether a text is JSON, and nothing else.
pub fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// The JSON of a text: all of it, or what its one fence holds.
fn json(text: &str) -> Option<&str> {
    let text = text.trim();
    let fenced = || {
        let (language, inner) = text.strip_prefix("```")?.strip_suffix("```")?.split_once('\n')?;
        matches!(language.trim(), "" | "json" | "JSON").then(|| inner.trim())
    };
    let whole = Some(text).filter(|text| is_json(text));
    whole.or_else(|| fenced().filter(|text| is_json(text)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ModelError;

    fn by_tool() -> Asked {
        Asked::Tool("weather".to_owned())
    }

    fn calls(name: &str) -> Block {
        let input = json!({"town": "Oslo"});
        Block::ToolUse(ToolUse { id: "1".to_owned(), name: name.to_owned(), input })
    }

    fn told(asked: &Asked, content: Vec<Block>, stop: StopReason) -> Reply {
        let mut reply = Reply::new("m", content, stop);
        asked.tell(&mut reply);
        reply
    }

    #[test]
    fn what_the_tool_was_called_with_is_the_answer() {
        let content = vec![Block::Text("I call it.".into()), calls("weather")];
        let told = told(&by_tool(), content, StopReason::ToolUse);
        assert_eq!(told.message.text(), r#"{"town":"Oslo"}"#);
        assert_eq!((told.message.tool_uses().count(), told.stop), (0, StopReason::EndTurn));
        assert!(told.notes.is_empty());
    }

    #[test]
    fn a_call_of_another_tool_comes_before_the_answer() {
        let content = vec![calls("look"), calls("weather")];
        let told = told(&by_tool(), content, StopReason::ToolUse);
        assert_eq!((told.message.tool_uses().count(), told.stop), (1, StopReason::ToolUse));
        assert!(told.notes.is_empty());
    }

    #[test]
    fn an_answer_of_another_form_stands_with_a_note_unless_it_holds_json_alone() {
        for asked in [Asked::Parameter, by_tool(), Asked::Words] {
            for (said, text, notes) in [
                ("Cold.", "Cold.", 1),
                ("{\"town\": 1}", "{\"town\": 1}", 0),
                ("```json\n{\"town\": 1}\n```\n", "{\"town\": 1}", 0),
                ("```yaml\n7\n```", "```yaml\n7\n```", 1),
                ("Here: ```json\n7\n```", "Here: ```json\n7\n```", 1),
                ("{\"town\": ", "{\"town\": ", 1),
                ("", "", 1),
            ] {
                let told = told(&asked, vec![Block::Text(said.into())], StopReason::EndTurn);
                assert_eq!((told.message.text().as_str(), told.notes.len()), (text, notes));
            }
        }
    }

    async fn pieces(asked: &Asked, events: Vec<Event>) -> (Vec<String>, Reply) {
        let events = events.into_iter().map(Ok::<_, ModelError>);
        let mut events = asked.tell_events(Box::pin(stream::iter(events)));
        let mut texts = Vec::new();
        while let Some(event) = events.next().await {
            match event.unwrap() {
                Event::Text(text) => texts.push(text),
                Event::Finished(reply) => return (texts, *reply),
                other => panic!("{other:?}"),
            }
        }
        panic!("the events end with a reply");
    }

    #[tokio::test]
    async fn the_input_of_the_tool_comes_as_it_is_written() {
        let start = Event::ToolUseStarted { index: 1, id: "1".into(), name: "weather".into() };
        let input = |fragment: &str| Event::ToolUseInput { index: 1, fragment: fragment.into() };
        let content = vec![Block::Text("I".into()), calls("weather")];
        let reply = Reply::new("m", content, StopReason::ToolUse);
        let said = vec![
            Event::Text("I".into()),
            start,
            input("{\"town\":"),
            input("\"Oslo\"}"),
            Event::Finished(reply.into()),
        ];
        let (texts, reply) = pieces(&by_tool(), said).await;
        assert_eq!(texts, ["", "", "{\"town\":", "\"Oslo\"}"]);
        assert_eq!(reply.message.text(), texts.concat());
    }

    #[tokio::test]
    async fn what_was_held_back_comes_at_the_end_without_its_fence() {
        let said = "```json\n[1]\n```";
        let reply = Reply::new("m", vec![Block::Text(said.into())], StopReason::EndTurn);
        let said = || vec![Event::Text(said.into()), Event::Finished(reply.clone().into())];
        for asked in [by_tool(), Asked::Words] {
            assert_eq!(pieces(&asked, said()).await.0, ["", "[1]"]);
        }
        assert_eq!(pieces(&Asked::Parameter, said()).await.0, ["```json\n[1]\n```"]);
    }
}
