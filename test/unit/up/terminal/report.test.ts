import { describe, expect, test } from "vitest";
import type { Settled } from "../../../../src/app/update/followed-update.js";
import { desiredMesh } from "../../../../src/up/desired-mesh.js";
import { MADE_ANNOTATIONS } from "../../../../src/up/made/made.js";
import {
  changeText,
  isDeclared,
  noticeLines,
  podTable,
  portFailureLines,
  refusalLines,
  settledText,
} from "../../../../src/up/terminal/report.js";
import { deployment, placed, resource, tablesOf } from "../fixtures.js";

test("the table of pods says where each is and whether it is synced", () => {
  const running = (pod: Parameters<typeof placed>[0], slot: number, ready = true) => ({
    pod: placed(pod, slot),
    ready,
    leaving: false,
  });
  const status = { address: "", type: "sidecar" } as const;
  const lines = podTable(
    [
      running({}, 0),
      running({ name: "payments-v1-10" }, 1),
      running({ name: "gw-0", namespace: "istio-system", proxy: "router" }, 2, false),
      running({ name: "plain-0", proxy: "none" }, 3),
      running({ name: "bad-0" }, 4),
    ],
    [
      { ...status, id: "payments-v1-0.default", synced: true },
      { ...status, id: "payments-v1-10.default", synced: false },
      { ...status, id: "gw-0.istio-system", synced: true },
      { ...status, id: "bad-0.default", synced: true, lastNack: "no such filter" },
    ],
  );
  expect(lines).toEqual([
    "POD              NAMESPACE      ADDRESS      SIDECAR   SYNCED",
    "payments-v1-0    default        127.30.0.1   yes       yes",
    "payments-v1-10   default        127.30.0.2   yes       no",
    "gw-0             istio-system   127.30.0.3   gateway   no",
    "plain-0          default        127.30.0.4   no        -",
    "bad-0            default        127.30.0.5   yes       refused",
  ]);
});

test("notices say what was made and why", () => {
  const gateway = resource("Gateway", "g", {
    spec: {
      selector: { istio: "ingressgateway" },
      servers: [
        {
          port: { number: 443, name: "https", protocol: "HTTPS" },
          tls: { mode: "SIMPLE", credentialName: "app-tls" },
          hosts: ["app.example.com"],
        },
      ],
    },
  });
  const standIn = {
    host: "ext.example.com",
    name: "ext.example.com",
    port: 443,
    address: "127.33.0.1",
    standInPort: 8443,
    rootsFile: "/state/root.pem",
  };
  const entry = resource("ServiceEntry", "ext", {
    spec: {
      hosts: ["ext.example.com"],
      ports: [{ number: 443, name: "https", protocol: "HTTPS" }],
      resolution: "DNS",
    },
  });
  const rule = resource("DestinationRule", "ext", {
    spec: {
      host: "ext.example.com",
      trafficPolicy: { tls: { mode: "MUTUAL", credentialName: "client" } },
    },
  });
  const desired = desiredMesh(tablesOf(gateway, deployment("a.shop"), entry, rule));
  // Those who are called themselves have to know who calls.
  expect(noticeLines(desired, []).join("\n")).not.toContain("credential");
  const named = { ...standIn, host: "ext.shop.svc.cluster.local" };
  expect(noticeLines(desired, [standIn, named])).toEqual([
    "no file declares the namespace shop: its workloads get sidecars, as with istio-injection: enabled",
    "made a gateway, istio-ingressgateway.istio-system with a Service (443→8443): no workload has the labels that Gateways select",
    "made a development certificate for app.example.com: there is no Secret app-tls.istio-system",
    "made a development credential for calls to ext.example.com: there is no Secret client.istio-system",
    "made a stand-in for ext.example.com:443 at 127.33.0.1:8443; --no-stand-ins calls the real one",
    "made a stand-in for ext.example.com:443 (ext.shop.svc.cluster.local) at 127.33.0.1:8443; --no-stand-ins calls the real one",
  ]);
});

describe("a change", () => {
  const change = (name: string, action: "added" | "changed" | "removed" = "changed") => ({
    ref: { kind: "VirtualService", namespace: "default", name },
    action,
  });

  test("is told by its resources, of many by the first three", () => {
    expect(changeText({ changed: [change("a"), change("b", "removed")] })).toBe(
      "VirtualService a.default changed, VirtualService b.default removed",
    );
    expect(changeText({ changed: ["a", "b", "c", "d", "e"].map((name) => change(name)) })).toBe(
      "VirtualService a.default changed, VirtualService b.default changed, VirtualService c.default changed and 2 more",
    );
  });

  test("is nothing to tell when nothing in force changed", () => {
    expect(changeText({ changed: [] })).toBeUndefined();
  });

  test.each<[Partial<Settled>, string]>([
    [{ concerned: 7, acknowledged: 7, ms: 38.4 }, "acknowledged by 7 proxies in 38 ms"],
    [{ concerned: 1, acknowledged: 1, ms: 5 }, "acknowledged by 1 proxy in 5 ms"],
    [{ concerned: 0 }, "concerns no proxy"],
    [
      { concerned: 3, acknowledged: 2, ms: 12, rejected: ["a-0.default"] },
      "acknowledged by 2 of 3 proxies in 12 ms, refused by a-0.default",
    ],
  ])("is told with its outcome: %o", (settled, text) => {
    const update = { changed: [], newDiagnostics: [], clearedDiagnostics: [] };
    const nothing = { update, concerned: 0, acknowledged: 0, rejected: [], ms: 0, times: [] };
    expect(settledText({ ...nothing, ...settled })).toBe(text);
  });

  test("of what was made is none of the files", () => {
    const tables = tablesOf(
      resource("Pod", "made", { annotations: MADE_ANNOTATIONS }),
      resource("Pod", "theirs"),
    );
    const ref = (name: string) => ({ kind: "Pod", namespace: "default", name });
    const made = new Set(["Pod gone.default"]);
    expect(isDeclared({ ref: ref("made"), action: "added" }, tables, made)).toBe(false);
    expect(isDeclared({ ref: ref("theirs"), action: "added" }, tables, made)).toBe(true);
    expect(isDeclared({ ref: ref("gone"), action: "removed" }, tables, made)).toBe(false);
    expect(isDeclared({ ref: ref("other"), action: "removed" }, tables, made)).toBe(true);
  });
});

describe("ports that could not be opened", () => {
  const failure = (pod: string, code: string, port = 80) => ({
    code,
    listener: {
      address: "127.31.0.1",
      port,
      identity: { pod, namespace: "default", serviceAccount: "default" },
    },
  });

  test.each([
    ["EACCES", /: ports below 1024 take a privilege here; run as root, or lower/],
    ["EADDRINUSE", /: another program listens on it for all addresses; end that/],
    ["EADDRNOTAVAIL", /: EADDRNOTAVAIL$/],
  ])("come with what to do: %s", (code, expected) => {
    const [line] = portFailureLines([failure("a-0", code)]);
    expect(line).toMatch(/^port 80 cannot be opened for a-0\.default: /);
    expect(line).toMatch(expected);
  });

  test("are told once for all the pods that want them", () => {
    const names = ["a-0", "a-1", "a-2", "a-3", "a-4"];
    const lines = portFailureLines([
      ...names.map((name) => failure(name, "EADDRINUSE")),
      failure("a-0", "EADDRINUSE", 81),
    ]);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/for a-0\.default, a-1\.default, a-2\.default and 2 more: /);
  });
});

test("proxies that refused something are named with what they said", () => {
  const status = { address: "", type: "sidecar", synced: true } as const;
  const refusing = ["a", "b", "c", "d"].map((id) => ({
    ...status,
    id,
    lastNack: "no such filter\n",
  }));
  expect(refusalLines([{ ...status, id: "fine" }, ...refusing])).toEqual([
    "a refused what it was sent: no such filter",
    "b refused what it was sent: no such filter",
    "c refused what it was sent: no such filter",
    "and 1 more proxy",
  ]);
});
