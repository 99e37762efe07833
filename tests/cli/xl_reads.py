#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Are configurations read as xl reads them?  xl_reads.py SEED CASES

Makes guests of random configurations by stock xl (XL) and by domwright
(DOMWRIGHT), each on an embedded host of its own (FAKEXEN), and compares all
that xl keeps of them. Whatever is left to xl is not in them. Run by xl-reads.sh,
where libxl's files are nobody else's.
"""
import glob
import os
import random
import subprocess
import sys

XL, DOMWRIGHT, FAKEXEN = (os.environ[name]
                          for name in ("XL", "DOMWRIGHT", "FAKEXEN"))
KERNELS = glob.glob(os.environ["GUESTS"] + "/hello-*[!.o]")
UUID = "6f0ff2a8-5a40-4b37-9d6f-3a1d34f3c5a0"
ACTIONS = ["destroy", "restart", "rename-restart", "preserve",
           "coredump-destroy", "coredump-restart", "soft-reset"]
TEXTS = ["a", "b c", "x=y", '"q"', "it's", "\u00fc", "tab\there", "#no",
         "[l]", "", "\\back", ";"]
CPUS = ["all", "0", "0-3", "0-3,^1", "1,2,", "all,^0", " 1", "0- +2", "0-7"]
NEUTRAL = ["acpi=1", "hpet=0", "vif=[]", "pae=1", "builder='generic'",
           "type='pv'", "nomigrate=0", "cpuid=''",
           "device_model_version='qemu-xen'"]


def number(rnd, n):
    return rnd.choice([str(n), hex(n), f"0{n:o}", f'"{n}"', f"'{hex(n)}'"])


def string(rnd, text):
    quote = rnd.choice("\"'")
    text = text.replace("\\", "\\\\").replace(quote, "\\" + quote)
    return f"{quote}{text}{quote}"


def sizes(rnd):
    memory, vcpus = rnd.choice([8, 16, 32, 64]), rnd.randint(0, 4)
    yield f"{rnd.choice(['memory', 'maxmem'])} = {number(rnd, memory)}"
    if rnd.random() < .3:
        yield f"maxmem={number(rnd, memory * rnd.randint(1, 3))}"
    if vcpus:
        yield f"vcpus={number(rnd, vcpus)}"
    if rnd.random() < .3:
        vcpus = max(vcpus, 1) + rnd.choice([0, 1, 5])
        yield f"maxvcpus={number(rnd, vcpus)}"
    if vcpus and rnd.random() < .3: # xl drops them where no number is there
        yield f"cpus={string(rnd, rnd.choice(CPUS))}"
    elif vcpus and rnd.random() < .2:
        items = (string(rnd, rnd.choice(CPUS)) for _ in range(rnd.randint(0, 5)))
        yield f"cpus=[ {', '.join(items)} ]"
    if vcpus and rnd.random() < .2:
        yield f"cpus_soft={string(rnd, rnd.choice(CPUS))}"


def texts(rnd):
    for key in "cmdline", "root", "extra":
        if rnd.random() < .35:
            yield f"{key}={string(rnd, rnd.choice(TEXTS))}"
            if rnd.random() < .4:
                yield f"{key} += {string(rnd, rnd.choice(TEXTS))}"
    if rnd.random() < .2:
        yield f"ramdisk={string(rnd, rnd.choice(['', sys.argv[0]]))}"


def shares(rnd):
    keys = {"cpu_weight": [1, 256, 65535], "cap": [0, 10, 100],
            "max_event_channels": [0, 2, 1023], "max_grant_frames": [1, 64],
            "max_maptrack_frames": [0, 8], "tsc_mode": [0, 1, 2]}
    for key, values in keys.items():
        if rnd.random() < .3:
            yield f"{key}={number(rnd, rnd.choice(values))}"
    if rnd.random() < .3:
        yield f"pool={string(rnd, rnd.choice(['0', 'Pool-0']))}"


def configuration(rnd):
    lines = [f"name={string(rnd, 'g' + rnd.choice(['', '-1', '.x', ' y']))}",
             f"kernel={string(rnd, rnd.choice(KERNELS))}", f"uuid='{UUID}'",
             *sizes(rnd), *texts(rnd), *shares(rnd)]
    for key in "poweroff", "reboot", "crash", "watchdog", "soft_reset":
        if rnd.random() < .3:
            lines.append(f"on_{key}={string(rnd, rnd.choice(ACTIONS))}")
    lines += rnd.sample(NEUTRAL, rnd.randint(0, 2))
    return rnd.choice(["\n", ";", "\n\n", " # c\n"]).join(lines) + "\n"


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr


def made(*create):
    """What xl tells of the guest that this makes; None: it makes none."""
    for path in ["machine", "/run/xen/domid-history",
                 *glob.glob("/var/lib/xen/*")]:
        if os.path.exists(path):
            os.remove(path)
    host = [FAKEXEN, "--host", "machine"]
    rc, _, why = run(*host, *create, "guest.cfg")
    if rc:
        return None, why
    return run(*host, XL, "list", "-l")[1], why


def main():
    seed, cases = int(sys.argv[1]), int(sys.argv[2])
    failed = 0
    for case in range(seed, seed + cases):
        with open("guest.cfg", "w", encoding="utf-8") as file:
            file.write(configuration(random.Random(case)))
        theirs, why = made(XL, "create", "-eq")
        ours, why_not = made(DOMWRIGHT, "create", "-eq", "--native")
        if ours and theirs == ours:
            continue
        failed += 1
        print(f"FAILED: seed {case}: {open('guest.cfg', encoding='utf-8').read()}"
              f"by xl: {theirs or why}\nby us: {ours or why_not}")
    print(f"{cases} cases, {failed} failed")
    return failed != 0


sys.exit(main())
