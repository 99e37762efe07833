/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/libvirt.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "beside.h"

bool config_is_xml(const char *text, size_t len)
{
    size_t i = len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;

    while (i < len && strchr(" \t\r\n", text[i]))
        i++;
    return i < len && text[i] == '<';
}

/* It stays, as it is needed once, by a command that soon ends. */
static libvirt_to_xl_fn *load(struct diag *dg)
{
    static const struct beside self = {"src/builder/domwright", DW_DOMWRIGHT};
    static const struct beside file = {"src/builder/.libs/libvirt.so",
                                       DW_LIBVIRT};
    char path[PATH_MAX];
    void *module, *function;
    libvirt_to_xl_fn *to_xl = NULL;

    beside_find(path, &self, &file);
    module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    function = module ? dlsym(module, "libvirt_to_xl") : NULL;
    if (function)
        memcpy(&to_xl, &function, sizeof(to_xl));
    else
        (void)!diag_fail(dg, DW_FAILED, -ENOENT,
                         "reading libvirt's XML: the module %s: %s", path,
                         dlerror());
    return to_xl;
}

_Static_assert(LIBVIRT_FAULTS <= DIAG_LINES, "each has a line");

/* The last line that is shown says how many have none. */
static void tell(const char *source, const struct libvirt_xl *out,
                 struct diag *dg)
{
    const unsigned int told =
        out->faults > LIBVIRT_FAULTS ? LIBVIRT_FAULTS - 1 : out->faults;

    for (unsigned int i = 0; i < told; i++) {
        const struct libvirt_fault *f = &out->fault[i];

        if (f->line)
            (void)!diag_fail(dg, DW_CONFIG, -EINVAL, "%s:%u: %s", source,
                             f->line, f->what);
        else
            (void)!diag_fail(dg, DW_CONFIG, -EINVAL, "%s: %s", source, f->what);
        diag_next(dg);
    }
    if (told < out->faults)
        (void)!diag_fail(dg, DW_CONFIG, -EINVAL, "%s: %u faults more", source,
                         out->faults - told);
}

int config_libvirt_read(struct config *cfg, const char *source,
                        const char *text, size_t len, struct libvirt_xl *out,
                        struct diag *dg)
{
    libvirt_to_xl_fn *to_xl = load(dg);
    int rc = to_xl ? to_xl(text, len, out) : -ENOENT;

    if (rc == -EINVAL)
        tell(source, out, dg);
    else if (rc == -ENOMEM)
        rc = diag_fail(dg, DW_FAILED, rc, "out of memory");
    cfg->width = out->width;
    return rc;
}

void config_libvirt_dispose(struct libvirt_xl *out)
{
    free(out->text);
    free(out->line);
    *out = (struct libvirt_xl){0};
}
