#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# verify and inspect on Debian's Linux, the one that domain 0 runs, built by
# either builder, while it starts and ends one process after the other.
# alone: patched
. "$(dirname "$0")/verify.sh"

root=$(mktemp -d)
mkdir "$root/bin" "$root/proc" "$root/dev"
cp /bin/busybox "$root/bin"
cat >"$root/init" <<'END'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
echo 'linux: READY'
while :; do
    /bin/busybox ls -l /proc | /bin/busybox wc -l >/dev/null
done
END
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc 2>/dev/null) >/tmp/linux.initrd
rm -r "$root"

# linux NAME COMMAND...
linux() {
    name=$1
    shift
    cat >/tmp/linux.cfg <<END
name = "$name"
type = "pv"
kernel = "/guests/linux"
ramdisk = "/tmp/linux.initrd"
memory = 128
vcpus = 2
extra = "console=hvc0 rdinit=/init"
END
    ok "$name is created" "$@" /tmp/linux.cfg
    ok "$name starts processes" wait_console "$name" 'linux: READY' 120
    is_clean "$name" "$name, runs"
    is_clean "$name" "$name, still"
    status 0 "inspect $name" domwright inspect "$name"
    like "$out" '^frames  *32768, ' "all of $name's frames"
    like "$out" ' has run$' "$name has run"
    ok "$name goes" domwright destroy "$name"
}

linux ours domwright create -qe
linux stock xl create -qe
done_testing
