#!/usr/bin/env bash
# The reference pages are what the declarations in the code say.
set -euo pipefail
cd "${TAPEDECK_ROOT:-$(dirname "${BASH_SOURCE[0]}")/../..}"
"${TAPEDECK_BINARY:-.build/release/tapedeck}" reference docs/reference --check
echo 'The reference pages are up to date.'
