/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "libvirt/cpu_flags.h"

const struct cpu_flag cpu_flags[] = {
    {"clflush", "clfsh"},
    {"cid", "cntxid"},
    {"cmp_legacy", "cmplegacy"},
    {"cr8legacy", "altmovcr8"},
    {"cx16", "cmpxchg16"},
    {"cx8", "cmpxchg8"},
    {"ds_cpl", "dscpl"},
    {"fxsr_opt", "ffxsr"},
    {"ht", "htt"},
    {"lahf_lm", "lahfsahf"},
    {"nodeid_msr", "nodeid"},
    {"pclmuldq", "pclmulqdq"},
    {"pdpe1gb", "page1gb"},
    {"pn", "psn"},
    {"pni", "sse3"},
    {"sep", "sysenter"},
    {"spec-ctrl", "ibrsb"},
};

const unsigned int n_cpu_flags = sizeof(cpu_flags) / sizeof(cpu_flags[0]);
