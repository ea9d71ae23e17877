import { expect, test } from "vitest";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { onDeltaRequest } from "../../../src/xds/state/request/delta-request.js";
import { versionsOf } from "../../../src/xds/state/request/initial-versions.js";
import { onSotwRequest } from "../../../src/xds/state/request/sotw-request.js";
import { withView } from "../../../src/xds/state/stream-state.js";
import { createAskedView } from "../../../src/xds/stream/asked-view.js";
import { DeltaConversation, SotwConversation, viewOf } from "./conversation.js";
import { request } from "./incoming.js";

const BEFORE = viewOf({ cluster: ["A@1"], listener: ["L@1"] });
const NOW = viewOf({ cluster: ["A@2"], listener: ["L@2"] });

test("what is asked for first is that of now, though the stream was not looked at since", () => {
  const client = new DeltaConversation(BEFORE);
  client.subscribe("cluster");
  const view = createAskedView({ id: "a", view: () => NOW, closed: () => undefined });
  const asking = (typeUrl: string) =>
    view.noting(client.state, request({ typeUrl }), client.moment);
  expect(asking(TYPE_URL.listener).view).toBe(NOW);
  expect(asking(TYPE_URL.cluster)).toBe(client.state);
});

test("an answer reads nothing of the view, of which not all may be made", () => {
  const [delta, sotw] = [new DeltaConversation(BEFORE), new SotwConversation(BEFORE)];
  const read: string[] = [];
  const stateOf = (client: DeltaConversation | SotwConversation) => {
    client.subscribe("cluster");
    return withView(client.state, { get: (typeUrl) => void read.push(typeUrl) });
  };
  const typeUrl = TYPE_URL.cluster;
  const nothing = { subscribe: [], unsubscribe: [], initialVersions: versionsOf(new Map()) };
  const states = [
    onDeltaRequest(
      stateOf(delta),
      { typeUrl, ...nothing, nonce: delta.last("cluster").nonce },
      delta.moment,
    ),
    onSotwRequest(
      stateOf(sotw),
      { typeUrl, names: [], version: "1", nonce: sotw.last("cluster").nonce },
      sotw.moment,
    ),
  ];
  expect(read).toEqual([]);
  for (const { subscriptions } of states) expect(subscriptions).toMatchObject([{ inFlight: [] }]);
});
