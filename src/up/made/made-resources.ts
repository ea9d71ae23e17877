/** The resources by which `up` tells the control plane what it runs and made: one file for each, as JSON. */

import { INJECT } from "../../config/kinds/kubernetes/injection-labels.js";
import { withCanonicalLabels } from "../../envoy/bootstrap/node.js";
import type { Labels } from "../../mesh/labels.js";
import { TLS_MODE_LABEL } from "../../mesh/workload/workload.js";
import type { LocalPod } from "../pods/pods.js";
import type { LocalWorkload } from "../pods/workloads.js";
import { fileNameOf } from "../state/file-name.js";
import type { GatewayCredential } from "./gateway-credentials.js";
import { MADE_ANNOTATIONS } from "./made.js";
import type { MadeServicePort } from "./missing-gateways.js";

/** A file of the directory that the control plane reads beside the user's. */
export interface MadeFile {
  readonly name: string;
  readonly text: string;
}

/** A certificate with its key, and the root that signed it; PEM. */
export interface CredentialPems {
  readonly certificate: string;
  readonly key: string;
  readonly root: string;
}

interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Labels;
  readonly ownerReferences?: readonly object[];
}

/** The Pod of a replica that runs at an address. */
export function podFile(pod: LocalPod, address: string, ready: boolean): MadeFile {
  const { name, namespace, serviceAccount } = pod;
  return madeFile(
    { apiVersion: "v1", kind: "Pod" },
    {
      name,
      namespace,
      labels: podLabels(pod),
      ...(pod.workloadName === name ? {} : { ownerReferences: [ownerOf(pod)] }),
    },
    {
      spec: {
        serviceAccountName: serviceAccount,
        containers: containersOf(pod),
      },
      status: {
        phase: "Running",
        podIP: address,
        podIPs: [{ ip: address }],
        conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      },
    },
  );
}

const ownerOf = ({ workloadKind, workloadName }: LocalPod): object => ({
  apiVersion: "apps/v1",
  kind: workloadKind,
  name: workloadName,
  controller: true,
});

const PROXY_CONTAINER = "istio-proxy";

/** That which a gateway consists of has an image, as in Kubernetes: by this analyses know that it is in the mesh. */
function containersOf({ containers, proxy }: LocalPod): readonly object[] {
  const declared = containers.map(({ name, ports = [] }) => ({ name, ports }));
  if (proxy !== "router") return declared;
  const own = declared.find(({ name }) => name === PROXY_CONTAINER);
  const { ports } = own ?? { ports: [] };
  return [
    ...declared.filter((one) => one !== own),
    { name: PROXY_CONTAINER, image: "envoy", ports },
  ];
}

/** The labels of a pod, with those that Istio's injection adds: nothing of TLS to a gateway. */
function podLabels({ labels, proxy, workloadName }: LocalPod): Labels {
  switch (proxy) {
    case "none":
      // Said, because a sidecar that has just gone still counts for a while.
      return { ...labels, [TLS_MODE_LABEL]: "disabled" };
    case "router":
      // A gateway is no application with a sidecar, in whatever namespace it is.
      return withCanonicalLabels({ [INJECT]: "false", ...labels }, workloadName);
    case "sidecar":
      return { ...withCanonicalLabels(labels, workloadName), [TLS_MODE_LABEL]: "istio" };
  }
}

/** The Service in front of a made gateway. */
export function gatewayServiceFile(
  { name, namespace, labels }: LocalWorkload,
  ports: readonly MadeServicePort[],
): MadeFile {
  return madeFile(
    { apiVersion: "v1", kind: "Service" },
    { name, namespace, labels },
    { spec: { type: "LoadBalancer", selector: labels, ports } },
  );
}

/** The Secret of a gateway's development certificate. */
export function credentialFile(
  { name, namespace }: GatewayCredential,
  pems: CredentialPems,
): MadeFile {
  return madeFile(
    { apiVersion: "v1", kind: "Secret" },
    { name, namespace },
    {
      type: "kubernetes.io/tls",
      stringData: { "tls.crt": pems.certificate, "tls.key": pems.key, "ca.crt": pems.root },
    },
  );
}

function madeFile(
  type: { readonly apiVersion: string; readonly kind: string },
  metadata: Metadata,
  body: object,
): MadeFile {
  const { name, namespace } = metadata;
  const resource = { ...type, metadata: { ...metadata, annotations: MADE_ANNOTATIONS }, ...body };
  return {
    // No name of a resource has an underscore, so no two resources share a file.
    name: `${fileNameOf([type.kind.toLowerCase(), namespace, name].map(encodeURIComponent).join("_"))}.json`,
    text: `${JSON.stringify(resource, undefined, 2)}\n`,
  };
}
