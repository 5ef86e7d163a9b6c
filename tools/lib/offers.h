/* SPDX-License-Identifier: GPL-2.0-only */
/* What the loaded iommufd module tells, piece by piece: --info's second half. */
#ifndef OFFERS_H
#define OFFERS_H

#include <stdio.h>

/** offers_info() - which of the module's functions and events there are, and who holds it */
void offers_info(FILE *out);

#endif
