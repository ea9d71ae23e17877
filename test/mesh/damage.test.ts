/** What users do to their files by mistake, while a mesh runs on them: nothing that works may break. */
import { mkdir, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Diagnostic } from "../../src/base/diagnostic.js";
import { failures, startLoad } from "./harness/load.js";
import { call } from "./harness/requests.js";
import { shareMesh, type TestMesh } from "./harness/test-mesh.js";

const MESH = `
apiVersion: v1
kind: Service
metadata: {name: payments}
spec:
  selector: {app: payments}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: payments}
spec:
  selector: {matchLabels: {app: payments}}
  template:
    metadata: {labels: {app: payments}}
    spec: {containers: [{name: payments, ports: [{containerPort: 8080}]}]}
`;

/** A route whose effect every answer shows: it marks the request. */
const ROUTE = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: payments}
spec:
  hosts: [payments]
  http:
  - headers: {request: {set: {x-mark: good}}}
    route: [{destination: {host: payments}}]
`;

/** An alias of aliases of aliases: nine levels of nine are 387 million nodes. */
const ALIAS_BOMB = [
  "a0: &a0 [x, x, x, x, x, x, x, x, x]",
  ...Array.from({ length: 8 }, (_, i) => {
    const before = `*a${String(i)}`;
    const level = `a${String(i + 1)}`;
    return `${level}: &${level} [${Array.from({ length: 9 }, () => before).join(", ")}]`;
  }),
].join("\n");

interface Damage {
  readonly what: string;
  /** Damages the directory; resolves with what undoes it. */
  readonly apply: (directory: string) => Promise<() => Promise<void>>;
  readonly diagnostic: Partial<Diagnostic>;
}

/** The same when it is called again. */
function once(undo: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= undo());
}

const undoWrite = (file: string) => () => rm(file, { force: true });

function newFile(name: string, text: string | Buffer): Damage["apply"] {
  return async (directory) => {
    const file = join(directory, name);
    await writeFile(file, text);
    return undoWrite(file);
  };
}

function instead(name: string, text: string | Buffer, original: string): Damage["apply"] {
  return async (directory) => {
    const file = join(directory, name);
    await writeFile(file, text);
    return () => writeFile(file, original);
  };
}

const at = (file: string, line: number, column = expect.any(Number) as number) =>
  ({ file: expect.stringMatching(new RegExp(`${file}$`)) as string, line, column }) as const;

const DAMAGES: readonly Damage[] = [
  {
    what: "a file that does not parse",
    apply: instead("route.yaml", ROUTE.replace("hosts: [payments]", "hosts: [payments"), ROUTE),
    diagnostic: { severity: "error", position: at("route.yaml", 6) },
  },
  {
    what: "a half-written file",
    apply: instead("route.yaml", ROUTE.slice(0, ROUTE.indexOf("x-mark")), ROUTE),
    diagnostic: { severity: "error", code: "half-written-file", position: at("route.yaml", 1) },
  },
  {
    what: "an unknown field",
    apply: instead("route.yaml", ROUTE.replace("route: [{", "weigth: 5\n    route: [{"), ROUTE),
    diagnostic: { severity: "error", code: "unknown-field", position: at("route.yaml", 8, 5) },
  },
  {
    what: "an unknown kind",
    apply: newFile("new.yaml", ROUTE.replace("kind: VirtualService", "kind: VirtualServise")),
    diagnostic: { severity: "error", position: at("new.yaml", 2, 7) },
  },
  {
    what: "a Kubernetes kind that has no meaning here",
    apply: newFile(
      "new.yaml",
      "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\nspec: {}\n",
    ),
    diagnostic: { severity: "note", position: at("new.yaml", 2, 7) },
  },
  {
    what: "a second resource of the same name",
    apply: newFile("another.yaml", ROUTE.replace("x-mark: good", "x-mark: second")),
    diagnostic: {
      severity: "error",
      position: at("another.yaml", 3),
      message: expect.stringContaining("route.yaml") as string,
    },
  },
  {
    what: "a reference to nothing",
    apply: instead(
      "route.yaml",
      ROUTE.replace("destination: {host: payments}", "destination: {host: payment}"),
      ROUTE,
    ),
    diagnostic: { severity: "error", code: "IST0101", position: at("route.yaml", 8) },
  },
  {
    what: "a file that is no UTF-8",
    apply: instead("route.yaml", Buffer.from([0x61, 0xff, 0xfe, 0x0a]), ROUTE),
    diagnostic: { severity: "error", position: at("route.yaml", 1) },
  },
  {
    what: "a file of 50 MB",
    apply: async (directory) => {
      const file = join(directory, "large.yaml");
      await writeFile(file, "# large\n");
      await truncate(file, 50 * 2 ** 20);
      return undoWrite(file);
    },
    diagnostic: { severity: "error", position: at("large.yaml", 1) },
  },
  {
    what: "a loop of symbolic links",
    apply: async (directory) => {
      const link = join(directory, "loop");
      await symlink(".", link);
      return undoWrite(link);
    },
    diagnostic: { position: at("loop", 1) },
  },
  {
    what: "a bomb of YAML aliases",
    apply: newFile("bomb.yaml", ALIAS_BOMB),
    diagnostic: { severity: "error", position: at("bomb.yaml", expect.any(Number) as number) },
  },
  {
    what: "an empty directory",
    apply: async (directory) => {
      const aside = `${directory}.aside`;
      await rename(directory, aside);
      await mkdir(directory);
      return async () => {
        await rm(directory, { recursive: true });
        await rename(aside, directory);
      };
    },
    diagnostic: { severity: "error", position: at("mesh", 1) },
  },
  {
    what: "a deleted directory",
    apply: async (directory) => {
      const aside = `${directory}.gone`;
      await rename(directory, aside);
      return () => rename(aside, directory);
    },
    diagnostic: { severity: "error", position: at("mesh", 1) },
  },
];

const mesh = shareMesh({ "mesh.yaml": MESH, "route.yaml": ROUTE });

/** The diagnostics of the first update that has any of this kind. */
function nextUpdate(
  { controlPlane }: TestMesh,
  field: "newDiagnostics" | "clearedDiagnostics",
): Promise<readonly Diagnostic[]> {
  return new Promise((resolve) => {
    const stop = controlPlane.onUpdate((update) => {
      if (update[field].length === 0) return;
      stop();
      resolve(update[field]);
    });
  });
}

test.each(DAMAGES)("goes on as it was with $what, and says where it is", async (damage) => {
  const running = mesh();
  const caller = running.pod("payments-0");
  const load = startLoad(2, () => call(caller, "http://payments/"));
  const { diagnostics } = running.controlPlane.snapshot();
  const said = nextUpdate(running, "newDiagnostics");
  const undo = once(await damage.apply(running.directory));
  onTestFinished(undo);
  expect(await said).toContainEqual(expect.objectContaining(damage.diagnostic));
  await running.controlPlane.idle();
  await load.more(50);

  const cleared = nextUpdate(running, "clearedDiagnostics");
  await undo();
  expect(await cleared).toContainEqual(expect.objectContaining(damage.diagnostic));
  await running.controlPlane.idle();
  await load.more(50);

  const outcomes = await load.stop();
  expect(failures(outcomes)).toEqual([]);
  const marks = new Set(
    outcomes.map(({ answer }) => /"x-mark": "([^"]*)"/.exec(answer?.body ?? "")?.[1]),
  );
  expect([...marks]).toEqual(["good"]);
  expect(running.controlPlane.snapshot().diagnostics).toEqual(diagnostics);
});
