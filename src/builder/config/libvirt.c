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
static void *load(const char *name, struct diag *dg)
{
    static const struct beside self = {"src/builder/domwright", DW_DOMWRIGHT};
    static const struct beside file = {"src/builder/.libs/libvirt.so",
                                       DW_LIBVIRT};
    char path[PATH_MAX];
    void *module, *function;

    beside_find(path, &self, &file);
    module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    function = module ? dlsym(module, name) : NULL;
    if (!function)
        (void)!diag_fail(dg, DW_FAILED, -ENOENT,
                         "libvirt's XML: the module %s: %s", path, dlerror());
    return function;
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

static void tell_kept(const char *source, const struct libvirt_xl *out)
{
    for (unsigned int i = 0; i < out->kept && i < LIBVIRT_FAULTS; i++)
        diag_warn("%s:%u: %s", source, out->keep[i].line, out->keep[i].what);
    if (out->kept > LIBVIRT_FAULTS)
        diag_warn("%s: libvirt would leave out %u parts more", source,
                  out->kept - LIBVIRT_FAULTS);
}

int config_libvirt_read(struct config *cfg, const char *source,
                        const char *text, size_t len, struct libvirt_xl *out,
                        struct diag *dg)
{
    void *function = load("libvirt_to_xl", dg);
    libvirt_to_xl_fn *to_xl;
    int rc = -ENOENT;

    if (function) {
        memcpy(&to_xl, &function, sizeof(to_xl));
        rc = to_xl(text, len, out);
    }
    if (rc == -EINVAL)
        tell(source, out, dg);
    else if (rc == -ENOMEM)
        rc = diag_fail(dg, DW_FAILED, rc, "out of memory");
    else if (!rc && cfg->tells_kept)
        tell_kept(source, out);
    cfg->width = out->width;
    return rc;
}

void config_libvirt_dispose(struct libvirt_xl *out)
{
    free(out->text);
    free(out->line);
    *out = (struct libvirt_xl){0};
}

/* ---- the other way ---- */

static void tell_note(const struct config *cfg, const struct libvirt_note *note,
                      struct diag *dg)
{
    const char *where = note->where ? note->where : cfg->source;
    const char *key = note->key ? note->key : "";
    const char *colon = note->key ? ": " : "";

    if (!note->refused) {
        diag_warn("%s: %s%s%s", where, key, colon, note->what);
        return;
    }
    (void)!diag_fail(dg, DW_CONFIG, -EINVAL, "%s: %s%s%s", where, key, colon,
                     note->what);
    diag_next(dg);
}

static void tell_notes(const struct config *cfg, const struct libvirt_xml *out,
                       struct diag *dg)
{
    for (unsigned int i = 0; i < out->notes && i < LIBVIRT_NOTES; i++)
        tell_note(cfg, &out->note[i], dg);
    if (out->notes <= LIBVIRT_NOTES)
        return;
    if (out->refused)
        (void)!diag_fail(dg, DW_CONFIG, -EINVAL, "%s: %u more such lines",
                         cfg->source, out->notes - LIBVIRT_NOTES);
    else
        diag_warn("%s: %u more such lines", cfg->source,
                  out->notes - LIBVIRT_NOTES);
}

int config_write_libvirt(const struct config *cfg, unsigned int width, FILE *to,
                         struct diag *dg)
{
    void *function = load("libvirt_from_xl", dg);
    libvirt_from_xl_fn *from_xl;
    struct libvirt_xml out;
    int rc;

    if (!function)
        return -ENOENT;
    memcpy(&from_xl, &function, sizeof(from_xl));
    rc = from_xl(&cfg->settings, width, &out);
    if (rc == -ENOMEM)
        rc = diag_fail(dg, DW_FAILED, rc, "out of memory");
    else
        tell_notes(cfg, &out, dg);
    if (!rc && to)
        fputs(out.text, to);
    free(out.text);
    return rc;
}
