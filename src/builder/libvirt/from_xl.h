/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt/from_xl.h - a PV guest's configuration as libvirt's XML, as its own
 * converter writes it (virsh domxml-from-native xen-xl), but for what that
 * takes otherwise than xl does, or drops.
 *
 * In the module of libvirt/to_xl.h.
 */
#ifndef DW_LIBVIRT_FROM_XL_H
#define DW_LIBVIRT_FROM_XL_H

#include <stdbool.h>

#include "settings.h"

/* What XML cannot say of a setting. */
struct libvirt_note {
    bool refused;      /* it would be another guest */
    const char *where; /* the setting's; NULL: its line is not known */
    const char *key;
    char what[200];
};

#define LIBVIRT_NOTES 64

struct libvirt_xml {
    char *text;                  /* NULL where anything was refused */
    unsigned int notes, refused; /* all; as many as fit are in: */
    struct libvirt_note note[LIBVIRT_NOTES];
};

/*
 * `all` is as config/normal.h makes it, and is to outlive the notes.  `width`
 * is the kernel's, 32 or 64; 0: not known.  0; -EINVAL: something was refused;
 * -ENOMEM.  In any case `text` is the caller's to give to free(3).
 */
typedef int libvirt_from_xl_fn(const struct setting *all, unsigned int width,
                               struct libvirt_xml *out);
libvirt_from_xl_fn libvirt_from_xl __attribute__((warn_unused_result));

#endif /* DW_LIBVIRT_FROM_XL_H */
