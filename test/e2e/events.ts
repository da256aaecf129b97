export interface ServerSentEvent {
  readonly id?: string;
  readonly text: string;
  /** The text as JSON; `undefined` when there is none. */
  readonly data: any;
}

/** Reads an event stream event by event; `undefined` at its end. */
export function events(response: Response): () => Promise<ServerSentEvent | undefined> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  return async () => {
    for (;;) {
      const end = rest.indexOf("\n\n");
      if (end !== -1) {
        const lines = rest.slice(0, end).split("\n");
        rest = rest.slice(end + 2);
        const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
        const text = field("data");
        if (text === undefined) continue;
        const id = field("id");
        return { ...(id !== undefined && { id }), text, data: /^\s*[{["]/.test(text) ? JSON.parse(text) : undefined };
      }
      const { done, value } = await reader.read();
      if (done) return undefined;
      rest += value;
    }
  };
}
