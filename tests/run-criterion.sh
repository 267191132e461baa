#!/bin/sh
# run-criterion.sh MIN PROGRAM: run a Criterion suite; fail also when fewer than MIN tests ran, because a
# run that matches no test passes.
minimum=$1
program=$2
output=$("$program" 2>&1)
status=$?
printf '%s\n' "$output"
ran=$(printf '%s\n' "$output" | sed -n 's/.*Synthesis: Tested: \([0-9]*\).*/\1/p')
if [ "${ran:-0}" -lt "$minimum" ]; then
    echo "only ${ran:-0} tests ran: at least $minimum are expected"
    exit 1
fi
exit "$status"
