/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/vcpu.h"

#include <stdlib.h>

#include "report/domain.h"
#include "text.h"

static bool has(xc_cpumap_t map, unsigned int cpu)
{
    return map[cpu / 8] >> (cpu % 8) & 1;
}

/* "all", or as xl.cfg(5) has them: "0-3,6".  To be freed; NULL: no memory. */
static char *cpus_text(xc_cpumap_t map, unsigned int cpus)
{
    unsigned int first, end;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    for (first = 0; first < cpus; first = end + 1) {
        for (end = first; end < cpus && has(map, end); end++)
            ;
        if (!first && end == cpus)
            fputs("all", out);
        else if (end > first)
            fprintf(out, end - first > 1 ? "%s%u-%u" : "%s%u",
                    ftell(out) ? "," : "", first, end - 1);
    }
    fclose(out);
    return text;
}

void vcpu_print_heading(FILE *out)
{
    fprintf(out, "%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU",
            "State", "Time(s)", "Affinity (Hard / Soft)");
}

void vcpu_print_row(FILE *out, const char *name, uint32_t domid,
                    const struct vcpu_facts *vcpu)
{
    char *hard = cpus_text(vcpu->hard, vcpu->cpus);
    char *soft = cpus_text(vcpu->soft, vcpu->cpus);
    char shown[DOMAIN_NAME], cpu[12];

    text_escape(shown, sizeof(shown), name ? name : "(null)");
    snprintf(cpu, sizeof(cpu), vcpu->online ? "%u" : "-", vcpu->cpu);
    fprintf(out, "%-32s %5u %5u %5s   %c%c%c %9.1f %s / %s\n", shown, domid,
            vcpu->id, cpu, vcpu->running ? 'r' : '-', vcpu->blocked ? 'b' : '-',
            vcpu->online ? '-' : 'p', (double)vcpu->cpu_time / 1e9,
            hard ? hard : "?", soft ? soft : "?");
    free(hard);
    free(soft);
}

json_t *vcpu_json(uint32_t domid, const struct vcpu_facts *vcpu)
{
    char *hard = cpus_text(vcpu->hard, vcpu->cpus);
    char *soft = cpus_text(vcpu->soft, vcpu->cpus);
    json_t *row = json_pack(
        "{si si sb sb sb sf ss ss}", "id", (int)domid, "vcpu", (int)vcpu->id,
        "online", vcpu->online, "running", vcpu->running, "blocked",
        vcpu->blocked, "seconds", (double)vcpu->cpu_time / 1e9, "hard_affinity",
        hard ? hard : "", "soft_affinity", soft ? soft : "");

    if (row && vcpu->online)
        json_object_set_new(row, "cpu", json_integer((json_int_t)vcpu->cpu));
    free(hard);
    free(soft);
    return row;
}
