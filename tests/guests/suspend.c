/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * suspend.c - a guest that can be saved, restored and migrated as often as one
 * likes, tells each time how it came through, and powers off when asked to.
 *
 * Words on the command line:
 *   linear   publish the P2M by its address instead of by frame lists
 *   busy     write to all memory instead of blocking
 *   count    have the other vCPUs count all the time
 */
#include "store.h"
#include "suspend.h"

#define REQUEST "control/shutdown"

/* All of this is saved with the domain. */
static uint32_t seed;
static uint64_t sum;
static unsigned int resumed, cancelled, vcpus;

static void say_root(void)
{
    mfn_t root = cr3_to_mfn();

    say("root_mfn=%#llx above_4g=%s extended_cr3=%s\n",
        (unsigned long long)root.v,
        root.v > UINT32_MAX >> DW_PAGE_SHIFT ? "yes" : "no",
        extended_cr3() ? "yes" : "no");
}

static void say_state(void)
{
    say("resumed=%u cancelled=%u\n", resumed, cancelled);
    say("nr_pages=%lu\n", start_info->nr_pages);
    say_root();
    say("wrong_memory=%lu wrong_p2m=%lu tables=%s\n", wrong_memory(seed),
        wrong_p2m(), tables_sum() == sum ? "same" : "changed");
    if (vcpus)
        say("vcpus=%u counting=%s\n", vcpus, all_count() ? "yes" : "no");
    say("suspend: ready %u\n", resumed + cancelled);
}

static void enter_domain(void)
{
    publish_p2m(command_line_has("linear"));
    store_start();
    store_watch(REQUEST);
}

static void suspend(void)
{
    say("suspend: suspending\n");
    console_drain();
    if (suspend_domain()) {
        cancelled++;
    } else {
        resumed++;
        enter_domain();
    }
    say_state();
}

static void wait_for_request(char request[STORE_VALUE_SIZE])
{
    do {
        while (command_line_has("busy") && !store_pending())
            fill_memory(++seed);
        store_wait();
        store_read(REQUEST, request);
    } while (!*request);
    store_write(REQUEST, "");
}

static bool is(const char *request, const char *word)
{
    return !memcmp(request, word, strlen(word) + 1);
}

void guest_main(void)
{
    char request[STORE_VALUE_SIZE];

    say("variant=%s\n", GUEST_VARIANT);
    fill_memory(seed);
    sum = tables_sum();
    if (command_line_has("count"))
        vcpus = start_counting();
    enter_domain();
    say_state();
    for (;;) {
        wait_for_request(request);
        if (is(request, "suspend")) {
            suspend();
        } else if (is(request, "poweroff")) {
            say("suspend: done\n");
            return;
        } else {
            say("suspend: no answer to %s\n", request);
        }
    }
}
