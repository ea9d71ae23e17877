/**
 * All subscriptions have one shape, whatever happened to them. V8 can be asked for that; where they have several, each edit
 * costs all proxies a twentieth more.
 */
import { setFlagsFromString } from "node:v8";
import { runInThisContext } from "node:vm";
import { expect, test } from "vitest";
import type { Subscription } from "../../../src/xds/state/subscription/subscription.js";
import { DeltaConversation, viewOf } from "./conversation.js";

setFlagsFromString("--allow-natives-syntax");
const haveOneShape = runInThisContext("(a, b) => %HaveSameMap(a, b)") as (
  a: object,
  b: object,
) => boolean;
// It is compiled when it is called first, and what comes after it should not know this syntax.
haveOneShape({}, {});
setFlagsFromString("--no-allow-natives-syntax");

const shapesOf = (subscriptions: readonly Subscription[]): number =>
  subscriptions.filter((one, i) => !subscriptions.slice(0, i).some((it) => haveOneShape(it, one)))
    .length;

test("subscriptions that were sent, accepted, refused, widened and resumed have one shape", () => {
  const seen: Subscription[] = [];
  const client = new DeltaConversation(viewOf({ cluster: ["A@1"], listener: ["L@1"] }));
  const look = (): void => {
    seen.push(...client.state.subscriptions);
  };
  client.subscribe("cluster");
  look();
  client.ackAll();
  look();
  client.change({ cluster: ["A@2", "B@1"] });
  look();
  client.nack("cluster");
  look();
  client.ackAll();
  client.request("listener", { subscribe: ["L"], versions: { L: "0" } });
  look();
  client.request("listener", { subscribe: ["*"] });
  client.ackAll();
  client.unsubscribe("listener", "L");
  look();
  expect(new Set(seen).size).toBeGreaterThan(6);
  expect(shapesOf(seen)).toBe(1);
});
