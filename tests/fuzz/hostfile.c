/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hostfile.c - a host file in which bytes are not what they were, and all that
 * is done with one: it gives errors or answers, and comes to an end.
 *
 * The input is a list of changes: a byte with the place (enum place; the
 * highest bit: the superblock's checksum is to fit), what tells where in it,
 * then a value (take_value()).  The file before is one with two domains, page
 * tables, contexts, mappings and a store.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <xen/domctl.h>
#include <xen/memory.h>
#include <xen/sysctl.h>

#include "machine/frames.h"
#include "machine/lock.h"
#include "recovery/audit.h"
#include "domain/state.h"
#include "fuzz.h"
#include "memory/mapping.h"
#include "memory/page_type.h"
#include "command/status.h"
#include "store/store.h"
#include "store/store_domains.h"

#define MAX_CHANGES 32

enum place {
    SUPER,     /* what the checksum covers, and the checksum */
    SUPER_END, /* what is behind the lock, but for the domains */
    DOMAIN,    /* a domain: slot, offset */
    FRAME,     /* a frame's accounting: frame, offset */
    XENS,      /* a structure of Xen's own: which, offset */
    GUESTS,    /* a guest's frame: frame, offset */
    MAPPING,   /* slot, offset */
    MAPPED,    /* the list behind it: index */
    STORE,     /* offset */
    RECORD,    /* a whole record at the end of the store's log: length, bytes */
    FREE_MAP,  /* offset */
    LENGTH,    /* of the file, in pages */
    VCPU,      /* a vCPU: slot of the domain, vCPU, offset */
    NR_PLACES
};

/* The file as it was, in parts. */
struct part {
    uint64_t at;
    size_t size;
    uint8_t *bytes;
};

static struct {
    struct part part[256];
    unsigned int nr;
    struct fz_host h; /* `host` is closed: only the frames' numbers */
    struct fx_super super;
    uint64_t context[FZ_GUEST_32 + 1][2]; /* MFNs of two vCPUs' states */
} whole;

/* -- the file before -- */

/* Of this process, which has nothing there. */
static void make_mapping(struct fz_host *h, uint16_t domid, bool writable)
{
    uint64_t address = UINT64_C(0x10000000) * domid, *frames;

    fx_lock(h->host);
    if (fx_mapping_add(h->host, address, 4, domid, writable, &frames))
        abort();
    for (unsigned int i = 0; i < 4; i++) {
        frames[i] = h->frame[domid][30 + i];
        if (fx_get_mapping(h->host, 0, domid, frames[i], writable))
            abort();
    }
    fx_unlock(h->host);
}

static void no_fire(void *arg, const char *path, bool exact)
{
    (void)arg;
    (void)path;
    (void)exact;
}

static void make_store(struct fz_host *h)
{
    static const char *const paths[] = {"/local/domain/1/name",
                                        "/local/domain/2/name", "/vm/x/y/z"};
    struct fx_store *store;

    fx_lock(h->host);
    if (fx_store_open(h->host, no_fire, NULL, &store))
        abort();
    for (unsigned int i = 0; i < 3; i++)
        if (fx_store_write(store, NULL, paths[i], "guest", 5))
            abort();
    if (fx_store_introduce(store, 1))
        abort();
    fx_store_close(store);
    fx_unlock(h->host);
}

static void save_part(int fd, uint64_t at, uint64_t end)
{
    struct part *part = &whole.part[whole.nr++];

    if (whole.nr == sizeof(whole.part) / sizeof(whole.part[0]))
        abort();
    *part = (struct part){at, end - at, malloc(end - at)};
    if (!part->bytes ||
        pread(fd, part->bytes, part->size, (off_t)at) != (ssize_t)part->size)
        abort();
}

static void make_whole(void)
{
    int fd = memfd_create("host", MFD_CLOEXEC);
    const struct fz_machine machine = {.level = FX_PATCHED};
    struct fz_host *h = &whole.h;
    char path[32];
    off_t at = 0, end;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    fz_host_make(h, path, &machine);
    fz_host_build(h);
    for (uint16_t domid = FZ_GUEST_64; domid <= FZ_GUEST_32; domid++) {
        const struct fx_domain *d = fx_domain(h->host, domid);

        make_mapping(h, domid, domid == FZ_GUEST_32);
        for (uint32_t i = 0; i < 2; i++)
            whole.context[domid][i] = fx_vcpu(h->host, d, i)->context;
    }
    make_store(h);
    whole.super = *h->host->super;
    fx_host_close(h->host);
    while ((at = lseek(fd, at, SEEK_DATA)) >= 0) {
        end = lseek(fd, at, SEEK_HOLE);
        save_part(fd, (uint64_t)at, (uint64_t)end);
        at = end;
    }
    close(fd);
}

static int copy_whole(void)
{
    int fd = memfd_create("host", MFD_CLOEXEC);

    if (!whole.nr)
        make_whole();
    if (fd < 0 || ftruncate(fd, (off_t)whole.super.file_bytes))
        abort();
    for (unsigned int i = 0; i < whole.nr; i++) {
        const struct part *part = &whole.part[i];

        if (pwrite(fd, part->bytes, part->size, (off_t)part->at) !=
            (ssize_t)part->size)
            abort();
    }
    return fd;
}

/* -- changes -- */

static uint64_t frame_of(struct fz_input *in)
{
    unsigned int n = (unsigned int)fz_take(in, 1);
    unsigned int domid = n & 0x80 ? FZ_GUEST_32 : FZ_GUEST_64;
    const struct fx_domain *d = &whole.super.domain[domid];

    n &= 0x7f;
    if (n < FZ_PAGES)
        return whole.h.frame[domid][n];
    switch (n) {
    case FZ_PAGES:
        return d->shared_info;
    case FZ_PAGES + 1:
        return d->state;
    case FZ_PAGES + 2:
        return d->evtchns;
    case FZ_PAGES + 3:
        return whole.context[domid][0];
    case FZ_PAGES + 4:
        return whole.context[domid][1];
    case FZ_PAGES + 5:
        return d->policy;
    default:
        return whole.super.nr_frames - n + FZ_PAGES;
    }
}

/* A byte with the size and what it is; the bytes to `value`. */
static size_t take_value(struct fz_input *in, uint64_t *value)
{
    unsigned int kind = (unsigned int)fz_take(in, 1);
    size_t size = 1u << (kind & 3);

    switch (kind >> 2 & 3) {
    case 0:
    case 1:
        *value = fz_take(in, (unsigned int)size);
        break;
    case 2: /* a frame's number */
        *value = frame_of(in);
        size = sizeof(*value);
        break;
    default: /* an entry */
        *value = frame_of(in) << 12 | (kind >> 4 & 7);
        *value |= (kind & 0x80) ? 0x60 : 0;
        size = sizeof(*value);
        break;
    }
    return size;
}

static void change(int fd, uint64_t at, struct fz_input *in)
{
    uint64_t value;
    size_t size = take_value(in, &value);

    if (pwrite(fd, &value, size, (off_t)at) != (ssize_t)size)
        abort();
}

/* Of the superblock as it is now. */
static void fit_checksum(int fd)
{
    const size_t from = offsetof(struct fx_super, nr_frames);
    const size_t end = offsetof(struct fx_super, lock);
    uint8_t bytes[sizeof(struct fx_super)];
    uint32_t sum;

    if (pread(fd, bytes, end, 0) != (ssize_t)end)
        return;
    sum = (uint32_t)crc32(0, bytes + from, (uInt)(end - from));
    if (pwrite(fd, &sum, sizeof(sum), offsetof(struct fx_super, checksum)) < 0)
        abort();
}

/*
 * Behind the log's last record, one whose checksum fits (store.c): header of a
 * page, its second word the length of the half in use; then the halves.
 */
static void append_record(int fd, struct fz_input *in)
{
    struct {
        uint32_t length, crc;
        uint64_t generation;
        uint8_t bytes[256];
    } record = {.generation = 1000};
    uint64_t size = fz_take(in, 1) & ~UINT64_C(7), state;
    uint64_t header = whole.super.store_at, half;

    for (uint64_t i = 0; i < size; i++)
        record.bytes[i] = (uint8_t)fz_take(in, 1);
    record.length = (uint32_t)(16 + size);
    record.crc = (uint32_t)crc32(0, (uint8_t *)&record + 8, (uInt)(8 + size));
    if (pread(fd, &state, 8, (off_t)header + 8) != 8)
        return;
    half = header + FX_PAGE_SIZE + (state & ~(UINT64_C(1) << 63));
    if (state > whole.super.store_bytes / 2 - 512)
        return;
    state += record.length;
    if (pwrite(fd, &record, record.length, (off_t)half) < 0 ||
        pwrite(fd, &state, 8, (off_t)header + 8) < 0)
        abort();
}

static uint64_t place_in_super(enum place place, struct fz_input *in)
{
    const size_t lock_end = offsetof(struct fx_super, busy);
    const size_t domains = offsetof(struct fx_super, domain);
    uint64_t n = fz_take(in, 1);

    if (place == SUPER)
        return (n | fz_take(in, 1) << 8) % offsetof(struct fx_super, lock);
    if (place == SUPER_END)
        return lock_end + n % (domains - lock_end);
    return domains + n * sizeof(struct fx_domain) +
           fz_take(in, 2) % (sizeof(struct fx_domain) - 8);
}

static uint64_t place_of(enum place place, struct fz_input *in)
{
    const struct fx_super *s = &whole.super;
    uint64_t n;

    switch (place) {
    case FRAME:
        n = frame_of(in);
        return s->frames_at + n * sizeof(struct fx_frame) + fz_take(in, 1) % 16;
    case XENS: /* a vCPU's has several frames */
        n = frame_of(in);
        return s->memory_at + n * FX_PAGE_SIZE +
               fz_take(in, 2) % (FX_VCPU_FRAMES * FX_PAGE_SIZE - 7);
    case GUESTS:
        n = frame_of(in);
        return s->memory_at + n * FX_PAGE_SIZE + fz_take(in, 2) % 4089;
    case MAPPING:
        n = fz_take(in, 1) % 8;
        return s->mappings_at + n * sizeof(struct fx_mapping) +
               fz_take(in, 1) % sizeof(struct fx_mapping);
    case MAPPED:
        return s->mapped_frames_at + fz_take(in, 1) * 8;
    case STORE:
        return s->store_at + fz_take(in, 2);
    case VCPU:
        n = fz_take(in, 1) % 4 * FX_MAX_VCPUS;
        n += fz_take(in, 1) % 4;
        return s->vcpus_at + n * sizeof(struct fx_vcpu) +
               fz_take(in, 1) % sizeof(struct fx_vcpu);
    case FREE_MAP:
        n = fz_take(in, 2);
        return s->free_at + n % (s->mappings_at - s->free_at - 8);
    default:
        return place_in_super(place, in);
    }
}

/* True: the change is to the accounting, which a repair computes anew. */
static bool change_file(int fd, struct fz_input *in)
{
    unsigned int byte = (unsigned int)fz_take(in, 1);
    enum place place = (enum place)((byte & 0x7f) % NR_PLACES);

    if (place == RECORD)
        append_record(fd, in);
    else if (place == LENGTH) {
        if (ftruncate(fd, (off_t)(fz_take(in, 3) * FX_PAGE_SIZE / 4)))
            abort();
    } else
        change(fd, place_of(place, in), in);
    if (byte & 0x80)
        fit_checksum(fd);
    return place == FRAME || place == FREE_MAP || place == SUPER_END;
}

/* -- what is done with it -- */

/* Whoever opens it has to repair it first. */
static bool is_dirty(int fd)
{
    uint8_t busy = 0;

    return pread(fd, &busy, 1, offsetof(struct fx_super, busy)) == 1 && busy;
}

static void show(void *arg, const char *line)
{
    if (arg || getenv("VERBOSE"))
        fprintf(stderr, "hostfile: %s\n", line);
}

/* What it finds is what was changed, unless that was repaired. */
static void audit(struct fx_host *host, bool is_repaired)
{
    uint64_t wrong;

    fx_lock(host);
    wrong = fx_audit(host, show, is_repaired ? host : NULL);
    fx_unlock(host);
    if (wrong && is_repaired)
        abort();
}

/* Nobody reads it. */
static void report(struct fx_host *host)
{
    static FILE *nowhere;
    uint64_t differences;

    if (!nowhere)
        nowhere = fopen("/dev/null", "w");
    if (!nowhere)
        abort();
    fx_lock(host);
    if (fx_status_print(host, nowhere, &differences) ||
        fx_status_print_json(host, nowhere, &differences))
        abort();
    fx_unlock(host);
}

/* What lists and saves ask for, of each domain. */
static void list(struct fx_host *host)
{
    static const uint32_t commands[] = {
        XEN_DOMCTL_getdomaininfo,     XEN_DOMCTL_getvcpucontext,
        XEN_DOMCTL_getvcpuinfo,       XEN_DOMCTL_get_ext_vcpucontext,
        XEN_DOMCTL_getvcpuextstate,   XEN_DOMCTL_get_vcpu_msrs,
        XEN_DOMCTL_gettscinfo,        XEN_DOMCTL_get_cpu_policy,
        XEN_DOMCTL_getpageframeinfo3, XEN_DOMCTL_getvcpuaffinity,
        XEN_DOMCTL_get_address_size,  XEN_DOMCTL_shadow_op,
        XEN_DOMCTL_get_vcpu_msrs,     XEN_DOMCTL_getnodeaffinity,
        XEN_DOMCTL_pausedomain,       XEN_DOMCTL_unpausedomain,
    };
    struct xen_domctl *op = (void *)fz_arena();
    uint64_t *words = (void *)(fz_arena() + 4096);

    for (uint32_t id = 0; id < 4; id++)
        for (unsigned int i = 0; i < sizeof(commands) / sizeof(*commands);
             i++) {
            memset(op, 0, sizeof(*op));
            for (unsigned int k = 0; k < 64; k++)
                words[k] = whole.h.frame[FZ_GUEST_64][k];
            op->cmd = commands[i];
            op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
            op->domain = (domid_t)id;
            op->u.getpageframeinfo3.num = 0;
            if (op->cmd == XEN_DOMCTL_getpageframeinfo3) {
                op->u.getpageframeinfo3.num = 64;
                set_xen_guest_handle_raw(op->u.getpageframeinfo3.array,
                                         (void *)words);
            } else {
                set_xen_guest_handle_raw(op->u.vcpucontext.ctxt, (void *)words);
            }
            fz_call(host, __HYPERVISOR_domctl, (uintptr_t)op, 0, 0, 0);
        }
}

/* Of all nodes, as deep as paths may be. */
static void walk(struct fx_store *store, const char *path, unsigned int *nodes)
{
    size_t len, at;
    void *data;
    char *names, child[4096];

    if (++*nodes > 1000)
        return;
    if (!fx_store_read(store, NULL, path, &data, &len))
        free(data);
    if (fx_store_directory(store, NULL, path, &names, &len))
        return;
    for (at = 0; at < len; at += strlen(names + at) + 1) {
        if (snprintf(child, sizeof(child), "%s/%s", path[1] ? path : "",
                     names + at) < (int)sizeof(child))
            walk(store, child, nodes);
    }
    free(names);
}

static void use_store(struct fx_host *host)
{
    struct fx_store *store;
    unsigned int nodes = 0;
    struct fx_txn *txn;
    int rc;

    fx_lock(host);
    if (!fx_store_open(host, no_fire, NULL, &store)) {
        walk(store, "/", &nodes);
        rc = fx_store_bury(store);
        if (!rc)
            rc = fx_store_write(store, NULL, "/local/domain/1/x/y", "1", 1);
        if (!rc && !fx_store_begin(store, &txn)) {
            rc = fx_store_write(store, txn, "/local/domain/1/x/z", "2", 1);
            rc = fx_store_end(store, txn, rc);
        }
        if (!rc)
            rc = fx_store_rm(store, NULL, "/local/domain/1");
        if (!rc)
            rc = fx_store_release(store, 1);
        fx_store_close(store);
    }
    fx_unlock(host);
}

/* As a builder and its processes' ends do. */
static void use_frames(struct fx_host *host)
{
    struct xen_memory_reservation r = {.nr_extents = 16};
    uint64_t *frames = (uint64_t *)(void *)fz_arena();

    for (uint16_t domid = FZ_GUEST_64; domid <= FZ_GUEST_32; domid++) {
        struct mmuext_op op = {.cmd = MMUEXT_PIN_L1_TABLE,
                               .arg1.mfn = whole.h.frame[domid][25]};

        fz_call(host, __HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0, domid);
        op.cmd = MMUEXT_UNPIN_TABLE;
        op.arg1.mfn = whole.h.frame[domid][0];
        fz_call(host, __HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0, domid);
        for (unsigned int i = 0; i < 16; i++)
            frames[i] = 100 + i;
        r.domid = domid;
        set_xen_guest_handle_raw(r.extent_start, (void *)frames);
        fz_call(host, __HYPERVISOR_memory_op, XENMEM_populate_physmap,
                (uintptr_t)&r, 0, 0);
    }
    fx_lock(host);
    fx_mapping_drop(host, 0, UINT64_C(1) << 47);
    fx_unlock(host);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fz_input in = {bytes, size};
    struct fx_options options = {0};
    struct fx_host *host;
    char path[32], why[256] = "";
    bool is_repaired = true;
    int fd = copy_whole();

    for (unsigned int i = 0; i < MAX_CHANGES && in.size; i++)
        is_repaired &= change_file(fd, &in);
    is_repaired = is_repaired && is_dirty(fd);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    options.path = path;
    if (fx_host_open(&options, &host, why, sizeof(why))) {
        if (!*why)
            abort();
    } else {
        audit(host, is_repaired);
        report(host);
        list(host);
        use_store(host);
        use_frames(host);
        fz_destroy_all(host);
        audit(host, is_repaired);
        fx_host_close(host);
    }
    close(fd);
    return 0;
}

/* -- seeds -- */

static void put_change(struct fz_seed *s, unsigned int place, unsigned int n,
                       unsigned int n_bytes, unsigned int offset,
                       unsigned int offset_bytes)
{
    fz_put(s, place, 1);
    fz_put(s, n, n_bytes);
    fz_put(s, offset, offset_bytes);
}

static void put_value(struct fz_seed *s, uint64_t value, unsigned int log2)
{
    fz_put(s, log2, 1);
    fz_put(s, value, 1u << log2);
}

static const size_t domain_fields[] = {
    offsetof(struct fx_domain, id),
    offsetof(struct fx_domain, is_32bit),
    offsetof(struct fx_domain, max_vcpus),
    offsetof(struct fx_domain, shared_info),
    offsetof(struct fx_domain, state),
    offsetof(struct fx_domain, evtchns),
    offsetof(struct fx_domain, policy),
};
#define NR_FIELDS (sizeof(domain_fields) / sizeof(domain_fields[0]))

/* Nothing; then one place after the other, each on a file that is in order, and
 * on one whose user died. */
bool fz_seed(unsigned int nr, struct fz_seed *s)
{
    const size_t busy = 0;
    unsigned int i;

    if (nr & 1) {
        put_change(s, SUPER_END, busy, 1, 0, 0);
        put_value(s, 1, 0);
    }
    switch (nr / 2) {
    case 0:
        return true;
    case 1: /* frames' types, references and owners */
        for (i = 0; i < 12; i++) {
            put_change(s, FRAME, i | (i & 4) << 5, 1, i * 4, 1);
            put_value(s, i & 3 ? 1 + i : 0, 2);
        }
        return true;
    case 2: /* page tables */
        for (i = 0; i < 8; i++) {
            put_change(s, GUESTS, i & 3, 1, 8 * i, 2);
            fz_put(s, 0xfc, 1);
            fz_put(s, 3 - i / 2, 1);
        }
        return true;
    case 3: /* vCPUs: the context with its GDT, the roots, the MSRs */
        for (i = 0; i < 16; i++) {
            put_change(s, XENS, FZ_PAGES + 1 + i % 3, 1, 512 * i, 2);
            put_value(s, UINT64_MAX, 3);
        }
        return true;
    case 4:
        for (i = 0; i < sizeof(struct fx_mapping); i += 8) {
            put_change(s, MAPPING, 0, 1, i, 1);
            put_value(s, 0x10, 3);
        }
        put_change(s, MAPPED, 1, 1, 0, 0);
        put_value(s, UINT32_MAX, 3);
        return true;
    case 5:
        fz_put(s, RECORD, 1);
        fz_put(s, 40, 1);
        for (i = 0; i < 5; i++)
            fz_put(s, UINT64_C(40) << (8 * i), 8);
        return true;
    case 6:
        put_change(s, STORE, 8, 2, 0, 0);
        put_value(s, 0x100, 1);
        return true;
    case 7:
        put_change(s, FREE_MAP, 8, 2, 0, 0);
        put_value(s, UINT64_MAX, 3);
        return true;
    case 8:
        put_change(s, SUPER | 0x80, 24, 2, 0, 0);
        put_value(s, UINT64_MAX, 2);
        return true;
    case 9:
        put_change(s, LENGTH, 8192, 3, 0, 0);
        return true;
    case 10:
        for (i = 0; i < sizeof(struct fx_vcpu); i += 8) {
            put_change(s, VCPU, 1, 1, i & 8 ? 1 : 0, 1);
            fz_put(s, i, 1);
            put_value(s, 0x100 + i, 3);
        }
        return true;
    default:
        if (nr / 2 >= 11 + NR_FIELDS)
            return false;
        put_change(s, DOMAIN, 1, 1, (unsigned int)domain_fields[nr / 2 - 11],
                   2);
        put_value(s, 2, 2);
        return true;
    }
}
