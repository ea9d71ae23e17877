import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { fromBinary, type JsonValue, toJson } from "@bufbuild/protobuf";
import Type, { type Static } from "typebox";
import { Engine } from "../../src/base/engine/engine.js";
import { Table } from "../../src/base/table/table.js";
import type { ResourceOf } from "../../src/config/kinds.js";
import type { ExtensionProvider } from "../../src/config/mesh-config/extension-provider.js";
import { type MeshConfig, meshConfigOf } from "../../src/config/mesh-config/mesh-config.js";
import { parseOffline } from "../../src/config/parse-offline.js";
import { readMetadata } from "../../src/config/reading/metadata.js";
import { keyOf } from "../../src/config/resource.js";
import { parseSection } from "../../src/config/yaml/parse-section.js";
import { authorizationFilters } from "../../src/envoy/authorization/authorization.js";
import { createEncoder } from "../../src/envoy/resource/encoder.js";
import { createMesh } from "../../src/mesh/create-mesh.js";
import type { Mesh } from "../../src/mesh/mesh.js";
import { createAppliedPolicies } from "../../src/mesh/security/applied-policies.js";
import { defineSuite } from "./suite.js";

type Case = Static<typeof Case>;
const Case = Type.Object({
  proto: Type.Union([Type.Literal("http"), Type.Literal("tcp")]),
  input: Type.String(),
  extensionProviders: Type.Array(Type.Unknown()),
  isCustomBuilder: Type.Boolean(),
  trustDomains: Type.Array(Type.String()),
  proxy: Type.Object({
    namespace: Type.String(),
    labels: Type.Record(Type.String(), Type.String()),
  }),
  /** `HOST (ns NAMESPACE)`. */
  services: Type.Array(Type.String()),
  expectedMessage: Type.String(),
  expected: Type.Array(Type.Object({})),
});

type Policy = ResourceOf<"AuthorizationPolicy">;

/** Which filters Istio makes of AuthorizationPolicies: the same messages, field by field. */
export const authz = defineSuite("authz", Case, (one) => {
  const got = filtersOf(one).map((filter) => canonical(one.expectedMessage, filter));
  const expected = one.expected.map((filter) => canonical(one.expectedMessage, filter));
  return { passed: isDeepStrictEqual(got, expected), got: print(got), expected: print(expected) };
});

const encoder = createEncoder(
  readFileSync(fileURLToPath(new URL("../../gen/envoy.binpb", import.meta.url))),
);

/** A message as its bytes say it: without what the way of writing it adds. */
function canonical(typeName: string, json: object): JsonValue {
  const schema = encoder.registry.getMessage(typeName);
  if (schema === undefined) throw new Error(`no type ${typeName}`);
  const { bytes } = encoder.encode(typeName, json);
  return toJson(schema, fromBinary(schema, bytes), { registry: encoder.registry });
}

const print = (value: readonly JsonValue[]): string => JSON.stringify(value, undefined, 1);

/** Istio's table knows custom policies and the others apart, and never both of a proxy. */
function filtersOf(one: Case): readonly object[] {
  const { security, config } = meshOf(one);
  const applied = createAppliedPolicies(new Engine())(security, config.rootNamespace, one.proxy);
  const policies = applied.authorization.filter(
    ({ spec }) => (spec.action === "CUSTOM") === one.isCustomBuilder,
  );
  const { custom, http, network } = authorizationFilters(policies, {
    trustDomains: one.trustDomains,
    providers: config.extensionProviders,
    hostOf: (service) => security.providerHosts.get(service),
    hasCluster: () => true,
  });
  return one.proto === "tcp" ? network : [...custom, ...http];
}

/** A mesh of the case's policies and providers as they stand, for some are such as no check lets through. */
function meshOf({ input, services, extensionProviders }: Case): Mesh {
  const text = services.map(serviceEntry).join("---\n");
  const { tables } = parseOffline([{ path: "services.yaml", text }]);
  const policies = readPolicies(input).map((one) => [keyOf(one.metadata), one] as const);
  const config: MeshConfig = {
    ...meshConfigOf(undefined),
    extensionProviders: extensionProviders as ExtensionProvider[],
  };
  return createMesh(new Engine())({
    snapshot: { tables: { ...tables, AuthorizationPolicy: Table.from(policies) } },
    config,
    proxies: Table.empty(),
  });
}

function serviceEntry(service: string): string {
  const [, host = "", namespace = ""] = /^(\S+) \(ns (\S+)\)$/.exec(service) ?? [];
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: service, namespace: ${namespace} }
spec:
  hosts: [${host}]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: NONE
`;
}

type WrittenPolicy = Omit<Policy, "spec"> & { readonly spec?: Policy["spec"] };

function readPolicies(text: string): readonly Policy[] {
  const parsed = parseSection(text);
  if (parsed.error !== undefined) throw new Error(parsed.error.message);
  return parsed.documents.map((document) => {
    const { apiVersion, metadata, spec } = document as WrittenPolicy;
    const read = readMetadata(metadata, false);
    if (read.metadata === undefined) throw new Error("a policy without a name");
    return {
      kind: "AuthorizationPolicy",
      apiVersion,
      metadata: read.metadata,
      spec: spec ?? {},
    };
  });
}
