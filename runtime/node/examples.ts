import type { SettingSources } from "../protocol/hooks.js";
import type { Server } from "../protocol/exchange.js";
import { describe } from "../protocol/logger.js";
import type { Json, JsonObject } from "../protocol/types.js";
import { createClient } from "../testing/client.js";
import { ToolError } from "../testing/errors.js";
import { memoryServer } from "../testing/memory.js";
import { reach } from "../testing/wire.js";

/** A call in an example of the manifest. */
export interface ExampleCall {
  readonly tool: string;
  readonly arguments: JsonObject;
}

/** The sources of the server's settings besides the environment. */
export interface ExampleSettings {
  readonly file?: SettingSources["file"];
}

/**
 * The outcome of a call: the result of the handler, or its failure. `stray` is an error that no code caught meanwhile.
 */
export type ExampleReply = { readonly stray?: string } & (
  | { readonly result: Json }
  | { readonly error: { readonly code?: string; readonly message: string; readonly stack?: string } }
);

/**
 * Answers the calls of the parent process one by one, and stops the server at the end. The first message contains the
 * settings; its answer is `{}`, or the reason why the server could not start.
 */
export function serveExamples(server: Server): void {
  let stray: string | undefined;
  const keep = (error: unknown): void => void (stray ??= describe(error));
  process.on("uncaughtException", keep).on("unhandledRejection", keep);
  // Without a parent process there is no more work.
  process.on("disconnect", () => process.exit(1));
  let answer: (message: unknown) => Promise<object | undefined> = async (settings) => {
    const { file } = settings as ExampleSettings;
    const memory = memoryServer(server, {}, { env: process.env, ...(file && { file }) });
    const client = createClient({ [reach]: memory.connect });
    answer = async (message) => {
      if (message === "stop") {
        await client.close();
        await memory.stop();
        return undefined;
      }
      stray = undefined;
      const { tool, arguments: input } = message as ExampleCall;
      const reply = await client.tools[tool]!(input).then(
        (result: Json) => ({ result }),
        (error: unknown) => ({ error: describeError(error) }),
      );
      return { ...reply, ...(stray !== undefined && { stray }) };
    };
    try {
      await client.listTools();
      return {};
    } catch (error) {
      return { failed: describe(error) };
    }
  };
  process.on("message", (message) => {
    void answer(message).then(
      (reply) => (reply === undefined ? process.exit(0) : process.send!(reply)),
      (error: unknown) => process.send!({ error: describeError(error) }),
    );
  });
}

function describeError(error: unknown): object {
  const { message, cause } = error as Error;
  const code = error instanceof ToolError ? error.code : undefined;
  const stack = cause instanceof Error ? cause.stack : undefined;
  return { message, ...(code !== undefined && { code }), ...(stack !== undefined && { stack }) };
}
