import { beforeEach, describe, expect, it } from "vitest";
import type { Answer } from "../../../bench/fleet/answer.js";
import type { DeltaRequest } from "../../../bench/fleet/discovery-wire.js";
import type { KnownResource } from "../../../bench/fleet/known-resources.js";
import { createProxy, type Proxy } from "../../../bench/fleet/proxy.js";
import { TYPE_URL } from "../../../src/xds/resource.js";

const { cluster, endpoint, listener, route, virtualHost, secret } = TYPE_URL;

const shortName = (typeUrl = ""): string =>
  Object.entries(TYPE_URL).find(([, url]) => url === typeUrl)?.[0] ?? typeUrl;

/** `endpoint +a -b` or `endpoint ack n1`. */
function written({
  typeUrl,
  subscribe = [],
  unsubscribe = [],
  versions,
  nonce,
  node,
}: DeltaRequest) {
  const held = (versions ?? []).map((entry) => entry.toString());
  return [
    ...(node === undefined ? [] : ["node"]),
    shortName(typeUrl),
    ...subscribe.map((name) => `+${name}`),
    ...unsubscribe.map((name) => `-${name}`),
    ...held,
    ...(nonce === undefined ? [] : [`ack ${nonce}`]),
  ].join(" ");
}

function known(name: string, more: Partial<KnownResource> = {}): KnownResource {
  const nothing = { references: new Map(), takesVirtualHosts: false, field: Buffer.alloc(0) };
  return { name, versionField: Buffer.from(`${name}=1`), ...nothing, ...more };
}

const toEndpoints = (...names: string[]): Partial<KnownResource> => ({
  references: new Map([[endpoint, names]]),
});

let proxy: Proxy;
let nonces: number;
beforeEach(() => {
  proxy = createProxy(Buffer.from("node"));
  nonces = 0;
});

function receive(
  typeUrl: string,
  resources: readonly KnownResource[],
  removed: readonly string[] = [],
): readonly string[] {
  nonces += 1;
  const answer: Answer = { typeUrl, nonce: `n${nonces}`, resources, removed };
  return proxy.receive(answer).map(written);
}

/** Up to the point at which it has all that it asked for. */
function configure(): void {
  proxy.begin();
  receive(cluster, [known("a", toEndpoints("e"))]);
  receive(endpoint, [known("e")]);
  receive(listener, [known("l", { references: new Map([[route, ["80"]]]) })]);
  receive(route, [known("80", { takesVirtualHosts: true })]);
  receive(virtualHost, [known("80/h")]);
}

describe("a proxy of the fleet", () => {
  it("asks for one type after the other, and accepts clusters when their endpoints are there", () => {
    const toSecret = new Map([
      [endpoint, ["e"]],
      [secret, ["default"]],
    ]);
    expect(proxy.begin().map(written)).toEqual(["node cluster"]);
    expect(receive(cluster, [known("a", { references: toSecret }), known("b")])).toEqual([
      "endpoint +e",
      "secret +default",
    ]);
    expect(receive(endpoint, [known("e")])).toEqual([
      "cluster ack n1",
      "endpoint ack n2",
      "listener",
    ]);
    const toRoute = { references: new Map([[route, ["80"]]]) };
    expect(receive(listener, [known("l", toRoute)])).toEqual(["route +80", "listener ack n3"]);
    expect(receive(route, [known("80", { takesVirtualHosts: true })])).toEqual([
      "route ack n4",
      "virtualHost",
    ]);
    expect(receive(virtualHost, [known("80/h")])).toEqual(["virtualHost ack n5"]);
    expect(proxy.isConfigured()).toBe(false);
    expect(receive(secret, [], ["default"])).toEqual(["secret ack n6"]);
    expect(proxy.isConfigured()).toBe(true);
  });

  it("asks for what becomes of interest, and gives up what ceases to be", () => {
    configure();
    expect(receive(cluster, [known("a", toEndpoints("f"))], [])).toEqual(["endpoint +f -e"]);
    expect(receive(endpoint, [known("f")])).toEqual(["cluster ack n6", "endpoint ack n7"]);
    expect(receive(cluster, [], ["a"])).toEqual(["endpoint -f", "cluster ack n8"]);
  });

  it("keeps asking for what two resources refer to until neither does", () => {
    configure();
    receive(cluster, [known("b", toEndpoints("e"))]);
    receive(endpoint, [known("e")]);
    expect(receive(cluster, [], ["a"])).toEqual(["cluster ack n8"]);
    expect(receive(cluster, [], ["b"])).toEqual(["endpoint -e", "cluster ack n9"]);
  });

  it("comes back with all that it holds at once", () => {
    configure();
    expect(proxy.begin().map(written)).toEqual([
      "node cluster a=1",
      "listener l=1",
      "endpoint +e e=1",
      "route +80 80=1",
      "virtualHost 80/h=1",
    ]);
  });
});
