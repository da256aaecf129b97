import { parse } from "../1-read/parse.js";
import { setField } from "../add/set-field.js";
import { linesOf, positionAt } from "../diagnostics/position.js";
import { isObject } from "../diff/schemas/classes.js";
import { bytesOf, HostError, textOf, type Change, type Host } from "../host.js";
import type { Json, JsonObject } from "../model/source.js";
import type { ImportRecord } from "./merge.js";
import { rulesIn, type ImportRule } from "./rules.js";

/** The file with the user's rules, and with what the last import wrote, so that the next one can merge. */
const recordFile = "import.json";

/** Fingerprints of what the last import of a manifest wrote. */
export interface ManifestRecord {
  readonly entries: ImportRecord;
  /** Fingerprints of handlers, by file. */
  readonly handlers: Readonly<Record<string, string>>;
  /** Fingerprints of settings, by name. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface ImportFile {
  readonly rules: readonly ImportRule[];
  /** The manifests that imports wrote. */
  readonly manifests: readonly string[];
  recordOf(manifest: string): ManifestRecord;
  /** Returns the change that writes the record of a manifest. What the user wrote in the file stays as it is. */
  withRecord(manifest: string, record: ManifestRecord): Change;
}

/**
 * Reads `import.json`. Throws `HostError` if it is not what an import and a user wrote.
 *
 * @param prefix The way from the working directory to the project, for messages.
 */
export function readImportFile(host: Host, prefix: string): ImportFile {
  const bytes = host.read(recordFile);
  const root = bytes ? rootOf(bytes, prefix + recordFile) : {};
  const imports = root["imports"] ?? {};
  const unknown = Object.keys(root).find((key) => key !== "imports" && key !== "rules");
  if (unknown !== undefined)
    throw new HostError(
      `${prefix}${recordFile} has the unknown field ${JSON.stringify(unknown)}: it holds "rules" and "imports". ${advice}`,
    );
  if (!isObject(imports))
    throw new HostError(`${prefix}${recordFile}: "imports" must be an object, as an import writes it. ${advice}`);
  const text = bytes ? textOf(bytes) : "{}\n";
  return {
    rules: rulesIn(root["rules"]),
    manifests: Object.keys(imports),
    recordOf(manifest) {
      const record = Object.hasOwn(imports, manifest) ? imports[manifest] : undefined;
      const { handlers, settings, ...entries } = isObject(record) ? record : ({} as JsonObject);
      return { entries: byName(entries), handlers: fingerprints(handlers), settings: fingerprints(settings) };
    },
    withRecord(manifest, { entries, handlers, settings }) {
      const record: JsonObject = {
        ...(entries as JsonObject),
        ...(Object.keys(handlers).length > 0 && { handlers }),
        ...(Object.keys(settings).length > 0 && { settings }),
      };
      const withRules = Object.hasOwn(root, "rules") ? text : setField(text, ["rules"], []);
      return { path: recordFile, bytes: bytesOf(setField(withRules, ["imports", manifest], record)) };
    },
  };
}

const advice = "Correct the file; its rules are yours";

function rootOf(bytes: Uint8Array, shown: string): JsonObject {
  const { file, diagnostics } = parse(recordFile, bytes);
  if (!file) {
    const [{ message, span } = { message: "this is not valid JSON" }] = diagnostics;
    const { line, column } = positionAt(linesOf(textOf(bytes)), span?.start ?? 0);
    throw new HostError(`${shown}:${line}:${column}: ${message}. ${advice}`);
  }
  const root = file.root.value;
  if (!isObject(root)) throw new HostError(`${shown} must be an object with "rules" and "imports". ${advice}`);
  return root;
}

function fingerprints(value: Json | undefined): Readonly<Record<string, string>> {
  const members = isObject(value) ? Object.entries(value) : [];
  return Object.fromEntries(members.filter((member): member is [string, string] => typeof member[1] === "string"));
}

function byName(value: JsonObject): ImportRecord {
  return Object.fromEntries(Object.entries(value).map(([name, fields]) => [name, fingerprints(fields)]));
}
