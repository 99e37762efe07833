/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "arm_reader.h"

/* Words of a page; the second one is written to. */
#define WORD_MARK  0
#define WORD_WRITE 8
#define WORD_CODE  64

/* An answer may take less than a nap. */
#define SPINS 1000

/* What the guest asks EL2 for. */
enum call { CALL_LEAVE = 1, CALL_STAGE1 };

/* What the first CPU asks the guest for. */
enum command { NOTHING, ENTER, LEAVE, ACCESS, STAGE1, RUN };

/* Both CPUs' memory: the guest has the image at its own addresses. */
static struct {
    volatile unsigned int command; /* NOTHING when it was carried out */
    enum access access;
    uint64_t argument, value, result;
    struct stage2 stage2;

    volatile bool stop;
    volatile unsigned long phase; /* odd: in a change */
    volatile unsigned long rounds;
    unsigned int n;
    struct probe probes[PROBES];
    /* Of phase p: state[p / 2 % 2], and the other one behind the change. */
    struct expected state[2][PROBES];
    struct verdict verdict;
} shared;

static volatile uint64_t *word(maddr_t maddr, unsigned int offset)
{
    return (volatile uint64_t *)(uintptr_t)(maddr.v + offset);
}

void page_mark(maddr_t maddr)
{
    volatile uint32_t *code = (volatile uint32_t *)word(maddr, WORD_CODE);
    uint32_t number = (uint32_t)maddr_to_mfn(maddr).v;

    *word(maddr, WORD_MARK) = page_mark_of(maddr);
    *word(maddr, WORD_WRITE) = 0;
    code[0] = 0xd2800000 | (number & 0xffff) << 5; /* movz x0, #number */
    code[1] = 0xf2a00000 | (number >> 16) << 5;    /* movk x0, #..., lsl 16 */
    code[2] = 0xd65f03c0;                          /* ret */
}

uint64_t page_written(maddr_t maddr)
{
    return *word(maddr, WORD_WRITE);
}

/* The first CPU. */

static void wait_done(void)
{
    unsigned int spins = 0;

    while (shared.command != NOTHING)
        if (++spins > SPINS)
            nap();
    barrier();
}

static void command(enum command what)
{
    barrier();
    shared.command = what;
    if (what != RUN)
        wait_done();
}

void reader_start(void)
{
    second_cpu_start();
}

void reader_enter(const struct stage2 *stage2)
{
    shared.stage2 = *stage2;
    stage2_load(stage2);
    command(ENTER);
}

void reader_leave(void)
{
    command(LEAVE);
}

uint64_t reader_access(enum access access, uint64_t ipa, uint64_t value)
{
    shared.access = access;
    shared.argument = ipa;
    shared.value = value;
    command(ACCESS);
    return shared.result;
}

void reader_stage1(uint64_t root)
{
    shared.argument = root;
    command(STAGE1);
}

void reader_run(const struct probe *probes, const struct expected *expected,
                unsigned int n)
{
    unsigned int i;

    if (n > PROBES)
        panic("%u probes are too many", n);
    for (i = 0; i < n; i++) {
        shared.probes[i] = probes[i];
        shared.state[0][i] = expected[i];
    }
    shared.n = n;
    shared.phase = 0;
    shared.rounds = 1;
    shared.stop = false;
    shared.verdict = (struct verdict){0};
    command(RUN);
}

struct expected *reader_next(void)
{
    unsigned int now = shared.phase / 2 % 2, i;

    for (i = 0; i < shared.n; i++) {
        shared.state[!now][i] = shared.state[now][i];
        shared.state[!now][i].broken = false;
        shared.state[!now][i].between = shared.state[now][i].prot;
    }
    return shared.state[!now];
}

static void next_phase(void)
{
    barrier();
    shared.phase++;
    barrier();
}

void reader_change_begin(void)
{
    next_phase();
}

void reader_change_end(void)
{
    next_phase();
}

unsigned long reader_wait_round(void)
{
    unsigned long now = shared.rounds;

    /* The one that is under way may have begun before. */
    while (shared.rounds < now + 2)
        nap();
    barrier();
    return now;
}

unsigned long reader_wrong(void)
{
    return shared.verdict.wrong;
}

void reader_stop(struct verdict *verdict)
{
    shared.stop = true;
    wait_done();
    *verdict = shared.verdict;
}

/* The second CPU, at EL2. */

static void wait_for_tables(void)
{
    while (shared.command != ENTER)
        ;
    barrier();
    stage2_load(&shared.stage2);
}

void second_cpu(void)
{
    wait_for_tables();
    shared.command = NOTHING;
    guest_enter();
}

static void stage1_load(uint64_t root)
{
    const uint64_t mmu = 1;

    write_sysreg(mair_el1, 0xff);                   /* attribute 0: cached */
    write_sysreg(tcr_el1, (64 - 39) |               /* T0SZ: three levels */
                              UINT64_C(0x35) << 8 | /* cached walks */
                              UINT64_C(1) << 23 |   /* EPD1 */
                              UINT64_C(2) << 32);   /* IPS: 40 bits */
    write_sysreg(ttbr0_el1, root);
    write_sysreg(sctlr_el1, root ? read_sysreg(sctlr_el1) | mmu
                                 : read_sysreg(sctlr_el1) & ~mmu);
    __asm__ volatile("isb; tlbi alle1; dsb nsh; isb" : : : "memory");
}

void guest_called(uint64_t call, uint64_t arg)
{
    if (call == CALL_LEAVE) {
        shared.command = NOTHING;
        wait_for_tables();
    } else if (call == CALL_STAGE1) {
        stage1_load(arg);
    } else {
        panic("the guest calls %lx", (unsigned long)call);
    }
}

/* The second CPU, at EL1. */

static uint64_t access_page(enum access access, uint64_t ipa, uint64_t value)
{
    switch (access) {
    case READ:
        return probe_read(ipa + WORD_MARK);
    case WRITE:
        return probe_write(ipa + WORD_WRITE, value);
    case EXEC:
        return probe_exec(ipa + WORD_CODE);
    }
    return 0;
}

bool access_is_right(enum access access, const struct expected *expected,
                     uint64_t got)
{
    static const uint32_t needs[] = {
        [READ] = PT_READ, [WRITE] = PT_WRITE, [EXEC] = PT_EXEC};

    if (!expected->frame)
        return is_fault(got, FAULT_TRANSLATION);
    if (!(expected->prot & needs[access]))
        return is_fault(got, FAULT_PERMISSION);
    return got == (access == READ    ? page_mark_of(MADDR(expected->frame))
                   : access == WRITE ? 0
                                     : expected->frame >> DW_PAGE_SHIFT);
}

/*
 * Was it right in `phase`, which did not change meanwhile?  No state that is
 * looked at here is written to in that phase.
 */
static bool judge(enum access access, unsigned int i, uint64_t got,
                  unsigned long phase)
{
    const struct expected *before = &shared.state[phase / 2 % 2][i];
    const struct expected *after = &shared.state[!(phase / 2 % 2)][i];
    struct expected between = *after;
    struct verdict *verdict = &shared.verdict;
    bool old = access_is_right(access, before, got), new;

    if (phase % 2 == 0) {
        verdict->still++;
        return old;
    }
    verdict->moving++;
    new = access_is_right(access, after, got);
    if (old != new) {
        verdict->old += old;
        verdict->new += new;
    }
    between.prot = after->between;
    if (old || new || access_is_right(access, &between, got))
        return true;
    if (!after->broken || !is_fault(got, FAULT_TRANSLATION))
        return false;
    verdict->broken++;
    return true;
}

static void probe(enum access access, unsigned int i)
{
    unsigned long phase = shared.phase, at = phase / 2 % 2;
    struct verdict *verdict = &shared.verdict;
    uint64_t ipa = shared.probes[i].ipa, got;

    barrier();
    got = access_page(access, ipa, shared.rounds << 8 | i);
    barrier();
    if (phase != shared.phase || judge(access, i, got, phase))
        return;
    if (verdict->wrong++ == 0)
        verdict->first = (struct wrong){.ipa = ipa,
                                        .got = got,
                                        .phase = phase,
                                        .access = access,
                                        .before = shared.state[at][i],
                                        .after = shared.state[!at][i]};
}

/*
 * Reads come first, and the others of a page then have what a read cached: it
 * is the same kind of access that has to be made before a change and after it
 * if QEMU's TLB is to show the old, and each is made in every round.
 */
static void run(void)
{
    unsigned int i;

    while (!shared.stop) {
        for (i = 0; i < shared.n; i++) {
            probe(READ, i);
            if (shared.probes[i].write)
                probe(WRITE, i);
            if (shared.probes[i].exec)
                probe(EXEC, i);
        }
        barrier();
        shared.rounds++;
    }
}

void guest_main(void)
{
    for (;;) {
        enum command what = shared.command;

        barrier();
        if (what == NOTHING)
            continue;
        if (what == ACCESS)
            shared.result =
                access_page(shared.access, shared.argument, shared.value);
        else if (what == LEAVE)
            guest_hvc(CALL_LEAVE, 0); /* returns when it was entered again */
        else if (what == STAGE1)
            guest_hvc(CALL_STAGE1, shared.argument);
        else if (what == RUN)
            run();
        barrier();
        shared.command = NOTHING;
    }
}
