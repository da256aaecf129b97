import type { ResourceDeclaration } from "../model/project.js";

type Contents = { readonly text: string } | { readonly blob: string };

/** Returns the contents of a static resource, and their media type; undefined when a handler returns the contents. */
export function staticContents(
  resource: ResourceDeclaration,
  files: ReadonlyMap<string, Uint8Array>,
): { readonly contents: Contents; readonly mimeType?: string } | undefined {
  const { text, json, blob, file } = resource;
  const typed = (contents: Contents, inferred?: string): { contents: Contents; mimeType?: string } => {
    const mimeType = resource.mimeType ?? inferred;
    return { contents, ...(mimeType !== undefined && { mimeType }) };
  };
  if (text !== undefined) return typed({ text });
  if (json !== undefined) return typed({ text: JSON.stringify(json, null, 2) }, "application/json");
  if (blob !== undefined) return typed({ blob });
  if (file === undefined) return undefined;
  const bytes = files.get(file);
  if (!bytes) throw new Error(`the file ${JSON.stringify(file)} was checked, but is not there`);
  const inferred = mediaTypes[file.slice(file.lastIndexOf(".") + 1).toLowerCase()];
  return typed(isBinary(resource.mimeType ?? inferred) ? base64(bytes) : (decoded(bytes) ?? base64(bytes)), inferred);
}

function isBinary(mimeType: string | undefined): boolean {
  return (
    mimeType !== undefined &&
    /^(?:image\/(?!svg)|audio\/|video\/|font\/|application\/(?:octet-stream|pdf|zip|gzip))/.test(mimeType)
  );
}

/** Decodes UTF-8 text; undefined for other bytes. */
function decoded(bytes: Uint8Array): Contents | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return undefined;
  }
}

function base64(bytes: Uint8Array): Contents {
  return { blob: Buffer.from(bytes).toString("base64") };
}

const mediaTypes: Readonly<Record<string, string>> = {
  css: "text/css",
  csv: "text/csv",
  gif: "image/gif",
  gz: "application/gzip",
  html: "text/html",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript",
  json: "application/json",
  md: "text/markdown",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  ogg: "audio/ogg",
  pdf: "application/pdf",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain",
  wav: "audio/wav",
  webp: "image/webp",
  xml: "application/xml",
  yaml: "application/yaml",
  yml: "application/yaml",
  zip: "application/zip",
};
