import { callerOf } from "../../protocol/caller.js";
import type { Server } from "../../protocol/exchange.js";
import type { Booking } from "../../protocol/ledger.js";
import type { HttpRequest, Refusal } from "./endpoint.js";

/** The maximum size of a body without a booking. */
export const unbookedBodyBytes = 1024;
/** The maximum unread output without a booking. */
export const unbookedUnreadBytes = 64 * 1024;

/**
 * Books a body while it arrives. Returns false if there is no room. `drop` is called when other callers need the room.
 */
export function bookBody({ ledger }: Server, request: HttpRequest, length: number, drop: () => void): boolean {
  if (length <= unbookedBodyBytes) return true;
  if (request.body !== undefined) return request.body.resize(length);
  const item = { kind: "body", most: Infinity, caller: callerOf(request.auth, request.remote) };
  request.body = ledger.book(item, drop, length);
  return request.body !== undefined;
}

export const noRoomForBody: Refusal = {
  status: 503,
  message: "the server has no room for this body; try again in a moment",
  headers: { "retry-after": "1" },
};

/** The booking of unread output, by its length in characters. */
export interface Unread {
  measure(length: number): void;
  release(): void;
}

/** Creates the booking of unread output. `drop` closes the connection of a slow client when there is no room. */
export function createUnread({ ledger }: Server, { auth, remote }: HttpRequest, drop: () => void): Unread {
  let booking: Booking | undefined;
  const release = (): void => {
    booking?.release();
    booking = undefined;
  };
  return {
    measure(length) {
      if (length <= unbookedUnreadBytes) return release();
      if (booking !== undefined) return booking.resize(2 * length) ? undefined : drop();
      booking = ledger.book({ kind: "unread", most: Infinity, caller: callerOf(auth, remote) }, drop, 2 * length);
      if (booking === undefined) drop();
    },
    release,
  };
}
