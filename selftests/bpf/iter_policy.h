/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_BPF_ITER_POLICY_H
#define SELFTESTS_BPF_ITER_POLICY_H

/* Policies of both types come, are asked and told, and go, in every way. */
void use_policies(void);
/* One of them comes, and goes. */
void turn_policy(void);

#endif
