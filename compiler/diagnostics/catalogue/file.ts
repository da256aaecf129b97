import { cut, define, quote } from "./definition.js";

export const file = {
  "file/duplicate-key": define<{ key: string }>({
    severity: "error",
    message: ({ key }) => `the key ${quote(key)} occurs twice in the same object`,
    help: () => "remove one of the two",
    explain: "An object of a manifest names a key twice. JSON readers keep one of the two and drop the other silently.",
  }),
  "file/imprecise-number": define<{ written: string; double: string }>({
    severity: "warning",
    message: ({ written, double }) => `the number ${cut(written)} becomes ${double}`,
    help: () => "write an exact value as a string, and a bound as a number within ±9007199254740991",
    explain:
      "JavaScript reads the numbers of JSON as doubles, and so do most clients: beyond ±(2^53 - 1) a double cannot represent every integer. The listing, the types and the checks contain the nearest double instead, so a long id in `enum`, `const` or `default` becomes another one. Fractions are rounded, too, without a warning unless nothing remains of the fraction.",
  }),
  "file/invalid-json": define<{ reason: string }>({
    severity: "error",
    message: ({ reason }) => `this is not valid JSON: ${reason}`,
    help: () => "manifests are JSON; comments and trailing commas are allowed",
    explain:
      "The file could not be parsed. Manifests are JSON files in UTF-8. Comments and trailing commas are allowed, as in tsconfig.json, but no other extension of JSON.",
  }),
  "file/no-version": define<{ path: string }>({
    severity: "error",
    message: ({ path }) => `${quote(path)} does not say the server's version`,
    help: () => 'give it a "version" that is a text, such as "1.0.0", or write the version in the manifest',
    explain:
      "The manifest takes the server's version from a JSON file, usually `package.json`: the file must be an object whose `version` is a text that is not empty.",
  }),
  "file/not-found": define<{ path: string; what: string }>({
    severity: "error",
    message: ({ path, what }) => `there is no file ${quote(path)} for this ${what}`,
    help: () => "paths are relative to the manifest that names them",
    explain:
      "A manifest names a file that does not exist. Paths are relative to the manifest that names them, not to the project's folder.",
  }),
  "file/not-regular": define<{ path: string }>({
    severity: "error",
    message: ({ path }) => `${quote(path)} is not a regular file`,
    help: () => "put a file there, or remove it",
    explain:
      "The path of a manifest, or of the module of hooks, is a folder behind a link, a pipe, a socket or a device. mcpc does not open it, because reading a pipe could block for ever.",
  }),
  "file/outside-project": define<{ path: string; what: string }>({
    severity: "error",
    message: ({ path, what }) => `the path ${quote(path)} of this ${what} leaves the project`,
    help: () => "name a file inside the project's folder, with a relative path and forward slashes",
    explain:
      "Manifests may only name files inside the project's folder: no absolute paths, no way out with `..`, no symbolic link that leads elsewhere. This makes it safe to check another person's manifest.",
  }),
  "file/too-large": define<{ path: string; megabytes: number }>({
    severity: "error",
    message: ({ path, megabytes }) => `the file ${quote(path)} is larger than ${megabytes} MB`,
    help: () => "let a handler read what is large, and share schemas through $defs",
    explain:
      "Manifests, the schemas they refer to and the contents of static resources become part of the built server, and are read whole. The limit keeps a mistake, or a hostile project, from exhausting the memory of the compiler and of the server.",
  }),
  "file/too-large-together": define<{ path: string; megabytes: number }>({
    severity: "error",
    message: ({ path, megabytes }) =>
      `with ${quote(path)}, the project's files are larger than ${megabytes} MB together`,
    help: () => "let a handler read what is large, share schemas through $defs, or make several servers",
    explain:
      "All manifests, the schemas they refer to and the contents of static resources become part of one server. The limit is far beyond what clients can use, and keeps a hostile project from exhausting the memory of the compiler.",
  }),
  "file/too-deep": define<{ limit: number }>({
    severity: "error",
    message: ({ limit }) => `the file is nested more than ${limit} levels deep`,
    help: () => "flatten it, or share schemas through $defs",
    explain:
      "Objects and arrays are nested deeper than any schema needs. The limit keeps a hostile file from exhausting the compiler.",
  }),
};
