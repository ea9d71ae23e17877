import { expect, test } from "vitest";
import {
  agentPath,
  defaultStatePath,
  upStatePath,
} from "../../../../src/cli/options/state-path.js";

test("state is kept where the XDG specification says", () => {
  expect(defaultStatePath({ HOME: "/home/a" })).toBe("/home/a/.local/state/fairlead");
  expect(defaultStatePath({ HOME: "/home/a", XDG_STATE_HOME: "/var/x" })).toBe("/var/x/fairlead");
  expect(defaultStatePath({ HOME: "/home/a", XDG_STATE_HOME: "x" })).toBe(
    "/home/a/.local/state/fairlead",
  );
});

test("each workload's agent has a directory of its own", () => {
  expect(agentPath({ HOME: "/home/a" }, { name: "vm-1", namespace: "vms" })).toBe(
    "/home/a/.local/state/fairlead/agents/vm-1.vms",
  );
});

test("each directory has a state of its own, whatever way it is named", () => {
  const environment = { HOME: "/home/a" };
  const path = upStatePath(environment, "/srv/shop");
  expect(path).toMatch(/^\/home\/a\/\.local\/state\/fairlead\/up\/shop-[0-9a-f]{8}$/);
  expect(upStatePath(environment, "/srv/x/../shop/")).toBe(path);
  expect(upStatePath(environment, "/other/shop")).not.toBe(path);
});
