#!/usr/bin/env bash
# Builds the fuzz targets of frames and gives each the seeds and some thousand inputs; `make fuzz` does it in earnest.
set -euo pipefail
cd "${TAPEDECK_ROOT:-$(dirname "${BASH_SOURCE[0]}")/../..}"
exec scripts/fuzz --frames --seconds 5
