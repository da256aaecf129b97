import { fingerprint } from "../fingerprint.js";
import { noCache, type Cache } from "../model/cache.js";
import type { Costs, EntryCost, FieldCosts } from "../model/costs.js";
import type { Server } from "../model/server.js";
import type { Json, JsonObject } from "../model/source.js";
import { countTokens } from "./tokenizer.js";

/** The fields that clients show to models, by section; the first identifies an entry. */
const shown = {
  tools: ["name", "description", "inputSchema"],
  resources: ["uri", "name", "description", "mimeType"],
  resourceTemplates: ["uriTemplate", "name", "description", "mimeType"],
  prompts: ["name", "description", "arguments"],
} as const;

type Section = keyof typeof shown;

/** The parts of a surface that have a cost: a compiled server, or the lists of a running one. */
export type CostedSurface = Pick<Server, "instructions"> &
  Readonly<Record<Section, readonly { readonly listing: JsonObject }[]>>;

/** Returns the tokens of a surface. The tokens of an entry are cached by its text. */
export function costsOf(surface: CostedSurface, cache: Cache = noCache): Costs {
  const { instructions } = surface;
  const entries = [
    ...(instructions === undefined ? [] : [entryCost("instructions", [["instructions", instructions]], true, cache)]),
    ...(Object.keys(shown) as Section[]).flatMap((section) =>
      surface[section].map(({ listing }) => {
        const name = String(listing[shown[section][0]]);
        return entryCost(`${section}/${name}`, shownFields(section, listing), section === "tools", cache);
      }),
    ),
  ];
  return { total: sum(entries.filter(({ isAlwaysShown }) => isAlwaysShown).map(({ tokens }) => tokens)), entries };
}

type Field = readonly [name: string, text: string];

function shownFields(section: Section, listing: JsonObject): Field[] {
  return shown[section].flatMap((name): Field[] => {
    const value: Json | undefined = listing[name];
    if (value === undefined) return [];
    return [[name, typeof value === "string" ? value : JSON.stringify(value)]];
  });
}

function entryCost(entry: string, fields: readonly Field[], isAlwaysShown: boolean, cache: Cache): EntryCost {
  const counted = cache.memo("tokens", [fingerprint(JSON.stringify(fields))], (): FieldCosts =>
    Object.fromEntries(fields.map(([name, text]) => [name, countTokens(text)])),
  );
  return { entry, tokens: sum(Object.values(counted)), fields: counted, isAlwaysShown };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** Returns the field of an entry with the most tokens, and these. */
export function costliestField({ fields }: EntryCost): readonly [name: string, tokens: number] {
  return Object.entries(fields).reduce((most, each) => (each[1] > most[1] ? each : most), ["", 0]);
}
