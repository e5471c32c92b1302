#!/usr/bin/env bash
# The reference pages are what the declarations in the code say, and the pipelines that come along are right.
set -euo pipefail
cd "${TAPEDECK_ROOT:-$(dirname "${BASH_SOURCE[0]}")/../..}"
tapedeck=${TAPEDECK_BINARY:-.build/release/tapedeck}
"$tapedeck" reference docs/reference --check
echo 'The reference pages are up to date.'
for pipeline in pipelines/*.yaml; do
  # Keys and passwords that the pipeline takes from outside.
  mapfile -t secrets < <(grep -v '^#' "$pipeline" | sed -n 's/.*\${\([A-Z][A-Z0-9_]*\)}.*/\1=a-key/p' | sort -u)
  env "${secrets[@]}" "$tapedeck" check "$pipeline"
done
