import { expect, test } from "vitest";
import { type FollowedIssuers, followIssuers } from "../../../../src/app/followed/issuer-keys.js";
import { parseOffline } from "../../../../src/config/parse-offline.js";
import type { ConfigSnapshot } from "../../../../src/config/snapshot.js";
import { fakeClock } from "../../base/fake-clock.js";

const ISSUER = "https://login.example.com";
const KEYS = "https://login.example.com/keys";

const policy = (name: string, rules: readonly object[]): string => `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: ${name} }
spec:
  jwtRules: ${JSON.stringify(rules)}
---`;

const snapshotOf = (...policies: readonly string[]): ConfigSnapshot =>
  parseOffline([{ path: "mesh.yaml", text: policies.join("") }]);

/** What was kept, and what is kept from now on. */
interface Kept {
  text?: string;
  /** Resolves when something else is kept. */
  readonly changed: () => Promise<void>;
}

function keeping(
  text?: string,
): Kept & { readonly storage: Parameters<typeof followIssuers>[0]["storage"] } {
  let tell = (): void => undefined;
  const kept: Kept = {
    ...(text === undefined ? {} : { text }),
    changed: () =>
      new Promise<void>((resolve) => {
        tell = resolve;
      }),
  };
  return Object.assign(kept, {
    storage: {
      load: () => Promise.resolve(kept.text),
      save: (next: string) => {
        kept.text = next;
        tell();
        return Promise.resolve();
      },
    },
  });
}

function follow(
  kept: ReturnType<typeof keeping>,
  answer: () => Promise<string>,
): Promise<FollowedIssuers> {
  return followIssuers({
    hosts: [{ name: "login.example.com", port: 443 }],
    fetch: answer,
    storage: kept.storage,
    clock: fakeClock(),
    onError: (error) => {
      throw error;
    },
  });
}

const told = (): Promise<string> =>
  Promise.resolve(JSON.stringify({ issuer: ISSUER, jwks_uri: KEYS }));
const away = (): Promise<string> => Promise.reject(new Error("it is away"));

test("issuers of rules without keys are asked, and what they say outlives a restart without them", async () => {
  const kept = keeping();
  const first = await follow(kept, told);
  expect(first.addresses().size).toBe(0);
  const changed = kept.changed();
  first.follow(snapshotOf(policy("a", [{ issuer: ISSUER }])));
  await changed;
  expect([...first.addresses()]).toEqual([[ISSUER, KEYS]]);
  await first.close();

  const second = await follow(kept, away);
  second.follow(snapshotOf(policy("a", [{ issuer: ISSUER }])));
  expect([...second.addresses()]).toEqual([[ISSUER, KEYS]]);
  await second.close();
});

test.each(["", "no JSON", "[1]", '{"https://login.example.com":7}'])(
  "what was kept is no matter when it is %j",
  async (text) => {
    const issuers = await follow(keeping(text), away);
    issuers.follow(snapshotOf(policy("a", [{ issuer: ISSUER }])));
    expect(issuers.addresses().size).toBe(0);
    await issuers.close();
  },
);

test("rules of issuers that may not be asked are told of where they stand, until they say where the keys are", async () => {
  const issuers = await follow(keeping(), told);
  const changes: string[][] = [];
  issuers.onChange(({ newDiagnostics, clearedDiagnostics }) => {
    changes.push([
      `${String(newDiagnostics.length)} new, ${String(clearedDiagnostics.length)} cleared`,
    ]);
  });
  const other = { issuer: "https://other.example.com" };
  issuers.follow(snapshotOf(policy("a", [{ issuer: "x", jwksUri: KEYS }, other])));
  expect(issuers.diagnostics()).toEqual([
    {
      severity: "warning",
      code: "issuer-keys",
      message: expect.stringContaining("--discover-keys other.example.com") as string,
      position: { file: "mesh.yaml", line: 6, column: 82 },
      resource: "RequestAuthentication a.default",
    },
  ]);
  issuers.follow(snapshotOf(policy("a", [{ ...other, jwksUri: KEYS }])));
  expect(issuers.diagnostics()).toEqual([]);
  expect(changes).toEqual([["1 new, 0 cleared"], ["0 new, 1 cleared"]]);
  await issuers.close();
});

test("the addresses are the same table for as long as they say the same", async () => {
  const kept = keeping();
  const issuers = await follow(kept, told);
  const changed = kept.changed();
  issuers.follow(snapshotOf(policy("a", [{ issuer: ISSUER }])));
  await changed;
  const before = issuers.addresses();
  issuers.follow(snapshotOf(policy("a", [{ issuer: ISSUER }]), policy("b", [{ issuer: ISSUER }])));
  expect(issuers.addresses()).toBe(before);
  await issuers.close();
});
