import type {} from "./parts.js";
import { anonymous } from "./auth.js";
import { DeclaredError } from "./errors.js";
import type { Call } from "./exchange.js";
import { delayAnswer, publishInvalidation } from "./changes.js";
import { notifier } from "./application.js";
import { invalidate } from "./invalidation.js";
import { sessionOf } from "./client-session.js";
import type {
  Auth,
  Cache,
  ClientInformation,
  Context,
  DeclaredErrors,
  Elicit,
  Log,
  Notify,
  PromptContext,
  Session,
  ToolContext,
} from "./handlers.js";
import { notificationMessage } from "./json-rpc.js";
import { elicit, roots, sample, step } from "./questions.js";
import { traceHeaders } from "./trace.js";
import type { AnswerValidators, ElicitationSurface } from "./surface.js";
import { loggingLevels, type JsonObject, type LoggingLevel } from "./types.js";

type Progress = Context["progress"];

/** A handler's view of its call. Members are created at the first access and need no `this`. */
export class CallContext implements Context {
  readonly #call: Call;
  #progress: Progress | undefined;
  #log: Log | undefined;

  constructor(call: Call) {
    this.#call = call;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get progress(): Progress {
    return (this.#progress ??= createProgress(this.#call));
  }

  get log(): Log {
    return (this.#log ??= createLog(this.#call));
  }

  get client(): ClientInformation {
    const { info, capabilities, protocolVersion } = this.#call.peer;
    return info === undefined ? { capabilities, protocolVersion } : { info, capabilities, protocolVersion };
  }

  get auth(): Auth {
    return this.#call.auth ?? anonymous;
  }

  get meta(): JsonObject {
    return this.#call.meta;
  }

  get session(): Session | undefined {
    return globalThis.mcpcWithoutSessions ? leftOut() : sessionOf(this.#call);
  }

  get notify(): Notify {
    const { server } = this.#call.peer.view;
    return globalThis.mcpcWithoutStore ? notifier(server) : notifier(server, this.#call);
  }

  get config(): unknown {
    return this.#call.peer.view.server.application.config;
  }

  get state(): unknown {
    return this.#call.peer.view.server.application.state;
  }

  /** The caller, for `limits`, which share the server among callers. */
  get caller(): string {
    return this.#call.caller;
  }

  /** The health report, for the tool that mcpc generates for `"health": { "tool": true }`. */
  get health(): () => Promise<unknown> {
    const { server } = this.#call.peer.view;
    return async () => server.health?.report(server);
  }

  get cache(): Cache {
    const { server } = this.#call.peer.view;
    return {
      invalidate: (name, input) =>
        globalThis.mcpcWithoutStore
          ? void invalidate(server, name, input)
          : delayAnswer(this.#call, publishInvalidation(server, name, input)),
    };
  }

  /** The call, for upstreams, which answer it. */
  get call(): Call {
    return globalThis.mcpcWithoutUpstreams ? leftOut() : this.#call;
  }

  get traceHeaders(): Context["traceHeaders"] {
    return globalThis.mcpcWithoutTraceHeaders ? leftOut : () => traceHeaders(this.#call);
  }

  get sample(): Context["sample"] {
    return globalThis.mcpcWithoutAsking ? leftOut : (params, key) => sample(this.#call, params, key);
  }

  get roots(): Context["roots"] {
    return globalThis.mcpcWithoutAsking ? leftOut : (key) => roots(this.#call, key);
  }

  get step(): Context["step"] {
    return globalThis.mcpcWithoutAsking ? leftOut : (name, work) => step(this.#call, name, work);
  }
}

/** Throws for code that accesses a member of the context without naming it, such as by a computed key. */
export function leftOut(): never {
  throw new Error("this member of the context is not in the bundle, because no code names it");
}

/** The questions that an entry declares, and the validators of their answers. */
export interface Questions {
  readonly elicitations: ReadonlyMap<string, ElicitationSurface> | undefined;
  readonly answers: AnswerValidators | undefined;
}

type AnyElicit = Elicit<Record<string, { parameters: unknown; content: unknown }>>;

/** The context of a prompt's handler. */
export class PromptCallContext extends CallContext implements PromptContext<any> {
  readonly #call: Call;
  readonly #questions: Questions;

  constructor(call: Call, questions: Questions) {
    super(call);
    this.#call = call;
    this.#questions = questions;
  }

  get elicit(): AnyElicit {
    return globalThis.mcpcWithoutAsking ? Object.create(null) : createElicit(this.#call, this.#questions);
  }
}

/** The context of a tool's handler. */
export class ToolCallContext extends PromptCallContext implements ToolContext<Record<string, unknown>, any> {
  readonly #begin: (() => void) | undefined;
  readonly #errors: DeclaredErrors<Record<string, unknown>>;

  constructor(call: Call, errors: DeclaredErrors<Record<string, unknown>>, questions: Questions, begin?: () => void) {
    super(call, questions);
    this.#begin = begin;
    this.#errors = errors;
  }

  get beginTask(): () => void {
    return () => this.#begin?.();
  }

  get errors(): DeclaredErrors<Record<string, unknown>> {
    return this.#errors;
  }
}

/** The context of a resource template's handler. */
export class TemplateCallContext extends CallContext {
  readonly uri: string;

  constructor(call: Call, uri: string) {
    super(call);
    this.uri = uri;
  }
}

/** Creates the factories of declared errors from their message templates. */
export function createErrors(
  templates: ReadonlyMap<string, string> | undefined,
): DeclaredErrors<Record<string, unknown>> {
  const errors = Object.create(null) as Record<string, (parameters: unknown) => Error>;
  for (const [code, template] of templates ?? []) {
    errors[code] = (parameters) => new DeclaredError(code, fill(template, parameters), parameters);
  }
  return errors;
}

function createElicit(call: Call, { elicitations, answers }: Questions): AnyElicit {
  const asks = Object.create(null) as Record<string, (parameters: unknown) => Promise<never>>;
  for (const [name, question] of elicitations ?? []) {
    const validate = answers !== undefined && Object.hasOwn(answers, name) ? answers[name] : undefined;
    asks[name] = (parameters) =>
      elicit(call, name, question, validate, (template) => fill(template, parameters)) as Promise<never>;
  }
  return asks as AnyElicit;
}

function fill(template: string, parameters: unknown): string {
  // A literal brace is written `{{}`.
  const values: Record<string, unknown> = { ...(parameters as object), "{": "{" };
  return template.replace(/\{([^{}]+|\{)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  );
}

function createProgress(call: Call): Progress {
  const token = call.meta["progressToken"];
  if (typeof token !== "string" && !Number.isSafeInteger(token)) return () => {};
  let last = -Infinity;
  return (progress, total, message) => {
    if (!Number.isFinite(progress) || progress <= last) return;
    last = progress;
    const parameters = {
      progressToken: token,
      progress,
      ...(Number.isFinite(total) ? { total } : undefined),
      ...(typeof message === "string" && call.peer.view.revision.progressMessages ? { message } : undefined),
    };
    call.notify(notificationMessage("notifications/progress", JSON.stringify(parameters)));
  };
}

function createLog(call: Call): Log {
  const { logging } = call.peer.view.server;
  const write = (level: LoggingLevel, severity: number) => (data: unknown) => {
    logging?.onLog(call, level, data);
    // Read for each message, since the client may change the level during a call.
    const least = call.peer.logLevel;
    if (least === undefined || severity < loggingLevels.indexOf(least)) return;
    call.notify(notificationMessage("notifications/message", `{"level":"${level}","data":${dataText(data)}}`));
  };
  return Object.fromEntries(loggingLevels.map((level, severity) => [level, write(level, severity)])) as Log;
}

function dataText(data: unknown): string {
  try {
    return JSON.stringify(data) ?? "null";
  } catch {
    return '"a value that is not JSON"';
  }
}
