/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VFIO container, served by a context: what VFIO's clients ask of type1
 * becomes maps and unmaps of one IOAS, the *compat IOAS* of the context.
 *
 * Between ioctl.c and the rooms that do the work. Which IOAS it is stands in
 * struct iommufd_ctx; vfio.ko makes one when a group joins, or user space
 * names one, and both styles may be mixed on it.
 */
#ifndef IOMMUFD_COMPAT_H
#define IOMMUFD_COMPAT_H

#include <linux/types.h>

struct ioas;
struct iommufd_ctx;
struct ucmd;

/* ioas.c */
struct ioas *compat_ioas_get(struct iommufd_ctx *ctx);
void compat_ioas_put(struct ioas *ioas);
int cmd_vfio_ioas(struct ucmd *ucmd);

/* container.c */
long container_ioctl(struct iommufd_ctx *ctx, unsigned int nr,
		     unsigned long arg);

/* info.c */
int container_get_info(struct iommufd_ctx *ctx, void __user *arg);

/* container.c, for info.c */
int container_read_args(void *args, size_t min_size, const void __user *arg);

#endif
