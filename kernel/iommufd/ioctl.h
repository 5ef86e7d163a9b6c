/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The frame around every ioctl, and what it hands to a command.
 */
#ifndef IOMMUFD_IOCTL_H
#define IOMMUFD_IOCTL_H

#include <linux/types.h>

#include "object.h"

/**
 * struct ucmd - an ioctl being served
 * @ctx: the context
 * @ubuffer: the caller's structure
 * @user_size: its size, as the caller says: at least what the command needs
 * @cmd: the kernel's copy; what the caller's lacks is zero
 * @cmd_size: its size
 */
struct ucmd {
	struct iommufd_ctx *ctx;
	void __user *ubuffer;
	u32 user_size;
	void *cmd;
	size_t cmd_size;
};

int ucmd_respond(struct ucmd *ucmd);

#endif
