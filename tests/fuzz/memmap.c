/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memmap.c - pastes of memory maps and MTRRs.
 *
 * The input is the text.  It is read, and where it is not refused, made into
 * chunks and counted: these have to be in order, of RAM that was in the map.
 */
#include <stdlib.h>
#include <string.h>

#include "mem/directmap.h"
#include "memmap/machine.h"

#include "fuzz.h"

static void check_chunks(const struct machine *m)
{
    for (size_t i = 0; i < m->nr_chunks; i++) {
        const struct mem_chunk *c = &m->chunk[i];
        size_t j = 0;

        if (c->first.v >= c->end.v || (i && c[-1].end.v > c->first.v))
            abort();
        while (j < m->nr_ram && m->ram[j].end.v < c->end.v)
            j++;
        if (j == m->nr_ram || m->ram[j].first.v > c->first.v)
            abort();
    }
}

static void count(const struct machine *m)
{
    static const struct directmap dm = {.format = &pt_x86_64_native,
                                        .largest = 2};
    struct directmap_broken broken;
    struct directmap_need need;
    uint64_t bytes = 0, mapped = 0;
    maddr_t at = MADDR(0);

    if (directmap_count(&dm, m->chunk, m->nr_chunks, &need))
        return; /* beyond what there are addresses for */
    for (size_t i = 0; i < m->nr_chunks; i++)
        bytes += m->chunk[i].end.v - m->chunk[i].first.v;
    for (unsigned int level = 0; level < 3; level++)
        mapped += need.leaves[level] * pt_span(dm.format, level);
    if (mapped != bytes)
        abort();
    for (unsigned int level = 1; level < 3; level++, at = MADDR(0))
        while (directmap_next_broken(&dm, m->chunk, m->nr_chunks, level, &at,
                                     &broken))
            if (!broken.hole && !broken.types && m->nr_chunks < 2)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct paste paste = {0};
    struct machine machine = {0};
    struct diag dg;
    int rc;

    diag_init(&dg);
    rc = paste_parse(&paste, "input", (const char *)bytes, size);
    if (!rc)
        rc = machine_take_map(&machine, &paste, &dg);
    if (!rc)
        rc = machine_take_mtrrs(&machine, &paste, false, &dg);
    if (!rc)
        rc = machine_finish(&machine, &dg);
    if (!rc) {
        check_chunks(&machine);
        count(&machine);
    }
    machine_dispose(&machine);
    paste_dispose(&paste);
    return 0;
}

/* -- seeds -- */

static const char *const seeds[] = {
    "[    0.000000] BIOS-provided physical RAM map:\n"
    "[    0.000000]  BIOS-e820: 0000000000000000 - 000000000009f400 (usable)\n"
    "[    0.000000]  BIOS-e820: 0000000000100000 - 00000000cffb0000 (usable)\n"
    "[    0.000000]  BIOS-e820: 0000000100000000 - 0000000130000000 (usable)\n"
    "[    0.000000] last_pfn = 0x130000 max_arch_pfn = 0x400000000\n"
    "MTRR default type: uncachable\nMTRR fixed ranges enabled:\n"
    "  00000-9FFFF write-back\n  A0000-FFFFF uncachable\n"
    "MTRR variable ranges enabled:\n"
    "  0 base 000000000000 mask FFFF80000000 write-back\n"
    "  1 base 0000C0000000 mask FFFFF0000000 write-through\n  2 disabled\n"
    "TOM2: 0000000130000000 aka 4864M\n",
    "> BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff]  System RAM\n"
    "> BIOS-e820: [gap 0x000000000009fc00-0x00000000000fffff]\n"
    "> BIOS-e820: [mem 0x0000000000100000-0x000000023fffffff]  \nSystem RAM\n"
    "user: [mem 0x0000000000000000-0x000000000fffffff] persistent (type 12)\n"
    "modified: [mem 0x0000000000100000-0x0000000000200fff] type 20\n"
    "reg00: base=0x000000000 (    0MB), size= 2048MB, count=1: write-back\n"
    "reg01: base=0x09f700000 ( 2551MB), size=    1MB, count=1: uncachable\n"
    "reg07: base=0x00000000 (   0MB), size=984064MB: write-back, count=1\n",
    "(XEN) Xen-e820 RAM map:\n"
    "(XEN) [0000001b4a3297f3]  [0000000000000000, 000000000009fbff] (usable)\n"
    "(XEN)  [0000000000100000, 000000007ffdffff] (usable)\n"
    "(XEN)  0000000100000000 - 0000000280000000 (usable)\n"
    "(XEN) System RAM: 2047MB (2096636kB)\n(XEN) Dom0 memory map:\n"
    "(XEN)  [0000000000000000, 000000000009efff] (usable)\n"
    "(XEN)  [0000000000100000, 0000\n",
    "/sys/firmware/memmap/0/end:0x9fbff\n/sys/firmware/memmap/0/start:0x0\n"
    "/sys/firmware/memmap/0/type:System RAM\n1/start:0x100000\n"
    "1/end:0x3fffffff\n1/type:Reserved\n"
    "0000000000000000-000000000009fc00 (System RAM)\n",
    "00000000-00000fff : Reserved\n00001000-0009fbff : System RAM\n"
    "  00000000-00000000 : Crash kernel\n00100000-3ffdffff : System RAM\n"
    "  01000000-01c01fff : Kernel code\n100000000-12dffffff : System RAM\n",
    "BIOS-88: 0000000000000000 - 000000000009f000 (usable)<br>size=3D2=\n"
    "BIOS-e820: 00000000000a0000 @ 0000000000000000 (usable) &gt;\xc2\xa0=20=\n"
    "BIOS-e820: [mem 0x0000000000100000-0x000000007ffdbfff]    1.9 GB kernel "
    "usable RAM\n",
};

bool fz_seed(unsigned int nr, struct fz_seed *seed)
{
    if (nr >= sizeof(seeds) / sizeof(seeds[0]))
        return false;
    seed->size = strlen(seeds[nr]);
    if (seed->size > FZ_SEED_MAX)
        abort();
    memcpy(seed->bytes, seeds[nr], seed->size);
    return true;
}
