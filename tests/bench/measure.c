/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure.h"

#include <stdlib.h>
#include <time.h>

double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double median(double *time, unsigned int n)
{
    qsort(time, n, sizeof(*time), compare);
    return time[n / 2];
}
