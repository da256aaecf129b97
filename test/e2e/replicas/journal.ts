/**
 * The bookkeeping of the clients: what they asked, what they were told, and when. Times are milliseconds since the
 * journal began.
 */
export interface Journal {
  readonly now: () => number;
  /** The clients that could not connect, and why. */
  readonly unconnected: string[];
  readonly calls: Call[];
  readonly updates: Update[];
  readonly subscriptions: Subscription[];
  readonly tasks: Task[];
  readonly bursts: Burst[];
  readonly replays: Replay[];
  readonly runs: Run[];
  /** What broke, and when. */
  readonly chaos: Chaos;
}

/**
 * "refused": the server said no, or the tool failed. "broken": the connection ended without an answer, which leaves open
 * whether the tool ran. "hung": neither, until the client's time limit.
 */
export type Outcome = "answered" | "refused" | "broken" | "hung";

export interface Call {
  readonly client: string;
  readonly era: "legacy" | "modern";
  readonly tool: string;
  readonly lot?: string;
  readonly began: number;
  ended: number;
  outcome: Outcome;
  value?: any;
  status?: number;
  message?: string;
  /** The replicas that its requests and streams went to. */
  replicas: string[];
  readonly progress: number[];
}

export interface Update {
  readonly client: string;
  /** The number of the stream, for a client whose streams do not resume. */
  readonly stream: number;
  readonly lot: string;
  readonly at: number;
}

/** The time in which a client waits for updates of all watched lots. */
export interface Subscription {
  readonly client: string;
  /** A resumed stream is the same subscription; one that cannot resume ends with its connection. */
  readonly resumes: boolean;
  readonly stream: number;
  readonly began: number;
  ended?: number;
  problem?: string;
}

export interface Task {
  readonly client: string;
  readonly id: string;
  readonly owner: string;
  readonly created: number;
  /** The answer that `tasks/update` acknowledged. */
  isPaid?: boolean;
  ended?: number;
  status?: string;
  message?: string;
  result?: string;
  readonly problems: string[];
}

/** Requests of one caller, as fast as they are answered. */
export interface Burst {
  readonly began: number;
  readonly ended: number;
  readonly admitted: number;
  readonly refused: number;
}

/** A sealed state that was sent once more after the final answer. */
export interface Replay {
  readonly client: string;
  readonly at: number;
  readonly isRefused: boolean;
}

/** A tool's event stream, resumed after each few events. */
export interface Run {
  readonly client: string;
  readonly began: number;
  ended: number;
  readonly ids: string[];
  readonly replicas: string[];
  isComplete: boolean;
  problem?: string;
}

export interface Chaos {
  killed?: { readonly replica: string; readonly at: number; readonly gone: number };
  away?: { readonly from: number; until: number };
  ended: number;
}

export function createJournal(): Journal {
  const start = performance.now();
  return {
    now: () => performance.now() - start,
    unconnected: [],
    calls: [],
    updates: [],
    subscriptions: [],
    tasks: [],
    bursts: [],
    replays: [],
    runs: [],
    chaos: { ended: Infinity },
  };
}
