// The arguments of every tool, in the words of the frameworks that want zod.
import { z } from "zod";

export const shape = {
  a: z.number().describe("The first number."),
  b: z.number().describe("The second number."),
  label: z.string().min(1).max(200).optional().describe("What the sum is of; for the log alone."),
  rounding: z.enum(["none", "up", "down", "nearest"]).optional().describe("How to round the sum."),
  tags: z.array(z.string()).max(20).optional().describe("Words to find the sum by later."),
  options: z
    .strictObject({ digits: z.int().min(0).max(20), grouped: z.boolean().optional() })
    .optional()
    .describe("How to show it."),
};
export const input = z.strictObject(shape);

export const listening = (port) => process.stderr.write(`listening on http://127.0.0.1:${port}/mcp\n`);
