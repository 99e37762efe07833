/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz.c - the input, the arena and the host of the fuzz targets.
 */
#include "fuzz.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/domctl.h>
#include <xen/foreign/x86_32.h>
#include <xen/memory.h>

#include "machine/frames.h"
#include "machine/lock.h"
#include "recovery/audit.h"
#include "domain/domain.h"
#include "hypercall/dispatch.h"
#include "preload/process_memory.h"

#define HOST_BYTES (UINT64_C(8) << 20)

/* The same amount of it; the first megabyte is left to the BIOS. */
#define HIGH_MAP "1M +4M ram\n4G +4M ram\n"

uint64_t fz_take(struct fz_input *in, unsigned int bytes)
{
    uint64_t value = 0;
    size_t n = in->size < bytes ? in->size : bytes;

    memcpy(&value, in->bytes, n);
    in->bytes += n;
    in->size -= n;
    return value;
}

void fz_put(struct fz_seed *seed, uint64_t value, unsigned int bytes)
{
    if (bytes > FZ_SEED_MAX - seed->size)
        abort();
    memcpy(seed->bytes + seed->size, &value, bytes);
    seed->size += bytes;
}

uint8_t *fz_arena(void)
{
    static uint8_t *arena;
    uint8_t *map;

    if (arena)
        return arena;
    map = mmap(NULL, FZ_ARENA_BYTES + 2 * FZ_GUARD, PROT_NONE,
               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED ||
        mprotect(map + FZ_GUARD, FZ_ARENA_BYTES, PROT_READ | PROT_WRITE))
        abort();
    arena = map + FZ_GUARD;
    return arena;
}

long fz_call_as(const struct fx_caller *caller, unsigned int op,
                const uint64_t arg[5])
{
    fx_hypercall function = fx_hypercall_for(caller, op);
    long result;

    if (!function)
        return -1;
    fx_lock(caller->host);
    result = function(caller, arg);
    fx_unlock(caller->host);
    return result;
}

long fz_call(struct fx_host *host, unsigned int op, uint64_t a0, uint64_t a1,
             uint64_t a2, uint64_t a3)
{
    const struct fx_caller caller = fx_process_caller(host);

    return fz_call_as(&caller, op, (const uint64_t[5]){a0, a1, a2, a3});
}

static void make_domain(struct fz_host *h, uint16_t domid)
{
    struct xen_domctl_createdomain config = {
        .max_vcpus = 2,
        .max_evtchn_port = 100,
        .max_grant_frames = 4,
        .grant_opts = 1,
    };
    struct xen_memory_reservation *r = (void *)(fz_arena() + 8192);
    uint64_t *frames = (uint64_t *)(void *)fz_arena();
    struct fx_domain *domain;

    fx_lock(h->host);
    if (fx_domain_create(h->host, domid, &config))
        abort();
    domain = fx_domain(h->host, domid);
    if (!domain || fx_domain_make_vcpus(h->host, domain))
        abort();
    domain->is_32bit = domid == FZ_GUEST_32;
    domain->max_pages = 2L * FZ_PAGES;
    fx_unlock(h->host);
    for (unsigned int i = 0; i < FZ_PAGES; i++)
        frames[i] = i;
    *r =
        (struct xen_memory_reservation){.nr_extents = FZ_PAGES, .domid = domid};
    set_xen_guest_handle_raw(r->extent_start, (void *)frames);
    if (fz_call(h->host, __HYPERVISOR_memory_op, XENMEM_populate_physmap,
                (uintptr_t)r, 0, 0) != FZ_PAGES)
        abort();
    memcpy(h->frame[domid], frames, sizeof(h->frame[domid]));
}

/* What the control domain took stays its own. */
static uint64_t count_free(struct fx_host *host)
{
    return fx_free_frames_count(host) + host->super->domain[0].tot_pages;
}

struct fz_machine fz_take_machine(struct fz_input *in)
{
    unsigned int byte = (unsigned int)fz_take(in, 1);

    return (struct fz_machine){.level = byte & 1 ? FX_PATCHED : FX_STOCK,
                               .high = byte & 2};
}

/* A file with the map, the same each time. */
static const char *high_map(void)
{
    static char path[32];
    int fd;

    if (*path)
        return path;
    fd = memfd_create("e820", MFD_CLOEXEC);
    if (fd < 0 || write(fd, HIGH_MAP, strlen(HIGH_MAP)) < 0)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return path;
}

void fz_host_make(struct fz_host *h, const char *path,
                  const struct fz_machine *machine)
{
    struct fx_options options = {.path = path, .level = machine->level};
    char why[256];

    if (machine->high)
        options.e820_path = high_map();
    else
        options.memory_bytes = HOST_BYTES;
    if (fx_host_open(&options, &h->host, why, sizeof(why))) {
        fprintf(stderr, "fuzz: %s\n", why);
        abort();
    }
    h->free_before = count_free(h->host);
    make_domain(h, FZ_GUEST_64);
    make_domain(h, FZ_GUEST_32);
    memset(fz_arena(), 0, FZ_ARENA_BYTES);
}

static void pin(struct fz_host *h, uint16_t domid, unsigned int cmd,
                uint64_t mfn)
{
    struct mmuext_op *op = (void *)fz_arena();

    op->cmd = cmd;
    op->arg1.mfn = mfn;
    if (fz_call(h->host, __HYPERVISOR_mmuext_op, (uintptr_t)op, 1, 0, domid))
        abort();
}

/* Frame 0 is the root; frames 8 .. 15 are its data, mapped read-only. */
static void make_tables(struct fz_host *h, uint16_t domid)
{
    bool is_32bit = domid == FZ_GUEST_32;
    unsigned int top = is_32bit ? 2 : 3, i;
    const uint64_t *mfn = h->frame[domid];
    uint64_t *page;

    fx_lock(h->host);
    for (i = 0; i < top; i++) {
        page = fx_page(h->host, mfn[i]);
        page[0] = mfn[i + 1] << 12 | (is_32bit && !i ? 1 : 0x67);
    }
    page = fx_page(h->host, mfn[0]);
    if (is_32bit)
        page[3] = mfn[4] << 12 | 1;
    page = fx_page(h->host, mfn[top]);
    for (i = 8; i < 16; i++)
        page[i] = mfn[i] << 12 | (i < 12 ? 0x65 : 0x67);
    fx_unlock(h->host);
    pin(h, domid, is_32bit ? MMUEXT_PIN_L3_TABLE : MMUEXT_PIN_L4_TABLE, mfn[0]);
}

static void set_context(struct fz_host *h, uint16_t domid)
{
    vcpu_guest_context_t *wide = (void *)(fz_arena() + 4096);
    vcpu_guest_context_x86_32_t *narrow = (void *)wide;
    struct xen_domctl *op = (void *)fz_arena();
    uint64_t root = h->frame[domid][0], gdt = h->frame[domid][20];

    memset(fz_arena(), 0, FZ_ARENA_BYTES);
    if (domid == FZ_GUEST_32) {
        narrow->flags = VGCF_in_kernel | VGCF_online;
        narrow->ctrlreg[3] = (uint32_t)(root << 12 | root >> 20);
        /* Its root may lie above 4 GiB. */
        narrow->vm_assist = 1u << VMASST_TYPE_pae_extended_cr3;
        narrow->gdt_ents = 512;
        narrow->gdt_frames[0] = (uint32_t)gdt;
    } else {
        wide->flags = VGCF_in_kernel | VGCF_online;
        wide->ctrlreg[3] = root << 12;
        wide->gdt_ents = 512;
        wide->gdt_frames[0] = gdt;
    }
    op->cmd = XEN_DOMCTL_setvcpucontext;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = domid;
    set_xen_guest_handle_raw(op->u.vcpucontext.ctxt, wide);
    if (fz_call(h->host, __HYPERVISOR_domctl, (uintptr_t)op, 0, 0, 0))
        abort();
}

void fz_host_build(struct fz_host *h)
{
    for (uint16_t domid = FZ_GUEST_64; domid <= FZ_GUEST_32; domid++) {
        make_tables(h, domid);
        set_context(h, domid);
    }
    memset(fz_arena(), 0, FZ_ARENA_BYTES);
}

void fz_destroy_all(struct fx_host *host)
{
    struct xen_domctl *op = (void *)fz_arena();

    for (unsigned int i = 0; i < FX_MAX_DOMAINS; i++) {
        if (!host->super->domain[i].exists)
            continue;
        op->cmd = XEN_DOMCTL_destroydomain;
        op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
        op->domain = host->super->domain[i].id;
        fz_call(host, __HYPERVISOR_domctl, (uintptr_t)op, 0, 0, 0);
    }
}

static void show(void *arg, const char *line)
{
    fprintf(stderr, "fuzz: %s: %s\n", (const char *)arg, line);
}

void fz_host_finish(struct fz_host *h)
{
    static char before[] = "with domains", after[] = "without";
    uint64_t wrong;

    fx_lock(h->host);
    wrong = fx_audit(h->host, show, before);
    fx_unlock(h->host);
    fz_destroy_all(h->host);
    fx_lock(h->host);
    wrong += fx_audit(h->host, show, after);
    for (unsigned int i = 1; i < FX_MAX_DOMAINS; i++)
        if (h->host->super->domain[i].exists) {
            fprintf(stderr, "fuzz: the domain in slot %u is still there\n", i);
            wrong++;
        }
    if (count_free(h->host) != h->free_before) {
        fprintf(stderr, "fuzz: %" PRIu64 " free frames became %" PRIu64 "\n",
                h->free_before, count_free(h->host));
        wrong++;
    }
    fx_unlock(h->host);
    if (wrong)
        abort();
    fx_host_close(h->host);
}
