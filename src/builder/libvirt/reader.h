/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt/reader.h - what the parts of the reader of libvirt's XML share: the
 * tables that say which elements are read, and how settings are written.
 */
#ifndef DW_LIBVIRT_READER_H
#define DW_LIBVIRT_READER_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "libvirt/to_xl.h"

/* A list of xl's that elements add their items to. */
enum reader_list {
    LIST_DISK,
    LIST_VIF,
    LIST_VFB,
    LIST_PCI,
    LIST_USBCTRL,
    LIST_USBDEV,
    LIST_CHANNEL,
    LIST_VNUMA,
    LIST_ARGUMENTS,
    LISTS
};

/* A vCPU's own list of CPUs; NULL: that of all. */
#define READER_PINS 8192

/* Text that grows in memory; set to zeros before. */
struct buffer {
    FILE *to;
    char *text;
    size_t len;
};

struct reader {
    struct libvirt_xl *out;
    FILE *text; /* out->text, as it grows */
    size_t text_len;
    bool no_memory; /* ran out of it: what was written may lack a part */
    struct {
        struct buffer items; /* without a stream: none yet */
        unsigned int line;
    } list[LISTS];
    /* What is told only when all is known. */
    uint64_t memory_mib, current_mib;
    uint64_t vcpus; /* libvirt's where none are said: 1 */
    bool xenbus;    /* it has been there */
    unsigned int memory_line, pin_line, consoles;
    char *cpuset;
    char **pin; /* READER_PINS of them, or NULL */
};

/* An element that is read, and how. */
struct element {
    const char *name;
    /* NULL: it changes nothing for a PV guest, nor does what is in it. */
    void (*read)(struct reader *rd, xmlNodePtr node);
    const char *attributes; /* that it may have, with blanks around each */
    bool many;              /* it may stand there more than once */
};

/*
 * Reads each child of `node` by `table`, which ends with a name of NULL; what
 * is not in it is a fault, and so is a second one of what may stand there once,
 * an unknown attribute, and text beside the elements.
 */
void read_children(struct reader *rd, xmlNodePtr node,
                   const struct element *table);

/* "LINE: <name>: what is wrong". */
void __attribute__((format(printf, 3, 4)))
fault(struct reader *rd, xmlNodePtr node, const char *fmt, ...);

/*
 * The element, or its attribute of that name, is in the text; libvirt's own
 * conversion leaves it out in silence.  Without such a `node` nothing is told.
 */
void kept(struct reader *rd, xmlNodePtr node, const char *attribute);

/* The text of an element, or of an attribute; NULL: no attribute.  free(3). */
char *text_of(struct reader *rd, xmlNodePtr node);
char *attribute(struct reader *rd, xmlNodePtr node, const char *name);
/* Is the attribute there, and of that value? */
bool attribute_is(struct reader *rd, xmlNodePtr node, const char *name,
                  const char *value);
/* One of `words`, which have blanks around each; a fault where it is not. */
bool attribute_among(struct reader *rd, xmlNodePtr node, const char *name,
                     const char *words);
/* The same, and a fault where there is none. */
bool attribute_needed(struct reader *rd, xmlNodePtr node, const char *name,
                      const char *words);
/* The child of that name, which is a valid one; NULL: none. */
xmlNodePtr child_of(xmlNodePtr node, const char *name);

/* Digits and nothing else, in decimal; a fault where it is something else. */
bool read_number(struct reader *rd, xmlNodePtr node, const char *text,
                 uint64_t *value);
/* A size in its unit, in MiB, rounded up. */
bool read_mib(struct reader *rd, xmlNodePtr node, const char *text,
              const char *unit, uint64_t *mib);

/* False, and no_memory, where there is none to begin it. */
bool buffer_begin(struct reader *rd, struct buffer *b);
/* All that was written, for free(3); NULL, and no_memory: it is not all. */
char *buffer_end(struct reader *rd, struct buffer *b);

/* A setting of its own line. */
void __attribute__((format(printf, 4, 5)))
set(struct reader *rd, xmlNodePtr node, const char *key, const char *fmt, ...);
/* The same with a string, which gets its quotes. */
void set_string(struct reader *rd, xmlNodePtr node, const char *key,
                const char *value);
/* Text in xl's quotes. */
void put_quoted(FILE *to, const char *value);

/* One more item of a list, which is text; it gets its quotes. */
void __attribute__((format(printf, 4, 5)))
add_item(struct reader *rd, xmlNodePtr node, enum reader_list list,
         const char *fmt, ...);
/* One that is text in xl's syntax already. */
void add_raw_item(struct reader *rd, xmlNodePtr node, enum reader_list list,
                  const char *item);

/*
 * May it stand between two commas of a device's description?  A fault where it
 * may not.
 */
bool is_plain(struct reader *rd, xmlNodePtr node, const char *what,
              const char *value);

/* Is it a disk's, to xl and to libvirt: xvda, hdc, sda1? */
bool is_disk_name(const char *name);

/* The parts.  read_path() writes the setting that an element's text is. */
void read_path(struct reader *rd, xmlNodePtr node);
void read_devices(struct reader *rd, xmlNodePtr node);
void read_cpu(struct reader *rd, xmlNodePtr node);

#endif /* DW_LIBVIRT_READER_H */
