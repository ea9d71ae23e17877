import { describe } from "vitest";
import { tryRows } from "../findings-of.js";

describe("a Telemetry", () => {
  const tag = (one: object) => ({ tracing: [{ customTags: { a: one } }] });
  const override = (one: object) => ({ metrics: [{ overrides: [one] }] });
  const tagOverride = (one: object) => override({ tagOverrides: { a: one } });
  const OVERRIDE = "spec.metrics[0].overrides[0]";
  tryRows("Telemetry", [
    ["can be empty", {}, []],
    [
      "names its providers",
      { accessLogging: [{ providers: [{ name: "" }] }] },
      ["spec.accessLogging[0].providers[0].name"],
    ],
    ["should have one tracing", { tracing: [{}, {}] }, ["warning spec.tracing[1]"]],
    [
      "should trace to one provider",
      { tracing: [{ providers: [{ name: "a" }, { name: "b" }] }] },
      ["warning spec.tracing[0].providers[1]"],
    ],
    [
      "traces a part of 100",
      { tracing: [{ randomSamplingPercentage: 101 }] },
      ["spec.tracing[0].randomSamplingPercentage"],
    ],
    [
      "has tags of one kind",
      tag({ literal: { value: "a" }, header: { name: "b" } }),
      ["spec.tracing[0].customTags.a.header"],
    ],
    [
      "has tags with formats and headers that Envoy takes",
      {
        tracing: [
          {
            customTags: {
              a: { formatter: { value: "%REQ(:path" } },
              b: { header: { name: "a b" } },
              c: { formatter: { value: '%COALESCE({"operators":["METHOD"]})% at 5%%' } },
            },
          },
        ],
      },
      ["spec.tracing[0].customTags.a.formatter.value", "spec.tracing[0].customTags.b.header.name"],
    ],
    [
      "can have a tag with the host that was asked for",
      tag({ header: { name: ":authority" } }),
      [],
    ],
    ["should have tags with a value", tag({}), ["warning spec.tracing[0].customTags.a"]],
    [
      "reports at an interval of a millisecond at least",
      { metrics: [{ reportingInterval: "0s" }] },
      ["spec.metrics[0].reportingInterval", "warning spec.metrics[0].reportingInterval"],
    ],
    [
      "logs by an expression that Envoy cannot evaluate",
      {
        accessLogging: [
          {
            providers: [{ name: "envoy" }],
            filter: { expression: "string(response.code) == '200'" },
          },
        ],
      },
      ["spec.accessLogging[0].filter.expression"],
    ],
    [
      "logs by an expression of CEL",
      { accessLogging: [{ filter: { expression: "response.code >=" } }, { filter: {} }] },
      [
        "spec.accessLogging[0].filter.expression",
        "warning spec.accessLogging[0].filter",
        "spec.accessLogging[1].filter.expression",
        "warning spec.accessLogging[1].filter",
      ],
    ],
    ["sets tags of metrics to something", tagOverride({}), [`${OVERRIDE}.tagOverrides.a.value`]],
    [
      "removes tags of metrics without more",
      tagOverride({ operation: "REMOVE", value: "a" }),
      [`${OVERRIDE}.tagOverrides.a.value`],
    ],
    [
      "removes tags of metrics without even an empty value",
      tagOverride({ operation: "REMOVE", value: "" }),
      [`${OVERRIDE}.tagOverrides.a.value`],
    ],
    [
      "is for one of Istio's metrics or another",
      override({ match: { metric: "REQUEST_COUNT", customMetric: "a" } }),
      [`${OVERRIDE}.match.customMetric`],
    ],
    [
      "traces and makes metrics",
      {
        tracing: [{ providers: [{ name: "a" }], randomSamplingPercentage: 1 }],
        metrics: [{ providers: [{ name: "prometheus" }] }],
      },
      [],
    ],
    [
      "is told of values of tags that Envoy does not take",
      override({ tagOverrides: { a: { value: "request.host" }, b: { value: "a | b" } } }),
      [`warning ${OVERRIDE}.tagOverrides.b.value`],
    ],
    [
      "is told of metrics that Envoy does not make, but for those that are switched off",
      {
        metrics: [
          {
            overrides: [
              { match: { metric: "GRPC_REQUEST_MESSAGES" }, tagOverrides: {} },
              { match: { metric: "GRPC_RESPONSE_MESSAGES" }, disabled: true },
            ],
          },
        ],
      },
      [`warning ${OVERRIDE}.match.metric`],
    ],
    [
      "can say that none are made",
      {
        tracing: [{ disableSpanReporting: true, randomSamplingPercentage: 1 }],
        metrics: [{ overrides: [{ match: { metric: "ALL_METRICS" }, disabled: true }] }],
      },
      [],
    ],
  ]);
});

describe("a ProxyConfig", () => {
  tryRows("ProxyConfig", [
    ["has no negative number of threads", { concurrency: -1 }, ["spec.concurrency"]],
    [
      "has variables that are not too long",
      { environmentVariables: { A: "a".repeat(2049) } },
      ["spec.environmentVariables.A"],
    ],
    [
      "should ask by the node's metadata for what is done",
      {
        environmentVariables: {
          ISTIO_META_HTTP10: "1",
          ISTIO_META_TLS_SERVER_KEY: "/etc/key.pem",
          ISTIO_META_TLS_CLIENT_KEY: "/etc/key.pem",
        },
      },
      [
        "warning spec.environmentVariables.ISTIO_META_TLS_SERVER_KEY",
        "warning spec.environmentVariables.ISTIO_META_TLS_CLIENT_KEY",
      ],
    ],
    [
      "selects workloads without wildcards",
      { selector: { matchLabels: { a: "*" } } },
      ["spec.selector.matchLabels.a"],
    ],
  ]);
});
