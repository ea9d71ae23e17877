import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Clock, steadyClock } from "../../../../src/base/clock.js";
import { type ConfigRoot, DEFAULT_LIMITS } from "../../../../src/config/sources/root.js";
import { scanRoot } from "../../../../src/config/sources/scan.js";
import type { SourceBatch } from "../../../../src/config/sources/source.js";
import { type WatchOptions, watchSources } from "../../../../src/config/sources/watch-sources.js";
import { createWatchedRoot } from "../../../../src/config/sources/watched-root.js";
import { fakeClock } from "../../base/fake-clock.js";
import { temporaryDirectory, writeFiles, writeLinks } from "./temporary-directory.js";

/** A watch whose batches are awaited one after the other. */
interface Watching {
  /** The next batch: paths below the directory with their texts, `undefined` for what is gone. */
  readonly next: () => Promise<Readonly<Record<string, string | undefined>>>;
  /** The next batch as it is. */
  readonly nextBatch: () => Promise<SourceBatch>;
  /** How many batches were given and not taken. */
  readonly waiting: () => number;
  readonly close: () => Promise<void>;
  /** Looks at everything. */
  readonly refresh: () => Promise<void>;
}

function watching(
  directory: string,
  { kind = "config", ...options }: Partial<WatchOptions> & Partial<Pick<ConfigRoot, "kind">> = {},
): Watching {
  const batches: SourceBatch[] = [];
  const takers: ((batch: SourceBatch) => void)[] = [];
  const watch = watchSources({
    roots: [{ path: directory, kind }],
    onBatch: (batch) => {
      const taker = takers.shift();
      if (taker === undefined) batches.push(batch);
      else taker(batch);
    },
    onError: (error) => {
      throw error;
    },
    ...options,
  });
  onTestFinished(watch.close);
  const nextBatch = (): Promise<SourceBatch> => {
    const batch = batches.shift();
    return batch === undefined
      ? new Promise((resolve) => takers.push(resolve))
      : Promise.resolve(batch);
  };
  const next: Watching["next"] = async () => {
    const { changed, removed } = await nextBatch();
    const below = (path: string): string => path.slice(directory.length + 1);
    return Object.fromEntries([
      ...changed.map((source) => [below(source.path), contentOf(source)] as const),
      ...removed.map((path) => [below(path), undefined] as const),
    ]);
  };
  const { close, refresh } = watch;
  return { next, nextBatch, waiting: () => batches.length, close, refresh };
}

/**
 * Takes the first batch, and goes on until the look at everything that follows it is over, so that what a test does then
 * is seen by an event or not at all.
 */
async function begin(directory: string, watch: Watching): Promise<void> {
  await watch.next();
  const marker = join(directory, "marker.yaml");
  writeFileSync(marker, "marker");
  let seen = {};
  while (!("marker.yaml" in seen)) seen = await watch.next();
  rmSync(marker);
  expect(await watch.next()).toEqual({ "marker.yaml": undefined });
}

function contentOf(source: SourceBatch["changed"][number]): string {
  if (source.type === "text") return source.text;
  return source.type === "secret" ? JSON.stringify(source.files) : `!${source.code}`;
}

describe("a watch on a directory", { timeout: 30_000 }, () => {
  it("gives all that there is first", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "a.yaml": "1", "b/c.yaml": "2" });
    const batch = await watching(directory).nextBatch();
    expect(batch).toMatchObject({ isComplete: true, roots: [{ exists: true, sourceCount: 2 }] });
    expect(batch.changed.map(contentOf)).toEqual(["1", "2"]);
  });

  it("gives a file that was written, appended to, replaced, renamed and removed", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "a.yaml": "1", "b.yaml": "2" });
    const watch = watching(directory);
    await begin(directory, watch);
    writeFiles(directory, { "a.yaml": "3" });
    expect(await watch.next()).toEqual({ "a.yaml": "3" });
    appendFileSync(join(directory, "a.yaml"), "4");
    expect(await watch.next()).toEqual({ "a.yaml": "34" });
    writeFileSync(join(directory, ".a.yaml.tmp"), "5");
    renameSync(join(directory, ".a.yaml.tmp"), join(directory, "a.yaml"));
    expect(await watch.next()).toEqual({ "a.yaml": "5" });
    renameSync(join(directory, "a.yaml"), join(directory, "c.yaml"));
    expect(await watch.next()).toEqual({ "a.yaml": undefined, "c.yaml": "5" });
    rmSync(join(directory, "c.yaml"));
    expect(await watch.next()).toEqual({ "c.yaml": undefined });
  });

  it.each([
    {
      what: "sooner at a file that was put there whole",
      edit: (directory: string) => {
        writeFiles(directory, { "a.yaml.tmp": "2" });
        renameSync(join(directory, "a.yaml.tmp"), join(directory, "a.yaml"));
      },
      waits: [3],
    },
    {
      what: "after a while at a file that is written where it is",
      edit: (directory: string) => {
        appendFileSync(join(directory, "a.yaml"), "2");
      },
      waits: [15],
    },
    {
      what: "after a while at a file that was put there empty",
      edit: (directory: string) => {
        writeFiles(directory, { "a.yaml.tmp": "" });
        renameSync(join(directory, "a.yaml.tmp"), join(directory, "a.yaml"));
      },
      waits: [15],
    },
    {
      what: "after a while at a large file, of which not all may be there",
      edit: (directory: string) => {
        writeFiles(directory, { "a.yaml.tmp": "2".repeat(2 ** 20 + 1) });
        renameSync(join(directory, "a.yaml.tmp"), join(directory, "a.yaml"));
      },
      waits: [15],
    },
    {
      what: "after a while at a file that was removed",
      edit: (directory: string) => {
        rmSync(join(directory, "a.yaml"));
      },
      waits: [15],
    },
    {
      what: "after a while at several files that were put there",
      edit: (directory: string) => {
        writeFiles(directory, { "a.yaml.tmp": "2", "b.yaml.tmp": "2" });
        renameSync(join(directory, "a.yaml.tmp"), join(directory, "a.yaml"));
        renameSync(join(directory, "b.yaml.tmp"), join(directory, "b.yaml"));
      },
      waits: [3, 15],
    },
  ])("looks $what", async ({ edit, waits }) => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "a.yaml": "1" });
    const asked: number[] = [];
    const clock: Clock = {
      ...steadyClock,
      after: (ms, callback) => {
        asked.push(ms);
        return steadyClock.after(ms, callback);
      },
    };
    const quick = { quietMs: 15, aloneMs: 3, mostMs: 200 };
    const watch = watching(directory, { clock, waits: quick });
    await begin(directory, watch);
    asked.length = 0;
    edit(directory);
    await watch.next();
    expect(asked.filter((ms) => ms < 200)).toEqual(waits);
  });

  it("reads nothing but the file that was written", async () => {
    const directory = temporaryDirectory();
    writeFiles(
      directory,
      Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`f${String(i)}.yaml`, "1"])),
    );
    const watch = watching(directory);
    await begin(directory, watch);
    writeFiles(directory, { "f7.yaml": "2" });
    expect(await watch.next()).toEqual({ "f7.yaml": "2" });
  });

  it("gives what is in a directory that comes, and takes back what was in one that goes", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "a.yaml": "1" });
    const watch = watching(directory);
    await begin(directory, watch);
    const other = temporaryDirectory();
    writeFiles(other, { "b/c.yaml": "2" });
    renameSync(join(other, "b"), join(directory, "b"));
    expect(await watch.next()).toEqual({ "b/c.yaml": "2" });
    writeFiles(directory, { "b/c.yaml": "3" });
    expect(await watch.next()).toEqual({ "b/c.yaml": "3" });
    renameSync(join(directory, "b"), join(other, "b"));
    expect(await watch.next()).toEqual({ "b/c.yaml": undefined });
  });

  it("follows a directory that is replaced by another", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "a/x.yaml": "1", "new/x.yaml": "2" });
    const watch = watching(join(directory, "a"));
    await watch.next();
    renameSync(join(directory, "a"), join(directory, "old"));
    renameSync(join(directory, "new"), join(directory, "a"));
    expect(await watch.next()).toEqual({ "x.yaml": "2" });
    writeFiles(directory, { "a/x.yaml": "3" });
    expect(await watch.next()).toEqual({ "x.yaml": "3" });
  });

  it.each(["a", "."])("follows %s, which is removed and made again", async (name) => {
    const directory = join(temporaryDirectory(), "mesh");
    writeFiles(directory, { "a/x.yaml": "1" });
    const watch = watching(directory);
    await begin(directory, watch);
    // The directory that is made has the number of the one that is gone, on some file systems.
    rmSync(join(directory, name), { recursive: true });
    writeFiles(directory, { "a/x.yaml": "2" });
    let seen = {};
    while (!isDeepStrictEqual(seen, { "a/x.yaml": "2" })) seen = await watch.next();
    writeFiles(directory, { "a/x.yaml": "3" });
    while (!isDeepStrictEqual(seen, { "a/x.yaml": "3" })) seen = await watch.next();
  });

  it.each([
    ["a link to itself", "symlink-loop", "loop"],
    ["a link to what is read already", "symlink-loop", "../mesh"],
  ])("takes back what it said of %s that is removed", async (_what, code, target) => {
    const directory = join(temporaryDirectory(), "mesh");
    writeLinks(directory, { loop: target });
    const watch = watching(directory);
    expect(await watch.next()).toEqual({ loop: `!${code}` });
    rmSync(join(directory, "loop"));
    expect(await watch.next()).toEqual({ loop: undefined });
  });

  it("waits for a directory that does not exist yet, nor the one above it", async () => {
    const directory = temporaryDirectory();
    const watch = watching(join(directory, "a/b"));
    expect(await watch.nextBatch()).toMatchObject({ roots: [{ exists: false }], changed: [] });
    writeFiles(directory, { "other/x.yaml": "0" });
    writeFiles(directory, { "a/b/x.yaml": "1" });
    let all = {};
    while (!("x.yaml" in all)) all = { ...all, ...(await watch.next()) };
    expect(all).toEqual({ "x.yaml": "1" });
    writeFiles(directory, { "a/b/x.yaml": "2" });
    expect(await watch.next()).toEqual({ "x.yaml": "2" });
  });

  it("says that the directory is gone", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "a/x.yaml": "1" });
    const watch = watching(join(directory, "a"));
    await watch.next();
    rmSync(join(directory, "a"), { recursive: true });
    let batch = await watch.nextBatch();
    const removed = [...batch.removed];
    while (batch.roots[0]?.exists === true) {
      batch = await watch.nextBatch();
      removed.push(...batch.removed);
    }
    expect(removed).toEqual([join(directory, "a/x.yaml")]);
  });

  it("says when a directory that had nothing has been filled", async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, "a"));
    const watch = watching(join(directory, "a"));
    expect(await watch.nextBatch()).toMatchObject({ roots: [{ isSettled: true, sourceCount: 0 }] });
    writeFiles(directory, { "a/x.yaml": "1" });
    expect(await watch.nextBatch()).toMatchObject({
      roots: [{ isSettled: false, sourceCount: 1 }],
    });
    expect(await watch.nextBatch()).toMatchObject({
      roots: [{ isSettled: true }],
      changed: [],
      removed: [],
    });
  });

  it("says that a directory which lost several files may lose more, until none has gone for a while", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "x.yaml": "1", "y.yaml": "1", "z.yaml": "1" });
    const watch = watching(directory);
    await watch.next();
    for (const name of ["x.yaml", "y.yaml"]) rmSync(join(directory, name));
    expect(await watch.nextBatch()).toMatchObject({
      roots: [{ isSettled: false, sourceCount: 1 }],
    });
    expect(await watch.nextBatch()).toMatchObject({ roots: [{ isSettled: true }], removed: [] });
  });

  it("takes what has gone to be gone when it is asked to look", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "x.yaml": "1", "y.yaml": "1", "z.yaml": "1" });
    const after: Clock["after"] = (ms, callback) =>
      steadyClock.after(ms < 1000 ? ms : 2 ** 30, callback);
    const watch = watching(directory, { clock: { ...steadyClock, after } });
    await watch.next();
    for (const name of ["x.yaml", "y.yaml"]) rmSync(join(directory, name));
    await watch.refresh();
    let batch = await watch.nextBatch();
    const removed = [...batch.removed];
    while (batch.roots[0]?.isSettled !== true) batch = await watch.nextBatch();
    expect(removed).toHaveLength(2);
  });

  it("sees files change whose folder is swapped by a link, as Kubernetes does", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, {
      "..1/a.yaml": "1",
      "..1/b.yaml": "1",
      "..2/a.yaml": "2",
      "..2/b.yaml": "1",
    });
    writeLinks(directory, {
      "..data": "..1",
      "a.yaml": "..data/a.yaml",
      "b.yaml": "..data/b.yaml",
    });
    const watch = watching(directory);
    await begin(directory, watch);
    symlinkSync("..2", join(directory, "..data_tmp"));
    renameSync(join(directory, "..data_tmp"), join(directory, "..data"));
    expect(await watch.next()).toEqual({ "a.yaml": "2", "b.yaml": "1" });
  });

  it("sees a file change that a link leads to", async () => {
    const outside = temporaryDirectory();
    writeFiles(outside, { "x.yaml": "1" });
    const directory = temporaryDirectory();
    writeLinks(directory, { "a.yaml": join(outside, "x.yaml") });
    const watch = watching(directory);
    await begin(directory, watch);
    writeFiles(outside, { "x.yaml": "2" });
    expect(await watch.next()).toEqual({ "a.yaml": "2" });
  });

  it("gives the files that were written one after the other in one batch", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "a.yaml": "1", "b.yaml": "1" });
    const watch = watching(directory);
    await begin(directory, watch);
    writeFiles(directory, { "a.yaml": "2", "b.yaml": "2", "c.yaml": "2" });
    expect(await watch.next()).toEqual({ "a.yaml": "2", "b.yaml": "2", "c.yaml": "2" });
    expect(watch.waiting()).toBe(0);
  });

  it("gives nothing for files that are not read", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "a.yaml": "1" });
    const watch = watching(directory);
    await begin(directory, watch);
    writeFiles(directory, { "notes.txt": "1", ".a.yaml.swp": "1", "a.yaml~": "1", "b.yaml": "2" });
    expect(await watch.next()).toEqual({ "b.yaml": "2" });
  });

  it("gives nothing after it was closed", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "a.yaml": "1" });
    const watch = watching(directory);
    await begin(directory, watch);
    writeFiles(directory, { "a.yaml": "2" });
    await watch.close();
    expect(watch.waiting()).toBe(0);
  });

  it("finds by looking what no event told of", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "x/real/a.yaml": "1", "x/other/a.yaml": "2" });
    mkdirSync(join(directory, "mesh"));
    writeLinks(directory, { "x/current": "real", "mesh/a.yaml": "../x/current/a.yaml" });
    let rescan = (): void => undefined;
    const watch = watching(join(directory, "mesh"), {
      rescanMs: 12345,
      clock: {
        ...steadyClock,
        after: (ms, callback) => {
          if (ms === 12345) rescan = callback;
          return steadyClock.after(ms, callback);
        },
      },
    });
    await watch.next();
    symlinkSync("other", join(directory, "x/next"));
    renameSync(join(directory, "x/next"), join(directory, "x/current"));
    rescan();
    expect(await watch.next()).toEqual({ "a.yaml": "2" });
  });

  it("looks once more after the first look, for what came in between", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "x/real/a.yaml": "1", "x/other/a.yaml": "2" });
    writeLinks(directory, { "x/current": "real", "mesh/a.yaml": "../x/current/a.yaml" });
    const clock = fakeClock();
    const watch = watching(join(directory, "mesh"), { clock });
    await watch.next();
    symlinkSync("other", join(directory, "x/next"));
    renameSync(join(directory, "x/next"), join(directory, "x/current"));
    clock.pass(15);
    expect(await watch.next()).toEqual({ "a.yaml": "2" });
  });

  it("lets a large file rest that is written again soon after it was read, and then reads what it has", async () => {
    const directory = temporaryDirectory();
    const text = "1".repeat(2 ** 20);
    writeFiles(directory, { "a.yaml": text });
    const rests = fakeClock();
    const after: Clock["after"] = (ms, callback) =>
      ms === 250 ? rests.after(ms, callback) : steadyClock.after(ms, callback);
    const watch = watching(directory, { clock: { ...steadyClock, after } });
    await begin(directory, watch);
    appendFileSync(join(directory, "a.yaml"), "2");
    expect(await watch.next()).toEqual({ "a.yaml": `${text}2` });
    appendFileSync(join(directory, "a.yaml"), "3");
    writeFiles(directory, { "b.yaml": "4" });
    expect(await watch.next()).toEqual({ "b.yaml": "4" });
    rests.pass(250);
    expect(await watch.next()).toEqual({ "a.yaml": `${text}23` });
  });

  it("watches a directory before it looks at what is in it", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "a/x.yaml": "1" });
    const root = { path: directory, kind: "config" as const };
    const told: string[] = [];
    const { found } = await scanRoot(root, DEFAULT_LIMITS, (path) => {
      told.push(path.slice(directory.length));
      writeFiles(path, { "late.yaml": "2" });
    });
    expect(told).toEqual(["", "/a"]);
    const paths = [...found.keys()].map((path) => path.slice(directory.length)).sort();
    expect(paths).toEqual(["/a/late.yaml", "/a/x.yaml", "/late.yaml"]);
  });

  it("looks once more after a directory has come, for what came before it was watched", async () => {
    const directory = temporaryDirectory();
    let poked = (): void => undefined;
    const first = new Promise<void>((resolve) => {
      poked = resolve;
    });
    const root = { path: directory, kind: "config" as const };
    const poke = (): void => {
      poked();
    };
    const watched = await createWatchedRoot(root, {
      limits: DEFAULT_LIMITS,
      clock: steadyClock,
      poke,
    });
    onTestFinished(watched.close);
    mkdirSync(join(directory, "a"));
    await first;
    let pokes = 0;
    poked = () => pokes++;
    await watched.update();
    expect(pokes).toBe(1);
  });

  it("misses nothing that comes while it looks for the first time", async () => {
    const directory = temporaryDirectory();
    const written: Record<string, string> = {};
    const write = (): void => {
      const name = `d${String(Object.keys(written).length % 30)}/f${String(Object.keys(written).length)}.yaml`;
      writeFiles(directory, { [name]: "1" });
      written[name] = "1";
    };
    for (let i = 0; i < 30; i++) write();
    const watch = watching(directory);
    const first = watch.next();
    for (let i = 0; i < 100; i++) {
      await setImmediate();
      write();
    }
    const seen = { ...(await first) };
    while (Object.keys(seen).length < 130) Object.assign(seen, await watch.next());
    expect(seen).toEqual(written);
  });

  it("gives the folder of a secret whose file was written", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "default/a/ca.crt": "1" });
    const watch = watching(directory, { kind: "secrets" });
    await watch.next();
    writeFiles(directory, { "default/a/ca.crt": "2" });
    expect(await watch.next()).toEqual({ "default/a": '{"ca.crt":"2"}' });
    writeFiles(directory, { "default/b/ca.crt": "3" });
    let all = {};
    while (!("default/b" in all)) all = { ...all, ...(await watch.next()) };
    expect(all).toMatchObject({ "default/b": '{"ca.crt":"3"}' });
  });
});
