// One turn of an agent built on one of the JavaScript SDKs: node drive.mjs DRIVER '{"base", "key", "task", "image"}'.
// Prints one line of JSON: {"text", "data"} of the answer, or {"error": {"message", "status"}}.
// Tasks: text, tool, image, schema. The tool `save` keeps {name, text} and answers "saved NAME".

import { readFile } from "node:fs/promises";
import { z } from "zod";

const [, , name, given] = process.argv;
const job = JSON.parse(given);
const MODEL = "gpt-5";
const PROMPT = "What can you do?";
const SAVE = z.object({ name: z.string(), text: z.string() });
const COLOUR = z.object({ colour: z.string() });
const saved = {};

function save({ name, text }) {
  saved[name] = text;
  return `saved ${name}`;
}

const picture = async () => (await readFile(job.image)).toString("base64");
const wants = (task) => job.task === task;

async function openaiResponses() {
  const { default: OpenAI } = await import("openai");
  const { zodTextFormat, zodResponsesFunction } = await import("openai/helpers/zod");
  const client = new OpenAI({ baseURL: `${job.base}/v1`, apiKey: job.key });
  const content = [{ type: "input_text", text: PROMPT }];
  if (wants("image")) {
    content.push({ type: "input_image", image_url: `data:image/png;base64,${await picture()}`, detail: "auto" });
  }
  const input = [{ role: "user", content }];
  const rest = { model: MODEL, store: false, include: ["reasoning.encrypted_content"] };
  if (wants("tool")) rest.tools = [zodResponsesFunction({ name: "save", parameters: SAVE })];
  if (wants("schema")) rest.text = { format: zodTextFormat(COLOUR, "colour") };
  for (;;) {
    const answer = await client.responses.stream({ ...rest, input }).finalResponse();
    if (answer.status === "failed") throw new Error(answer.error.message);
    const calls = answer.output.filter((item) => item.type === "function_call");
    if (!calls.length) return { text: answer.output_text, data: answer.output_parsed };
    input.push(...answer.output);
    for (const call of calls) {
      input.push({ type: "function_call_output", call_id: call.call_id, output: save(JSON.parse(call.arguments)) });
    }
  }
}

async function openaiChat() {
  const { default: OpenAI } = await import("openai");
  const { zodResponseFormat } = await import("openai/helpers/zod");
  const client = new OpenAI({ baseURL: `${job.base}/v1`, apiKey: job.key });
  const content = [{ type: "text", text: PROMPT }];
  if (wants("image")) content.push({ type: "image_url", image_url: { url: `data:image/png;base64,${await picture()}` } });
  const body = { model: MODEL, messages: [{ role: "user", content }] };
  if (wants("schema")) {
    const answer = await client.chat.completions.parse({ ...body, response_format: zodResponseFormat(COLOUR, "colour") });
    return { data: answer.choices[0].message.parsed };
  }
  if (!wants("tool")) {
    return { text: await client.chat.completions.stream(body).finalContent() };
  }
  const { zodFunction } = await import("openai/helpers/zod");
  const tools = [zodFunction({ name: "save", parameters: SAVE, function: save })];
  return { text: await client.chat.completions.runTools({ ...body, tools, stream: true }).finalContent() };
}

async function anthropic() {
  const { default: Anthropic } = await import("@anthropic-ai/sdk");
  const { betaZodOutputFormat, betaZodTool } = await import("@anthropic-ai/sdk/helpers/beta/zod");
  const client = new Anthropic({ baseURL: job.base, apiKey: job.key });
  const content = [{ type: "text", text: PROMPT }];
  if (wants("image")) {
    content.push({ type: "image", source: { type: "base64", media_type: "image/png", data: await picture() } });
  }
  const body = { model: MODEL, max_tokens: 8000, messages: [{ role: "user", content }], thinking: { type: "adaptive" } };
  if (wants("schema")) {
    const answer = await client.beta.messages.parse({ ...body, output_config: { format: betaZodOutputFormat(COLOUR) } });
    return { data: answer.parsed_output };
  }
  const text = (message) => message.content.filter((block) => block.type === "text").map((block) => block.text).join("");
  if (!wants("tool")) {
    return { text: text(await client.beta.messages.stream(body).finalMessage()) };
  }
  const tools = [betaZodTool({ name: "save", description: "Save a text", inputSchema: SAVE, run: save })];
  return { text: text(await client.beta.messages.toolRunner({ ...body, tools }).runUntilDone()) };
}

async function ai(model, providerOptions = {}) {
  const { Output, stepCountIs, streamText, tool } = await import("ai");
  const content = [{ type: "text", text: PROMPT }];
  if (wants("image")) content.push({ type: "file", data: await picture(), mediaType: "image/png" });
  let failure;
  const answer = streamText({
    model,
    providerOptions,
    messages: [{ role: "user", content }],
    stopWhen: stepCountIs(5),
    onError: ({ error }) => (failure = error),
    ...(wants("tool") && { tools: { save: tool({ description: "Save", inputSchema: SAVE, execute: save }) } }),
    ...(wants("schema") && { output: Output.object({ schema: COLOUR }) }),
  });
  try {
    await answer.consumeStream({ onError: (error) => (failure ??= error) });
    if (failure) throw failure;
    return { text: await answer.text, data: wants("schema") ? await answer.output : undefined };
  } catch (error) {
    throw failure ?? error;
  }
}

async function aiResponses() {
  const { createOpenAI } = await import("@ai-sdk/openai");
  const provider = createOpenAI({ baseURL: `${job.base}/v1`, apiKey: job.key });
  return ai(provider.responses(MODEL), { openai: { store: false, include: ["reasoning.encrypted_content"] } });
}

async function aiRemembered() {
  const { createOpenAI } = await import("@ai-sdk/openai");
  return ai(createOpenAI({ baseURL: `${job.base}/v1`, apiKey: job.key }).responses(MODEL));
}

async function aiChat() {
  const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
  const settings = { name: "jackfield", includeUsage: true, supportsStructuredOutputs: true };
  return ai(createOpenAICompatible({ ...settings, baseURL: `${job.base}/v1`, apiKey: job.key })(MODEL));
}

async function aiMessages() {
  const { createAnthropic } = await import("@ai-sdk/anthropic");
  const options = { anthropic: { thinking: { type: "enabled", budgetTokens: 4000 } } };
  return ai(createAnthropic({ baseURL: `${job.base}/v1`, apiKey: job.key })(MODEL), options);
}

async function agents() {
  const { default: OpenAI } = await import("openai");
  const { Agent, OpenAIResponsesModel, run, setTracingDisabled, tool } = await import("@openai/agents");
  setTracingDisabled(true);
  const client = new OpenAI({ baseURL: `${job.base}/v1`, apiKey: job.key });
  const agent = new Agent({
    name: "tester",
    model: new OpenAIResponsesModel(client, MODEL),
    modelSettings: { store: false, providerData: { include: ["reasoning.encrypted_content"] } },
    ...(wants("tool") && { tools: [tool({ name: "save", description: "Save", parameters: SAVE, execute: save })] }),
    ...(wants("schema") && { outputType: COLOUR }),
  });
  const content = [{ type: "input_text", text: PROMPT }];
  if (wants("image")) content.push({ type: "input_image", image: `data:image/png;base64,${await picture()}` });
  const answer = await run(agent, [{ role: "user", content }], { stream: true });
  await answer.completed;
  const [last] = answer.rawResponses.slice(-1);
  if (last?.providerData?.status === "failed") throw new Error(last.providerData.error.message);
  return wants("schema") ? { data: answer.finalOutput } : { text: answer.finalOutput };
}

const drivers = { openaiResponses, openaiChat, anthropic, aiResponses, aiRemembered, aiChat, aiMessages, agents };

try {
  console.log(JSON.stringify({ ...(await drivers[name]()), saved }));
} catch (error) {
  const cause = error.lastError ?? error;
  const told = { message: String(cause.message), status: cause.status ?? cause.statusCode, name: cause.name };
  console.log(JSON.stringify({ error: told, saved }));
}
process.exit(0);
