/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* x86_entry.h - what assembly and C of the x86 payload share. */
#ifndef BARE_X86_ENTRY_H
#define BARE_X86_ENTRY_H

/* From physical to virtual addresses of the image, where it was loaded. */
#define IMAGE_OFFSET 0xffffffff80000000

#ifndef __ASSEMBLER__

#include <stdint.h>

extern uint8_t image_start[], text_end[], rodata_end[], changing[], image_end[];
extern const uint32_t boot_magic, boot_info;

/* What there is of static tables; the last has none. */
struct static_table {
    uint64_t *slots;
    uint32_t level;
    uint32_t constant;
};
#define MAX_STATIC 16
extern const struct static_table static_tables[];

/* The static tables' root, the image's pages, and 2 MiB of virtual = physical.
 */
extern uint64_t root[], l1_image[], l1_identity[];

/* Copies, and then loads CR3; nothing writes to memory in between. */
void move_to(void *to, const void *from, uint64_t bytes, uint64_t cr3);

/*
 * Accesses that may fault: 0, or 1 if it trapped, and how is in last_trap.
 * What probe_exec() calls has to be a "ret".
 */
int probe_read(const volatile void *at, uint64_t *value);
int probe_write(volatile void *at, uint64_t value);
int probe_exec(const void *at);

/* Where probes may trap, and where they go on. */
extern const uint64_t probe_fixups[], probe_fixups_end[];
void probe_trapped(void);

extern uint8_t trap_stubs[];
#define TRAP_STUB_BYTES 16
#define TRAPS           32

struct trap_frame {
    uint64_t r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax;
    uint64_t vector, error_code;
    uint64_t ip, cs, flags, sp, ss;
};

void bare_main(void);
void bare_trap(struct trap_frame *frame);

#endif /* !__ASSEMBLER__ */
#endif /* BARE_X86_ENTRY_H */
