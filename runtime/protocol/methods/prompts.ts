import { contentBlock } from "../content.js";
import { PromptCallContext } from "../context.js";
import { McpError, NotImplementedError } from "../errors.js";
import type { Answer, Call, Payload, Server, View } from "../exchange.js";
import { handlerFailure } from "../failures.js";
import type { Auth } from "../handlers.js";
import { isObject } from "../json-rpc.js";
import { noteFailure } from "../observer.js";
import { invalidParams, isThenable, quote, seal, wrongOutput } from "../results.js";
import { deadlineOf, settle } from "../settle.js";
import type { AnswerValidators, PromptArgumentSurface, PromptSurface } from "../surface.js";
import type { ContentBlock, JsonObject, PromptMessage } from "../types.js";
import { isHidden } from "../visibility.js";

/** `prompts/get` */
export function getPrompt(call: Call): Answer {
  const { name, arguments: given = {} } = call.params;
  if (typeof name !== "string") return invalidParams('"name" must be a string');
  if (!isObject(given)) return invalidParams('"arguments" must be an object');
  const { view } = call.peer;
  const prompt = visiblePrompt(view.server, call.auth, name);
  if (prompt === undefined) {
    noteFailure(call, "caller", "unknown_prompt");
    return invalidParams(`unknown prompt ${quote(name)}`);
  }
  const values = argumentsOf(prompt, given);
  if (values instanceof McpError) return values;
  if (prompt.messages !== undefined) return renderTemplate(view, prompt, prompt.messages, values);
  if (prompt.elicitations === undefined) return runHandler(call, prompt, values, undefined);
  return view.server.surface.promptValidators!(name).then(
    ({ answers }) => runHandler(call, prompt, values, answers),
    (error: unknown) => toFailure(call, prompt, error),
  );
}

/** Returns a prompt; `undefined` if it does not exist or is hidden from the caller. */
export function visiblePrompt(server: Server, auth: Auth | undefined, name: string): PromptSurface | undefined {
  const prompt = promptNamed(server, name);
  if (globalThis.mcpcWithoutEnabled || prompt === undefined) return prompt;
  return isHidden(server, auth, "prompts", name) ? undefined : prompt;
}

function promptNamed(server: Server, name: string): PromptSurface | undefined {
  let prompts = server.indexes.get("prompts") as Map<string, PromptSurface> | undefined;
  if (prompts === undefined) {
    prompts = new Map(server.surface.prompts.map((prompt) => [prompt.name, prompt]));
    server.indexes.set("prompts", prompts);
  }
  return prompts.get(name);
}

/** Returns a value per declared argument, in order; `undefined` for a missing optional one. */
function argumentsOf(prompt: PromptSurface, given: JsonObject): readonly (string | undefined)[] | McpError {
  const unknown = Object.keys(given).find((name) => prompt.arguments.every((argument) => argument.name !== name));
  if (unknown !== undefined) return invalidParams(`the prompt ${quote(prompt.name)} has no argument ${quote(unknown)}`);
  const values: (string | undefined)[] = [];
  for (const argument of prompt.arguments) {
    const value = (Object.hasOwn(given, argument.name) ? given[argument.name] : undefined) ?? argument.default;
    const refusal = argumentProblem(argument, value);
    if (refusal !== undefined) return invalidParams(`the argument ${quote(argument.name)} ${refusal}`);
    values.push(value as string | undefined);
  }
  return values;
}

function argumentProblem(argument: PromptArgumentSurface, value: unknown): string | undefined {
  if (value === undefined) return argument.required ? "is required" : undefined;
  if (typeof value !== "string") return "must be a string";
  if (argument.enum?.includes(value) === false) return `must be one of ${JSON.stringify(argument.enum)}`;
  return undefined;
}

function renderTemplate(
  view: View,
  prompt: PromptSurface,
  segments: readonly (string | number)[],
  values: readonly (string | undefined)[],
): string {
  const text = segments
    .map((segment) => (typeof segment === "string" ? segment : JSON.stringify(values[segment] ?? "").slice(1, -1)))
    .join("");
  if (view.revision.content === undefined) return seal(view, `${description(prompt)}"messages":${text}`);
  return messages(view, prompt, JSON.parse(text) as readonly unknown[]);
}

function runHandler(
  call: Call,
  prompt: PromptSurface,
  values: readonly (string | undefined)[],
  answers: AnswerValidators | undefined,
): Answer {
  const finish = (output: unknown) => toResult(call, prompt, output);
  const fail = (error: unknown) => toFailure(call, prompt, error);
  try {
    const handler = call.peer.view.server.handlers.prompts.get(prompt.name);
    if (handler === undefined) throw new NotImplementedError(prompt.name);
    const present = prompt.arguments.flatMap(({ name }, index) => {
      const value = values[index];
      return value === undefined ? [] : [[name, value] as const];
    });
    const output: unknown = handler(
      Object.fromEntries(present),
      new PromptCallContext(call, { elicitations: prompt.elicitations, answers }),
    );
    return isThenable(output) ? settle(call, output, { finish, fail }, deadlineOf(call, prompt.name)) : finish(output);
  } catch (error) {
    return fail(error);
  }
}

function toResult(call: Call, prompt: PromptSurface, output: unknown): Payload | McpError {
  if (call.rounds?.interrupted !== undefined) return call.rounds.interrupted;
  try {
    const { view } = call.peer;
    if (typeof output === "string")
      return messages(view, prompt, [{ role: "user", content: { type: "text", text: output } }]);
    if (Array.isArray(output)) return messages(view, prompt, output);
    if (isObject(output) && Array.isArray(output["messages"])) {
      const { description: own, messages: list, _meta: meta } = output as Record<string, unknown>;
      // The prompts of an upstream may have no description.
      const isOwn = typeof own === "string" || Object.hasOwn(output, "description");
      const described = isOwn ? { description: own as string | undefined } : prompt;
      return messages(view, described, list as readonly unknown[], isObject(meta) ? meta : undefined);
    }
    throw wrongOutput("a string, messages, or an object with messages", output);
  } catch (error) {
    return toFailure(call, prompt, error);
  }
}

interface Described {
  readonly description?: string | undefined;
}

function messages(view: View, described: Described, list: readonly unknown[], meta?: JsonObject): string {
  const projected = list.map((message) => promptMessage(view, message));
  return seal(view, `${description(described)}"messages":${JSON.stringify(projected)}`, meta);
}

function promptMessage(view: View, message: unknown): PromptMessage {
  const { role, content } = isObject(message) ? (message as Record<string, unknown>) : {};
  if (role !== "user" && role !== "assistant")
    throw wrongOutput('messages with the role "user" or "assistant"', message);
  return { role, content: contentBlock(view, content) satisfies ContentBlock };
}

function description({ description: text }: Described): string {
  return text === undefined ? "" : `"description":${JSON.stringify(text)},`;
}

function toFailure(call: Call, prompt: PromptSurface, error: unknown): Payload | McpError {
  if (call.rounds?.interrupted !== undefined) return call.rounds.interrupted;
  return handlerFailure(call, "prompt", prompt.name, error);
}
