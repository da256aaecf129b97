import { parse } from "../1-read/parse.js";
import { setField } from "../add/set-field.js";
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

/** Reads `import.json`. Throws `HostError` if it is not what an import and a user wrote. */
export function readImportFile(host: Host): ImportFile {
  const bytes = host.read(recordFile);
  const root = bytes ? parse(recordFile, bytes).file?.root.value : {};
  const imports = isObject(root) ? (root["imports"] ?? {}) : undefined;
  if (!isObject(root) || !isObject(imports) || Object.keys(root).some((key) => key !== "imports" && key !== "rules"))
    throw new HostError(
      `"${recordFile}" is not what an import wrote: it holds "rules" and "imports"; restore it, or delete it and import anew`,
    );
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

function fingerprints(value: Json | undefined): Readonly<Record<string, string>> {
  const members = isObject(value) ? Object.entries(value) : [];
  return Object.fromEntries(members.filter((member): member is [string, string] => typeof member[1] === "string"));
}

function byName(value: JsonObject): ImportRecord {
  return Object.fromEntries(Object.entries(value).map(([name, fields]) => [name, fingerprints(fields)]));
}
