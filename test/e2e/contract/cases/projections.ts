import { expect } from "vitest";
import { contents, toolEntry } from "../projections.js";
import type { Case } from "./case.js";

export const projections: readonly Case[] = [
  {
    name: "what the revision does not know is left out, or put in its words",
    async run({ call, request, version }) {
      const { tools } = (await request("tools/list")).result;
      expect(tools[0]).toEqual(toolEntry(version));
      expect((await call("content")).result.content).toEqual(contents(version));
      const { prompts } = (await request("prompts/list")).result;
      const titled = version >= "2025-06-18";
      expect([prompts[0].title, prompts[0].arguments[0].title]).toEqual(
        titled ? ["Review", "Code"] : [undefined, undefined],
      );
    },
  },
];
