// SPDX-License-Identifier: LGPL-2.1-or-later
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char image_any_caps[] = "xen-3.0-x86_64 xen-3.0-x86_32p ";

/* libxenguest opens it again, but tells neither a directory nor why. */
static int check_file(const char *what, const char *path, struct diag *dg)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc = 0;
    struct stat st;

    if (fd < 0 || fstat(fd, &st))
        rc = -errno;
    if (fd >= 0)
        close(fd);
    if (rc)
        return diag_fail(dg, DW_CONFIG, rc, "%s %s: %s", what, path,
                         strerror(-rc));
    if (!S_ISREG(st.st_mode) || !st.st_size)
        return diag_fail(dg, DW_CONFIG, -EINVAL, "%s %s: %s", what, path,
                         S_ISREG(st.st_mode) ? "the file is empty"
                                             : "not a regular file");
    return 0;
}

static int bad_file(const char *what, const char *path, struct diag *dg)
{
    return diag_fail(dg, DW_CONFIG, -EINVAL, "%s %s: %s", what, path,
                     dg->cause[0] ? dg->cause : "libxenguest refuses it");
}

static int open_files(struct image *image, const struct config *cfg,
                      struct diag *dg)
{
    int rc = check_file("kernel", cfg->kernel, dg);

    if (!rc && xc_dom_kernel_file(image->dom, cfg->kernel))
        rc = bad_file("kernel", cfg->kernel, dg);
    if (rc || !cfg->ramdisk || !*cfg->ramdisk)
        return rc;
    rc = check_file("ramdisk", cfg->ramdisk, dg);
    if (!rc && xc_dom_module_file(image->dom, cfg->ramdisk, NULL))
        rc = bad_file("ramdisk", cfg->ramdisk, dg);
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

static bool is_elf(const struct xc_dom_image *dom)
{
    return dom->kernel_size >= 4 && !memcmp(dom->kernel_blob, "\177ELF", 4);
}

/*
 * libxenguest tries its loaders and tells no more than that none of them
 * liked the file, so the reason is looked for here.
 */
static const char *why_no_loader(const struct xc_dom_image *dom)
{
    struct kernel_notes notes;

    if (!is_elf(dom))
        return "not an ELF image, nor one packed in a way libxenguest knows";
    if (kernel_notes_read(dom->kernel_blob, dom->kernel_size, &notes))
        return "a damaged or truncated ELF image";
    if (notes.phys32_entry && !notes.pv)
        return "a kernel for HVM and PVH guests only";
    if (!notes.pv)
        return "an ELF image without Xen's notes: not a PV kernel";
    return NULL;
}

static int parse(struct image *image, const struct config *cfg,
                 struct diag *dg)
{
    struct xc_dom_image *dom = image->dom;
    const char *why;

    if (!xc_dom_parse_image(dom))
        return 0;
    why = why_no_loader(dom);
    if (!why && dom->guest_type && !strstr(dom->xen_caps, dom->guest_type))
        return diag_fail(dg, DW_REFUSED, -EOPNOTSUPP,
                         "kernel %s: this Xen runs no guests of type %s",
                         cfg->kernel, dom->guest_type);
    if (!why)
        return bad_file("kernel", cfg->kernel, dg);
    return diag_fail(dg, DW_CONFIG, -ENOEXEC, "kernel %s: %s", cfg->kernel,
                     why);
}

int image_plan(struct image *image, const struct config *cfg, struct diag *dg)
{
    char why[256];
    int rc;

    diag_step(dg);
    rc = parse(image, cfg, dg);
    if (rc)
        return rc;
    if (xc_dom_mem_init(image->dom, (unsigned int)cfg->memory))
        return bad_file("kernel", cfg->kernel, dg);
    rc = dw_plan(image->dom, &image->plan, why, sizeof(why));
    if (rc)
        return diag_fail(dg, DW_CONFIG, rc, "kernel %s: %s", cfg->kernel, why);
    return 0;
}

void image_close(struct image *image)
{
    if (image->dom)
        xc_dom_release(image->dom);
    image->dom = NULL;
}
