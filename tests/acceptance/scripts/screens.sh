#!/usr/bin/env bash
# script(1) and vim without a screen.
set -e
export TERM=xterm HOME=$PWD
script -q -e -c 'stty size >/dev/null; tty | sed s/[0-9].*//; echo typed; exit 3' log >shown </dev/null || echo "script: $?"
tr -d '\r' <shown
grep -c typed log
if editor=$(command -v vim || command -v vim.tiny); then
    seq 200 >numbers
    "$editor" -u NONE -N -es -c '%s/1/one/g' -c 'g/5/d' -c 'sort!' -c 'w! changed' -c 'qa!' numbers
    sha256sum changed
    "$editor" -u NONE -N -es -c 'r!echo from a shell' -c 'w! filtered' -c 'qa!' </dev/null
    cat filtered
fi
