/** What older revisions are told of a server's entries: the same at build time and at run time. */
export { legacyVersions, olderEntry, olderImplementation } from "../../protocol/revisions/older-entry.js";
