import pc from "picocolors";
import { expect, test } from "vitest";
import type { Settled } from "../../../../src/app/update/followed-update.js";
import type { Update } from "../../../../src/app.js";
import type { Diagnostic } from "../../../../src/base/diagnostic.js";
import { desiredMesh } from "../../../../src/up/desired-mesh.js";
import { MADE_ANNOTATIONS } from "../../../../src/up/made/made.js";
import { UpTerminal } from "../../../../src/up/terminal/up-terminal.js";
import { deployment, placed, resource, tablesOf } from "../fixtures.js";

const POD = placed();
const ERROR: Diagnostic = {
  severity: "error",
  code: "unknown-field",
  message: 'unknown field "wieght"; did you mean "weight"',
  position: { file: "shop/a.yaml", line: 3, column: 5 },
  sourceLine: "    wieght: 1",
};
const ABOUT_MADE: Diagnostic = {
  severity: "error",
  code: "duplicate-resource",
  message: "Secret a.b is at /state/made/secret_b_a.json:1:1 already",
  position: { file: "shop/tls.yaml", line: 1, column: 1 },
};
const NOTHING: Update = { changed: [], newDiagnostics: [], clearedDiagnostics: [] };
const TABLES = tablesOf();

/** A terminal that keeps what is written to it. */
function open(interactive = false): { terminal: UpTerminal; written: () => string } {
  let written = "";
  const terminal = new UpTerminal(
    {
      write: (text) => {
        written += text;
      },
      interactive,
      colors: pc.createColors(false),
    },
    "/state",
  );
  return { terminal, written: () => written };
}

test("shows progress on one line to a person, and nothing of it to a program", () => {
  const events = (terminal: UpTerminal): void => {
    terminal.event({ kind: "started", pod: POD });
    terminal.lines(["a line"]);
    terminal.event({ kind: "proxy", pod: POD, state: { phase: "ready", startMs: 5 } });
    terminal.running();
  };
  const person = open(true);
  events(person.terminal);
  expect(person.written().replaceAll("\r\u001b[K", "<")).toBe(
    "<  0 of 1 proxy ready<a line\n<  0 of 1 proxy ready<  1 of 1 proxy ready<",
  );
  const program = open();
  events(program.terminal);
  expect(program.written()).toBe("a line\n");
});

test("names what a long start waits for", () => {
  const { terminal, written } = open();
  for (let i = 0; i < 6; i++) {
    terminal.event({ kind: "started", pod: placed({ name: `a-${i}` }) });
  }
  terminal.waiting();
  expect(written()).toBe("  waiting for a-0.default, a-1.default, a-2.default and 3 more\n");
});

test("says once what was added to what the files declare", () => {
  const { terminal, written } = open();
  const desired = desiredMesh(tablesOf(deployment("a.shop")));
  terminal.event({ kind: "desired", desired, standIns: [] });
  terminal.event({ kind: "desired", desired, standIns: [] });
  expect(written().match(/no file declares the namespace shop/g)).toHaveLength(1);
});

test("tells of pods once the mesh runs", () => {
  const { terminal, written } = open();
  terminal.event({ kind: "proxy", pod: POD, state: { phase: "ready", startMs: 700 } });
  terminal.running();
  terminal.event({ kind: "proxy", pod: POD, state: { phase: "ready", startMs: 700 } });
  const plain = placed({ name: "plain-0", proxy: "none" });
  terminal.event({ kind: "proxy", pod: plain, state: { phase: "ready", startMs: 0 } });
  terminal.event({ kind: "ended", pod: POD });
  terminal.closing();
  terminal.event({ kind: "ended", pod: POD });
  expect(written()).toBe(
    "payments-v1-0.default runs at 127.30.0.1, ready in 0.7 s\n" +
      "plain-0.default runs at 127.30.0.1, without a sidecar\n" +
      "payments-v1-0.default ended\n",
  );
});

test("tells of a proxy that ended, also while the mesh starts, and where its log is", () => {
  const { terminal, written } = open();
  const state = { phase: "failed", reason: "Envoy ended with code 1", retryInMs: 500 } as const;
  terminal.event({ kind: "proxy", pod: POD, state });
  expect(written()).toBe(
    "payments-v1-0.default: Envoy ended with code 1, starts again in 0.5 s; " +
      "its log: /state/logs/payments-v1-0.default.log\n",
  );
});

test("tells what became wrong and right with the files, not with what was made", () => {
  const { terminal, written } = open();
  terminal.running();
  const about = [ERROR, ABOUT_MADE];
  terminal.updated({ ...NOTHING, newDiagnostics: about }, TABLES);
  terminal.updated({ ...NOTHING, clearedDiagnostics: about }, TABLES);
  expect(written()).toBe(
    'shop/a.yaml:3:5: error[unknown-field]: unknown field "wieght"; did you mean "weight"\n' +
      "        wieght: 1\n" +
      "        ^\n" +
      'solved: shop/a.yaml:3: unknown field "wieght"\n',
  );
});

test("tells who took a change of the files, not of what was made", () => {
  const { terminal, written } = open();
  terminal.running();
  const tables = tablesOf(
    resource("Pod", "made", { annotations: MADE_ANNOTATIONS }),
    resource("Service", "theirs"),
  );
  const ref = (kind: string, name: string) => ({ kind, namespace: "default", name });
  const change = { ref: ref("Pod", "made"), action: "added" } as const;
  const theirs = { ref: ref("Service", "theirs"), action: "changed" } as const;
  const settled = (changed: Update["changed"]): Settled => ({
    update: { ...NOTHING, changed },
    concerned: 2,
    acknowledged: 2,
    rejected: [],
    times: [],
    ms: 9,
  });
  terminal.updated({ ...NOTHING, changed: [change] }, tables);
  terminal.settled(settled([change]), tables);
  terminal.settled(settled([{ ...change, action: "removed" }]), TABLES);
  terminal.settled(settled([change, theirs]), tables);
  expect(written()).toBe("Service theirs.default changed: acknowledged by 2 proxies in 9 ms\n");
});

test("shows control characters of what it tells of, and paints around them", () => {
  let written = "";
  const terminal = new UpTerminal(
    { write: (text) => (written += text), interactive: false, colors: pc.createColors(true) },
    "/state",
  );
  terminal.running();
  terminal.lines(["a\u001b[2Jb"]);
  terminal.event({ kind: "error", error: new Error("no\u009b\n") });
  expect(written).toBe("a\\x1b[2Jb\n\u001b[31merror: Error: no\\x9b\\n\u001b[39m\n");
});
