import type { ResourceView } from "../resource.js";
import type { Session } from "../session.js";
import type { Moment } from "../state/moment.js";
import { type StreamState, subscriptionTo } from "../state/stream-state.js";
import { transitionTo } from "../state/transition/transition.js";
import { NOTHING_ASKED, withRequest } from "./asked-names.js";
import type { Incoming } from "./dialect.js";

/** What a client should hold, given what it has asked for on its stream so far. */
export interface AskedView {
  readonly now: () => ResourceView;
  /**
   * The state to which a request is applied. When the request asks for something new, its view is made anew and has that too: so it
   * can be compared with what the client says that it holds. An older view may have nothing of that type yet.
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
