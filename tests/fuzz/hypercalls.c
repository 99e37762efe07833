/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hypercalls.c - any hypercalls with any arguments, against a host with two
 * domains.
 *
 * The input is a list of records.  One begins with a byte: below CALL it says
 * what to put into the arena (enum record), else it calls the hypercall of that
 * number less CALL, with five arguments (take_argument()).  The arena keeps
 * what is in it, results too.
 *
 * A caller's pointer may lead to any memory of its process, fakexen's included,
 * and spoil that.  So only what is in or near the arena, or nobody's, comes to
 * guest.c here (--wrap); all else is bad at once.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <xen/domctl.h>
#include <xen/memory.h>
#include <xen/sysctl.h>

#include "domain.h"
#include "fuzz.h"
#include "guest.h"
#include "hypercall.h"

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
    CALL = 8 /* and all above: the hypercall of the number, less CALL */
};

/* Where structures' pointers lead to, in the seeds and in MEMORY. */
#define LIST_AT 4096

struct target {
    struct fz_host h;
    struct fz_input in;
    uint8_t *arena;
};

int __real_fx_copy_from(void *to, uint64_t from, size_t size);
int __real_fx_copy_to(uint64_t to, const void *from, size_t size);
int __wrap_fx_copy_from(void *to, uint64_t from, size_t size);
int __wrap_fx_copy_to(uint64_t to, const void *from, size_t size);

static bool may_try(uint64_t address, size_t size)
{
    const uint64_t user_end = UINT64_C(1) << 47;
    uint64_t arena = (uintptr_t)fz_arena(), near = FZ_GUARD / 2;

    if (size > near)
        return false;
    return address < FX_PAGE_SIZE || address >= user_end ||
           (address > arena - near && address < arena + FZ_ARENA_BYTES + near);
}

int __wrap_fx_copy_from(void *to, uint64_t from, size_t size)
{
    return may_try(from, size) ? __real_fx_copy_from(to, from, size) : -EFAULT;
}

int __wrap_fx_copy_to(uint64_t to, const void *from, size_t size)
{
    return may_try(to, size) ? __real_fx_copy_to(to, from, size) : -EFAULT;
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

static void call_domctl(struct target *t)
{
    struct xen_domctl *op = (void *)t->arena;

    op->cmd = (uint32_t)fz_take(&t->in, 1);
    if (op->cmd == 255) /* a number far from all others */
        op->cmd = VM_ASSIST;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = (domid_t)fz_take(&t->in, 1);
    fz_call(t->h.host, __HYPERVISOR_domctl, (uintptr_t)op, 0, 0, 0);
}

static void call_sysctl(struct target *t)
{
    struct xen_sysctl *op = (void *)t->arena;

    op->cmd = (uint32_t)fz_take(&t->in, 1);
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    fz_call(t->h.host, __HYPERVISOR_sysctl, (uintptr_t)op, 0, 0, 0);
}

static void call_memory(struct target *t)
{
    struct xen_memory_reservation *r = (void *)t->arena;
    uint64_t cmd = fz_take(&t->in, 1);

    r->nr_extents = fz_take(&t->in, 1);
    r->extent_order = (unsigned int)fz_take(&t->in, 1);
    r->mem_flags = (unsigned int)fz_take(&t->in, 2);
    r->domid = (domid_t)fz_take(&t->in, 1);
    set_xen_guest_handle_raw(r->extent_start, (void *)(t->arena + LIST_AT));
    fz_call(t->h.host, __HYPERVISOR_memory_op, cmd, (uintptr_t)r, 0, 0);
}

static void call_any(struct target *t, unsigned int op)
{
    fx_hypercall function = fx_hypercall_by_number(op);
    uint64_t arg[5];

    for (unsigned int i = 0; i < 5; i++)
        arg[i] = take_argument(t);
    if (!function)
        return;
    fx_lock(t->h.host);
    function(t->h.host, arg);
    fx_unlock(t->h.host);
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
    default:
        call_any(t, record - CALL);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct target t = {.in = {bytes, size}, .arena = fz_arena()};

    fz_host_make(&t.h, NULL);
    fz_host_build(&t.h);
    for (unsigned int i = 0; i < MAX_CALLS && t.in.size; i++)
        act(&t, (unsigned int)fz_take(&t.in, 1));
    fz_host_finish(&t.h);
    return 0;
}

/* -- seeds -- */

static void put_pointer(struct fz_seed *s, unsigned int at, unsigned int to)
{
    fz_put(s, NUMBER, 1);
    fz_put(s, at, 2);
    fz_put(s, 1, 1);
    fz_put(s, to, 2);
}

static void put_byte(struct fz_seed *s, unsigned int at, unsigned int value)
{
    fz_put(s, BYTES, 1);
    fz_put(s, at, 2);
    fz_put(s, 1, 1);
    fz_put(s, value, 1);
}

/* The union of a struct xen_domctl or xen_sysctl begins here. */
#define OP_AT 16
_Static_assert(offsetof(struct xen_domctl, u) == OP_AT, "domctl's body");

/* Every domctl there may be, on one domain, with a pointer in each of the first
 * words in turn. */
static void put_domctls(struct fz_seed *s, unsigned int pointer_at)
{
    for (unsigned int cmd = 1; cmd < 86; cmd++) {
        fz_put(s, BYTES, 1);
        fz_put(s, OP_AT, 2);
        fz_put(s, 8, 1);
        fz_put(s, cmd % 3, 8);
        put_pointer(s, OP_AT + pointer_at, LIST_AT);
        fz_put(s, DOMCTL, 1);
        fz_put(s, cmd == XEN_DOMCTL_destroydomain ? 0 : cmd, 1);
        fz_put(s, FZ_GUEST_64 + cmd % 2, 1);
    }
}

static void put_sysctls(struct fz_seed *s)
{
    for (unsigned int cmd = 1; cmd < 32; cmd++) {
        put_pointer(s, OP_AT - 8, LIST_AT);
        put_pointer(s, OP_AT, LIST_AT);
        put_byte(s, OP_AT + 8, 16);
        fz_put(s, SYSCTL, 1);
        fz_put(s, cmd, 1);
    }
}

static void put_memory_ops(struct fz_seed *s)
{
    for (unsigned int cmd = 0; cmd < 30; cmd++) {
        fz_put(s, FRAMES, 1);
        fz_put(s, LIST_AT, 2);
        fz_put(s, 8, 1);
        fz_put(s, cmd & 1, 1);
        fz_put(s, MEMORY, 1);
        fz_put(s, cmd, 1);
        fz_put(s, 8, 1);
        fz_put(s, 0, 3);
        fz_put(s, FZ_GUEST_64 + !(cmd & 1), 1);
    }
}

/* All hypercalls by number, on a list that is zero but for one frame. */
static void put_calls(struct fz_seed *s, unsigned int command)
{
    for (unsigned int op = 0; op < 40; op++) {
        fz_put(s, NUMBER, 1);
        fz_put(s, LIST_AT, 2);
        fz_put(s, 4, 1);
        fz_put(s, op, 1);
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

static void put_vm_assist(struct fz_seed *s)
{
    fz_put(s, BYTES, 1);
    fz_put(s, OP_AT, 2);
    fz_put(s, 8, 1);
    fz_put(s, 0, 8);
    for (unsigned int domid = FZ_GUEST_64; domid <= FZ_GUEST_32; domid++) {
        fz_put(s, DOMCTL, 1);
        fz_put(s, 255, 1);
        fz_put(s, domid, 1);
    }
}

/* A number as an argument, of two bytes or less. */
static void put_small(struct fz_seed *s, unsigned int at, unsigned int value)
{
    fz_put(s, NUMBER, 1);
    fz_put(s, at, 2);
    fz_put(s, 3, 1);
    fz_put(s, value, 4);
}

/* XENMEM_exchange: 8 of the first domain's frames for others. */
static void put_exchange(struct fz_seed *s)
{
    fz_put(s, FRAMES, 1);
    fz_put(s, LIST_AT, 2);
    fz_put(s, 48, 1);
    fz_put(s, 1, 1);
    for (unsigned int side = 0; side < 2; side++) {
        unsigned int at = 1024 + side * sizeof(struct xen_memory_reservation);

        put_pointer(s, at, LIST_AT + 40 * 8 + side * 2048);
        put_small(s, at + 8, 8);
        put_small(s, at + 16, 0);
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

bool fz_seed(unsigned int nr, struct fz_seed *s)
{
    switch (nr) {
    case 0:
    case 1:
    case 2:
        put_domctls(s, 8 * nr);
        return true;
    case 3:
        put_sysctls(s);
        return true;
    case 4:
        put_memory_ops(s);
        return true;
    case 5:
        put_vm_assist(s);
        put_exchange(s);
        put_updates(s);
        return true;
    default:
        put_calls(s, nr - 6);
        return nr < 22;
    }
}
