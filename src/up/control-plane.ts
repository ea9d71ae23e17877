/** What `up` needs of the control plane. */
import type { Diagnostic } from "../base/diagnostic.js";
import type { ResourceRef } from "../config/resource.js";
import type { ConfigSnapshot } from "../config/snapshot.js";

/** A server on this machine that is called in place of a host outside the mesh. */
export interface StandIn {
  readonly host: string;
  readonly port: number;
  readonly address: string;
  readonly standInPort: number;
}

/** A proxy that is connected. */
export interface ProxyStatus {
  /** `NAME.NAMESPACE`. */
  readonly id: string;
  readonly synced: boolean;
  readonly lastNack?: string;
}

/** What a change of files changed. */
export interface Update {
  readonly changed: readonly {
    readonly ref: ResourceRef;
    readonly action: "added" | "changed" | "removed";
  }[];
  readonly newDiagnostics: readonly Diagnostic[];
  readonly clearedDiagnostics: readonly Diagnostic[];
}

/** What became of an update. */
export interface Settled {
  readonly update: Update;
  readonly concerned: number;
  readonly acknowledged: number;
  readonly rejected: readonly string[];
  readonly ms: number;
}

/** A running control plane. */
export interface ControlPlane {
  readonly plaintextPort: number;
  readonly tlsPort: number;
  readonly httpPort: number;
  /** PEM. */
  readonly rootCertificates: string;
  snapshot(): ConfigSnapshot;
  proxies(): readonly ProxyStatus[];
  createToken(request: {
    readonly namespace: string;
    readonly serviceAccount: string;
    readonly ttlMs: number;
    readonly uses: number;
  }): Promise<string>;
  setStandIns(standIns: readonly StandIn[]): void;
  onUpdate(listener: (update: Update) => void): () => void;
  onSettled(listener: (settled: Settled) => void): () => void;
  close(): Promise<void>;
}
