import type { JsonObject } from "../../../compiler/model/source.js";
import type { ProfileName } from "../../../compiler/projections/index.js";

interface Projected {
  readonly schema: JsonObject;
  /** The tool's description, if it changes. */
  readonly description?: string;
  readonly losses?: readonly string[];
}

/** A schema, and its projections for some profiles. */
export interface Case {
  readonly what: string;
  readonly schema: JsonObject;
  readonly projections: Readonly<Partial<Record<ProfileName, Projected | "as it is">>>;
}
