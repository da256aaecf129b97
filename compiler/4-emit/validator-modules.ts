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

/** A module of validators: one export for each of `schemas`, and `answers` where there are questions. */
export interface ValidatorModule {
  /** Its path in `generated/`, without the extension. */
  readonly name: string;
  readonly schemas: Readonly<Record<string, Schema>>;
  readonly answers: readonly (readonly [question: string, answer: Schema])[];
  /** Defaults to fill in a tool's arguments. */
  readonly filling?: Filling;
  /** The entry that it belongs to. */
  readonly span: Span;
}

/** Lists all modules of validators of a server. */
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

/** Lists the validators of a tool's arguments, of its result when it declares an `outputSchema`, and of the answers to its questions. */
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

/** A module of validators is named after the type of its handler, which is unique. */
function moduleOf({ type }: Handler): string {
  return `validators/${type}`;
}

function answersTo(elicitations: readonly Elicitation[]): ValidatorModule["answers"] {
  return elicitations.flatMap(({ name, answer }) => (answer ? [[name, answer] as const] : []));
}

/** Stands for all that the text of a module depends on. */
export function validatorInputs({ schemas, answers, filling }: ValidatorModule): Fingerprint {
  const all = [...Object.entries(schemas), ...answers].map(([name, { rules }]) => [name, rules]);
  return fingerprint(JSON.stringify(filling ? [...all, filling.places] : all));
}
