// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects that user space reads through a file of their own: while that is
 * open it uses the object, and keeps the context.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>

#include "object_file.h"

/**
 * object_file_open() - make a file that nobody can use yet
 * @of: filled in
 * @name: as it is shown in /proc, in brackets
 * @fops: its operations; release() must do nothing if private_data is NULL
 * @data: its private_data
 * @flags: O_RDONLY or O_RDWR
 *
 * May sleep.
 * Return: 0; -EMFILE, -ENFILE no more files; -ENOMEM.
 */
int object_file_open(struct object_file *of, const char *name,
		     const struct file_operations *fops, void *data, int flags)
{
	of->file = anon_inode_getfile(name, fops, data, flags);
	if (IS_ERR(of->file))
		return PTR_ERR(of->file);
	stream_open(file_inode(of->file), of->file);
	of->fd = get_unused_fd_flags(O_CLOEXEC);
	if (of->fd >= 0)
		return 0;
	/* It is released later than the object. */
	of->file->private_data = NULL;
	fput(of->file);
	return of->fd;
}

/**
 * object_file_abort() - give back what object_file_open() gave
 * @of: not published
 */
void object_file_abort(struct object_file *of)
{
	put_unused_fd(of->fd);
	of->file->private_data = NULL;
	fput(of->file);
}

/**
 * object_file_publish() - let the object and its file be found
 * @of: from object_file_open()
 * @ctx: the context
 * @obj: the object, complete
 */
void object_file_publish(struct object_file *of, struct iommufd_ctx *ctx,
			 struct object *obj)
{
	/* For the file, which lets go of both. */
	object_use(ctx, obj);
	get_file(ctx->file);
	object_publish(ctx, obj);
	fd_install(of->fd, of->file);
}

/**
 * object_file_release() - a published object's file is closed
 * @ctx: the context, which may go with it
 * @obj: the object; must not be touched afterwards
 */
void object_file_release(struct iommufd_ctx *ctx, struct object *obj)
{
	object_unuse(ctx, obj);
	fput(ctx->file);
}
