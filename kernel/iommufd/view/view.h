/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * BPF's eyes: iterators over contexts and what is in them.
 */
#ifndef IOMMUFD_VIEW_H
#define IOMMUFD_VIEW_H

int view_register_iterators(void);

#endif
