//! `InvokeModel`: the bodies of the vendors, each in its own words.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::reply::{Reply, pieces};
use crate::stream::Stream;

/// How one family of models is asked and answers.
pub(crate) struct Dialect {
    holds: &'static str,
    required: &'static [&'static str],
    allowed: &'static [&'static str],
    /// `None`: it does not stream.
    streams: bool,
    answer: fn(&Reply, &str) -> Value,
}

const DIALECTS: &[Dialect] = &[
    Dialect {
        holds: "amazon.titan-text",
        required: &["inputText"],
        allowed: &["textGenerationConfig"],
        streams: true,
        answer: |reply, text| {
            json!({"inputTextTokenCount": reply.usage["inputTokens"],
                "results": [{"tokenCount": reply.usage["outputTokens"], "outputText": text, "completionReason": stop(reply, "FINISH", "LENGTH")}]})
        },
    },
    Dialect {
        holds: "cohere.command-r",
        required: &["message"],
        allowed: &[
            "chat_history",
            "documents",
            "preamble",
            "max_tokens",
            "temperature",
            "p",
            "k",
            "stop_sequences",
            "tools",
            "tool_results",
            "seed",
        ],
        streams: true,
        answer: |reply, text| json!({"response_id": "r", "generation_id": "g", "text": text, "finish_reason": stop(reply, "COMPLETE", "MAX_TOKENS")}),
    },
    Dialect {
        holds: "cohere.command",
        required: &["prompt"],
        allowed: &[
            "temperature",
            "p",
            "k",
            "max_tokens",
            "stop_sequences",
            "return_likelihoods",
            "stream",
            "num_generations",
            "logit_bias",
            "truncate",
        ],
        streams: true,
        answer: |reply, text| json!({"id": "i", "prompt": "", "generations": [{"id": "g", "text": text, "finish_reason": stop(reply, "COMPLETE", "MAX_TOKENS")}]}),
    },
    Dialect {
        holds: "ai21.j2-",
        required: &["prompt"],
        allowed: &[
            "temperature",
            "topP",
            "maxTokens",
            "stopSequences",
            "countPenalty",
            "presencePenalty",
            "frequencyPenalty",
            "numResults",
        ],
        streams: false,
        answer: |reply, text| {
            json!({"id": 1, "prompt": {"text": "", "tokens": []},
                "completions": [{"data": {"text": text, "tokens": []}, "finishReason": {"reason": stop(reply, "endoftext", "length")}}]})
        },
    },
    Dialect {
        holds: "ai21.jamba",
        required: &["messages"],
        allowed: &[
            "max_tokens",
            "temperature",
            "top_p",
            "stop",
            "n",
            "frequency_penalty",
            "presence_penalty",
        ],
        streams: true,
        answer: |reply, text| {
            json!({"id": "c", "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": stop(reply, "stop", "length")}],
                "usage": {"prompt_tokens": reply.usage["inputTokens"], "completion_tokens": reply.usage["outputTokens"], "total_tokens": reply.usage["totalTokens"]}})
        },
    },
    Dialect {
        holds: "meta.llama",
        required: &["prompt"],
        allowed: &["temperature", "top_p", "max_gen_len", "images"],
        streams: true,
        answer: |reply, text| {
            json!({"generation": text, "prompt_token_count": reply.usage["inputTokens"],
                "generation_token_count": reply.usage["outputTokens"], "stop_reason": stop(reply, "stop", "length")})
        },
    },
    Dialect {
        holds: "mistral.",
        required: &["prompt"],
        allowed: &["max_tokens", "stop", "temperature", "top_p", "top_k"],
        streams: true,
        answer: |reply, text| json!({"outputs": [{"text": text, "stop_reason": stop(reply, "stop", "length")}]}),
    },
];

pub(crate) fn dialect(model: &str) -> Option<&'static Dialect> {
    DIALECTS.iter().find(|dialect| model.contains(dialect.holds))
}

impl Dialect {
    /// What the model refuses in a body.
    pub(crate) fn faults(&self, body: &Value, is_streaming: bool) -> Vec<String> {
        let Some(fields) = body.as_object() else {
            return vec!["Malformed input request: expected type: JSONObject, please reformat your input and try again.".to_owned()];
        };
        let missing = self.required.iter().filter(|name| !fields.contains_key(**name));
        let unknown = fields
            .keys()
            .filter(|name| ![self.required, self.allowed].concat().contains(&name.as_str()));
        let mut faults: Vec<String> = missing
            .map(|name| format!("Malformed input request: #: required key [{name}] not found, please reformat your input and try again."))
            .chain(unknown.map(|name| format!("Malformed input request: #: extraneous key [{name}] is not permitted, please reformat your input and try again.")))
            .collect();
        let wordless = |name: &&&str| fields.get(**name).is_some_and(|text| *text == "");
        faults.extend(self.required.iter().filter(wordless).map(|name| format!("Malformed input request: #/{name}: expected minLength: 1, actual: 0, please reformat your input and try again.")));
        if is_streaming && !self.streams {
            faults.push("The model is unsupported for streaming.".to_owned());
        }
        faults
    }

    pub(crate) fn answer(&self, reply: &Reply) -> Value {
        (self.answer)(reply, &reply.text())
    }

    /// Each piece in the form of a whole answer, base64 in an event; the last one has the service's own counts.
    pub(crate) fn stream(&self, reply: &Reply) -> Stream {
        let text = reply.text();
        let parts: Vec<&str> = pieces(&text, reply.pieces).collect();
        let last = parts.len().saturating_sub(1);
        parts.iter().enumerate().fold(Stream::begin(), |stream, (index, part)| {
            let mut chunk = self.chunk(reply, part, index == last);
            if index == last {
                chunk["amazon-bedrock-invocationMetrics"] = json!({"inputTokenCount": reply.usage["inputTokens"],
                    "outputTokenCount": reply.usage["outputTokens"], "invocationLatency": 12, "firstByteLatency": 5});
            }
            stream.event("chunk", &json!({"bytes": STANDARD.encode(chunk.to_string()), "p": "abcd"}))
        })
    }

    fn chunk(&self, reply: &Reply, part: &str, is_last: bool) -> Value {
        let mut chunk = match self.holds {
            "amazon.titan-text" => {
                json!({"outputText": part, "index": 0, "totalOutputTextTokenCount": reply.usage["outputTokens"],
                "inputTextTokenCount": reply.usage["inputTokens"], "completionReason": stop(reply, "FINISH", "LENGTH")})
            }
            "cohere.command" => {
                json!({"text": part, "is_finished": is_last, "finish_reason": stop(reply, "COMPLETE", "MAX_TOKENS")})
            }
            "cohere.command-r" => {
                json!({"event_type": "text-generation", "text": part, "is_finished": is_last, "finish_reason": stop(reply, "COMPLETE", "MAX_TOKENS")})
            }
            "ai21.jamba" => {
                json!({"id": "c", "choices": [{"index": 0, "delta": {"content": part}, "finish_reason": stop(reply, "stop", "length")}]})
            }
            _ => (self.answer)(reply, part),
        };
        if !is_last {
            without_a_reason(&mut chunk);
        }
        chunk
    }
}

/// Only the last chunk says why it ended.
fn without_a_reason(chunk: &mut Value) {
    match chunk {
        Value::Object(fields) => {
            for (name, field) in fields {
                if ["completionReason", "finish_reason", "stop_reason"].contains(&name.as_str()) {
                    *field = Value::Null;
                } else {
                    without_a_reason(field);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_a_reason),
        _ => {}
    }
}

fn stop(reply: &Reply, ended: &str, cut: &str) -> String {
    if reply.stop == "max_tokens" { cut.to_owned() } else { ended.to_owned() }
}
