import { define, quote } from "./definition.js";

export const output = {
  "bundle/failed": define<{ reason: string }>({
    severity: "error",
    message: ({ reason }) => `the bundle could not be made: ${reason}`,
    explain:
      "The last phase puts the generated code, the handlers and everything they import into one file. An import that does not resolve is the usual cause.",
  }),
  "handler/missing-export": define<{ name: string; what: string; file: string }>({
    severity: "error",
    message: ({ name, what, file }) => `${quote(file)} does not export ${quote(name)}, the handler of ${what}`,
    help: ({ name }) => `export const ${name} = …`,
    explain: "The file of a handler exists but does not export the function that the manifest promises.",
  }),
  "handler/not-utf8": define<{ path: string }>({
    severity: "error",
    message: ({ path }) => `${quote(path)} is not UTF-8, so nothing can be added to it safely`,
    help: () => "save the file as UTF-8",
    explain:
      "mcpc adds a stub to an existing file by inserting text. In a file of another encoding that would garble what stands there.",
  }),
  "handler/orphaned": define<{ path: string }>({
    severity: "warning",
    message: ({ path }) => `no manifest entry uses ${quote(path)} any more`,
    help: () => 'delete it, move it out of the handlers\' folders, or name it with "handler"',
    explain:
      "A file stands where handlers live, but no tool, resource, template or prompt leads to it, usually because the entry was removed or renamed. mcpc never deletes a file of yours.",
  }),
  "handler/type-error": define<{ message: string }>({
    severity: "error",
    message: ({ message }) => message,
    explain:
      "TypeScript found a mistake in a handler, or in a file it imports: usually the manifest's schema changed and the handler has not followed. The message is TypeScript's own, shown at the handler's line.",
  }),
  "handler/unparsable": define<{ reason: string }>({
    severity: "error",
    message: ({ reason }) => `a stub must be added to this file, but it does not parse: ${reason}`,
    help: () => "mend the syntax error, then build again",
    explain:
      "mcpc adds missing handlers to an existing file by inserting text at its end. It does not touch a file that it cannot read as TypeScript.",
  }),
  "output/hand-edited": define<{ path: string; verdict: "edited" | "foreign" }>({
    severity: "error",
    message: ({ path, verdict }) =>
      verdict === "edited"
        ? `the generated file ${quote(path)} was edited by hand`
        : `${quote(path)} stands where a generated file belongs`,
    help: () => "move your changes elsewhere, then run mcpc build --force to overwrite it",
    explain:
      "Files in the generated folder belong to mcpc and carry a hash of their contents. One that does not match may hold somebody's work, so it is not overwritten unless asked for.",
  }),
  "output/stale": define<{ path: string; state: "missing" | "different" | "superfluous" }>({
    severity: "error",
    message: ({ path, state }) =>
      ({
        missing: `${quote(path)} does not exist yet`,
        different: `${quote(path)} is out of date`,
        superfluous: `${quote(path)} is left over from an earlier build`,
      })[state],
    help: () => "run mcpc build, and commit what it writes",
    explain:
      "`mcpc check` found that a build would change a file: the manifests were changed without building, or the result was not committed.",
  }),
};
