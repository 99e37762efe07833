/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pagetables.c - what guests put into their page tables, and what is then made
 * of these frames.
 *
 * The input is a byte with the machine (fz_take_machine()), then a list of
 * records, each a byte with the action (the low six
 * bits) and the domain (the highest bit), then what the action takes: frames
 * are one byte, an index of the domain's own frames for the most part
 * (frame_of()), slots two bytes, entries struct below.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <xen/domctl.h>
#include <xen/foreign/x86_32.h>
#include <xen/memory.h>

#include "fuzz.h"
#include "machine/frames.h"
#include "memory/page_type.h"

#define MAX_ACTIONS 512

enum action {
    WRITE,   /* frame, slot, entry: as the guest itself would */
    FILL,    /* frame, first slot, count, entry: its frame number counts up */
    PIN,     /* frame, level */
    UNPIN,   /* frame */
    UPDATE,  /* frame, slot, entry, how */
    CONTEXT, /* root, user root, descriptor frame, flags */
    COPY,    /* frame, frame */
    CLEAR,   /* frame */
    GIVE,    /* frame: back to Xen */
    GET,     /* frame index: of a new one */
    KILL,    /* the domain, with all it has */
    RESET,   /* its vCPUs */
    INFO,    /* frame */
    RAW,     /* frame, slot, 8 bytes: as WRITE, but any */
    NR_ACTIONS
};

struct target {
    struct fz_host h;
    struct fz_input in;
    uint16_t domid;
};

static uint64_t frame_of(struct target *t)
{
    const struct fx_super *super = t->h.host->super;
    unsigned int n = (unsigned int)fz_take(&t->in, 1);

    if (n < FZ_PAGES)
        return t->h.frame[t->domid][n];
    if (n < 2 * FZ_PAGES) /* the other one's */
        return t->h.frame[FZ_GUEST_64 + FZ_GUEST_32 - t->domid][n - FZ_PAGES];
    switch (n) {
    case 128:
        return fx_m2p_mfn(super);
    case 129:
        return fx_compat_m2p_mfn(super);
    case 130:
        return super->nr_frames;
    case 131:
        return super->domain[t->domid].shared_info;
    case 132:
        return super->domain[t->domid].state;
    case 133:
        return FX_NO_MFN >> 12;
    case 134:
        return 0;
    case 135: /* free, most likely */
        return 256;
    default:
        return super->nr_frames - 1 - n % 128;
    }
}

/* A frame, the flags' low byte, and a byte of which flags are high. */
static uint64_t entry_of(struct target *t)
{
    uint64_t mfn = frame_of(t), low = fz_take(&t->in, 1);
    uint64_t high = fz_take(&t->in, 1);

    return mfn << 12 | (high & 0xf) << 8 | (high >> 4) << 60 | low;
}

/* Only to what the guest could have mapped writable. */
static void write_entry(struct target *t, uint64_t mfn, unsigned int slot,
                        uint64_t entry)
{
    struct fx_frame *frame = fx_frame(t->h.host, mfn);
    uint64_t *page;
    enum fx_type type;

    if (!frame || frame->owner != t->domid || !frame->refs)
        return;
    type = FX_T_TYPE(frame->type);
    if (type != FX_NONE && type != FX_WRITABLE)
        return;
    page = fx_page(t->h.host, mfn);
    page[slot % 512] = entry;
}

static void fill(struct target *t)
{
    uint64_t mfn = frame_of(t);
    unsigned int slot = (unsigned int)fz_take(&t->in, 2);
    unsigned int count = (unsigned int)fz_take(&t->in, 1);
    uint64_t entry = entry_of(t);

    for (unsigned int i = 0; i < count; i++)
        write_entry(t, mfn, slot + i, entry - ((uint64_t)i << 12));
}

static void mmuext(struct target *t, unsigned int cmd, uint64_t mfn,
                   uint64_t from)
{
    struct mmuext_op op = {.cmd = cmd, .arg1.mfn = mfn};

    op.arg2.src_mfn = from;
    fz_call(t->h.host, __HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0, t->domid);
}

static void update(struct target *t)
{
    uint64_t mfn = frame_of(t), slot = fz_take(&t->in, 2) % 512;
    mmu_update_t request = {.val = entry_of(t)};
    uint64_t how = fz_take(&t->in, 1), target = t->domid;

    request.ptr = mfn << 12 | slot << 3 | (how & 3);
    if (how & 4) /* frames of the control domain or of anybody */
        target = 0;
    fz_call(t->h.host, __HYPERVISOR_mmu_update, (uintptr_t)&request, 1, 0,
            target | ((uint64_t)t->domid + 1) << 16);
}

static long domctl(struct target *t, struct xen_domctl *op, uint32_t cmd)
{
    op->cmd = cmd;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = t->domid;
    return fz_call(t->h.host, __HYPERVISOR_domctl, (uintptr_t)op, 0, 0, 0);
}

/* The 32-bit layout is the shorter one. */
static union {
    vcpu_guest_context_t wide;
    vcpu_guest_context_x86_32_t narrow;
} any;

static void context(struct target *t)
{
    uint64_t root = frame_of(t), user = frame_of(t), gdt = frame_of(t);
    uint64_t flags = fz_take(&t->in, 1);
    struct xen_domctl op = {.u.vcpucontext.vcpu = flags & 1};

    memset(&any, 0, sizeof(any));
    if (t->domid == FZ_GUEST_32) {
        any.narrow.flags = VGCF_in_kernel | VGCF_online;
        any.narrow.ctrlreg[3] = (uint32_t)(root << 12 | root >> 20);
        any.narrow.gdt_ents = flags & 2 ? 512 : 0;
        any.narrow.gdt_frames[0] = (uint32_t)gdt;
    } else {
        any.wide.flags = VGCF_in_kernel | VGCF_online;
        any.wide.ctrlreg[3] = root << 12;
        any.wide.ctrlreg[1] = flags & 4 ? user << 12 | 1 : 0;
        any.wide.gdt_ents = flags & 2 ? 512 : 0;
        any.wide.gdt_frames[0] = gdt;
    }
    set_xen_guest_handle_raw(op.u.vcpucontext.ctxt, &any.wide);
    domctl(t, &op, XEN_DOMCTL_setvcpucontext);
}

static void reservation(struct target *t, unsigned int cmd, uint64_t *extent)
{
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = t->domid};

    set_xen_guest_handle_raw(r.extent_start, (void *)extent);
    fz_call(t->h.host, __HYPERVISOR_memory_op, cmd, (uintptr_t)&r, 0, 0);
}

static void get_frame(struct target *t)
{
    unsigned int n = (unsigned int)fz_take(&t->in, 1) % FZ_PAGES;
    uint64_t extent = n;

    reservation(t, XENMEM_populate_physmap, &extent);
    if (extent != n)
        t->h.frame[t->domid][n] = extent;
}

static void frame_info(struct target *t)
{
    uint64_t word = frame_of(t);
    struct xen_domctl op = {.u.getpageframeinfo3.num = 1};

    set_xen_guest_handle_raw(op.u.getpageframeinfo3.array, (void *)&word);
    domctl(t, &op, XEN_DOMCTL_getpageframeinfo3);
}

static void on_domain(struct target *t, enum action action)
{
    struct xen_domctl op = {0};
    uint64_t mfn;

    switch (action) {
    case GIVE:
        mfn = frame_of(t);
        reservation(t, XENMEM_decrease_reservation, &mfn);
        break;
    case GET:
        get_frame(t);
        break;
    case KILL:
        domctl(t, &op, XEN_DOMCTL_destroydomain);
        break;
    case RESET:
        op.u.vcpucontext.vcpu = 0;
        domctl(t, &op, XEN_DOMCTL_setvcpucontext);
        break;
    default:
        frame_info(t);
        break;
    }
}

static void act(struct target *t, enum action action)
{
    uint64_t mfn;
    unsigned int n;

    switch (action) {
    case WRITE:
        mfn = frame_of(t);
        n = (unsigned int)fz_take(&t->in, 2);
        write_entry(t, mfn, n, entry_of(t));
        break;
    case RAW:
        mfn = frame_of(t);
        n = (unsigned int)fz_take(&t->in, 2);
        write_entry(t, mfn, n, fz_take(&t->in, 8));
        break;
    case FILL:
        fill(t);
        break;
    case PIN:
        mfn = frame_of(t);
        n = (unsigned int)fz_take(&t->in, 1) % 4;
        mmuext(t, MMUEXT_PIN_L1_TABLE + n, mfn, 0);
        break;
    case UNPIN:
        mmuext(t, MMUEXT_UNPIN_TABLE, frame_of(t), 0);
        break;
    case UPDATE:
        update(t);
        break;
    case CONTEXT:
        context(t);
        break;
    case COPY:
        mfn = frame_of(t);
        mmuext(t, MMUEXT_COPY_PAGE, mfn, frame_of(t));
        break;
    case CLEAR:
        mmuext(t, MMUEXT_CLEAR_PAGE, frame_of(t), 0);
        break;
    default:
        on_domain(t, action);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct target t = {.in = {bytes, size}};
    struct fz_machine machine = fz_take_machine(&t.in);

    fz_host_make(&t.h, NULL, &machine);
    for (unsigned int i = 0; i < MAX_ACTIONS && t.in.size; i++) {
        uint64_t byte = fz_take(&t.in, 1);

        t.domid = byte & 0x80 ? FZ_GUEST_32 : FZ_GUEST_64;
        act(&t, (enum action)((byte & 0x3f) % NR_ACTIONS));
    }
    fz_host_finish(&t.h);
    return 0;
}

/* -- seeds -- */

#define TABLE 0x67 /* present, writable, user, accessed, dirty */
#define DATA  0x65 /* the same, read-only */

static void put_write(struct fz_seed *s, unsigned int width, unsigned int frame,
                      unsigned int slot, unsigned int to, unsigned int flags)
{
    fz_put(s, width | WRITE, 1);
    fz_put(s, frame, 1);
    fz_put(s, slot, 2);
    fz_put(s, to, 1);
    fz_put(s, flags, 2);
}

static void put(struct fz_seed *s, unsigned int action, unsigned int a,
                unsigned int b)
{
    fz_put(s, action, 1);
    fz_put(s, a, 1);
    if ((action & 0x3f) == PIN || (action & 0x3f) == COPY)
        fz_put(s, b, 1);
}

/* Frame 0 is the root, then the levels below it, the last one mapping data. */
static void put_tree(struct fz_seed *s, bool is_32bit)
{
    unsigned int width = is_32bit ? 0x80 : 0, top = is_32bit ? 2 : 3, i;

    for (i = 0; i < top; i++)
        put_write(s, width, i, 0, i + 1, is_32bit && !i ? 1 : TABLE);
    if (is_32bit) { /* Xen's part needs an L2 of its own */
        put_write(s, width, 0, 3, 20, 1);
        put_write(s, width, 20, 1, 2, TABLE);
    }
    fz_put(s, width | FILL, 1);
    fz_put(s, top, 1);
    fz_put(s, 3, 2);
    fz_put(s, 16, 1);
    fz_put(s, 40, 1);
    fz_put(s, DATA, 2);
    put(s, width | PIN, 0, top);
}

static void put_update(struct fz_seed *s, unsigned int width,
                       unsigned int frame, unsigned int slot, unsigned int to,
                       unsigned int flags)
{
    put_write(s, width, frame, slot, to, flags);
    s->bytes[s->size - 7] = (uint8_t)(width | UPDATE);
    fz_put(s, 0, 1);
}

static void put_context(struct fz_seed *s, unsigned int width)
{
    fz_put(s, width | CONTEXT, 1);
    fz_put(s, 0, 1);
    fz_put(s, 0, 1);
    fz_put(s, 30, 1);
    fz_put(s, 6, 1);
}

/* Of the frame that put_context() makes a GDT: segments, flat ones too, and a
 * gate. */
static void put_descriptors(struct fz_seed *s, unsigned int width)
{
    static const uint64_t descriptors[] = {
        UINT64_C(0x00cfba000000ffff), UINT64_C(0x00cfb2000000ffff),
        UINT64_C(0x00affa000000ffff), UINT64_C(0x00cfb200000067ff),
        UINT64_C(0x0000ec00e0190000), UINT64_C(0x0000ec0000080000),
    };

    for (unsigned int i = 0; i < 6; i++) {
        fz_put(s, width | RAW, 1);
        fz_put(s, 30, 1);
        fz_put(s, 1 + i, 2);
        /* The last one has its second half behind it, which is zero. */
        fz_put(s, width && i == 2 ? 0 : descriptors[i], 8);
    }
}

/* On each machine: even ones 64-bit, odd ones 32-bit: a tree; with updates and
 * a context; with linear entries and frames given back; with the other's
 * frames; and with descriptors. */
bool fz_seed(unsigned int nr, struct fz_seed *s)
{
    unsigned int width, l1;

    fz_put(s, nr % FZ_MACHINES, 1);
    nr /= FZ_MACHINES;
    width = nr % 2 ? 0x80 : 0;
    l1 = nr % 2 ? 2 : 3;
    if (nr >= 10)
        return false;
    put_tree(s, nr % 2);
    switch (nr / 2) {
    case 1:
        put_context(s, width);
        put_update(s, width, l1, 7, 41, TABLE);
        put_update(s, width, l1, 7, 42, DATA);
        put_update(s, width, l1 - 1, 9, 12, TABLE);
        put(s, width | UNPIN, 0, 0);
        put(s, width | KILL, 0, 0);
        break;
    case 2:
        put_update(s, width, l1 - 1, 8, l1 - 1, DATA);
        put_write(s, width, 10, 5, l1 - 1, DATA);
        put(s, width | PIN, 10, 1);
        put(s, width | GIVE, 40, 0);
        put(s, width | GIVE, 2, 0);
        put(s, width | GET, 40, 0);
        put(s, width | COPY, 44, 2);
        put(s, width | CLEAR, 45, 0);
        put(s, width | UNPIN, 0, 0);
        break;
    case 3:
        put_update(s, width, l1, 7, FZ_PAGES + 41, TABLE);
        put_update(s, width, l1, 8, 131, TABLE);
        put_update(s, width, l1, 9, 128, DATA);
        put(s, (width ^ 0x80) | KILL, 0, 0);
        put(s, width | INFO, 0, 0);
        break;
    case 4:
        put_descriptors(s, width);
        put_context(s, width);
        break;
    }
    return true;
}
