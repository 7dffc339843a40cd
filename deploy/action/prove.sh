#!/bin/sh
# What the action runs; any pipeline that sets the same variables can. Ends with the exit code of the command.
set -eu

command=${INPUT_COMMAND:-attack}
reports=${INPUT_REPORTS:-bulkhead-report}
main=$(dirname "$0")/../../packages/cli/src/main.ts

mkdir -p "$reports"
set -- "$command"
for form in txt json sarif html; do set -- "$@" --report "$reports/bulkhead.$form"; done
[ "$command" != attack ] || set -- "$@" --findings
[ -z "${INPUT_PRESET:-}" ] || set -- "$@" --preset "$INPUT_PRESET"
[ -z "${INPUT_ROLE:-}" ] || set -- "$@" --role "$INPUT_ROLE"
[ -z "${INPUT_CONFIG:-}" ] || set -- "$@" --config "$INPUT_CONFIG"
[ -z "${INPUT_BASELINE:-}" ] || set -- "$@" --baseline "$INPUT_BASELINE"
[ -z "${INPUT_FAIL_ON:-}" ] || set -- "$@" --fail-on "$INPUT_FAIL_ON"

code=0
node "$main" "$@" || code=$?

echo "exit-code=$code" >> "${GITHUB_OUTPUT:-/dev/null}"
if [ -f "$reports/bulkhead.txt" ]; then
  # Indented, so that nothing in the report ends the block.
  { echo "### Tenant isolation"; echo; sed 's/^/    /' "$reports/bulkhead.txt"; } >> "${GITHUB_STEP_SUMMARY:-/dev/null}"
fi
exit "$code"
