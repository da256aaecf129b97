import type { CountWords } from "../../generated/types.js";
import { speeds } from "../speeds.js";

/** Counts the words of a text, and estimates how many minutes it takes to read. */
export const countWords: CountWords = ({ text, speed }, { errors }) => {
  const words = text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0;
  if (words === 0) throw errors.noWords();
  return { words, minutes: Math.round((words / speeds[speed]) * 100) / 100 };
};
