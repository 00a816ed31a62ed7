"""Asks a gateway through OpenAI's own client, as a program does that knows nothing of the gateway."""

import json
import sys

import openai

address, key = sys.argv[1:]
client = openai.OpenAI(base_url=f"http://{address}/v1", api_key=key, max_retries=0)
weather = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells the weather of a town.",
        "parameters": {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]},
    },
}
question = {"role": "user", "content": "How is the weather in Oslo?"}

listed = [model.id for model in client.models.list()]
print("models", listed)

plain = client.chat.completions.create(
    model=listed[0], messages=[{"role": "system", "content": "Be brief."}, question], temperature=0.2, seed=1
)
print("chat", plain.choices[0].message.content, plain.choices[0].finish_reason, plain.usage.total_tokens)

asked = client.chat.completions.create(model=listed[0], messages=[question], tools=[weather])
calls = asked.choices[0].message.tool_calls
print("tools", asked.choices[0].finish_reason, [(call.function.name, json.loads(call.function.arguments)) for call in calls])

results = [{"role": "tool", "tool_call_id": call.id, "content": "Snow."} for call in calls]
answered = client.chat.completions.create(
    model=listed[0], messages=[question, asked.choices[0].message, *results], tools=[weather]
)
print("results", answered.choices[0].message.content)

pieces, usage = [], None
with client.chat.completions.create(
    model=listed[0], messages=[question], stream=True, stream_options={"include_usage": True}
) as stream:
    for chunk in stream:
        pieces += [choice.delta.content for choice in chunk.choices if choice.delta.content]
        usage = chunk.usage or usage
print("stream", len(pieces) > 1, "".join(pieces), usage.total_tokens)

with client.chat.completions.stream(model=listed[0], messages=[question], tools=[weather]) as stream:
    for _ in stream:
        pass
    final = stream.get_final_completion().choices[0].message
print("streamed tools", [(call.function.name, json.loads(call.function.arguments)) for call in final.tool_calls])

form = {"type": "json_schema", "json_schema": {"name": "report", "strict": True, "schema": {
    "type": "object", "properties": {"degrees": {"type": "number"}}, "required": ["degrees"]
}}}
formed = client.chat.completions.create(model=listed[0], messages=[question], response_format=form)
print("form", json.loads(formed.choices[0].message.content), formed.choices[0].finish_reason, formed.choices[0].message.tool_calls)
with client.chat.completions.stream(model=listed[0], messages=[question], response_format=form) as stream:
    for _ in stream:
        pass
    final = stream.get_final_completion().choices[0]
print("streamed form", json.loads(final.message.content), final.finish_reason)
both = client.chat.completions.create(model=listed[0], messages=[question], tools=[weather], response_format=form)
print("form beside tools", json.loads(both.choices[0].message.content), both.eco_coder["normalized"][0]["parameter"])
formless = client.chat.completions.create(model=listed[0], messages=[question], response_format={"type": "json_object"})
print("no form", formless.choices[0].message.content, formless.eco_coder["notes"])

for fault in range(2):
    try:
        client.chat.completions.create(model=listed[0], messages=[question])
    except openai.APIStatusError as error:
        print("fault", type(error).__name__, error.status_code, error.body["type"], error.body["provider_code"])
try:
    client.chat.completions.create(model="no-such-model", messages=[question])
except openai.NotFoundError as error:
    print("unknown", error.body["message"])
try:
    openai.OpenAI(base_url=f"http://{address}/v1", api_key="wrong", max_retries=0).models.list()
except openai.AuthenticationError as error:
    print("key", error.body["type"])
