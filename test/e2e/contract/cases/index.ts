import { asking } from "./asking.js";
import { calls } from "./calls.js";
import type { Case } from "./case.js";
import { broadcast } from "./changes.js";
import { listing } from "./lists.js";
import { opening } from "./opening.js";
import { projections } from "./projections.js";
import { prompts } from "./prompts.js";
import { streams } from "./streams.js";
import { wire } from "./wire.js";

/** What every transport does in every revision. */
export const cases: readonly Case[] = [
  ...opening,
  ...listing,
  ...calls,
  ...streams,
  ...asking,
  ...broadcast,
  ...prompts,
  ...projections,
  ...wire,
];
