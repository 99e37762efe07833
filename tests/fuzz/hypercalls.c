/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hypercalls.c - any hypercalls with any arguments, against a host with two
 * domains.
 *
 * The input is a byte with the machine (fz_take_machine()), then a list of
 * records.  One begins with a byte: below CALL it says
 * what to put into the arena (enum record), else it calls the hypercall of that
 * number less CALL, with five arguments (take_argument()).  The arena keeps
 * what is in it, results too.  GUEST makes the call as one of the domains, to
 * which the arena is memory of its own, from its second page on.
 *
 * A caller's pointer may lead to any memory of its process, fakexen's included,
 * and spoil that.  So only what is in or near the arena, or nobody's, is copied
 * (copy_in(), copy_out()); all else is bad at once.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <xen/domctl.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/sysctl.h>
#include <xen/version.h>

#include "domain/event.h"
#include "domain/guest_memory.h"
#include "domain/time.h"
#include "fuzz.h"
#include "hypercall/dispatch.h"
#include "machine/lock.h"
#include "preload/process_memory.h"

#define MAX_CALLS 512

/* XEN_DOMCTL_vm_assist, of the patched level. */
#define VM_ASSIST 0x6477

enum record {
    BYTES,   /* offset, length, bytes */
    NUMBER,  /* offset, an argument */
    FRAMES,  /* offset, count, domain: its frames */
    DOMCTL,  /* command, domain: a header at the start, and the call */
    SYSCTL,  /* command: the same */
    MEMORY,  /* command, extents, order, flags, domain: and the call */
    GUEST,   /* which domain's which vCPU, number, five arguments: the call */
    TIME,    /* the vCPUs' states from now on: timers are due */
    CALL = 8 /* and all above: the hypercall of the number, less CALL */
};

/* Where structures' pointers lead to, in the seeds and in MEMORY. */
#define LIST_AT 4096

/* As many commands as the seeds have of guests. */
#define GUEST_SEEDS 16

struct target {
    struct fz_host h;
    struct fz_input in;
    uint8_t *arena;
};

static bool may_try(uint64_t address, size_t size)
{
    const uint64_t user_end = UINT64_C(1) << 47;
    uint64_t arena = (uintptr_t)fz_arena(), near = FZ_GUARD / 2;

    if (size > near)
        return false;
    return address < FX_PAGE_SIZE || address >= user_end ||
           (address > arena - near && address < arena + FZ_ARENA_BYTES + near);
}

static int copy_in(const struct fx_caller *caller, void *to, uint64_t from,
                   size_t size)
{
    (void)caller;
    return may_try(from, size) ? fx_copy_from(to, from, size) : -EFAULT;
}

static int copy_out(const struct fx_caller *caller, uint64_t to,
                    const void *from, size_t size)
{
    (void)caller;
    return may_try(to, size) ? fx_copy_to(to, from, size) : -EFAULT;
}

static void call(struct target *t, unsigned int op, const uint64_t arg[5])
{
    struct fx_caller caller = fx_process_caller(t->h.host);

    caller.copy_in = copy_in;
    caller.copy_out = copy_out;
    fz_call_as(&caller, op, arg);
}

static uint64_t domains_frame(struct target *t)
{
    unsigned int n = (unsigned int)fz_take(&t->in, 1);
    unsigned int domid = n & 0x80 ? FZ_GUEST_32 : FZ_GUEST_64;
    const struct fx_domain *d = &t->h.host->super->domain[domid];

    n &= 0x7f;
    if (n < FZ_PAGES)
        return t->h.frame[domid][n];
    return n & 1 ? d->shared_info : t->h.host->super->nr_frames - n;
}

/* A byte with the kind, then what the kind takes. */
static uint64_t take_argument(struct target *t)
{
    static const uint64_t known[] = {
        UINT64_MAX, UINT32_MAX,        INT64_MAX, UINT64_C(1) << 63,
        0x7ff0,     UINT64_C(1) << 47, 0x7ff2,    0x7ff4,
    };
    unsigned int kind = (unsigned int)fz_take(&t->in, 1);

    switch (kind % 8) {
    case 0:
        return fz_take(&t->in, 1);
    case 1: /* a pointer: good, or too near to the end */
        return (uintptr_t)t->arena + fz_take(&t->in, 2);
    case 2: /* one to nowhere */
        return (uintptr_t)t->arena + FZ_ARENA_BYTES - kind / 8;
    case 3:
        return fz_take(&t->in, 4);
    case 4: /* a frame, and the same as an address */
        return domains_frame(t) << (kind & 8 ? 12 : 0) | kind >> 5;
    case 5:
        return known[kind / 8 % (sizeof(known) / sizeof(known[0]))];
    case 6:
        return fz_take(&t->in, 2) << 16 | kind / 8;
    default:
        return 0;
    }
}

static void store(struct target *t, uint64_t at, const void *from, size_t size)
{
    if (at + size <= FZ_ARENA_BYTES)
        memcpy(t->arena + at, from, size);
}

static void put_bytes(struct target *t)
{
    uint64_t at = fz_take(&t->in, 2);
    size_t size = fz_take(&t->in, 1);

    if (size > t->in.size)
        size = t->in.size;
    store(t, at, t->in.bytes, size);
    t->in.bytes += size;
    t->in.size -= size;
}

static void put_frames(struct target *t)
{
    uint64_t at = fz_take(&t->in, 2), count = fz_take(&t->in, 1) % FZ_PAGES;
    unsigned int domid = fz_take(&t->in, 1) & 1 ? FZ_GUEST_64 : FZ_GUEST_32;

    store(t, at, t->h.frame[domid], count * sizeof(uint64_t));
}

/* Numbers far from all others, which stand for these. */
static const uint32_t far_domctls[] = {
    [255] = VM_ASSIST,
    [254] = XEN_DOMCTL_gdbsx_pausevcpu,
    [253] = XEN_DOMCTL_gdbsx_unpausevcpu,
    [252] = XEN_DOMCTL_gdbsx_domstatus,
};

static void call_domctl(struct target *t)
{
    struct xen_domctl *op = (void *)t->arena;

    op->cmd = (uint32_t)fz_take(&t->in, 1);
    if (far_domctls[op->cmd])
        op->cmd = far_domctls[op->cmd];
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = (domid_t)fz_take(&t->in, 1);
    call(t, __HYPERVISOR_domctl, (const uint64_t[5]){(uintptr_t)op});
}

static void call_sysctl(struct target *t)
{
    struct xen_sysctl *op = (void *)t->arena;

    op->cmd = (uint32_t)fz_take(&t->in, 1);
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    call(t, __HYPERVISOR_sysctl, (const uint64_t[5]){(uintptr_t)op});
}

static void call_memory(struct target *t)
{
    struct xen_memory_reservation *r = (void *)t->arena;
    uint64_t cmd = fz_take(&t->in, 1);

    r->nr_extents = fz_take(&t->in, 1);
    r->extent_order = (unsigned int)fz_take(&t->in, 1);
    r->mem_flags = (unsigned int)fz_take(&t->in, 4);
    r->domid = (domid_t)fz_take(&t->in, 1);
    set_xen_guest_handle_raw(r->extent_start, (void *)(t->arena + LIST_AT));
    call(t, __HYPERVISOR_memory_op, (const uint64_t[5]){cmd, (uintptr_t)r});
}

static void call_any(struct target *t, unsigned int op)
{
    uint64_t arg[5];

    for (unsigned int i = 0; i < 5; i++)
        arg[i] = take_argument(t);
    call(t, op, arg);
}

/* Where a guest's address leads; NULL: nowhere. */
static uint8_t *guests(uint64_t address, size_t size)
{
    uint64_t at = address - FX_PAGE_SIZE;

    return at < FZ_ARENA_BYTES && size <= FZ_ARENA_BYTES - at ? fz_arena() + at
                                                              : NULL;
}

static int guest_in(const struct fx_caller *caller, void *to, uint64_t from,
                    size_t size)
{
    const uint8_t *at = guests(from, size);

    (void)caller;
    if (!at)
        return -EFAULT;
    memcpy(to, at, size);
    return 0;
}

static int guest_out(const struct fx_caller *caller, uint64_t to,
                     const void *from, size_t size)
{
    uint8_t *at = guests(to, size);

    (void)caller;
    if (!at)
        return -EFAULT;
    memcpy(at, from, size);
    return 0;
}

/* Made again for what was put off, as the guest would. */
static void call_as_guest(struct target *t)
{
    unsigned int who = (unsigned int)fz_take(&t->in, 1);
    unsigned int op = (unsigned int)fz_take(&t->in, 1) % 64;
    struct fx_domain *domain =
        fx_domain(t->h.host, who & 1 ? FZ_GUEST_32 : FZ_GUEST_64);
    struct fx_rest rest = {.is_some = true};
    struct fx_caller caller;

    for (int i = 0; i < 5; i++) {
        uint64_t a = take_argument(t), at = a - (uintptr_t)t->arena;

        rest.arg[i] = at < FZ_ARENA_BYTES ? at + FX_PAGE_SIZE : a;
        if (who & 1)
            rest.arg[i] = (uint32_t)rest.arg[i];
    }
    if (!domain)
        return;
    caller = fx_guest_caller(t->h.host, domain, who >> 1 & 1);
    caller.copy_in = guest_in;
    caller.copy_out = guest_out;
    caller.rest = &rest;
    for (int i = 0; rest.is_some && i < 8; i++) {
        const struct fx_rest now = rest;

        rest.is_some = false;
        fz_call_as(&caller, op, now.arg);
    }
}

/* What goes by itself while guests run. */
static void let_time_pass(struct target *t)
{
    struct fx_host *host = t->h.host;

    fx_lock(host);
    for (uint32_t id = FZ_GUEST_64; id <= FZ_GUEST_32; id++) {
        struct fx_domain *domain = fx_domain(host, id);

        if (domain)
            fx_timers(host, domain, INT64_MAX);
        for (uint32_t vcpu = 0; domain && vcpu < 2; vcpu++) {
            fx_update_time(host, domain, vcpu, fx_now(host, domain));
            fx_runstate(host, domain, vcpu, (int)(fz_take(&t->in, 1) % 4),
                        fx_now(host, domain));
            (void)fx_vcpu_wait(host, domain, vcpu);
        }
    }
    fx_unlock(host);
}

static void act(struct target *t, unsigned int record)
{
    uint64_t at, value;

    switch (record) {
    case BYTES:
        put_bytes(t);
        break;
    case NUMBER:
        at = fz_take(&t->in, 2);
        value = take_argument(t);
        store(t, at, &value, sizeof(value));
        break;
    case FRAMES:
        put_frames(t);
        break;
    case DOMCTL:
        call_domctl(t);
        break;
    case SYSCTL:
        call_sysctl(t);
        break;
    case MEMORY:
        call_memory(t);
        break;
    case GUEST:
        call_as_guest(t);
        break;
    case TIME:
        let_time_pass(t);
        break;
    default:
        call_any(t, record - CALL);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct target t = {.in = {bytes, size}, .arena = fz_arena()};
    struct fz_machine machine = fz_take_machine(&t.in);

    fz_host_make(&t.h, NULL, &machine);
    fz_host_build(&t.h);
    for (unsigned int i = 0; i < MAX_CALLS && t.in.size; i++)
        act(&t, (unsigned int)fz_take(&t.in, 1));
    fz_host_finish(&t.h);
    return 0;
}

/* -- seeds -- */

static void put_bytes_at(struct fz_seed *s, unsigned int at, const void *from,
                         unsigned int size)
{
    const uint8_t *bytes = from;

    fz_put(s, BYTES, 1);
    fz_put(s, at, 2);
    fz_put(s, size, 1);
    for (unsigned int i = 0; i < size; i++)
        fz_put(s, bytes[i], 1);
}

static void put_pointer(struct fz_seed *s, unsigned int at, unsigned int to)
{
    fz_put(s, NUMBER, 1);
    fz_put(s, at, 2);
    fz_put(s, 1, 1);
    fz_put(s, to, 2);
}

/* `frame` as in domains_frame(). */
static void put_frame(struct fz_seed *s, unsigned int at, unsigned int frame)
{
    fz_put(s, NUMBER, 1);
    fz_put(s, at, 2);
    fz_put(s, 4, 1);
    fz_put(s, frame, 1);
}

static void put_list(struct fz_seed *s, uint16_t domid)
{
    fz_put(s, FRAMES, 1);
    fz_put(s, LIST_AT, 2);
    fz_put(s, 8, 1);
    fz_put(s, domid == FZ_GUEST_64, 1);
}

/* The union of a struct xen_domctl begins here; a sysctl's, 8 bytes before. */
#define OP_AT 16
_Static_assert(offsetof(struct xen_domctl, u) == OP_AT, "domctl's body");
_Static_assert(offsetof(struct xen_sysctl, u) == OP_AT - 8, "sysctl's body");

/* Every domctl from `first` on that there may be, with a pointer in one of the
 * first words. */
static void put_domctls(struct fz_seed *s, unsigned int first,
                        unsigned int pointer_at)
{
    for (unsigned int cmd = first; cmd < first + 30; cmd++) {
        const uint64_t word = cmd % 3;

        put_bytes_at(s, OP_AT, &word, sizeof(word));
        put_pointer(s, OP_AT + pointer_at, LIST_AT);
        fz_put(s, DOMCTL, 1);
        fz_put(s, cmd == XEN_DOMCTL_destroydomain ? 0 : cmd, 1);
        fz_put(s, FZ_GUEST_64 + cmd % 2, 1);
    }
}

static void put_sysctls(struct fz_seed *s)
{
    const uint8_t few = 16;

    for (unsigned int cmd = 1; cmd < 32; cmd++) {
        put_pointer(s, OP_AT - 8, LIST_AT);
        put_pointer(s, OP_AT, LIST_AT);
        put_bytes_at(s, OP_AT + 8, &few, 1);
        fz_put(s, SYSCTL, 1);
        fz_put(s, cmd, 1);
    }
}

static void put_memory_ops(struct fz_seed *s)
{
    for (unsigned int cmd = 0; cmd < 30; cmd++) {
        uint16_t domid = cmd & 1 ? FZ_GUEST_64 : FZ_GUEST_32;

        put_list(s, domid);
        fz_put(s, MEMORY, 1);
        fz_put(s, cmd, 1);
        fz_put(s, 8, 1);
        fz_put(s, 0, 5);
        fz_put(s, domid, 1);
    }
}

/* All hypercalls by number, on a list that is zero but for one frame. */
static void put_calls(struct fz_seed *s, unsigned int command)
{
    for (unsigned int op = 0; op < 40; op++) {
        put_frame(s, LIST_AT, op);
        fz_put(s, CALL + op, 1);
        if (op != __HYPERVISOR_mmuext_op && op != __HYPERVISOR_mmu_update &&
            op != __HYPERVISOR_multicall)
            fz_put(s, command << 8, 2); /* a number */
        fz_put(s, 1 | LIST_AT << 8, 3); /* a pointer */
        fz_put(s, 1 << 8, 2);
        fz_put(s, 7, 1);
        fz_put(s, FZ_GUEST_64 << 8, 2);
    }
}

static unsigned int byte_for(uint32_t cmd)
{
    for (unsigned int i = 255; far_domctls[i]; i--)
        if (far_domctls[i] == cmd)
            return i;
    return cmd;
}

/* One domctl with its first bytes as in `op`, and a pointer where `pointer_at`
 * says (0: there is none: that is not where a body begins). */
#define BODY_BYTES 48
static void put_domctl(struct fz_seed *s, const struct xen_domctl *op,
                       size_t pointer_at)
{
    put_bytes_at(s, OP_AT, &op->u, BODY_BYTES);
    if (pointer_at)
        put_pointer(s, (unsigned int)pointer_at, LIST_AT);
    fz_put(s, DOMCTL, 1);
    fz_put(s, byte_for(op->cmd), 1);
    fz_put(s, op->domain, 1);
}

/* On mmuext_op's list there is one. */
static void put_mmuext(struct fz_seed *s, uint32_t cmd, unsigned int frame,
                       unsigned int from, uint16_t domid)
{
    put_bytes_at(s, LIST_AT, &cmd, sizeof(cmd));
    put_frame(s, LIST_AT + 8, frame);
    put_frame(s, LIST_AT + 16, from);
    fz_put(s, CALL + __HYPERVISOR_mmuext_op, 1);
    fz_put(s, 1 | LIST_AT << 8, 3);
    fz_put(s, 1 << 8, 2);
    fz_put(s, 7, 1);
    fz_put(s, domid << 8, 2);
    fz_put(s, 7, 1);
}

static unsigned int width_of(uint16_t domid)
{
    return domid == FZ_GUEST_32 ? 0x80 : 0;
}

static void put_mmuexts(struct fz_seed *s, uint16_t domid)
{
    unsigned int width = width_of(domid);

    put_mmuext(s, MMUEXT_PIN_L1_TABLE, width | 40, 0, domid);
    put_mmuext(s, MMUEXT_CLEAR_PAGE, width | 41, 0, domid);
    put_mmuext(s, MMUEXT_COPY_PAGE, width | 42, width | 1, domid);
    put_mmuext(s, MMUEXT_UNPIN_TABLE, width | 40, 0, domid);
    put_mmuext(s, MMUEXT_UNPIN_TABLE, width, 0, domid);
    for (uint32_t cmd = MMUEXT_NEW_BASEPTR; cmd <= MMUEXT_UNMARK_SUPER; cmd++)
        if (cmd != MMUEXT_CLEAR_PAGE && cmd != MMUEXT_COPY_PAGE)
            put_mmuext(s, cmd, width, 0, 0);
}

static void put_shadow(struct fz_seed *s, uint32_t what, uint16_t domid)
{
    const struct xen_domctl op = {
        .cmd = XEN_DOMCTL_shadow_op,
        .domain = domid,
        .u.shadow_op = {.op = what, .mb = 1, .pages = FZ_PAGES},
    };

    put_domctl(s, &op, offsetof(struct xen_domctl, u.shadow_op.dirty_bitmap));
}

static void put_log_dirty(struct fz_seed *s, uint16_t domid)
{
    unsigned int width = width_of(domid);

    put_shadow(s, XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION, domid);
    put_shadow(s, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, domid);
    put_mmuext(s, MMUEXT_CLEAR_PAGE, width | 41, 0, domid);
    put_mmuext(s, MMUEXT_PIN_L1_TABLE, width | 40, 0, domid);
    put_shadow(s, XEN_DOMCTL_SHADOW_OP_PEEK, domid);
    put_shadow(s, XEN_DOMCTL_SHADOW_OP_CLEAN, domid);
    put_shadow(s, XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION, domid);
    put_shadow(s, XEN_DOMCTL_SHADOW_OP_OFF, domid);
}

static void put_contexts(struct fz_seed *s)
{
    static const uint32_t commands[] = {
        XEN_DOMCTL_getvcpucontext,      XEN_DOMCTL_setvcpucontext,
        XEN_DOMCTL_get_ext_vcpucontext, XEN_DOMCTL_set_ext_vcpucontext,
        XEN_DOMCTL_get_vcpu_msrs,       XEN_DOMCTL_set_vcpu_msrs,
    };

    for (unsigned int i = 0; i < 2 * sizeof(commands) / sizeof(*commands);
         i++) {
        struct xen_domctl op = {.cmd = commands[i / 2],
                                .domain = (domid_t)(FZ_GUEST_64 + i % 2)};
        size_t pointer_at = offsetof(struct xen_domctl, u.vcpucontext.ctxt);

        if (op.cmd == XEN_DOMCTL_get_vcpu_msrs ||
            op.cmd == XEN_DOMCTL_set_vcpu_msrs) {
            op.u.vcpu_msrs.msr_count = 4;
            pointer_at = offsetof(struct xen_domctl, u.vcpu_msrs.msrs);
        }
        if (op.cmd == XEN_DOMCTL_set_ext_vcpucontext) {
            op.u.ext_vcpucontext.size = sizeof(op.u.ext_vcpucontext);
            pointer_at = 0;
        }
        put_domctl(s, &op, pointer_at);
    }
}

/* What else is a vCPU's: the extended state, which begins with two masks, and
 * whose size these tell; where it runs; and a page of the guest's. */
static void put_vcpu(struct fz_seed *s)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_setvcpuextstate,
                            .domain = FZ_GUEST_64};
    const uint64_t x87_and_sse[] = {3, 3};

    put_bytes_at(s, LIST_AT, x87_and_sse, sizeof(x87_and_sse));
    op.u.vcpuextstate.size = sizeof(x87_and_sse) + 576;
    put_domctl(s, &op, offsetof(struct xen_domctl, u.vcpuextstate.buffer));
    op.cmd = XEN_DOMCTL_getvcpuextstate;
    put_domctl(s, &op, offsetof(struct xen_domctl, u.vcpuextstate.buffer));
    op = (struct xen_domctl){.cmd = XEN_DOMCTL_setvcpuaffinity,
                             .domain = FZ_GUEST_64};
    op.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
    op.u.vcpuaffinity.cpumap_hard.nr_bits = 64;
    put_domctl(s, &op,
               offsetof(struct xen_domctl, u.vcpuaffinity.cpumap_hard.bitmap));
    for (unsigned int domid = FZ_GUEST_64; domid <= FZ_GUEST_32; domid++) {
        put_frame(s, OP_AT, width_of((uint16_t)domid) | 50);
        fz_put(s, DOMCTL, 1);
        fz_put(s, XEN_DOMCTL_hypercall_init, 1);
        fz_put(s, domid, 1);
    }
}

/* One more domain, whose assists are declared before it has a vCPU's context,
 * and after. */
static void put_new_domain(struct fz_seed *s, unsigned int bits)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_createdomain, .domain = 3};
    /* To set them (src/builder/hooks/vm_assist.h). */
    const uint64_t assists[] = {1, UINT64_C(1) << VMASST_TYPE_pae_extended_cr3};

    op.u.createdomain = (struct xen_domctl_createdomain){
        .max_vcpus = 2,
        .max_evtchn_port = 100,
        .max_grant_frames = 4,
        .grant_opts = 1,
    };
    put_domctl(s, &op, 0);
    op = (struct xen_domctl){.cmd = XEN_DOMCTL_max_mem, .domain = 3};
    op.u.max_mem.max_memkb = 1024;
    put_domctl(s, &op, 0);
    op = (struct xen_domctl){.cmd = XEN_DOMCTL_set_address_size, .domain = 3};
    op.u.address_size.size = bits;
    put_domctl(s, &op, 0);
    op = (struct xen_domctl){.cmd = XEN_DOMCTL_max_vcpus, .domain = 3};
    op.u.max_vcpus.max = 2;
    put_domctl(s, &op, 0);
    op = (struct xen_domctl){.cmd = VM_ASSIST, .domain = 3};
    memcpy(&op.u, assists, sizeof(assists));
    put_domctl(s, &op, 0);
    op = (struct xen_domctl){.cmd = XEN_DOMCTL_setvcpucontext, .domain = 3};
    put_domctl(s, &op, offsetof(struct xen_domctl, u.vcpucontext.ctxt));
    op = (struct xen_domctl){.cmd = VM_ASSIST, .domain = 3};
    put_domctl(s, &op, 0);
}

/* A call with a command and a structure at LIST_AT. */
static void put_call(struct fz_seed *s, unsigned int op, unsigned int command,
                     unsigned int count)
{
    fz_put(s, CALL + op, 1);
    fz_put(s, command << 8, 2);
    fz_put(s, 1 | LIST_AT << 8, 3);
    fz_put(s, count << 8, 2);
    fz_put(s, 0x0707, 2);
}

/* Where lists lie that structures at LIST_AT point to. */
#define FAR_LIST_AT 12288

static void put_grants(struct fz_seed *s)
{
    const gnttab_setup_table_t setup = {.dom = FZ_GUEST_64, .nr_frames = 2};
    const xen_mem_acquire_resource_t asked = {
        .domid = FZ_GUEST_32,
        .type = XENMEM_resource_grant_table,
        .nr_frames = 4,
    };

    put_bytes_at(s, LIST_AT, &setup, sizeof(setup));
    put_pointer(
        s, LIST_AT + (unsigned int)offsetof(gnttab_setup_table_t, frame_list),
        FAR_LIST_AT);
    put_call(s, __HYPERVISOR_grant_table_op, GNTTABOP_setup_table, 1);
    put_call(s, __HYPERVISOR_grant_table_op, GNTTABOP_query_size, 1);
    put_call(s, __HYPERVISOR_grant_table_op, GNTTABOP_get_version, 1);
    put_bytes_at(s, LIST_AT, &asked, sizeof(asked));
    put_pointer(s,
                LIST_AT + (unsigned int)offsetof(xen_mem_acquire_resource_t,
                                                 frame_list),
                FAR_LIST_AT);
    put_call(s, __HYPERVISOR_memory_op, XENMEM_acquire_resource, 0);
}

/* Two that are good, and one in another. */
static void put_multicall(struct fz_seed *s)
{
    const multicall_entry_t calls[] = {
        {.op = __HYPERVISOR_xen_version, .args = {XENVER_version}},
        {.op = __HYPERVISOR_memory_op, .args = {XENMEM_maximum_ram_page}},
        {.op = __HYPERVISOR_multicall},
    };

    put_bytes_at(s, LIST_AT, calls, sizeof(calls));
    fz_put(s, CALL + __HYPERVISOR_multicall, 1);
    fz_put(s, 1 | LIST_AT << 8, 3);
    fz_put(s, 3 << 8, 2);
    fz_put(s, 0x070707, 3);
}

/* Memory on a virtual node, of which the domain is told first. */
static void put_vnuma(struct fz_seed *s)
{
    struct xen_domctl op = {
        .cmd = XEN_DOMCTL_setvnumainfo,
        .domain = FZ_GUEST_64,
        .u.vnuma = {.nr_vnodes = 1, .nr_vcpus = 2, .nr_vmemranges = 1},
    };
    const size_t pointers = offsetof(struct xen_domctl, u.vnuma.vdistance);

    put_bytes_at(s, OP_AT, &op.u, BODY_BYTES);
    for (unsigned int i = 0; i < 4; i++)
        put_pointer(s, (unsigned int)pointers + 8 * i, FAR_LIST_AT + 64 * i);
    fz_put(s, DOMCTL, 1);
    fz_put(s, op.cmd, 1);
    fz_put(s, op.domain, 1);
    fz_put(s, MEMORY, 1);
    fz_put(s, XENMEM_populate_physmap, 1);
    fz_put(s, 4, 1);
    fz_put(s, 0, 1);
    fz_put(s, XENMEMF_vnode, 4);
    fz_put(s, FZ_GUEST_64, 1);
}

/* A number as an argument, of two bytes or less. */
static void put_small(struct fz_seed *s, unsigned int at, unsigned int value)
{
    fz_put(s, NUMBER, 1);
    fz_put(s, at, 2);
    fz_put(s, 3, 1);
    fz_put(s, value, 4);
}

/* What has to do with a domain's memory as a whole, and a debugger. */
static void put_claim(struct fz_seed *s)
{
    static const uint32_t debugger[] = {XEN_DOMCTL_gdbsx_pausevcpu,
                                        XEN_DOMCTL_gdbsx_domstatus,
                                        XEN_DOMCTL_gdbsx_unpausevcpu};
    struct xen_memory_reservation r = {.nr_extents = FZ_PAGES + 6,
                                       .domid = FZ_GUEST_64};
    const domid_t domid = FZ_GUEST_64;

    put_bytes_at(s, LIST_AT, &r, sizeof(r));
    put_call(s, __HYPERVISOR_memory_op, XENMEM_claim_pages, 0);
    put_call(s, __HYPERVISOR_memory_op, XENMEM_claim_pages, 0);
    r.nr_extents = 0;
    put_bytes_at(s, LIST_AT, &r, sizeof(r));
    put_call(s, __HYPERVISOR_memory_op, XENMEM_claim_pages, 0);
    put_bytes_at(s, LIST_AT, &domid, sizeof(domid));
    put_call(s, __HYPERVISOR_memory_op, XENMEM_maximum_gpfn, 0);
    put_call(s, __HYPERVISOR_memory_op, XENMEM_current_reservation, 0);
    for (unsigned int i = 0; i < 3; i++) {
        const struct xen_domctl op = {.cmd = debugger[i], .domain = domid};

        put_domctl(s, &op, 0);
    }
}

/* XENMEM_exchange: 8 of the first domain's frames, for others that are together
 * as the order says. */
static void put_exchange(struct fz_seed *s, unsigned int first,
                         unsigned int order)
{
    fz_put(s, FRAMES, 1);
    fz_put(s, LIST_AT, 2);
    fz_put(s, 48, 1);
    fz_put(s, 1, 1);
    for (unsigned int side = 0; side < 2; side++) {
        unsigned int at = 1024 + side * sizeof(struct xen_memory_reservation);

        put_pointer(s, at, LIST_AT + first * 8 + side * 2048);
        put_small(s, at + 8, side ? 8 >> order : 8);
        put_small(s, at + 16, side ? order : 0);
        put_small(s, at + 24, FZ_GUEST_64);
    }
    put_small(s, 1024 + 2 * sizeof(struct xen_memory_reservation), 0);
    fz_put(s, CALL + __HYPERVISOR_memory_op, 1);
    fz_put(s, XENMEM_exchange << 8, 2);
    fz_put(s, 1 | 1024 << 8, 3);
    fz_put(s, 0x070707, 3);
}

/* Entries of both domains' lowest tables, one by one. */
static void put_updates(struct fz_seed *s)
{
    for (unsigned int i = 0; i < 16; i++) {
        unsigned int width = i & 1 ? 0x80 : 0, l1 = i & 1 ? 2 : 3;

        fz_put(s, NUMBER, 1);
        fz_put(s, LIST_AT, 2);
        fz_put(s, 12, 1); /* an address in the frame */
        fz_put(s, width | (i < 12 ? l1 : i & 2), 1);
        fz_put(s, NUMBER, 1);
        fz_put(s, LIST_AT + 8, 2);
        fz_put(s, 12 | (i & 7) << 5, 1);
        fz_put(s, width | (21 + i), 1);
        fz_put(s, CALL + __HYPERVISOR_mmu_update, 1);
        fz_put(s, 1 | LIST_AT << 8, 3);
        fz_put(s, 1 << 8, 2);
        fz_put(s, 7, 1);
        fz_put(s,
               3 | (FZ_GUEST_64 + (i & 1)) << 8 |
                   (uint64_t)(FZ_GUEST_64 + (i & 1) + 1) << 24,
               5);
        fz_put(s, 7, 1);
    }
}

static bool put_other(struct fz_seed *s, unsigned int nr)
{
    uint16_t domid = nr & 1 ? FZ_GUEST_32 : FZ_GUEST_64;

    switch (nr) {
    case 0:
    case 1:
        put_mmuexts(s, domid);
        return true;
    case 2:
    case 3:
        put_log_dirty(s, domid);
        return true;
    case 4:
    case 5:
    case 6:
    case 7:
        put_new_domain(s, nr < 6 ? 32 : 64);
        return true;
    case 8:
        put_sysctls(s);
        return true;
    case 9:
        put_memory_ops(s);
        return true;
    case 10:
        put_exchange(s, 40, 0);
        put_exchange(s, 6, 2); /* not all of which are free to go */
        put_updates(s);
        return true;
    case 11:
        put_contexts(s);
        return true;
    case 12:
        put_grants(s);
        put_multicall(s);
        put_vnuma(s);
        return true;
    case 13:
        put_vcpu(s);
        put_claim(s);
        return true;
    default:
        return false;
    }
}

/* All of a guest's hypercalls with that command or first argument, and what
 * comes of time afterwards. */
static void put_guest_calls(struct fz_seed *s, unsigned int command)
{
    put_pointer(s, LIST_AT, 512);
    for (unsigned int op = 0; op < 42; op++) {
        fz_put(s, GUEST, 1);
        fz_put(s, command & 1, 1);
        fz_put(s, op, 1);
        fz_put(s, command << 8, 2);
        fz_put(s, op & 1 ? 1 | LIST_AT << 8 : 0, op & 1 ? 3 : 2);
        fz_put(s, op & 1 ? 1 << 8 : 1 | LIST_AT << 8, op & 1 ? 2 : 3);
        fz_put(s, 0x0707, 2);
    }
    fz_put(s, TIME, 1);
    fz_put(s, 0x01020300, 4);
}

/* On one machine after the other: nine with domctls, then all hypercalls with a
 * small number as the first argument, the same of guests, then the others. */
bool fz_seed(unsigned int nr, struct fz_seed *s)
{
    fz_put(s, nr % FZ_MACHINES, 1);
    if (nr < 9) {
        put_domctls(s, 1 + 30 * (nr / 3), 8 * (nr % 3));
        return true;
    }
    if (nr < 25) {
        put_calls(s, nr - 9);
        return true;
    }
    if (nr < 25 + GUEST_SEEDS) {
        put_guest_calls(s, nr - 25);
        return true;
    }
    return put_other(s, nr - 25 - GUEST_SEEDS);
}
