import { expect, test } from "vitest";
import {
  authorizationTable,
  enforcedPolicies,
} from "../../../../src/console/proxy-config/authorization-table.js";
import type { ListenerJson } from "../../../../src/envoy/api.js";

const NETWORK_RBAC = "type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC";

/** A listener whose connections go through RBAC filters. */
function listenerWith(...filters: readonly object[]): ListenerJson {
  const chain = filters.map((filter) => ({
    name: "rbac",
    typedConfig: { "@type": NETWORK_RBAC, ...filter },
  }));
  return { name: "0.0.0.0_80", filterChains: [{ filters: chain }] };
}

const rows = (...filters: readonly object[]): readonly (readonly string[])[] =>
  authorizationTable(enforcedPolicies([listenerWith(...filters)])).slice(1);

test("policies about which an authorizer is asked come first", () => {
  const custom = {
    shadowRulesStatPrefix: "istio_ext_authz_",
    shadowRules: {
      action: "DENY",
      policies: {
        "istio-ext-authz-opa-ns[shop]-policy[ask]-rule[0]": {},
        "istio-ext-authz-opa-ns[shop]-policy[ask]-rule[1]": {},
      },
    },
  };
  const denied = { rules: { action: "DENY", policies: { "ns[shop]-policy[no]-rule[0]": {} } } };
  expect(rows(custom, denied)).toEqual([
    ["CUSTOM", "ask.shop", "2"],
    ["DENY", "no.shop", "1"],
  ]);
});

test("a policy that denies because nobody can be asked goes by its name", () => {
  const name = "istio-ext-authz-gone-ns[shop]-policy[ask]-rule[0]-deny-due-to-bad-CUSTOM-action";
  expect(rows({ rules: { action: "DENY", policies: { [name]: {} } } })).toEqual([
    ["DENY", "ask.shop", "1"],
  ]);
});

test("a policy that is tried out is not enforced", () => {
  const tried = { policies: { "ns[shop]-policy[tried-out]-rule[0]": {} } };
  expect(rows({ shadowRules: tried, shadowRulesStatPrefix: "istio_dry_run_allow_" })).toEqual([]);
});
