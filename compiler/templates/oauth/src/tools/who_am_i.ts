import type { WhoAmI } from "../../generated/types.js";

/** Returns the name of the caller, as the access token has it. */
export const whoAmI: WhoAmI = (_input, { auth: { principal, claims } }) => {
  const name = claims["name"] ?? claims["preferred_username"] ?? principal;
  return { name: typeof name === "string" ? name : "unknown" };
};
