#!/bin/sh
# cli.sh HEALTHCTL: what users of healthctl see, and its exit codes.
healthctl=$1
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

fail() {
    printf 'FAILED: %s\n' "$*"
    failed=1
}

# expect_exit CODE COMMAND...: run it; its output is left in $scratch/out and $scratch/err.
expect_exit() {
    wanted=$1
    shift
    "$@" >"$scratch/out" 2>"$scratch/err"
    code=$?
    [ "$code" -eq "$wanted" ] || fail "exit $code, not $wanted: $*"
}

says() {
    grep -q -- "$1" "$scratch/out" "$scratch/err" || fail "\"$1\" is not said: $(cat "$scratch/out" "$scratch/err")"
}

trace=$here/traces/kill9_rejoin.jsonl

# The policy is reviewed: a rule that changes shows as a line of this file.
expect_exit 0 "$healthctl" rules
diff -u "$here/golden/rules.txt" "$scratch/out" || fail "the rules differ from tests/golden/rules.txt"

# Help and misuse.
expect_exit 0 "$healthctl" --help
says 'usage: healthctl COMMAND'
for command in status why events matrix check maint diagnose recover acknowledge task check-config replay rules trace; do
    expect_exit 0 "$healthctl" "$command" --help
    says "usage: healthctl $command"
done
expect_exit 2 "$healthctl"
expect_exit 2 "$healthctl" dance
says 'no command "dance"'
expect_exit 2 "$healthctl" replay
for command in status why events matrix maint check-config replay rules trace; do
    expect_exit 2 "$healthctl" "$command" --dance
    says "healthctl $command: --dance: there is no such option"
    says "usage: healthctl $command"
    expect_exit 2 "$healthctl" "$command" -x
    says "healthctl $command: -x: there is no such option"
done
expect_exit 2 "$healthctl" replay /nowhere
says 'cannot be opened'
expect_exit 2 "$healthctl" replay "$here"
says 'Is a directory'
for speed in fast 0 -1 1e-300 nan inf 1e300; do
    expect_exit 2 "$healthctl" replay "$trace" --speed "$speed"
    says "--speed $speed: a factor from"
done
for at in soon nan inf -1 1e300 1e3us 99999999999999999999us -1us; do
    expect_exit 2 "$healthctl" replay "$trace" --at "$at"
    says "--at $at: seconds"
    expect_exit 2 "$healthctl" why "$trace" n3 --at "$at"
done
expect_exit 2 "$healthctl" replay "$trace" --expect /nowhere
[ -s "$scratch/out" ] && fail 'a bad --expect file was noticed after the replay'
expect_exit 2 "$healthctl" replay "$trace" "$trace" --expect "$here/traces/kill9_rejoin.expect.jsonl"
expect_exit 2 "$healthctl" why "$trace" n9
says 'not in the trace'

# A report is written beside what is printed; only an earlier one is written over.
report=$scratch/report.html
expect_exit 0 "$healthctl" replay "$trace" --html "$report"
says 'what was done: kill9 n3'
grep -q '"text":"kill9 n3"' "$report" || fail 'the report has no marks'

# What is over is not told as if it began.
head -n 1 "$trace" >"$scratch/marks.jsonl"
for on in true false; do
    printf '{"t_us":1110000000,"mark":{"recorder":"maintenance","node":"n3","on":%s}}\n' "$on" >>"$scratch/marks.jsonl"
done
expect_exit 0 "$healthctl" replay "$scratch/marks.jsonl"
says 'maintenance node n3 on yes'
says 'maintenance node n3 on no'
grep -q 'signal ended it' "$report" || fail 'the report has no reasons'
grep -qE '(src|href)="?(https?:)?//' "$report" && fail 'the report asks others'
first=$(wc -c <"$report")
expect_exit 0 "$healthctl" replay "$trace" "$trace" --html "$report"
[ "$(wc -c <"$report")" -gt "$first" ] || fail 'a report of two is no longer than of one'
expect_exit 0 "$healthctl" replay "$trace" --html "$report"
[ "$(wc -c <"$report")" -eq "$first" ] || fail 'a report was not written over'
expect_exit 2 "$healthctl" replay /nowhere --html "$report"
[ "$(wc -c <"$report")" -eq "$first" ] || fail 'a replay that failed wrote over a report'
expect_exit 2 "$healthctl" replay /nowhere --html "$scratch/none.html"
[ -e "$scratch/none.html" ] && fail 'a replay that failed left a file'
cp "$trace" "$scratch/copy.jsonl"
expect_exit 2 "$healthctl" replay "$scratch/copy.jsonl" --html "$scratch/copy.jsonl"
says 'is no report of a replay'
cmp -s "$trace" "$scratch/copy.jsonl" || fail 'a trace was written over'
expect_exit 2 "$healthctl" replay "$trace" --html /nowhere/report.html
says '/nowhere/report.html: cannot be written: No such file'
[ -s "$scratch/out" ] && fail 'a bad --html file was noticed after the replay'
expect_exit 2 "$healthctl" replay "$trace" --html /dev/full
says '/dev/full: cannot be written: No space left'

# Output that cannot be written is said, whatever was to be written.
full() {
    "$healthctl" "$@" >/dev/full 2>"$scratch/err"
    code=$?
    [ "$code" -eq 2 ] || fail "exit $code, not 2, when the output is full: $*"
    : >"$scratch/out"
    says 'cannot be written'
    [ "$(wc -l <"$scratch/err")" -eq 1 ] || fail "said more than once: $(cat "$scratch/err")"
}
full --help
full --version
full rules
full replay "$trace"
full replay "$trace" --json
full replay "$trace" --at 5
full why "$trace" n3
full trace info "$trace"
full trace convert "$trace" -
full replay --help
full status --help
expect_exit 2 "$healthctl" trace convert "$trace" /dev/full
says '/dev/full: cannot be written: No space left on device'

# Every recording against what was true, as a user would.
for expectations in "$here"/traces/*.expect.jsonl; do
    expect_exit 0 "$healthctl" replay --strict "${expectations%.expect.jsonl}.jsonl" --expect "$expectations"
    says ' 0 broken'
done
# ... and against what was not.
expect_exit 1 "$healthctl" replay "$trace" --expect "$here/traces/sigterm_rejoin.expect.jsonl"
says '^broken: '

# JSON: one object for each change, the keys in order.
expect_exit 0 "$healthctl" replay "$trace" --json
says '^{"t_us":1112819[0-9]*,"cluster":"lab","node":"n3","state":"red-unclean","from":"green","reason":"exit-unsafe","routable":false}$'
grep -qv '^{"t_us":[0-9]*,"cluster":"lab",.*}$' "$scratch/out" && fail 'a line is not as it should be'

# No colours without a terminal, nor with NO_COLOR.
grep -q "$(printf '\033')" "$scratch/out" && fail 'colours without a terminal'
if script -qec true /dev/null >/dev/null 2>&1; then # where there are pseudo-terminals
    script -qec "$healthctl replay $trace" /dev/null >"$scratch/out" 2>&1
    grep -q "$(printf '\033')" "$scratch/out" || fail 'no colours on a terminal'
    NO_COLOR=1 script -qec "$healthctl replay $trace" /dev/null >"$scratch/out" 2>&1
    grep -q "$(printf '\033')" "$scratch/out" && fail 'colours with NO_COLOR'
fi

# A moment of a trace, and why.
expect_exit 0 "$healthctl" replay "$trace" --at 5
says 'n3 *red-unclean'
says 'it can lose 0 more'
expect_exit 0 "$healthctl" why "$trace" n3 --at 5
says 'is mysqld running? *no'
says 'rule clean 10'
says 'what would change it'
expect_exit 0 "$healthctl" why "$trace" n3 --at 1117815232us

# Both forms, through a pipe too.
expect_exit 0 "$healthctl" trace convert "$trace" "$scratch/t.bin"
expect_exit 0 "$healthctl" trace info "$scratch/t.bin"
says 'form *binary'
expect_exit 2 "$healthctl" trace convert "$trace" "$scratch/t.bin"
says 'cannot be created'
"$healthctl" replay --json "$trace" >"$scratch/one"
"$healthctl" trace convert "$scratch/t.bin" - | "$healthctl" replay --json - >"$scratch/two"
cmp "$scratch/one" "$scratch/two" || fail 'the forms are told differently'

# A bad line: said with its place, the rest replays; strict stops.
sed '100s/.*/nonsense/' "$trace" >"$scratch/bad.jsonl"
expect_exit 0 "$healthctl" replay "$scratch/bad.jsonl" --expect "$here/traces/kill9_rejoin.expect.jsonl"
says 'bad.jsonl: line 100: not a JSON object'
expect_exit 1 "$healthctl" replay "$scratch/bad.jsonl" --strict

# One time that leaps ahead costs its line and nothing else; strict stops.
awk 'NR == 100 { sub(/"t_us":/, "\"t_us\":9") } { print }' "$trace" >"$scratch/leap.jsonl"
expect_exit 0 "$healthctl" replay "$scratch/leap.jsonl" --expect "$here/traces/kill9_rejoin.expect.jsonl"
says 'leap.jsonl: line 100: t_us leaps ahead'
[ "$(wc -l <"$scratch/err")" -eq 1 ] || fail "the leap is said more than once: $(head -n 3 "$scratch/err")"
expect_exit 1 "$healthctl" replay "$scratch/leap.jsonl" --strict

# A typing error in a key: ignored and said, but strict stops.
sed '100s/"rtt_us"/"rtt_ms"/' "$trace" >"$scratch/key.jsonl"
expect_exit 0 "$healthctl" replay "$scratch/key.jsonl"
says 'key probe.rtt_ms is not known'
expect_exit 1 "$healthctl" replay "$scratch/key.jsonl" --strict
says 'line 100: key probe.rtt_ms is not known'

# A silence of ten years, where no probe says that the recorder was stopped: gone through for as long as it matters.
{
    head -n 1 "$trace"
    grep -m 1 '"heartbeat":' "$trace"
    grep -m 1 '"heartbeat":' "$trace" | sed 's/"t_us":[0-9]*/"t_us":315360000000000/'
} >"$scratch/years.jsonl"
expect_exit 0 timeout 5 "$healthctl" replay "$scratch/years.jsonl"
expect_exit 0 timeout 5 "$healthctl" replay "$scratch/years.jsonl" --html "$scratch/years.html"
expect_exit 0 timeout 5 "$healthctl" replay "$scratch/years.jsonl" --at 300000000
says 'unknown'

# A speed: 18 s in a tenth of a second or so.
expect_exit 0 "$healthctl" replay "$trace" --speed 180

# Configuration: overrides hold, and errors have their line.
printf 'probe: {interval_ms: 100, timeout_ms: 500}\nlimits: {settle_ms: 450}\nclusters:\n  - {name: lab, expected_size: 2}\n' >"$scratch/c.yaml"
expect_exit 0 "$healthctl" replay "$trace" --config "$scratch/c.yaml" --at 5
says 'cluster lab is green'
printf 'probe:\n  intervall_ms: 5\n' >"$scratch/c.yaml"
expect_exit 2 "$healthctl" replay "$trace" --config "$scratch/c.yaml"
says 'c.yaml:2: key "intervall_ms" is not known'
printf 'probe:\n  interval_ms: soon\n' >"$scratch/c.yaml"
expect_exit 2 "$healthctl" replay "$trace" --config "$scratch/c.yaml"
says 'c.yaml:2: a number from 1 to 3600000 is expected'
printf '{probe: ]\n' >"$scratch/c.yaml"
expect_exit 2 "$healthctl" replay "$trace" --config "$scratch/c.yaml"
says 'not YAML'

[ "$failed" -eq 0 ] && echo 'healthctl does what its users expect'
exit "$failed"
