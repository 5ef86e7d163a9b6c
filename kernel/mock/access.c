// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mock in-kernel users of an IOAS: what an mdev driver does, as a file.
 *
 * Lock order: mock_access.lock is outside everything in iommufd.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "mock.h"

/* More than any test needs, and little enough to allocate. */
#define MAX_BYTES (64UL << 20)

/**
 * struct mock_access - an in-kernel user
 * @access: what iommufd calls it
 * @lock: guards @pins and @next_id
 * @pins: struct mock_pin.node
 * @next_id: for a pin
 * @deaf: gives nothing back until it goes
 */
struct mock_access {
	struct iommufd_access *access;
	struct mutex lock;
	struct list_head pins;
	u32 next_id;
	bool deaf;
};

/**
 * struct mock_pin - a range that it pinned
 * @node: in mock_access.pins
 * @iova: first IOVA
 * @length: bytes
 * @id: for the user
 */
struct mock_pin {
	struct list_head node;
	unsigned long iova;
	unsigned long length;
	u32 id;
};

static void unpin(struct mock_access *mock, struct mock_pin *pin)
{
	lockdep_assert_held(&mock->lock);
	list_del(&pin->node);
	iommufd_access_unpin_pages(mock->access, pin->iova, pin->length);
	kfree(pin);
}

/* iommufd wants everything back that touches a range. */
static void mock_access_unmap(void *data, unsigned long iova,
			      unsigned long length)
{
	unsigned long last = iova + length - 1;
	struct mock_access *mock = data;
	struct mock_pin *pin, *next;

	/* When it leaves the IOAS, all must go. */
	if (mock->deaf && length != ULONG_MAX)
		return;
	mutex_lock(&mock->lock);
	list_for_each_entry_safe(pin, next, &mock->pins, node)
		if (pin->iova <= last && iova <= pin->iova + pin->length - 1)
			unpin(mock, pin);
	mutex_unlock(&mock->lock);
}

static const struct iommufd_access_ops pinning_ops = {
	.needs_pin_pages = 1,
	.unmap = mock_access_unmap,
};

static const struct iommufd_access_ops rw_ops = {};

static int mock_access_release(struct inode *inode, struct file *file)
{
	struct mock_access *mock = file->private_data;

	/* Unmaps everything. */
	iommufd_access_destroy(mock->access);
	WARN_ON(!list_empty(&mock->pins));
	mutex_destroy(&mock->lock);
	kfree(mock);
	return 0;
}

static const struct file_operations mock_access_fops = {
	.owner = THIS_MODULE,
	.release = mock_access_release,
};

static struct mock_access *mock_access_new(struct iommufd_ctx *ctx,
					   u32 ioas_id, u32 flags)
{
	const struct iommufd_access_ops *ops =
		flags & MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES ?
			&pinning_ops : &rw_ops;
	struct mock_access *mock = kzalloc(sizeof(*mock), GFP_KERNEL_ACCOUNT);
	u32 id;
	int rc;

	if (!mock)
		return ERR_PTR(-ENOMEM);
	mutex_init(&mock->lock);
	INIT_LIST_HEAD(&mock->pins);
	mock->deaf = flags & MOCK_FLAGS_ACCESS_CREATE_DEAF;
	mock->access = iommufd_access_create(ctx, ops, mock, &id);
	if (IS_ERR(mock->access)) {
		rc = PTR_ERR(mock->access);
		goto err_free;
	}
	rc = iommufd_access_attach(mock->access, ioas_id);
	if (rc)
		goto err_destroy;
	return mock;

err_destroy:
	iommufd_access_destroy(mock->access);
err_free:
	mutex_destroy(&mock->lock);
	kfree(mock);
	return ERR_PTR(rc);
}

/**
 * tcmd_create_access() - CREATE_ACCESS
 * @tcmd: the ioctl
 *
 * Return: 0; -EOPNOTSUPP unknown flags; -ENOENT no such IOAS; see
 * iommufd_access_attach(); -ENOMEM, -EMFILE, -EFAULT.
 */
int tcmd_create_access(struct tcmd *tcmd)
{
	const u32 known = MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES |
			  MOCK_FLAGS_ACCESS_CREATE_DEAF;
	u32 flags = tcmd->cmd.create_access.flags;
	struct mock_access *mock;
	struct file *file;
	int fd, rc;

	if (flags & ~known)
		return -EOPNOTSUPP;
	mock = mock_access_new(tcmd->ctx, tcmd->cmd.id, flags);
	if (IS_ERR(mock))
		return PTR_ERR(mock);
	file = anon_inode_getfile("[iommufd_mock_access]", &mock_access_fops,
				  mock, O_RDWR);
	if (IS_ERR(file)) {
		iommufd_access_destroy(mock->access);
		mutex_destroy(&mock->lock);
		kfree(mock);
		return PTR_ERR(file);
	}
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		rc = fd;
		goto err_file;
	}
	tcmd->cmd.create_access.out_access_fd = fd;
	rc = tcmd_respond(tcmd);
	if (rc)
		goto err_fd;
	fd_install(fd, file);
	return 0;

err_fd:
	put_unused_fd(fd);
err_file:
	fput(file);
	return rc;
}

/* The access behind a file descriptor, for fput() of *@file. */
static struct mock_access *mock_access_get(u32 fd, struct file **file)
{
	*file = fget(fd);
	if (!*file)
		return ERR_PTR(-EBADFD);
	if ((*file)->f_op != &mock_access_fops) {
		fput(*file);
		return ERR_PTR(-EBADFD);
	}
	return (*file)->private_data;
}

/**
 * tcmd_access_replace() - ACCESS_REPLACE_IOAS
 * @tcmd: the ioctl
 *
 * Return: 0; -EBADFD not an access; see iommufd_access_replace().
 */
int tcmd_access_replace(struct tcmd *tcmd)
{
	struct mock_access *mock;
	struct file *file;
	int rc;

	mock = mock_access_get(tcmd->cmd.id, &file);
	if (IS_ERR(mock))
		return PTR_ERR(mock);
	rc = iommufd_access_replace(mock->access,
				    tcmd->cmd.access_replace_ioas.ioas_id);
	fput(file);
	return rc;
}

/* Are these the pages at a user address? */
static int check_pages(unsigned long uptr, struct page **pages, size_t npages)
{
	for (; npages; npages--, pages++, uptr += PAGE_SIZE) {
		struct page *page = user_page(uptr);

		if (IS_ERR(page))
			return PTR_ERR(page);
		put_page(page);
		if (page != *pages)
			return -EINVAL;
		cond_resched();
	}
	return 0;
}

/* The caller holds the lock: an unmap that begins now waits for the pin. */
static int pin_checked(struct mock_access *mock, struct tcmd *tcmd,
		       struct mock_pin *pin, struct page **pages,
		       size_t npages)
{
	u32 flags = tcmd->cmd.access_pages.flags;
	int rc;

	lockdep_assert_held(&mock->lock);
	rc = iommufd_access_pin_pages(mock->access, pin->iova, pin->length,
				      pages, flags & MOCK_FLAGS_ACCESS_WRITE ?
					      IOMMUFD_ACCESS_RW_WRITE : 0);
	if (rc)
		return rc;
	rc = check_pages(tcmd->cmd.access_pages.uptr -
				 offset_in_page(pin->iova),
			 pages, npages);
	if (rc)
		goto err_unpin;
	pin->id = mock->next_id;
	tcmd->cmd.access_pages.out_access_pages_id = pin->id;
	rc = tcmd_respond(tcmd);
	if (rc)
		goto err_unpin;
	mock->next_id++;
	list_add_tail(&pin->node, &mock->pins);
	return 0;

err_unpin:
	iommufd_access_unpin_pages(mock->access, pin->iova, pin->length);
	return rc;
}

static int access_pages(struct mock_access *mock, struct tcmd *tcmd)
{
	unsigned long iova = tcmd->cmd.access_pages.iova;
	unsigned long length = tcmd->cmd.access_pages.length;
	struct page **pages;
	struct mock_pin *pin;
	size_t npages;
	int rc = -ENOMEM;

	npages = DIV_ROUND_UP(offset_in_page(iova) + length, PAGE_SIZE);
	pages = kvcalloc(npages, sizeof(*pages), GFP_KERNEL_ACCOUNT);
	pin = kzalloc(sizeof(*pin), GFP_KERNEL_ACCOUNT);
	if (pages && pin) {
		pin->iova = iova;
		pin->length = length;
		mutex_lock(&mock->lock);
		rc = pin_checked(mock, tcmd, pin, pages, npages);
		mutex_unlock(&mock->lock);
	}
	if (rc)
		kfree(pin);
	kvfree(pages);
	return rc;
}

/**
 * tcmd_access_pages() - ACCESS_PAGES
 * @tcmd: the ioctl
 *
 * Return: 0; -EOPNOTSUPP unknown flags; -EBADFD not an access; -EINVAL no
 * length or too much, or it got other pages than are at the user address; see
 * iommufd_access_pin_pages(); -ENOMEM, -EFAULT.
 */
int tcmd_access_pages(struct tcmd *tcmd)
{
	unsigned long length = tcmd->cmd.access_pages.length;
	struct mock_access *mock;
	unsigned long end;
	struct file *file;
	int rc;

	if (tcmd->cmd.access_pages.flags & ~MOCK_FLAGS_ACCESS_WRITE)
		return -EOPNOTSUPP;
	if (!length || length > MAX_BYTES ||
	    check_add_overflow((unsigned long)tcmd->cmd.access_pages.iova,
			       length, &end))
		return -EINVAL;
	mock = mock_access_get(tcmd->cmd.id, &file);
	if (IS_ERR(mock))
		return PTR_ERR(mock);
	rc = access_pages(mock, tcmd);
	fput(file);
	return rc;
}

/**
 * tcmd_destroy_access_pages() - DESTROY_ACCESS_PAGES
 * @tcmd: the ioctl
 *
 * Return: 0; -EBADFD not an access; -ENOENT no such pin.
 */
int tcmd_destroy_access_pages(struct tcmd *tcmd)
{
	u32 id = tcmd->cmd.destroy_access_pages.access_pages_id;
	struct mock_access *mock;
	struct mock_pin *pin;
	struct file *file;
	int rc = -ENOENT;

	mock = mock_access_get(tcmd->cmd.id, &file);
	if (IS_ERR(mock))
		return PTR_ERR(mock);
	mutex_lock(&mock->lock);
	list_for_each_entry(pin, &mock->pins, node) {
		if (pin->id != id)
			continue;
		unpin(mock, pin);
		rc = 0;
		break;
	}
	mutex_unlock(&mock->lock);
	fput(file);
	return rc;
}

static int access_rw(struct mock_access *mock, const struct iommu_test_cmd *cmd)
{
	void __user *uptr = u64_to_user_ptr(cmd->access_rw.uptr);
	unsigned long length = cmd->access_rw.length;
	u32 flags = cmd->access_rw.flags;
	bool write = flags & MOCK_ACCESS_RW_WRITE;
	void *data;
	int rc;

	data = kvzalloc(length, GFP_KERNEL_ACCOUNT);
	if (!data)
		return -ENOMEM;
	rc = write && copy_from_user(data, uptr, length) ? -EFAULT : 0;
	/* The flags have the same values on both sides. */
	static_assert(MOCK_ACCESS_RW_WRITE == IOMMUFD_ACCESS_RW_WRITE);
	static_assert(MOCK_ACCESS_RW_SLOW_PATH ==
		      __IOMMUFD_ACCESS_RW_SLOW_PATH);
	if (!rc)
		rc = iommufd_access_rw(mock->access, cmd->access_rw.iova, data,
				       length, flags);
	if (!rc && !write && copy_to_user(uptr, data, length))
		rc = -EFAULT;
	kvfree(data);
	return rc;
}

/**
 * tcmd_access_rw() - ACCESS_RW
 * @tcmd: the ioctl
 *
 * Return: 0; -EOPNOTSUPP unknown flags; -EINVAL too much; -EBADFD not an
 * access; see iommufd_access_rw(); -ENOMEM, -EFAULT.
 */
int tcmd_access_rw(struct tcmd *tcmd)
{
	const u32 known = MOCK_ACCESS_RW_WRITE | MOCK_ACCESS_RW_SLOW_PATH;
	struct mock_access *mock;
	struct file *file;
	int rc;

	if (tcmd->cmd.access_rw.flags & ~known)
		return -EOPNOTSUPP;
	if (!tcmd->cmd.access_rw.length || tcmd->cmd.access_rw.length > MAX_BYTES)
		return -EINVAL;
	mock = mock_access_get(tcmd->cmd.id, &file);
	if (IS_ERR(mock))
		return PTR_ERR(mock);
	rc = access_rw(mock, &tcmd->cmd);
	fput(file);
	return rc;
}
