/** Entries in the forms of older revisions, the same at build time and at run time. */
export type { EntryKind } from "../../protocol/exchange.js";
export { wrapOutputSchema } from "../../protocol/revisions/wrap-output.js";
export {
  legacyVersions,
  olderEntry,
  olderImplementation,
  type LegacyVersion,
} from "../../protocol/revisions/older-entry.js";
