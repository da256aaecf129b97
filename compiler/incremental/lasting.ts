import { createHash } from "node:crypto";
import type { Lasting } from "../model/again.js";
import type { Stored } from "../model/stored.js";

const file = "lasting";

/** By kind, then by the hash of its key. */
type Known = ReadonlyMap<string, ReadonlyMap<string, unknown>>;

export interface Lasts {
  readonly lasting: Lasting;
  /** Leaves what was asked for, if any of it is new. */
  leave(): void;
}

/** What builds of the same compiler have left. */
export function lastingIn(stored: Stored): Lasts {
  let before: Known | undefined;
  const now = new Map<string, Map<string, unknown>>();
  let isNew = false;
  const lasting: Lasting = (kind, key, make) => {
    before ??= (stored.read(file) as Known | undefined) ?? new Map();
    let made = now.get(kind);
    if (!made) now.set(kind, (made = new Map()));
    const hash = createHash("sha256").update(key).digest("base64url");
    if (!made.has(hash)) {
      const known = before.get(kind);
      if (!known?.has(hash)) isNew = true;
      made.set(hash, known?.has(hash) ? known.get(hash) : make());
    }
    return made.get(hash) as ReturnType<typeof make>;
  };
  return {
    lasting,
    leave: () => {
      if (isNew) stored.write(file, now);
    },
  };
}
