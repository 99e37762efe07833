/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cpu.c - the engine, its registers and how a run ends.
 *
 * The public calls for registers load segments as an instruction would, out of
 * tables that may not be there, and there is none for an exception's error
 * code.  So registers go by way of a context, which is the processor's state as
 * the engine has it, at places that cpu_test.c has made sure of.
 */
#include "run/cpu.h"

#include <stdlib.h>
#include <string.h>

#include "run/cpu_api.h"

/* The engine's own flags about the state (HF_* of target/i386/cpu.h). */
#define HF_CS32      (1u << 4)
#define HF_SS32      (1u << 5)
#define HF_ADDSEG    (1u << 6)
#define HF_PE        (1u << 7)
#define HF_MP        (1u << 9)
#define HF_TS        (1u << 11)
#define HF_LMA       (1u << 14)
#define HF_CS64      (1u << 15)
#define HF_OSFXSR    (1u << 22)
#define CC_OP_EFLAGS 1

/* PG AM WP NE ET MP PE, without TS; and what Xen has in CR4 that shows: PAE MCE
 * OSFXSR OSXMMEXCPT, and TSD, as the TSC is Xen's to tell. */
#define CR0    UINT64_C(0x80050033)
#define CR0_TS (UINT64_C(1) << 3)
#define CR4    UINT64_C(0x664)

#define TRAP_DB 1

#define EFLAGS_FIXED 2u
#define EFLAGS_TF    (1u << 8)

/* What an instruction of AVX, and some others, begins with; and what may stand
 * before it, and be an error. */
#define VEX_2    0xc5
#define VEX_3    0xc4
#define VEX_MAP  0x1f
#define PREFIXES "\x26\x2e\x36\x3e\x64\x65\x66\x67\xf2\xf3"

/* A page that no guest has: it stands for the code to be forgotten. */
#define FORGET_ADDRESS UINT64_C(0x7fffe000)

/* -- what the engine calls while it runs -- */

static void end_run(struct fx_cpu *cpu, enum fx_exit_reason reason)
{
    if (!cpu->exited)
        cpu->exit.reason = reason;
    cpu->exited = true;
    cpu->api->emu_stop(cpu->uc);
}

static void on_interrupt(uc_engine *uc, uint32_t vector, void *arg)
{
    struct fx_cpu *cpu = arg;

    (void)uc;
    cpu->exit.vector = (uint8_t)vector;
    end_run(cpu, FX_EXIT_EXCEPTION);
}

/* #UD: on_interrupt() gets it then. */
static bool on_invalid(uc_engine *uc, void *arg)
{
    (void)uc;
    (void)arg;
    return true;
}

static void on_syscall(uc_engine *uc, void *arg)
{
    (void)uc;
    end_run(arg, FX_EXIT_SYSCALL);
}

static int on_cpuid(uc_engine *uc, void *arg)
{
    static const int wide[4] = {UC_X86_REG_RAX, UC_X86_REG_RBX, UC_X86_REG_RCX,
                                UC_X86_REG_RDX};
    static const int narrow[4] = {UC_X86_REG_EAX, UC_X86_REG_EBX,
                                  UC_X86_REG_ECX, UC_X86_REG_EDX};
    struct fx_cpu *cpu = arg;
    const int *names = cpu->is_64bit ? wide : narrow;
    uint32_t registers[4];
    uint64_t value;
    int i;

    for (i = 0; i < 4; i++) {
        value = 0;
        cpu->api->reg_read(uc, names[i], &value);
        registers[i] = (uint32_t)value;
    }
    cpu->ops->cpuid(cpu->arg, registers);
    for (i = 0; i < 4; i++) {
        value = registers[i];
        cpu->api->reg_write(uc, names[i], &value);
    }
    return 1; /* it is done */
}

/* The most of a block that is looked at; the engine's are shorter. */
#define MAX_BLOCK 4096

static uint64_t *place_of(struct fx_cpu *cpu, uint64_t address)
{
    return &cpu->suspect[(address ^ address >> 12) % FX_SUSPECTS];
}

/* Could an instruction of it have a VEX prefix?  Where they begin is not known
 * here. */
static bool is_suspect(const uint8_t *code, size_t size, bool is_64bit)
{
    size_t i;

    for (i = 0; i < size; i++)
        if ((code[i] == VEX_2 || code[i] == VEX_3) &&
            fx_cpu_is_vex(code + i, size - i, is_64bit))
            return true;
    return false;
}

/* A block was translated, and is about to be executed. */
static void on_translation(uc_engine *uc, uc_tb *block, uc_tb *before,
                           void *arg)
{
    struct fx_cpu *cpu = arg;
    uint8_t code[MAX_BLOCK];
    size_t size = block->size < MAX_BLOCK ? block->size : MAX_BLOCK;

    (void)uc;
    (void)before;
    if (cpu->stepping)
        return;
    size = cpu->ops->code(cpu->arg, block->pc, code, size);
    if (!is_suspect(code, size, cpu->is_64bit)) {
        fx_cpu_clear(cpu, block->pc); /* which another block was at */
        return;
    }
    *place_of(cpu, block->pc) = block->pc;
    cpu->suspects = true;
}

void fx_cpu_clear(struct fx_cpu *cpu, uint64_t address)
{
    uint64_t *place = place_of(cpu, address);

    if (*place == address)
        *place = 0;
}

bool fx_cpu_is_vex(const uint8_t *code, size_t size, bool is_64bit)
{
    size_t i = 0;

    while (i < size && code[i] && strchr(PREFIXES, code[i]))
        i++;
    if (i + 1 >= size || (code[i] != VEX_2 && code[i] != VEX_3))
        return false;
    /* Otherwise LES and LDS, which have a memory operand. */
    if (!is_64bit && (code[i + 1] & 0xc0) != 0xc0)
        return false;
    /* Of the maps of instructions the engine refuses the others itself. */
    return code[i] == VEX_2 ||
           ((code[i + 1] & VEX_MAP) >= 1 && (code[i + 1] & VEX_MAP) <= 3);
}

/* Only from here an engine can be stopped from outside: elsewhere it loses its
 * place. */
static void on_block(uc_engine *uc, uint64_t address, uint32_t size, void *arg)
{
    struct fx_cpu *cpu = arg;

    (void)uc;
    cpu->executed += cpu->block_size; /* of the one before */
    cpu->block_size = 0;
    if (cpu->ops->stop(cpu->arg)) {
        end_run(cpu, FX_EXIT_STOPPED);
        return;
    }
    if (cpu->suspects && !cpu->stepping && *place_of(cpu, address) == address &&
        address) {
        cpu->exit.address = address;
        cpu->exit.size = size;
        end_run(cpu, FX_EXIT_SUSPECT);
        return;
    }
    cpu->block = address;
    cpu->block_size = size;
}

static bool on_fill(uc_engine *uc, uint64_t address, int type,
                    uc_tlb_entry *entry, void *arg)
{
    struct fx_cpu *cpu = arg;
    struct fx_cpu_page page;
    enum fx_access access = type == UC_MEM_FETCH   ? FX_FETCH
                            : type == UC_MEM_WRITE ? FX_WRITE
                                                   : FX_READ;

    (void)uc;
    if (cpu->forget != FX_FORGET_NOTHING)
        page = (struct fx_cpu_page){.address = cpu->forget, .execute = true};
    else if (!cpu->ops->fill(cpu->arg, address, access, &page)) {
        cpu->access = access;
        return false;
    }
    entry->paddr = page.address;
    entry->perms = (page.read ? UC_PROT_READ : 0) |
                   (page.write ? UC_PROT_WRITE : 0) |
                   (page.execute ? UC_PROT_EXEC : 0);
    return true;
}

/* -- the engine -- */

static int add_hooks(struct fx_cpu *cpu)
{
    const struct fx_cpu_api *api = cpu->api;
    uc_hook hook;

    /* The one for syscall first: the engine looks at no other one then. */
    return api->hook_add(cpu->uc, &hook, UC_HOOK_INSN, (void *)on_syscall, cpu,
                         1, 0, UC_X86_INS_SYSCALL) ||
           api->hook_add(cpu->uc, &hook, UC_HOOK_INSN, (void *)on_cpuid, cpu, 1,
                         0, UC_X86_INS_CPUID) ||
           api->hook_add(cpu->uc, &hook, UC_HOOK_INTR, (void *)on_interrupt,
                         cpu, 1, 0) ||
           api->hook_add(cpu->uc, &hook, UC_HOOK_INSN_INVALID,
                         (void *)on_invalid, cpu, 1, 0) ||
           api->hook_add(cpu->uc, &hook, UC_HOOK_BLOCK, (void *)on_block, cpu,
                         1, 0) ||
           api->hook_add(cpu->uc, &hook, UC_HOOK_EDGE_GENERATED,
                         (void *)on_translation, cpu, 1, 0) ||
           api->hook_add(cpu->uc, &hook, UC_HOOK_TLB_FILL, (void *)on_fill, cpu,
                         1, 0);
}

static int set_up(struct fx_cpu *cpu, const struct fx_cpu_memory *memory,
                  size_t nr)
{
    const struct fx_cpu_api *api = cpu->api;
    uint64_t cr4 = CR4;

    if (api->open(UC_ARCH_X86, cpu->is_64bit ? UC_MODE_64 : UC_MODE_32,
                  &cpu->uc))
        return -1;
    /* Never the default one, which differs from version to version.  This one
     * has POPCNT, and no AVX. */
    if (api->ctl(cpu->uc, UC_CTL_CPU_MODEL, UC_CPU_X86_NEHALEM) ||
        api->ctl(cpu->uc, UC_CTL_TLB_TYPE, UC_TLB_VIRTUAL) ||
        /* There is no address at which a run is to end. */
        api->ctl(cpu->uc, UC_CTL_UC_USE_EXITS, 1))
        return -1;
    while (nr--) {
        uint32_t perms =
            UC_PROT_READ |
            (memory[nr].writable ? UC_PROT_WRITE | UC_PROT_EXEC : 0);

        if (api->mem_map_ptr(cpu->uc, memory[nr].address, memory[nr].bytes,
                             perms, memory[nr].at))
            return -1;
    }
    /* In 2.1.4 SSE depends on hidden flags that only this sets. */
    return add_hooks(cpu) || api->reg_write(cpu->uc, UC_X86_REG_CR4, &cr4) ||
           api->context_alloc(cpu->uc, &cpu->context) ||
           api->context_save(cpu->uc, cpu->context);
}

struct fx_cpu *fx_cpu_create(const struct fx_cpu_library *library,
                             bool is_64bit, const struct fx_cpu_memory *memory,
                             size_t nr, const struct fx_cpu_ops *ops, void *arg)
{
    struct fx_cpu *cpu = calloc(1, sizeof(*cpu));

    if (!cpu)
        return NULL;
    cpu->library = library;
    cpu->api = library->api;
    cpu->ops = ops;
    cpu->arg = arg;
    cpu->is_64bit = is_64bit;
    cpu->forget = FX_FORGET_NOTHING;
    if (set_up(cpu, memory, nr)) {
        fx_cpu_destroy(cpu);
        return NULL;
    }
    return cpu;
}

void fx_cpu_destroy(struct fx_cpu *cpu)
{
    if (!cpu)
        return;
    if (cpu->context)
        cpu->api->free(cpu->context);
    if (cpu->uc)
        cpu->api->close(cpu->uc);
    free(cpu);
}

/* -- registers -- */

static uint32_t hidden_flags(const struct fx_cpu *cpu,
                             const struct fx_cpu_state *state)
{
    const struct fx_cpu_segment *s = state->segment;
    uint32_t flags = HF_PE | HF_MP | HF_OSFXSR | (s[FX_CS].selector & 3u);

    if (state->task_switched)
        flags |= HF_TS;
    if (cpu->is_64bit)
        flags |= HF_LMA;
    if (cpu->is_64bit && s[FX_CS].flags & FX_SEGMENT_LONG)
        return flags | HF_CS32 | HF_SS32 | HF_CS64;
    if (s[FX_CS].flags & FX_SEGMENT_BIG)
        flags |= HF_CS32;
    if (s[FX_SS].flags & FX_SEGMENT_BIG)
        flags |= HF_SS32;
    if (!(flags & HF_CS32) || s[FX_DS].base || s[FX_ES].base || s[FX_SS].base)
        flags |= HF_ADDSEG;
    return flags;
}

void fx_cpu_load(struct fx_cpu *cpu, const struct fx_cpu_state *state)
{
    struct fx_env *env = fx_cpu_env(cpu);
    int32_t none = -1;
    int i;

    cpu->stepping = state->rflags & EFLAGS_TF;
    memcpy(env->regs, state->gpr, sizeof(env->regs));
    env->eip = state->rip;
    env->eflags = state->rflags | EFLAGS_FIXED;
    env->cc_op = CC_OP_EFLAGS;
    env->hflags = hidden_flags(cpu, state);
    for (i = 0; i < FX_SEGMENTS; i++) {
        const struct fx_cpu_segment *s = &state->segment[i];

        env->segs[i].selector = s->selector;
        env->segs[i].base = s->base;
        env->segs[i].limit = s->limit;
        env->segs[i].flags = s->flags;
    }
    env->gdt.base = state->gdt.base;
    env->gdt.limit = state->gdt.limit;
    env->ldt.base = state->ldt.base;
    env->ldt.limit = state->ldt.limit;
    /* A present LDT (type 2), and no TSS: I/O is refused by that. */
    env->ldt.flags = FX_SEGMENT_PRESENT | 2u << 8;
    memset(&env->tr, 0, sizeof(env->tr));
    env->cr[0] = CR0 | (state->task_switched ? CR0_TS : 0);
    env->cr[4] = CR4;
    /* The engine would take the next exception for a double fault. */
    memcpy((char *)cpu->context + cpu->library->previous, &none, sizeof(none));
    cpu->api->context_restore(cpu->uc, cpu->context);
}

void fx_cpu_save(const struct fx_cpu *cpu, struct fx_cpu_state *state)
{
    const struct fx_env *env = fx_cpu_env(cpu);
    int i;

    memcpy(state->gpr, env->regs, sizeof(env->regs));
    state->rip = env->eip;
    state->rflags = env->eflags;
    for (i = 0; i < FX_SEGMENTS; i++)
        state->segment[i] = (struct fx_cpu_segment){
            .selector = (uint16_t)env->segs[i].selector,
            .base = env->segs[i].base,
            .limit = env->segs[i].limit,
            .flags = env->segs[i].flags,
        };
    state->gdt.base = env->gdt.base;
    state->gdt.limit = env->gdt.limit;
    state->ldt.base = env->ldt.base;
    state->ldt.limit = env->ldt.limit;
    state->task_switched = env->cr[0] & CR0_TS;
}

unsigned int fx_cpu_ring(const struct fx_cpu *cpu)
{
    uint16_t cs = 0;

    cpu->api->reg_read(cpu->uc, UC_X86_REG_CS, &cs);
    return cs & 3;
}

/* -- x87 and SSE: where FXSAVE has them -- */

#define AT_FCW    0
#define AT_FSW    2
#define AT_FTW    4
#define AT_MXCSR  24
#define AT_MASK   28
#define AT_ST     32
#define AT_XMM    160
#define MASK      0xffffu
#define FSW_TOP   11
#define TAG_EMPTY 3u

/* FXSAVE has a bit for each register that is in use, by its place; the engine
 * two for each. */
static uint16_t wide_tags(uint8_t tags)
{
    uint16_t wide = 0;
    unsigned int i;

    for (i = 0; i < 8; i++)
        if (!(tags >> i & 1))
            wide |= (uint16_t)(TAG_EMPTY << 2 * i);
    return wide;
}

static uint8_t narrow_tags(uint16_t wide)
{
    uint8_t tags = 0;
    unsigned int i;

    for (i = 0; i < 8; i++)
        if ((wide >> 2 * i & 3) != TAG_EMPTY)
            tags |= (uint8_t)(1u << i);
    return tags;
}

void fx_cpu_load_fpu(struct fx_cpu *cpu, const uint8_t fxsave[512])
{
    const struct fx_cpu_api *api = cpu->api;
    uint16_t tags = wide_tags(fxsave[AT_FTW]);
    uint8_t value[32];
    unsigned int i, top, xmms = cpu->is_64bit ? 16 : 8;
    uint16_t word;

    memcpy(&word, fxsave + AT_FCW, sizeof(word));
    api->reg_write(cpu->uc, UC_X86_REG_FPCW, &word);
    memcpy(&word, fxsave + AT_FSW, sizeof(word));
    api->reg_write(cpu->uc, UC_X86_REG_FPSW, &word);
    top = word >> FSW_TOP & 7;
    memset(value, 0, sizeof(value));
    for (i = 0; i < 8; i++) {
        memcpy(value, fxsave + AT_ST + 16 * i, 10);
        api->reg_write(cpu->uc, UC_X86_REG_FP0 + (int)((top + i) & 7), value);
    }
    api->reg_write(cpu->uc, UC_X86_REG_FPTAG, &tags);
    for (i = 0; i < xmms; i++) {
        memcpy(value, fxsave + AT_XMM + 16 * i, 16);
        api->reg_write(cpu->uc, UC_X86_REG_XMM0 + (int)i, value);
    }
    memcpy(value, fxsave + AT_MXCSR, 4);
    api->reg_write(cpu->uc, UC_X86_REG_MXCSR, value);
    api->context_save(cpu->uc, cpu->context);
}

void fx_cpu_save_fpu(const struct fx_cpu *cpu, uint8_t fxsave[512])
{
    const struct fx_cpu_api *api = cpu->api;
    const uint32_t mask = MASK;
    uint8_t value[64] = {0};
    unsigned int i, top, xmms = cpu->is_64bit ? 16 : 8;
    uint16_t word = 0;

    memset(fxsave, 0, 512);
    api->reg_read(cpu->uc, UC_X86_REG_FPCW, &word);
    memcpy(fxsave + AT_FCW, &word, sizeof(word));
    api->reg_read(cpu->uc, UC_X86_REG_FPSW, &word);
    memcpy(fxsave + AT_FSW, &word, sizeof(word));
    top = word >> FSW_TOP & 7;
    api->reg_read(cpu->uc, UC_X86_REG_FPTAG, &word);
    fxsave[AT_FTW] = narrow_tags(word);
    for (i = 0; i < 8; i++) {
        api->reg_read(cpu->uc, UC_X86_REG_FP0 + (int)((top + i) & 7), value);
        memcpy(fxsave + AT_ST + 16 * i, value, 10);
    }
    for (i = 0; i < xmms; i++) {
        api->reg_read(cpu->uc, UC_X86_REG_XMM0 + (int)i, value);
        memcpy(fxsave + AT_XMM + 16 * i, value, 16);
    }
    api->reg_read(cpu->uc, UC_X86_REG_MXCSR, value);
    memcpy(fxsave + AT_MXCSR, value, 4);
    memcpy(fxsave + AT_MASK, &mask, sizeof(mask));
}

/* -- running -- */

static void note_fault(struct fx_cpu *cpu)
{
    cpu->exit.reason = FX_EXIT_FAULT;
    cpu->exit.access = cpu->access;
    memcpy(&cpu->exit.address, (char *)cpu->uc + cpu->library->fault,
           sizeof(cpu->exit.address));
}

static void note_exception(struct fx_cpu *cpu)
{
    struct fx_env_exception e;

    memcpy(&e, (char *)cpu->context + cpu->library->error, sizeof(e));
    cpu->exit.error_code = (uint32_t)e.error_code;
    cpu->exit.software = e.is_int;
}

/* The last block, as far as it got: to where the instruction is that was not
 * executed.  One that was left by a jump, or stepped through, is over. */
static void count_last_block(struct fx_cpu *cpu)
{
    const struct fx_env *env = fx_cpu_env(cpu);
    uint64_t done = env->eip - cpu->block;
    bool is_over = cpu->exit.reason == FX_EXIT_FAULT
                       ? cpu->exit.access == FX_FETCH
                       : cpu->stepping && cpu->exit.vector == TRAP_DB;

    if (!(env->hflags & HF_CS64))
        done = (uint32_t)(done + env->segs[FX_CS].base);
    if (is_over || done > cpu->block_size)
        done = cpu->block_size;
    cpu->executed += done;
    cpu->block_size = 0;
}

uint64_t fx_cpu_executed(const struct fx_cpu *cpu)
{
    return cpu->executed;
}

struct fx_exit fx_cpu_run(struct fx_cpu *cpu)
{
    int error;

    cpu->exit = (struct fx_exit){.reason = FX_EXIT_FAILED};
    cpu->exited = false;
    cpu->executed = cpu->block_size = 0;
    error = cpu->api->emu_start(cpu->uc, fx_cpu_env(cpu)->eip, 0, 0, 0);
    cpu->api->context_save(cpu->uc, cpu->context);
    if (error == UC_ERR_EXCEPTION)
        note_fault(cpu);
    else if (error != UC_ERR_OK)
        cpu->exit.reason = FX_EXIT_FAILED;
    else if (cpu->exit.reason == FX_EXIT_EXCEPTION)
        note_exception(cpu);
    count_last_block(cpu);
    return cpu->exit;
}

void fx_cpu_flush(struct fx_cpu *cpu)
{
    cpu->api->ctl(cpu->uc, UC_CTL_TLB_FLUSH);
}

void fx_cpu_forget_code(struct fx_cpu *cpu, uint64_t address)
{
    cpu->forget = address;
    cpu->api->ctl(cpu->uc, UC_CTL_TB_REMOVE_CACHE, FORGET_ADDRESS,
                  FORGET_ADDRESS + 0x1000);
    cpu->forget = FX_FORGET_NOTHING;
    fx_cpu_flush(cpu);
}
