import type { ResourceView } from "../resource.js";
import type { Session } from "../session.js";
import type { Moment } from "../state/moment.js";
import { type StreamState, subscriptionTo } from "../state/stream-state.js";
import { transitionTo } from "../state/transition.js";
import { NOTHING_ASKED, withRequest } from "./asked-names.js";
import type { Incoming } from "./dialect.js";

/** What a client should hold, by what it has asked for on its stream so far. */
export interface AskedView {
  readonly now: () => ResourceView;
  /**
   * The state before a request is applied. What the request asks for first is in its view then, so that it is compared
   * with what the client says that it holds; and it is that of now: an older view may have nothing of that type made yet.
   */
  readonly noting: (state: StreamState, request: Incoming, moment: Moment) => StreamState;
}

/** The view of a session's client, which has asked for nothing. */
export function createAskedView(session: Session): AskedView {
  const { askedTypes } = session;
  let asked = NOTHING_ASKED;
  return {
    now: () => session.view(asked),
    noting: (state, request, moment) => {
      const before = asked;
      if (askedTypes !== undefined) asked = withRequest(before, request, askedTypes);
      const isNew = asked !== before || subscriptionTo(state, request.typeUrl) === undefined;
      return isNew ? transitionTo(state, session.view(asked), moment) : state;
    },
  };
}
