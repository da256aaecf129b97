import { setField } from "../add/set-field.js";
import { isObject } from "../diff/schemas/classes.js";
import { fingerprint } from "../fingerprint.js";
import type { JsonObject } from "../model/source.js";

export interface ManifestText {
  readonly path: string;
  readonly text: string;
  readonly root: JsonObject;
}

export interface MergedSettings {
  /** The manifest that has the settings. */
  readonly path: string;
  readonly text: string;
  readonly record: Readonly<Record<string, string>>;
}

/**
 * Merges settings into the manifest that has the section `runtime`, or into the imported one. A setting is replaced only
 * if it is as the last import wrote it. A setting that the user removed does not come back.
 */
export function mergeSettings(
  settings: ReadonlyMap<string, JsonObject>,
  record: Readonly<Record<string, string>>,
  imported: ManifestText,
  others: readonly ManifestText[],
): MergedSettings {
  const target = others.find(({ root }) => Object.hasOwn(root, "runtime")) ?? imported;
  const present = settingsIn(target.root);
  let { text } = target;
  const next: Record<string, string> = { ...record };
  for (const [name, setting] of settings) {
    const here = Object.hasOwn(present, name) ? fingerprint(JSON.stringify(present[name])) : undefined;
    const last = Object.hasOwn(record, name) ? record[name] : undefined;
    const upstream = fingerprint(JSON.stringify(setting));
    next[name] = upstream;
    if (here === last && here !== upstream) text = setField(text, ["runtime", "config", "properties", name], setting);
  }
  return { path: target.path, text, record: next };
}

/** Returns the settings that a manifest declares. */
export function settingsIn(root: JsonObject): JsonObject {
  const runtime = root["runtime"];
  const config = isObject(runtime) ? runtime["config"] : undefined;
  const properties = isObject(config) ? config["properties"] : undefined;
  return isObject(properties) ? properties : {};
}
