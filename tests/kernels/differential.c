/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * differential.c - random kernels, each built by libxenguest's own hooks and by
 * ours, on an embedded host; the domains have to be alike, portrait by
 * portrait.
 *
 *     differential [-v] [COUNT [FIRST]]
 *
 * Ours may refuse what stock refuses, with the reason that belongs to the fault
 * that was made, and what domwright.cfg(5) says that it refuses beside.  -v:
 * what became of each.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenguest.h>

#include "diag.h"
#include "guest/kernel_check.h"
#include "hooks/hooks.h"
#include "hooks/kernel_notes.h"
#include "host/xenlog.h"
#include "portrait.h"
#include "random_kernel.h"
#include "text.h"
#include "xen_versions.h"

/* What became of a kernel. */
struct outcome {
    bool cut;   /* the command would not take it, the plugin does */
    bool built; /* there is a portrait, */
    bool blank; /* or there would be, were its P2M list where it can be read */
    char
        reason[600]; /* of a refusal, in the command's words where it is ours */
    char *portrait;
    size_t size;
};

struct lab {
    xc_interface *xch;
    struct diag dg;
    struct xenlog log;
    struct xc_dom_arch *stock[2]; /* libxenguest's own hooks, by width */
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- a domain ---- */

static uint32_t make_domain(struct lab *lab)
{
    struct xen_domctl_createdomain config = {
        .max_vcpus = 1,
        .max_evtchn_port = 1023,
        .max_grant_frames = -1,
        .max_maptrack_frames = -1,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };
    uint32_t domid = DOMID_ANY;

    if (xc_domain_create(lab->xch, &domid, &config) ||
        xc_domain_max_vcpus(lab->xch, domid, 1) ||
        xc_domain_setmaxmem(lab->xch, domid, UINT64_C(64) << 10))
        die("an empty domain");
    return domid;
}

static bool run_steps(struct lab *lab, struct xc_dom_image *dom)
{
    int store = xc_evtchn_alloc_unbound(lab->xch, dom->guest_domid, 0);
    int console = xc_evtchn_alloc_unbound(lab->xch, dom->guest_domid, 0);

    if (store < 0 || console < 0)
        die("event channels");
    dom->xenstore_evtchn = (unsigned int)store;
    dom->console_evtchn = (unsigned int)console;
    return !xc_dom_boot_mem_init(dom) && !xc_dom_build_image(dom) &&
           !xc_dom_boot_image(dom) && !xc_dom_gnttab_init(dom);
}

/* Into memory: what prints it does so on stdout. */
static void take_portrait(struct lab *lab, const struct xc_dom_image *dom,
                          struct outcome *o)
{
    struct portrait p = {
        .xch = lab->xch,
        .domid = dom->guest_domid,
        .kernel = dom->kernel_seg.pfn,
    };
    FILE *real = stdout;
    int rc;

    stdout = open_memstream(&o->portrait, &o->size);
    if (!stdout)
        die("open_memstream");
    rc = portrait_print(&p);
    fclose(stdout);
    stdout = real;
    domain_frames_dispose(&p.frames);
    o->blank = rc != 0;
}

static void build(struct lab *lab, struct xc_dom_image *dom, struct outcome *o)
{
    dom->guest_domid = make_domain(lab);
    o->built = run_steps(lab, dom);
    if (o->built)
        take_portrait(lab, dom, o);
    else
        snprintf(o->reason, sizeof(o->reason), "while building: %s",
                 lab->dg.cause);
    if (xc_domain_destroy(lab->xch, dom->guest_domid))
        die("the end of a domain");
}

/* ---- the two builders ---- */

static void use_stock(struct lab *lab, struct xc_dom_image *dom)
{
    dom->arch_hooks = lab->stock[!strcmp(dom->guest_type, "xen-3.0-x86_64")];
    free(dom->arch_private);
    dom->arch_private =
        calloc(1, (size_t)dom->arch_hooks->arch_private_size + 1);
    if (!dom->arch_private)
        die("memory");
}

static struct xc_dom_image *load(struct lab *lab,
                                 const struct kernel_file *file,
                                 const struct random_kernel *k, bool *parsed)
{
    struct xc_dom_image *dom = xc_dom_allocate(lab->xch, "a=b", NULL);

    if (!dom)
        die("xc_dom_allocate");
    diag_step(&lab->dg);
    dom->container_type = XC_DOM_PV_CONTAINER;
    dom->flags = 0;
    dom->max_vcpus = 1;
    if (xc_dom_boot_xen_init(dom, lab->xch, 0))
        die("the host");
    *parsed = !xc_dom_kernel_mem(dom, file->bytes, file->size);
    if (k->ramdisk && xc_dom_module_mem(dom, k->ramdisk, k->ramdisk_size, NULL))
        die("the ramdisk");
    return dom;
}

static void by_stock(struct lab *lab, const struct kernel_file *file,
                     const struct random_kernel *k, struct outcome *o)
{
    bool loaded;
    struct xc_dom_image *dom = load(lab, file, k, &loaded);

    memset(o, 0, sizeof(*o));
    if (loaded && !xc_dom_parse_image(dom) && !xc_dom_mem_init(dom, k->mib)) {
        use_stock(lab, dom);
        build(lab, dom, o);
    } else {
        snprintf(o->reason, sizeof(o->reason), "%s", lab->dg.cause);
    }
    xc_dom_release(dom);
}

/* The command's way to a plan; false: refused. */
static bool plan(struct lab *lab, struct xc_dom_image *dom,
                 const struct kernel_file *file, const struct random_kernel *k,
                 bool loaded, struct outcome *o)
{
    const void *bytes = loaded ? dom->kernel_blob : file->bytes;
    size_t size = loaded ? dom->kernel_size : file->size;
    const struct dw_plan *made;
    enum ramdisk_state state;

    if (!loaded || xc_dom_parse_image(dom)) {
        if (!kernel_find_fault(dom, bytes, size, &lab->dg, o->reason,
                               sizeof(o->reason)))
            snprintf(o->reason, sizeof(o->reason), "nothing but: %s",
                     lab->dg.cause);
        return false;
    }
    o->cut = !kernel_is_complete(dom->kernel_blob, dom->kernel_size);
    if (xc_dom_mem_init(dom, k->mib))
        die("xc_dom_mem_init");
    diag_step(&lab->dg);
    if (!dw_hooks_plan(dom, NULL, &state, &made))
        return true;
    snprintf(o->reason, sizeof(o->reason), "%s", lab->dg.cause);
    return false;
}

static void by_ours(struct lab *lab, const struct kernel_file *file,
                    const struct random_kernel *k, struct outcome *o)
{
    bool loaded;
    struct xc_dom_image *dom = load(lab, file, k, &loaded);

    memset(o, 0, sizeof(*o));
    if (plan(lab, dom, file, k, loaded, o))
        build(lab, dom, o);
    xc_dom_release(dom);
}

/* ---- what has to be so ---- */

/* Stock builds it, but nothing that could run: its hypercall page lies on its
 * tables, or its P2M list where it has no addresses. */
static bool is_intended(const char *reason)
{
    return strstr(reason, "lies on the ") ||
           strstr(reason, "the guest has no such addresses");
}

/* Of a packed one 16 bytes are there in any case: libxenguest adds zeros. */
static bool is_cut(const struct random_kernel *k)
{
    return !k->changed && k->recipe.cut > (k->packed.bytes ? 16 : 0);
}

/* A reason that says something. */
static bool is_reason(const char *reason)
{
    return *reason && strncmp(reason, "nothing but", 11) &&
           strncmp(reason, "while building", 14);
}

/* NULL, or what is wrong. */
static const char *judge(const struct random_kernel *k, const struct outcome *s,
                         const struct outcome *o)
{
    /* Stock builds what is left of it; the command does not. */
    if (o->built && !o->cut && is_cut(k))
        return "taken for a whole one";
    if (o->built && (s->blank || o->blank))
        return "no portrait of it";
    if (s->built && o->built)
        return s->size == o->size && !memcmp(s->portrait, o->portrait, s->size)
                   ? NULL
                   : "the domains differ";
    if (o->built)
        return "only ours builds it";
    if (s->built)
        return is_intended(o->reason) ? NULL : "only stock builds it";
    if (!is_reason(o->reason))
        return "refused without a reason";
    if (k->fault && !k->changed && !strstr(o->reason, k->fault) &&
        !(o->cut && !strcmp(k->fault, "truncated")))
        return "refused for another reason";
    return NULL;
}

struct counts {
    unsigned int built, refused, cut, packed, wrong;
};

static void tell(uint64_t seed, const char *what, const struct random_kernel *k,
                 const struct outcome *s, const struct outcome *o)
{
    char reason[2][sizeof(s->reason)];

    text_escape(reason[0], sizeof(reason[0]), s->reason);
    text_escape(reason[1], sizeof(reason[1]), o->reason);
    printf("%" PRIu64 ": %s (fault: %s%s%s)\n  stock: %s%s\n  ours: %s%s\n",
           seed, what, k->fault ? k->fault : "none",
           k->changed ? ", bytes changed" : "",
           k->packed.bytes ? ", packed" : "", s->built ? "built" : "",
           s->reason, o->built ? "built" : "", o->reason);
}

static void show_difference(const struct outcome *s, const struct outcome *o)
{
    const struct outcome *all[] = {s, o};
    static const char *const names[] = {"stock", "ours"};

    for (int i = 0; i < 2; i++)
        printf("---- %s\n%.*s", names[i], (int)all[i]->size, all[i]->portrait);
}

static void try_one(struct lab *lab, uint64_t seed, bool verbose,
                    struct counts *counts)
{
    struct random_kernel k;
    struct outcome stock, ours, plain = {.built = false};
    const struct kernel_file *file;
    const char *wrong;

    random_kernel_make(&k, seed);
    file = k.packed.bytes ? &k.packed : &k.plain;
    by_stock(lab, file, &k, &stock);
    by_ours(lab, file, &k, &ours);
    wrong = judge(&k, &stock, &ours);
    /* A packing changes nothing of what is in it, but that libxenguest has 16
     * bytes more behind it, which a damaged file may reach into. */
    if (!wrong && k.packed.bytes && ours.built && !k.recipe.cut && !k.changed) {
        by_ours(lab, &k.plain, &k, &plain);
        wrong = judge(&k, &plain, &ours);
        counts->packed++;
    }
    if (wrong || verbose)
        tell(seed, wrong ? wrong : "as it has to be", &k, &stock, &ours);
    if (wrong && stock.built && ours.built)
        show_difference(&stock, &ours);
    counts->wrong += wrong != NULL;
    counts->built += ours.built;
    counts->refused += !ours.built;
    counts->cut += ours.built && ours.cut;
    free(stock.portrait);
    free(ours.portrait);
    free(plain.portrait);
    random_kernel_dispose(&k);
}

/* libxenguest's own, as long as there are no others. */
static void find_stock(struct lab *lab)
{
    static const char *const types[] = {"xen-3.0-x86_32p", "xen-3.0-x86_64"};

    for (int i = 0; i < 2; i++) {
        struct xc_dom_image *dom = xc_dom_allocate(lab->xch, NULL, NULL);

        if (!dom)
            die("xc_dom_allocate");
        dom->guest_type = types[i];
        if (xc_dom_set_arch_hooks(dom))
            die("libxenguest's hooks");
        lab->stock[i] = dom->arch_hooks;
        xc_dom_release(dom);
    }
}

int main(int argc, char **argv)
{
    static struct lab lab;
    struct counts counts = {0};
    bool verbose = argc > 1 && !strcmp(argv[1], "-v");
    uint64_t count, first;

    argv += verbose;
    argc -= verbose;
    count = argc > 1 ? strtoull(argv[1], NULL, 0) : 2000;
    first = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    diag_init(&lab.dg);
    xenlog_init(&lab.log, &lab.dg);
    lab.xch = xc_interface_open(&lab.log.logger, &lab.log.logger, 0);
    if (!lab.xch)
        die("no host");
    find_stock(&lab);
    dw_hooks_register(PIN_LEVELS, NULL);
    for (uint64_t seed = first; seed < first + count; seed++)
        try_one(&lab, seed, verbose, &counts);
    xc_interface_close(lab.xch);
    printf("%" PRIu64 " kernels from %" PRIu64 " on: %u built (%u of them "
           "truncated, %u packed), %u refused, %u wrong\n",
           count, first, counts.built, counts.cut, counts.packed,
           counts.refused, counts.wrong);
    return counts.wrong ? 1 : 0;
}
