/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * BPF's eyes. iterators.c walks over what exists, acquire.c holds on to it,
 * runs.c looks at pinned memory, account.c says what is charged; register.c
 * knows which programs may call what of these.
 */
#ifndef IOMMUFD_VIEW_H
#define IOMMUFD_VIEW_H

int view_register_kfuncs(void);

#endif
