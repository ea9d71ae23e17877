/** What is kept of resources from before something of theirs was refused. */
import { expect, test } from "vitest";
import { createDiscovery } from "../../../src/app/discovery.js";
import { keepGood, type LastGood, withLastGood } from "../../../src/app/last-good.js";
import { decodeLastGood, encodeLastGood } from "../../../src/app/last-good-file.js";
import { watchEncoder } from "../../../src/app/withheld.js";
import { Engine } from "../../../src/base/engine.js";
import type { ConfigSnapshot } from "../../../src/config/snapshot.js";
import type { Refusal } from "../../../src/envoy/resource-set.js";
import { parseNode } from "../../../src/mesh/proxy.js";
import { createDirectory, service } from "../config/directory.js";
import { goldenEncoder } from "../golden/golden-case.js";

const routes = (uri: string, name = "shop"): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name} }
spec:
  hosts: [${name}]
  http: [{ rewrite: { uri: ${uri} }, route: [{ destination: { host: cart } }] }]
`;

const BAD = String.raw`"/a\nb"`;
const WORSE = String.raw`"/a\nc"`;
const ROUTES = { kind: "VirtualService", namespace: "default", name: "shop" };

const refusalOf = (...sources: Refusal["sources"]): Refusal => ({
  reason: "no",
  violations: [],
  sources,
});

/** A directory, and what is kept of it while it is looked at. */
function startKeeping(saved: readonly LastGood[] = []) {
  const directory = createDirectory();
  const services = service("cart") + "---\n" + service("shop");
  const start = directory.write({ "services.yaml": services, "routes.yaml": routes("/good") });
  const saves: (readonly LastGood[])[] = [];
  const errors: unknown[] = [];
  const keeping = keepGood({
    saved,
    tables: start.tables,
    save: async (kept) => {
      saves.push(kept);
      await Promise.resolve();
    },
    onError: (error) => errors.push(error),
  });
  const write = (text: string, ...refused: readonly Refusal[]): ConfigSnapshot => {
    const snapshot = directory.write({ "routes.yaml": text });
    keeping.follow(refused, snapshot.tables);
    return snapshot;
  };
  return { start, keeping, write, saves };
}

const uriOf = (kept: readonly LastGood[]): unknown => JSON.stringify(kept[0]?.good?.spec);

test("what had a part in what is refused is kept as it was before, until it is mended", async () => {
  const { keeping, write, saves } = startKeeping();
  const untouched = { kind: "Service", namespace: "default", name: "shop" };
  write(routes(BAD), refusalOf(ROUTES, untouched));
  expect(keeping.list().map(({ ref }) => ref)).toEqual([ROUTES]);
  expect(uriOf(keeping.list())).toContain("/good");
  write(routes(WORSE), refusalOf(ROUTES));
  expect(uriOf(keeping.list())).toContain("/good");
  write(routes("/mended"));
  expect(keeping.list()).toEqual([]);
  await keeping.close();
  expect(saves.map((kept) => kept.length)).toEqual([1, 1, 0]);
});

test("what is not the same as when it was refused, and refused by nobody now, is forgotten at the next look", () => {
  const first = startKeeping();
  first.write(routes(BAD), refusalOf(ROUTES));
  const again = startKeeping(first.keeping.list());
  again.write(routes(BAD));
  expect(again.keeping.list()).toHaveLength(1);
  again.write(routes("/other"));
  expect(again.keeping.list()).toEqual([]);
});

test("a resource that was not there before is kept as none", () => {
  const { keeping, write } = startKeeping();
  const made = { ...ROUTES, name: "cart" };
  const bad = write(`${routes("/good")}---${routes(BAD, "cart")}`, refusalOf(made));
  expect(keeping.list()).toMatchObject([{ ref: made }]);
  const { tables } = withLastGood(bad, decodeLastGood(encodeLastGood(keeping.list())));
  expect([...tables.VirtualService.keys()]).toEqual(["default/shop"]);
});

test("it is kept of 256 resources at most", () => {
  const { keeping, write } = startKeeping();
  const names = Array.from({ length: 300 }, (_, i) => `shop-${String(i)}`);
  const refs = names.map((name) => ({ ...ROUTES, name }));
  write(names.map((name) => routes(BAD, name)).join("---"), refusalOf(...refs));
  expect(keeping.list()).toHaveLength(256);
});

test("what is saved is read as it was, and of a spoiled file nothing", () => {
  const { keeping, write, start } = startKeeping();
  write(routes(BAD), refusalOf(ROUTES));
  const text = encodeLastGood(keeping.list());
  const read = decodeLastGood(text);
  expect(withLastGood(start, read).tables.VirtualService.get("default/shop")).toEqual(
    start.tables.VirtualService.get("default/shop"),
  );
  expect(read[0]?.refused).toBe(keeping.list()[0]?.refused);
  expect(decodeLastGood(text.slice(1))).toEqual([]);
  expect(decodeLastGood(text.replace('"version":1', '"version":2'))).toEqual([]);
  expect(decodeLastGood(text.replaceAll("VirtualService", "NoSuchKind"))).toEqual([]);
});

test("a proxy that is new is sent what was good in the place of what would be refused, whole and by itself", () => {
  const first = startKeeping();
  const bad = first.write(routes(BAD), refusalOf(ROUTES));
  const engine = new Engine();
  const { encoder } = watchEncoder(goldenEncoder(), engine);
  const sent = (lastGood: readonly LastGood[]) => {
    const discovery = createDiscovery(encoder, bad, new Engine(), () => lastGood);
    const id = "sidecar~10.0.0.1~a.default~default.svc.cluster.local";
    const proxy = parseNode({ id, metadata: {} });
    if ("invalid" in proxy) throw new Error(proxy.invalid);
    const { routes: whole, virtualHosts } = discovery.resourcesOf({
      proxy,
      controlPlane: undefined,
    });
    const texts = [
      whole.get("80")?.bytes,
      virtualHosts.get("80/shop.default.svc.cluster.local:80")?.bytes,
    ];
    return [...texts.map((bytes) => bytes?.includes("/good")), whole.get("80")?.leftOut?.length];
  };
  expect(sent([])).toEqual([false, false, 1]);
  expect(sent(first.keeping.list())).toEqual([true, true, 1]);
});
