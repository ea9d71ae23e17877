#!/bin/sh
# Reads the API out of Envoy and adds what its binary lacks, and what Istio's agents are sent (gen/envoy.binpb), compiles
# fairlead's own and that of health checks, which it serves too (gen/fairlead.binpb), and writes the TypeScript types of
# all (gen/types).
# Does nothing when they were made from the same Envoy by the same tools.
#
# usage: generate.sh ENVOY_BINARY
set -eu

envoy=$1
cd "$(dirname "$0")/.."
bin=node_modules/.bin

inputs=$(
  "$envoy" --version
  cksum scripts/extract-descriptors.ts scripts/write-import-stubs.ts scripts/generate.sh \
    buf.gen.yaml buf.yaml $(find proto -name '*.proto' | sort) \
    node_modules/@bufbuild/protoc-gen-es/package.json node_modules/grpc-health-check/package.json
)
if [ -f gen/inputs.txt ] && [ "$inputs" = "$(cat gen/inputs.txt)" ]; then exit 0; fi

rm -f gen/inputs.txt
"$bin/tsx" scripts/extract-descriptors.ts "$envoy" gen/envoy.binpb
rm -rf gen/imports
"$bin/tsx" scripts/write-import-stubs.ts gen/envoy.binpb proto gen/imports
compile() { "$bin/buf" build --as-file-descriptor-set --exclude-source-info "$@"; }
# Two sets of descriptors become one by being written one behind the other.
compile --path proto/envoy --path proto/istio/networking --exclude-imports -o - >>gen/envoy.binpb
compile --path proto/fairlead --path proto/istio/v1 -o gen/fairlead.binpb
compile node_modules/grpc-health-check/proto -o - >>gen/fairlead.binpb
rm -r gen/imports
"$bin/buf" generate
printf '%s\n' "$inputs" >gen/inputs.txt
echo "gen: its types in gen/types"
