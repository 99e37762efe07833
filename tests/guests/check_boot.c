/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check_boot.c - start_info, the registers at entry and the order of things
 * in the initial region, as xen.h has them under "Start-of-day memory layout".
 */
#include "check.h"

#define REGION_ALIGN   0x400000UL /* the region ends on a 4 MiB boundary, */
#define REGION_PADDING 0x80000UL  /* with 512 KiB or more behind the stack */

static bool aligned(uintptr_t vaddr)
{
    return vaddr % PAGE_SIZE == 0;
}

static bool magic_is(const char *platform)
{
    return !memcmp(start_info->magic, platform, strlen(platform));
}

void check_start_info(void)
{
    tap_ok(aligned((uintptr_t)start_info), "start_info is page-aligned");
#ifdef __x86_64__
    tap_ok(magic_is("xen-3.0-x86_64"), "magic is %s", start_info->magic);
#else
    tap_ok(magic_is("xen-3.0-x86_32p"), "magic is %s", start_info->magic);
#endif
    tap_ok(aligned(start_info->pt_base), "pt_base is page-aligned");
    tap_ok(aligned(start_info->mfn_list), "mfn_list is page-aligned");
    tap_ok(aligned(start_info->shared_info) && start_info->shared_info,
           "shared_info is the address of a frame");
    tap_eq(start_info->flags & (SIF_PRIVILEGED | SIF_INITDOMAIN), 0,
           "the domain is neither privileged nor the initial one");
}

/* Flags that the builder answers for: DF, IF, TF, IOPL, NT, VM, AC. */
#define FLAG_BITS 0x67700UL
#define FLAG_IF   0x200UL

static void check_segments(void)
{
    static const struct {
        const char *name;
        unsigned int index;
        unsigned long selector;
    } segments[] = {
        {"cs", ENTRY_CS, FLAT_KERNEL_CS}, {"ds", ENTRY_DS, FLAT_KERNEL_DS},
        {"es", ENTRY_ES, FLAT_KERNEL_DS}, {"fs", ENTRY_FS, FLAT_KERNEL_DS},
        {"gs", ENTRY_GS, FLAT_KERNEL_DS}, {"ss", ENTRY_SS, FLAT_KERNEL_SS},
    };
    size_t i;

    for (i = 0; i < sizeof(segments) / sizeof(segments[0]); i++)
        tap_eq(entry_regs[segments[i].index], segments[i].selector,
               "%s is Xen's flat selector", segments[i].name);
}

#ifdef __x86_64__
/* Privileged, and emulated by Xen. */
static uint64_t rdmsr(uint32_t index)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
    return ((uint64_t)high << 32) | low;
}

static void check_segment_bases(void)
{
    tap_eq(rdmsr(0xc0000100), 0, "fs base is 0");
    tap_eq(rdmsr(0xc0000101), 0, "gs base is 0");
}
#else
static void check_segment_bases(void)
{
}
#endif

static void check_debug_registers(void)
{
    static const struct {
        unsigned int nr;
        unsigned long value;
    } reset[] = {
        /* Intel SDM volume 3, table 10-1. */
        {0, 0}, {1, 0}, {2, 0}, {3, 0}, {6, 0xffff0ff0}, {7, 0x400},
    };
    size_t i;

    for (i = 0; i < sizeof(reset) / sizeof(reset[0]); i++)
        tap_eq((unsigned long)hypercall(__HYPERVISOR_get_debugreg, reset[i].nr,
                                        0, 0, 0, 0),
               reset[i].value, "dr%u has its reset value", reset[i].nr);
}

void check_registers(void)
{
    uintptr_t stack =
        start_info->pt_base + start_info->nr_pt_frames * PAGE_SIZE;
    struct tally zero = {0, 0};
    unsigned int i;

    tap_eq(entry_regs[ENTRY_SP], stack + PAGE_SIZE,
           "the stack pointer is at the end of the page behind the tables");
    tap_eq(entry_regs[ENTRY_FLAGS] & FLAG_BITS, FLAG_IF,
           "flags: IF set; DF, TF, IOPL, NT, VM and AC clear");
    check_segments();
    check_segment_bases();
    for (i = ENTRY_AX; i < ENTRY_NR; i++)
        if (tally_wrong(&zero, entry_regs[i] != 0))
            tap_note("register %u is %#lx", i, entry_regs[i]);
    tap_tally(&zero, "all other general registers are 0");
    check_debug_registers();
}

#ifdef GUEST_HYPERCALL_PAGE
extern const uint8_t hypercall_page[PAGE_SIZE];

/* Every stub loads its number with "mov $nr, %eax", opcode b8, early on. */
static bool stub_loads(const uint8_t *stub, uint32_t nr)
{
    unsigned int at;

    for (at = 0; at < 8; at++)
        if (stub[at] == 0xb8 && !memcmp(&stub[at + 1], &nr, sizeof(nr)))
            return true;
    return false;
}

void check_hypercall_page(void)
{
    struct tally stubs = {0, 0};
    uint32_t nr;

    for (nr = 0; nr < PAGE_SIZE / 32; nr++)
        if (tally_wrong(&stubs, !stub_loads(hypercall_page + nr * 32, nr)))
            tap_note("stub %u does not load its number", nr);
    tap_tally(&stubs, "the hypercall page has a stub for each number");
}
#else
void check_hypercall_page(void)
{
    tap_skip("the hypercall page has a stub for each number",
             "this guest asks for none");
}
#endif

/* The module, or nothing: where what follows it has to begin. */
static uintptr_t check_module(uintptr_t next)
{
    bool by_pfn = start_info->flags & SIF_MOD_START_PFN;
    pfn_t end;

    if (!start_info->mod_len) {
        tap_skip("the module is where it should be", "there is none");
        return next;
    }
    if (!by_pfn) {
        tap_eq(start_info->mod_start, next, "the module follows the kernel");
        return page_round_up(start_info->mod_start + start_info->mod_len);
    }
    end = PFN(start_info->mod_start + dw_pages_for(start_info->mod_len));
    tap_ok(pfn_to_vaddr(PFN(start_info->mod_start)) >= region_end &&
               end.v <= start_info->nr_pages,
           "the module's PFNs lie behind the initial region");
    return next;
}

static uintptr_t check_p2m_place(uintptr_t next)
{
#ifdef GUEST_INIT_P2M
    unsigned long frames = start_info->nr_p2m_frames;

    tap_eq(start_info->mfn_list, GUEST_INIT_P2M, "the P2M list is at INIT_P2M");
    tap_ok(start_info->first_p2m_pfn >= vaddr_to_pfn(region_end).v &&
               start_info->first_p2m_pfn + frames <= start_info->nr_pages,
           "its PFNs lie behind the initial region");
    tap_ok(frames > p2m_list_pages(), "nr_p2m_frames counts its tables too");
    return next;
#else
    tap_eq(start_info->mfn_list, next, "the P2M list follows");
    tap_eq(start_info->first_p2m_pfn, 0, "first_p2m_pfn is 0");
    tap_eq(start_info->nr_p2m_frames, 0, "nr_p2m_frames is 0");
    return start_info->mfn_list + p2m_list_pages() * PAGE_SIZE;
#endif
}

static bool is_zero(uintptr_t from, uintptr_t to)
{
    const uint8_t *at = (const uint8_t *)from;

    while (at < (const uint8_t *)to && !*at)
        at++;
    return at == (const uint8_t *)to;
}

/*
 * Whether memory that nobody uses is zero. Not promised by xen.h, hence a
 * note: the stock builder clears neither of these, and Xen itself only what
 * belonged to another domain before or what it has scrubbed at boot.
 */
static void note_unused(uintptr_t padding)
{
    uintptr_t tail = (uintptr_t)(start_info + 1);

    tap_note("start-info-tail=%s padding=%s",
             is_zero(tail, page_round_up(tail)) ? "zero" : "dirty",
             is_zero(padding, region_end) ? "zero" : "dirty");
}

void check_layout(void)
{
    uintptr_t next = page_round_up((uintptr_t)image_end);
    uintptr_t stack_end = entry_regs[ENTRY_SP];

    tap_ok(is_zero((uintptr_t)image_end, next),
           "the kernel's last page is zero behind it");
    next = check_module(next);
    next = check_p2m_place(next);
    tap_eq((uintptr_t)start_info, next, "start_info follows");
    next += PAGE_SIZE;
    tap_eq(mfn_to_pfn(MFN(start_info->store_mfn)).v, vaddr_to_pfn(next).v,
           "the xenstore ring follows start_info");
    next += PAGE_SIZE;
    tap_eq(mfn_to_pfn(MFN(start_info->console.domU.mfn)).v,
           vaddr_to_pfn(next).v, "the console ring follows the xenstore ring");
    next += PAGE_SIZE;
    tap_eq(start_info->pt_base, next, "the page tables follow");
    tap_eq(region_end % REGION_ALIGN, 0,
           "the initial region ends on a 4 MiB boundary");
    tap_ok(region_end - stack_end >= REGION_PADDING,
           "512 KiB or more are mapped behind the boot stack");
    note_unused(stack_end);
}
