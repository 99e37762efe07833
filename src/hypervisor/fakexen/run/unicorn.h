/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * unicorn.h - as much of the public API of Unicorn 2 (unicorn/unicorn.h,
 * unicorn/x86.h) as the CPU uses, which is loaded at run time: the build needs
 * nothing of it.
 */
#ifndef FX_UNICORN_H
#define FX_UNICORN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct uc_struct uc_engine;
typedef struct uc_context uc_context;
typedef size_t uc_hook;

#define UC_ARCH_X86        4
#define UC_MODE_32         (1 << 2)
#define UC_MODE_64         (1 << 3)
#define UC_ERR_OK          0
#define UC_ERR_EXCEPTION   21
#define UC_CPU_X86_NEHALEM 15
#define UC_PROT_READ       1
#define UC_PROT_WRITE      2
#define UC_PROT_EXEC       4
#define UC_MEM_READ        16
#define UC_MEM_WRITE       17
#define UC_MEM_FETCH       18
#define UC_TLB_VIRTUAL     1
#define UC_X86_INS_CPUID   113
#define UC_X86_INS_SYSCALL 699

/* uc_hook_add()'s kinds. */
#define UC_HOOK_INTR           (1 << 0)
#define UC_HOOK_INSN           (1 << 1)
#define UC_HOOK_BLOCK          (1 << 3)
#define UC_HOOK_INSN_INVALID   (1 << 14)
#define UC_HOOK_EDGE_GENERATED (1 << 15)
#define UC_HOOK_TLB_FILL       (1 << 17)

/* uc_ctl()'s commands, with how many arguments each has. */
#define UC_CTL_WRITE(type, nr) ((uint32_t)(type) | (nr) << 26 | 1u << 30)
#define UC_CTL_UC_USE_EXITS    UC_CTL_WRITE(4, 1u)
#define UC_CTL_CPU_MODEL       UC_CTL_WRITE(7, 1u)
#define UC_CTL_TB_REMOVE_CACHE UC_CTL_WRITE(9, 2u)
#define UC_CTL_TLB_FLUSH       UC_CTL_WRITE(11, 0u)
#define UC_CTL_TLB_TYPE        UC_CTL_WRITE(12, 1u)

/* uc_reg_read()'s and uc_reg_write()'s registers. */
#define UC_X86_REG_CS      11
#define UC_X86_REG_EAX     19
#define UC_X86_REG_EBX     21
#define UC_X86_REG_ECX     22
#define UC_X86_REG_EDX     24
#define UC_X86_REG_RAX     35
#define UC_X86_REG_FPSW    31
#define UC_X86_REG_RBP     36
#define UC_X86_REG_RBX     37
#define UC_X86_REG_RCX     38
#define UC_X86_REG_RDI     39
#define UC_X86_REG_RDX     40
#define UC_X86_REG_RIP     41
#define UC_X86_REG_RSI     43
#define UC_X86_REG_RSP     44
#define UC_X86_REG_CR4     54
#define UC_X86_REG_FP0     82
#define UC_X86_REG_R8      106
#define UC_X86_REG_ST0     114
#define UC_X86_REG_XMM0    122
#define UC_X86_REG_FPCW    246
#define UC_X86_REG_FPTAG   247
#define UC_X86_REG_MXCSR   249
#define UC_X86_REG_FS_BASE 250
#define UC_X86_REG_GS_BASE 251

typedef struct uc_tlb_entry {
    uint64_t paddr;
    uint32_t perms;
} uc_tlb_entry;

typedef struct uc_tb {
    uint64_t pc;
    uint16_t icount, size;
} uc_tb;

#endif /* FX_UNICORN_H */
