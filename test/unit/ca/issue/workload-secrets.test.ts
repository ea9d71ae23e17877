import { X509Certificate } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { versionOf } from "../../../../src/base/version.js";
import { type Authority, openAuthority } from "../../../../src/ca/authority/authority.js";
import { createBuckets } from "../../../../src/ca/buckets.js";
import { type Proof, proved } from "../../../../src/ca/caller/proof.js";
import {
  createWorkloadSecrets,
  type SecretLease,
  type WorkloadSecrets,
} from "../../../../src/ca/issue/workload-secrets.js";
import { openWorkloadStore } from "../../../../src/ca/issue/workload-store.js";
import type { WorkloadIdentity } from "../../../../src/ca/spiffe-id.js";
import { type FakeClock, fakeClock } from "../../base/fake-clock.js";
import { temporaryDirectory } from "../temporary-directory.js";

const HOUR = 3_600_000;
const TTL = 24 * HOUR;

interface World {
  readonly clock: FakeClock;
  readonly state: string;
  readonly authority: Authority;
  readonly issued: WorkloadIdentity[];
  readonly errors: unknown[];
  /** PEM of certificates that are revoked. */
  readonly revoked: Set<string>;
}

interface Started {
  readonly secrets: WorkloadSecrets;
  readonly changed: WorkloadIdentity[];
  /** Turns the clock to what is due next and waits for the change that it brings. */
  readonly renew: () => Promise<void>;
}

let world: World;

beforeEach(async () => {
  const clock = fakeClock(Date.now());
  const state = await temporaryDirectory();
  const opened = await openAuthority({
    stateDirectory: state,
    now: clock.now,
    workloadTtlMs: TTL,
  });
  const issued: WorkloadIdentity[] = [];
  const authority: Authority = {
    ...opened,
    issueWorkload: (identity) => {
      issued.push(identity);
      return opened.issueWorkload(identity);
    },
  };
  world = { clock, state, authority, issued, errors: [], revoked: new Set() };
});

/** A control plane that starts on the same state. */
async function start(authority = world.authority, mostKept = 100): Promise<Started> {
  const { clock, state, errors } = world;
  const changed: WorkloadIdentity[] = [];
  const events = new EventEmitter();
  const onError = (error: unknown): void => void errors.push(error);
  const secrets = createWorkloadSecrets({
    authority,
    store: await openWorkloadStore({
      stateDirectory: state,
      authority,
      now: clock.now,
      onError,
    }),
    validation: () => ({ trustedCa: { inlineString: authority.roots.join("") } }),
    mostKept,
    descriptions: createBuckets({ now: clock.now, capacity: 10, refillPerSecond: 1, maxKeys: 10 }),
    revoked: (chain) => world.revoked.has(chain),
    encode: (_, json) => {
      const bytes = Buffer.from(JSON.stringify(json));
      return { bytes, version: versionOf(bytes) };
    },
    onChange: (identity) => {
      changed.push(identity);
      events.emit("change");
    },
    clock,
    random: () => 0.5,
    onError,
  });
  const renew = async (): Promise<void> => {
    const change = once(events, "change");
    await clock.turnTo(clock.due()[0]!);
    await change;
  };
  return { secrets, changed, renew };
}

function proofOf(serviceAccount: string): Proof {
  return proved({
    ...{ trustDomain: "cluster.local", namespace: "default", serviceAccount },
    ...{ method: "token", expiresAt: Number.POSITIVE_INFINITY, evidence: "abc" },
  });
}

function chainOf(lease: SecretLease): string {
  const [secret] = lease.resources();
  const json = JSON.parse(secret!.bytes.toString()) as {
    tlsCertificate: { certificateChain: { inlineString: string } };
  };
  return json.tlsCertificate.certificateChain.inlineString;
}

function certificateOf(lease: SecretLease): X509Certificate {
  return new X509Certificate(chainOf(lease));
}

test("of a fleet that starts at once, two certificates are made at a time", async () => {
  let [making, most] = [0, 0];
  const { secrets } = await start({
    ...world.authority,
    issueWorkload: async (identity) => {
      making += 1;
      most = Math.max(most, making);
      const issued = await world.authority.issueWorkload(identity);
      making -= 1;
      return issued;
    },
  });
  const fleet = ["a", "b", "c", "d", "e"].map((account) => secrets.hold(proofOf(account)));
  expect(new Set((await Promise.all(fleet)).map(chainOf)).size).toBe(5);
  expect(most).toBe(2);
  await secrets.stop();
});

describe("who proved an identity", () => {
  test("gets its certificate with the key as `default` and the roots as `ROOTCA`", async () => {
    const { secrets } = await start();
    const lease = await secrets.hold(proofOf("payments"));
    const [certificate, roots] = lease
      .resources()
      .map(({ bytes }) => JSON.parse(bytes.toString()) as unknown);
    expect(certificate).toEqual({
      name: "default",
      tlsCertificate: {
        certificateChain: { inlineString: expect.stringContaining("BEGIN CERTIFICATE") },
        privateKey: { inlineString: expect.stringContaining("BEGIN PRIVATE KEY") },
      },
    });
    expect(roots).toEqual({
      name: "ROOTCA",
      validationContext: { trustedCa: { inlineString: world.authority.roots.join("") } },
    });
    expect(certificateOf(lease).subjectAltName).toBe(
      "URI:spiffe://cluster.local/ns/default/sa/payments",
    );
  });

  test("shares it with the other replicas, and with nobody else", async () => {
    const { secrets } = await start();
    const [one, two, other] = await Promise.all(
      ["payments", "payments", "orders"].map((account) => secrets.hold(proofOf(account))),
    );
    expect(one!.resources()).toBe(two!.resources());
    expect(certificateOf(other!).subjectAltName).toContain("/sa/orders");
    expect(world.issued).toHaveLength(2);
  });

  test("gets one that describes its workload, and shares it with those that are described alike", async () => {
    const { secrets } = await start();
    const described = (text?: string) => secrets.hold(proofOf("payments"), text);
    const [first, same, second, plain] = await Promise.all(
      ["|workload=v1", "|workload=v1", "|workload=v2", undefined].map(described),
    );
    expect(certificateOf(first!).subject).toBe("description=|workload=v1");
    expect(first!.resources()).toBe(same!.resources());
    expect(certificateOf(second!).subject).toBe("description=|workload=v2");
    expect(certificateOf(plain!).subject).toBeUndefined();
    const names = [first, second, plain].map((lease) => certificateOf(lease!).subjectAltName);
    expect(new Set(names)).toEqual(new Set(["URI:spiffe://cluster.local/ns/default/sa/payments"]));
  });

  test("gets one without a description when it had too many others made, until some time has passed", async () => {
    const { secrets } = await start();
    const hold = async (account: string, text: string) =>
      certificateOf(await secrets.hold(proofOf(account), text)).subject;
    for (let i = 0; i < 10; i++) await hold("payments", `|workload=${String(i)}`);
    expect(await hold("payments", "|workload=new")).toBeUndefined();
    expect(await hold("payments", "|workload=9")).toBe("description=|workload=9");
    expect(await hold("orders", "|workload=new")).toBe("description=|workload=new");
    await world.clock.turnTo(world.clock.now() + 1000);
    expect(await hold("payments", "|workload=new")).toBe("description=|workload=new");
  });

  test("does not print it", async () => {
    const { secrets } = await start();
    const lease = await secrets.hold(proofOf("payments"));
    expect(inspect([secrets, lease], { depth: 9 })).not.toContain("PRIVATE KEY");
  });
});

describe("the certificate is renewed", () => {
  test("at half life, and who holds it is told", async () => {
    const { secrets, changed, renew } = await start();
    const lease = await secrets.hold(proofOf("payments"));
    const before = lease.resources();
    expect(world.clock.due()).toEqual([expect.closeTo(world.clock.now() + TTL / 2, -4)]);
    await renew();
    expect(changed).toEqual([lease.identity]);
    expect(lease.resources()[0]).not.toBe(before[0]);
    expect(lease.resources()[1]).toBe(before[1]);
  });

  test("again and again before it ends", async () => {
    const { secrets, renew } = await start();
    const lease = await secrets.hold(proofOf("payments"));
    for (let i = 0; i < 5; i++) {
      const ends = Date.parse(certificateOf(lease).validTo);
      await renew();
      expect(world.clock.now()).toBeLessThan(ends);
      expect(Date.parse(certificateOf(lease).validTo)).toBeGreaterThan(ends);
    }
  });

  test("at once when it is revoked", async () => {
    const { secrets, changed } = await start();
    const lease = await secrets.hold(proofOf("payments"));
    const first = certificateOf(lease).serialNumber;
    world.revoked.add(chainOf(lease));
    secrets.trustChanged();
    await vi.waitFor(() => {
      expect(certificateOf(lease).serialNumber).not.toBe(first);
    });
    expect(changed).toEqual([lease.identity, lease.identity]);
    expect(world.issued).toHaveLength(2);
  });

  test("no more when nobody holds it", async () => {
    const { secrets } = await start();
    (await secrets.hold(proofOf("payments"))).release();
    await world.clock.turnTo(world.clock.now() + 10 * TTL);
    expect(world.issued).toHaveLength(1);
    expect(world.clock.due()).toEqual([]);
  });

  test("no more after the end", async () => {
    const { secrets } = await start();
    await secrets.hold(proofOf("payments"));
    await secrets.stop();
    expect(world.clock.due()).toEqual([]);
  });

  test("and the end waits for a certificate that is being issued", async () => {
    const { secrets } = await start();
    const holding = secrets.hold(proofOf("payments"));
    await secrets.stop();
    expect(await readdir(join(world.state, "workloads"))).toHaveLength(1);
    await holding;
    expect(world.clock.due()).toEqual([]);
  });
});

describe("a proxy that comes back", () => {
  test("gets the same bytes", async () => {
    const { secrets } = await start();
    const first = await secrets.hold(proofOf("payments"));
    const before = first.resources();
    first.release();
    expect((await secrets.hold(proofOf("payments"))).resources()).toBe(before);
  });

  test("gets the same bytes of a control plane that was restarted", async () => {
    const before = (await (await start()).secrets.hold(proofOf("payments"))).resources();
    const after = (await (await start()).secrets.hold(proofOf("payments"))).resources();
    expect(after.map(({ version }) => version)).toEqual(before.map(({ version }) => version));
    expect(world.issued).toHaveLength(1);
  });

  test("gets the certificate with its description of a control plane that was restarted", async () => {
    const hold = async (text: string): Promise<string> =>
      chainOf(await (await start()).secrets.hold(proofOf("payments"), text));
    const before = await hold("|workload=v1");
    expect(await hold("|workload=v2")).not.toBe(before);
    expect(await hold("|workload=v1")).toBe(before);
  });

  test("gets a new certificate when the old one's renewal is due", async () => {
    await (await start()).secrets.hold(proofOf("payments"));
    await world.clock.turnTo(world.clock.now() + TTL);
    const { secrets } = await start();
    const lease = await secrets.hold(proofOf("payments"));
    expect(Date.parse(certificateOf(lease).validTo)).toBeGreaterThan(world.clock.now() + TTL / 3);
  });
});

describe("of workloads that are gone", () => {
  const kept = (): Promise<string[]> => readdir(join(world.state, "workloads"));

  test("no key is kept when their renewal is due, and that of others is", async () => {
    const { secrets } = await start();
    await secrets.hold(proofOf("payments"));
    for (const name of ["a", "b", "c"]) (await secrets.hold(proofOf(name))).release();
    expect(await kept()).toHaveLength(4);
    await world.clock.turnTo(world.clock.now() + TTL / 2);
    await secrets.stop();
    expect(await kept()).toHaveLength(1);
  });

  test("no more keys are kept than there may be, the last ones and those that are held", async () => {
    const { secrets } = await start(world.authority, 3);
    const held = await secrets.hold(proofOf("payments"), "|workload=0");
    const before = held.resources();
    for (let i = 1; i < 6; i++) {
      (await secrets.hold(proofOf("payments"), `|workload=${String(i)}`)).release();
    }
    await vi.waitFor(async () => {
      expect(await kept()).toHaveLength(3);
    });
    expect((await secrets.hold(proofOf("payments"), "|workload=0")).resources()).toBe(before);
    await secrets.hold(proofOf("payments"), "|workload=5");
    expect(world.issued).toHaveLength(6);
    await secrets.hold(proofOf("payments"), "|workload=1");
    expect(world.issued).toHaveLength(7);
  });

  test("no key is kept by a control plane that starts when their certificates have ended", async () => {
    const { secrets } = await start();
    for (const name of ["a", "b"]) await secrets.hold(proofOf(name));
    await secrets.stop();
    await world.clock.turnTo(world.clock.now() + TTL / 2);
    const second = await start();
    await second.secrets.hold(proofOf("payments"));
    await second.secrets.stop();
    expect(await kept()).toHaveLength(3);
    await world.clock.turnTo(world.clock.now() + TTL / 2 + HOUR);
    await start();
    await vi.waitFor(async () => {
      expect(await kept()).toHaveLength(1);
    });
  });
});

describe("what is kept is not used", () => {
  const directory = (): string => join(world.state, "workloads");
  const onlyFile = async (): Promise<string> => join(directory(), (await readdir(directory()))[0]!);

  beforeEach(async () => {
    const { secrets } = await start();
    await secrets.hold(proofOf("payments"));
    await secrets.stop();
  });

  test.each<[string, (content: string) => string]>([
    ["half written", (content) => content.slice(0, 100)],
    ["of another workload", (content) => content.replace("/sa/payments", "/sa/orders")],
    ["of another version", (content) => content.replace('"version": 1', '"version": 2')],
    ["without its key", (content) => content.replace(/"privateKey": "[^"]*"/, '"privateKey": ""')],
  ])("when it is %s", async (_, change) => {
    const file = await onlyFile();
    await writeFile(file, change(await readFile(file, "utf8")));
    const { secrets } = await start();
    const lease = await secrets.hold(proofOf("payments"));
    expect(world.issued).toHaveLength(2);
    expect(certificateOf(lease).subjectAltName).toContain("/sa/payments");
  });

  test("when others could write it, and the operator is told", async () => {
    await chmod(await onlyFile(), 0o666);
    const { secrets } = await start();
    await secrets.hold(proofOf("payments"));
    expect(world.issued).toHaveLength(2);
    expect(world.errors).toMatchObject([{ code: "state-file-mode" }]);
  });

  test("when another authority signs now", async () => {
    const stateDirectory = await temporaryDirectory();
    const other = await openAuthority({ stateDirectory, now: world.clock.now });
    const { secrets } = await start(other);
    const lease = await secrets.hold(proofOf("payments"));
    expect(other.vouchesFor(lease.identity, certificateOf(lease).toString())).toBe(true);
  });
});

test("a failure to issue is the caller's, and the next one may succeed", async () => {
  let fail = true;
  const authority: Authority = {
    ...world.authority,
    issueWorkload: (identity) =>
      fail ? Promise.reject(new Error("no")) : world.authority.issueWorkload(identity),
  };
  const { secrets } = await start(authority);
  await expect(secrets.hold(proofOf("payments"))).rejects.toThrow("no");
  fail = false;
  expect((await secrets.hold(proofOf("payments"))).resources()).toHaveLength(2);
});
