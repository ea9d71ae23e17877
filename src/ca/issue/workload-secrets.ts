/** The certificates of workloads as Envoy is given them over SDS: issued when first needed, renewed while needed. */
import { defined } from "../../base/defined.js";
import type { InTurn } from "../../base/steps/in-turn.js";
import { someAtOnce } from "../../base/steps/some-at-once.js";
import type { Authority, IssuedCertificate } from "../authority/authority.js";
import type { Buckets } from "../buckets.js";
import type { Proof } from "../caller/proof.js";
import { formatSpiffeId, identityKey, type WorkloadIdentity } from "../spiffe-id.js";
import { type Renewal, type RenewalOptions, startRenewal } from "./renewed-certificate.js";
import type { WorkloadStore } from "./workload-store.js";

/** An Envoy resource of type Secret, encoded. Its bytes hold a private key: for the one proxy that proved it, nobody else. */
export interface SecretResource {
  readonly name: string;
  readonly version: string;
  readonly bytes: Buffer;
}

/** Encodes canonical protobuf JSON of a message type. */
export type Encode = (
  typeName: string,
  json: object,
) => { readonly bytes: Buffer; readonly version: string };

/** The names under which Envoys of the mesh ask, as Istio's. */
const CERTIFICATE_SECRET = "default";
const ROOTS_SECRET = "ROOTCA";
const SECRET_TYPE = "envoy.extensions.transport_sockets.tls.v3.Secret";

/** A hold on the secrets of an identity. */
export interface SecretLease {
  readonly identity: WorkloadIdentity;
  /** `default` and `ROOTCA` as they are now; the same objects until one of them is renewed. */
  resources(): readonly SecretResource[];
  /**
   * Lets go. An identity that nobody holds is kept until its renewal is due, for a proxy that comes back, unless so many
   * are kept that another one needs its place.
   */
  release(): void;
}

/** See the top of this file. */
export interface WorkloadSecrets {
  /**
   * Takes hold of the secrets of a proved identity, and of no other, whose certificate describes its workload by this text, unless
   * the identity has had too many others made; issues one if there is none yet.
   * @throws CertificateError
   */
  hold(proof: Proof, description?: string): Promise<SecretLease>;
  /** The secret of the roots, as everyone is given it now. */
  roots(): SecretResource;
  /** Looks anew whom proxies are to trust, and who is revoked: who is held is told of it. */
  trustChanged(): void;
  /** Ends all renewals; resolves when no certificate is being issued or saved any more. */
  stop(): Promise<void>;
}

/** What the secrets are made with. */
export interface WorkloadSecretsOptions extends RenewalOptions {
  readonly authority: Pick<Authority, "issueWorkload">;
  /** How proxies check each other, as Envoy's CertificateValidationContext. */
  readonly validation: () => object;
  /** Whether a certificate, PEM, is revoked; such a one is replaced at once. */
  readonly revoked: (chain: string) => boolean;
  readonly store: WorkloadStore;
  /** How many certificates with other descriptions an identity may have made, by its SPIFFE ID. */
  readonly descriptions: Buckets;
  /** Of more identities than this those alone are kept that are held; 4096 when absent. */
  readonly mostKept?: number;
  readonly encode: Encode;
  /** Told when the secrets of an identity that is held are others than before. */
  readonly onChange: (identity: WorkloadIdentity) => void;
}

/** An identity whose secrets are kept fresh. */
interface KeptIdentity {
  readonly identity: WorkloadIdentity;
  readonly holders: Set<SecretLease>;
  resources: readonly SecretResource[];
  /** Rejects when its first certificate could not be issued. */
  readonly started: Promise<Renewal>;
}

/**
 * So many certificates are made at once. Each takes some milliseconds of the one thread: a fleet that starts would keep edits from all
 * others for as long as it takes to make all of its certificates.
 */
const AT_ONCE = 2;

/** Keeps nothing yet. */
export function createWorkloadSecrets(options: WorkloadSecretsOptions): WorkloadSecrets {
  const inTurn = someAtOnce(AT_ONCE);
  let roots = encodeRoots(options);
  const kept = new Map<string, KeptIdentity>();
  const keep = (key: string, identity: WorkloadIdentity): KeptIdentity => {
    const entry: KeptIdentity = {
      identity,
      holders: new Set(),
      resources: [],
      started: startKeeping(
        identity,
        { ...options, inTurn },
        {
          onRenewed: (certificate) => {
            const isFirst = entry.resources.length === 0;
            entry.resources = [encodeCertificate(options.encode, certificate), roots];
            if (!isFirst) options.onChange(identity);
          },
          wanted: () => entry.holders.size > 0 || !kept.delete(key),
        },
      ),
    };
    kept.set(key, entry);
    entry.started.catch(() => kept.delete(key));
    return entry;
  };
  return {
    async hold(proof, description) {
      const identity = spareIdentity(identityOf(proof, description), kept, options.descriptions);
      const key = identityKey(identity);
      const entry = kept.get(key) ?? keep(key, identity);
      const lease: SecretLease = {
        identity,
        resources: () => entry.resources,
        release: () => entry.holders.delete(lease),
      };
      entry.holders.add(lease);
      if (kept.size > (options.mostKept ?? MOST_KEPT)) forgetOldest(kept, options.store);
      await entry.started;
      return lease;
    },
    roots: () => roots,
    trustChanged() {
      roots = encodeRoots(options);
      for (const entry of kept.values()) {
        const [certificate] = entry.resources;
        // Its first certificate is on its way, and will come with these.
        if (certificate === undefined) continue;
        entry.resources = [certificate, roots];
        options.onChange(entry.identity);
        renewRevoked(entry, options);
      }
    },
    async stop() {
      const ended = [...kept.values()].map(stopKeeping);
      kept.clear();
      await Promise.all(ended);
      await options.store.close();
    },
  };
}

/** A proxy that comes again and again may describe itself otherwise each time. */
const MOST_KEPT = 4096;

/** Forgets the identity that nobody holds and that was kept first. */
function forgetOldest(kept: Map<string, KeptIdentity>, store: WorkloadStore): void {
  const oldest = [...kept].find(([, { holders }]) => holders.size === 0);
  if (oldest === undefined) return;
  const [key, entry] = oldest;
  kept.delete(key);
  void stopKeeping(entry).then(() => {
    store.forget(entry.identity);
  });
}

function stopKeeping({ started }: KeptIdentity): Promise<void> {
  return started.then(
    (renewal) => renewal.stop(),
    // There is nothing to stop; who waits for it was told.
    () => undefined,
  );
}

/** The same without its description, where that is another one and there were too many. */
function spareIdentity(
  { description, ...others }: WorkloadIdentity,
  kept: ReadonlyMap<string, unknown>,
  descriptions: Buckets,
): WorkloadIdentity {
  if (description === undefined) return others;
  const described = { ...others, description };
  if (kept.has(identityKey(described))) return described;
  const id = formatSpiffeId(others);
  if (!descriptions.has(id)) return others;
  descriptions.take(id);
  return described;
}

function identityOf(
  { trustDomain, namespace, serviceAccount, labels }: WorkloadIdentity,
  description: string | undefined,
): WorkloadIdentity {
  return { trustDomain, namespace, serviceAccount, ...defined({ labels, description }) };
}

function renewRevoked({ started }: KeptIdentity, { revoked }: WorkloadSecretsOptions): void {
  started.then(
    ({ current, renewNow }) => {
      if (revoked(current().chain)) renewNow();
    },
    // Who waits for it was told.
    () => undefined,
  );
}

async function startKeeping(
  identity: WorkloadIdentity,
  { authority, store, inTurn, ...options }: WorkloadSecretsOptions & { readonly inTurn: InTurn },
  { onRenewed, wanted }: Required<Pick<Parameters<typeof startRenewal>[1], "onRenewed" | "wanted">>,
): Promise<Renewal> {
  const first = await store.load(identity);
  const issue = async (): Promise<IssuedCertificate> => {
    const certificate = await inTurn(() => authority.issueWorkload(identity));
    await store.save(identity, certificate);
    return certificate;
  };
  return startRenewal(issue, {
    ...options,
    onRenewed,
    wanted: () => {
      const isWanted = wanted();
      if (!isWanted) store.forget(identity);
      return isWanted;
    },
    ...(first === undefined ? {} : { first }),
  });
}

function encodeRoots({ encode, validation }: WorkloadSecretsOptions): SecretResource {
  return encodeSecret(encode, ROOTS_SECRET, { validationContext: validation() });
}

function encodeCertificate(
  encode: Encode,
  { chain, privateKey }: IssuedCertificate,
): SecretResource {
  return encodeSecret(encode, CERTIFICATE_SECRET, {
    tlsCertificate: {
      certificateChain: { inlineString: chain },
      privateKey: { inlineString: privateKey.reveal() },
    },
  });
}

function encodeSecret(encode: Encode, name: string, secret: object): SecretResource {
  return { name, ...encode(SECRET_TYPE, { name, ...secret }) };
}
