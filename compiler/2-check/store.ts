import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { child } from "../json-schema/pointer.js";
import type { Merged } from "./merge.js";

/** A URL of Redis, with further nodes after commas. */
const address = /^rediss?:\/\/[^\s/?#,@]+(?:,(?:rediss?:\/\/)?[^\s/?#,@]+)*(?:\/\d{0,4})?$/;

/** Checks the place of shared state. A URL with credentials has been reported already. */
export function checkStore({ runtime }: Merged, diagnostics: Diagnostic[]): void {
  const store = runtime && child(runtime.node, "store");
  const redis = store && child(store, "redis");
  if (!redis) return;
  const refuse = (node: { readonly span: Diagnostic["span"] }, reason: string, help?: string): void => {
    diagnostics.push(diagnose("manifest/invalid-value", node.span, { reason, help }));
  };
  const memory = child(store, "memory");
  if (memory) refuse(memory, 'shared state has one place: "memory" or "redis"', "remove one of the two");
  const [url, cluster, sentinel] = ["url", "cluster", "sentinel"].map((field) => child(redis, field));
  if (cluster?.value === true && sentinel)
    refuse(sentinel, 'a cluster has no "sentinel"', 'remove "sentinel" or "cluster"');
  if (typeof url?.value === "string" && !address.test(url.value)) {
    const reason = `"url" cannot be ${JSON.stringify(url.value)}: it is no URL of Redis`;
    refuse(url, reason, "write it like redis://host:6379/0, or rediss:// for TLS");
  }
}
