import { any } from "../any.js";
import type { HttpProtocolOptionsJson } from "../api.js";

type Http1Options = NonNullable<
  NonNullable<HttpProtocolOptionsJson["useDownstreamProtocolConfig"]>["httpProtocolOptions"]
>;

/** Headers of HTTP/1.1 keep the letters in which they were written. See Istio, ProxyHeaders.preserveHttp1HeaderCase. */
export const writtenAsGiven = (): Http1Options => ({
  headerKeyFormat: {
    statefulFormatter: {
      name: "preserve_case",
      typedConfig: any(
        "envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig",
        {},
      ),
    },
  },
});
