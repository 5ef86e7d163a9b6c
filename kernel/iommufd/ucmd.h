/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the frame around every ioctl (ioctl.c) hands to a command.
 */
#ifndef IOMMUFD_UCMD_H
#define IOMMUFD_UCMD_H

#include <linux/minmax.h>
#include <linux/types.h>
#include <linux/uaccess.h>

#include "object.h"

struct device;

/**
 * struct ucmd - an ioctl being served
 * @ctx: the context
 * @dev: /dev/iommu itself
 * @ubuffer: the caller's structure
 * @user_size: its size, as the caller says: at least what the command needs
 * @cmd: the kernel's copy; what the caller's lacks is zero
 * @cmd_size: its size
 */
struct ucmd {
	struct iommufd_ctx *ctx;
	struct device *dev;
	void __user *ubuffer;
	u32 user_size;
	void *cmd;
	size_t cmd_size;
};

/**
 * ucmd_respond() - copy a command's structure back to the caller
 * @ucmd: the ioctl
 *
 * Return: 0 or -EFAULT.
 */
static inline int ucmd_respond(struct ucmd *ucmd)
{
	size_t size = min_t(size_t, ucmd->user_size, ucmd->cmd_size);

	return copy_to_user(ucmd->ubuffer, ucmd->cmd, size) ? -EFAULT : 0;
}

#endif
