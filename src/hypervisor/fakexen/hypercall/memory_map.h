/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory_map.h - what memory there is: E820 maps, and where the M2P lies.
 */
#ifndef FX_MEMORY_MAP_H
#define FX_MEMORY_MAP_H

#include "domain/caller.h"

/* XENMEM_machphys_mfn_list, XENMEM_machphys_compat_mfn_list. */
long fx_m2p_list_op(const struct fx_caller *caller, uint64_t command,
                    uint64_t at);

/* XENMEM_set_memory_map, XENMEM_memory_map (the caller's own),
 * XENMEM_machine_memory_map. */
long fx_set_memory_map_op(const struct fx_caller *caller, uint64_t at);
long fx_memory_map_op(const struct fx_caller *caller, uint64_t at);
long fx_machine_memory_map_op(const struct fx_caller *caller, uint64_t at);

/* XENMEM_machphys_mapping. */
long fx_m2p_mapping_op(const struct fx_caller *caller, uint64_t at);

/* XENMEM_reserved_device_memory_map. */
long fx_reserved_memory_op(const struct fx_caller *caller, uint64_t at);

#endif /* FX_MEMORY_MAP_H */
