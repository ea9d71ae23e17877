import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "../../run.js";

const gateway = (protocol: string): string =>
  [
    "apiVersion: networking.istio.io/v1",
    "kind: Gateway",
    "metadata: {name: web}",
    "spec:",
    "  servers:",
    `  - port: {number: 80, name: http, protocol: ${protocol}}`,
    "    hosts: ['*']",
    "",
  ].join("\n");

const route = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a]
  gateways: [web.default]
  http:
  - route:
    - destination: {host: nowhere}
`;

let directory: string;
const at = (name: string): string => join(directory, name);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fairlead-validate-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

test("says which files are valid, whatever they refer to", async () => {
  writeFileSync(at("web.yaml"), gateway("HTTP"));
  writeFileSync(at("empty.yaml"), "\n");
  mkdirSync(at("routes"));
  writeFileSync(at("routes/a.yaml"), route.replace("[web.default]", "[default/web]"));
  writeFileSync(at("notes.txt"), "not read");
  expect(await run(["validate", "-f", directory])).toEqual({
    code: 0,
    stdout:
      `${at("empty.yaml")} is valid\n` +
      `${at("routes/a.yaml")} is valid\n` +
      `${at("web.yaml")} is valid\n`,
    stderr: "",
  });
});

test("shows each error at its place, and fails", async () => {
  writeFileSync(at("web.yaml"), gateway("HTPT"));
  writeFileSync(at("a.yaml"), route);
  const { code, stdout, stderr } = await run(["validate", "-f", at("a.yaml"), at("web.yaml")]);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr:
      "error: 1 error in 1 file of 2\n" +
      "  mend the lines that are shown; a resource with an error has no effect\n",
  });
  expect(stdout.replaceAll(directory, "")).toBe(
    `/a.yaml:6:14: warning[IST0133]: the form "web.default" is old: write "default/web"\n` +
      "      gateways: [web.default]\n" +
      "                 ^\n" +
      "/a.yaml is valid, with warnings\n" +
      '/web.yaml:6:46: error[IST0106]: unknown protocol "HTPT" (did you mean "HTTP"?): one of ' +
      "HTTP, HTTP2, HTTP_PROXY, GRPC, GRPC-WEB, HTTPS, TLS, TCP, UDP, MONGO, REDIS, MYSQL, HBONE, DOUBLE-HBONE\n" +
      "      - port: {number: 80, name: http, protocol: HTPT}\n" +
      "                                                 ^\n" +
      "/web.yaml is invalid\n",
  );
});

test("reads the standard input", async () => {
  const { code, stdout } = await run(["validate", "-f", "-"], {}, "kind: [");
  expect(code).toBe(1);
  expect(stdout).toMatch(/^<stdin>:1:8: error\[invalid-yaml\]: /);
});

test("prints diagnostics for programs", async () => {
  const { code, stdout } = await run(["validate", "-f", "-", "-o", "json"], {}, gateway("X"));
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toEqual([
    expect.objectContaining({
      severity: "error",
      code: "IST0106",
      position: { file: "<stdin>", line: 6, column: 46 },
      resource: "Gateway web.default",
    }),
  ]);
});

test("fails when there is no such file", async () => {
  expect(await run(["validate", "-f", at("none.yaml")])).toEqual({
    code: 1,
    stdout: "",
    stderr: `error: ${at("none.yaml")} does not exist\n  give a file of YAML, a directory, or -\n`,
  });
});

test("refuses what is no text, and does not read without end", async () => {
  writeFileSync(at("a.yaml"), Buffer.from([0xff, 0xfe, 0x00]));
  expect((await run(["validate", "-f", directory])).stdout).toContain("error[not-utf8]");
  const long = "#".repeat(11 * 2 ** 20);
  expect((await run(["validate", "-f", "-"], {}, long)).stdout).toContain("error[file-too-large]");
});

test("reads the patches of an EnvoyFilter by Envoy's API", async () => {
  writeFileSync(
    at("filter.yaml"),
    `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: one}
spec:
  configPatches:
  - applyTo: CLUSTER
    patch:
      operation: MERGE
      value:
        conect_timeout: 1s
  - applyTo: CLUSTER
    patch:
      operation: MERGE
      value:
        connect_timeout: soon
`,
  );
  const { code, stdout } = await run(["validate", "-f", at("filter.yaml"), "-o", "json"]);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject([
    { severity: "warning", code: "not-applied", position: { line: 10 } },
    { severity: "error", code: "not-applied", position: { line: 15 } },
  ]);
});

test("shows control characters that the name of a file has, each finding on its lines", async () => {
  const name = at("a\u001b[2J\nb.yaml: is valid\n.yaml");
  writeFileSync(name, gateway("HTP"));
  const { stdout, stderr } = await run(["validate", "-f", name]);
  expect(stdout).not.toMatch(/(?!\n)\p{Cc}/u);
  expect(stdout.split("\n")).toHaveLength(5);
  expect(stdout).toContain("a\\x1b[2J\\nb.yaml: is valid\\n.yaml:6:46: error[");
  expect(stderr).toContain("1 error in 1 file of 1");
});

test("shows control characters of what it was asked for where it fails", async () => {
  const { stderr } = await run(["validate", "-f", at("\u001b[31m")]);
  expect(stderr).toContain("\\x1b[31m does not exist");
  expect(stderr).not.toContain("\u001b");
});
