/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt/write_devices.h - what the writers of devices share.
 */
#ifndef DW_LIBVIRT_WRITE_DEVICES_H
#define DW_LIBVIRT_WRITE_DEVICES_H

#include "libvirt/writer.h"

/* Refuses each of the `n` parts of those names that the device has. */
void refuse_parts(struct writer *w, const struct setting *device,
                  const char *const *names, unsigned int n);

/* Refuses values that no XML gives back to an xl file. */
void check_parts(struct writer *w, const struct setting *device);

/* The domain that serves the device, where it is not domain 0. */
void write_backend(struct writer *w, xmlNodePtr node,
                   const struct setting *device);

/* One of `list`, which notes are about. */
void write_disk(struct writer *w, const struct setting *list,
                const struct setting *disk);
void write_vif(struct writer *w, const struct setting *vif);
/* All of vfb, or of vnc at top level. */
void write_graphics(struct writer *w);

#endif /* DW_LIBVIRT_WRITE_DEVICES_H */
