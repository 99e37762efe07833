/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The shared object that brings the builder to stock xl and to libvirt: loaded
 * in front of them (LD_PRELOAD), it registers our hooks before main().
 *
 * DW_XENGUEST is the soname of the libxenguest that this was built for; the
 * structures of its hooks are no stable interface.  Where a process has another
 * one, that builds with its own hooks: its functions have its version in their
 * names (VERS_4.17.0, libxenguest_4.20.0), so that neither it nor libxl ever
 * meets ours.
 */
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenguest.h>

#include "hooks/hooks.h"

/* What tells a file that holds this from others: host/plugged.c looks for it.
 */
__attribute__((used)) static const char version[] =
    "domwright-plugin " DW_VERSION;

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static bool begins(const char *text, const char *with)
{
    return !strncmp(text, with, strlen(with));
}

struct libraries {
    const char *other; /* a libxenguest that is not ours; NULL: none */
    bool toolstack;    /* something that builds guests, or starts what does */
};

static int look_at(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct libraries *found = arg;
    const char *name = base_of(info->dlpi_name);

    (void)size;
    if (begins(name, "libxenguest.so.") && strcmp(name, DW_XENGUEST) != 0)
        found->other = name;
    if (begins(name, "libxenlight.so.") || begins(name, "libvirt.so."))
        found->toolstack = true;
    return 0;
}

/* Entry `entry` of LD_PRELOAD, `len` bytes long: is it this file? */
static bool is_self(const char *entry, size_t len, const char *self)
{
    if (!memchr(entry, '/', len))
        self = base_of(self);
    return strlen(self) == len && !memcmp(entry, self, len);
}

/*
 * What the toolstack starts, hook scripts and device models, is nothing of
 * ours; but whatever stands before the toolstack, Debian's script for xl, a
 * timeout(1), hands us on.  In what order the others are, and how they are
 * kept apart (ld.so(8): by colons or spaces), stays as it is.
 */
static void leave_environment(const char *self)
{
    char *rest, *end;
    const char *at;

    unsetenv("DOMWRIGHT_HOOKS");
    at = getenv("LD_PRELOAD");
    rest = at ? malloc(strlen(at) + 1) : NULL;
    if (!rest)
        return;
    end = rest;
    while (*at) {
        size_t len = strcspn(at, " :"), apart = strspn(at + len, " :");

        if (!is_self(at, len, self)) {
            memcpy(end, at, len + apart);
            end += len + apart;
        }
        at += len + apart;
    }
    while (end > rest && strchr(" :", end[-1]))
        end--;
    *end = '\0';
    if (end == rest)
        unsetenv("LD_PRELOAD");
    else
        setenv("LD_PRELOAD", rest, 1);
    free(rest);
}

/* The library's own. */
static int (*their_mem_init)(struct xc_dom_image *dom);
static void (*their_release)(struct xc_dom_image *dom);

/*
 * In the place of libxenguest's, which says "can't allocate low memory" of
 * whatever our first step refuses, after we have told why.
 */
__attribute__((visibility("default"))) int
xc_dom_boot_mem_init(struct xc_dom_image *dom)
{
    return dw_hooks_build(dom) ? dom->arch_hooks->meminit(dom)
                               : their_mem_init(dom);
}

/* libxl comes here when it has told what it makes of a step that failed. */
__attribute__((visibility("default"))) void
xc_dom_release(struct xc_dom_image *dom)
{
    dw_hooks_tell_refusal(dom);
    their_release(dom);
}

/* HVM and PVH guests are built as ever, and the log says so. */
static struct {
    struct xc_dom_arch arch;
    int (*meminit)(struct xc_dom_image *dom);
} hvm = {.arch.guest_type = (char *)"none"};

static int hvm_meminit(struct xc_dom_image *dom)
{
    xc_dom_printf(dom->xch,
                  "domwright " DW_VERSION
                  ": domain %u is no PV guest: left to libxenguest's builder",
                  dom->guest_domid);
    return hvm.meminit(dom);
}

/* Whoever registers is told who did so before. */
static void register_hvm(void)
{
    struct xc_dom_arch *next, *theirs;

    xc_dom_register_arch_hooks(&hvm.arch);
    next = theirs = hvm.arch.next;
    while (theirs && strcmp(theirs->guest_type, "hvm-3.0-x86_32") != 0)
        theirs = theirs->next;
    if (!theirs)
        return;
    hvm.arch = *theirs;
    hvm.arch.next = next;
    hvm.meminit = theirs->meminit;
    hvm.arch.meminit = hvm_meminit;
}

/*
 * A process goes on without our hooks where they cannot be, unless it was
 * started for their sake ("domwright xl").
 */
static void refuse(const char *other)
{
    const char *hooks = getenv("DOMWRIGHT_HOOKS");
    bool must = hooks && !strcmp(hooks, "required");

    fprintf(stderr,
            "domwright: %sthis plugin is for " DW_XENGUEST
            " and does not work with %s%s\n",
            must ? "" : "warning: ", other,
            must ? "" : "; the library's own builder is used");
    if (must)
        _exit(1);
}

__attribute__((constructor)) static void plugin_init(void)
{
    const char *order = getenv("DOMWRIGHT_PIN_ORDER");
    struct libraries found = {.other = NULL};
    Dl_info self;

    dl_iterate_phdr(look_at, &found);
    *(void **)&their_mem_init = dlsym(RTLD_NEXT, "xc_dom_boot_mem_init");
    *(void **)&their_release = dlsym(RTLD_NEXT, "xc_dom_release");
    if (found.other)
        refuse(found.other);
    if (found.toolstack && dladdr(version, &self))
        leave_environment(self.dli_fname);
    if (found.other)
        return;
    dw_hooks_keep_refusals();
    dw_hooks_register(order && !strcmp(order, "root") ? PIN_ROOT : PIN_LEVELS,
                      NULL);
    register_hvm();
}
