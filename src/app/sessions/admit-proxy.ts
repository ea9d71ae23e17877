/** Lets a proxy in at one of the services for proxies, once it is found out who it is. */

import type { Authenticate } from "../../ca/caller/authenticate.js";
import { authorizeNode } from "../../ca/caller/authorize-node.js";
import { presentedBy } from "../../ca/caller/presented-by.js";
import type { Proof } from "../../ca/caller/proof.js";
import { CallRefused } from "../../grpc/call-refused.js";
import type { Caller } from "../../grpc/caller.js";
import { type StatusCode, status } from "../../grpc/status-code.js";
import { type InvalidNode, type Proxy, parseNode } from "../../mesh/proxy/proxy.js";
import type { OpenRequest } from "../../xds/session.js";

/** By what it is found out who a peer is, and who is told of those that are refused. */
export interface AdmissionOptions {
  readonly authenticate: Authenticate;
  /** Told of a peer that was refused, with what is never a secret. */
  readonly onRefused: (reason: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** A proxy that was let in. */
export interface AdmittedProxy {
  readonly proxy: Proxy;
  /** undefined on the plaintext port, where nobody is anyone. */
  readonly proof: Proof | undefined;
}

/**
 * The proxy that a peer is.
 * @throws CallRefused when it does not prove what it presents, is no proxy, or says that it is another than it proved
 */
export async function admitProxy(
  { node, peer }: Pick<OpenRequest, "node" | "peer">,
  options: AdmissionOptions,
): Promise<AdmittedProxy> {
  const proof = await proofOf(peer, options);
  const proxy = proxyOf(node);
  if ("invalid" in proxy) return refuse(status.INVALID_ARGUMENT, proxy.invalid);
  const authorization = proof && authorizeNode(proof, proxy);
  if (authorization?.kind === "denied") {
    options.onRefused("identity", { detail: authorization.message, peer: peer.name });
    return refuse(authorization.code, authorization.message);
  }
  return { proxy, proof };
}

async function proofOf(
  peer: Caller,
  { authenticate, onRefused }: AdmissionOptions,
): Promise<Proof | undefined> {
  const result = await authenticate(presentedBy(peer));
  switch (result.kind) {
    case "anonymous":
      return undefined;
    case "proved":
      return result.proof;
    case "refused": {
      const { code, message, reason, detail } = result.refusal;
      onRefused(reason, { detail, peer: peer.name });
      return refuse(code, message);
    }
  }
}

/** The node's metadata as plain JSON, and its locality. */
function proxyOf({
  id,
  cluster,
  metadata = {},
  locality,
}: OpenRequest["node"]): Proxy | InvalidNode {
  const { region = "", zone = "", subZone = "" } = locality ?? {};
  return parseNode({ id, cluster, metadata, locality: { region, zone, subZone } });
}

function refuse(code: StatusCode, message: string): never {
  throw new CallRefused(code, message);
}
