#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What commands print as JSON against their schemas. Each test does that to all
# that its commands print; here, that each command has one, which is held to,
# and that what does not fit is found.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
needs_embedded
/usr/bin/python3 -I -c 'import jsonschema' 2>/dev/null ||
    { echo 'there is no python3-jsonschema'; exit 77; }

schemas=$srcdir/src/builder/report/schema
DOMWRIGHT_HOST=$work/machine
export DOMWRIGHT_HOST
config guest.cfg 'memory = 16'
config guest64.cfg "kernel = \"$guests/hello-64\"" 'name = "guest64"' 'memory = 16'

works create -e --json guest.cfg
works create -e --json guest64.cfg
works create --json -n guest.cfg
works create -n --json guest64.cfg
printf 'name = "disk"\nbootloader = "pygrub"\nmemory = 16\n' >disk.cfg
run create -en --json disk.cfg
[ "$(cat out)" = '{}' ] || wrong 'there is a plan without a kernel'
for command in list info caps vcpu-list; do
    works $command --json
done
works info --json guest
works info --json guest64
works pause guest
works info --json guest
works verify --json -a
works inspect --json guest
works inspect --format=json guest64
works inspect --format json guest.cfg
works directmap --json --host
works convert --to json guest.cfg
works events --existing --timeout=0
run hooks --status --json $$
[ -s out ] || wrong 'hooks --json prints nothing'

# Each schema has had its turn.
used=$(sed -sn 1p "$work"/.json/*.args | sort -u)
for schema in "$schemas"/*.json; do
    name=${schema##*/} name=${name%.json}
    case $name in
    # Others have what takes a saved guest, or many.
    create-n | image | migrate | regress) continue ;;
    esac
    checks=$((checks + 1))
    printf '%s\n' "$used" | grep -qx "$name" || wrong "nothing printed for $name"
done
checks=$((checks + 1))
check_json >out 2>err || wrong 'what was printed does not fit'

# refused WHAT ARGUMENT...: with `text` printed by it, a line says so.
refused() {
    what=$1
    shift
    checks=$((checks + 1))
    rm -rf kept && mkdir kept
    printf '%s\n' "$@" >kept/1.args
    printf '%s\n' "$text" >kept/1
    status=0
    /usr/bin/python3 -I "$srcdir/tests/cli/schema.py" "$schemas" kept \
        >out 2>err || status=$?
    [ "$status" = 1 ] || wrong "$what: status $status"
    [ -s out ] || wrong "$what: nothing is said"
}
one='"id": 1, "vcpu": 0, "online": false, "running": false, "blocked": true,
    "seconds": 0.5, "hard_affinity": "all"'
text="[{$one, \"soft_affinity\": \"1,3-4\"}]"
mkdir kept
printf '%s\n' vcpu-list --json >kept/1.args
printf '%s\n' "$text" >kept/1
/usr/bin/python3 -I "$srcdir/tests/cli/schema.py" "$schemas" kept >out 2>err ||
    wrong 'what fits is refused'
text="[{$one}]"
refused 'a member that is missing' vcpu-list --json
text="[{$one, \"soft_affinity\": \"all\", \"colour\": 1}]"
refused 'a member that nobody knows' --host machine vcpu-list --json 1
text="[{$one, \"soft_affinity\": 3}]"
refused 'a member of another kind' vcpu-list --json
text="[{$one, \"soft_affinity\": \"all\""
refused 'what is cut' vcpu-list --json
text='{"a": NaN}'
refused 'what is no number in JSON' create -enq --json guest.cfg
text='{}'
refused 'the plan of create alone may be empty' create --json guest.cfg
refused 'a command without a schema' frobnicate --json
rm -rf "$work/.json" # it was held against them above
finish
