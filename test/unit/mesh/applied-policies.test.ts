import { beforeEach, expect, test } from "vitest";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import { meshConfigOf } from "../../../src/config/mesh-config/mesh-config.js";
import { createConfigStore } from "../../../src/config/store/config-store.js";
import { createMesh } from "../../../src/mesh/create-mesh.js";
import type { PolicySubject } from "../../../src/mesh/policy-targets.js";
import {
  type AppliedPolicies,
  createAppliedPolicies,
} from "../../../src/mesh/security/applied-policies.js";

/** A policy of a kind, with what it is for. */
const policy = (name: string, spec = "{}", kind = "AuthorizationPolicy"): string => {
  const [own = "", namespace = "default"] = name.split(".");
  return `apiVersion: security.istio.io/v1
kind: ${kind}
metadata: { name: ${own}, namespace: ${namespace} }
spec: ${spec}
`;
};

const SHOP = "{ selector: { matchLabels: { app: shop } } }";
const OTHER = "{ selector: { matchLabels: { app: other } } }";
const GATEWAY = "{ targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }] }";
const SERVICE = "{ targetRefs: [{ kind: Service, name: shop }] }";

const shop: PolicySubject = { namespace: "default", labels: { app: "shop", version: "v1" } };
const edge: PolicySubject = {
  namespace: "default",
  labels: { "gateway.networking.k8s.io/gateway-name": "edge" },
};

/** What applies to a workload when these policies, and no others, are there; a policy of before is the same object. */
let applied: (texts: readonly string[], subject: PolicySubject) => AppliedPolicies;

beforeEach(() => {
  const engine = new Engine();
  const mesh = createMesh(engine);
  const find = createAppliedPolicies(engine);
  const config = meshConfigOf(undefined);
  const store = createConfigStore({ engine });
  applied = (texts, subject) => {
    const text = texts.join("---\n");
    const { tables } = store.update({
      roots: [],
      changed: [{ type: "text", root: "mesh", path: "mesh/a.yaml", text }],
      removed: [],
      isComplete: true,
    });
    const { security } = mesh({ snapshot: { tables }, config, proxies: Table.empty() });
    return find(security, config.rootNamespace, subject);
  };
});

const namesOf = ({ authorization }: AppliedPolicies): readonly string[] =>
  authorization.map(({ metadata }) => metadata.name);

test("applies what is for the whole mesh, then what is for the namespace and the workload", () => {
  const policies = [
    policy("z-mesh.istio-system"),
    policy("a-namespace"),
    policy("b-shop", SHOP),
    policy("other", OTHER),
    policy("elsewhere.elsewhere", SHOP),
    policy("mesh-shop.istio-system", SHOP),
  ];
  expect(namesOf(applied(policies, shop))).toEqual([
    "mesh-shop",
    "z-mesh",
    "a-namespace",
    "b-shop",
  ]);
});

test("checks tokens as the namespace says before it does as the whole mesh says", () => {
  const tokens = (name: string, spec?: string): string =>
    policy(name, spec, "RequestAuthentication");
  const policies = [tokens("a-mesh.istio-system"), tokens("z-namespace"), tokens("shop", SHOP)];
  const { requestAuthentication } = applied(policies, shop);
  expect(requestAuthentication.map(({ metadata }) => metadata.name)).toEqual([
    "shop",
    "z-namespace",
    "a-mesh",
  ]);
});

test("applies what is attached to a gateway to that gateway alone, and what is for services to nobody", () => {
  const policies = [policy("at-edge", GATEWAY), policy("at-service", SERVICE)];
  expect(namesOf(applied(policies, edge))).toEqual(["at-edge"]);
  expect(namesOf(applied(policies, shop))).toEqual([]);
  const elsewhere = { ...edge, namespace: "elsewhere" };
  expect(namesOf(applied(policies, elsewhere))).toEqual([]);
});

test("stays the same object for workloads that an edit does not concern", () => {
  const policies = [policy("shop", SHOP), policy("tokens", SHOP, "RequestAuthentication")];
  const before = applied(policies, shop);
  expect(before.requestAuthentication).toHaveLength(1);
  expect(applied([...policies, policy("other", OTHER)], shop)).toBe(before);
  expect(applied(policies, { ...shop, labels: { app: "shop" } })).toBe(before);
  const changed = applied([...policies, policy("new", SHOP)], shop);
  expect(changed).not.toBe(before);
  expect(namesOf(changed)).toEqual(["new", "shop"]);
});
