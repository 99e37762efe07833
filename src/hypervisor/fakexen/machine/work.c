/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/work.h"

#include "machine/host.h"

void fx_work_begin(struct fx_host *host)
{
    host->work = 0;
    host->work_share = FX_WORK_SHARE;
}

void fx_work_end(struct fx_host *host)
{
    host->work_share = 0;
}

void fx_work(struct fx_host *host, uint64_t units)
{
    host->work += units;
}

bool fx_work_is_done(const struct fx_host *host)
{
    return host->work_share && host->work >= host->work_share;
}
