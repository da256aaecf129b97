import { define, quote } from "./definition.js";

export const name = {
  "name/duplicate": define<{ kind: string; name: string }>({
    severity: "error",
    message: ({ kind, name }) => `two ${kind}s are named ${quote(name)}`,
    help: ({ kind }) =>
      kind === "section" ? "keep one; all manifests merge into one server" : "rename one; clients call it by this name",
    explain:
      "Names are unique per kind across all manifests of one server, because clients address a tool or a prompt by its name alone, and a resource by its URI.",
  }),
};
