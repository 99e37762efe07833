/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* measure.h - CPU time, and the median of several. */
#ifndef DW_BENCH_MEASURE_H
#define DW_BENCH_MEASURE_H

#define ROUNDS_MAX 99

/* CPU time of this process so far. */
double seconds(void);

/* Sorts them. */
double median(double *time, unsigned int n);

#endif /* DW_BENCH_MEASURE_H */
