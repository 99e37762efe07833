/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "regress/play.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <xencall.h>
#include <xenforeignmemory.h>

#include <xen/foreign/x86_32.h>
#include <xen/foreign/x86_64.h>

#include "host/suspend.h"
#include "host/xenstore.h"
#include "regress/state.h"

/* Frames that are mapped together. */
#define BATCH 256

/* How often what is dirtied is dirtied. */
#define TICK_MS 10

/* ... and how often it is looked whether the domain is still there. */
#define LOOK_MS 100

struct kernel {
    struct host *host;
    const xc_domaininfo_t *info;
    struct domain_view view;
    xenforeignmemory_handle *memory;
    struct start_facts start;
    uint64_t pages;
    xen_pfn_t *frame; /* by PFN; ~0: none */
    bool *own;        /* by PFN: it is the kernel's to fill */
    uint64_t start_info, store, console; /* PFNs */
    uint64_t random;
    FILE *out; /* for its state; NULL: none, or it is written */
};

static int failed(struct kernel *kernel, const char *what)
{
    int err = errno;

    return diag_fail(kernel->host->dg, DW_FAILED, err ? -err : -EIO,
                     "domain %u: %s: %s", (unsigned int)kernel->info->domain,
                     what, strerror(err ? err : EIO));
}

/* ---- what is where ---- */

static void find_frames(struct kernel *kernel)
{
    struct domain_view *view = &kernel->view;
    uint64_t mfn;
    pfn_t pfn;

    memset(kernel->frame, 0xff, kernel->pages * sizeof(*kernel->frame));
    for (mfn = view->first; mfn < view->end; mfn++) {
        pfn = view_pfn(view, MFN(mfn));
        if (!pfn_valid(pfn) || pfn.v >= kernel->pages)
            continue;
        kernel->frame[pfn.v] = mfn;
        kernel->own[pfn.v] = !view_level(view, MFN(mfn));
    }
}

static void keep_off(struct kernel *kernel, uint64_t pfn)
{
    if (pfn < kernel->pages)
        kernel->own[pfn] = false;
}

static uint64_t pfn_of(struct kernel *kernel, mfn_t mfn)
{
    return view_pfn(&kernel->view, mfn).v;
}

static int find_special(struct kernel *kernel)
{
    struct domain_view *view = &kernel->view;
    struct view_path *path = calloc(1, sizeof(*path));
    struct xs_handle *xs = kernel->host->xs;
    uint64_t n, lists = state_list_pages(kernel->pages, view->word);
    vaddr_t va = kernel->start.mfn_list;

    if (!path)
        return -ENOMEM;
    path->view = view;
    kernel->start_info = pfn_of(
        kernel, view_translate(path, view->root[0].mfn, view->start_info));
    for (n = state_p2m_pages(kernel->pages, view->word); n--;
         va.v += DW_PAGE_SIZE)
        keep_off(kernel,
                 pfn_of(kernel, view_translate(path, view->root[0].mfn, va)));
    free(path);
    kernel->store =
        pfn_of(kernel, store_frame(xs, view->domid, "store/ring-ref"));
    kernel->console =
        pfn_of(kernel, store_frame(xs, view->domid, "console/ring-ref"));
    keep_off(kernel, kernel->start_info);
    keep_off(kernel, kernel->store);
    keep_off(kernel, kernel->console);
    for (n = 0; n < lists && n < kernel->pages; n++)
        keep_off(kernel, kernel->pages - 1 - n);
    return kernel->start_info < kernel->pages &&
                   kernel->store < kernel->pages &&
                   kernel->console < kernel->pages
               ? 0
               : -ENOENT;
}

static int look(struct kernel *kernel)
{
    int rc = state_find(&kernel->view, &kernel->start);

    if (rc)
        return rc;
    kernel->pages = kernel->start.nr_pages;
    if (kernel->pages < 4 || kernel->pages > kernel->view.max_pages)
        return -EINVAL;
    kernel->frame = calloc(kernel->pages, sizeof(*kernel->frame));
    kernel->own = calloc(kernel->pages, sizeof(*kernel->own));
    if (!kernel->frame || !kernel->own)
        return -ENOMEM;
    find_frames(kernel);
    return find_special(kernel);
}

/* ---- contents ---- */

/* Steele, Lea and Flood's SplitMix64. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void *map(struct kernel *kernel, const xen_pfn_t *frames, size_t n)
{
    return xenforeignmemory_map(kernel->memory, kernel->view.domid,
                                PROT_READ | PROT_WRITE, n, frames, NULL);
}

/*
 * Xen logs what a guest writes to, and not what is written through a mapping of
 * somebody else's, as ours is: that it is told.  It marks a page that gets its
 * entry in the M2P, which is the one that it has (xen/xen.h,
 * MMU_MACHPHYS_UPDATE).
 */
static int mark_dirty(struct kernel *kernel, const xen_pfn_t *frames,
                      const uint64_t *pfns, size_t n)
{
    xencall_handle *xcall = xc_interface_xcall_handle(kernel->host->xc);
    struct mmu_update *updates =
        xencall_alloc_buffer(xcall, n * sizeof(*updates));
    int rc = 0;

    for (size_t i = 0; updates && i < n; i++)
        updates[i] = (struct mmu_update){
            .ptr = frames[i] << DW_PAGE_SHIFT | MMU_MACHPHYS_UPDATE,
            .val = pfns[i],
        };
    if (!updates || xencall4(xcall, __HYPERVISOR_mmu_update, (uintptr_t)updates,
                             n, 0, kernel->view.domid) < 0)
        rc = failed(kernel, "telling Xen what was written to");
    xencall_free_buffer(xcall, updates);
    return rc;
}

/* Gives back pages that were written to. */
static int leave(struct kernel *kernel, void *pages, const xen_pfn_t *frames,
                 const uint64_t *pfns, size_t n)
{
    xenforeignmemory_unmap(kernel->memory, pages, n);
    return mark_dirty(kernel, frames, pfns, n);
}

/* Every fourth page stays as it is, zeros in a guest that is new. */
static int fill_batch(struct kernel *kernel, const xen_pfn_t *frames,
                      const uint64_t *pfns, size_t n, uint64_t seed)
{
    uint64_t *words = map(kernel, frames, n), state;
    size_t i, k;

    if (!words)
        return failed(kernel, "filling its memory");
    for (i = 0; i < n; i++) {
        state = seed ^ pfns[i] * UINT64_C(0xd6e8feb86659fd93);
        for (k = 0; k < DW_PAGE_SIZE / sizeof(*words); k++)
            words[i * (DW_PAGE_SIZE / sizeof(*words)) + k] =
                next_random(&state);
    }
    return leave(kernel, words, frames, pfns, n);
}

static int fill(struct kernel *kernel, uint64_t seed)
{
    xen_pfn_t frames[BATCH];
    uint64_t pfns[BATCH], pfn;
    size_t n = 0;
    int rc = 0;

    for (pfn = 0; !rc && pfn < kernel->pages; pfn++) {
        if (!kernel->own[pfn] || pfn % 4 == 3)
            continue;
        frames[n] = kernel->frame[pfn];
        pfns[n++] = pfn;
        if (n < BATCH)
            continue;
        rc = fill_batch(kernel, frames, pfns, n, seed);
        n = 0;
    }
    return !rc && n ? fill_batch(kernel, frames, pfns, n, seed) : rc;
}

static int dirty(struct kernel *kernel, uint64_t pages)
{
    uint64_t pfn;
    int rc = 0;

    while (!rc && pages--) {
        pfn = next_random(&kernel->random) % kernel->pages;
        if (kernel->own[pfn])
            rc = fill_batch(kernel, &kernel->frame[pfn], &pfn, 1,
                            next_random(&kernel->random));
    }
    return rc;
}

/* ---- to be saved ---- */

static void put_word(const struct kernel *kernel, void *page, size_t index,
                     uint64_t value)
{
    if (kernel->view.word == 8)
        ((uint64_t *)page)[index] = value;
    else
        ((uint32_t *)page)[index] = (uint32_t)value;
}

/* A page of frame numbers: n of them, and the first in all others. */
static int write_list(struct kernel *kernel, uint64_t pfn,
                      const xen_pfn_t *frames, size_t n)
{
    size_t i, entries = DW_PAGE_SIZE / kernel->view.word;
    void *page = map(kernel, &kernel->frame[pfn], 1);

    if (!page)
        return failed(kernel, "writing its frame lists");
    for (i = 0; i < entries; i++)
        put_word(kernel, page, i, frames[i < n ? i : 0]);
    return leave(kernel, page, &kernel->frame[pfn], &pfn, 1);
}

/* The frames of the P2M list's pages, n of them. */
static int p2m_frames(struct kernel *kernel, xen_pfn_t *frames, uint64_t n)
{
    struct view_path *path = calloc(1, sizeof(*path));
    vaddr_t va = kernel->start.mfn_list;

    if (!path)
        return -ENOMEM;
    path->view = &kernel->view;
    for (uint64_t i = 0; i < n; i++, va.v += DW_PAGE_SIZE)
        frames[i] = view_translate(path, kernel->view.root[0].mfn, va).v;
    free(path);
    return 0;
}

static int write_lists(struct kernel *kernel)
{
    uint64_t n = state_p2m_pages(kernel->pages, kernel->view.word);
    size_t entries = DW_PAGE_SIZE / kernel->view.word;
    uint64_t lists = (n + entries - 1) / entries, i;
    uint64_t first = kernel->pages - 1 - lists;
    xen_pfn_t *frames = calloc(n, sizeof(*frames));
    int rc = frames ? p2m_frames(kernel, frames, n) : -ENOMEM;

    for (i = 0; !rc && i < lists; i++)
        rc = write_list(kernel, first + i, frames + i * entries,
                        n - i * entries < entries ? n - i * entries : entries);
    if (!rc)
        rc =
            write_list(kernel, kernel->pages - 1, &kernel->frame[first], lists);
    free(frames);
    return rc;
}

static int write_shared_info(struct kernel *kernel)
{
    const xen_pfn_t frame = kernel->info->shared_info_frame;
    const uint64_t top = kernel->frame[kernel->pages - 1];
    void *page = map(kernel, &frame, 1);
    struct shared_info_x86_32 *s32 = page;
    struct shared_info_x86_64 *s64 = page;

    if (!page)
        return failed(kernel, "writing its shared_info");
    if (kernel->view.word == 8) {
        s64->arch.max_pfn = kernel->pages;
        s64->arch.pfn_to_mfn_frame_list_list = top;
    } else {
        s32->arch.max_pfn = (uint32_t)kernel->pages;
        s32->arch.pfn_to_mfn_frame_list_list = (uint32_t)top;
    }
    xenforeignmemory_unmap(kernel->memory, page, 1);
    return 0;
}

/* The tools expect PFNs there (xen/xen.h, struct start_info), and the kernel
 * frames. */
static int write_start_info(struct kernel *kernel, uint64_t store,
                            uint64_t console)
{
    void *page = map(kernel, &kernel->frame[kernel->start_info], 1);
    struct start_info_x86_32 *s32 = page;
    struct start_info_x86_64 *s64 = page;

    if (!page)
        return failed(kernel, "writing its start_info");
    if (kernel->view.word == 8) {
        s64->store_mfn = store;
        s64->console.domU.mfn = console;
    } else {
        s32->store_mfn = (uint32_t)store;
        s32->console.domU.mfn = (uint32_t)console;
    }
    return leave(kernel, page, &kernel->frame[kernel->start_info],
                 &kernel->start_info, 1);
}

static void set_register(const struct kernel *kernel,
                         vcpu_guest_context_any_t *context, bool is_first,
                         uint64_t value)
{
    if (kernel->view.word == 8 && is_first)
        context->x64.user_regs.rdx = value;
    else if (kernel->view.word == 8)
        context->x64.user_regs.rax = value;
    else if (is_first)
        context->x32.user_regs.edx = (uint32_t)value;
    else
        context->x32.user_regs.eax = (uint32_t)value;
}

/* vCPU 0 tells where start_info is; the others are as it, and different. */
static int set_vcpus(struct kernel *kernel)
{
    xc_interface *xc = kernel->host->xc;
    vcpu_guest_context_any_t context, other;
    unsigned int i;

    if (xc_vcpu_getcontext(xc, kernel->view.domid, 0, &context))
        return failed(kernel, "vCPU 0's context");
    set_register(kernel, &context, true, kernel->frame[kernel->start_info]);
    if (xc_vcpu_setcontext(xc, kernel->view.domid, 0, &context))
        return failed(kernel, "setting vCPU 0's context");
    for (i = 1; i <= kernel->info->max_vcpu_id; i++) {
        if (!xc_vcpu_getcontext(xc, kernel->view.domid, i, &other))
            continue;
        set_register(kernel, &context, false, 0x1000 + i);
        if (xc_vcpu_setcontext(xc, kernel->view.domid, i, &context))
            return failed(kernel, "setting another vCPU's context");
    }
    return 0;
}

static int busy(struct kernel *kernel)
{
    return diag_fail(kernel->host->dg, DW_FAILED, -EBUSY,
                     "domain %u has a kernel already: it is played, or was",
                     (unsigned int)kernel->info->domain);
}

/* Who has told where its frame lists are has a kernel; what is restored has
 * none yet. */
static int check_new(struct kernel *kernel)
{
    const xen_pfn_t frame = kernel->info->shared_info_frame;
    void *page = map(kernel, &frame, 1);
    bool told;

    if (!page)
        return failed(kernel, "reading its shared_info");
    told = kernel->view.word == 8 ? ((struct shared_info_x86_64 *)page)
                                        ->arch.pfn_to_mfn_frame_list_list
                                  : ((struct shared_info_x86_32 *)page)
                                        ->arch.pfn_to_mfn_frame_list_list;
    xenforeignmemory_unmap(kernel->memory, page, 1);
    return told ? busy(kernel) : 0;
}

/* So that one of two that begin at once does.  It goes with the domain. */
static int claim(struct kernel *kernel)
{
    struct xs_handle *xs = kernel->host->xs;
    xs_transaction_t t;
    char path[64];
    unsigned int n;
    void *value;
    int rc;

    snprintf(path, sizeof(path), "/libxl/%u/domwright-play",
             kernel->view.domid);
    do {
        t = xs_transaction_start(xs);
        if (t == XBT_NULL)
            return failed(kernel, "xenstore");
        value = xs_read(xs, t, path, &n);
        free(value);
        if (value || !xs_write(xs, t, path, "", 0)) {
            rc = value ? busy(kernel) : failed(kernel, "xenstore");
            xs_transaction_end(xs, t, true);
            return rc;
        }
        if (xs_transaction_end(xs, t, false))
            return 0;
    } while (errno == EAGAIN);
    return failed(kernel, "xenstore");
}

static int announce(struct kernel *kernel)
{
    int rc = write_lists(kernel);

    if (!rc)
        rc = write_shared_info(kernel);
    if (!rc)
        rc = set_vcpus(kernel);
    return rc;
}

/* ---- asked to ---- */

static bool is_asked(struct kernel *kernel)
{
    char *value =
        store_read(kernel->host->xs, kernel->view.domid, "control/shutdown");
    bool asked = value && !strcmp(value, "suspend");

    free(value);
    return asked;
}

static bool is_gone(struct kernel *kernel)
{
    xc_domaininfo_t info;

    return host_domain(kernel->host, kernel->view.domid, &info) ||
           info.flags & XEN_DOMINF_dying;
}

static int wait_until_asked(struct kernel *kernel, uint64_t rate)
{
    struct xs_handle *xs = kernel->host->xs;
    struct pollfd fd = {.fd = xs_fileno(xs), .events = POLLIN};
    unsigned int n;
    char path[80];
    int rc = 0;

    snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown",
             kernel->view.domid);
    if (!xs_watch(xs, path, ""))
        return failed(kernel, "watching xenstore");
    while (!rc && !is_asked(kernel)) {
        if (poll(&fd, 1, rate ? TICK_MS : LOOK_MS) > 0)
            free(xs_read_watch(xs, &n));
        if (is_gone(kernel))
            return diag_fail(kernel->host->dg, DW_FAILED, -ESRCH,
                             "domain %u is gone, and was not asked to suspend",
                             kernel->view.domid);
        if (rate)
            rc = dirty(kernel, (rate * TICK_MS + 999) / 1000);
    }
    if (!rc && !xs_write(xs, XBT_NULL, path, "", 0))
        rc = failed(kernel, "answering in xenstore");
    return rc;
}

static int cannot_write(struct kernel *kernel, const char *name)
{
    return diag_fail(kernel->host->dg, DW_FAILED, -errno, "cannot write %s: %s",
                     name, strerror(errno));
}

static int open_state(struct kernel *kernel, const char *name)
{
    if (!name)
        return 0;
    kernel->out = fopen(name, "we");
    return kernel->out ? 0 : cannot_write(kernel, name);
}

static int keep_state(struct kernel *kernel, const char *name)
{
    FILE *out = kernel->out;
    struct state state = {0};
    int rc = state_take(&state, kernel->host->xc, kernel->host->dg,
                        kernel->info, kernel->view.word * 8);

    if (!rc && state_write(&state, out))
        rc = cannot_write(kernel, name);
    state_dispose(&state);
    kernel->out = NULL;
    if (fclose(out) && !rc)
        rc = cannot_write(kernel, name);
    return rc;
}

static void wait_for(double seconds)
{
    const struct timespec ts = {
        .tv_sec = (time_t)seconds,
        .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9),
    };

    nanosleep(&ts, NULL);
}

static int suspend(struct kernel *kernel, const struct play *play)
{
    int rc = wait_until_asked(kernel, play->rate);

    if (rc)
        return rc;
    rc = play->tell(play->arg, "asked");
    if (rc)
        return rc;
    wait_for(play->delay);
    rc = write_start_info(kernel, kernel->store, kernel->console);
    if (!rc && play->state)
        rc = keep_state(kernel, play->state);
    if (!rc && xc_domain_shutdown(kernel->host->xc, kernel->view.domid,
                                  SHUTDOWN_suspend))
        rc = failed(kernel, "suspending");
    return rc ? rc : play->tell(play->arg, "suspended");
}

/* Is it called off, or is the domain gone? */
static int wake_up(struct kernel *kernel, const struct play *play)
{
    xc_domaininfo_t info;
    int rc;

    do {
        wait_for(TICK_MS / 1000.0);
        rc = host_domain(kernel->host, kernel->view.domid, &info);
        if (rc || info.flags & XEN_DOMINF_dying)
            return rc == -ESRCH ? 0 : rc;
    } while (suspend_is_done(&info));
    rc = write_start_info(kernel, kernel->frame[kernel->store],
                          kernel->frame[kernel->console]);
    return rc ? rc : play->tell(play->arg, "resumed");
}

int play(struct host *host, const xc_domaininfo_t *info, unsigned int width,
         const struct play *play)
{
    struct kernel kernel = {.host = host, .info = info, .random = play->seed};
    int rc = view_open(&kernel.view, host->xc, host->dg, info, width);

    kernel.memory = xenforeignmemory_open(NULL, 0);
    if (!rc && !kernel.memory)
        rc = failed(&kernel, "mapping its memory");
    if (!rc)
        rc = look(&kernel);
    if (!rc)
        rc = check_new(&kernel);
    if (!rc)
        rc = open_state(&kernel, play->state);
    if (!rc)
        rc = claim(&kernel);
    if (!rc)
        rc = announce(&kernel);
    if (!rc && play->seed)
        rc = fill(&kernel, play->seed);
    if (!rc)
        rc = play->tell(play->arg, "ready");
    if (!rc)
        rc = suspend(&kernel, play);
    if (!rc)
        rc = wake_up(&kernel, play);
    if (kernel.memory)
        xenforeignmemory_close(kernel.memory);
    if (kernel.out)
        fclose(kernel.out);
    free(kernel.frame);
    free(kernel.own);
    view_close(&kernel.view);
    return rc ? diag_fail(host->dg, DW_FAILED, rc,
                          "domain %u cannot be played: %s",
                          (unsigned int)info->domain,
                          rc == -ENOENT ? "it has run" : strerror(-rc))
              : 0;
}
