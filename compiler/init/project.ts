import type { Json, JsonObject } from "../model/source.js";

export const templates = ["minimal", "http", "oauth"] as const;
export type Template = (typeof templates)[number];

/** A text file; its path is relative to the project and has slashes. */
export interface ProjectFile {
  readonly path: string;
  readonly text: string;
}

/** Folders of `templates/` that make a template. A file of a later folder replaces that of an earlier one. */
const layers: Readonly<Record<Template, readonly string[]>> = {
  minimal: ["common", "minimal"],
  http: ["common", "minimal", "http"],
  oauth: ["common", "minimal", "http", "oauth"],
};

/** The name in the files of the templates. */
const placeholder = /my-server/g;

/** Names of servers that are valid in `package.json` and accepted by all clients. */
export const projectName = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** Options of a new project. */
export interface NewProject {
  readonly template: Template;
  /** Matches `projectName`. */
  readonly name: string;
  /** The version of this compiler, which the project will depend on. */
  readonly version: string;
  /** The text of a `package.json` that exists; the project's scripts and packages are added to it. */
  readonly packageJson?: string | undefined;
}

/**
 * Returns the files of a new project.
 *
 * @param filesOf Returns the files of a folder of `templates/`.
 * @throws `SyntaxError` if `packageJson` is not a JSON object.
 */
export function projectFiles(
  { template, name, version, packageJson }: NewProject,
  filesOf: (layer: string) => readonly ProjectFile[],
): ProjectFile[] {
  const files = layers[template].flatMap(filesOf);
  const texts = new Map(files.map(({ path, text }) => [path.replace(/(^|\/)_/, "$1."), text]));
  const packages = files
    .filter(({ path }) => path === "package.json")
    .map(({ text }) => JSON.parse(text) as JsonObject);
  const description = packages.reduce(overlay, {});
  texts.set("package.json", packageText(withVersion(description, version), packageJson));
  return [...texts].map(([path, text]) => ({
    path,
    // A package.json of the user's own keeps its name.
    text: path === "package.json" && packageJson !== undefined ? text : text.replace(placeholder, name),
  }));
}

/** Sets members of an object, at every depth. Others stay as they are. */
function overlay(object: JsonObject, members: JsonObject): JsonObject {
  const result: Record<string, Json> = { ...object };
  for (const [key, value] of Object.entries(members)) {
    const before = Object.hasOwn(object, key) ? object[key]! : undefined;
    result[key] = before !== undefined && isObject(before) && isObject(value) ? overlay(before, value) : value;
  }
  return result;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sets the versions of the packages of mcpc. */
function withVersion(description: JsonObject, version: string): JsonObject {
  const packages = description["devDependencies"] as JsonObject;
  const own = Object.fromEntries(["@mcpc/runtime", "mcpc"].map((name) => [name, `^${version}`]));
  return { ...description, devDependencies: { ...packages, ...own } };
}

/** Returns the text of `package.json`, in the layout of the one that exists. */
function packageText(description: JsonObject, existing: string | undefined): string {
  if (existing === undefined) return `${JSON.stringify(description, null, 2)}\n`;
  const value = JSON.parse(existing.replace(/^\uFEFF/, "")) as Json;
  if (!isObject(value)) throw new SyntaxError("it is not a JSON object");
  const { name: _name, private: _private, ...added } = description;
  const indent = /^[ \t]+(?=")/m.exec(existing)?.[0] ?? 2;
  // The values of the existing file win, and its order stays.
  const all = overlay(value, overlay(added, value));
  // Handlers are ES modules, which `npm init` does not choose.
  return `${JSON.stringify({ ...all, type: "module" }, null, indent)}\n`;
}

/** Returns a valid name that resembles that of a folder. */
export function nameOf(folder: string): string {
  const words = folder
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  const name = words.join("-").replace(/^[0-9-]+/, "");
  return projectName.test(name) ? name : "my-server";
}
