import { define, listOf, quote } from "./definition.js";

/** Differences between the manifests and a target of `mcpc verify`. */
export const drift = {
  "drift/missing": define<{ noun: string; name: string; other: string | undefined; scopes: readonly string[] }>({
    severity: "error",
    message: ({ noun, name }) => `the target does not list the ${noun} ${quote(name)}`,
    help: ({ other, scopes }) =>
      other !== undefined
        ? `the target lists an equal entry as ${quote(other)}: clients do not find it under the name in the manifest`
        : scopes.length > 0
          ? `only callers with the scope ${listOf(scopes)} see the entry: pass the credentials of one with --header`
          : "deploy the server as the manifest describes it, or remove the entry",
    explain:
      "The manifest declares an entry that the target of `mcpc verify` does not list. Either an older version is deployed, or the target hides the entry from this caller.",
  }),
  "drift/undeclared": define<{ noun: string; name: string }>({
    severity: "error",
    message: ({ noun, name }) => `the target lists the ${noun} ${quote(name)}, which no manifest declares`,
    help: () => "declare the entry in a manifest, or deploy a server without it",
    explain:
      "The target of `mcpc verify` lists an entry that is in no manifest. Either an older version is deployed, or a handwritten server has grown.",
  }),
  "drift/different": define<{ entry: string; at: string; target: string; manifest: string; evidence?: string }>({
    severity: "error",
    message: ({ entry, at, target, manifest, evidence }) =>
      `${entry}: ${quote(at)} is ${target} in the target, ${manifest} in the manifest${evidence ?? ""}`,
    explain:
      "The target of `mcpc verify` lists another value than the manifest, for an entry or for the server itself. For a schema, the message shows arguments that only one of them accepts, or a result, if there is proof of one.",
  }),
  "drift/rewritten": define<{ entry: string; at: string }>({
    severity: "warning",
    message: ({ entry, at }) => `${entry}: ${quote(at)} has another text in the target, but accepts the same values`,
    explain:
      "The target of `mcpc verify` lists a schema that differs from the manifest's, and is proven to accept the same values. Models and clients read both alike, so this is only a warning.",
  }),
  "drift/result": define<{ tool: string; example: string; reason: string }>({
    severity: "error",
    message: ({ tool, example, reason }) => `the example ${example} of the tool ${quote(tool)} fails: ${reason}`,
    explain:
      "`mcpc verify --calls` calls the examples of read-only tools. The target has answered otherwise than the example says, or with a result that the tool's `outputSchema` refuses.",
  }),
};
