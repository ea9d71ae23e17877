import { execFileSync } from "node:child_process";
import { chmodSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS, type SourceLimits } from "../../../../src/config/sources/root.js";
import { readSources } from "../../../../src/config/sources/scan.js";
import { temporaryDirectory, writeFiles, writeLinks } from "./temporary-directory.js";

/** What is read of a directory: text or the code of a problem, by the path below it. */
async function read(
  directory: string,
  limits: Partial<SourceLimits> = {},
): Promise<Readonly<Record<string, string>>> {
  const root = { path: directory, kind: "config" as const };
  const { changed } = await readSources([root], { ...DEFAULT_LIMITS, ...limits });
  const entries = changed.map((source): [string, string] => {
    const path = source.path.slice(directory.length + 1);
    if (source.type === "text") return [path, source.text];
    return [path, source.type === "unreadable" ? `!${source.code}` : "secret"];
  });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe("the files of a directory", () => {
  it("are all of .yaml, .yml and .json, at any depth", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, {
      "a.yaml": "1",
      "b/c.yml": "2",
      "b/d/e.json": "3",
      "F.YAML": "4",
      "g.txt": "5",
      yaml: "6",
    });
    expect(await read(directory)).toEqual({
      "F.YAML": "4",
      "a.yaml": "1",
      "b/c.yml": "2",
      "b/d/e.json": "3",
    });
  });

  it("are not those that are hidden, or in a hidden folder", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, {
      ".a.yaml": "1",
      ".git/b.yaml": "2",
      "..data/c.yaml": "3",
      "d.yaml": "4",
    });
    expect(await read(directory)).toEqual({ "d.yaml": "4" });
  });

  it("are shown with the directory as it was given", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "mesh/a.yaml": "1" });
    const { changed } = await readSources([{ path: `${directory}/mesh/../mesh/`, kind: "config" }]);
    expect(changed.map(({ path }) => path)).toEqual([join(directory, "mesh/a.yaml")]);
  });

  it("are one when a file is given in place of a directory", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "a.yaml": "1", "b.yaml": "2" });
    const { changed, roots } = await readSources([
      { path: join(directory, "a.yaml"), kind: "config" },
    ]);
    expect(changed).toMatchObject([{ path: join(directory, "a.yaml"), text: "1" }]);
    expect(roots).toMatchObject([{ exists: true, sourceCount: 1 }]);
  });

  it("are none of a directory that does not exist", async () => {
    const directory = temporaryDirectory();
    const { changed, roots } = await readSources([
      { path: join(directory, "none"), kind: "config" },
    ]);
    expect(changed).toEqual([]);
    expect(roots).toMatchObject([{ exists: false, sourceCount: 0 }]);
  });

  it("lose a byte order mark", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "a.yaml": "\ufeffa: 1" });
    expect(await read(directory)).toEqual({ "a.yaml": "a: 1" });
  });

  it("are refused when they are no UTF-8", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, {
      "a.yaml": Buffer.from([0x61, 0xff, 0xfe]),
      "b.yaml": Buffer.from("ä", "latin1"),
    });
    expect(await read(directory)).toEqual({ "a.yaml": "!not-utf8", "b.yaml": "!not-utf8" });
  });

  it("are refused when they are too large, without being read", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "a.yaml": "12345", "b.yaml": "123456" });
    expect(await read(directory, { fileBytes: 5 })).toEqual({
      "a.yaml": "12345",
      "b.yaml": "!file-too-large",
    });
    truncateSync(join(directory, "a.yaml"), 50 * 2 ** 20);
    const before = process.memoryUsage().rss;
    const { changed } = await readSources([{ path: directory, kind: "config" }]);
    expect(changed).toMatchObject([
      { type: "unreadable", message: "the file has 50 MiB; at most 10 MiB are read: split it" },
      { type: "text" },
    ]);
    expect(process.memoryUsage().rss - before).toBeLessThan(20 * 2 ** 20);
  });

  it("are refused when they are pipes, which nobody may ever write to", async () => {
    const directory = temporaryDirectory();
    execFileSync("mkfifo", [join(directory, "a.yaml")]);
    expect(await read(directory)).toEqual({ "a.yaml": "!not-a-file" });
  });

  it.skipIf(process.getuid?.() === 0)("are refused when there is no permission", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "a.yaml": "1" });
    chmodSync(join(directory, "a.yaml"), 0);
    expect(await read(directory)).toEqual({ "a.yaml": "!unreadable" });
  });

  it("are at most as many as is allowed", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "a.yaml": "1", "b.yaml": "2", "c.yaml": "3" });
    const root = { path: directory, kind: "config" as const };
    const { changed, roots } = await readSources([root], { ...DEFAULT_LIMITS, files: 2 });
    expect(changed.map(({ path }) => path).sort()).toEqual([
      join(directory, "a.yaml"),
      join(directory, "b.yaml"),
    ]);
    expect(roots[0]?.problems).toMatchObject([
      { code: "too-many-files", position: { file: directory } },
    ]);
  });

  it("are not looked for in directories that are too deep", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "a/b/c.yaml": "1", "a/b/c/d.yaml": "2" });
    expect(await read(directory, { depth: 2 })).toEqual({
      "a/b/c.yaml": "1",
      "a/b/c": "!too-deep",
    });
  });
});

describe("symbolic links", () => {
  it("are followed to files and directories, outside too", async () => {
    const outside = temporaryDirectory();
    writeFiles(outside, { "x.yaml": "x", "y/z.yaml": "z" });
    const directory = temporaryDirectory();
    writeLinks(directory, { "a.yaml": join(outside, "x.yaml"), b: join(outside, "y") });
    expect(await read(directory)).toEqual({ "a.yaml": "x", "b/z.yaml": "z" });
  });

  it("are followed the way in which Kubernetes mounts a ConfigMap", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "..2026_01/a.yaml": "1" });
    writeLinks(directory, { "..data": "..2026_01", "a.yaml": "..data/a.yaml" });
    expect(await read(directory)).toEqual({ "a.yaml": "1" });
  });

  it("that lead to themselves are a problem", async () => {
    const directory = temporaryDirectory();
    writeLinks(directory, { a: "a", "b.yaml": "b.yaml", c: "d", d: "c" });
    expect(await read(directory)).toEqual({
      a: "!symlink-loop",
      "b.yaml": "!symlink-loop",
      c: "!symlink-loop",
      d: "!symlink-loop",
    });
  });

  it("that lead to a directory around them are a problem, and end", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "a.yaml": "1", "b/c.yaml": "2" });
    writeLinks(directory, { "b/up": "..", self: "." });
    expect(await read(directory)).toEqual({
      "a.yaml": "1",
      "b/c.yaml": "2",
      "b/up": "!symlink-loop",
      self: "!symlink-loop",
    });
  });

  it("to a directory that is read anyway are a problem of the link", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "z/a.yaml": "1" });
    writeLinks(directory, { a: "z" });
    expect(await read(directory)).toEqual({ a: "!symlink-loop", "z/a.yaml": "1" });
  });

  it("to nothing are a problem when they are named as a file that would be read", async () => {
    const directory = temporaryDirectory();
    writeLinks(directory, { "a.yaml": "none", b: "none" });
    expect(await read(directory)).toEqual({ "a.yaml": "!dangling-link" });
  });
});

describe("the secrets of a directory", () => {
  const secrets = async (directory: string): Promise<readonly unknown[]> => {
    const { changed } = await readSources([{ path: directory, kind: "secrets" }]);
    return changed.map(({ path: _path, root: _root, ...rest }) => rest);
  };

  it("are the folders <namespace>/<name> with a certificate or a key", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, {
      "default/app-tls/tls.crt": "C",
      "default/app-tls/tls.key": "K",
      "default/app-tls/notes.txt": "N",
      "other/ca/ca.crt": "A",
      "other/empty/notes.txt": "N",
      "stray.crt": "S",
    });
    expect(await secrets(directory)).toEqual([
      {
        type: "secret",
        namespace: "default",
        name: "app-tls",
        files: { "tls.crt": "C", "tls.key": "K" },
      },
      { type: "secret", namespace: "other", name: "ca", files: { "ca.crt": "A" } },
    ]);
  });

  it("are read from mounted volumes, mounted at the secret or above", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "a/one/..1/ca.crt": "1", "..2/b/two/ca.crt": "2" });
    writeLinks(directory, {
      "a/one/..data": "..1",
      "a/one/ca.crt": "..data/ca.crt",
      "..data": "..2",
      b: "..data/b",
    });
    expect(await secrets(directory)).toMatchObject([
      { files: { "ca.crt": "1" } },
      { files: { "ca.crt": "2" } },
    ]);
  });

  it.each([
    ["a file outside", "../../../key"],
    ["a file of the same name outside", "../../../default/mine/tls.key"],
    ["another folder's file", "../../other/theirs/tls.key"],
    ["an absolute path", "/etc/hostname"],
  ])("are refused when a link leads to %s", async (_, target) => {
    const parent = temporaryDirectory();
    writeFiles(parent, {
      key: "K",
      "default/mine/tls.key": "K",
      "secrets/other/theirs/tls.key": "K",
      "secrets/default/mine/tls.crt": "C",
    });
    writeLinks(parent, { "secrets/default/mine/tls.key": target });
    const [mine] = await secrets(join(parent, "secrets"));
    expect(mine).toMatchObject({ type: "unreadable", code: "link-out-of-folder" });
  });

  it("are refused when the folder itself is a link to another", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "other/theirs/tls.key": "K" });
    writeLinks(directory, { "default/mine": "../other/theirs" });
    expect(await secrets(directory)).toMatchObject([
      { code: "link-out-of-folder" },
      { type: "secret" },
    ]);
  });

  it("are gone with their files", async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, { "default/a/ca.crt": "A" });
    rmSync(join(directory, "default/a/ca.crt"));
    expect(await secrets(directory)).toEqual([]);
  });
});
