/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * save_restore.c - the unmodified libxenguest builds a PV guest, saves it and
 * restores it; the second domain has to be what the first one was.
 *
 *     save_restore [-l] [-m MIB] [-v VCPUS] [-k] KERNEL STREAM
 *     save_restore -r [-m MIB] [-v VCPUS] [-k] STREAM
 *     save_restore -b [-m MIB] [-v VCPUS] KERNEL
 *
 * -l: a live save. -k: leave the restored domain there. -r: only restore, what
 * was saved before with the same -m and -v. -b: build and destroy, again and
 * again, until somebody kills it. The guest does not run,
 * so this program does for it what a guest does to be saved: it says where its
 * P2M list is, and suspends with its start_info in EDX.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define XC_WANT_COMPAT_MAP_FOREIGN_API
#include <xenctrl.h>
#include <xenguest.h>

#include "domain_state.h"
#include "pv_guest.h"
#include "xen_versions.h"

struct test {
    struct pv_guest guest;
    const char *stream;
    bool live, keep, only_restore, only_build;
    unsigned int width; /* bytes */
};

static int fail(const char *what)
{
    fprintf(stderr, "save_restore: %s: %s\n", what, strerror(errno));
    return -1;
}

static uint64_t free_pages(struct test *t)
{
    xc_physinfo_t info = {0};

    return xc_physinfo(t->guest.xch, &info) ? 0 : info.free_pages;
}

static int build(struct test *t)
{
    if (pv_guest_create(&t->guest) || pv_guest_load(&t->guest) ||
        pv_guest_build(&t->guest))
        return -1;
    return xc_domain_get_guest_width(t->guest.xch, t->guest.domid, &t->width)
               ? fail("xc_domain_get_guest_width")
               : 0;
}

/* An array of the guest's unsigned longs in a page of its own. */
static void put_word(const struct test *t, void *page, size_t index,
                     uint64_t value)
{
    if (t->width == 8)
        ((uint64_t *)page)[index] = value;
    else
        ((uint32_t *)page)[index] = (uint32_t)value;
}

static void *map_page(struct test *t, xen_pfn_t mfn)
{
    return xc_map_foreign_range(t->guest.xch, t->guest.domid, PAGE,
                                PROT_READ | PROT_WRITE, mfn);
}

/* The two upper levels of the P2M tree, in the guest's last pages. */
static int announce_p2m(struct test *t)
{
    struct xc_dom_image *dom = t->guest.dom;
    size_t per_page = PAGE / t->width;
    size_t leaves = (dom->total_pages + per_page - 1) / per_page;
    xen_pfn_t fll = dom->pv_p2m[dom->total_pages - 1];
    xen_pfn_t fl = dom->pv_p2m[dom->total_pages - 2];
    void *page = map_page(t, fl);
    xc_domaininfo_t info;
    size_t i;

    if (!page || leaves > per_page)
        return fail("P2M frame list");
    for (i = 0; i < per_page; i++)
        put_word(t, page, i,
                 dom->pv_p2m[dom->p2m_seg.pfn + (i < leaves ? i : 0)]);
    munmap(page, PAGE);
    page = map_page(t, fll);
    if (!page)
        return fail("P2M frame list list");
    for (i = 0; i < per_page; i++)
        put_word(t, page, i, fl);
    munmap(page, PAGE);
    if (xc_domain_getinfolist(t->guest.xch, t->guest.domid, 1, &info) != 1 ||
        info.domain != t->guest.domid)
        return fail("xc_domain_getinfolist");
    page = map_page(t, info.shared_info_frame);
    if (!page)
        return fail("shared_info");
    if (t->width == 8) {
        shared_info_t *shared = page;

        shared->arch.max_pfn = dom->total_pages;
        shared->arch.pfn_to_mfn_frame_list_list = fll;
    } else {
        shared_info_x86_32_t *shared = page;

        shared->arch.max_pfn = (uint32_t)dom->total_pages;
        shared->arch.pfn_to_mfn_frame_list_list = (uint32_t)fll;
    }
    munmap(page, PAGE);
    return 0;
}

/* A guest that suspends names its special pages by PFN. */
static int convert_start_info(struct test *t)
{
    struct xc_dom_image *dom = t->guest.dom;
    void *page = map_page(t, dom->pv_p2m[dom->start_info_pfn]);

    if (!page)
        return fail("start_info");
    if (t->width == 8) {
        start_info_t *info = page;

        info->store_mfn = dom->xenstore_pfn;
        info->console.domU.mfn = dom->console_pfn;
    } else {
        start_info_x86_32_t *info = page;

        info->store_mfn = (uint32_t)dom->xenstore_pfn;
        info->console.domU.mfn = (uint32_t)dom->console_pfn;
    }
    munmap(page, PAGE);
    return 0;
}

/* All vCPUs on vCPU 0's tables, and the suspend record in its EDX. */
static int set_contexts(struct test *t)
{
    vcpu_guest_context_any_t context;
    uint64_t record = t->guest.dom->pv_p2m[t->guest.dom->start_info_pfn];
    uint32_t i;

    if (xc_vcpu_getcontext(t->guest.xch, t->guest.domid, 0, &context))
        return fail("xc_vcpu_getcontext");
    if (t->width == 8)
        context.x64.user_regs.rdx = record;
    else
        context.x32.user_regs.edx = (uint32_t)record;
    for (i = 0; i < t->guest.vcpus; i++)
        if (xc_vcpu_setcontext(t->guest.xch, t->guest.domid, i, &context))
            return fail("xc_vcpu_setcontext");
    return 0;
}

static int suspend(void *arg)
{
    struct test *t = arg;

    return !xc_domain_shutdown(t->guest.xch, t->guest.domid, SHUTDOWN_suspend);
}

static int save(struct test *t, const char *path)
{
    struct save_callbacks callbacks = {.suspend = suspend, .data = t};
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    int r;

    if (fd < 0)
        return fail(path);
    r = xc_domain_save(t->guest.xch, fd, t->guest.domid,
                       t->live ? XCFLAGS_LIVE : 0, &callbacks, XC_STREAM_PLAIN,
                       -1);
    close(fd);
    return r ? fail("xc_domain_save") : 0;
}

static int restore(struct test *t, const char *path)
{
    struct restore_callbacks callbacks = {0};
    unsigned long store_mfn, console_mfn;
    int fd = open(path, O_RDONLY);
    int store, console, r;

    if (fd < 0)
        return fail(path);
    if (pv_guest_create(&t->guest)) {
        close(fd);
        return -1;
    }
    store = xc_evtchn_alloc_unbound(t->guest.xch, t->guest.domid, 0);
    console = xc_evtchn_alloc_unbound(t->guest.xch, t->guest.domid, 0);
    r = xc_domain_restore(t->guest.xch, fd, t->guest.domid, (unsigned int)store,
                          &store_mfn, 0, (unsigned int)console, &console_mfn, 0,
                          XC_STREAM_PLAIN, &callbacks,
                          -1 XEN_RESTORE_MEMFLAGS(0));
    close(fd);
    return r ? fail("xc_domain_restore") : 0;
}

static int destroy(struct test *t, uint64_t before)
{
    uint64_t after;

    if (pv_guest_destroy(&t->guest))
        return -1;
    after = free_pages(t);
    if (after == before)
        return 0;
    fprintf(stderr, "save_restore: %" PRIu64 " free pages became %" PRIu64 "\n",
            before, after);
    return -1;
}

static int build_and_save(struct test *t, struct domain_state *state)
{
    if (build(t) || announce_p2m(t) || convert_start_info(t) ||
        set_contexts(t) ||
        domain_state_take(state, t->guest.xch, t->guest.domid, t->guest.vcpus,
                          NULL))
        return -1;
    return save(t, t->stream);
}

static int build_forever(struct test *t)
{
    uint64_t before = free_pages(t);
    int rc;

    do {
        rc = build(t);
        if (!rc)
            rc = destroy(t, before);
        pv_guest_release(&t->guest);
    } while (!rc);
    return rc;
}

static int run(struct test *t)
{
    uint64_t before = free_pages(t);
    struct domain_state first = {0}, second = {0};
    int rc = 0;

    if (!t->only_restore) {
        rc = build_and_save(t, &first);
        if (!rc)
            rc = destroy(t, before);
        pv_guest_release(&t->guest);
    }
    if (!rc)
        rc = restore(t, t->stream);
    if (!rc && !t->only_restore) {
        rc = domain_state_take(&second, t->guest.xch, t->guest.domid,
                               t->guest.vcpus, &first);
        if (!rc)
            rc = domain_state_compare(&first, &second);
        if (!rc)
            domain_state_print(&second);
    }
    if (!rc && !t->keep)
        rc = destroy(t, before);
    domain_state_dispose(&first);
    domain_state_dispose(&second);
    return rc;
}

int main(int argc, char **argv)
{
    struct test t = {.guest = {.mib = 64, .vcpus = 1}};
    xentoollog_logger *logger;
    int option, r;

    while ((option = getopt(argc, argv, "bklrm:v:")) != -1) {
        if (option == 'l')
            t.live = true;
        else if (option == 'k')
            t.keep = true;
        else if (option == 'r')
            t.only_restore = true;
        else if (option == 'b')
            t.only_build = true;
        else if (option == 'm')
            t.guest.mib = (unsigned int)atoi(optarg);
        else if (option == 'v')
            t.guest.vcpus = (unsigned int)atoi(optarg);
        else
            return 2;
    }
    if (argc - optind != (t.only_restore || t.only_build ? 1 : 2) ||
        t.guest.vcpus > STATE_MAX_VCPUS)
        return 2;
    t.guest.kernel = argv[optind];
    t.stream = argv[argc - 1];
    logger = (xentoollog_logger *)xtl_createlogger_stdiostream(
        stderr, getenv("VERBOSE") ? XTL_DETAIL : XTL_ERROR, 0);
    t.guest.xch = xc_interface_open(logger, logger, 0);
    if (!t.guest.xch) {
        fail("xc_interface_open");
        return 1;
    }
    r = t.only_build ? build_forever(&t) : run(&t);
    if (r && pv_guest_destroy(&t.guest))
        r = -1;
    xc_interface_close(t.guest.xch);
    return r ? 1 : 0;
}
