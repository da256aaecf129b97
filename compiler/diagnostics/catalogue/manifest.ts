import { define, didYouMean, quote } from "./definition.js";

export const manifest = {
  "manifest/client-configuration": define<object>({
    severity: "error",
    message: () => "this is a client's configuration, not a manifest",
    help: () => 'describe the server in a file named, for example, server.mcp.json, with a "server" section',
    explain:
      "A `.mcp.json` file with `mcpServers` tells a client which servers to start. mcpc leaves it alone: a manifest describes a server, and its name ends in `.mcp.json` with something before it.",
  }),
  "manifest/invalid-value": define<{ reason: string; help?: string | undefined }>({
    severity: "error",
    message: ({ reason }) => reason,
    help: ({ help }) => help,
    explain:
      "A field has the right type but not a value that the manifest language allows there. `mcp.schema.json` describes every field; an editor shows it when the manifest names it with `$schema`.",
  }),
  "manifest/misspelt-property": define<{ property: string; what: string; suggestion: string }>({
    severity: "warning",
    message: ({ property, what }) => `${what} has no field ${quote(property)}, so it has no effect`,
    help: ({ suggestion }) => didYouMean(suggestion),
    explain:
      "Some objects, such as `annotations`, may have members of your own, which clients get as they are. This one has almost the name of a field of the protocol, so it is probably misspelt. Give it the field's name, or a name that resembles it less.",
  }),
  "manifest/missing-property": define<{ property: string; what: string }>({
    severity: "error",
    message: ({ property, what }) => `${what} needs ${quote(property)}`,
    help: ({ property }) => `add ${quote(property)}`,
    explain: "A field is missing that the protocol or the manifest language requires.",
  }),
  "manifest/missing-server": define<object>({
    severity: "error",
    message: () => 'no manifest of this project has a "server" section',
    help: () => 'add "server": { "name": "…", "version": "1.0.0" } to one of them',
    explain:
      "All manifests of a project merge into one server, and exactly one of them states its name and version in a `server` section.",
  }),
  "manifest/none": define<{ pattern: string }>({
    severity: "error",
    message: ({ pattern }) => `there is no manifest (${pattern}) in this folder`,
    help: () => "create server.mcp.json, or name the project's folder",
    explain:
      "A project is a folder with at least one manifest: a file whose name ends in `.mcp.json`. Files in `node_modules`, `dist`, `generated` and hidden folders do not count.",
  }),
  "manifest/not-supported-yet": define<{ feature: string }>({
    severity: "error",
    message: ({ feature }) => `${quote(feature)} is not supported yet`,
    help: () => "remove it; this version of mcpc would not honour it",
    explain:
      "The field belongs to the manifest language, but this version of mcpc does not implement it. It is an error, because the built server would not do what the manifest states.",
  }),
  "manifest/several-servers": define<object>({
    severity: "error",
    message: () => 'two "server" sections in one project',
    help: () => "keep one, since a project is one server; for several projects, name the folder of each",
    explain: "All manifests of a project merge into one server, so only one of them may have a `server` section.",
  }),
  "manifest/several-sources": define<{ sources: readonly string[]; what: string }>({
    severity: "error",
    message: ({ sources, what }) => `this ${what} has several sources: ${sources.map(quote).join(", ")}`,
    help: () => "keep one of them",
    explain:
      "The contents of a resource come from exactly one of `text`, `json`, `blob`, `file`, a handler or an upstream; a prompt has either `messages`, a handler or an upstream.",
  }),
  "manifest/unknown-property": define<{
    property: string;
    what: string;
    suggestion: string | undefined;
    /** Says where the field belongs. */
    place?: string | undefined;
    hasMeta: boolean;
  }>({
    severity: "error",
    message: ({ property, what }) => `${what} has no field ${quote(property)}`,
    help: ({ suggestion, place, hasMeta }) =>
      didYouMean(suggestion) ?? place ?? `remove it${hasMeta ? '; data of your own may go into "_meta"' : ""}`,
    explain:
      "A key is not part of the manifest language. Unknown keys are errors, because a misspelt field would have no effect.",
  }),
  "manifest/wrong-type": define<{
    what: string;
    expected: readonly string[];
    actual: string;
    instead: string | undefined;
  }>({
    severity: "error",
    message: ({ what, expected, actual }) => `${what} must be ${expected.join(" or ")}, not ${actual}`,
    help: ({ instead }) => instead && `write ${instead}`,
    explain: "A field has a value of another JSON type than the manifest language requires.",
  }),
};
