/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects that user space reads through a file of their own.
 */
#ifndef IOMMUFD_OBJECT_FILE_H
#define IOMMUFD_OBJECT_FILE_H

#include <linux/fs.h>

#include "object.h"

/**
 * struct object_file - such a file, while its object is being made
 * @file: the file; its private_data is the object's, or NULL if it was never
 *	handed out
 * @fd: where user space will find it
 */
struct object_file {
	struct file *file;
	int fd;
};

int object_file_open(struct object_file *of, const char *name,
		     const struct file_operations *fops, void *data, int flags);
void object_file_abort(struct object_file *of);
void object_file_publish(struct object_file *of, struct iommufd_ctx *ctx,
			 struct object *obj);
void object_file_release(struct iommufd_ctx *ctx, struct object *obj);

#endif
