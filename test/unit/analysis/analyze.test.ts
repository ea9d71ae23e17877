import { describe, expect, it } from "vitest";
import { analyze } from "../../../src/analysis/analyze.js";
import { ANALYZERS } from "../../../src/analysis/analyzers.js";
import { draftOf } from "../../../src/analysis/draft.js";
import { isAboutNamespace, isInNamespace } from "../../../src/analysis/scope.js";
import { isSuppressed, parseSuppression } from "../../../src/analysis/suppression.js";
import { KINDS } from "../../../src/config/kinds.js";
import { parseOffline } from "../../../src/config/parse-offline.js";
import { file, NOW, resource } from "./messages-of.js";

function found(...texts: readonly string[]): string[] {
  const files = texts.map((text, index) => ({ path: `${String(index)}.yaml`, text }));
  return analyze(parseOffline(files), { now: NOW }).map(({ severity, code, position }) => {
    return `${severity} ${code} ${String(position?.file)}:${String(position?.line)}`;
  });
}

const LOST = resource("VirtualService", "r", {
  hosts: ["a"],
  http: [{ route: [{ destination: { host: "b" } }] }],
});

describe("an analysis", () => {
  it("says once what was found by reading and by an analyzer", () => {
    expect(found(LOST)).toEqual(["error IST0101 0.yaml:3"]);
  });

  it("takes the level of the analyzer where reading has another", () => {
    const gateway = resource("Gateway", "g", {
      selector: { app: "a" },
      servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
    });
    expect(parseOffline([{ path: "a.yaml", text: gateway }]).diagnostics[0]?.severity).toBe(
      "warning",
    );
    expect(found(gateway)).toEqual(["error IST0101 0.yaml:3"]);
  });

  it("warns of a namespace that is not declared where none is", () => {
    const policy = resource("AuthorizationPolicy", "p", {
      rules: [{ from: [{ source: { namespaces: ["prod"] } }] }],
    });
    const told = (text: string) => found(text).filter((one) => one.includes("IST0101"));
    expect(told(policy)).toEqual(["warning IST0101 0.yaml:3"]);
    expect(told(file(policy, resource("Namespace", "n")))).toEqual(["error IST0101 0.yaml:3"]);
  });

  it("tells of what was found by reading what the analyzers that run tell or find", () => {
    const text = file(
      resource("Service", "s", { ports: [{ port: 80 }], clusterIP: "x" }),
      LOST,
      resource("ServiceEntry", "e", { hosts: ["x.com"], location: "HERE" }),
      "a: [",
    );
    const told = (name: string) => {
      const analyzers = ANALYZERS.filter((one) => one.name === name);
      const files = parseOffline([{ path: "a.yaml", text }]);
      return analyze(files, { analyzers, now: NOW }).map(({ code, resource = "" }) => {
        return `${code} ${resource}`;
      });
    };
    const unreadable = "invalid-yaml ";
    expect(told("service.PortNameAnalyzer")).toEqual(["IST0118 Service s.default", unreadable]);
    expect(told("virtualservice.DestinationHostAnalyzer")).toEqual([
      "IST0101 VirtualService r.default",
      unreadable,
    ]);
    expect(told("schema.ValidationAnalyzer.ServiceEntry")).toEqual([
      "unknown-value ServiceEntry e.default",
      unreadable,
    ]);
  });

  it("is in the order of the files and their lines", () => {
    const port = resource("Service", "s", { ports: [{ port: 80 }] });
    expect(found(file(port, LOST), LOST, port.replace('"s"', '"t"'))).toEqual([
      "note IST0118 0.yaml:3",
      "error IST0101 0.yaml:7",
      "error duplicate-resource 1.yaml:2",
      "note IST0118 2.yaml:3",
    ]);
  });

  it("looks at resources that are not in order, as far as they can be understood", () => {
    const broken = resource("VirtualService", "r", {
      hosts: "a",
      gateways: ["g", 7],
      http: [null, { route: [{ destination: { host: "b" }, wieght: 5 }] }],
    });
    expect(found(broken)).toContain("error IST0101 0.yaml:3");
  });

  it("looks at the items of lists, and at kinds that mean nothing to the mesh", () => {
    const list = `{ apiVersion: v1, kind: List, items: [\n${LOST},\n${resource(
      "MutatingWebhookConfiguration",
      "w",
      {
        webhooks: [{ name: "a.istio.io", clientConfig: { service: { name: "x" } } }],
      },
    )}] }`;
    expect(found(list).filter((one) => one.includes("IST"))).toEqual([
      "error IST0101 0.yaml:4",
      "error IST0139 0.yaml:7",
    ]);
  });

  it("says nothing of what resources ask not to be told", () => {
    const quiet = (codes: string) =>
      resource(
        "Service",
        { name: "s", annotations: { "galley.istio.io/analyze-suppress": codes } },
        { ports: [{ port: 80 }] },
      );
    expect(found(quiet("IST0108, IST0118"))).toEqual([]);
    expect(found(quiet("*"))).toEqual([]);
    expect(found(quiet("IST0108"))).toEqual(["note IST0118 0.yaml:3"]);
  });
});

describe("a draft", () => {
  it("has what the schema knows, and nothing of another type", () => {
    const value = {
      servers: [{ port: { number: "80", name: "http" }, hosts: ["*", 5] }, "no server"],
      selector: { app: "a", tier: 1 },
      surplus: true,
    };
    expect(draftOf(KINDS.Gateway.schema, value)).toEqual({
      servers: [{ port: { name: "http" }, hosts: ["*", ""] }, {}],
      selector: { app: "a" },
    });
  });

  it.each([undefined, null, "text", 5, []])("of %j is empty", (value) => {
    expect(draftOf(KINDS.Gateway.schema, value)).toEqual({});
  });
});

describe("a suppression", () => {
  const pod = { code: "IST0103", resource: "Pod web.shop" };
  it.each([
    ["IST0103=Pod web.shop", true],
    ["IST0103=Pod shop/web", true],
    ["IST0103=Pod *.shop", true],
    ["IST0103=*", true],
    ["IST0103=Pod web", false],
    ["IST0104=Pod web.shop", false],
    ["IST0103=Pod webXshop", false],
  ])("%s", (text, expected) => {
    const suppression = parseSuppression(text);
    expect(suppression).toBeDefined();
    expect(isSuppressed(pod, suppression === undefined ? [] : [suppression])).toBe(expected);
  });

  it.each(["", "IST0103", "IST0103=", "=Pod a.b", "a=b=c"])("is not %j", (text) => {
    expect(parseSuppression(text)).toBeUndefined();
  });
});

describe("a namespace has", () => {
  it.each([
    [{ resource: "Pod a.shop" }, true],
    [{ resource: "Pod a.other" }, false],
    [{ resource: "Pod a.workshop" }, false],
    [{ resource: "Namespace other" }, true],
    [{ resource: "CustomResourceDefinition a.example.com" }, true],
    [{}, true],
  ])("what is about %j: %s", (diagnostic, expected) => {
    expect(isInNamespace(diagnostic, "shop")).toBe(expected);
  });
});

describe("a finding is about a namespace", () => {
  it.each([
    [{ resource: "Pod a.shop" }, true],
    [{ resource: "Pod a.workshop" }, false],
    [{ resource: "Namespace shop" }, true],
    [{ resource: "Namespace other" }, false],
    [{ resource: "CustomResourceDefinition a.shop" }, false],
    [{}, false],
  ])("when it is about %j: %s", (diagnostic, expected) => {
    expect(isAboutNamespace(diagnostic, "shop")).toBe(expected);
  });
});
