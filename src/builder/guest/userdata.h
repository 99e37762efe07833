/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * userdata.h - what libxl keeps of a domain in /var/lib/xen.
 *
 * libxl has a file for each kind of data, userdata-d.ID.UUID.KIND; of kind
 * "libxl-json" is the domain's configuration, which xl needs for list -l, save,
 * migrate, mem-set, vcpu-set, block-attach and more.  Who changes a domain's
 * files holds its lock, userdata-l.ID.UUID.domain-userdata-lock (libxl's
 * libxl_dom.c and libxl_internal.c).
 *
 * On an embedded host of a machine that has Xen these are the files of Xen's
 * own guests, which have IDs of their own, and may have the same UUIDs: there
 * nothing is written and nothing removed.
 */
#ifndef DW_USERDATA_H
#define DW_USERDATA_H

#include <jansson.h>
#include <stdint.h>

#include "config/guest_config.h"
#include "host/host.h"

/*
 * Writes the configuration of a domain that exists, as libxl would have
 * written it; an earlier one is replaced at once or not at all.  0 or a
 * negative errno; 0, too, where nobody would read it: there is no /var/lib/xen,
 * as where xl is not installed; it is another host's; or an embedded host's
 * user may not write there.
 */
int __attribute__((warn_unused_result))
userdata_keep(struct host *host, uint32_t domid, const struct config *cfg);

/*
 * What is kept as the domain's configuration, in malloc(3)ed memory; -ENOENT:
 * nothing is.
 */
int __attribute__((warn_unused_result))
userdata_read(uint32_t domid, const uint8_t uuid[UUID_BYTES], char **json);

/*
 * A configuration as libxl writes it, on a host of so many CPUs, in the CPU
 * pool of that ID.  A new reference; NULL where memory ran out.
 */
json_t *userdata_json(const struct config *cfg, unsigned int cpus,
                      uint32_t pool);

/*
 * Removes all files of a domain, whoever wrote them; that there are none is no
 * error.
 */
int __attribute__((warn_unused_result))
userdata_remove(uint32_t domid, const uint8_t uuid[UUID_BYTES]);

#endif /* DW_USERDATA_H */
