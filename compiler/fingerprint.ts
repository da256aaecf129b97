import { createHash } from "node:crypto";
import type { Fingerprint } from "./model/cache.js";

/** Returns the hash of a text or bytes. */
export function fingerprint(content: string | Uint8Array): Fingerprint {
  return createHash("sha256").update(content).digest("base64url");
}
