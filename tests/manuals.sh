#!/bin/sh
# manuals.sh HEALTHD AGENT HEALTHCTL: mandoc understands the manuals, each is installed, and has every option.
manuals=$(cd "$(dirname "$0")/../docs/man" && pwd)
failed=0

fail() {
    printf 'FAILED: %s\n' "$*"
    failed=1
}

# options MANUAL PROGRAM [COMMAND]: what its help names is described.
options() {
    page=$manuals/$1
    shift
    named=$("$@" --help | grep -oE -e '--[a-z][a-z-]*' | sort -u | sed 's/^--//')
    [ -n "$named" ] || fail "$* --help names no option"
    for option in $named; do
        grep -qE -e "Fl -$option( |\$)|, -$option\$" "$page" || fail "$*: --$option is not in $page"
    done
}

for page in "$manuals"/*.[1-8]; do
    name=$(basename "$page")
    # Lines are as long as elsewhere in this tree; and other manuals need not be installed.
    complaints=$(mandoc -T lint -W style "$page" | grep -v -e 'longer than 80 bytes' -e 'referenced manual not found')
    [ -z "$complaints" ] || fail "$complaints"
    grep -qF " $name" "$manuals/CMakeLists.txt" || fail "$name is not installed"
    others=$(sed -n 's/^\.Xr \([^ ]*\) \([0-9]\).*/\1.\2/p' "$page")
    for other in $others; do
        [ -f "$manuals/$other" ] || fail "$name refers to $other, which is none of ours"
    done
done
options healthd.8 "$1"
options healthd-agent.8 "$2"
for command in replay why; do
    options healthctl.1 "$3" "$command"
done

[ "$failed" -eq 0 ] && echo 'the manuals are whole'
exit "$failed"
