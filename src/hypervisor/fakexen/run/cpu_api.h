/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cpu_api.h - the library's functions, as they were found; for cpu*.c alone.
 */
#ifndef FX_CPU_API_H
#define FX_CPU_API_H

#include "run/unicorn.h"

struct fx_cpu_api {
    unsigned int (*version)(unsigned int *major, unsigned int *minor);
    int (*open)(int arch, int mode, uc_engine **uc);
    int (*close)(uc_engine *uc);
    int (*ctl)(uc_engine *uc, uint32_t control, ...);
    int (*hook_add)(uc_engine *uc, uc_hook *hook, int type, void *callback,
                    void *arg, uint64_t begin, uint64_t end, ...);
    int (*mem_map_ptr)(uc_engine *uc, uint64_t address, size_t size,
                       uint32_t perms, void *at);
    int (*reg_read)(uc_engine *uc, int reg, void *value);
    int (*reg_write)(uc_engine *uc, int reg, const void *value);
    int (*context_alloc)(uc_engine *uc, uc_context **context);
    int (*context_save)(uc_engine *uc, uc_context *context);
    int (*context_restore)(uc_engine *uc, uc_context *context);
    size_t (*context_size)(uc_engine *uc);
    int (*free)(void *memory);
    int (*emu_start)(uc_engine *uc, uint64_t begin, uint64_t until,
                     uint64_t timeout, size_t count);
    int (*emu_stop)(uc_engine *uc);
};

/* How a context begins, from fx_cpu_library.env on: QEMU's CPUX86State
 * (target/i386/cpu.h of QEMU 5.0, which both 2.1.1 and 2.1.4 have). */
struct fx_env_segment {
    uint32_t selector, pad;
    uint64_t base;
    uint32_t limit, flags;
} __attribute__((packed));

struct fx_env {
    uint64_t regs[16], eip, eflags, cc_dst, cc_src, cc_src2;
    uint32_t cc_op;
    int32_t df;
    uint32_t hflags, hflags2;
    struct fx_env_segment segs[6], ldt, tr, gdt, idt;
    uint64_t cr[5];
} __attribute__((packed));

/* What follows where the error code is. */
struct fx_env_exception {
    int32_t error_code, is_int;
} __attribute__((packed));

#define FX_SUSPECTS 4096

struct fx_cpu {
    const struct fx_cpu_library *library;
    const struct fx_cpu_api *api;
    const struct fx_cpu_ops *ops;
    void *arg;
    uc_engine *uc;
    uc_context *context;
    bool is_64bit;
    struct fx_exit exit;   /* of the run that goes on */
    bool exited;           /* it has been told why */
    uint64_t forget;       /* fx_cpu_forget_code(): the page; or NOTHING */
    enum fx_access access; /* of the last fill() that said no */
    bool stepping;         /* the trap flag is set */
    /* Of the run that goes on: the block that it is in, if `block_size`, and
     * the bytes of instructions that were executed before. */
    uint64_t block, executed;
    uint32_t block_size;
    /* Blocks that are suspect, by their addresses; 0: none. */
    uint64_t suspect[FX_SUSPECTS];
    bool suspects; /* there was one */
};

#define FX_FORGET_NOTHING UINT64_MAX

static inline struct fx_env *fx_cpu_env(const struct fx_cpu *cpu)
{
    return (struct fx_env *)((char *)cpu->context + cpu->library->env);
}

/* What the library is not documented to do: 0, or -ENOTSUP with a line. */
int __attribute__((warn_unused_result))
fx_cpu_test(struct fx_cpu_library *library, char *why, size_t len);

#endif /* FX_CPU_API_H */
