import { define, didYouMean, quote } from "./definition.js";

/** The command line, as a shell takes it. */
function rename(from: string, to: string): string {
  const argument = `${from}=${to}`;
  return `mcpc build --rename ${/^[\w.=-]+$/.test(argument) ? argument : JSON.stringify(argument)}`;
}

export const output = {
  "bundle/external-needed": define<{ name: string; reason: string }>({
    severity: "error",
    message: ({ name, reason }) => `the package ${quote(name)} cannot be in the bundle: it ${reason}`,
    help: ({ name }) =>
      `add ${quote(name)} to "build": { "external": [...] }, as mcpc check --fix does, and install it where the server runs`,
    explain:
      "A package with native code, or that reads files beside its own code, does not find them in a bundle. Nor does a thread that loads packages by their names, such as a transport of pino. `build.external` names packages that stay outside the bundle. `npm install --omit=dev` in `dist/` installs them.",
  }),
  "bundle/own-file": define<{ file: string }>({
    severity: "error",
    message: ({ file }) => `${quote(file)} is found relative to this file, but the bundle stands elsewhere`,
    help: ({ file }) =>
      `name it by new URL(${quote(/^\.\.?\//.test(file) ? file : `./${file.replace(/^\//, "")}`)}, import.meta.url), so that the build copies it; or import it`,
    explain:
      'Code in the bundle sees the folder of the bundle as its own. The build copies files that are named as `new URL("./file", import.meta.url)`, and bundles what is imported; it cannot follow `__dirname`, `import.meta.dirname` and `createRequire`.',
  }),
  "bundle/failed": define<{ reason: string; external: string | undefined }>({
    severity: "error",
    message: ({ reason }) => `the bundle could not be made: ${reason}`,
    help: ({ external }) =>
      external === undefined
        ? undefined
        : `leave the package out of the bundle: "build": { "external": [${quote(external)}] }, and install it where the server runs`,
    explain:
      "The last phase puts the generated code, the handlers and everything they import into one file. An import that does not resolve is the usual cause. Packages with native code (`.node` files) cannot be bundled: `build.external` names packages that stay outside.",
  }),
  "bundle/unused-external": define<{ name: string }>({
    severity: "warning",
    message: ({ name }) => `"build": { "external": [...] } names ${quote(name)}, which nothing imports`,
    help: () => "remove it, or correct its name",
    explain:
      "`build.external` names packages that stay outside the bundle, and that are installed where the server runs. This one is neither imported nor named in quotes by the code of the project, or by a package in the bundle, so it would be installed for nothing. Perhaps its name is misspelt, and the intended package is in the bundle.",
  }),
  "bundle/unknown-file": define<{ file: string }>({
    severity: "warning",
    message: ({ file }) => `the file that ${file} leads to cannot be found, so it is not beside the bundle`,
    help: () => "write the file's path relative to the code, as a text in quotes, or put the file beside the bundle",
    explain:
      '`new URL("./file", import.meta.url)` names a file beside the code. The build copies such files beside the bundle, and bundles those that are code, such as workers. It can only do so where the path is a text in quotes and the file is in the project, or in the package whose code it is.',
  }),
  "handler/missing-export": define<{
    name: string;
    what: string;
    file: string;
    instead: string | undefined;
    /** The field of the manifest that names the function. */
    field: "handler" | "list" | "complete";
  }>({
    severity: "error",
    message: ({ name, what, file }) => `${quote(file)} does not export ${quote(name)}, ${what}`,
    help: ({ name, instead, field }) => {
      if (instead === undefined) return `export const ${name} = …`;
      if (instead === "default") return `did you mean to export ${quote(name)}? write it as export const ${name} = …`;
      return `did you mean to export ${quote(name)}? rename ${quote(instead)}, or name it with ${quote(field)}`;
    },
    explain:
      "The file of a handler exists but does not export the function that the manifest declares. A handler is a named export, in the tool's name in camel case; a default export, or one of another name, is not called. mcpc adds nothing to such a file.",
  }),
  "handler/not-implemented": define<{ what: string; file: string }>({
    severity: "warning",
    message: ({ what }) => `the handler of ${what} is a stub: each call fails`,
    help: ({ file }) => `write it in ${file}`,
    explain:
      "`mcpc build` writes a stub for each missing handler, which throws `notImplemented(…)`. `mcpc check` warns of the stubs that are still unchanged, and `mcpc build` lists their files. With `--strict` stubs are errors of both, so that no server is deployed with a tool that cannot answer.",
  }),
  "handler/not-utf8": define<{ path: string }>({
    severity: "error",
    message: ({ path }) => `${quote(path)} is not UTF-8, so nothing can be added to it safely`,
    help: () => "save the file as UTF-8",
    explain:
      "mcpc adds a stub to an existing file by inserting text. In a file of another encoding that would garble the existing text.",
  }),
  "handler/moved": define<{ what: string; file: string; found: string; reference: string }>({
    severity: "error",
    message: ({ what, file, found }) => `the handler of ${what} is in ${quote(found)}, and belongs in ${quote(file)}`,
    help: ({ reference }) => `move it there, or name it in the manifest: "handler": ${quote(reference)}`,
    explain:
      "mcpc looks for a handler in a file of its own under the source folder. That file does not exist, but another file exports a handler of the same name and type. The manifest must name that file, or a new stub would replace it.",
  }),
  "handler/not-renamed": define<{ from: string; to: string; reason: string; suggestion: string | undefined }>({
    severity: "error",
    message: ({ from, to, reason }) => `${quote(from)} cannot be renamed to ${quote(to)}: ${reason}`,
    help: ({ suggestion }) => didYouMean(suggestion) ?? "mend that, or move the handler by hand",
    explain:
      "`mcpc build --rename OLD=NEW` moves the handler of an entry that has another name in the manifests now: from `OLD.ts` to `NEW.ts` in the same folder, with its export and its types renamed. It only replaces an unchanged stub.",
  }),
  "handler/orphaned": define<{ path: string; isStub: boolean; from: string; to: string | undefined }>({
    severity: "warning",
    message: ({ path }) => `no manifest entry uses ${quote(path)} any more`,
    help: ({ path, isStub, from, to }) => {
      if (isStub) return "it is an unchanged stub: mcpc build --prune deletes it";
      if (to !== undefined) return `if it has a new name, ${rename(from, to)} lets the handler follow`;
      return `delete ${path}, name it with "handler", or let it follow a new name: ${rename(from, "NEW")}`;
    },
    explain:
      "The folder of handlers contains a file that no tool, resource, template or prompt uses, usually because the entry was removed or renamed. mcpc deletes none of your files unless you ask: `--prune` deletes unchanged stubs, `--rename` moves a handler to the new name of its entry, and other files are yours to delete.",
  }),
  "handler/type-error": define<{ message: string; suggestion?: string | undefined; help?: string | undefined }>({
    severity: "error",
    message: ({ message }) => message,
    help: ({ suggestion, help }) => didYouMean(suggestion) ?? help,
    explain:
      "TypeScript found a mistake in a handler, or in a file it imports: usually the manifest's schema changed and the handler did not. The error is reported at the handler's line, with the names that the manifests use, and with the related place in the manifest.",
  }),
  "handler/other-case": define<{ what: string; file: string; found: string; from: string; to: string }>({
    severity: "error",
    message: ({ what, file, found }) =>
      `the handler of ${what} belongs in ${quote(file)}, and ${quote(found)} differs from that in case alone`,
    help: ({ from, to }) => `${rename(from, to)} lets the handler follow`,
    explain:
      "The new name of an entry differs from the old one only in upper and lower case, and its handler's file still has the old name. Windows and macOS cannot store two such files in one folder, so no stub is written beside it.",
  }),
  "handler/unparsable": define<{ reason: string }>({
    severity: "error",
    message: ({ reason }) => `a stub must be added to this file, but it does not parse: ${reason}`,
    help: () => "mend the syntax error, then build again",
    explain:
      "mcpc adds missing handlers to an existing file by inserting text at its end. It does not change a file that it cannot parse as TypeScript.",
  }),
  "hook/misspelt": define<{ name: string; hook: string }>({
    severity: "warning",
    message: ({ name }) => `${quote(name)} is not a hook, so nothing calls it`,
    help: ({ hook }) => didYouMean(hook),
    explain:
      "The module of hooks may have any exports, but the server uses only `onStart`, `onStop`, `onError`, `authenticate`, `logger` and `health`. An export with almost the name of one of them, where that one is missing, is probably misspelt. Give it the hook's name, or a name that resembles it less.",
  }),
  "output/hand-edited": define<{ path: string; verdict: "edited" | "foreign" }>({
    severity: "error",
    message: ({ path, verdict }) =>
      verdict === "edited"
        ? `the generated file ${quote(path)} was edited by hand`
        : `${quote(path)} is in the place of a generated file`,
    help: () => "move your changes elsewhere, then run mcpc build --force to overwrite it",
    explain:
      "Files in the generated folder belong to mcpc and contain a hash of their contents. If the hash does not match, the file may contain manual changes, so it is overwritten only with `--force`.",
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
  "tsconfig/invalid": define<{ path: string; reason: string }>({
    severity: "error",
    message: ({ path, reason }) => `${quote(path)} is not right: ${reason}`,
    help: () => "correct it; without it, other options would hold than you mean",
    explain:
      "TypeScript finds a mistake in the `tsconfig.json` of the handlers, or in a file that it extends: an unknown option, a value of the wrong type, a file that cannot be read. TypeScript would apply the rest, so a misspelt `strict` would silently check less. Options of older versions of TypeScript are accepted.",
  }),
};
