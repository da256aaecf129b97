import { parseUriTemplate, templateVariables, type UriTemplate } from "@mcpc/runtime/codegen/v1/uri-templates";
import { fingerprint } from "../fingerprint.js";
import { child } from "../json-schema/pointer.js";
import { selfContained, type SelfContained } from "../json-schema/self-contained.js";
import { withoutAnnotations } from "../json-schema/without-annotations.js";
import { wrapsOutput } from "../json-schema/wraps-output.js";
import type { Cache, Fingerprint } from "../model/cache.js";
import { projectTool, type ProfileName, type ProjectedListing } from "../projections/index.js";
import type {
  Declared,
  Project,
  PromptDeclaration,
  ResourceDeclaration,
  ResourceTemplateDeclaration,
  ToolDeclaration,
} from "../model/project.js";
import type { JsonSchema, Reachable } from "../model/schema.js";
import type { Example, FilledPlace, HeaderParameter, Schema } from "../model/server.js";
import type { Json, JsonObject, Located, Span } from "../model/source.js";
import { lowerExamples } from "./examples.js";
import { fillingOf } from "./fillings.js";
import { headerParameters } from "./headers.js";
import { listing } from "./listings.js";
import { privateReferences, type PrivateReference } from "./private-types.js";
import { variablesSchema } from "./templates.js";

/** A schema whose types have no names yet. */
export interface UnnamedSchema extends Omit<Schema, "type" | "types"> {
  /** The names of shared definitions, by their key in `$defs` of the plain form. */
  readonly shared: SelfContained["shared"];
  readonly privates: readonly PrivateReference[];
}

/** A filling whose types have no names yet. */
interface UnnamedFilling {
  readonly places: readonly FilledPlace[];
  readonly filled: JsonSchema;
  /** The references of the schema with required defaults. */
  readonly privates: readonly PrivateReference[];
}

/** The parts of an entry that follow only from the entry and shared schemas: no names, no settings of the server. */
export interface EntryContent {
  /** Fingerprint of the content. */
  readonly fingerprint: Fingerprint;
  readonly listing: JsonObject;
  /** The place of the entry's name. */
  readonly span: Span;
  /** Answers to questions, by the question's name. */
  readonly answers: Readonly<Record<string, UnnamedSchema>>;
}
export interface ToolContent extends EntryContent {
  readonly input: UnnamedSchema;
  readonly output?: UnnamedSchema;
  readonly filling?: UnnamedFilling;
  readonly wraps: boolean;
  /** The listing for each profile that does not take it as it is. */
  readonly projections: Readonly<Partial<Record<ProfileName, ProjectedListing>>>;
  readonly headers: readonly HeaderParameter[];
  readonly examples: readonly Example[];
}
export interface TemplateContent extends EntryContent {
  readonly variables: readonly string[];
  readonly params: UnnamedSchema;
}

/** Returns a self-contained schema without names. */
export function unnamedSchema(node: Located, reachable: Reachable, definition?: string): UnnamedSchema {
  const root = { node, file: node.span.path, ...(definition !== undefined && { definition }) };
  const { schema, plain, shared } = selfContained(root, reachable);
  return {
    schema,
    ...(plain !== undefined && { plain }),
    shared,
    privates: privateReferences(plain ?? schema, shared),
    ...schemaFingerprints(plain ?? schema),
    span: node.span,
  };
}

/** Returns the fingerprints of a plain schema. */
export function schemaFingerprints(plain: JsonSchema): Pick<Schema, "fingerprint" | "rules"> {
  return {
    fingerprint: fingerprint(JSON.stringify(plain)),
    rules: fingerprint(JSON.stringify(withoutAnnotations(plain as Json))),
  };
}

export function toolContent(tool: Declared<ToolDeclaration>, project: Project, cache: Cache): ToolContent {
  const { defaults, projections: profiles = [] } = project.build;
  const fills = defaults !== false;
  return cached(tool, project, cache, ["tool", String(fills), ...profiles], () => {
    const { node } = tool;
    const input = unnamedSchema(child(node, "inputSchema")!, project.reachable);
    const outputNode = child(node, "outputSchema");
    const output = outputNode && unnamedSchema(outputNode, project.reachable);
    const filling = fills ? fillingOf(input.plain ?? input.schema) : undefined;
    const listed = listing("tool", tool, {
      inputSchema: input.schema as Json,
      ...(output && { outputSchema: output.schema as Json }),
    });
    return {
      listing: listed,
      projections: projectionsOf(listed, input, output, profiles),
      answers: answersOf(node, project.reachable),
      input,
      ...(output && { output }),
      ...(filling && { filling: { ...filling, privates: privateReferences(filling.filled, input.shared) } }),
      wraps: output !== undefined && wrapsOutput(output),
      headers: headerParameters(input.schema),
      examples: Object.hasOwn(tool.value, "examples") ? lowerExamples(node) : [],
    };
  });
}

function projectionsOf(
  listing: JsonObject,
  input: UnnamedSchema,
  output: UnnamedSchema | undefined,
  profiles: readonly ProfileName[],
): ToolContent["projections"] {
  const plain = ({ schema, plain = schema }: UnnamedSchema): JsonSchema => plain;
  const tool = { listing, input: plain(input), ...(output && { output: plain(output) }) };
  const projected = profiles.map((profile) => [profile, projectTool(tool, profile)] as const);
  return Object.fromEntries(projected.filter(([, each]) => each !== undefined));
}

export function resourceContent(resource: Declared<ResourceDeclaration>, project: Project, cache: Cache): EntryContent {
  return cached(resource, project, cache, ["resource"], () => ({
    listing: listing("resource", resource),
    answers: {},
  }));
}

export function templateContent(
  entry: Declared<ResourceTemplateDeclaration>,
  project: Project,
  cache: Cache,
): TemplateContent {
  return cached(entry, project, cache, ["resourceTemplate"], () => {
    const template = parsedTemplate(entry.value.uriTemplate);
    const declared = child(entry.node, "params");
    const schema = variablesSchema(template);
    const own = { schema, shared: {}, privates: [], ...schemaFingerprints(schema), span: entry.span };
    return {
      listing: listing("resourceTemplate", entry),
      answers: {},
      variables: templateVariables(template),
      params: declared ? unnamedSchema(declared, project.reachable) : own,
    };
  });
}

export function promptContent(prompt: Declared<PromptDeclaration>, project: Project, cache: Cache): EntryContent {
  return cached(prompt, project, cache, ["prompt"], () => ({
    listing: listing("prompt", prompt),
    answers: answersOf(prompt.node, project.reachable),
  }));
}

/** Caches the content of an entry of a manifest. Other entries, such as the health tool, are computed each time. */
function cached<Content extends EntryContent>(
  entry: Declared<object>,
  { reachable }: Project,
  cache: Cache,
  others: readonly Fingerprint[],
  make: () => Omit<Content, "fingerprint" | "span">,
): Content {
  const { span, value } = entry.node;
  const inputs = [span.path, span.entry ?? JSON.stringify(value), reachable.fingerprint, ...others];
  const compute = (): Content =>
    ({ ...make(), span: entry.span, fingerprint: fingerprint(inputs.join(" ")) }) as Content;
  return span.entry === undefined ? compute() : cache.memo("lowered-entry", inputs, compute);
}

function answersOf(entry: Located, reachable: Reachable): Record<string, UnnamedSchema> {
  const questions = Object.hasOwn(entry.value as JsonObject, "elicitations") ? child(entry, "elicitations") : undefined;
  const forms = questions?.kind === "object" ? questions.members : [];
  return Object.fromEntries(
    forms.flatMap(({ key, node }) => {
      const form = child(node, "requestedSchema");
      return form ? [[key, unnamedSchema(form, reachable)]] : [];
    }),
  );
}

function parsedTemplate(text: string): UriTemplate {
  const parsed = parseUriTemplate(text);
  if ("error" in parsed) throw new Error(`the URI template ${JSON.stringify(text)} was checked: ${parsed.error}`);
  return parsed.template;
}
