/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check_assists.c - VM assists that the guest asks for while it runs, and what
 * Xen makes of a root table above 4 GiB.
 *
 * Stock Xen takes any root up to 4.18; a newer one, and a patched one
 * (src/hypervisor), takes it only from a domain that has pae_extended_cr3.
 * Which of them this is, the command line has to say: "xen=stock" or
 * "xen=patched", and "l3=checked".
 */
#include "check.h"

/*
 * struct xen_domctl (xen/domctl.h, which is not for C11), and the patched Xen's
 * own operation (src/builder/hooks/vm_assist.h).
 */
#define DOMCTL_VM_ASSIST 0x6477
struct domctl {
    uint32_t cmd;
    uint32_t interface_version;
    domid_t domain;
    uint16_t pad[3];
    uint64_t argument[16];
};

static bool xen_is_stock(void)
{
    return command_line_has("xen=stock");
}

/* As Xen's versions have it from 4.17 on (src/xen_versions.h). */
static uint32_t domctl_interface(void)
{
    long version = hypercall(__HYPERVISOR_xen_version, 0, 0, 0, 0, 0);
    unsigned int minor = version & 0xffff;

    if (minor >= 21) /* a stable operation, but where Xen does not know it */
        return xen_is_stock() ? (minor == 21 ? 0x17 : 0x18) : 0;
    return minor == 17 ? 0x15 : minor == 18 ? 0x16 : 0x17;
}

static bool xen_is_known(void)
{
    return xen_is_stock() || command_line_has("xen=patched");
}

static long vm_assist(unsigned int cmd, unsigned int type)
{
    return hypercall(__HYPERVISOR_vm_assist, cmd, type, 0, 0, 0);
}

static void set_extended_cr3(bool on)
{
    long rc = vm_assist(on ? VMASST_CMD_enable : VMASST_CMD_disable,
                        VMASST_TYPE_pae_extended_cr3);

    if (rc)
        panic("pae_extended_cr3 cannot be turned %s: %ld", on ? "on" : "off",
              rc);
}

/* Of which domain the guest is, it cannot know: so for every one there is. */
static void check_declaration(void)
{
    struct domctl op = {.cmd = DOMCTL_VM_ASSIST,
                        .interface_version = domctl_interface()};
    struct tally refused = {0, 0};
    domid_t domid;
    long rc;

    for (domid = 0; domid < DOMID_FIRST_RESERVED; domid++) {
        op.domain = domid;
        rc = hypercall(__HYPERVISOR_domctl, (unsigned long)&op, 0, 0, 0, 0);
        if (rc == -GUEST_ESRCH)
            continue;
        if (tally_wrong(&refused, rc != -GUEST_EPERM))
            tap_note("domain %u: got %ld, expected %ld", domid, rc,
                     -GUEST_EPERM);
    }
    tap_ok(refused.checked > 1 && !refused.wrong,
           "the declaration of VM assists is refused to a guest");
}

/*
 * XENFEAT_pae_pgdir_above_4gb, which stock Xen also tells 64-bit guests, to
 * whom it means nothing.
 */
static void check_told(void)
{
    const char *text = "and told where it is in force";

    set_extended_cr3(true);
#ifdef __x86_64__
    if (xen_is_known())
        tap_eq(extended_cr3(), xen_is_stock(), "%s", text);
    else
        tap_skip(text, "the command line does not say which Xen this is");
#else
    tap_eq(extended_cr3(), true, "%s", text);
#endif
    set_extended_cr3(false);
    tap_eq(extended_cr3(), false, "and no more when it was given up");
}

static void check_asking(void)
{
    tap_eq((unsigned long)vm_assist(VMASST_CMD_enable, 31),
           (unsigned long)-GUEST_EINVAL, "an assist that is none is refused");
    tap_eq((unsigned long)vm_assist(VMASST_CMD_enable,
                                    VMASST_TYPE_pae_extended_cr3),
           0, "pae_extended_cr3 can be asked for");
    check_told();
}

#ifndef __x86_64__
/* The root and what is behind its slot 3, again: that L2 cannot be shared. */
struct twin {
    mfn_t root, xen_l2;
};

/* The last page of memory that nothing uses, on that side of 4 GiB or any. */
static mfn_t find_spare(pfn_t *end, bool high)
{
    mfn_t mfn;

    while (end->v-- > vaddr_to_pfn(region_end).v) {
        mfn = pfn_to_mfn(*end);
        if (!high || mfn.v >= FIRST_MFN_ABOVE_4G)
            return mfn;
    }
    return MFN_INVALID;
}

/* Copies the guest's own entries of a table into a page that is none yet. */
static uint64_t *copy_table(const struct table *table, mfn_t to)
{
    const uint64_t *from = table_view(table);
    uint64_t *copy = window_address(WINDOW_ANY);
    unsigned int slot;

    if (window_map(WINDOW_ANY, to, PTE_WRITABLE))
        panic("cannot map mfn %#llx", (unsigned long long)to.v);
    for (slot = 0; slot < table_slots(table->level); slot++)
        if (!slot_is_xens(table, slot))
            copy[slot] = from[slot];
    return copy;
}

static bool make_twin(struct twin *twin)
{
    struct table root = {.mfn = cr3_to_mfn(), .level = 3};
    struct table xen_l2 = {.level = 2, .vaddr = slot_vaddr(&root, 3)};
    pfn_t end = PFN(start_info->nr_pages);
    uint64_t entry = entry_value(&root, 3);
    uint64_t *copy;

    twin->root = find_spare(&end, true);
    twin->xen_l2 = find_spare(&end, false);
    if (twin->root.v == MFN_INVALID.v || twin->xen_l2.v == MFN_INVALID.v)
        return false;
    xen_l2.mfn = pte_to_mfn(entry);
    copy_table(&xen_l2, twin->xen_l2);
    copy = copy_table(&root, twin->root);
    copy[3] = mfn_to_pte(twin->xen_l2, entry & ~PTE_FRAME);
    /* What is mapped writable cannot become a table. */
    return !window_map(WINDOW_ANY, twin->root, 0);
}

static long pin(mfn_t root)
{
    long rc = mmuext_op(MMUEXT_PIN_L3_TABLE, root);

    if (!rc)
        rc = mmuext_op(MMUEXT_UNPIN_TABLE, root);
    return rc;
}

static long new_baseptr(mfn_t root)
{
    return mmuext_op(MMUEXT_NEW_BASEPTR, root);
}

/* Xen emulates it, and the guest gets a fault where it refuses. */
static long move_to_cr3(mfn_t root)
{
    if (!probe_cr3(xen_pfn_to_cr3((uint32_t)root.v)))
        return 0;
    return guest_last_trap.vector == 13 ? -GUEST_ERANGE : -GUEST_EINVAL;
}

/*
 * Loads it, sees that it is in use, and returns to the root of before: by the
 * hypercall, which first completes what Xen leaves open after a move to cr3.
 */
static long switch_to(mfn_t root, long (*load)(mfn_t root))
{
    mfn_t own = cr3_to_mfn();
    long rc = load(root);
    bool loaded = cr3_to_mfn().v == root.v;

    if (loaded && new_baseptr(own))
        panic("cannot return to the L3 mfn %#llx", (unsigned long long)own.v);
    return rc || loaded ? rc : -GUEST_EINVAL;
}

static long switch_by_baseptr(mfn_t root)
{
    return switch_to(root, new_baseptr);
}

static long switch_by_cr3(mfn_t root)
{
    return switch_to(root, move_to_cr3);
}

static const struct {
    long (*use)(mfn_t root);
    const char *text;
} uses[] = {
    {pin, "pinning an L3 above 4 GiB"},
    {switch_by_baseptr, "MMUEXT_NEW_BASEPTR with an L3 above 4 GiB"},
    {switch_by_cr3, "mov to cr3 of an L3 above 4 GiB"},
};

#define NR_USES (sizeof(uses) / sizeof(uses[0]))

static bool xen_takes_any_root(void)
{
    return xen_is_stock() && !command_line_has("l3=checked");
}

static void use_root(const struct twin *twin, bool on)
{
    bool accepted = on || xen_takes_any_root();
    size_t i;
    long rc;

    set_extended_cr3(on);
    for (i = 0; i < NR_USES; i++) {
        rc = uses[i].use(twin->root);
        if (!tap_ok(rc == (accepted ? 0 : -GUEST_ERANGE),
                    "%s is %s with the assist %s", uses[i].text,
                    accepted ? "accepted" : "refused", on ? "on" : "off"))
            tap_note("mfn %#llx: got %ld", (unsigned long long)twin->root.v,
                     rc);
    }
}

/*
 * A root that was taken stays one for as long as it is in use, or pinned as
 * the guest's own: a kernel may load what it has read from CR3.
 */
static void keep_root(const struct twin *twin)
{
    mfn_t own = cr3_to_mfn();

    set_extended_cr3(true);
    if (new_baseptr(twin->root))
        panic("the L3 mfn %#llx is refused", (unsigned long long)twin->root.v);
    set_extended_cr3(false);
    tap_eq((unsigned long)new_baseptr(twin->root), 0,
           "MMUEXT_NEW_BASEPTR takes a root in use, the assist being off");
    tap_eq((unsigned long)move_to_cr3(twin->root), 0, "so does mov to cr3");
    if (new_baseptr(own))
        panic("cannot return to the L3 mfn %#llx", (unsigned long long)own.v);
    tap_eq((unsigned long)move_to_cr3(own), 0, "and the guest's own root");
}

static void skip_root(const char *reason)
{
    size_t i;

    for (i = 0; i < NR_USES; i++)
        tap_skip(uses[i].text, reason);
}

static void check_high_root(void)
{
    struct twin twin;
    bool made = make_twin(&twin);

    if (!made)
        skip_root("the domain has no page there to spare");
    else if (xen_is_known())
        use_root(&twin, false);
    else
        skip_root("the command line does not say which Xen this is");
    if (made)
        use_root(&twin, true);
    else
        skip_root("the domain has no page there to spare");
    if (made)
        keep_root(&twin);
    else
        tap_skip("a root in use", "the domain has no page there to spare");
}
#else
static void check_high_root(void)
{
}
#endif

void check_assists(void)
{
    bool before = extended_cr3();

    check_declaration();
    check_asking();
    check_high_root();
    set_extended_cr3(before);
}
