/** The imports of generated code: version 1 of the contract between the compiler and the runtime. */
export { defineServer } from "../../protocol/define-server.js";
export type { Server } from "../../protocol/exchange.js";
export type {
  Projections,
  PromptValidators,
  Surface,
  TemplateValidators,
  ToolValidators,
  Validator,
} from "../../protocol/surface.js";

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- the type argument is what checks */
type AnyHandler = (...given: any[]) => any;

/**
 * Checks a handler against its generated type, at its own line in `generated/server.ts`. Arguments may be `never`:
 * those of a tool whose schema takes nothing.
 */
export function handler<T extends (...given: never[]) => unknown>(value: T): AnyHandler {
  return value as unknown as AnyHandler;
}
