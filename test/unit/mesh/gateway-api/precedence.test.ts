import { expect, test } from "vitest";
import { seenFrom, virtualService } from "../../../../src/mesh/routing/virtual-service.js";
import { madeOf, route, tablesOf } from "./tables-of.js";

const SERVICE = `apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { ports: [{ name: http, port: 80 }] }`;

const written = (name: string, namespace: string, exportTo: string): string =>
  `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  hosts: [shop.default.svc.cluster.local]
  exportTo: ["${exportTo}"]
  http: [{ route: [{ destination: { host: shop.default.svc.cluster.local } }] }]`;

const SPEC =
  '{ parentRefs: [{ group: "", kind: Service, name: shop, namespace: default }], rules: [{ backendRefs: [{ name: shop, namespace: default, port: 80 }] }] }';

/** What a namespace sees of these for the Service, the one that wins first. */
function seenBy(namespace: string, ...texts: readonly string[]): readonly string[] {
  const context = {
    resolver: { domain: "cluster.local" },
    exportTo: ["*"],
  };
  const all = madeOf(tablesOf(SERVICE, ...texts)).virtualServices.map((one) =>
    virtualService(one, context),
  );
  return seenFrom(namespace, all).map(({ source }) => `${source.kind} ${source.name}`);
}

const PRODUCER = route("HTTPRoute", "producer", SPEC);
const CONSUMER = route("HTTPRoute", "consumer", SPEC, ", namespace: clients");

test("a route of the caller's namespace comes before what others export to everyone", () => {
  const texts = [written("public", "other", "*"), PRODUCER, CONSUMER];
  expect(seenBy("default", ...texts)).toEqual(["HTTPRoute producer", "VirtualService public"]);
  expect(seenBy("clients", ...texts)[0]).toBe("HTTPRoute consumer");
  expect(seenBy("clients", ...texts)).toHaveLength(3);
  expect(seenBy("elsewhere", ...texts)).not.toContain("HTTPRoute consumer");
});

test("a VirtualService for the caller's namespace alone comes before its routes", () => {
  const texts = [written("private", "clients", "."), CONSUMER];
  expect(seenBy("clients", ...texts)).toEqual(["VirtualService private", "HTTPRoute consumer"]);
});
