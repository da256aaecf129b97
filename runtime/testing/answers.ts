import type { CreateMessageParams, CreateMessageResult, ElicitResult, Root } from "../protocol/handlers.js";
import { isObject } from "../protocol/json-rpc.js";
import { quote } from "../protocol/results.js";
import type { JsonObject } from "../protocol/types.js";
import type { SurfaceTypes } from "./surface.js";

/** A question as the user sees it. */
export interface Elicited {
  /** The name of the question in the manifest. */
  readonly name: string;
  readonly message: string;
  /** The schema of a form. */
  readonly requestedSchema?: JsonObject;
  /** The address of a page. */
  readonly url?: string;
}

type Awaitable<T> = T | Promise<T>;
type Answer<C> = ElicitResult<C> | ((question: Elicited) => Awaitable<ElicitResult<C>>);

/** The answers of the user, the model and the client. Without an answer the client lacks the capability. */
export interface Answers<S extends SurfaceTypes> {
  /** Answers to questions, by their name in the manifest. */
  readonly elicit?: { readonly [Name in keyof S["questions"]]?: Answer<S["questions"][Name]> };
  /** Answers for the client's model. A text is a message of the assistant. */
  readonly sample?: (params: CreateMessageParams) => Awaitable<CreateMessageResult | string>;
  /** The folders that the client works in. */
  readonly roots?: readonly Root[] | (() => Awaitable<readonly Root[]>);
}

/** A request of the server; `key` identifies the question. */
export interface ServerRequest {
  readonly method: string;
  readonly params?: unknown;
  readonly key: string | undefined;
}

type AnyAnswers = Answers<SurfaceTypes>;

/** Returns the capabilities of a client with these answers. */
export function capabilitiesOf({ elicit, sample, roots }: AnyAnswers): JsonObject {
  return {
    ...(elicit !== undefined && { elicitation: { form: {}, url: {} } }),
    ...(sample !== undefined && { sampling: { tools: {} } }),
    ...(roots !== undefined && { roots: {} }),
  };
}

/** Answers a request of the server. Rejects with the missing answer. */
export async function answerTo(asked: ServerRequest, answers: AnyAnswers): Promise<unknown> {
  const params = (isObject(asked.params) ? asked.params : {}) as Record<string, unknown>;
  switch (asked.method) {
    case "ping":
      return {};
    case "elicitation/create":
      return answerElicitation(asked.key, params, answers);
    case "sampling/createMessage":
      return answerSampling(params as unknown as CreateMessageParams, answers);
    case "roots/list": {
      const { roots } = answers;
      if (roots === undefined)
        throw new Error("the server asks for roots, and the test has none: give the client `roots`");
      return { roots: typeof roots === "function" ? await roots() : roots };
    }
    default:
      throw new Error(`the server asks ${quote(asked.method)}, which this client does not know`);
  }
}

async function answerElicitation(
  key: string | undefined,
  params: Record<string, unknown>,
  answers: AnyAnswers,
): Promise<unknown> {
  const declared = (answers.elicit ?? {}) as Readonly<Record<string, Answer<unknown>>>;
  // A repeated question has a number after its name.
  const name = [key, key?.replace(/_\d+$/, "")].find((name) => name !== undefined && Object.hasOwn(declared, name));
  const { message, requestedSchema, url } = params as unknown as Elicited;
  if (name === undefined) {
    throw new Error(
      `the server asks the question ${quote(key ?? "")} (${quote(message)}), and the test has no answer: ` +
        `give the client \`elicit: { ${JSON.stringify(key ?? "")}: … }\``,
    );
  }
  const answer = declared[name]!;
  if (typeof answer !== "function") return answer;
  return answer({ name, message, ...(requestedSchema && { requestedSchema }), ...(url !== undefined && { url }) });
}

async function answerSampling(params: CreateMessageParams, { sample }: AnyAnswers): Promise<CreateMessageResult> {
  if (sample === undefined)
    throw new Error("the server asks the model, and the test has none: give the client `sample`");
  const result = await sample(params);
  if (typeof result !== "string") return result;
  return { role: "assistant", content: { type: "text", text: result }, model: "test", stopReason: "endTurn" };
}
