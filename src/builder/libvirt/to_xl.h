/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt/to_xl.h - libvirt's XML of a Xen PV guest as the text of xl.cfg(5)
 * that means the same.
 *
 * xl's reader decides what a guest is to be, here as for every other file; this
 * only says it in xl's words.  What they have no word for is a fault, never
 * dropped.  A loadable module of its own, so that a command that reads no XML
 * does not wait for libxml2 and what that needs.
 */
#ifndef DW_LIBVIRT_TO_XL_H
#define DW_LIBVIRT_TO_XL_H

#include <stddef.h>

struct libvirt_fault {
    unsigned int line; /* of the XML; 0: of the whole */
    char what[240];
};

/* More than anybody reads. */
#define LIBVIRT_FAULTS 32

struct libvirt_xl {
    char *text;         /* a line for each setting, each ended by a newline */
    unsigned int *line; /* of the XML, for each of them */
    unsigned int nr;    /* lines */
    unsigned int width; /* of the guest that `arch` asks for: 32, 64; 0: none */
    unsigned int width_line;
    unsigned int faults; /* all that were found; as many as fit are in: */
    struct libvirt_fault fault[LIBVIRT_FAULTS];
    unsigned int kept; /* what libvirt's own conversion leaves out, likewise: */
    struct libvirt_fault keep[LIBVIRT_FAULTS];
};

/*
 * Reads `len` bytes of XML.  Nothing is fetched, neither from the network nor
 * from a file.  0; -EINVAL with at least one fault; -ENOMEM.  In any case
 * `text` and `line` are the caller's to give to free(3).
 */
typedef int libvirt_to_xl_fn(const char *xml, size_t len,
                             struct libvirt_xl *out);
libvirt_to_xl_fn libvirt_to_xl __attribute__((warn_unused_result));

#endif /* DW_LIBVIRT_TO_XL_H */
