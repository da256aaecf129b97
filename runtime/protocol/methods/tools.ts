import type {} from "../parts.js";
import { textContent } from "../content.js";
import { createErrors, ToolCallContext, type Questions } from "../context.js";
import { DeclaredError, McpError, NotImplementedError, UnavailableError } from "../errors.js";
import type { Answer, Call, Payload, CachedEntry, Server, View } from "../exchange.js";
import { explain } from "../explain.js";
import { noteFailure } from "../observer.js";
import { hookVerdict } from "../failures.js";
import type { Auth, DeclaredErrors } from "../handlers.js";
import { isObject } from "../json-rpc.js";
import { MissingCapability } from "../questions.js";
import { internalErrorText, invalidParams, isThenable, logCallFailure, quote, seal, withoutAbort } from "../results.js";
import { bounded } from "../result-size.js";
import { settle, timeoutMessage } from "../settle.js";
import { exceedsTokens } from "./result-tokens.js";
import { outputText, structured, structuredText, unstructured } from "./tool-output.js";
import { composedResult, ComposedResult, composedText } from "../tool-result.js";
import { createTask, supportsTasks, tasksRequired, tooManyTasks, type Task } from "../tasks.js";
import type { AnyToolHandler, Reuse, ToolSurface, ToolValidators, Validator } from "../surface.js";
import type { JsonObject } from "../types.js";
import { isHidden } from "../visibility.js";

/** A tool with the values that its calls share, which the first call creates. */
interface Tool {
  readonly surface: ToolSurface;
  readonly handler: AnyToolHandler | undefined;
  validators: ToolValidators | undefined;
  errors: DeclaredErrors<Record<string, unknown>> | undefined;
  questions: Questions | undefined;
  /** The cache entry of the tool. */
  reusable: CachedEntry | undefined;
}

/** `tools/call` */
export function callTool(call: Call): Answer {
  const { name, arguments: input = {} } = call.params;
  if (typeof name !== "string") return invalidParams('"name" must be a string');
  if (!isObject(input)) return invalidParams('"arguments" must be an object');
  const tool = toolNamed(call.peer.view.server, name);
  if (
    tool === undefined ||
    (!globalThis.mcpcWithoutEnabled && isHidden(call.peer.view.server, call.auth, "tools", name))
  ) {
    noteFailure(call, "caller", "unknown_tool");
    return invalidParams(`unknown tool ${quote(name)}`);
  }
  if (tool.validators !== undefined) return run(call, tool, tool.validators, input);
  return call.peer.view.server.surface.toolValidators!(name).then(
    (validators) => run(call, tool, (tool.validators = validators), input),
    (error: unknown) => toFailure(call, tool, error),
  );
}

/** Returns a tool's surface; `undefined` if the tool does not exist or is hidden from the caller. */
export function visibleTool(server: Server, auth: Auth | undefined, name: string): ToolSurface | undefined {
  const tool = toolNamed(server, name);
  if (globalThis.mcpcWithoutEnabled || tool === undefined) return tool?.surface;
  return isHidden(server, auth, "tools", name) ? undefined : tool.surface;
}

function toolNamed(server: Server, name: string): Tool | undefined {
  let tools = server.indexes.get("tools") as Map<string, Tool> | undefined;
  if (tools === undefined) {
    tools = new Map();
    for (const surface of server.surface.tools) {
      const handler = server.handlers.tools.get(surface.name);
      tools.set(surface.name, {
        surface,
        handler,
        validators: undefined,
        errors: undefined,
        questions: undefined,
        reusable: undefined,
      });
    }
    server.indexes.set("tools", tools);
  }
  return tools.get(name);
}

function run(call: Call, tool: Tool, validators: ToolValidators, given: JsonObject): Answer {
  try {
    // The request was cancelled before it began.
    if (call.aborted) return errorResult(call.peer.view, "cancelled");
    const refusal = check(validators.input, given);
    if (refusal !== undefined) {
      noteFailure(call, "caller", "invalid_arguments");
      return errorResult(call.peer.view, refusal);
    }
    const input = globalThis.mcpcWithoutDefaults || validators.fill === undefined ? given : validators.fill(given);
    if (tool.handler === undefined) throw new NotImplementedError(tool.surface.name);
    if (!globalThis.mcpcWithoutTasks && tool.surface.task !== undefined) {
      if (supportsTasks(call)) return runAsTask(call, tool, tool.handler, validators, input);
      if (tool.surface.task === "required" && call.peer.view.revision.era === "modern") return tasksRequired();
    }
    if (!globalThis.mcpcWithoutCache && tool.surface.cache !== undefined) {
      const reusable = (tool.reusable ??= cachedEntryOf(
        call.peer.view.server,
        tool,
        tool.handler,
        validators,
        tool.surface.cache,
      ));
      const answer = call.peer.view.server.cache?.answer(call, reusable, { input });
      if (answer !== undefined) return answer;
    }
    return invoke(call, tool, tool.handler, validators, input);
  } catch (error) {
    return toFailure(call, tool, error);
  }
}

function invoke(
  call: Call,
  tool: Tool,
  handler: AnyToolHandler,
  validators: ToolValidators,
  input: JsonObject,
  begin?: () => void,
): Answer {
  const output: unknown = handler(input, contextOf(call, tool, validators, begin));
  return isThenable(output) ? wait(call, tool, output) : toResult(call, tool, output);
}

function contextOf(call: Call, tool: Tool, validators: ToolValidators, begin?: () => void): ToolCallContext {
  tool.errors ??= globalThis.mcpcWithoutErrors ? (Object.create(null) as {}) : createErrors(tool.surface.errors);
  tool.questions ??= { elicitations: tool.surface.elicitations, answers: validators.answers };
  return new ToolCallContext(call, tool.errors, tool.questions, begin);
}

/** Creates the cache entry of a tool. The cached value is the JSON of a structured result, or the handler's output. */
function cachedEntryOf(
  server: Server,
  tool: Tool,
  handler: AnyToolHandler,
  validators: ToolValidators,
  reuse: Reuse,
): CachedEntry {
  const { output: validate } = validators;
  return {
    kind: "tool",
    name: tool.surface.name,
    reuse,
    hinted: false,
    timeoutMs: tool.surface.timeoutMs,
    start: (call, { input }) =>
      handler(
        input,
        contextOf(call, tool, validators, () => {}),
      ),
    keep: (output) => {
      const text = cachedText(output, validate);
      if (!globalThis.mcpcWithoutResultTokens && text !== undefined) checkTokens(server, tool, text);
      return text;
    },
    restore: (kept) => cachedText(composedResult(kept) ?? JSON.parse(kept), validate),
    seal: (view, kept) => {
      const composed = composedResult(kept);
      if (composed !== undefined) return composed.toToolResult(view, validate, tool.surface);
      return validate !== undefined
        ? structured(view, tool.surface, kept)
        : unstructured(view, JSON.parse(kept) as unknown);
    },
    finish: (call, output) => toResult(call, tool, output),
    fail: (call, error) => toFailure(call, tool, error),
    wait: (call, answer) => wait(call, tool, answer, (settled) => settled as Payload | McpError),
  };
}

/** Returns the cached form of an output; `undefined` for a failure, which is not cached. */
function cachedText(output: unknown, validate: Validator | undefined): string | undefined {
  if (output instanceof ComposedResult) return composedText(output, validate);
  if (validate !== undefined) return structuredText(validate, output);
  return isObject(output) && output["isError"] === true ? undefined : JSON.stringify(output);
}

/** Logs a warning if a result has more tokens than the tool declares. */
function checkTokens({ logger }: Server, { surface }: Tool, text: string): void {
  const { name, maxResultTokens } = surface;
  if (maxResultTokens !== undefined && exceedsTokens(text, maxResultTokens))
    logger(
      "warning",
      `the result of the tool ${quote(name)} has more than ${maxResultTokens} tokens, its maxResultTokens`,
    );
}

/** Answers the call with a task as soon as one begins, or with the result if the handler ends earlier. */
function runAsTask(
  call: Call,
  tool: Tool,
  handler: AnyToolHandler,
  validators: ToolValidators,
  input: JsonObject,
): Promise<Payload | McpError> {
  const { running } = call.peer.view.server;
  return new Promise((resolve, reject) => {
    let task: Task | undefined;
    // Without room for a task, the call is answered with its result.
    const beginTask = (): boolean => {
      if (task !== undefined) return true;
      const created = createTask(call, tool.surface);
      if (created === undefined) return false;
      call.task = task = created;
      running.add(created);
      if (globalThis.mcpcWithoutStore || created.registered === undefined) resolve(created.answer());
      else void created.registered.then((refusal) => resolve(refusal ?? created.answer()), reject);
      return true;
    };
    const settle = (settled: Payload | McpError): void => {
      if (task === undefined) return resolve(settled);
      const ended = task;
      const finish = (final: Payload | McpError): void => {
        running.delete(ended);
        ended.finish(typeof final === "string" ? bounded(call, final) : final);
      };
      if (globalThis.mcpcWithoutStore || call.publishing === undefined) return finish(settled);
      // The result must not be known before the changes that the handler has published. The call is answered already.
      call.publishing
        .catch((error: unknown) => call.peer.view.server.store!.waitLonger(error, call.signal))
        .then(
          () => finish(settled),
          (error: unknown) => finish(toFailure(call, tool, error)),
        );
    };
    if (tool.surface.defersTask !== true && !beginTask() && tool.surface.task === "required")
      return resolve(tooManyTasks());
    const begin = (): void => {
      try {
        const answer = invoke(call, tool, handler, validators, input, beginTask);
        if (answer instanceof Promise)
          void answer.then(settle, (error: unknown) => settle(toFailure(call, tool, error)));
        else settle(answer);
      } catch (error) {
        settle(toFailure(call, tool, error));
      }
    };
    const created = task as Task | undefined;
    if (globalThis.mcpcWithoutStore || created?.registered === undefined) return begin();
    // A handler whose task is refused would run once more when the client tries again.
    const beginIfRegistered = (refusal?: McpError): void => {
      if (refusal === undefined) begin();
      else running.delete(created);
    };
    created.registered.then(beginIfRegistered, () => void running.delete(created));
  });
}

function check(validate: Validator, input: unknown): string | undefined {
  try {
    return validate(input) ? undefined : explain(validate.errors ?? [], "arguments", input);
  } catch (error) {
    // Validators of recursive schemas recurse as deeply as the arguments are nested.
    if (error instanceof RangeError) return "invalid arguments: nested too deeply";
    throw error;
  }
}

function wait(
  call: Call,
  tool: Tool,
  output: PromiseLike<unknown>,
  finish = (value: unknown) => toResult(call, tool, value),
): Promise<Payload | McpError> {
  const { name, timeoutMs } = tool.surface;
  const outcome = {
    finish,
    fail: (error: unknown) => toFailure(call, tool, error),
  };
  const deadline =
    globalThis.mcpcWithoutTimeouts || timeoutMs === undefined
      ? undefined
      : {
          timeoutMs,
          expire: () => {
            noteFailure(call, "server", "timeout");
            return errorResult(call.peer.view, timeoutMessage(name, timeoutMs));
          },
        };
  return settle(call, output, outcome, deadline);
}

function toResult(call: Call, tool: Tool, output: unknown): Payload | McpError {
  if (call.rounds?.interrupted !== undefined) return call.rounds.interrupted;
  try {
    const { view } = call.peer;
    const validate = globalThis.mcpcWithoutOutputs ? undefined : tool.validators?.output;
    const text = outputText(view, output, validate, tool.surface);
    if (!globalThis.mcpcWithoutResultTokens) checkTokens(view.server, tool, text);
    return text;
  } catch (error) {
    return toFailure(call, tool, error);
  }
}

function toFailure(call: Call, tool: Tool, error: unknown): Payload | McpError {
  if (call.rounds?.interrupted !== undefined) return call.rounds.interrupted;
  try {
    const failure = withoutAbort(call, error);
    if (!globalThis.mcpcWithoutObservers) noteToolFailure(call, failure);
    return failureAnswer(failure, call, tool);
  } catch {
    // Reading the error threw, as with a Proxy.
    return errorResult(
      call.peer.view,
      internalErrorText(call.peer.view.server, logToolFailure(call, tool, error), error),
    );
  }
}

function logToolFailure(call: Call, { surface }: Tool, error: unknown): string {
  return logCallFailure(call, `the tool ${quote(surface.name)} failed`, error);
}

/** Notes the failure of a handler, as far as its answer does not tell it. */
function noteToolFailure(call: Call, error: unknown): void {
  if (error instanceof MissingCapability) noteFailure(call, "caller", "missing_capability");
  else if (error instanceof NotImplementedError) noteFailure(call, "server", "not_implemented");
  else if (error instanceof UnavailableError) noteFailure(call, "limit", "busy");
  else if (error instanceof DeclaredError) noteFailure(call, "declared", error.code);
  else if (!(error instanceof McpError)) noteFailure(call, "server", "internal");
}

function failureAnswer(error: unknown, call: Call, tool: Tool): Payload | McpError {
  const { view } = call.peer;
  if (error instanceof MissingCapability) return errorResult(view, error.message);
  if (error instanceof NotImplementedError) return errorResult(view, `the tool ${error.message}`);
  const { name } = tool.surface;
  const isIntended = error instanceof McpError || (!globalThis.mcpcWithoutErrors && error instanceof DeclaredError);
  const errorId = isIntended ? undefined : logToolFailure(call, tool, error);
  const verdict = hookVerdict(call, { kind: "tool", name, ...(errorId !== undefined && { errorId }) }, error);
  if (typeof verdict === "string") return errorResult(view, verdict);
  if (verdict !== undefined) return verdict;
  if (error instanceof UnavailableError) return errorResult(view, error.message);
  if (error instanceof McpError) return error;
  if (!globalThis.mcpcWithoutErrors && error instanceof DeclaredError) return declaredErrorResult(view, error);
  return errorResult(view, internalErrorText(view.server, errorId, error));
}

function declaredErrorResult(view: View, error: DeclaredError): string {
  const { code, parameters } = error;
  const members = `${textContent(error.message)},"isError":true`;
  try {
    const data = parameters === undefined ? undefined : JSON.stringify(parameters);
    const detail = data === undefined ? { code } : { code, data: JSON.parse(data) as JsonObject };
    return seal(view, members, { "mcpc/error": detail });
  } catch {
    return seal(view, members, { "mcpc/error": { code } });
  }
}

function errorResult(view: View, text: string): string {
  return seal(view, `${textContent(text)},"isError":true`);
}
