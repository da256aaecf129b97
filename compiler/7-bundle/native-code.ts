import type { Host } from "../host.js";

/** Packages that find or build native code. */
const loaders: readonly string[] = [
  "@mapbox/node-pre-gyp",
  "bindings",
  "cmake-js",
  "node-addon-api",
  "node-gyp-build",
  "node-gyp-build-optional-packages",
  "node-pre-gyp",
  "prebuild-install",
];

/** Pattern of a package with native code for one platform. */
const platform = /[-/](?:linux|darwin|win32|freebsd|android)[-_](?:x64|arm64|arm|ia32|universal)\b/;

/** Returns the reason why a package cannot be bundled; undefined without native code. */
export function nativeReason(folder: string, host: Host): string | undefined {
  const manifest = manifestOf(folder, host);
  const namesOf = (kind: string): string[] => Object.keys((manifest[kind] ?? {}) as object);
  const isNative =
    manifest["gypfile"] === true ||
    namesOf("dependencies").some((name) => loaders.includes(name)) ||
    namesOf("optionalDependencies").some((name) => platform.test(name)) ||
    host.read(`${folder}/binding.gyp`) !== undefined;
  return isNative ? "has native code" : undefined;
}

function manifestOf(folder: string, host: Host): Readonly<Record<string, unknown>> {
  try {
    const manifest: unknown = JSON.parse(new TextDecoder().decode(host.read(`${folder}/package.json`)));
    return typeof manifest === "object" && manifest !== null ? (manifest as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
