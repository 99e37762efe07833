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
    host->work_of_all += units;
}

bool fx_work_is_much(struct fx_host *host)
{
    if (host->work_of_all < FX_WORK_SHARE)
        return false;
    host->work_of_all = 0;
    return true;
}

bool fx_work_is_done(const struct fx_host *host)
{
    return host->work_share && host->work >= host->work_share;
}
