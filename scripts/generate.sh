#!/bin/sh
# Reads the API out of Envoy (gen/envoy.binpb) and writes its TypeScript types (gen/types).
# Does nothing when they were made from the same Envoy by the same tools.
#
# usage: generate.sh ENVOY_BINARY
set -eu

envoy=$1
cd "$(dirname "$0")/.."
bin=node_modules/.bin

inputs=$(
  "$envoy" --version
  cksum scripts/extract-descriptors.ts scripts/generate.sh buf.gen.yaml \
    node_modules/@bufbuild/protoc-gen-es/package.json
)
if [ -f gen/inputs.txt ] && [ "$inputs" = "$(cat gen/inputs.txt)" ]; then exit 0; fi

rm -f gen/inputs.txt
"$bin/tsx" scripts/extract-descriptors.ts "$envoy" gen/envoy.binpb
"$bin/buf" generate
printf '%s\n' "$inputs" >gen/inputs.txt
echo "gen: its types in gen/types"
