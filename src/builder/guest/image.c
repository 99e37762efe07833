/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/kernel_check.h"
#include "guest/virtual_nodes.h"
#include "hooks/hooks.h"
#include "hooks/kernel_notes.h"

const char image_any_caps[] = "xen-3.0-x86_64 xen-3.0-x86_32p ";

/* The file that a key names is wrong. */
static int bad_file(const struct config *cfg, const char *key, const char *path,
                    int rc, const char *why, struct diag *dg)
{
    return config_fail(cfg, dg, DW_CONFIG, rc, key, "%s: %s", path, why);
}

/* It is, says libxenguest. */
static int refused(const struct config *cfg, const char *key, const char *path,
                   struct diag *dg)
{
    return bad_file(cfg, key, path, -EINVAL,
                    dg->cause[0] ? dg->cause : "libxenguest refuses it", dg);
}

/* libxenguest opens it again, but tells neither a directory nor why. */
static int check_file(const struct config *cfg, const char *key,
                      const char *path, struct diag *dg)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc = 0;
    struct stat st;

    if (fd < 0 || fstat(fd, &st))
        rc = -errno;
    if (fd >= 0)
        close(fd);
    if (rc)
        return bad_file(cfg, key, path, rc, strerror(-rc), dg);
    if (!S_ISREG(st.st_mode))
        return bad_file(cfg, key, path, -EINVAL, "not a regular file", dg);
    return st.st_size
               ? 0
               : bad_file(cfg, key, path, -EINVAL, "the file is empty", dg);
}

/* `file` is the kernel as libxenguest had it before it found fault with it. */
static int bad_kernel(const struct image *image, const struct config *cfg,
                      const void *file, size_t size, struct diag *dg)
{
    const struct xc_dom_image *dom = image->dom;
    char fault[256];

    if (file && kernel_find_fault(dom, file, size, dg, fault, sizeof(fault)))
        return bad_file(cfg, "kernel", cfg->kernel, -ENOEXEC, fault, dg);
    if (dom->guest_type && !strstr(dom->xen_caps, dom->guest_type))
        return diag_fail(dg, DW_REFUSED, -EOPNOTSUPP,
                         "kernel %s: this Xen runs no guests of type %s",
                         cfg->kernel, dom->guest_type);
    return refused(cfg, "kernel", cfg->kernel, dg);
}

static int open_files(struct image *image, const struct config *cfg,
                      struct diag *dg)
{
    struct xc_dom_image *dom = image->dom;
    int rc = check_file(cfg, "kernel", cfg->kernel, dg);

    if (!rc && xc_dom_kernel_file(dom, cfg->kernel))
        rc = bad_kernel(image, cfg, dom->kernel_blob, dom->kernel_size, dg);
    if (rc || !cfg->ramdisk || !*cfg->ramdisk)
        return rc;
    rc = check_file(cfg, "ramdisk", cfg->ramdisk, dg);
    if (!rc && xc_dom_module_file(dom, cfg->ramdisk, NULL))
        rc = refused(cfg, "ramdisk", cfg->ramdisk, dg);
    return rc;
}

int image_open(struct image *image, xc_interface *xc, const char *caps,
               const struct config *cfg, struct diag *dg)
{
    struct xc_dom_image *dom;

    diag_step(dg);
    memset(image, 0, sizeof(*image));
    dom = image->dom = xc_dom_allocate(xc, cfg->cmdline, NULL);
    if (!dom)
        return diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory");
    dom->container_type = XC_DOM_PV_CONTAINER;
    dom->flags = 0; /* no SIF_*: a guest without privileges */
    dom->max_vcpus = (unsigned int)cfg->maxvcpus;
    if (caps)
        snprintf(dom->xen_caps, sizeof(dom->xen_caps), "%s", caps);
    else if (xc_dom_boot_xen_init(dom, xc, DOMID_INVALID))
        return diag_fail(dg, DW_NO_XEN, -ENXIO,
                         "no Xen hypervisor to talk to: %s", strerror(errno));
    return open_files(image, cfg, dg);
}

static int parse(struct image *image, const struct config *cfg, struct diag *dg)
{
    struct xc_dom_image *dom = image->dom;
    const void *file = dom->kernel_blob;
    size_t size = dom->kernel_size;

    if (!xc_dom_parse_image(dom) &&
        kernel_is_complete(dom->kernel_blob, dom->kernel_size))
        return 0;
    return bad_kernel(image, cfg, file, size, dg);
}

/* The hooks name their step first, which says nothing here. */
static const char *plan_fault(const struct diag *dg)
{
    static const char step[] = "plan: ";
    size_t len = sizeof(step) - 1;

    return strncmp(dg->cause, step, len) ? dg->cause : dg->cause + len;
}

static void warn_of_ramdisk(const struct config *cfg, enum ramdisk_state state)
{
    if (state == RAMDISK_CUT || state == RAMDISK_DAMAGED)
        diag_warn("ramdisk %s: its gzip data is %s; the guest gets the file as "
                  "it is",
                  cfg->ramdisk, state == RAMDISK_CUT ? "truncated" : "damaged");
    else if (state == RAMDISK_FIRST)
        diag_warn("ramdisk %s: the guest gets its first gzip member alone, a "
                  "few bytes; libxenguest cannot hand over the others",
                  cfg->ramdisk);
}

/* libvirt's XML says what the guest is; the kernel decides what it will be. */
static int check_width(const struct image *image, const struct config *cfg,
                       struct diag *dg)
{
    unsigned int width = image->plan.layout.abi->word * 8;

    if (!cfg->width || cfg->width == width)
        return 0;
    return config_fail(cfg, dg, DW_CONFIG, -EINVAL, "type",
                       "arch asks for a %u-bit guest, and %s is a %u-bit "
                       "kernel",
                       cfg->width, cfg->kernel, width);
}

/* Behind the kernel, as for one that does not say MOD_START_PFN. */
static void map_ramdisk(struct xc_dom_image *dom)
{
    struct kernel_notes notes;

    if (dom->num_modules && dom->modules[0].blob &&
        !kernel_notes_read(dom->kernel_blob, dom->kernel_size, &notes) &&
        notes.mod_start_pfn)
        dom->modules[0].seg.vstart = (dom->kernel_seg.vend + DW_PAGE_SIZE - 1) /
                                     DW_PAGE_SIZE * DW_PAGE_SIZE;
}

int image_plan(struct image *image, const struct config *cfg, struct diag *dg)
{
    const struct dw_plan *plan;
    enum ramdisk_state state;
    int rc;

    diag_step(dg);
    rc = parse(image, cfg, dg);
    if (rc)
        return rc;
    if (image->for_file)
        map_ramdisk(image->dom);
    if (xc_dom_mem_init(image->dom, (unsigned int)cfg->memory))
        return refused(cfg, "kernel", cfg->kernel, dg);
    rc = virtual_nodes_plan(image->dom, cfg);
    if (rc)
        return diag_fail(dg, DW_FAILED, rc, "out of memory");
    rc = dw_hooks_plan(image->dom, cfg->ramdisk, &state, &plan);
    if (rc == -ENOSPC || rc == -E2BIG)
        return config_fail(cfg, dg, DW_CONFIG, rc, "memory", "%s",
                           plan_fault(dg));
    if (rc)
        return bad_file(cfg, "kernel", cfg->kernel, rc, plan_fault(dg), dg);
    image->plan = *plan;
    warn_of_ramdisk(cfg, state);
    return check_width(image, cfg, dg);
}

void image_close(struct image *image)
{
    if (image->dom)
        xc_dom_release(image->dom);
    image->dom = NULL;
}

unsigned int image_width(xc_interface *xc, const struct config *cfg)
{
    struct config bare = {.source = cfg->source, .kernel = cfg->kernel};
    struct diag none;
    struct image image = {0};
    unsigned int width = 0;

    diag_init(&none);
    if (config_has_kernel(cfg) &&
        !image_open(&image, xc, image_any_caps, &bare, &none) &&
        !xc_dom_parse_image(image.dom) && image.dom->guest_type)
        width = strstr(image.dom->guest_type, "x86_32p") ? 32 : 64;
    image_close(&image);
    return width;
}
