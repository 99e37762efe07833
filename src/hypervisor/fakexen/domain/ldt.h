/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ldt.h - a vCPU's LDT: frames that are tables of descriptors for as long as
 * the CPU may read them.
 *
 * The guest says where it is (MMUEXT_SET_LDT, a context); each page of it gets
 * its references when it is first used, and keeps them until the LDT or the
 * tables are others.  With the lock held.
 */
#ifndef FX_LDT_H
#define FX_LDT_H

#include <stdint.h>

#include "machine/host.h"

#define FX_LDT_MAX   8192 /* entries */
#define FX_LDT_PAGES 16

/*
 * The frame of that page of the vCPU's LDT, which is checked first if need be;
 * FX_NO_MFN: there is none that could be one.
 */
uint64_t fx_ldt_page(struct fx_host *host, struct fx_domain *domain,
                     uint32_t vcpu, unsigned int page);

/* Gives all of them back. */
void fx_put_ldt(struct fx_host *host, struct fx_domain *domain, uint32_t vcpu);

#endif /* FX_LDT_H */
