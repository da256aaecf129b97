import { expect } from "vitest";
import type { Client } from "../client.js";
import type { Link } from "../link.js";

export interface Case {
  readonly name: string;
  /** Up to 2025-11-25 it needs a session. */
  readonly session?: true;
  /** Why it says nothing of a revision. */
  readonly without?: (version: string) => string | undefined;
  /** `open` makes another client, `line` a connection on which nothing has been said. */
  run(client: Client, open: (capabilities: object) => Promise<Client>, line: () => Promise<Link>): Promise<void>;
}

export const text = (answer: any): string => answer.result.content[0].text;
export const content = (answer: any): any => JSON.parse(text(answer));

/** The same status wherever there is one. */
export function expectStatus(client: Client, answer: any, status: number): void {
  const given = client.link.status(answer.id);
  if (given !== undefined) expect(given).toBe(status);
}

export const user = (method: string, params: any): object => {
  if (method === "roots/list") return { roots: [{ uri: "file:///work", name: "work" }] };
  if (method === "sampling/createMessage")
    return { role: "assistant", content: { type: "text", text: "Paris" }, model: "test" };
  return { action: "accept", content: params.message.includes("colour") ? { color: "blue" } : { name: "Ada" } };
};
export const withElicitation = (version: string): string | undefined =>
  version >= "2025-06-18" ? undefined : "elicitation came with 2025-06-18";
