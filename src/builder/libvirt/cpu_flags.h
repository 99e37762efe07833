/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt/cpu_flags.h - CPU flags that libvirt and libxl have different names
 * for; all others have the same.
 *
 * libvirt's come from its src/cpu_map, libxl's from xl.cfg(5).
 */
#ifndef DW_LIBVIRT_CPU_FLAGS_H
#define DW_LIBVIRT_CPU_FLAGS_H

struct cpu_flag {
    const char *libvirt, *xl;
};

extern const struct cpu_flag cpu_flags[];
extern const unsigned int n_cpu_flags;

#endif /* DW_LIBVIRT_CPU_FLAGS_H */
