/** Edits of resources of many kinds, of some workload, namespace or host of a mesh: each file is there before it is edited. */
import { hostOf, type MeshShape, namespaceOf } from "./mesh-shape.js";

/** One file that is edited again and again. */
export interface KindEdit {
  /** What people would call it. */
  readonly name: string;
  /** The file after so many edits. */
  readonly text: (edit: number) => string;
}

interface Written {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly spec: object;
}

/** JSON is YAML. */
const fileOf = ({ group, kind, namespace, spec }: Written): string =>
  JSON.stringify({ apiVersion: group, kind, metadata: { name: "edited", namespace }, spec });

const NETWORKING = "networking.istio.io/v1";
const SECURITY = "security.istio.io/v1";
const TELEMETRY = "telemetry.istio.io/v1";

/** The service, with its namespace, that the edits concern. */
const EDITED = 3;

const rulesFor = (edit: number): object => ({
  rules: [{ to: [{ operation: { paths: [`/edit-${edit}`] } }] }],
});

const modeOf = (edit: number): object => ({
  mtls: { mode: edit % 2 === 0 ? "STRICT" : "DISABLE" },
});

const limitOf = (edit: number): object => ({
  trafficPolicy: { connectionPool: { tcp: { maxConnections: 100 + edit } } },
});

/** The edits that are measured. */
export function kindEdits(shape: MeshShape): readonly KindEdit[] {
  const namespace = namespaceOf(shape, EDITED);
  const host = hostOf(shape, EDITED);
  const selector = { matchLabels: { app: `svc-${EDITED}` } };
  const root = "istio-system";
  const edit = (
    name: string,
    written: Omit<Written, "namespace" | "spec"> & { readonly namespace?: string },
    spec: (count: number) => object,
  ): KindEdit => ({
    name,
    text: (count) => fileOf({ namespace, ...written, spec: spec(count) }),
  });
  const policy = { group: SECURITY, kind: "AuthorizationPolicy" };
  const authentication = { group: SECURITY, kind: "PeerAuthentication" };
  const rule = { group: NETWORKING, kind: "DestinationRule" };
  return [
    edit("AuthorizationPolicy of a workload", policy, (n) => ({ selector, ...rulesFor(n) })),
    edit("AuthorizationPolicy of a namespace", policy, rulesFor),
    edit("AuthorizationPolicy of the mesh", { ...policy, namespace: root }, (n) => ({
      action: "DENY",
      ...rulesFor(n),
    })),
    edit("mutual TLS of a workload", authentication, (n) => ({ selector, ...modeOf(n) })),
    edit("mutual TLS of a namespace", authentication, modeOf),
    edit("Telemetry of a namespace", { group: TELEMETRY, kind: "Telemetry" }, (n) => ({
      accessLogging: [
        { providers: [{ name: "envoy" }], filter: { expression: `response.code >= ${400 + n}` } },
      ],
    })),
    edit("Sidecar of a namespace", { group: NETWORKING, kind: "Sidecar" }, (n) => ({
      egress: [{ hosts: ["./*", `${namespaceOf(shape, EDITED + 1 + (n % 2))}/*`] }],
    })),
    edit("DestinationRule of a host", rule, (n) => ({ host, ...limitOf(n) })),
    edit("private DestinationRule", rule, (n) => ({ host, exportTo: ["."], ...limitOf(n) })),
    edit("a service comes, another goes", { group: NETWORKING, kind: "ServiceEntry" }, (n) => ({
      hosts: [`edited-${n}.example.com`],
      location: "MESH_EXTERNAL",
      resolution: "DNS",
      ports: [{ number: 80, name: "http", protocol: "HTTP" }],
    })),
    edit("a workload moves", { group: NETWORKING, kind: "WorkloadEntry" }, (n) => ({
      address: `127.230.0.${n + 1}`,
      labels: { app: `svc-${EDITED}` },
    })),
  ];
}
