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

#define PAGE 4096u

struct test {
    xc_interface *xch;
    const char *kernel, *stream;
    unsigned int mib, vcpus;
    bool live, keep, only_restore, only_build;
    uint32_t domid;
    struct xc_dom_image *dom;
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

    return xc_physinfo(t->xch, &info) ? 0 : info.free_pages;
}

/* What a toolstack does before it builds or restores. */
static int create(struct test *t)
{
    struct xen_domctl_createdomain config = {
        .max_vcpus = t->vcpus,
        .max_evtchn_port = 1023,
        .max_grant_frames = 32,
        .max_maptrack_frames = 1024,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };

    t->domid = 0;
    if (xc_domain_create(t->xch, &t->domid, &config))
        return fail("xc_domain_create");
    if (xc_domain_max_vcpus(t->xch, t->domid, t->vcpus))
        return fail("xc_domain_max_vcpus");
    if (xc_domain_setmaxmem(t->xch, t->domid, (t->mib + 1) * UINT64_C(1024)))
        return fail("xc_domain_setmaxmem");
    return 0;
}

static int build(struct test *t)
{
    struct xc_dom_image *dom = xc_dom_allocate(t->xch, "", NULL);

    t->dom = dom;
    if (!dom || create(t))
        return fail("allocate");
    dom->container_type = XC_DOM_PV_CONTAINER;
    dom->max_vcpus = t->vcpus;
    dom->console_evtchn =
        (evtchn_port_t)xc_evtchn_alloc_unbound(t->xch, t->domid, 0);
    dom->xenstore_evtchn =
        (evtchn_port_t)xc_evtchn_alloc_unbound(t->xch, t->domid, 0);
    if (xc_dom_kernel_file(dom, t->kernel) ||
        xc_dom_boot_xen_init(dom, t->xch, t->domid) ||
        xc_dom_parse_image(dom) || xc_dom_mem_init(dom, t->mib))
        return fail("kernel");
    if (xc_cpuid_apply_policy(t->xch, t->domid, false, NULL, 0, true, false,
                              false, NULL, NULL))
        return fail("xc_cpuid_apply_policy");
    if (xc_dom_boot_mem_init(dom) || xc_dom_build_image(dom) ||
        xc_dom_boot_image(dom) || xc_dom_gnttab_init(dom))
        return fail("build");
    return xc_domain_get_guest_width(t->xch, t->domid, &t->width)
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
    return xc_map_foreign_range(t->xch, t->domid, PAGE, PROT_READ | PROT_WRITE,
                                mfn);
}

/* The two upper levels of the P2M tree, in the guest's last pages. */
static int announce_p2m(struct test *t)
{
    struct xc_dom_image *dom = t->dom;
    size_t per_page = PAGE / t->width;
    size_t leaves = (dom->total_pages + per_page - 1) / per_page;
    xen_pfn_t fll = dom->pv_p2m[dom->total_pages - 1];
    xen_pfn_t fl = dom->pv_p2m[dom->total_pages - 2];
    void *page = map_page(t, fl);
    xc_dominfo_t info;
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
    if (xc_domain_getinfo(t->xch, t->domid, 1, &info) != 1)
        return fail("xc_domain_getinfo");
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
    struct xc_dom_image *dom = t->dom;
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
    uint64_t record = t->dom->pv_p2m[t->dom->start_info_pfn];
    uint32_t i;

    if (xc_vcpu_getcontext(t->xch, t->domid, 0, &context))
        return fail("xc_vcpu_getcontext");
    if (t->width == 8)
        context.x64.user_regs.rdx = record;
    else
        context.x32.user_regs.edx = (uint32_t)record;
    for (i = 0; i < t->vcpus; i++)
        if (xc_vcpu_setcontext(t->xch, t->domid, i, &context))
            return fail("xc_vcpu_setcontext");
    return 0;
}

static int suspend(void *arg)
{
    struct test *t = arg;

    return !xc_domain_shutdown(t->xch, t->domid, SHUTDOWN_suspend);
}

static int save(struct test *t, const char *path)
{
    struct save_callbacks callbacks = {.suspend = suspend, .data = t};
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    int r;

    if (fd < 0)
        return fail(path);
    r = xc_domain_save(t->xch, fd, t->domid, t->live ? XCFLAGS_LIVE : 0,
                       &callbacks, XC_STREAM_PLAIN, -1);
    close(fd);
    return r ? fail("xc_domain_save") : 0;
}

static int restore(struct test *t, const char *path)
{
    struct restore_callbacks callbacks = {0};
    unsigned long store_mfn, console_mfn;
    int fd = open(path, O_RDONLY);
    int store, console, r;

    if (fd < 0 || create(t))
        return fail(path);
    store = xc_evtchn_alloc_unbound(t->xch, t->domid, 0);
    console = xc_evtchn_alloc_unbound(t->xch, t->domid, 0);
    r = xc_domain_restore(t->xch, fd, t->domid, (unsigned int)store, &store_mfn,
                          0, (unsigned int)console, &console_mfn, 0,
                          XC_STREAM_PLAIN, &callbacks, -1);
    close(fd);
    return r ? fail("xc_domain_restore") : 0;
}

static int destroy(struct test *t, uint64_t before)
{
    uint64_t after;

    if (xc_domain_destroy(t->xch, t->domid))
        return fail("xc_domain_destroy");
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
        domain_state_take(state, t->xch, t->domid, t->vcpus, NULL))
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
        xc_dom_release(t->dom);
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
        xc_dom_release(t->dom);
    }
    if (!rc)
        rc = restore(t, t->stream);
    if (!rc && !t->only_restore) {
        rc = domain_state_take(&second, t->xch, t->domid, t->vcpus, &first);
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
    struct test t = {.mib = 64, .vcpus = 1};
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
            t.mib = (unsigned int)atoi(optarg);
        else if (option == 'v')
            t.vcpus = (unsigned int)atoi(optarg);
        else
            return 2;
    }
    if (argc - optind != (t.only_restore || t.only_build ? 1 : 2) ||
        t.vcpus > STATE_MAX_VCPUS)
        return 2;
    t.kernel = argv[optind];
    t.stream = argv[argc - 1];
    logger = (xentoollog_logger *)xtl_createlogger_stdiostream(
        stderr, getenv("VERBOSE") ? XTL_DETAIL : XTL_ERROR, 0);
    t.xch = xc_interface_open(logger, logger, 0);
    if (!t.xch) {
        fail("xc_interface_open");
        return 1;
    }
    r = t.only_build ? build_forever(&t) : run(&t);
    if (r && t.domid)
        xc_domain_destroy(t.xch, t.domid);
    xc_interface_close(t.xch);
    return r ? 1 : 0;
}
