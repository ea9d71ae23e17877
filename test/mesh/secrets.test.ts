/** Private keys and tokens in all that a mesh and its commands write: there are none. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { run } from "../unit/cli/run.js";
import { admin } from "./harness/admin.js";
import { openCertificates } from "./harness/certificates.js";
import { application, documents, HTTP_GATEWAY, namespace } from "./harness/manifests.js";
import { call } from "./harness/requests.js";
import { shareServedMesh } from "./harness/served-mesh.js";

const certificates = await openCertificates();
const SERVER = await certificates.certificateFor(["app.example.com"]);

const HTTPS_SERVER = `
    - port: { number: 443, name: https, protocol: HTTPS }
      hosts: [app.example.com]
      tls: { mode: SIMPLE, credentialName: app-tls }
`;

const mesh = shareServedMesh(
  {
    "apps.yaml": documents(
      namespace("default", "enabled"),
      application("caller"),
      application("called"),
    ),
    "gateway.yaml": HTTP_GATEWAY.replace(
      'servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]',
      `servers:${HTTPS_SERVER}`,
    ),
  },
  {
    secrets: {
      "istio-system/app-tls/tls.crt": SERVER.certificate,
      "istio-system/app-tls/tls.key": SERVER.key,
    },
  },
);

const PEM_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----(.+?)-----END/gs;
const TOKEN = /fairlead-[a-z2-7]{10}-([a-z2-7]{20,})/g;

/** What must be nowhere: of each key a piece of its second line, whose first says what kind it is, and each token. */
const secrets: string[] = [];

/** The texts of the files below a directory. */
async function textsBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name), "utf8")));
}

const plain = (text: string): string => text.replaceAll(/\\n|\s/g, "");

function secretsIn(text: string): readonly string[] {
  const keys = [...text.matchAll(PEM_KEY)].map(([, body = ""]) => plain(body).slice(70, 110));
  const tokens = [...text.matchAll(TOKEN)].map(([, secret = ""]) => secret);
  return [...keys, ...tokens];
}

beforeAll(async () => {
  const { state } = mesh();
  const kept = await Promise.all(
    ["ca", "workloads", "proxies"].map((name) => textsBelow(join(state, name))),
  );
  secrets.push(...[...kept.flat(), SERVER.key].flatMap(secretsIn));
});

/** The secrets that a text has, also where it has them in base64. */
function found(text: string): readonly string[] {
  const searched = plain(text);
  const forms = (secret: string): readonly string[] => [
    secret,
    // Where it begins in the bytes that are encoded decides how it looks.
    ...[0, 1, 2].map((before) =>
      Buffer.from(" ".repeat(before) + secret)
        .toString("base64")
        .slice(4, 24),
    ),
  ];
  return secrets.filter((secret) => forms(secret).some((form) => searched.includes(form)));
}

test("there are keys of the authority, of workloads and of the gateway, and tokens, to look for", () => {
  expect(secrets.length).toBeGreaterThanOrEqual(1 + 3 + 1 + 3);
  expect(found(`a log line with ${secrets[0] ?? ""} in it`)).toHaveLength(1);
});

test("logs of the control plane and of proxies have none", async () => {
  await call(mesh().pod("caller-0"), "http://called/");
  expect(found(JSON.stringify(mesh().records))).toEqual([]);
  expect(found((await textsBelow(join(mesh().state, "logs"))).join("\n"))).toEqual([]);
});

test("dumps of Envoys have none", async () => {
  for (const pod of [mesh().pod("caller-0"), mesh().pod("called-0"), mesh().gateway()]) {
    for (const path of ["/config_dump?include_eds", "/certs", "/init_dump"]) {
      expect(found(await admin(pod, path))).toEqual([]);
    }
  }
});

test("commands and metrics have none", async () => {
  const { state, directory } = mesh();
  const at = ["--state", state];
  const gateway = mesh().gateway();
  const commands = [
    ["token", "list", ...at],
    ["token", "list", ...at, "-o", "json"],
    ["ca", "status", ...at, "-o", "json"],
    ["proxy-status", ...at, "-o", "json"],
    ["proxy-config", "all", "caller-0.default", ...at, "-o", "json"],
    ["proxy-config", "secret", `${gateway.name}.${gateway.namespace}`, ...at, "-o", "json"],
    ["plan", directory, ...at, "-o", "json"],
    ["wait", ...at, "-o", "json"],
    ["analyze", ...at],
    ["bug-report", ...at, "--output", join(state, "..", "report.tar")],
  ];
  for (const command of commands) {
    const { stdout, stderr } = await run(command);
    expect({ command, found: found(stdout + stderr) }).toEqual({ command, found: [] });
  }
  expect(found(await readFile(join(state, "..", "report.tar"), "utf8"))).toEqual([]);
  const { httpPort } = mesh().controlPlane();
  expect(found(await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text())).toEqual([]);
});
