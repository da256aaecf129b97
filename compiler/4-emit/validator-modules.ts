import { fingerprint } from "../fingerprint.js";
import type { Fingerprint } from "../model/cache.js";
import type {
  Config,
  Elicitation,
  Filling,
  Handler,
  Prompt,
  ResourceTemplate,
  Schema,
  Server,
  Tool,
} from "../model/server.js";
import type { Span } from "../model/source.js";

/** A module of validators: one export for each of `schemas`, and `answers` for questions. */
export interface ValidatorModule {
  /** Path of the module in `generated/`, without the extension. */
  readonly name: string;
  readonly schemas: Readonly<Record<string, Schema>>;
  readonly answers: readonly (readonly [question: string, answer: Schema])[];
  /** The defaults of a tool's arguments. */
  readonly filling?: Filling;
  /** The span of the module's entry. */
  readonly span: Span;
}

/** Returns the modules of all validators of a server. */
export function validatorModules({
  tools,
  resourceTemplates,
  prompts,
  runtime: { config },
}: Server): ValidatorModule[] {
  return [
    ...(config ? [settingsValidator(config)] : []),
    ...tools.map(toolValidators),
    ...resourceTemplates.map(templateValidators),
    ...prompts.flatMap(promptValidators),
  ];
}

/**
 * Lists the validators of a tool: of its arguments, of its result if it declares an `outputSchema`, and of answers to
 * its questions.
 */
export function toolValidators({ handler, input, filling, output, elicitations, span }: Tool): ValidatorModule {
  const schemas = { input, ...(output && { output }) };
  const name = moduleOf(handler);
  return { name, schemas, answers: answersTo(elicitations), ...(filling && { filling }), span };
}

function templateValidators({ handler, params, span }: ResourceTemplate): ValidatorModule {
  return { name: moduleOf(handler), schemas: { params }, answers: [], span };
}

/** Lists the validators of the answers to a prompt's questions. */
function promptValidators({ source, elicitations, span }: Prompt): ValidatorModule[] {
  if (elicitations.length === 0 || !("handler" in source)) return [];
  return [{ name: moduleOf(source.handler), schemas: {}, answers: answersTo(elicitations), span }];
}

export function settingsValidator({ schema }: Config): ValidatorModule {
  return { name: "settings", schemas: { settings: schema }, answers: [], span: schema.span };
}

/** Returns the name of a validator module: the type of its handler, which is unique. */
function moduleOf({ type }: Handler): string {
  return `validators/${type}`;
}

function answersTo(elicitations: readonly Elicitation[]): ValidatorModule["answers"] {
  return elicitations.flatMap(({ name, answer }) => (answer ? [[name, answer] as const] : []));
}

/** Returns the fingerprint of all inputs of a module's text. */
export function validatorInputs({ schemas, answers, filling }: ValidatorModule): Fingerprint {
  const all = [...Object.entries(schemas), ...answers].map(([name, { rules }]) => [name, rules]);
  return fingerprint(JSON.stringify(filling ? [...all, filling.places] : all));
}
