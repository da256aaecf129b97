import type { Revision, Server, View } from "./exchange.js";

/** Returns the view of a server for a revision, created once. */
export function viewOf(server: Server, revision: Revision): View {
  let view = server.views.get(revision.version);
  if (view === undefined) {
    const frame = revision.frame(server.surface);
    view = {
      server,
      revision,
      frame,
      closing: frame.meta === "" ? "}" : `,"_meta":{${frame.meta}}}`,
      methods: revision.methods(server.surface),
      payloads: new Map(),
    };
    server.views.set(revision.version, view);
  }
  return view;
}
