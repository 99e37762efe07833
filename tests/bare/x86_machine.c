/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x86_machine.c - what this machine says of its memory: multiboot's copy of the
 * firmware's E820, and the MTRRs, read from the CPU.
 */
#include "x86.h"

#define MTRR_ON    0x800
#define MTRR_FIXED 0x400

#define MULTIBOOT_BOOTED   0x2badb002
#define MULTIBOOT_HAS_LINE (1u << 2)
#define MULTIBOOT_HAS_MAP  (1u << 6)

/* Multiboot specification 0.6.96, 3.3; all below 2 MiB here. */
struct multiboot_info {
    uint32_t flags, mem_lower, mem_upper, boot_device, cmdline;
    uint32_t mods_count, mods_addr, syms[4], mmap_length, mmap_addr;
};

struct __attribute__((packed)) multiboot_range {
    uint32_t size; /* of what follows it */
    uint64_t first, bytes;
    uint32_t type;
};

static void read_map(struct machine *m, const struct multiboot_info *info)
{
    uintptr_t at = info->mmap_addr, end = at + info->mmap_length;

    while (at < end && m->nr_e820 < MAX_E820) {
        const struct multiboot_range *range =
            (const struct multiboot_range *)at;

        m->e820[m->nr_e820++] =
            (struct mem_range){.first = MADDR(range->first),
                               .end = MADDR(range->first + range->bytes),
                               .type = range->type};
        at += sizeof(range->size) + range->size;
    }
}

void machine_read(struct machine *m)
{
    const struct multiboot_info *info =
        (const struct multiboot_info *)(uintptr_t)boot_info;
    static char line[256];

    m->command_line = line;
    if (boot_magic != MULTIBOOT_BOOTED)
        return;
    if ((info->flags & MULTIBOOT_HAS_LINE) != 0) {
        const char *from = (const char *)(uintptr_t)info->cmdline;

        for (size_t i = 0; i < sizeof(line) - 1 && from[i] != '\0'; i++)
            line[i] = from[i];
    }
    if ((info->flags & MULTIBOOT_HAS_MAP) != 0)
        read_map(m, info);
    machine_read_mtrrs(m);
}

bool command_line_has(const struct machine *m, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = m->command_line; *at != '\0'; at++)
        if ((at == m->command_line || at[-1] == ' ') &&
            memcmp(at, word, length) == 0 &&
            (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

/* Intel SDM vol. 3A, 12.11.2.2: eight ranges an MSR. */
static const struct {
    uint32_t msr, first, bytes;
} fixed_msrs[] = {
    {0x250, 0x00000, 0x10000}, {0x258, 0x80000, 0x4000},
    {0x259, 0xa0000, 0x4000},  {0x268, 0xc0000, 0x1000},
    {0x269, 0xc8000, 0x1000},  {0x26a, 0xd0000, 0x1000},
    {0x26b, 0xd8000, 0x1000},  {0x26c, 0xe0000, 0x1000},
    {0x26d, 0xe8000, 0x1000},  {0x26e, 0xf0000, 0x1000},
    {0x26f, 0xf8000, 0x1000},
};

static size_t read_fixed(struct machine *m)
{
    size_t n = 0;

    for (size_t i = 0; i < sizeof(fixed_msrs) / sizeof(fixed_msrs[0]); i++) {
        uint64_t types = rdmsr(fixed_msrs[i].msr);
        uint64_t at = fixed_msrs[i].first;

        for (unsigned int field = 0; field < 8; field++, types >>= 8) {
            m->fixed[n].first = MADDR(at);
            m->fixed[n].end = MADDR(at += fixed_msrs[i].bytes);
            m->fixed[n++].type = (enum mem_type)(types & 0xff);
        }
    }
    return n;
}

static size_t read_variable(struct machine *m)
{
    unsigned int count = rdmsr(MSR_MTRRCAP) & 0xff;
    size_t n = 0;

    for (unsigned int i = 0; i < count && i < MAX_VAR; i++) {
        uint64_t base = rdmsr(MSR_MTRR_BASE0 + 2 * i);
        uint64_t mask = rdmsr(MSR_MTRR_BASE0 + 2 * i + 1);
        struct mtrr_range *range = &m->variable[n];

        if ((mask & MTRR_ON) == 0)
            continue;
        m->msr[n].base = base;
        m->msr[n].mask = mask;
        if (memmap_mtrr_range(base & ~UINT64_C(0xfff), mask & ~UINT64_C(0xfff),
                              range) < 0) {
            tap_ok(false, "MTRR %u is a range", i);
            continue;
        }
        range->type = (enum mem_type)(base & 0xff);
        n++;
    }
    return n;
}

void machine_read_mtrrs(struct machine *m)
{
    uint64_t how = rdmsr(MSR_MTRR_DEF);
    int rc;

    m->mtrrs = (struct mtrrs){.disabled = (how & MTRR_ON) == 0,
                              .default_type = (enum mem_type)(how & 0xff),
                              .fixed = m->fixed,
                              .variable = m->variable};
    if ((how & MTRR_FIXED) != 0)
        m->mtrrs.nr_fixed = read_fixed(m);
    m->mtrrs.nr_variable = read_variable(m);
    rc = memmap_ram(m->e820, m->nr_e820, m->ram, MAX_E820, &m->nr_ram);
    if (rc == 0)
        rc = memmap_chunks(m->ram, m->nr_ram, &m->mtrrs, m->chunk, MAX_CHUNK,
                           &m->nr_chunks);
    if (rc < 0)
        tap_ok(false, "the memory map is read: %d", rc);
}

/* ---- the same a page at a time, without the library ---- */

static bool page_is_ram(const struct machine *m, uint64_t ma)
{
    bool ram = false;

    for (size_t i = 0; i < m->nr_e820; i++) {
        const struct mem_range *r = &m->e820[i];

        if (r->end.v <= ma || r->first.v >= ma + DW_PAGE_SIZE)
            continue;
        if (r->type != MEM_E820_RAM)
            return false;
        if (r->first.v <= ma && r->end.v >= ma + DW_PAGE_SIZE)
            ram = true;
    }
    return ram;
}

/* Intel SDM vol. 3A, 12.11.3: the MSRs match as they are. */
static uint64_t page_type(const struct machine *m, uint64_t ma)
{
    uint64_t type = rdmsr(MSR_MTRR_DEF) & 0xff;
    bool found = false;

    for (size_t i = 0; ma < 0x100000 && i < m->mtrrs.nr_fixed; i++)
        if (ma >= m->fixed[i].first.v && ma < m->fixed[i].end.v)
            return (uint64_t)m->fixed[i].type;
    for (size_t i = 0; i < m->mtrrs.nr_variable; i++) {
        uint64_t mask = m->msr[i].mask & ~UINT64_C(0xfff);
        uint64_t its = m->msr[i].base & 0xff;

        if ((ma & mask) != (m->msr[i].base & mask))
            continue;
        /* Of two types one is uncached here, which wins. */
        type = found && type == MEM_UC ? type : its;
        found = true;
    }
    return type;
}

void check_chunks(const struct machine *m, const char *when)
{
    uint64_t end = m->chunk[m->nr_chunks - 1].end.v + 0x1000000;
    struct tally pages = {0, 0};
    size_t i = 0;

    for (uint64_t ma = 0; ma < end; ma += DW_PAGE_SIZE) {
        bool ram;

        while (i < m->nr_chunks && m->chunk[i].end.v <= ma)
            i++;
        ram = i < m->nr_chunks && m->chunk[i].first.v <= ma;
        if (tally_wrong(&pages, ram != page_is_ram(m, ma) ||
                                    (ram && (uint64_t)m->chunk[i].type !=
                                                page_type(m, ma))))
            tap_note("page %#lx", ma);
    }
    tap_tally(&pages, when);
}
