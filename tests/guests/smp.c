/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * smp.c - a guest that uses all vCPUs that it has: brings them up, has them
 * work, wakes them, changes their code and their memory, stops them; prints
 * TAP, the plan last, then "# smp: done", and powers off.
 *
 * What the others do they are told by one word each, in `order`, and say in
 * `done` when they did it.
 */
#include "guest.h"
#include "smp.h"
#include "tap.h"

#include <xen/vcpu.h>

#define ROUNDS  2000
#define TIMEOUT 200000000UL /* looks, until one is thought to be lost */

enum order { NOTHING, COUNT, SLEEP, RUN, READ, TICK, STOP };

struct cpu {
    volatile enum order order;
    volatile unsigned long done; /* orders, so far */
    volatile unsigned long value;
    evtchn_port_t ipi;
};

static struct cpu cpus[SMP_MAX_VCPUS];
static unsigned int nr_cpus;
static volatile unsigned long total;

/* A function that says what is written into it, and a page of data. */
static uint8_t code[PAGE_SIZE] __attribute__((aligned(4096), section(".data")));
static unsigned long data[2][PAGE_SIZE / sizeof(unsigned long)]
    __attribute__((aligned(4096)));

static long vcpu_op(int command, unsigned int vcpu, void *argument)
{
    return hypercall(__HYPERVISOR_vcpu_op, (unsigned long)command, vcpu,
                     (unsigned long)argument, 0, 0);
}

static long event_op(int command, void *argument)
{
    return hypercall(__HYPERVISOR_event_channel_op, (unsigned long)command,
                     (unsigned long)argument, 0, 0, 0);
}

/* -- what the others do -- */

static void count(void)
{
    for (int i = 0; i < ROUNDS; i++)
        __atomic_fetch_add(&total, 1, __ATOMIC_SEQ_CST);
}

/* Until its event comes. */
static void sleep(struct cpu *cpu)
{
    struct sched_poll poll = {.nr_ports = 1};

    set_xen_guest_handle(poll.ports, &cpu->ipi);
    cpu->value = (unsigned long)hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll,
                                          (unsigned long)&poll, 0, 0, 0);
}

/* A CPU that is to run what another wrote serialises itself first (Intel SDM,
 * volume 3, 9.1.3). */
static void run_code(struct cpu *cpu)
{
    unsigned int a = 0, b, c = 0, d;

    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    cpu->value = ((unsigned int (*)(void))(uintptr_t)code)();
}

/* By a timer of its own, whose interrupt is its own. */
static void tick(struct cpu *cpu, unsigned int id)
{
    evtchn_bind_virq_t bind = {.virq = VIRQ_TIMER, .vcpu = id};
    vcpu_set_singleshot_timer_t timer = {.timeout_abs_ns = 1};
    struct sched_poll poll = {.nr_ports = 1};

    cpu->value = 1;
    if (event_op(EVTCHNOP_bind_virq, &bind))
        return;
    set_xen_guest_handle(poll.ports, &bind.port);
    if (vcpu_op(VCPUOP_set_singleshot_timer, id, &timer))
        return;
    cpu->value = (unsigned long)hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll,
                                          (unsigned long)&poll, 0, 0, 0);
}

void smp_main(unsigned long id)
{
    struct cpu *cpu = &cpus[id];

    for (;; cpu->done++) {
        enum order order;

        while ((order = cpu->order) == NOTHING)
            __asm__ volatile("pause");
        cpu->order = NOTHING;
        switch (order) {
        case COUNT:
            count();
            break;
        case SLEEP:
            sleep(cpu);
            break;
        case RUN:
            run_code(cpu);
            break;
        case READ:
            cpu->value = *(volatile unsigned long *)data[0];
            break;
        case TICK:
            tick(cpu, (unsigned int)id);
            break;
        case STOP: /* it goes on behind that */
            vcpu_op(VCPUOP_down, (unsigned int)id, NULL);
            break;
        case NOTHING:
            break;
        }
    }
}

/* -- what the first one asks for -- */

static bool is_done(const struct cpu *cpu, unsigned long done)
{
    unsigned long looks;

    for (looks = 0; looks < TIMEOUT; looks++) {
        if (cpu->done >= done)
            return true;
        if (looks % 1024 == 1023)
            hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0, 0);
    }
    return false;
}

/* All of them, at once; how many are done in time. */
static unsigned int all(enum order order)
{
    unsigned long done[SMP_MAX_VCPUS];
    unsigned int i, nr = 0;

    for (i = 1; i < nr_cpus; i++) {
        done[i] = cpus[i].done + 1;
        cpus[i].order = order;
    }
    for (i = 1; i < nr_cpus; i++)
        nr += is_done(&cpus[i], done[i]);
    return nr;
}

static unsigned int with_value(unsigned long value)
{
    unsigned int i, nr = 0;

    for (i = 1; i < nr_cpus; i++)
        nr += cpus[i].value == value;
    return nr;
}

static void check_count(void)
{
    unsigned long expected = (unsigned long)ROUNDS * (nr_cpus - 1);

    tap_eq(all(COUNT), nr_cpus - 1, "all vCPUs count");
    tap_eq(total, expected, "and none of it is lost");
}

static void check_events(void)
{
    unsigned long done[SMP_MAX_VCPUS];
    unsigned int i, woken = 0;

    for (i = 1; i < nr_cpus; i++) {
        evtchn_bind_ipi_t bind = {.vcpu = i};

        if (event_op(EVTCHNOP_bind_ipi, &bind))
            panic("no event for vCPU %u", i);
        cpus[i].ipi = bind.port;
        done[i] = cpus[i].done + 1;
        cpus[i].value = 77;
        cpus[i].order = SLEEP;
    }
    for (i = 1; i < nr_cpus; i++) {
        while (cpus[i].order != NOTHING)
            hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0, 0);
        event_send(cpus[i].ipi);
        woken += is_done(&cpus[i], done[i]);
    }
    tap_eq(woken, nr_cpus - 1, "an event wakes each");
    tap_eq(with_value(0), nr_cpus - 1, "and ends its poll");
}

/* mov $value, %eax; ret */
static void write_code(unsigned int value)
{
    static uint8_t function[] = {0xb8, 0, 0, 0, 0, 0xc3};

    memcpy(&function[1], &value, sizeof(value));
    memcpy(code, function, sizeof(function));
}

/* Each has translated, or decoded, it by then. */
static void check_code(void)
{
    unsigned int value, wrong = 0;

    for (value = 1; value <= 20; value++) {
        write_code(value);
        if (all(RUN) != nr_cpus - 1 || with_value(value) != nr_cpus - 1)
            wrong++;
    }
    tap_eq(wrong, 0, "what one writes is what the others execute");
}

/* The page is another, and all are told to forget the one that it was. */
static void check_mapping(void)
{
    mmuext_op_t op = {.cmd = MMUEXT_INVLPG_ALL,
                      .arg1.linear_addr = (unsigned long)data[0]};
    mfn_t mfn[2];
    unsigned int i, wrong = 0;

    for (i = 0; i < 2; i++) {
        data[i][0] = i + 1;
        mfn[i] = pfn_to_mfn(vaddr_to_pfn((uintptr_t)data[i]));
    }
    for (i = 0; i < 10; i++) {
        if (update_va_mapping((uintptr_t)data[0],
                              mfn_to_pte(mfn[i & 1], PTE_PRESENT)) ||
            hypercall(__HYPERVISOR_mmuext_op, (unsigned long)&op, 1, 0,
                      DOMID_SELF, 0))
            panic("cannot map the other page");
        if (all(READ) != nr_cpus - 1 || with_value((i & 1) + 1) != nr_cpus - 1)
            wrong++;
    }
    tap_eq(wrong, 0, "what one maps is what the others read");
}

static unsigned int online(void)
{
    unsigned int i, nr = 0;

    for (i = 1; i < nr_cpus; i++)
        nr += vcpu_op(VCPUOP_is_up, i, NULL) == 1;
    return nr;
}

static void check_down(void)
{
    unsigned long looks, done[SMP_MAX_VCPUS];
    unsigned int i, back = 0;

    tap_eq(online(), nr_cpus - 1, "all are up");
    for (i = 1; i < nr_cpus; i++) {
        done[i] = cpus[i].done + 1;
        cpus[i].order = STOP;
    }
    for (looks = 0; online() && looks < TIMEOUT / 100; looks++)
        ;
    tap_eq(online(), 0, "all go down");
    for (i = 1; i < nr_cpus; i++)
        back += !vcpu_op(VCPUOP_up, i, NULL) && is_done(&cpus[i], done[i]);
    tap_eq(back, nr_cpus - 1, "and come up again where they were");
    tap_eq(all(COUNT), nr_cpus - 1, "to work");
}

void guest_main(void)
{
    nr_cpus = 1;
    while (!smp_start(nr_cpus))
        nr_cpus++;
    tap_note("vcpus=%u", nr_cpus);
    check_count();
    check_events();
    check_code();
    check_mapping();
    tap_eq(all(TICK), nr_cpus - 1, "each has a timer");
    tap_eq(with_value(0), nr_cpus - 1, "which wakes it");
    check_down();
    tap_plan();
    say("# smp: done\n");
}
