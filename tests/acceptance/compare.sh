# Sourced by the acceptance tests: one command natively, in `run`, in `record`, and three replays of the recording.
# Who sources it sets $suite (its name) and $cases (a,b,…: those that it has) and calls compare_begin BIN, then `same` and `need`, and compare_end.
# RINGSIDE_TEST_OPTIONS adds options to run and record; KEEP_TRACES=DIR keeps the recordings there.
# shellcheck shell=bash

: "${suite:?}" "${cases:?}"
passed=0 failed=0 skipped=0
readonly seconds=90
PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin

pass() { passed=$((passed + 1)); printf 'ok   %s\n' "$1"; }
miss() { failed=$((failed + 1)); printf 'FAIL %s\n' "$1"; [ $# -lt 2 ] || head -n 20 "$2" | sed 's/^/     /'; }
skip() { skipped=$((skipped + 1)); printf 'skip: %s: %s: %s\n' "$suite" "$1" "$2"; }
bounded() { timeout --kill-after=5 "$seconds" "$@" </dev/null; }

# compare_begin BIN: finds the programs and makes $work, which is gone at the end, and in it $place, fresh for each run.
compare_begin() {
    ringside=$(cd -- "$1" && pwd)/ringside || exit 2
    read -r -a options <<<"${RINGSIDE_TEST_OPTIONS:-}"
    work=$(mktemp -d "${TMPDIR:-/tmp}/$suite.XXXXXX")
    chmod 755 "$work"
    place=$work/place
    trap 'cd /; chmod -R u+rwX "$work" 2>/dev/null; rm -rf "$work"' EXIT
}

compare_end() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
}

fresh() { cd "$work" && rm -rf "$place" && mkdir "$place" && cd "$place" || exit 2; }

# same NAME COMMAND…: the command must succeed natively; inside and recorded it prints the same, and replays.
same() {
    local name=$1 how
    shift
    fresh; bounded "$@" >"$work/native" 2>&1 || { miss "$name: natively" "$work/native"; return; }
    fresh; bounded "$ringside" run "${options[@]}" -- "$@" >"$work/run" 2>&1
    if diff "$work/native" "$work/run" >"$work/diff"; then pass "$name: run"; else miss "$name: run" "$work/diff"; fi
    fresh; bounded "$ringside" record "${options[@]}" -o "$work/$name.ringside" -- "$@" >"$work/record" 2>"$work/errors"
    cat "$work/errors" >>"$work/record"
    if diff "$work/native" "$work/record" >"$work/diff"; then pass "$name: record"; else miss "$name: record" "$work/diff"; fi
    # What the recording made stayed inside: the replay stands in an empty folder.
    fresh
    for how in 1 2 3; do
        if bounded "$ringside" replay "$work/$name.ringside" >"$work/replay" 2>&1 && grep -q identical "$work/replay"; then
            pass "$name: replay $how"
        else
            miss "$name: replay $how" "$work/replay"
        fi
    done
    if [ -n "${KEEP_TRACES:-}" ]; then mv "$work/$name.ringside" "$KEEP_TRACES"; else rm -f "$work/$name.ringside"; fi
}

# need NAME PROGRAM…: false, and a skip, where one of them is missing.
need() {
    local name=$1 program
    shift
    for program in "$@"; do
        command -v "$program" >/dev/null || { skip "$name" "$program is not installed"; return 1; }
    done
}

wants() { case ,$cases, in *,"$1",*) return 0 ;; *) return 1 ;; esac; }
