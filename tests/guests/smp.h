/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* smp.h - vCPUs beside the first one. */
#ifndef GUEST_SMP_H
#define GUEST_SMP_H

#define SMP_MAX_VCPUS 8

/* On each of the others, on a stack of its own; never returns. */
void smp_main(unsigned long id);

/* Starts one there: 0 or Xen's errno, negative, as for one that there is not.
 */
long smp_start(unsigned int vcpu);

#endif /* GUEST_SMP_H */
