/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt/writer.h - what the parts of the writer of libvirt's XML share.
 */
#ifndef DW_LIBVIRT_WRITER_H
#define DW_LIBVIRT_WRITER_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "libvirt/from_xl.h"

struct writer {
    const struct setting *all;
    const struct setting *now; /* the one that notes are about */
    bool *taken;               /* of each in `all`: it has been written */
    struct libvirt_xml *out;
    xmlDocPtr doc;
    xmlNodePtr domain, devices;
    bool no_memory;
};

/*
 * The setting of that key, which is taken with that, and is what notes are
 * about from now on; NULL: there is none, or it asks for nothing.
 */
const struct setting *take(struct writer *w, const char *key);

/* The guest would be another one without it. */
void __attribute__((format(printf, 2, 3)))
note_refused(struct writer *w, const char *fmt, ...);
/* It is the same guest; or libvirt would read the file otherwise. */
void __attribute__((format(printf, 2, 3)))
note(struct writer *w, const char *fmt, ...);

/* Text that is NULL is none.  What XML has no way to write is refused. */
xmlNodePtr add_element(struct writer *w, xmlNodePtr in, const char *name,
                       const char *text);
void add_attribute(struct writer *w, xmlNodePtr to, const char *name,
                   const char *value);
void __attribute__((format(printf, 4, 5)))
add_formatted(struct writer *w, xmlNodePtr to, const char *name,
              const char *fmt, ...);

/* A number from 0 up, as xl reads one; false: none. */
bool number_of(const char *text, unsigned long *value);
/* Does xl take it for yes? */
bool is_on(const char *text);

/* The parts. */
void write_vcpus(struct writer *w);
void write_cpu(struct writer *w);
void write_devices(struct writer *w);

#endif /* DW_LIBVIRT_WRITER_H */
