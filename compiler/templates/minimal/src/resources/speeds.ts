import type { SpeedsResource } from "../../generated/types.js";
import { speeds as wordsPerMinute } from "../speeds.js";

/** The speeds of readers, in words per minute. */
export const speeds: SpeedsResource = () => JSON.stringify(wordsPerMinute);
