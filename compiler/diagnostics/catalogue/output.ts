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
      "A package with native code, or that reads files beside its own code, does not find them once its code is in one file with all else; neither does a thread that loads packages by their names, such as a transport of pino. `build.external` names packages that stay outside. `npm install --omit=dev` in `dist/` installs them.",
  }),
  "bundle/own-file": define<{ file: string }>({
    severity: "error",
    message: ({ file }) => `${quote(file)} is found relative to this file, but the bundle stands elsewhere`,
    help: ({ file }) =>
      `name it by new URL(${quote(/^\.\.?\//.test(file) ? file : `./${file.replace(/^\//, "")}`)}, import.meta.url), so that the build copies it; or import it`,
    explain:
      'Code that is in the bundle finds itself in the folder of the bundle. The build copies files that are named as `new URL("./file", import.meta.url)`, and has what is imported in the bundle; it cannot follow `__dirname`, `import.meta.dirname` and `createRequire`.',
  }),
  "bundle/failed": define<{ reason: string; external: string | undefined }>({
    severity: "error",
    message: ({ reason }) => `the bundle could not be made: ${reason}`,
    help: ({ external }) =>
      external === undefined
        ? undefined
        : `leave the package out of the bundle: "build": { "external": [${quote(external)}] }, and install it where the server runs`,
    explain:
      "The last phase puts the generated code, the handlers and everything they import into one file. An import that does not resolve is the usual cause. Packages with native code (`.node` files) cannot be in it: `build.external` names packages that stay outside.",
  }),
  "bundle/unused-external": define<{ name: string }>({
    severity: "warning",
    message: ({ name }) => `"build": { "external": [...] } names ${quote(name)}, which nothing imports`,
    help: () => "remove it, or correct its name",
    explain:
      "`build.external` names packages that stay outside the bundle, and that are installed where the server runs. This one is neither imported nor named in quotes by the code of the project, or by a package in the bundle, so it would be installed for nothing. Perhaps its name has a slip, and the package that was meant is in the bundle.",
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
      "The file of a handler exists but does not export the function that the manifest promises. A handler is a named export, in the tool's name in camel case; a default export, or one of another name, is not called. Nothing is added to such a file.",
  }),
  "handler/not-implemented": define<{ what: string; file: string }>({
    severity: "warning",
    message: ({ what }) => `the handler of ${what} is a stub: each call fails`,
    help: ({ file }) => `write it in ${file}`,
    explain:
      "`mcpc build` writes a stub for each handler that is missing, which throws `notImplemented(…)`. `mcpc check` warns of those in which nothing else has been written yet, and `mcpc build` lists their files. With `--strict` they are errors of both, so that nothing is deployed that cannot answer.",
  }),
  "handler/not-utf8": define<{ path: string }>({
    severity: "error",
    message: ({ path }) => `${quote(path)} is not UTF-8, so nothing can be added to it safely`,
    help: () => "save the file as UTF-8",
    explain:
      "mcpc adds a stub to an existing file by inserting text. In a file of another encoding that would garble what stands there.",
  }),
  "handler/moved": define<{ what: string; file: string; found: string; reference: string }>({
    severity: "error",
    message: ({ what, file, found }) => `the handler of ${what} is in ${quote(found)}, and belongs in ${quote(file)}`,
    help: ({ reference }) => `move it there, or name it in the manifest: "handler": ${quote(reference)}`,
    explain:
      "A handler is looked for in a file of its own under the source folder. It is not there, but another file exports one under its name and with its type. The manifest must say where, or a new stub would take its place.",
  }),
  "handler/not-renamed": define<{ from: string; to: string; reason: string; suggestion: string | undefined }>({
    severity: "error",
    message: ({ from, to, reason }) => `${quote(from)} cannot be renamed to ${quote(to)}: ${reason}`,
    help: ({ suggestion }) => didYouMean(suggestion) ?? "mend that, or move the handler by hand",
    explain:
      "`mcpc build --rename OLD=NEW` moves the handler of an entry that the manifests now call by another name: from `OLD.ts` to `NEW.ts` in the same folder, with its export and its types renamed. It only replaces a stub into which nothing was written.",
  }),
  "handler/orphaned": define<{ path: string; untouched: boolean; from: string; to: string | undefined }>({
    severity: "warning",
    message: ({ path }) => `no manifest entry uses ${quote(path)} any more`,
    help: ({ path, untouched, from, to }) => {
      if (untouched) return "nothing was written into it: mcpc build --prune deletes it";
      if (to !== undefined) return `if it has a new name, ${rename(from, to)} lets the handler follow`;
      return `delete ${path}, name it with "handler", or let it follow a new name: ${rename(from, "NEW")}`;
    },
    explain:
      "A file stands where handlers live, but no tool, resource, template or prompt leads to it, usually because the entry was removed or renamed. mcpc deletes no file of yours unasked: `--prune` deletes stubs into which nothing was written, `--rename` moves a handler to the new name of its entry, and anything else is yours to delete.",
  }),
  "handler/type-error": define<{ message: string; suggestion?: string | undefined; help?: string | undefined }>({
    severity: "error",
    message: ({ message }) => message,
    help: ({ suggestion, help }) => didYouMean(suggestion) ?? help,
    explain:
      "TypeScript found a mistake in a handler, or in a file it imports: usually the manifest's schema changed and the handler has not followed. What TypeScript says is told at the handler's line, in the words of the manifests where it speaks of them, with the place there that it follows from.",
  }),
  "handler/other-case": define<{ what: string; file: string; found: string; from: string; to: string }>({
    severity: "error",
    message: ({ what, file, found }) =>
      `the handler of ${what} belongs in ${quote(file)}, and ${quote(found)} differs from that in case alone`,
    help: ({ from, to }) => `${rename(from, to)} lets the handler follow`,
    explain:
      "An entry has a new name that differs from the old one in upper and lower case alone, and its handler's file is still called by the old one. Windows and macOS cannot hold two such files in one folder, so no stub is written beside it.",
  }),
  "handler/unparsable": define<{ reason: string }>({
    severity: "error",
    message: ({ reason }) => `a stub must be added to this file, but it does not parse: ${reason}`,
    help: () => "mend the syntax error, then build again",
    explain:
      "mcpc adds missing handlers to an existing file by inserting text at its end. It does not touch a file that it cannot read as TypeScript.",
  }),
  "hook/misspelt": define<{ name: string; hook: string }>({
    severity: "warning",
    message: ({ name }) => `${quote(name)} is not a hook, so nothing calls it`,
    help: ({ hook }) => didYouMean(hook),
    explain:
      "The module of hooks may export what it likes, but only `onStart`, `onStop`, `onError`, `authenticate`, `logger` and `health` mean something to the server. An export that is called almost like one of them, where that one is missing, is probably a slip of the pen. Give it the hook's name, or one that is less like it.",
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
  "tsconfig/invalid": define<{ path: string; reason: string }>({
    severity: "error",
    message: ({ path, reason }) => `${quote(path)} is not right: ${reason}`,
    help: () => "correct it; without it, other options would hold than you mean",
    explain:
      "TypeScript finds a mistake in the `tsconfig.json` that the handlers belong to, or in a file that it extends: an option that there is not, a value of the wrong type, a file that cannot be read. What it does understand would hold nevertheless, so a misspelt `strict` would silently check less. Options that only older versions of TypeScript have are taken.",
  }),
};
