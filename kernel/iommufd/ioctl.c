// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/iommu: open, close, and the frame around every ioctl. The commands
 * themselves are where the objects are.
 *
 * Every command is a structure that begins with its size, so that it can grow:
 * an older caller's is filled up with zeros, a newer caller's must be zero in
 * what this kernel does not know (include/uapi/linux/iommufd.h).
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommufd.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd_ext.h>

#include "compat/compat.h"
#include "device/device.h"
#include "fault/fault.h"
#include "hook.h"
#include "main.h"
#include "mem/mem.h"
#include "object.h"
#include "object_event.h"
#include "space/hwpt.h"
#include "space/space.h"
#include "ucmd.h"

static unsigned int default_rlimit_mode = ACCOUNT_USER;

static int set_default_rlimit_mode(const char *val,
				   const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, ACCOUNT_USER, ACCOUNT_MM);
}

static const struct kernel_param_ops default_rlimit_mode_ops = {
	.set = set_default_rlimit_mode,
	.get = param_get_uint,
};

module_param_cb(default_rlimit_mode, &default_rlimit_mode_ops,
		&default_rlimit_mode, 0644);
MODULE_PARM_DESC(default_rlimit_mode,
		 "How pinned memory counts, unless a context's IOMMU_OPTION_RLIMIT_MODE says otherwise: 0 all of a user's processes together, 1 each process by itself, as VFIO type1 does (default 0)");

static int cmd_destroy(struct ucmd *ucmd)
{
	struct iommu_destroy *cmd = ucmd->cmd;

	return object_destroy_by_id(ucmd->ctx, cmd->id);
}

#ifdef IOMMUFD_VIOMMU
#include "viommu/viommu.h"
#else
/* No driver of this kernel can make a virtual IOMMU. */
static int refuse_viommu(struct ucmd *ucmd)
{
	struct iommu_viommu_alloc *cmd = ucmd->cmd;
	struct object *dev;

	if (cmd->flags || cmd->__reserved || !cmd->type)
		return -EOPNOTSUPP;
	dev = object_get(ucmd->ctx, cmd->dev_id, OBJECT_DEVICE);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	object_put(ucmd->ctx, dev);
	return -EOPNOTSUPP;
}

/* What belongs to a virtual IOMMU: there is none that an id could name. */
static int refuse_its_id(struct ucmd *ucmd)
{
	return -ENOENT;
}

#define cmd_viommu_alloc refuse_viommu
#define cmd_vdevice_alloc refuse_its_id
#define cmd_veventq_alloc refuse_its_id
#define cmd_hw_queue_alloc refuse_its_id
#define cmd_hwpt_alloc_any cmd_hwpt_alloc
#define cmd_invalidate_any cmd_hwpt_invalidate
#endif

/* Room for any command. */
union any_command {
	struct iommu_destroy destroy;
	struct iommu_fault_alloc fault;
	struct iommu_hw_info hw_info;
	struct iommu_hw_queue_alloc hw_queue;
	struct iommu_hwpt_alloc hwpt;
	struct iommu_hwpt_get_dirty_bitmap dirty;
	struct iommu_hwpt_invalidate invalidate;
	struct iommu_hwpt_set_dirty_tracking tracking;
	struct iommu_ioas_alloc alloc;
	struct iommu_ioas_iova_ranges ranges;
	struct iommu_ioas_allow_iovas allow;
	struct iommu_ioas_change_process change_process;
	struct iommu_ioas_copy copy;
	struct iommu_ioas_map map;
	struct iommu_ioas_map_file map_file;
	struct iommu_option option;
	struct iommu_ioas_unmap unmap;
	struct iommu_vdevice_alloc vdevice;
	struct iommu_veventq_alloc veventq;
	struct iommu_vfio_ioas vfio_ioas;
	struct iommu_viommu_alloc viommu;
};

/**
 * struct command - an entry of the table
 * @size: of the structure that this kernel knows
 * @min_size: of the first version of it
 * @ioctl: the whole ioctl number
 * @serve: what does it; 0 or a negative errno
 */
struct command {
	size_t size;
	size_t min_size;
	unsigned int ioctl;
	int (*serve)(struct ucmd *ucmd);
};

#define COMMAND(_ioctl, _serve, _struct, _last)                               \
	[_IOC_NR(_ioctl) - IOMMUFD_CMD_BASE] = {                              \
		.size = sizeof(struct _struct) +                              \
			BUILD_BUG_ON_ZERO(sizeof(union any_command) <         \
					  sizeof(struct _struct)),            \
		.min_size = offsetofend(struct _struct, _last),               \
		.ioctl = _ioctl,                                              \
		.serve = _serve,                                              \
	}

static const struct command commands[] = {
	COMMAND(IOMMU_DESTROY, cmd_destroy, iommu_destroy, id),
	COMMAND(IOMMU_FAULT_QUEUE_ALLOC, cmd_fault_queue_alloc,
		iommu_fault_alloc, out_fault_fd),
	COMMAND(IOMMU_GET_HW_INFO, cmd_get_hw_info, iommu_hw_info, __reserved),
	COMMAND(IOMMU_HW_QUEUE_ALLOC, cmd_hw_queue_alloc,
		iommu_hw_queue_alloc, length),
	COMMAND(IOMMU_HWPT_ALLOC, cmd_hwpt_alloc_any, iommu_hwpt_alloc,
		__reserved),
	COMMAND(IOMMU_HWPT_GET_DIRTY_BITMAP, cmd_hwpt_get_dirty_bitmap,
		iommu_hwpt_get_dirty_bitmap, data),
	COMMAND(IOMMU_HWPT_INVALIDATE, cmd_invalidate_any,
		iommu_hwpt_invalidate, __reserved),
	COMMAND(IOMMU_HWPT_SET_DIRTY_TRACKING, cmd_hwpt_set_dirty_tracking,
		iommu_hwpt_set_dirty_tracking, __reserved),
	COMMAND(IOMMU_IOAS_ALLOC, cmd_ioas_alloc, iommu_ioas_alloc,
		out_ioas_id),
	COMMAND(IOMMU_IOAS_ALLOW_IOVAS, cmd_ioas_allow_iovas,
		iommu_ioas_allow_iovas, allowed_iovas),
	COMMAND(IOMMU_IOAS_CHANGE_PROCESS, cmd_ioas_change_process,
		iommu_ioas_change_process, __reserved),
	COMMAND(IOMMU_IOAS_COPY, cmd_ioas_copy, iommu_ioas_copy, src_iova),
	COMMAND(IOMMU_IOAS_IOVA_RANGES, cmd_ioas_iova_ranges,
		iommu_ioas_iova_ranges, out_iova_alignment),
	COMMAND(IOMMU_IOAS_MAP, cmd_ioas_map, iommu_ioas_map, iova),
	COMMAND(IOMMU_IOAS_MAP_FILE, cmd_ioas_map_file, iommu_ioas_map_file,
		iova),
	COMMAND(IOMMU_IOAS_UNMAP, cmd_ioas_unmap, iommu_ioas_unmap, length),
	COMMAND(IOMMU_OPTION, cmd_option, iommu_option, val64),
	COMMAND(IOMMU_VDEVICE_ALLOC, cmd_vdevice_alloc, iommu_vdevice_alloc,
		virt_id),
	COMMAND(IOMMU_VEVENTQ_ALLOC, cmd_veventq_alloc, iommu_veventq_alloc,
		out_veventq_fd),
	COMMAND(IOMMU_VFIO_IOAS, cmd_vfio_ioas, iommu_vfio_ioas, __reserved),
	COMMAND(IOMMU_VIOMMU_ALLOC, cmd_viommu_alloc, iommu_viommu_alloc,
		out_viommu_id),
};

static struct miscdevice iommufd_misc;

static const struct command *find_command(unsigned int ioctl)
{
	unsigned int nr = _IOC_NR(ioctl) - IOMMUFD_CMD_BASE;

	/* A number below the base wraps to a large one. */
	if (nr >= ARRAY_SIZE(commands))
		return NULL;
	nr = array_index_nospec(nr, ARRAY_SIZE(commands));
	return commands[nr].ioctl == ioctl ? &commands[nr] : NULL;
}

static long iommufd_ioctl(struct file *file, unsigned int nr,
			  unsigned long arg)
{
	const struct command *command = find_command(nr);
	void __user *ubuffer = (void __user *)arg;
	union any_command buffer;
	struct ucmd ucmd = {
		.ctx = file->private_data,
		.dev = iommufd_misc.this_device,
		.ubuffer = ubuffer,
		.cmd = &buffer,
	};
	int rc;

	/* One type for both; VFIO's numbers end where ours begin. */
	if (_IOC_TYPE(nr) == IOMMUFD_TYPE && _IOC_NR(nr) < IOMMUFD_CMD_BASE)
		return container_ioctl(file->private_data, nr, arg);
	if (!command)
		return hook_ioctl(file->private_data, nr, ubuffer);
	if (get_user(ucmd.user_size, (u32 __user *)ubuffer))
		return -EFAULT;
	if (ucmd.user_size < command->min_size)
		return -EINVAL;
	rc = copy_struct_from_user(&buffer, command->size, ubuffer,
				   ucmd.user_size);
	if (rc)
		return rc;
	ucmd.cmd_size = command->size;
	return command->serve(&ucmd);
}

static const struct file_operations iommufd_fops;

static struct miscdevice iommufd_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "iommu",
	.fops = &iommufd_fops,
	.nodename = "iommu",
	.mode = 0660,
};

static bool vfio_container;
module_param(vfio_container, bool, 0444);
MODULE_PARM_DESC(vfio_container,
		 "Serve /dev/vfio/vfio too: VFIO's clients get iommufd instead of the type1 container (default N)");

/*
 * As VFIO's: anybody may open it. It gives no power over a device, and memory
 * is pinned only for devices, against the limits of whoever maps it.
 */
static struct miscdevice vfio_misc = {
	.minor = VFIO_MINOR,
	.name = "vfio",
	.fops = &iommufd_fops,
	.nodename = "vfio/vfio",
	.mode = 0666,
};

static int iommufd_open(struct inode *inode, struct file *file)
{
	/* The misc core's, until we set our own. */
	bool as_container = file->private_data == &vfio_misc;
	u64 begin = event_begin(trace_iommufd_open_enabled());
	struct iommufd_ctx *ctx = ctx_create(file, as_container);

	if (IS_ERR(ctx)) {
		if (trace_iommufd_open_enabled())
			report_open(NULL, PTR_ERR(ctx), begin);
		return PTR_ERR(ctx);
	}
	ctx_set_account_mode(ctx, READ_ONCE(default_rlimit_mode));
	if (as_container) {
		/* Clients of VFIO have set their limits for that. */
		ctx_set_account_mode(ctx, ACCOUNT_MM);
		pr_info_once("iommufd: /dev/vfio/vfio is served by iommufd, not by VFIO's containers\n");
	}
	file->private_data = ctx;
	if (trace_iommufd_open_enabled())
		report_open(ctx, 0, begin);
	return 0;
}

static int iommufd_release(struct inode *inode, struct file *file)
{
	struct iommufd_ctx *ctx = file->private_data;
	const struct ioctl_hook *hook = ctx->hook;

	payer_forget(ctx);
	ctx_destroy(ctx);
	/* Its objects were in the context. */
	hook_put(hook);
	return 0;
}

/* Somebody closes it, perhaps who mapped last; others may go on. */
static int iommufd_flush(struct file *file, fl_owner_t id)
{
	payer_forget(file->private_data);
	return 0;
}

static const struct file_operations iommufd_fops = {
	.owner = THIS_MODULE,
	.open = iommufd_open,
	.flush = iommufd_flush,
	.release = iommufd_release,
	.unlocked_ioctl = iommufd_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
#ifdef IOMMUFD_VIOMMU
	.mmap = viommu_mmap,
#endif
};

/**
 * iommufd_register_device() - make /dev/iommu appear, and what else is asked for
 *
 * Return: 0 or a negative errno: -EBUSY if /dev/vfio/vfio is asked for, and
 * somebody else serves it.
 */
int iommufd_register_device(void)
{
	int rc;

	/* First what is likelier to fail: a module that does should not be open. */
	if (vfio_container) {
		rc = misc_register(&vfio_misc);
		if (rc) {
			pr_err("iommufd: /dev/vfio/vfio cannot be served: error %d; is a vfio.ko loaded that serves it?\n",
			       rc);
			return rc;
		}
	}
	rc = misc_register(&iommufd_misc);
	if (rc && vfio_container)
		misc_deregister(&vfio_misc);
	return rc;
}

/** iommufd_unregister_device() - nobody can open the nodes any more */
void iommufd_unregister_device(void)
{
	if (vfio_container)
		misc_deregister(&vfio_misc);
	misc_deregister(&iommufd_misc);
}

/**
 * iommufd_ctx_get() - take another reference to a context
 * @ctx: referenced by the caller
 */
void iommufd_ctx_get(struct iommufd_ctx *ctx)
{
	get_file(ctx->file);
}
EXPORT_SYMBOL_NS_GPL(iommufd_ctx_get, IOMMUFD);

/**
 * iommufd_ctx_put() - give a reference to a context back
 * @ctx: with its last reference it is destroyed, with all that is in it
 */
void iommufd_ctx_put(struct iommufd_ctx *ctx)
{
	fput(ctx->file);
}
EXPORT_SYMBOL_NS_GPL(iommufd_ctx_put, IOMMUFD);

/**
 * iommufd_ctx_from_file() - the context of an open file
 * @file: any file
 *
 * Return: the context with a reference for iommufd_ctx_put(), or
 * ERR_PTR(-EBADFD) if it is no open /dev/iommu.
 */
struct iommufd_ctx *iommufd_ctx_from_file(struct file *file)
{
	struct iommufd_ctx *ctx;

	if (file->f_op != &iommufd_fops)
		return ERR_PTR(-EBADFD);
	ctx = file->private_data;
	iommufd_ctx_get(ctx);
	return ctx;
}
EXPORT_SYMBOL_NS_GPL(iommufd_ctx_from_file, IOMMUFD);

/**
 * iommufd_ctx_from_fd() - the context of a file descriptor
 * @fd: of the calling process
 *
 * Return: the context with a reference for iommufd_ctx_put(); ERR_PTR(-EBADF)
 * if nothing is open there; ERR_PTR(-EBADFD) if it is no open /dev/iommu.
 */
struct iommufd_ctx *iommufd_ctx_from_fd(int fd)
{
	struct file *file = fget(fd);
	struct iommufd_ctx *ctx;

	if (!file)
		return ERR_PTR(-EBADF);
	ctx = iommufd_ctx_from_file(file);
	fput(file);
	return ctx;
}
EXPORT_SYMBOL_NS_GPL(iommufd_ctx_from_fd, IOMMUFD);
