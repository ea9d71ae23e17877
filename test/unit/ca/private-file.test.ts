import {
  chmod,
  chown,
  type FileHandle,
  mkdir,
  open,
  readdir,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import {
  createPrivateFile,
  makePrivateDirectory,
  readPrivateFile,
  removePrivateFile,
  writePrivateFile,
} from "../../../src/ca/private-file.js";
import { temporaryDirectory } from "./temporary-directory.js";

test("what is written is read, and is its owner's alone", async () => {
  const path = join(await temporaryDirectory(), "file");
  await writePrivateFile(path, "one");
  await writePrivateFile(path, "two");
  expect((await readPrivateFile(path))?.toString()).toBe("two");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("nothing but the file is left in the directory", async () => {
  const directory = await temporaryDirectory();
  await writePrivateFile(join(directory, "a"), "");
  await createPrivateFile(join(directory, "b"), "");
  await createPrivateFile(join(directory, "b"), "");
  expect((await readdir(directory)).sort()).toEqual(["a", "b"]);
});

test("nothing is left of what could not be written", async () => {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, "a", "b"), { recursive: true });
  await expect(writePrivateFile(join(directory, "a"), "")).rejects.toThrow("cannot be used");
  expect(await readdir(directory)).toEqual(["a"]);
});

test("of a disk that is full it is said, and nothing is left on it", async () => {
  const directory = await temporaryDirectory();
  const handle = await open(directory, "r");
  const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  const write = vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, "writeFile");
  write.mockRejectedValueOnce(full);
  onTestFinished(async () => {
    write.mockRestore();
    await handle.close();
  });
  const path = join(directory, "a");
  await expect(writePrivateFile(path, "")).rejects.toThrow(
    `${path}: cannot be used (the disk is full, ENOSPC)`,
  );
  expect(await readdir(directory)).toEqual([]);
});

test("a file that is not there is undefined", async () => {
  expect(await readPrivateFile(join(await temporaryDirectory(), "file"))).toBeUndefined();
});

test("of many that create a file at once, one does, and its content stays", async () => {
  const path = join(await temporaryDirectory(), "file");
  const names = Array.from({ length: 20 }, (_, i) => `writer ${i}`);
  const made = await Promise.all(names.map((name) => createPrivateFile(path, name)));
  expect(made.filter(Boolean)).toHaveLength(1);
  expect((await readPrivateFile(path))?.toString()).toBe(names[made.indexOf(true)]);
});

test("removing says whether there was a file", async () => {
  const path = join(await temporaryDirectory(), "file");
  await writePrivateFile(path, "");
  expect([await removePrivateFile(path), await removePrivateFile(path)]).toEqual([true, false]);
});

describe("a file is refused", () => {
  test.each([0o640, 0o604, 0o602, 0o610])("with mode %o", async (mode) => {
    const path = join(await temporaryDirectory(), "file");
    await writeFile(path, "secret");
    await chmod(path, mode);
    await expect(readPrivateFile(path)).rejects.toMatchObject({
      code: "state-file-mode",
      message: expect.stringContaining(`mode 0${mode.toString(8)}`),
    });
  });

  test("when it is a symbolic link", async () => {
    const directory = await temporaryDirectory();
    await writePrivateFile(join(directory, "real"), "secret");
    await symlink("real", join(directory, "link"));
    await expect(readPrivateFile(join(directory, "link"))).rejects.toMatchObject({
      code: "state-file-kind",
    });
  });

  test("when it is a directory", async () => {
    const path = join(await temporaryDirectory(), "directory");
    await mkdir(path, { mode: 0o700 });
    await expect(readPrivateFile(path)).rejects.toMatchObject({ code: "state-file-kind" });
  });

  test("when it is larger than anything that is written here", async () => {
    const path = join(await temporaryDirectory(), "file");
    await writeFile(path, Buffer.alloc(1024 * 1024 + 1), { mode: 0o600 });
    await expect(readPrivateFile(path)).rejects.toMatchObject({ code: "state-file-content" });
    await expect(readPrivateFile(path, 2 * 1024 * 1024)).resolves.toHaveLength(1024 * 1024 + 1);
  });
});

describe("a directory", () => {
  test("is made with those above it, for the owner alone", async () => {
    const path = join(await temporaryDirectory(), "a", "b");
    await makePrivateDirectory(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  test.each([0o750, 0o705, 0o711])("with mode %o is refused", async (mode) => {
    const path = join(await temporaryDirectory(), "directory");
    await mkdir(path);
    await chmod(path, mode);
    await expect(makePrivateDirectory(path)).rejects.toMatchObject({ code: "state-file-mode" });
  });

  test("that is a symbolic link is refused", async () => {
    const parent = await temporaryDirectory();
    await mkdir(join(parent, "real"), { mode: 0o700 });
    await symlink("real", join(parent, "link"));
    await expect(makePrivateDirectory(join(parent, "link"))).rejects.toMatchObject({
      code: "state-file-kind",
    });
  });

  test.runIf(process.getuid?.() === 0)("of another user is refused", async () => {
    const path = join(await temporaryDirectory(), "directory");
    await mkdir(path, { mode: 0o700 });
    await chown(path, 12_345, 12_345);
    await expect(makePrivateDirectory(path)).rejects.toMatchObject({ code: "state-file-owner" });
  });

  test("that cannot be made is said to be so, with the reason", async () => {
    const parent = await temporaryDirectory();
    await writeFile(join(parent, "file"), "");
    await expect(makePrivateDirectory(join(parent, "file", "directory"))).rejects.toMatchObject({
      code: "state-file-access",
      message: expect.stringContaining("ENOTDIR"),
    });
  });
});
