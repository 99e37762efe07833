/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/image.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
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

static bool inside(uint64_t offset, uint64_t size, uint64_t all)
{
    return offset <= all && size <= all - offset;
}

static bool tables_inside(Elf *elf, size_t size)
{
    GElf_Ehdr ehdr;

    return gelf_getehdr(elf, &ehdr) &&
           inside(ehdr.e_phoff, (uint64_t)ehdr.e_phnum * ehdr.e_phentsize,
                  size) &&
           inside(ehdr.e_shoff, (uint64_t)ehdr.e_shnum * ehdr.e_shentsize,
                  size);
}

static bool segments_inside(Elf *elf, size_t size)
{
    GElf_Phdr phdr;
    size_t i, n;

    if (elf_getphdrnum(elf, &n))
        return false;
    for (i = 0; i < n; i++)
        if (!gelf_getphdr(elf, (int)i, &phdr) ||
            !inside(phdr.p_offset, phdr.p_filesz, size))
            return false;
    return true;
}

/*
 * Is all there that the ELF's tables speak of?  libxenguest would leave out
 * what is not, and build the rest.
 */
static bool is_complete(const struct xc_dom_image *dom)
{
    bool complete = false;
    Elf *elf;

    if (elf_version(EV_CURRENT) == EV_NONE)
        return false;
    elf = elf_memory(dom->kernel_blob, dom->kernel_size);
    if (elf)
        complete = elf_kind(elf) == ELF_K_ELF &&
                   tables_inside(elf, dom->kernel_size) &&
                   segments_inside(elf, dom->kernel_size);
    elf_end(elf);
    return complete;
}

/*
 * libxenguest tries its loaders and tells no more than that none of them
 * liked the file, so the reason is looked for here.  NULL: it is not known.
 */
static const char *why_refused(const struct xc_dom_image *dom)
{
    struct kernel_notes notes;

    if (!is_elf(dom))
        return "not an ELF image, nor one packed in a way libxenguest knows";
    if (!is_complete(dom) ||
        kernel_notes_read(dom->kernel_blob, dom->kernel_size, &notes))
        return "a damaged or truncated ELF image";
    if (dom->guest_type && !strcmp(dom->guest_type, "xen-3.0-x86_32"))
        return "a 32-bit kernel without PAE, which no 64-bit Xen runs";
    if (notes.phys32_entry && !notes.pv)
        return "a kernel for HVM and PVH guests only";
    if (!notes.pv)
        return "an ELF image without Xen's notes: not a PV kernel";
    return NULL;
}

static int parse(struct image *image, const struct config *cfg, struct diag *dg)
{
    struct xc_dom_image *dom = image->dom;
    bool parsed = !xc_dom_parse_image(dom);
    const char *why;

    if (parsed && is_complete(dom))
        return 0;
    why = why_refused(dom);
    if (why)
        return diag_fail(dg, DW_CONFIG, -ENOEXEC, "kernel %s: %s", cfg->kernel,
                         why);
    if (dom->guest_type && !strstr(dom->xen_caps, dom->guest_type))
        return diag_fail(dg, DW_REFUSED, -EOPNOTSUPP,
                         "kernel %s: this Xen runs no guests of type %s",
                         cfg->kernel, dom->guest_type);
    return bad_file("kernel", cfg->kernel, dg);
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
