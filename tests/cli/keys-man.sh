#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# domwright.cfg(5) has the table of keys that the reader goes by, and that has
# each key of the xl.cfg(5) that is installed here.
#
# KEYS_MAN=write tests/cli/keys-man.sh, in a build directory: writes that table.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
manual=$srcdir/man/domwright.cfg.5

"$top/tests/cli/keytable" | awk -F '\t' '
    BEGIN {
        said["READ"] = "built"
        said["XL"] = "left to xl"
        said["OTHER"] = said["IDLE"] = "ignored"
        said["NOT_PV"] = "refused"
    }
    {
        warned = $2 == "IDLE" ? " (warned of)" : ""
        print ".It Cm " $1 " Ta " said[$2] warned " Ta " $5
    }
    !($2 in said) { exit 1 }' >table || wrong 'a key of a class that is unknown'

# The lines of the manual between the two comments.
part() {
    awk '
        /End of the table of keys$/ { inside = 0 }
        inside
        /The table of keys:/ { inside = 1 }' "$manual"
}

if [ "${KEYS_MAN-}" = write ]; then
    awk '
        /End of the table of keys$/ { inside = 0 }
        !inside
        /The table of keys:/ {
            inside = 1
            while ((getline line <"table") > 0)
                print line
        }' "$manual" >out && cp out "$manual"
fi
checks=$((checks + 1))
part >out
cmp -s table out || {
    diff table out >err
    wrong 'the manual has another table'
}
[ "$(cut -f 1 <table | grep -c Cm)" -gt 150 ] || wrong 'hardly a key is there'

# ---- xl's manual ----

found=
for file in "${XL_CFG_5-}" /usr/share/man/man5/xl.cfg.5.gz; do
    [ ! -r "$file" ] || { found=$file; break; }
done
[ "$found" ] || { echo 'there is no xl.cfg(5) here'; finish; }
# An item begins with "key=".  Within another key\'s description, which is indented,
# they are words of that key.
gzip -dc "$found" | awk '
    /^\.RS/ { depth++ }
    /^\.RE/ { depth-- }
    /^\.IX Item/ && !depth' >items
sed -n 's/^\.IX Item "\([a-z][a-z0-9_]*\) *=.*/\1/p' items | sort -u >theirs
[ "$(wc -l <theirs)" -gt 100 ] || wrong "$found cannot be read"
"$top/tests/cli/keytable" | cut -f 1 | sort >ours
checks=$((checks + 1))
comm -23 theirs ours >out
[ ! -s out ] || wrong 'xl.cfg(5) has keys that the table lacks'
finish
