import type { Attempt, Authentication, SharedState, Unauthorized } from "../protocol/auth.js";
import type { Auth } from "../protocol/handlers.js";
import { withTimeout, maxWaitMs } from "../protocol/with-timeout.js";
import { bearerToken } from "./authorization-header.js";
import { challengeText } from "./challenge.js";
import { invalidToken, type AuthSettings, type AuthMethod, type MethodVerdict } from "./method.js";

export interface AuthenticationOptions extends AuthSettings {
  /** The authentication methods, in the order in which they are tried. */
  readonly methods: readonly ((common: AuthSettings) => AuthMethod)[];
}

/** Creates the authentication that the manifest declares under `runtime.auth`. Its methods neither throw nor reject. */
export function createAuthentication(options: AuthenticationOptions): Authentication {
  const methods = options.methods.map((create) => create(options));
  const published = () => methods.find((method) => method.published !== undefined)?.published;

  function from(
    first: number,
    token: string | undefined,
    attempt: Attempt,
    application: SharedState,
    refusal: Unauthorized | undefined,
  ): Auth | Unauthorized | Promise<Auth | Unauthorized> {
    let last = refusal;
    for (let at = first; at < methods.length; at += 1) {
      const verdict = verify(methods[at]!, token, attempt, application);
      if (verdict instanceof Promise) {
        return verdict.then(
          (settled) => decisive(settled) ?? from(at + 1, token, attempt, application, asRefusal(settled) ?? last),
        );
      }
      const settled = decisive(verdict);
      if (settled !== undefined) return settled;
      last = asRefusal(verdict) ?? last;
    }
    return last ?? (token === undefined ? missingCredentials : invalidToken());
  }

  return {
    async start(environment, secrets = new Set(), logger = () => {}) {
      const problems = await Promise.all(
        methods.map(async (method) => (await method.start?.(environment, secrets, logger)) ?? []),
      );
      return problems.flat();
    },
    stop: () => methods.forEach((method) => method.stop?.()),
    authenticate(attempt, application) {
      const token = bearerToken(attempt);
      if (typeof token === "object") return token;
      const verdict = from(0, token, attempt, application, undefined);
      return verdict instanceof Promise ? withTimeout(verdict, () => checkTimedOut) : verdict;
    },
    challenge: ({ error, message, scopes = options.requested }) =>
      challengeText({
        ...(error !== undefined && { error }),
        ...(error !== undefined && message !== undefined && { error_description: message }),
        ...(scopes.length > 0 && { scope: scopes.join(" ") }),
        ...(published() !== undefined && { resource_metadata: published()!.resourceMetadata }),
      }),
    get metadata() {
      return published()?.documents ?? noMetadata;
    },
  };
}

const noMetadata: ReadonlyMap<string, string> = new Map();

const missingCredentials: Unauthorized = {
  status: 401,
  message: "the request needs credentials: send the header Authorization: Bearer with a key or an access token",
};

/** The refusal if a check takes too long, such as a hook that waits for ever. */
const checkTimedOut: Unauthorized = {
  status: 503,
  message: "the credentials could not be checked in time; try again later",
  reason: `the check of the credentials has not ended within ${maxWaitMs} ms`,
};

function verify(
  method: AuthMethod,
  token: string | undefined,
  attempt: Attempt,
  application: SharedState,
): MethodVerdict | Promise<MethodVerdict> {
  try {
    const verdict = method.verify(token, attempt, application);
    return verdict instanceof Promise ? verdict.catch(checkFailed) : verdict;
  } catch (error) {
    return checkFailed(error);
  }
}

function checkFailed(reason: unknown): Unauthorized {
  return { status: 500, message: "the credentials could not be checked; the server's log says why", reason };
}

/** Returns a verdict that ends the search; `undefined` if the next method has to be tried. */
function decisive(verdict: MethodVerdict): Auth | Unauthorized | undefined {
  return verdict === undefined || asRefusal(verdict) !== undefined ? undefined : verdict;
}

/** Returns a refusal that another method may overrule. */
function asRefusal(verdict: MethodVerdict): Unauthorized | undefined {
  return verdict !== undefined && "status" in verdict && verdict.status === 401 ? verdict : undefined;
}
