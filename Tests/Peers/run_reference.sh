#!/usr/bin/env bash
# The reference pages are what the declarations in the code say, and the pipelines that come along are right.
set -euo pipefail
cd "${TAPEDECK_ROOT:-$(dirname "${BASH_SOURCE[0]}")/../..}"
tapedeck=${TAPEDECK_BINARY:-.build/release/tapedeck}
"$tapedeck" reference docs/reference --check
echo 'The reference pages are up to date.'
for pipeline in pipelines/*.yaml; do
  FINNHUB_TOKEN=a-key "$tapedeck" check "$pipeline"
done
