/* SPDX-License-Identifier: GPL-2.0-only */
/* What the verifier says, for who wrote the policy. */
#ifndef POLICY_VERIFIER_H
#define POLICY_VERIFIER_H

/**
 * verifier_explain() - complain that a program was refused
 * @file: the policy's
 * @prog: the program
 * @log: all that the verifier said; mostly how it came to what it says last
 *
 * Prints the lines that matter: what is wrong, and where.
 */
void verifier_explain(const char *file, const char *prog, const char *log);

#endif
