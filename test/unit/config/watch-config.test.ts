import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Diagnostic } from "../../../src/base/diagnostic.js";
import type { ConfigSnapshot } from "../../../src/config/snapshot.js";
import { readConfig, watchConfig } from "../../../src/config/watch-config.js";
import { documents, linesOf, route, rule, service, specsOf } from "./directory.js";
import { temporaryDirectory, writeFiles } from "./sources/temporary-directory.js";

const MESH = {
  "payments.yaml": service("payments"),
  "rule.yaml": rule("payments", "payments", "v1", "v2"),
  "sub/route.yaml": route("payments", "payments", "v1"),
  "sub/others.yaml": documents(service("orders"), service("carts")),
};

interface Following {
  readonly snapshot: () => ConfigSnapshot;
  /** The first snapshot, from now on, of which something is so. */
  readonly until: (isSo: (snapshot: ConfigSnapshot) => boolean) => Promise<ConfigSnapshot>;
  readonly problems: readonly Diagnostic[];
  readonly close: () => Promise<void>;
}

async function follow(directory: string, stateDirectory?: string): Promise<Following> {
  const problems: Diagnostic[] = [];
  let last: ConfigSnapshot | undefined;
  let check = (): void => undefined;
  const watch = watchConfig({
    roots: [{ path: directory, kind: "config" }],
    ...(stateDirectory !== undefined && { stateDirectory }),
    onSnapshot: (snapshot) => {
      last = snapshot;
      check();
    },
    onError: (error) => {
      throw error;
    },
    onProblem: (problem) => problems.push(problem),
  });
  onTestFinished(watch.close);
  await watch.ready;
  const snapshot = (): ConfigSnapshot => {
    if (last === undefined) throw new Error("no snapshot was given");
    return last;
  };
  const until: Following["until"] = (isSo) =>
    new Promise((resolve) => {
      check = () => {
        if (last !== undefined && isSo(last)) resolve(last);
      };
      check();
    });
  return { snapshot, until, problems, close: watch.close };
}

/** What is done to the directory, and the code of the diagnostic that is expected at a path below it. */
const DAMAGES: readonly (readonly [
  what: string,
  harm: (directory: string) => void,
  path: string,
  code: string,
])[] = [
  [
    "an unparsable file",
    (dir) => {
      writeFiles(dir, { "sub/route.yaml": "kind: [\n" });
    },
    "sub/route.yaml",
    "invalid-yaml",
  ],
  [
    "a half-written file",
    (dir) => {
      truncateSync(join(dir, "sub/others.yaml"), 165);
    },
    "sub/others.yaml",
    "half-written-file",
  ],
  [
    "an emptied file",
    (dir) => {
      truncateSync(join(dir, "payments.yaml"));
    },
    "payments.yaml",
    "empty-file",
  ],
  [
    "an unknown field",
    (dir) => {
      writeFiles(dir, { "rule.yaml": MESH["rule.yaml"].replace("subsets", "subset") });
    },
    "rule.yaml",
    "unknown-field",
  ],
  [
    "an unknown kind",
    (dir) => {
      writeFiles(dir, {
        "rule.yaml": MESH["rule.yaml"].replace("DestinationRule", "DestinationRul"),
      });
    },
    "rule.yaml",
    "unknown-kind",
  ],
  [
    "a second resource of the same name",
    (dir) => {
      writeFiles(dir, { "a.yaml": service("payments", "default", 1) });
    },
    "a.yaml",
    "duplicate-resource",
  ],
  [
    "a reference to nothing",
    (dir) => {
      writeFiles(dir, { "sub/route.yaml": route("payments", "payments", "v9") });
    },
    "sub/route.yaml",
    "IST0101",
  ],
  [
    "an empty directory",
    (dir) => {
      for (const name of ["payments.yaml", "rule.yaml", "sub"])
        rmSync(join(dir, name), { recursive: true });
    },
    "",
    "empty-directory",
  ],
  [
    "a deleted directory",
    (dir) => {
      rmSync(dir, { recursive: true });
    },
    "",
    "missing-directory",
  ],
  [
    "a file that is no UTF-8",
    (dir) => {
      writeFileSync(join(dir, "sub/route.yaml"), Buffer.from([0xff, 0xfe, 0x61]));
    },
    "sub/route.yaml",
    "not-utf8",
  ],
  [
    "a 50 MB file",
    (dir) => {
      truncateSync(join(dir, "sub/route.yaml"), 50_000_000);
    },
    "sub/route.yaml",
    "file-too-large",
  ],
  [
    "a symlink loop",
    (dir) => {
      symlinkSync("..", join(dir, "sub/up"));
      symlinkSync("self.yaml", join(dir, "self.yaml"));
    },
    "self.yaml",
    "symlink-loop",
  ],
  [
    "a YAML alias bomb",
    (dir) => {
      writeFiles(dir, { "sub/route.yaml": bomb() });
    },
    "sub/route.yaml",
    "alias-bomb",
  ],
];

function bomb(): string {
  const lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"];
  for (let i = 1; i < 10; i++)
    lines.push(`a${String(i)}: &a${String(i)} [${`*a${String(i - 1)},`.repeat(9)}]`);
  return lines.join("\n");
}

describe("a directory that is followed", { timeout: 30_000 }, () => {
  it.each(DAMAGES)(
    "leaves the mesh as it was in spite of %s, through a restart too",
    async (_, harm, path, code) => {
      const directory = join(temporaryDirectory(), "mesh");
      const state = join(temporaryDirectory(), "state");
      writeFiles(directory, MESH);
      const first = await follow(directory, state);
      const before = specsOf(first.snapshot());
      expect(first.snapshot().diagnostics).toEqual([]);
      const isFound = ({ diagnostics }: ConfigSnapshot): boolean =>
        diagnostics.some(
          (one) => one.code === code && one.position?.file === join(directory, path),
        );
      harm(directory);
      expect(specsOf(await first.until(isFound))).toEqual(before);
      await first.close();

      const second = await follow(directory, state);
      expect(second.problems).toEqual([]);
      expect(specsOf(second.snapshot())).toEqual(before);
      expect(linesOf(second.snapshot())).not.toEqual([]);
    },
  );

  it("loses a subdirectory as any file", async () => {
    const directory = join(temporaryDirectory(), "mesh");
    writeFiles(directory, MESH);
    const { until } = await follow(directory);
    rmSync(join(directory, "sub"), { recursive: true });
    const snapshot = await until(
      ({ tables }) => tables.VirtualService.size === 0 && tables.Service.size === 1,
    );
    expect(linesOf(snapshot)).toEqual([]);
  });

  it("is waited for when it does not exist", async () => {
    const directory = join(temporaryDirectory(), "a/mesh");
    const { snapshot, until } = await follow(directory);
    expect(linesOf(snapshot())).toEqual([`${directory}:1:1 warning missing-directory`]);
    mkdirSync(directory, { recursive: true });
    writeFiles(directory, MESH);
    expect(linesOf(await until(({ tables }) => tables.VirtualService.size === 1))).toEqual([]);
  });

  it("takes an edit within a fraction of a second", async () => {
    const directory = join(temporaryDirectory(), "mesh");
    writeFiles(directory, MESH);
    const { until } = await follow(directory);
    const start = performance.now();
    writeFiles(directory, { "payments.yaml": service("payments", "default", 8080) });
    await until(
      ({ tables }) => tables.Service.get("default/payments")?.spec.ports?.[0]?.port === 8080,
    );
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it("takes a file that is replaced by another", async () => {
    const directory = join(temporaryDirectory(), "mesh");
    writeFiles(directory, MESH);
    const { until } = await follow(directory);
    writeFiles(directory, { ".new": service("payments", "default", 8080) });
    renameSync(join(directory, ".new"), join(directory, "payments.yaml"));
    await until(
      ({ tables }) => tables.Service.get("default/payments")?.spec.ports?.[0]?.port === 8080,
    );
  });
});

describe("a directory that is read once", () => {
  it("is what its files say, with all that is wrong with them", async () => {
    const directory = join(temporaryDirectory(), "mesh");
    writeFiles(directory, {
      ...MESH,
      "sub/route.yaml": route("payments", "none"),
      "x.yaml": "kind: [",
    });
    const snapshot = await readConfig([{ path: directory, kind: "config" }]);
    expect(snapshot.tables.VirtualService.size).toBe(1);
    expect(snapshot.diagnostics.map(({ code }) => code)).toEqual(["IST0101", "invalid-yaml"]);
  });
});
