/** What examples/compose and the documents about containers say is what there is: files, services, options of commands. */
import { existsSync, readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { load } from "js-yaml";
import { describe, expect, test } from "vitest";
import { readJwtIssuers } from "../../../src/app/identity/jwt-issuers.js";
import { NOMAD_WORKLOAD } from "../ca/make-jwt.js";
import { run } from "../cli/run.js";

const DIRECTORY = "examples/compose";
const PROJECTS = ["compose.yaml", "replica.yaml", "unprivileged.yaml"];

/** As much of a Compose service as is looked at. */
interface Service {
  readonly extends?: { readonly file: string; readonly service: string };
  readonly image?: string;
  readonly build?: { readonly context: string; readonly target: string };
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly volumes?: readonly string[];
  readonly network_mode?: string;
  readonly depends_on?: Readonly<Record<string, object>>;
}

interface Project {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, object | null>>;
}

const read = (...path: readonly string[]): string => readFileSync(join(...path), "utf8");
const projectOf = (file: string): Project => load(read(DIRECTORY, file)) as Project;

/** A service with what it extends. */
function extended(service: Service): Service {
  if (service.extends === undefined) return service;
  const { file, service: name } = service.extends;
  const base = projectOf(file).services[name];
  if (base === undefined) throw new Error(`${file} has no service ${name}`);
  return {
    ...base,
    ...service,
    volumes: [...(base.volumes ?? []), ...(service.volumes ?? [])],
  };
}

const SERVICES = PROJECTS.flatMap((file) =>
  Object.entries(projectOf(file).services).map(([name, service]) => ({
    title: `${name} of ${file}`,
    project: projectOf(file),
    service: extended(service),
  })),
);

/** The words of a line as a shell reads it; what is put in for variables is some name. */
const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare = ""]) =>
    (double ?? single ?? bare).replace(/\$\w+/g, "default/any"),
  );

/** Up to where a shell, or the document, has something else. */
const COMMAND = /(?:^|[\s(`])fairlead ([a-z-]+[^|>)&`\n]*)/g;

/** The arguments of each `fairlead` in a script. */
const commandsIn = (script: string): readonly (readonly string[])[] =>
  [...script.replace(/\\\n/g, " ").matchAll(COMMAND)].map(([, words = ""]) => wordsOf(words));

/** The arguments of the `fairlead` that a container runs. */
function commandsOf({
  image = "",
  entrypoint = ["fairlead"],
  command = [],
}: Service): readonly (readonly string[])[] {
  const [program = "", ...words] = [...entrypoint, ...command.map(named)];
  return image.startsWith("fairlead") && program === "fairlead" ? [words] : [];
}

/** Compose puts in the name of the project. */
const named = (word: string): string => word.replace("${COMPOSE_PROJECT_NAME}", "payments-v1-1");

const UNKNOWN = "--is-this-the-only-option-that-there-is-not";

/** What is wrong with a command line, which is not run: an option more than there are keeps it from that. */
async function wrongWith(args: readonly string[]): Promise<string | undefined> {
  const { stderr } = await run([...args, UNKNOWN]);
  return stderr.startsWith(`error: unknown option '${UNKNOWN}'`) ? undefined : stderr;
}

describe.each(SERVICES)("the service $title", ({ project, service }) => {
  test("waits for services, and shares the network of one, that there are", () => {
    const [, network] = /^service:(.*)$/.exec(service.network_mode ?? "") ?? [];
    const others = [
      ...Object.keys(service.depends_on ?? {}),
      ...(network === undefined ? [] : [network]),
    ];
    expect(others.filter((name) => !(name in project.services))).toEqual([]);
  });

  test("mounts files and volumes that there are", () => {
    // One without a source is the container's own.
    const mounted = (service.volumes ?? []).filter((volume) => volume.includes(":"));
    const sources = mounted.map((volume) => volume.split(":")[0] ?? "");
    const isThere = (source: string): boolean =>
      source.startsWith(".")
        ? existsSync(join(DIRECTORY, source))
        : source in (project.volumes ?? {});
    expect(sources.filter((source) => !isThere(source))).toEqual([]);
  });

  test("has an image that the Dockerfile makes, or begins with", () => {
    const target = { fairlead: "control-plane", "fairlead-proxy": "proxy" }[service.image ?? ""];
    const from =
      target === undefined
        ? `FROM ${service.image ?? ""} AS`
        : new RegExp(`^FROM .* AS ${target}$`, "m");
    expect(read("Dockerfile")).toMatch(from);
    expect(service.build?.target ?? target).toBe(target);
  });

  test("has no command that the command line would not take", async () => {
    const wrong = await Promise.all(commandsOf(service).map(wrongWith));
    expect(wrong.filter((one) => one !== undefined)).toEqual([]);
  });
});

test("commands are found in the containers, scripts and documents", () => {
  const { services } = projectOf("compose.yaml");
  const proxy = extended(services["payments-v1-proxy"] ?? {});
  expect(commandsOf(proxy)).toEqual([
    expect.arrayContaining(["--workload", "payments-v1-0.default", "--config", "/mesh"]),
  ]);
  expect(commandsIn(read(DIRECTORY, "join.sh")).map(([first]) => first)).toContain("token");
  expect(commandsIn(shownIn("docs/compose.md")).length).toBeGreaterThan(3);
  expect(jobCommand()[0]).toBe("agent");
});

const NOMAD = "examples/nomad";
const JOB = join(NOMAD, "payments.nomad.hcl");

test("the job of Nomad has files that there are, but for the root, and a task that is let in", async () => {
  const files = [...read(JOB).matchAll(/\bfile\("([^"]+)"\)/g)].map(([, file = ""]) => file);
  expect(files.filter((file) => !existsSync(join(NOMAD, file)))).toEqual(["root-cert.pem"]);
  const [issuer] = await readJwtIssuers(join(NOMAD, "issuers.yaml"));
  expect(issuer?.workload).toEqual(NOMAD_WORKLOAD);
  expect(read(JOB)).toMatch(
    /task "proxy" \{[^]*identity \{\s+name = "fairlead"\s+aud {2}= \["fairlead"\]/,
  );
  expect(issuer?.audiences).toEqual(["fairlead"]);
});

/** What the task `proxy` of the job runs, with some name in the place of what Nomad puts in. */
function jobCommand(): readonly string[] {
  const [, args = ""] = /args = \[\s+("agent",[^\]]*)\]/.exec(read(JOB)) ?? [];
  const words = [...args.matchAll(/"([^"]*)"/g)];
  return words.map(([, word = ""]) => word.replace(/\$\{\w+\}/g, "any"));
}

test("the job of Nomad has no command that the command line would not take", async () => {
  expect(await wrongWith(jobCommand())).toBeUndefined();
});

/** What a document shows as to be typed. */
const shownIn = (document: string): string => (read(document).match(/^ {4}.*$/gm) ?? []).join("\n");

test.each([
  ["examples/compose/join.sh", read(DIRECTORY, "join.sh")],
  ["docs/compose.md", shownIn("docs/compose.md")],
  ["docs/nomad.md", shownIn("docs/nomad.md")],
])("%s has no command that the command line would not take", async (_file, text) => {
  const wrong = await Promise.all(commandsIn(text).map(wrongWith));
  expect(wrong.filter((one) => one !== undefined)).toEqual([]);
});

test("the document names services and files that there are", () => {
  const text = read("docs/compose.md");
  const { services } = projectOf("compose.yaml");
  const named = [...text.matchAll(/docker compose (?:exec|restart) ([\w-]+)/g)].map(
    ([, name = ""]) => name,
  );
  expect(named.filter((name) => !(name in services))).toEqual([]);
  const files = [...text.matchAll(/--file (\S+)|\bmesh\/(\S+\.yaml)(?=[\s`])/g)].map(
    ([, file, mesh = ""]) => file ?? join("mesh", mesh),
  );
  expect(files.length).toBeGreaterThan(4);
  expect(files.filter((file) => !existsSync(join(DIRECTORY, file)))).toEqual([]);
});

test.each([DIRECTORY, NOMAD])(
  "the mesh of %s is valid, and no analyzer finds anything",
  async (of) => {
    const mesh = join(of, "mesh");
    expect(await run(["validate", "-f", mesh])).toMatchObject({ code: 0, stderr: "" });
    const { code, stdout, stderr } = await run(["analyze", mesh]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toContain("nothing found");
  },
);

test("what the Dockerfile copies of the repository is there, and is let in", () => {
  const copied = [...read("Dockerfile").matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(
    ([, sources = ""]) => sources.split(" "),
  );
  const allowed = [...read(".dockerignore").matchAll(/^!(.+)$/gm)].map(([, path = ""]) => path);
  expect(copied.length).toBeGreaterThan(4);
  expect([...copied, ...allowed].filter((path) => !existsSync(path))).toEqual([]);
  const isLetIn = (path: string): boolean =>
    path === "." || allowed.some((one) => normalize(path).startsWith(one));
  expect(copied.filter((path) => !isLetIn(path))).toEqual([]);
});
